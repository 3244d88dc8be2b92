"""Processors of their own for threads that work together.

A system may leave a thread on the processor of the one that has woken it, although others are idle: in virtual machines
to wake a processor costs much, and some systems put work together for that reason. Two threads that often wait for one
another, as those do that need the interpreter lock, then take turns for milliseconds. So threads that share work look
now and then where the others are, and one that is where another one is goes elsewhere. It is not kept there: the system
may move it as before.

Where the system does not say where threads are (only Linux does), all stay where they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from threading import get_ident
from time import perf_counter

_STAYS = 1e-3
"""Seconds for which threads that share work are left where they have gone, which takes a tenth of that at most."""


class Places:
    """Where some threads are that share work, as they have said themselves."""

    __slots__ = ("_moved", "_of")

    def __init__(self) -> None:
        self._of: dict[int, int] = {}
        self._moved = 0.0

    def settle(self) -> None:
        """Say where the calling thread is; it goes elsewhere if another one is there, too."""
        of = self._of
        of[get_ident()] = here = _here()()
        if len(of) > 1 and list(of.values()).count(here) > 1:
            self._move()

    def leave(self) -> None:
        """The calling thread does nothing any more."""
        self._of.pop(get_ident(), None)

    def _move(self) -> None:
        now = perf_counter()
        if now - self._moved < _STAYS:
            return
        self._moved = now
        try:
            allowed = os.sched_getaffinity(0)
            free = allowed.difference(list(self._of.values()))
            if not free:
                return
            try:
                os.sched_setaffinity(0, free)
            finally:
                os.sched_setaffinity(0, allowed)
        except OSError:
            # The system does not let it.
            return
        self._of[get_ident()] = _here()()


@cache
def _here() -> Callable[[], int]:
    """What gives the number of the processor that the calling thread is on; its own for each thread if nobody knows."""
    if hasattr(os, "sched_setaffinity"):
        import ctypes

        # With the interpreter lock, which would take longer to release.
        found = getattr(ctypes.PyDLL(None), "sched_getcpu", None)
        if found is not None and found() >= 0:
            return found
    return get_ident
