"""Work queues without threads: tasks run on the threads, and in the event loops, that wait.

Who adds a task is its owner. As long as the owner waits on the queue itself, only the owner runs it: nobody else is
held up by it, so whoever waits for something else gets that as soon as it is there. Tasks of threads that do not wait
(a timer's, a device's) are run by whoever waits first, and so are those whose owner is stuck in another task for
`STUCK_AFTER` seconds, lest it is stuck because of them.

**No locks.** Each thread has a deque of its own tasks (`_Share`), to which nobody else adds. A task stays there until
somebody takes it, which is atomic, and begins it at once. So a task is in one deque, or has begun.

Who goes to sleep first announces it, then looks for tasks once more; who adds a task does so first, then looks for
announced sleepers. So one of the two sees the other. In the same way a thread that leaves says so, then looks for
sleepers. A sleeper is woken for a task that it may run, or by the very value it waits for. Of several who wake one for
a task, only who takes its announcement back is done; the others wake the next. Who leaves wakes others for what is
left, be it that it was woken itself for it.

**A signal's handler that raises loses no task and leaves nobody asleep.** The interpreter runs handlers when a Python
function begins, after calls of functions in C and where loops jump back, not after operators. So a task is taken by a
``for`` over an iterator in C and begun without any of these in between; what escapes from it then is put aside by an
operator, and told with what the thread has put aside. Counts are operators at the edges of ``try``. Whoever is
interrupted in waking others, or in telling tasks, does it once more before it lets the exception go on. And whoever
sleeps looks for tasks every `STUCK_AFTER` seconds, should that have been interrupted, too.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import repeat
from queue import Empty, SimpleQueue
from threading import get_ident
from typing import TYPE_CHECKING, Any

from tfrt.executor.runtime.work_queue import Task
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.values.async_value import AsyncValue, Ring, deferred_wakeups, run_deferred
from tfrt.executor.values.escaped import forget_lost, raise_lost

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


STUCK_AFTER = 2.0
"""Seconds after which the tasks of a thread that waits, and does not come to run them, are run by others."""

_TURNS = 64
"""How many tasks a thread runs until one of those that do not wait has its turn."""


class _Share:
    """The tasks that one thread has added, which only that thread does.

    A thread that has ended leaves its share to the next one that gets its identifier.

    Attributes:
        tasks: in the order in which they were added.
        taken: takes one whenever it is advanced; raises ``IndexError`` where there is none.
        waits: how often the thread waits, in nested calls or several coroutines.
        turn: counts the tasks that it has run.
    """

    __slots__ = ("taken", "tasks", "turn", "waits")

    def __init__(self, tasks: Any, taken: Iterator[Task]):
        self.tasks = tasks
        self.taken = taken
        self.waits = 0
        self.turn = 0


class _Sleeper:
    """An announcement: `wake` wakes who sleeps, or says that there is nobody any more."""

    __slots__ = ("is_over", "share", "wake")

    def __init__(self, share: _Share, wake: Callable[[], bool]):
        self.share = share
        self.wake = wake
        self.is_over = False


class SingleThreadedQueue:
    """Tasks run on the thread that waits, first in, first out. Tasks that block share the queue."""

    name = "single-threaded"
    parallelism = 1
    has_threads = False

    def __init__(self) -> None:
        self._shares: dict[int, _Share] = {}
        self._sleepers: deque[_Sleeper] = deque()
        restart_after_fork(self)

    def add_task(self, task: Task) -> None:
        share = self._shares.get(get_ident()) or self._own_share()
        try:
            share.tasks.append(task)
            if self._sleepers:
                self._rouse(share)
        except BaseException:
            self._rouse(share)
            raise

    add_blocking_task = add_task

    @property
    def length(self) -> int:
        """How many tasks wait."""
        return sum(len(share.tasks) for share in list(self._shares.values()))

    def wait(self, values: Iterable[Any]) -> None:
        run_deferred()
        pending = [v for v in values if type(v) is AsyncValue and not v._state]
        if not pending:
            return
        own = self._shares.get(get_ident()) or self._own_share()
        deferred = deferred_wakeups()
        tasks, taken, left = own.tasks, own.taken, _TURNS
        bell: SimpleQueue[Any] = SimpleQueue()
        sleeper = _Sleeper(own, partial(_ring, bell))
        task: Task | None = None
        own.waits += 1
        try:
            for value in pending:
                if not value._state:
                    value.and_then(bell.put)
                while not value._state:
                    if left and tasks:
                        # The common case, kept free of calls; see `_run_one`.
                        try:
                            for task in taken:
                                try:
                                    task()
                                except BaseException as error:
                                    deferred += ((task, error),)
                                left -= 1
                                if value._state or deferred or not left:
                                    break
                        except IndexError:
                            pass
                        if deferred:
                            run_deferred()
                    else:
                        left = _TURNS
                        # The frame would keep what the last task refers to alive.
                        task = None
                        if not (self._run_of_absent(own) or _run_one(own)):
                            self._sleep(sleeper, bell, value)
        finally:
            own.waits -= 1
            sleeper.is_over = True
            if self._sleepers or deferred:
                try:
                    self._leave(sleeper)
                except BaseException:
                    self._leave(sleeper)
                    raise

    async def wait_async(self, value: AsyncValue) -> None:
        """Return once `value` is resolved; tasks run on the event loop's thread, which gets its turn between them."""
        import asyncio

        own, loop = self._own_share(), asyncio.get_running_loop()
        bell = asyncio.Event()
        ring = partial(_ring_in, loop, bell)
        sleeper = _Sleeper(own, ring)
        value.and_then(Ring(ring))
        own.waits += 1
        try:
            while not value._state:
                if self._run_next(own):
                    await asyncio.sleep(0)
                    continue
                self._sleepers.append(sleeper)
                stuck: dict[_Share, Task] = {}
                if not self._finds_task(own) and not value._state:
                    firsts, timer = self._first_of_others(own), loop.call_later(STUCK_AFTER, bell.set)
                    try:
                        await bell.wait()
                    finally:
                        timer.cancel()
                    bell.clear()
                    if loop.time() >= timer.when():
                        stuck = firsts
                self._withdraw(sleeper)
                self._run_stuck(stuck)
        finally:
            own.waits -= 1
            sleeper.is_over = True
            try:
                self._leave(sleeper)
            except BaseException:
                self._leave(sleeper)
                raise

    def quiesce(self) -> None:
        while self.run_one():
            pass
        # Nobody here waits for what these tasks may have lost.
        forget_lost()

    def run_one(self) -> bool:
        try:
            return self._run_next(self._own_share())
        except BaseException:
            run_deferred()
            raise

    def close(self) -> None:
        self.quiesce()

    def restart(self) -> None:
        """In a forked process: the tasks are the parent's, but for those of a call that forks and goes on here."""
        own = self._own_share()
        if not own.waits:
            own.tasks.clear()
        self._shares.clear()
        self._shares[get_ident()] = own
        self._sleepers.clear()

    def _own_share(self) -> _Share:
        """The share of the current thread."""
        me = get_ident()
        return self._shares.get(me) or self._shares.setdefault(me, _Share(*self._make_tasks()))

    def _make_tasks(self) -> tuple[Any, Iterator[Task]]:
        """Where tasks are put, and what takes them from there."""
        tasks: deque[Task] = deque()
        return tasks, map(deque.popleft, repeat(tasks))

    def _run_next(self, own: _Share) -> bool:
        """Run a task that the thread of that share may run; False where there is none."""
        own.turn += 1
        if own.turn % _TURNS:
            return _run_one(own) or self._run_of_absent(own)
        return self._run_of_absent(own) or _run_one(own)

    def _run_of_absent(self, own: _Share) -> bool:
        """Run a task of a thread that does not wait; False where there is none."""
        for share in list(self._shares.values()):
            if share.tasks and share is not own and not share.waits and _run_one(share):
                return True
        return False

    def _finds_task(self, own: _Share) -> bool:
        """Whether there is a task that the thread of that share may run."""
        return any(share.tasks and (share is own or not share.waits) for share in list(self._shares.values()))

    def _sleep(self, sleeper: _Sleeper, bell: SimpleQueue[Any], value: AsyncValue) -> None:
        """Sleep until the bell rings, unless there is a task, or `value` is there."""
        own = sleeper.share
        self._sleepers.append(sleeper)
        stuck: dict[_Share, Task] = {}
        if not self._finds_task(own) and not value._state:
            raise_lost()
            firsts = self._first_of_others(own)
            try:
                bell.get(timeout=STUCK_AFTER)
            except Empty:
                stuck = firsts
        self._withdraw(sleeper)
        self._run_stuck(stuck)

    def _first_of_others(self, own: _Share) -> dict[_Share, Task]:
        """The first task of each other thread that waits."""
        others = [share for share in list(self._shares.values()) if share.waits and share is not own]
        return {share: first for share in others if (first := _first(share)) is not None}

    def _run_stuck(self, firsts: dict[_Share, Task]) -> None:
        """Run a task of a thread that has not come to run its first one meanwhile."""
        for share, first in firsts.items():
            if _first(share) is first and _run_one(share):
                return

    def _leave(self, sleeper: _Sleeper) -> None:
        """See to it that nothing depends on a thread that does not wait any more."""
        run_deferred()
        self._withdraw(sleeper)
        if self._sleepers:
            for share in list(self._shares.values()):
                if share.tasks:
                    self._rouse(share)

    def _withdraw(self, sleeper: _Sleeper) -> bool:
        try:
            self._sleepers.remove(sleeper)
        except ValueError:
            return False
        return True

    def _rouse(self, share: _Share) -> None:
        """Wake who may run a task of that share: its thread if it waits, which needs it only if it sleeps."""
        for sleeper in list(self._sleepers):
            is_for_it = (sleeper.share is share or not share.waits) and not sleeper.is_over
            # Woken first: who is interrupted in between has woken one too many.
            if is_for_it and sleeper.wake() and self._withdraw(sleeper):
                return


class SeededQueue(SingleThreadedQueue):
    """As the single-threaded queue, in an order drawn from a seed: each seed is one schedule."""

    name = "seeded"

    def __init__(self, seed: int):
        self._random = random.Random(seed)
        super().__init__()

    def _make_tasks(self) -> tuple[Any, Iterator[Task]]:
        tasks: list[Task] = []
        return tasks, map(partial(_draw, self._random), repeat(tasks))

    def _sleep(self, sleeper: _Sleeper, bell: SimpleQueue[Any], value: AsyncValue) -> None:
        # Without another thread nobody is left, and a mistake in a test of schedules is better said than waited for.
        # (`sys._current_frames` may hang in Python 3.11: it collects garbage while it holds a lock that this may need.)
        if bell.empty() and threading.active_count() == 1:
            raise RuntimeError("waiting for a value that no task will resolve")
        super()._sleep(sleeper, bell, value)


def _draw(generator: random.Random, tasks: list[Task]) -> Task:
    while count := len(tasks):
        try:
            for task in map(tasks.pop, (generator.randrange(count),)):
                return task
        except IndexError:
            # Another thread was faster.
            continue
    raise IndexError


def _first(share: _Share) -> Task | None:
    try:
        task: Task = share.tasks[0]
    except IndexError:
        return None
    return task


def _run_one(share: _Share) -> bool:
    """Run a task of a share; False where there is none."""
    if not share.tasks:
        return False
    deferred = deferred_wakeups()
    try:
        # Whoever takes a task begins it at once: see the module docstring.
        for task in share.taken:
            try:
                task()
            except BaseException as error:
                deferred += ((task, error),)
            break
    except IndexError:
        return False
    if deferred:
        run_deferred()
    return True


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
