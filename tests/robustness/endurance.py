"""Calls of all kinds, again and again, after which the process has no more memory, threads and files than before.

    python -m tests.robustness.endurance --calls 1000000

A round is a thousand calls on two hosts, one of which has threads: plain ones of scalars and arrays, from plans and
not, some that fail, are cancelled before and meanwhile, run out of time or have time left, are awaited in an event
loop, and are traced. Prints what there was after each tenth, and fails if there was more in the end than after the
first one.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry

ROUND = 1000
BLOCKS = 3000
"""Python's blocks of memory that may come and go: caches fill up, and threads end when they like."""

RESIDENT = 12 << 20
"""Bytes that the process may grow by, which the allocator of the system keeps for later."""

SOURCE = """
func.func @add(%x: i32) -> i32 {
  %y = tfrt.add.i32 %x, %x
  tfrt.return %y : i32
}
func.func @loop(%x: i32) -> i32 {
  %n = tfrt.constant.i32 3
  %y = tfrt.repeat.i32 %n, %x : i32 {
    %z = tfrt.call @add(%x) : (i32) -> (i32)
    tfrt.return %z : i32
  }
  tfrt.return %y : i32
}
func.func @tasks(%x: i32) -> i32 {
  %a = "endurance.task"(%x) : (i32) -> i32
  %b = "endurance.later"(%x) : (i32) -> i32
  %c = "endurance.blocking"(%x) : (i32) -> i32
  %d = tfrt.add.i32 %a, %b
  %y = tfrt.add.i32 %c, %d
  tfrt.return %y : i32
}
func.func @fail(%x: i32) -> i32 {
  %y = "endurance.fail"(%x) : (i32) -> i32
  %z = tfrt.add.i32 %y, %x
  tfrt.return %z : i32
}
func.func @cancel(%x: i32) -> i32 {
  %y = "endurance.cancel"(%x) : (i32) -> i32
  %z = tfrt.add.i32 %y, %x
  tfrt.return %z : i32
}
func.func @dot(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = stablehlo.dot %x, %x : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %z = stablehlo.add %y, %x : tensor<4x4xf32>
  return %z : tensor<4x4xf32>
}
"""


def _same(x: int) -> int:
    return x


def _later(x: int, *, host: tfrt.HostContext) -> tfrt.AsyncValue:
    value = tfrt.AsyncValue()
    host.enqueue(lambda: value.set(x))
    return value


def _fail(x: int) -> int:
    raise ValueError(f"no {x}")


def _cancel(x: int, *, context: tfrt.ExecutionContext) -> int:
    context.cancel()
    return x


REGISTRY = KernelRegistry(BUILTIN)
for _kernel in (
    Kernel("endurance.task", _same, enqueued=True),
    Kernel("endurance.blocking", _same, blocking=True),
    Kernel("endurance.later", _later),
    Kernel("endurance.fail", _fail),
    Kernel("endurance.cancel", _cancel),
):
    REGISTRY.register(_kernel)

ARRAY = np.eye(4, dtype=np.float32)


def _expect(error: type[BaseException], call: Callable[[], object]) -> None:
    try:
        call()
    except error as caught:
        # Of that very class: those of cancellation and of deadlines are no others.
        assert type(caught) is error, repr(caught)
        return
    raise AssertionError(f"no {error.__name__}")


def _plain(program: Any, x: int) -> None:
    assert program["add"](x) == 2 * x
    assert program["loop"](1) == 8


def _tasks(program: Any, x: int) -> None:
    assert program["tasks"](x) == 3 * x


def _array(program: Any, x: int) -> None:
    assert program["dot"](ARRAY).sum() == 8


def _failing(program: Any, x: int) -> None:
    _expect(tfrt.KernelError, lambda: program["fail"](x))


def _cancelled(program: Any, x: int) -> None:
    _expect(tfrt.CancelledError, lambda: program["cancel"](x))
    context = tfrt.ExecutionContext(program.host)
    context.cancel()
    (result,) = program["add"].start(x, context=context)
    assert isinstance(result.error, tfrt.CancelledError)


def _in_time(program: Any, x: int) -> None:
    assert program["tasks"].call_within(600, x) == 3 * x
    _expect(tfrt.DeadlineExceededError, lambda: program["tasks"].call_within(0, x))


def _awaited(program: Any, x: int) -> None:
    async def main() -> list[Any]:
        calls = [program[name].call_async(x) for name in ("add", "tasks", "fail", "tasks")]
        given_up = asyncio.ensure_future(program["tasks"].call_async(x))
        await asyncio.sleep(0)
        given_up.cancel()
        return await asyncio.gather(*calls, given_up, return_exceptions=True)

    add, tasks, fail, again, _ = asyncio.run(main())
    assert (add, tasks, again) == (2 * x, 3 * x, 3 * x) and isinstance(fail, tfrt.KernelError)


def _traced(program: Any, x: int) -> None:
    with tfrt.trace(level="values"):
        _plain(program, x)
        _tasks(program, x)
        _failing(program, x)


MIX: tuple[tuple[Callable[[Any, int], None], int, int], ...] = (
    (_plain, 2, 100),
    (_tasks, 1, 80),
    (_array, 1, 80),
    (_failing, 1, 40),
    (_cancelled, 2, 15),
    (_in_time, 2, 15),
    (_awaited, 5, 3),
    (_traced, 4, 1),
)
"""What a round does, how many calls that is, and how often it does so on each host."""

assert sum(calls * times for _, calls, times in MIX) <= ROUND // 2


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the process has: bytes of memory, Python's blocks of memory, threads, and open files."""

    resident: int
    blocks: int
    threads: int
    files: int

    def __str__(self) -> str:
        megabytes = self.resident / (1 << 20)
        return f"{megabytes:.1f} MB, {self.blocks} blocks, {self.threads} threads, {self.files} files"


def measure() -> Sizes:
    gc.collect()
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return Sizes(resident, sys.getallocatedblocks(), threading.active_count(), len(os.listdir("/proc/self/fd")))


@contextmanager
def programs() -> Iterator[list[Any]]:
    """The program on each host."""
    bef = tfrt.compile(SOURCE, "endurance.mlir", opt_level=1)
    with ExitStack() as hosts:
        yield [
            tfrt.load(bef, host=hosts.enter_context(tfrt.HostContext(queue, registry=REGISTRY, native=False)))
            for queue in ("s", "mstd:2,2")
        ]


def endure(calls: int, told: Callable[[int, Sizes], None] = lambda *_: None) -> list[Sizes]:
    """Make so many calls.

    Returns:
        what there was after each tenth.
    """
    found: list[Sizes] = []
    done: Counter[str] = Counter()
    step = max(1, calls // 10)
    with programs() as loaded:
        while done.total() < calls:
            for program in loaded:
                for act, made, times in MIX:
                    for x in range(times):
                        act(program, x)
                    done[act.__name__] += made * times
            if done.total() >= step * (len(found) + 1):
                # The thread of deadlines lingers, and those that the host has are there.
                found.append(measure())
                told(done.total(), found[-1])
    return found


def growth(found: list[Sizes]) -> list[str]:
    """What has grown since the first tenth."""
    first, last = found[0], found[-1]
    wrong = []
    if last.resident > first.resident + RESIDENT:
        wrong.append(f"memory has grown from {first.resident} to {last.resident} bytes")
    if last.blocks > first.blocks + BLOCKS:
        wrong.append(f"Python's blocks of memory have grown from {first.blocks} to {last.blocks}")
    # Besides the thread of deadlines, which is there while there are any and a moment longer.
    if last.threads > first.threads + 1:
        wrong.append(f"there are {last.threads} threads instead of {first.threads}")
    if last.files > first.files:
        wrong.append(f"there are {last.files} open files instead of {first.files}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000_000)
    options = parser.parse_args()
    start = time.monotonic()
    found = endure(options.calls, lambda done, sizes: print(f"{done:>9} calls: {sizes}", flush=True))
    wrong = growth(found)
    print(f"{time.monotonic() - start:.0f} s")
    print("\n".join(wrong) or "ok")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
