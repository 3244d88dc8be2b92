"""Work queues: who runs what, when.

========================  =====================================================================================
``s``                     no threads: tasks run first in, first out on the thread that waits. Deterministic.
``mstd[:N[,M]]``          N compute threads (by default one a processor) and up to M threads for tasks that block.
``seeded:S``              like ``s``, but the next task is drawn at random from seed S: for exploring schedules.
========================  =====================================================================================

**No locks of our own.** Tasks are handed over through ``queue.SimpleQueue`` and deques, whose operations are atomic.
Where a thread goes to sleep, it first announces that it will, then looks once more for a reason not to; whoever gives a
reason does so first, then looks for announced sleepers. So one of the two always sees the other.
"""

from __future__ import annotations

import os
import random
import threading
from collections import deque
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from tfrt.executor.async_value import AsyncValue, run_deferred
from tfrt.executor.errors import UsageError
from tfrt.executor.failures import mark_worker

Task = Callable[[], None]

DEFAULT_BLOCKING_THREADS = 64
MAX_THREADS = 4096
"""The most threads of a kind; more are a mistake that would exhaust the machine."""


class WorkQueue(Protocol):
    """What the host needs of a work queue."""

    name: str

    @property
    def parallelism(self) -> int:
        """How many tasks can compute at the same time."""

    @property
    def has_threads(self) -> bool:
        """Whether tasks make progress while nobody waits."""

    def add_task(self, task: Task) -> None:
        """Run `task` some time; it must not block."""

    def add_blocking_task(self, task: Task) -> None:
        """Run `task`, which may block, some time."""

    def wait(self, values: Iterable[Any]) -> None:
        """Return once every `AsyncValue` among `values` is resolved; the calling thread helps to run tasks."""

    def quiesce(self) -> None:
        """Return once no task is waiting or running; the calling thread helps to run tasks. Not from a task."""

    def run_one(self) -> bool:
        """Run one waiting task on this thread; False where there is none, or threads of their own run them."""

    def close(self) -> None:
        """Finish the tasks that are waiting and end all threads. May be called twice.

        Tasks that are added later still run, on threads that the next call ends.
        """


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


def _nothing() -> None:
    """A task that only wakes its queue up."""


class SingleThreadedQueue:
    """Tasks run on the thread that waits, first in, first out. Tasks that block share the queue."""

    name = "single-threaded"
    parallelism = 1
    has_threads = False

    def __init__(self) -> None:
        self._tasks: SimpleQueue[Task] = SimpleQueue()
        self.add_task: Callable[[Task], None] = self._tasks.put
        self.add_blocking_task: Callable[[Task], None] = self._tasks.put

    def wait(self, values: Iterable[Any]) -> None:
        run_deferred()
        pending = [v for v in values if type(v) is AsyncValue and v.is_pending]
        for value in pending:
            value.and_then(lambda _: self.add_task(_nothing))
        for value in pending:
            # Another thread may resolve it, so an empty queue is a reason to sleep, not to give up.
            while not value._state:
                self._tasks.get()()
                run_deferred()

    def quiesce(self) -> None:
        while self.run_one():
            pass

    def run_one(self) -> bool:
        try:
            task = self._tasks.get_nowait()
        except Empty:
            return False
        task()
        run_deferred()
        return True

    def close(self) -> None:
        self.quiesce()


class SeededQueue:
    """Tasks run on the thread that waits, in an order drawn from a seed: each seed is one schedule."""

    name = "seeded"
    parallelism = 1
    has_threads = False

    def __init__(self, seed: int):
        self._random = random.Random(seed)
        self._tasks: list[Task] = []

    def add_task(self, task: Task) -> None:
        self._tasks.append(task)

    add_blocking_task = add_task

    def wait(self, values: Iterable[Any]) -> None:
        run_deferred()
        for value in values:
            while type(value) is AsyncValue and value.is_pending:
                if not self.run_one():
                    raise RuntimeError("waiting for a value that no task will resolve")

    def quiesce(self) -> None:
        while self.run_one():
            pass

    def run_one(self) -> bool:
        tasks = self._tasks
        if not tasks:
            return False
        chosen = self._random.randrange(len(tasks))
        tasks[chosen], tasks[-1] = tasks[-1], tasks[chosen]
        tasks.pop()()
        run_deferred()
        return True

    def close(self) -> None:
        self.quiesce()


class _Pool:
    """Threads that run tasks from one queue; they are started on demand, up to a limit."""

    def __init__(self, name: str, limit: int, finished: Callable[[], None]):
        self.tasks: SimpleQueue[Task | None] = SimpleQueue()
        self.threads: list[threading.Thread] = []
        self._name = name
        self._finished = finished
        self.free = deque(range(limit))
        self._idle: deque[None] = deque()

    def run(self, task: Task) -> None:
        """Run a task that was taken from `tasks`; what escapes from it is reported and ends nothing."""
        try:
            task()
        except Exception as error:
            threading.excepthook(
                threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
            )
        finally:
            self._finished()

    def join(self) -> None:
        threads, self.threads = self.threads, []
        for _ in threads:
            self.tasks.put(None)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()

    def grow(self) -> None:
        """Start a thread if there are more tasks than idle ones. To be called after adding a task, if any are free."""
        # Both who adds a task and a worker that has just taken one look here, so that a worker that was counted as
        # idle while it was taking another task leaves no task behind.
        if self.tasks.qsize() <= len(self._idle):
            return
        try:
            number = self.free.pop()
        except IndexError:
            return
        thread = threading.Thread(target=self._work, args=[number], name=f"{self._name}-{number}", daemon=True)
        self.threads.append(thread)
        thread.start()

    def _work(self, number: int) -> None:
        idle, free, get, get_nowait, run = self._idle, self.free, self.tasks.get, self.tasks.get_nowait, self.run
        mark_worker()
        # What runs on this thread is always part of a task.
        _current.tasks = 1
        while True:
            try:
                task = get_nowait()
            except Empty:
                idle.append(None)
                task = get()
                idle.pop()
            if task is None:
                free.append(number)
                return
            if free and self.tasks.qsize():
                self.grow()
            run(task)
            del task


class _Current(threading.local):
    tasks = 0
    """How many tasks are on this thread's stack: more than one where a task waits and so runs others."""


_current = _Current()


class MultiThreadedQueue:
    """Compute threads that never block, and threads for tasks that do.

    A task that waits for values (which kernels should not do) helps to run tasks, so that even when all threads
    wait, tasks go on.
    """

    name = "multi-threaded"
    has_threads = True

    def __init__(self, compute_threads: int, blocking_threads: int):
        self.parallelism = compute_threads
        self._outstanding: deque[None] = deque()
        self._quiescing: deque[Any] = deque()
        self._sleepers: deque[Any] = deque()
        self._compute = _Pool("tfrt-compute", compute_threads, self._task_finished)
        self._blocking = _Pool("tfrt-blocking", blocking_threads, self._task_finished)

    def add_task(self, task: Task) -> None:
        self._outstanding.append(None)
        compute = self._compute
        compute.tasks.put(task)
        if compute.free:
            compute.grow()
        if self._sleepers:
            _release_one(self._sleepers)

    def add_blocking_task(self, task: Task) -> None:
        self._outstanding.append(None)
        self._blocking.tasks.put(task)
        if self._blocking.free:
            self._blocking.grow()

    def wait(self, values: Iterable[Any]) -> None:
        run_deferred()
        for value in values:
            if type(value) is AsyncValue and value.is_pending:
                self._wait_for(value)

    def quiesce(self) -> None:
        if _current.tasks:
            raise RuntimeError("quiesce would wait for the task that calls it")
        while self._outstanding:
            if self.run_one():
                continue
            asleep = threading.Lock()
            asleep.acquire()
            self._quiescing.append(asleep)
            if not self._outstanding:
                _release_one(self._quiescing)
            asleep.acquire()

    def run_one(self) -> bool:
        try:
            task = self._compute.tasks.get_nowait()
        except Empty:
            return False
        if task is None:
            self._compute.tasks.put(None)
            return False
        _current.tasks += 1
        try:
            self._compute.run(task)
            run_deferred()
        finally:
            _current.tasks -= 1
        return True

    def close(self) -> None:
        if not _current.tasks:
            self.quiesce()
        for pool in (self._compute, self._blocking):
            pool.join()

    def _wait_for(self, value: AsyncValue) -> None:
        asleep = threading.Lock()
        asleep.acquire()
        if not _current.tasks:
            value.and_then(lambda _: asleep.release())
            while value.is_pending and self.run_one():
                pass
            asleep.acquire()
            return
        # A task is woken by new tasks too: when all threads wait, somebody has to run them.
        value.and_then(lambda _: self._wake_sleeper(asleep))
        while value.is_pending:
            if self.run_one():
                continue
            self._sleepers.append(asleep)
            if not value.is_pending or self._compute.tasks.qsize():
                self._wake_sleeper(asleep)
            asleep.acquire()

    def _wake_sleeper(self, asleep: Any) -> None:
        try:
            self._sleepers.remove(asleep)
        except ValueError:
            return
        asleep.release()

    def _task_finished(self) -> None:
        self._outstanding.pop()
        if self._quiescing and not self._outstanding:
            while _release_one(self._quiescing):
                pass


def _release_one(locks: deque[Any]) -> bool:
    try:
        locks.pop().release()
    except IndexError:
        return False
    return True
