"""Loops that several threads of a host share.

A loop is cut into as many blocks as the host has threads, always the same, whoever does them. To hand a block over
costs tens of microseconds, so only as many are as there are threads with nothing else to do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from tfrt.executor.values.async_value import AsyncValue


def run_blocks(
    total: int,
    least: int,
    body: Callable[[int, int], None],
    parallelism: int,
    idle: int,
    enqueue: Callable[[Callable[[], None]], None],
    wait: Callable[[Iterable[AsyncValue]], None],
) -> None:
    """See `tfrt.executor.runtime.host_context.HostContext.parallel_for`.

    Args:
        parallelism: how many blocks are made at most.
        idle: how many are handed over at most.
        enqueue, wait: the work queue's.
    """
    blocks = min(parallelism, total // max(1, least))
    if blocks <= 1:
        if total > 0:
            body(0, total)
        return
    bounds = [total * number // blocks for number in range(blocks + 1)]
    waiting = deque(range(blocks))
    finished: list[AsyncValue] = [AsyncValue() for _ in range(blocks)]
    errors: dict[int, BaseException] = {}

    def work() -> None:
        while True:
            try:
                number = waiting.popleft()
            except IndexError:
                return
            try:
                body(bounds[number], bounds[number + 1])
            except BaseException as error:
                # Whatever it is, the caller waits for this block.
                errors[number] = error
            finished[number].set(None)

    for _ in range(min(blocks - 1, idle)):
        enqueue(work)
    work()
    wait(finished)
    if errors:
        raise errors[min(errors)]
