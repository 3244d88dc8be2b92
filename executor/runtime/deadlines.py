"""What is to happen at given moments: requests whose time is over.

One thread of the process serves all hosts. It is there while there are deadlines to come of things that still exist,
and for a moment after the last one. A forked process begins without any: requests that were under way are the parent's.
"""

from __future__ import annotations

import heapq
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from tfrt.executor.runtime.failures import report_uncaught
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.fork import start_anew_after_fork
from tfrt.executor.support.threads import Worker

T = TypeVar("T")

_LINGER = 1.0
"""Seconds that the thread stays without a deadline."""

_Entry = tuple[float, int, "weakref.ref[Any]", Callable[[Any], object]]
"""When, a number, whose deadline it is and what is to be done."""


class _Deadlines:
    def __init__(self) -> None:
        self._numbers = count()
        self.restart()

    def restart(self) -> None:
        """Begin without deadlines and without a thread."""
        # New deadlines, and numbers of those whose owners are gone.
        self._inbox: SimpleQueue[_Entry | int] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: Worker | None = None

    def add(self, owner: T, moment: float, action: Callable[[T], object]) -> None:
        number, inbox = next(self._numbers), self._inbox
        # A function in C, with the reference for the second argument: see `tfrt.executor.support.living`.
        reference = weakref.ref(owner, partial(inbox.put, number))
        with self._lock:
            inbox.put((moment, number, reference, action))
            if self._thread is None:
                self._start()

    def _start(self) -> None:
        self._thread = thread = Worker(self._work, (self._inbox,), name="tfrt-deadlines")
        try:
            thread.start()
        except BaseException:
            if thread.take_back():
                self._thread = None
            raise

    def _work(self, inbox: SimpleQueue[_Entry | int]) -> None:
        waiting: list[_Entry] = []
        gone: set[int] = set()
        while True:
            timeout = _LINGER if not waiting else waiting[0][0] - time.monotonic()
            try:
                # However many are due already, those that are new are looked at.
                got = inbox.get(timeout=timeout) if timeout > 0 else inbox.get_nowait()
            except Empty:
                if not waiting and self._ends():
                    return
                while waiting and waiting[0][0] <= time.monotonic():
                    _act(heapq.heappop(waiting))
                continue
            if not isinstance(got, int):
                heapq.heappush(waiting, got)
                continue
            gone.add(got)
            if 2 * len(gone) > len(waiting):
                waiting = [entry for entry in waiting if entry[1] not in gone]
                heapq.heapify(waiting)
                gone.clear()

    def _ends(self) -> bool:
        with self._lock:
            if not self._inbox.empty():
                return False
            self._thread = None
            return True


def _act(entry: _Entry) -> None:
    owner = entry[2]()
    if owner is None:
        return
    try:
        entry[3](owner)
    except BaseException as error:
        # Whatever it is, others have deadlines, too.
        report_uncaught(error)


_deadlines = _Deadlines()
start_anew_after_fork(_deadlines.restart)


def check_timeout(timeout: float) -> None:
    """See that it is a number of seconds.

    Raises:
        UsageError: it is not.
    """
    if not 0 <= timeout <= threading.TIMEOUT_MAX:
        raise UsageError(f"a timeout is a number of seconds that is not negative, not {timeout!r}")


def call_after(owner: T, seconds: float, action: Callable[[T], object]) -> None:
    """Call `action` with `owner` in `seconds`, on another thread, if that still exists. It must not take long."""
    _deadlines.add(owner, time.monotonic() + seconds, action)
