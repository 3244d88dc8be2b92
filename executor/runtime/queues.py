"""The work queues that come with tfrt, by their descriptions.

========================  =====================================================================================
``s``                     no threads: tasks run first in, first out on the thread that waits. Deterministic.
``mstd[:N[,M]]``          N compute threads (by default one a processor) and up to M threads for tasks that block.
``seeded:S``              like ``s``, but the next task is drawn at random from seed S: for exploring schedules.
========================  =====================================================================================

`waiting_queues.py` has those without threads, `thread_queue.py` the one with threads.
"""

from __future__ import annotations

import os

from tfrt.executor.runtime.thread_queue import MAX_THREADS, MultiThreadedQueue
from tfrt.executor.runtime.waiting_queues import SeededQueue, SingleThreadedQueue
from tfrt.executor.runtime.work_queue import WorkQueue
from tfrt.executor.support.errors import UsageError

DEFAULT_BLOCKING_THREADS = 64


def create_work_queue(description: str) -> WorkQueue:
    """The work queue that `description` names; see the module docstring.

    Raises:
        UsageError: the description is none of these, or has more than `MAX_THREADS` threads.
    """
    kind, colon, rest = description.partition(":")
    if kind == "s" and not colon:
        return SingleThreadedQueue()
    if kind == "mstd":
        numbers = rest.split(",") if colon else []
        if len(numbers) <= 2 and all(n.isdecimal() and int(n) > 0 for n in numbers):
            if any(len(n) > len(str(MAX_THREADS)) or int(n) > MAX_THREADS for n in numbers):
                raise UsageError(f"work queue '{description}' has too many threads: at most {MAX_THREADS}")
            compute = int(numbers[0]) if numbers else os.cpu_count() or 1
            return MultiThreadedQueue(compute, int(numbers[1]) if len(numbers) == 2 else DEFAULT_BLOCKING_THREADS)
    if kind == "seeded" and rest.isdecimal():
        return SeededQueue(int(rest))
    raise UsageError(f"unknown work queue '{description}': expected 's', 'mstd', 'mstd:N', 'mstd:N,M' or 'seeded:S'")
