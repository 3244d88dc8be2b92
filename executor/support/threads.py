"""Threads that may be started while a signal's handler raises, and sleep that no signal is lost in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")

_LISTEN = 0.1
"""Seconds after which the main thread looks for signals while it sleeps."""


class Worker(threading.Thread):
    """A daemon thread whose start can be taken back.

    Where `start` raises, nobody can tell whether the thread will run: it may have been started already, and Python's
    own notion of it may be wrong then, so that it ends before its first line. Who has started it and is interrupted
    takes it back.
    """

    def __init__(self, target: Callable[..., object], arguments: tuple[Any, ...] = (), *, name: str):
        super().__init__(target=target, args=arguments, name=name, daemon=True)
        # Who takes it decides.
        self._ticket = [True]

    def run(self) -> None:
        if self._take_ticket():
            super().run()

    def take_back(self) -> bool:
        """Have the thread do nothing; False where it has begun."""
        return self._take_ticket()

    def _take_ticket(self) -> bool:
        try:
            return self._ticket.pop()
        except IndexError:
            return False


def take(bell: SimpleQueue[T], timeout: float | None = None) -> T:
    """What is put into `bell`; sleeps until it is there, or until a signal's handler raises.

    Args:
        timeout: the seconds after which `queue.Empty` is raised.

    Python notes a signal when it comes, and runs its handler the next time that the main thread executes bytecode. One
    that comes after the main thread has looked for signals for the last time, but before the operating system has put
    it to sleep, does not wake it: it would sleep until the bell rings, which may be never. So it looks now and then.
    """
    if threading.get_ident() != threading.main_thread().ident:
        return bell.get(timeout=timeout)
    end = inf if timeout is None else monotonic() + timeout
    while True:
        left = end - monotonic()
        try:
            return bell.get(timeout=min(_LISTEN, max(left, 0)))
        except Empty:
            if left <= _LISTEN:
                raise


def join(thread: threading.Thread) -> None:
    """Sleep until the thread has ended, or until a signal's handler raises; see `take`."""
    while thread.is_alive():
        thread.join(_LISTEN)
