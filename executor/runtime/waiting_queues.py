"""Work queues without threads: tasks run on the threads, and in the event loops, that wait.

Who adds a task is its owner. As long as the owner waits on the queue itself, only the owner runs it: nobody else is
held up by it, so whoever waits for something else gets that as soon as it is there. Tasks of threads that do not wait
(a timer's, a device's) are run by whoever waits first, and so are those whose owner is stuck in another task for
`STUCK_AFTER` seconds, lest it is stuck because of them.

**No locks.** A task is in the common deque, in the inbox of a thread that waits, or in somebody's hands, and it goes
from one to the next by operations that are atomic. Whoever finds a task of another thread that waits puts it into that
thread's inbox, then looks whether the thread is still there; a thread that leaves says so, then empties its inbox. So
one of the two puts back what is left.

Who goes to sleep first announces it, then looks for tasks once more; who adds a task does so first, then looks for
announced sleepers. So one of the two sees the other. Taking an announcement back or waking its sleeper begins with
removing it from a deque, which only one can do. A sleeper is woken for a task that it may run, or by the very value it
waits for; one that was woken for a task and leaves without having run it wakes the next one, as everybody does who
leaves while tasks are left.

**A signal's handler that raises loses no other thread's task.** The interpreter runs handlers when a function begins,
after calls of functions in C and where loops jump back. So a task is taken by a ``for`` over an iterator in C and begun
without any of these in between, or given to its owner by an operator; what escapes from it once it has begun it is told
(`abandoned`). A sleeper is woken before its announcement is taken back.
"""

from __future__ import annotations

import random
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from queue import Empty, SimpleQueue
from threading import get_ident
from typing import TYPE_CHECKING, Any

from tfrt.executor.runtime.work_queue import Task
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.values.async_value import (
    AsyncValue,
    abandoned,
    deferred_wakeups,
    forget_lost,
    lose,
    raise_lost,
    report,
    run_deferred,
)

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


STUCK_AFTER = 2.0
"""Seconds after which the tasks of a thread that waits, and does not come to run them, are run by others."""

_NOBODY = -1
"""The owner of a task that whoever waits may run."""


class _Present:
    """A thread that waits on the queue, or whose event loop does.

    Attributes:
        waits: how often, in nested calls or several coroutines.
        inbox: its own tasks that others have found.
    """

    __slots__ = ("inbox", "waits")

    def __init__(self) -> None:
        self.waits = 0
        self.inbox: deque[Task] = deque()


class _Sleeper:
    """An announcement: `wake` wakes who sleeps on thread `owner`, or says that there is nobody any more."""

    __slots__ = ("owner", "wake")

    def __init__(self, owner: int, wake: Callable[[], bool]):
        self.owner = owner
        self.wake = wake


class SingleThreadedQueue:
    """Tasks run on the thread that waits, first in, first out. Tasks that block share the queue."""

    name = "single-threaded"
    parallelism = 1
    has_threads = False

    def __init__(self) -> None:
        self._tasks: Any = deque()
        self._taken: Iterator[tuple[int, Task]] = iter(self._tasks.popleft, None)
        self._present: dict[int, _Present] = {}
        self._sleepers: deque[_Sleeper] = deque()
        restart_after_fork(self)

    def add_task(self, task: Task) -> None:
        owner = get_ident()
        self._tasks.append((owner, task))
        if self._sleepers:
            self._rouse(owner)

    add_blocking_task = add_task

    def wait(self, values: Iterable[Any]) -> None:
        run_deferred()
        pending = [v for v in values if type(v) is AsyncValue and not v._state]
        if not pending:
            return
        me = get_ident()
        present = self._enter(me)
        bell: SimpleQueue[None] = SimpleQueue()
        sleeper = _Sleeper(me, partial(_ring, bell))
        taken, inbox, deferred = self._taken, present.inbox, deferred_wakeups()
        try:
            for value in pending:
                if not value._state:
                    value.and_then(lambda _: bell.put(None))
                while not value._state:
                    task = None
                    if not inbox:
                        # The common case, kept free of calls.
                        try:
                            for owner, found in taken:
                                task = found if owner == me else self._given(owner, found)
                                break
                        except IndexError:
                            pass
                    if task is None:
                        task = self._next(me) or self._announce(sleeper, value)
                    if task is not None:
                        try:
                            task()
                        except BaseException as error:
                            _escaped(task, error)
                        if deferred:
                            run_deferred()
                    elif not value._state:
                        raise_lost()
                        self._sleep(bell)
                        self._withdraw(sleeper)
        finally:
            self._withdraw(sleeper)
            self._leave(me, present)

    async def wait_async(self, value: AsyncValue) -> None:
        """Return once `value` is resolved; tasks run on the event loop's thread, which gets its turn between them."""
        import asyncio

        me, loop = get_ident(), asyncio.get_running_loop()
        present = self._enter(me)
        bell = asyncio.Event()
        sleeper = _Sleeper(me, partial(_ring_in, loop, bell))

        def there(_: AsyncValue) -> None:
            _ring_in(loop, bell)

        value.and_then(there)
        try:
            while not value._state:
                task = self._next(me) or self._announce(sleeper, value)
                if task is not None:
                    try:
                        task()
                    except BaseException as error:
                        _escaped(task, error)
                    run_deferred()
                    await asyncio.sleep(0)
                elif not value._state:
                    await bell.wait()
                    bell.clear()
                    self._withdraw(sleeper)
        finally:
            self._withdraw(sleeper)
            self._leave(me, present)

    def quiesce(self) -> None:
        while self.run_one():
            pass
        # Nobody here waits for what these tasks may have lost.
        forget_lost()

    def run_one(self) -> bool:
        task = self._next(get_ident())
        if task is None:
            return False
        try:
            task()
        except BaseException as error:
            _escaped(task, error)
        run_deferred()
        return True

    def close(self) -> None:
        self.quiesce()

    def restart(self) -> None:
        """In a forked process: the tasks are the parent's, but for those of a call that forks and goes on here."""
        me = get_ident()
        present = self._present.pop(me, None)
        self._present.clear()
        kept = [] if present is None else [(owner, task) for owner, task in self._tasks if owner == me]
        self._tasks.clear()
        self._tasks.extend(kept)
        if present is not None:
            self._present[me] = present
        self._sleepers.clear()

    def _next(self, me: int) -> Task | None:
        """Take a task that thread `me` may run, or None. Tasks of other threads that wait go to their inboxes."""
        own = self._present.get(me)
        try:
            if own is not None and own.inbox:
                for task in iter(own.inbox.popleft, None):
                    return task
            for owner, task in self._taken:
                given = task if owner == me else self._given(owner, task)
                if given is not None:
                    return given
        except IndexError:
            return None
        return None

    def _given(self, owner: int, task: Task) -> Task | None:
        """A task that was taken, for whoever took it; None where its owner, another thread, waits and gets it."""
        left: Task | None = task
        try:
            other = self._present.get(owner)
            if other is None:
                return task
            inbox = other.inbox
            inbox += (task,)
            left = None
            if self._present.get(owner) is other:
                self._rouse(owner)
            else:
                self._empty(owner, other)
        except BaseException:
            if left is not None:
                self._tasks.append((owner, left))
            raise
        return None

    def _enter(self, me: int) -> _Present:
        present = self._present.get(me)
        if present is None:
            present = self._present[me] = _Present()
        present.waits += 1
        return present

    def _leave(self, me: int, present: _Present) -> None:
        present.waits -= 1
        if not present.waits:
            self._present.pop(me, None)
            self._empty(me, present)
        if self._tasks and self._sleepers:
            # Whoever it is sees to it that each task that is left gets to who may run it.
            self._rouse(_NOBODY)

    def _empty(self, owner: int, present: _Present) -> None:
        """Put back what is in the inbox of a thread that has left."""
        while present.inbox:
            try:
                self._tasks.append((owner, present.inbox.popleft()))
            except IndexError:
                return
            if self._sleepers:
                self._rouse(owner)

    def _announce(self, sleeper: _Sleeper, value: AsyncValue) -> Task | None:
        """Say that somebody is about to sleep, and look once more for a task."""
        self._sleepers.append(sleeper)
        task = None if value._state else self._next(sleeper.owner)
        if task is not None or value._state:
            self._withdraw(sleeper)
        return task

    def _withdraw(self, sleeper: _Sleeper) -> bool:
        try:
            self._sleepers.remove(sleeper)
        except ValueError:
            return False
        return True

    def _rouse(self, owner: int) -> None:
        """Wake who may run a task of thread `owner`: that thread if it waits, which needs it only if it sleeps."""
        is_present = owner in self._present
        for sleeper in list(self._sleepers):
            if (sleeper.owner == owner or not is_present) and sleeper.wake():
                self._withdraw(sleeper)
                return

    def _sleep(self, bell: SimpleQueue[None]) -> None:
        me = get_ident()
        while True:
            waiting = [other for owner, other in list(self._present.items()) if owner != me and other.inbox]
            try:
                bell.get(timeout=STUCK_AFTER if waiting else None)
                return
            except Empty:
                for other in waiting:
                    try:
                        self._tasks.append((_NOBODY, other.inbox.popleft()))
                    except IndexError:
                        continue
                    return


class SeededQueue(SingleThreadedQueue):
    """As the single-threaded queue, in an order drawn from a seed: each seed is one schedule."""

    name = "seeded"

    def __init__(self, seed: int):
        super().__init__()
        self._random = random.Random(seed)
        self._tasks = []
        self._taken = iter(self._draw, None)

    def _draw(self) -> tuple[int, Task]:
        while (count := len(self._tasks)) > 0:
            try:
                for found in map(self._tasks.pop, (self._random.randrange(count),)):
                    return found
            except IndexError:
                # Another thread was faster.
                continue
        raise IndexError

    def _sleep(self, bell: SimpleQueue[None]) -> None:
        # Without another thread nobody is left, and a mistake in a test of schedules is better said than waited for.
        if bell.empty() and len(sys._current_frames()) == 1:
            raise RuntimeError("waiting for a value that no task will resolve")
        super()._sleep(bell)


def _escaped(task: Task, error: BaseException) -> None:
    """Show what has escaped from a task, unless somebody waits for what the task has promised.

    Raises:
        BaseException: `error`, where it is no ``Exception``.
    """
    if isinstance(error, Exception):
        lose(error)
        if not abandoned(task, error):
            report(error)
        return
    abandoned(task, error)
    run_deferred()
    raise error


def _ring(bell: SimpleQueue[None]) -> bool:
    bell.put(None)
    return True


def _ring_in(loop: AbstractEventLoop, bell: Any) -> bool:
    try:
        loop.call_soon_threadsafe(bell.set)
    except RuntimeError:
        # The loop has been closed; nobody waits there any more.
        return False
    return True
