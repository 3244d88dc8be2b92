"""What the executor costs a kernel: a long chain of additions, against a Python loop over the same function.

    python benchmarks/executor.py [ROUNDS]

The same 10,000 additions run as a program's kernels and as a plain loop in every round, in turn, so that a busy
machine slows all alike. Asynchronous additions are tasks on the work queue; the chain makes each wait for the one
before it. Shown are nanoseconds a kernel.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

import tfrt
from tfrt.kernels.tfrt.arithmetic import add_i32

KERNELS = 10_000
ROUNDS = 7


def program(op: str) -> bytes:
    """A function that adds its second argument to its first `KERNELS` times, as a BEF file."""
    adds = [f'%{i} = "{op}"(%{i - 1}, %b) : (i32, i32) -> i32' for i in range(1, KERNELS + 1)]
    body = "\n  ".join([f"func.func @main(%0: i32, %b: i32) -> i32 {{\n  {adds[0]}", *adds[1:]])
    return tfrt.compile(f"{body}\n  tfrt.return %{KERNELS} : i32\n}}\n")


def plain_loop(start: int, step: int) -> int:
    """The same additions without an executor."""
    for _ in range(KERNELS):
        start = add_i32(start, step)
    return start


def elapsed(call: Callable[[int, int], int]) -> float:
    """The wall-clock time, in seconds, that `call` takes; its result is checked."""
    start = time.perf_counter()
    result = call(1, 2)
    taken = time.perf_counter() - start
    if result != 1 + 2 * KERNELS:
        raise SystemExit(f"wrong result {result}")
    return taken


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    synchronous, asynchronous = program("tfrt.add.i32"), program("tfrt_test.async_add.i32")
    with (
        tfrt.HostContext("s") as single,
        tfrt.HostContext("mstd:1") as one_thread,
        tfrt.HostContext("mstd:2") as two_threads,
    ):
        calls: dict[str, Callable[[int, int], int]] = {"add.i32, a Python loop": plain_loop}
        for host, name in ((single, "s"), (two_threads, "mstd:2")):
            calls[f"add.i32 on {name}"] = tfrt.load(synchronous, host=host)["main"]
        for host, name in ((single, "s"), (one_thread, "mstd:1"), (two_threads, "mstd:2")):
            calls[f"async_add.i32 on {name}"] = tfrt.load(asynchronous, host=host)["main"]
        times: dict[str, list[float]] = {name: [] for name in calls}
        for call in calls.values():
            elapsed(call)  # the first call binds the kernels
        for _ in range(rounds):
            for name, call in calls.items():
                times[name].append(elapsed(call))
    loop = median(times["add.i32, a Python loop"])
    print(f"{'':26}{'median':>10}{'least':>10}{'of the loop':>14}   ({rounds} rounds, ns a kernel)")
    for name, found in times.items():
        per_kernel = [t / KERNELS * 1e9 for t in found]
        print(f"{name:26}{median(per_kernel):10.0f}{min(per_kernel):10.0f}{median(found) / loop:13.1f}x")


if __name__ == "__main__":
    main()
