"""The work queue with threads: compute threads that never block, and threads for tasks that do.

**Who waits for a value sleeps until it is there**, and runs nothing else meanwhile: so a result that is there is
returned at once. A thread of a pool that waits within a task gives its place to another thread, which is started if
none is idle, and takes a place again when it goes on. So as many tasks run as there are places, however many tasks
wait for others.

**No locks of our own.** Tasks are handed over through ``queue.SimpleQueue`` and deques, whose operations are atomic. A
thread that goes idle announces it, then takes the next task, for which it may have to wait; who adds a task adds it,
then compares the number of tasks with that of idle threads, and starts a thread if there are too few. A worker that
takes a task compares them again, so that one that was counted as idle while it was taking another task leaves no task
behind.

**Places.** A pool has as many tokens as threads may run; a thread takes one to start and leaves it when it ends or
waits. One that goes on and finds none left notes a debt instead; the next thread that finishes a task and finds a debt
pays it by ending without leaving a token. Tokens and debts are elements of deques, so each is taken once. Who starts a
thread takes its place for it, and if that is interrupted, takes back the thread and leaves the place.

**Ending.** Threads that are dismissed hand on one pill, which ends each of them. It is counted, so that nobody takes it
for a task and starts a thread for it. One that is left, since its last thread has ended otherwise, ends another;
whoever ends looks for tasks afterwards, for which a thread is started.

**A signal's handler that raises** in `add_task` leaves either no task, and none counted, or one that is counted and for
which there is a thread. The interpreter runs handlers after calls and where functions begin, not after operators. So
tasks are taken by a ``for`` over an iterator in C, and begun, counted and put aside by operators (`waiting_queues.py`).

**No thread holds the queue**, only its pools, so a queue that nobody refers to is collected, and its threads end.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count, repeat
from queue import Empty, SimpleQueue
from typing import Any

from tfrt.executor.runtime.failures import mark_worker
from tfrt.executor.runtime.work_queue import Task
from tfrt.executor.support.fork import restart_after_fork, start_anew_after_fork
from tfrt.executor.support.threads import Worker, join, take
from tfrt.executor.values.async_value import AsyncValue, deferred_wakeups, run_deferred
from tfrt.executor.values.escaped import forget_lost, raise_lost, report

MAX_THREADS = 4096
"""The most threads of a kind; more are a mistake that would exhaust the machine."""

_ONE = (None,)
_LOOK_AGAIN = 0.05
"""Seconds after which who waits looks for tasks, while the machine has no more threads to give."""


class _Outstanding:
    """The tasks that are waiting or running, and who waits until there are none."""

    def __init__(self) -> None:
        self.tasks: deque[None] = deque()
        self.sleepers: deque[SimpleQueue[None]] = deque()

    def finished(self) -> None:
        """Wake who waits, if no task is left. May be called again where it was interrupted."""
        if not self.tasks:
            for bell in list(self.sleepers):
                bell.put(None)


class _Pool:
    """Threads that run tasks from one queue; they are started on demand.

    Attributes:
        places: a token for each thread that may be started.
        is_starved: whether a thread that is needed could not be started.
    """

    def __init__(self, name: str, limit: int, outstanding: _Outstanding):
        self._name = name
        self._limit = limit
        self._outstanding = outstanding
        self._numbers = count()
        self.restart()

    def restart(self) -> None:
        """Begin without threads and tasks."""
        self.tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._taken: Iterator[Task | None] = map(SimpleQueue.get_nowait, repeat(self.tasks))
        self.threads: deque[threading.Thread] = deque()
        self.places: deque[None] = deque([None] * self._limit)
        self.is_starved = False
        self._debts: deque[None] = deque()
        self._idle: deque[None] = deque()
        self._pills: deque[None] = deque()
        self._dismissed: list[threading.Thread] = []

    def run_one(self) -> bool:
        """Run a task on a thread that is not the pool's, or for which no other thread can stand in."""
        deferred, outstanding = deferred_wakeups(), self._outstanding
        counted, current = outstanding.tasks, _current
        try:
            for task in self._taken:
                if task is None:
                    self.tasks.put(None)
                    if self.places:
                        # Whoever has added a task meanwhile has counted one too few.
                        self.grow()
                    return False
                break
        except Empty:
            return False
        assert task is not None
        try:
            current.tasks += 1
            try:
                task()
            except BaseException as error:
                deferred += ((task, error),)
            if deferred:
                run_deferred()
        except BaseException:
            run_deferred()
            raise
        finally:
            current.tasks -= 1
            if counted:
                # In a forked process it is the parent's.
                del counted[-1]
            if outstanding.sleepers:
                try:
                    outstanding.finished()
                except BaseException:
                    outstanding.finished()
                    raise
        return True

    @property
    def idle(self) -> int:
        """How many threads wait for a task."""
        return len(self._idle)

    def dismiss(self) -> list[threading.Thread]:
        """Let the threads end when there are no more tasks; returns those that have not ended yet."""
        threads = self._dismissed = list(self.threads)
        if threads:
            self._put_pill()
        return threads

    def end_with(self, queue: MultiThreadedQueue) -> None:
        """Dismiss the threads when nobody refers to the queue any more.

        What runs then is a function in C, so no signal's handler keeps it from that. It puts a pill that is not
        counted, which is why nobody counts on it: there is nobody who could add tasks.
        """
        self._queue = weakref.ref(queue, partial(self.tasks.put, None))

    def _put_pill(self) -> None:
        # Counted first, lest it be taken for a task; by an operator: see the module docstring.
        pills = self._pills
        pills += _ONE
        self.tasks.put(None)

    def grow(self) -> None:
        """Start a thread if there are more tasks than idle ones. To be called after adding a task, if there are places.

        Raises:
            RuntimeError: the machine has no thread for a pool that has none.
        """
        if self.tasks.qsize() - len(self._pills) <= len(self._idle):
            return
        thread = Worker(_work, (self,), name=f"{self._name}-{next(self._numbers)}")
        try:
            # Nothing is lost where the place is taken: see the module docstring.
            for _ in map(deque.pop, repeat(self.places)):
                break
        except IndexError:
            return
        try:
            self.threads.append(thread)
            if len(self.threads) > MAX_THREADS:
                raise RuntimeError(f"no more than {MAX_THREADS} threads")
            thread.start()
        except BaseException as error:
            if not thread.take_back():
                # It has begun, and leaves the place itself.
                raise
            with suppress(ValueError):
                self.threads.remove(thread)
            self.places.append(None)
            if not isinstance(error, RuntimeError):
                raise
            self.is_starved = True
            if not self.threads:
                raise
        else:
            self.is_starved = False

    def take_place(self) -> None:
        """A thread of the pool that has left its place, since it waits, goes on."""
        try:
            self.places.pop()
        except IndexError:
            self._debts.append(None)

    def work(self) -> None:
        """What a thread does from its start to its end."""
        idle, get, get_nowait = self._idle, self.tasks.get, self.tasks.get_nowait
        debts, places, deferred = self._debts, self.places, deferred_wakeups()
        outstanding, counted = self._outstanding, self._outstanding.tasks
        is_dismissed = False
        while True:
            try:
                task = get_nowait()
            except Empty:
                idle.append(None)
                task = get()
                idle.pop()
            if task is None:
                pills = self._pills
                if pills:
                    del pills[-1]
                else:
                    # See `end_with`.
                    self._dismissed = list(self.threads)
                places.append(None)
                is_dismissed = True
                break
            if places and self.tasks.qsize():
                self.grow()
            try:
                task()
            except BaseException as error:
                deferred += ((task, error),)
            if deferred:
                try:
                    run_deferred()
                except BaseException as error:
                    # What ends a call ends no thread: there is no caller here.
                    report(error)
            if counted:
                del counted[-1]
            if outstanding.sleepers:
                outstanding.finished()
            # The frame would keep what the last task refers to alive until the next one comes.
            del task
            # What a task has lost is no business of the next one's.
            forget_lost()
            if debts and _pop(debts):
                break
        with suppress(ValueError):
            # Who started it may have been interrupted, and not know that it runs.
            self.threads.remove(threading.current_thread())
        if is_dismissed and not set(self._dismissed).isdisjoint(list(self.threads)):
            self._put_pill()
        # Tasks may have been added behind the pill, or while it was taken and still counted.
        if places and self.tasks.qsize():
            self.grow()


class _Current(threading.local):
    tasks = 0
    """How many tasks are on this thread's stack."""

    pool: _Pool | None = None
    """The pool whose place this thread takes, if it takes one."""


_current = _Current()


def _forget_tasks() -> None:
    _current.tasks = 0
    _current.pool = None


start_anew_after_fork(_forget_tasks)


def _work(pool: _Pool) -> None:
    mark_worker()
    # What runs on this thread is always part of a task.
    _current.tasks = 1
    _current.pool = pool
    pool.work()


class MultiThreadedQueue:
    """Threads for tasks that compute, and threads for tasks that block; see the module docstring.

    Attributes:
        outsiders: a token for each thread that computes beside them.
    """

    name = "multi-threaded"
    has_threads = True

    def __init__(self, compute_threads: int, blocking_threads: int):
        self.parallelism = compute_threads
        self._outstanding = _Outstanding()
        self._compute = _Pool("tfrt-compute", compute_threads, self._outstanding)
        self._blocking = _Pool("tfrt-blocking", blocking_threads, self._outstanding)
        self.outsiders: deque[None] = deque()
        self._end_pools_with_me()
        restart_after_fork(self)

    def add_task(self, task: Task) -> None:
        compute, counted = self._compute, self._outstanding.tasks
        try:
            counted += _ONE
            compute.tasks.put(task)
            if compute.places:
                compute.grow()
        except BaseException:
            compute.grow()
            raise

    def add_blocking_task(self, task: Task) -> None:
        blocking, counted = self._blocking, self._outstanding.tasks
        try:
            counted += _ONE
            blocking.tasks.put(task)
            if blocking.places:
                blocking.grow()
        except BaseException:
            blocking.grow()
            raise

    @property
    def length(self) -> int:
        """How many tasks wait."""
        return self._compute.tasks.qsize() + self._blocking.tasks.qsize()

    @property
    def idle(self) -> int:
        """How many more threads may compute, besides the one that asks and those of `outsiders`."""
        compute, outside = self._compute, len(self.outsiders)
        free = len(compute.places) + compute.idle - compute.tasks.qsize()
        return max(0, free - (outside or _current.pool is not compute))

    def outsiders_here(self) -> deque[None] | None:
        """Where the calling thread is to leave a token while it computes, if it is none of the queue's."""
        return self.outsiders if _current.pool is None else None

    @property
    def outstanding(self) -> deque[None]:
        """An element for each task that waits or runs; another one after a fork."""
        return self._outstanding.tasks

    def wait(self, values: Iterable[Any]) -> None:
        run_deferred()
        for value in values:
            if type(value) is AsyncValue and not value._state:
                self._wait_for(value)

    def quiesce(self) -> None:
        if _current.tasks:
            raise RuntimeError("quiesce would wait for the task that calls it")
        outstanding = self._outstanding
        while outstanding.tasks:
            if self.run_one():
                continue
            bell: SimpleQueue[None] = SimpleQueue()
            try:
                outstanding.sleepers.append(bell)
                if outstanding.tasks:
                    take(bell)
            finally:
                with suppress(ValueError):
                    outstanding.sleepers.remove(bell)
        # Nobody here waits for what these tasks may have lost.
        forget_lost()

    def run_one(self) -> bool:
        return self._compute.run_one()

    def close(self) -> None:
        # Whoever closes the queue from a task must not wait for it, nor for those that wait for it.
        is_outside = not _current.tasks
        if is_outside:
            self.quiesce()
        threads = [*self._compute.dismiss(), *self._blocking.dismiss()]
        if is_outside:
            for thread in threads:
                if thread.ident is not None:
                    # Else another thread is just starting it; it ends like all others.
                    join(thread)

    def restart(self) -> None:
        """In a forked process: what was waiting or running is the parent's."""
        self._outstanding.tasks.clear()
        self._outstanding.sleepers.clear()
        self.outsiders.clear()
        self._compute.restart()
        self._blocking.restart()
        self._end_pools_with_me()

    def _end_pools_with_me(self) -> None:
        self._compute.end_with(self)
        self._blocking.end_with(self)

    def _wait_for(self, value: AsyncValue) -> None:
        raise_lost()
        bell: SimpleQueue[Any] = SimpleQueue()
        value.and_then(bell.put)
        pool = _current.pool
        if pool is None:
            self._sleep(bell, value)
            return
        # Until it goes on, the thread is as one from outside: it takes no place.
        _current.pool = None
        places = pool.places
        try:
            places += _ONE
            pool.grow()
            self._sleep(bell, value)
        finally:
            pool.take_place()
            _current.pool = pool

    def _sleep(self, bell: SimpleQueue[Any], value: AsyncValue) -> None:
        while True:
            if not self._is_starved:
                take(bell)
                return
            try:
                bell.get(timeout=_LOOK_AGAIN)
                return
            except Empty:
                # Nobody else may be there to run what this thread waits for.
                while not value._state and (self._compute.run_one() or self._blocking.run_one()):
                    pass

    @property
    def _is_starved(self) -> bool:
        return self._compute.is_starved or self._blocking.is_starved


def _pop(tokens: deque[None]) -> bool:
    try:
        tokens.pop()
    except IndexError:
        return False
    return True
