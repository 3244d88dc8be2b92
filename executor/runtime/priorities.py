"""Requests' tasks by priority: what waits in a work queue begins high before normal before low.

Only hosts of which some request has a priority have `Priorities`; all others hand their tasks to the work queue as they
are. The queue then holds a *ticket* for each task, and who takes one runs the task that is most urgent, so it serves
with any queue. On one with threads all requests share what waits. On one without, where threads run the tasks that they
have added, each thread's tasks are ordered among themselves.

**Nobody starves**: of `FAIR` tasks that begin, one is that which has waited longest. So a task that n others are older
than begins after at most ``FAIR * (n + 1)`` others, whatever comes meanwhile.

**Whose priority a task has**: those of the dataflow executor have their request's. What kernels add themselves has that
of what runs on the thread that adds it; on a thread that is none of the host's and calls nothing, a normal one.

A signal's handler that raises loses no task, as in `waiting_queues.py`: a task is taken by a ``for`` over an iterator
in C and begun without any call in between, and who is interrupted in adding one leaves a ticket too many, which finds
nothing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Literal

from tfrt.executor.runtime.work_queue import Task, WorkQueue
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.fork import restart_after_fork, start_anew_after_fork
from tfrt.executor.values.async_value import deferred_wakeups, run_deferred
from tfrt.executor.values.escaped import tell

Priority = Literal["high", "normal", "low"]

LEVELS: tuple[Priority, ...] = ("high", "normal", "low")

NORMAL: Priority = "normal"

FAIR = 8
"""Of how many tasks that begin one is that which has waited longest."""


def check_priority(priority: str) -> None:
    """See that it is one.

    Raises:
        UsageError: it is not.
    """
    if priority not in LEVELS:
        raise UsageError(f"a priority is 'high', 'normal' or 'low', not {priority!r}")


class _Thread(threading.local):
    level = LEVELS.index(NORMAL)
    """That of what runs on this thread."""


_thread = _Thread()


def _forget_level() -> None:
    _thread.level = LEVELS.index(NORMAL)


start_anew_after_fork(_forget_level)


@contextmanager
def at_priority(priority: Priority) -> Iterator[None]:
    """Have what this thread adds meanwhile that priority."""
    before = _thread.level
    try:
        _thread.level = LEVELS.index(priority)
        yield
    finally:
        _thread.level = before


class _Waiting:
    """Tasks that wait, by level, each with its number in the order in which they have come."""

    __slots__ = ("levels", "numbers", "takes")

    def __init__(self) -> None:
        self.levels: tuple[deque[tuple[int, Task]], ...] = tuple(deque() for _ in LEVELS)
        self.numbers = count()
        self.takes = count(1)

    def order(self) -> Iterable[int]:
        """The levels, in the order in which to look for the task that is to begin next."""
        every = range(len(LEVELS))
        if next(self.takes) % FAIR:
            return every
        return sorted(every, key=lambda level: _oldest(self.levels[level]))

    def clear(self) -> None:
        for level in self.levels:
            level.clear()


def _oldest(level: deque[tuple[int, Task]]) -> float:
    try:
        return level[0][0]
    except IndexError:
        return float("inf")


class Priorities:
    """Hands tasks to a work queue, those first that are most urgent."""

    def __init__(self, queue: WorkQueue):
        self._queue = queue
        self._local = threading.local()
        self._compute, self._blocking = _Waiting(), _Waiting()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: what waits is the parent's, but for tasks of a call that forks and goes on here."""
        self._compute.clear()
        self._blocking.clear()
        if not getattr(self._queue, "length", 0):
            self._local = threading.local()

    def add_task(self, task: Task) -> None:
        """Run `task` some time; it must not block."""
        self._add(task, self._compute if self._queue.has_threads else self._own(), self._queue.add_task)

    def add_blocking_task(self, task: Task) -> None:
        """Run `task`, which may block, some time."""
        self._add(task, self._blocking if self._queue.has_threads else self._own(), self._queue.add_blocking_task)

    def _own(self) -> _Waiting:
        """The tasks that this thread has added."""
        try:
            found: _Waiting = self._local.waiting
        except AttributeError:
            found = self._local.waiting = _Waiting()
        return found

    def _add(self, task: Task, waiting: _Waiting, add: Callable[[Task], None]) -> None:
        priority: Priority | None = getattr(task, "priority", None)
        level = _thread.level if priority is None else LEVELS.index(priority)
        try:
            waiting.levels[level].append((next(waiting.numbers), task))
            add(_Ticket(waiting))
        except BaseException:
            add(_Ticket(waiting))
            raise


class _Ticket:
    """A task of a work queue that runs the most urgent one of those that wait.

    Attributes:
        waiting: where that is taken from; None once it has been.
    """

    __slots__ = ("waiting",)

    def __init__(self, waiting: _Waiting):
        self.waiting: _Waiting | None = waiting

    def __call__(self) -> None:
        waiting = self.waiting
        if waiting is None:
            return
        thread, deferred, before = _thread, deferred_wakeups(), _thread.level
        try:
            for level in waiting.order():
                try:
                    # Whoever takes a task begins it at once: see the module docstring.
                    for _, task in map(deque.popleft, (waiting.levels[level],)):
                        self.waiting = None
                        thread.level = level
                        try:
                            task()
                        except BaseException as error:
                            deferred += ((task, error),)
                    if self.waiting is None:
                        break
                except IndexError:
                    continue
        finally:
            thread.level = before
        if deferred:
            run_deferred()

    def abandon(self, error: BaseException) -> None:
        """See `tfrt.executor.runtime.failures.Promised`: the task that would have begun is told."""
        waiting, self.waiting = self.waiting, None
        if waiting is None:
            return
        for level in waiting.order():
            try:
                task = waiting.levels[level].popleft()[1]
            except IndexError:
                continue
            tell(task, error)
            return
