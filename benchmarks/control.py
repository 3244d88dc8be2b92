"""What limits and priorities cost, against the same programs on hosts that have none.

    python benchmarks/control.py [--rounds N] [--json FILE]

Four programs, each on hosts that differ in one thing and take turns within every round: a call of one addition, a chain
of kernels that are tasks, kernels whose results come later, and kernels on small arrays. Shown are the least and the
median time of a call, or of a kernel, in microseconds, and what is added to the host that has none.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.runtime.failures import Promised

KERNELS = 200
"""Kernels in a chain."""


def chain(kernel: str, type_name: str, text_of: str = '"{kernel}"({x}) : ({type}) -> {type}') -> str:
    """A function of so many kernels, each of which takes the one before."""
    lines = [f"  %x{n + 1} = {text_of.format(kernel=kernel, x=f'%x{n}', type=type_name)}" for n in range(KERNELS)]
    body = "\n".join(lines)
    return f"func.func @f(%x0: {type_name}) -> {type_name} {{\n{body}\n  tfrt.return %x{KERNELS} : {type_name}\n}}\n"


ONE = "func.func @f(%x: i32) -> i32 {\n  %y = tfrt.add.i32 %x, %x\n  tfrt.return %y : i32\n}\n"

PROGRAMS: dict[str, tuple[str, Any, int]] = {
    "a call": (ONE, 1, 1),
    "a task": (chain("b.task", "i32"), 1, KERNELS),
    "a result that comes later": (chain("b.later", "i32"), 1, KERNELS),
    "a kernel on an array": (chain("b.array", "!t.array"), np.ones(16, np.float32), KERNELS),
}
"""What is measured: text, argument, and how many of them it is."""

HOSTS: dict[str, dict[str, Any]] = {
    "without": {},
    "max_requests": {"max_requests": 8},
    "both limits": {"max_requests": 8, "max_queued_tasks": 1000},
    "memory_limit": {"memory_limit": 1 << 30},
    "priorities": {},
}


def registry() -> KernelRegistry:
    """The kernels of the programs."""
    made = KernelRegistry(BUILTIN)

    def later(x: int, *, host: tfrt.HostContext) -> tfrt.AsyncValue:
        result = tfrt.AsyncValue()
        host.enqueue(Promised([result], partial(result.set, x)))
        return result

    made.register(Kernel("b.task", lambda x: x, enqueued=True, exact=True))
    made.register(Kernel("b.later", later))
    made.register(Kernel("b.array", lambda x: x + 1))
    return made


def callers(text: str, queue: str) -> dict[str, Callable[[Any], Any]]:
    """The function of a program, on each host."""
    found: dict[str, Callable[[Any], Any]] = {}
    for name, options in HOSTS.items():
        host = tfrt.HostContext(queue, registry=registry(), **options)
        if name == "priorities":
            host.prioritise()
        found[name] = tfrt.load(tfrt.compile(text), host=host)["f"]
    return found


def seconds(call: Callable[[Any], Any], argument: Any, times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        call(argument)
    return (time.perf_counter() - start) / times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    every: dict[str, dict[str, list[float]]] = {}
    for queue in ("s", "mstd:2"):
        for what, (text, argument, count) in PROGRAMS.items():
            calls = callers(text, queue)
            times = max(1, 2000 // count // (5 if count > 1 else 1))
            for call in calls.values():
                seconds(call, argument, times)
            taken: dict[str, list[float]] = {name: [] for name in calls}
            for _ in range(options.rounds):
                for name, call in calls.items():
                    taken[name].append(1e6 * seconds(call, argument, times) / count)
            every[f"{what}, {queue}"] = taken
            print(f"{what}, {queue} (µs)".ljust(40), "least  median    more  median")
            base = taken["without"]
            for name, found in taken.items():
                added = min(found) - min(base), median(found) - median(base)
                row = f"{min(found):6.2f}  {median(found):6.2f}  {added[0]:6.2f}  {added[1]:6.2f}"
                print(f"  {name:36} {row}")
    if options.json is not None:
        options.json.write_text(json.dumps(every))


if __name__ == "__main__":
    main()
