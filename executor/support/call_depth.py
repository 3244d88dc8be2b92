"""How many calls stand on a thread's stack, and when there is no room for another.

Functions recurse as deep as memory allows, while Python's stack is short, and the caller may stand deep in it already.
So calls are counted, and beyond `MAX_CALL_DEPTH`, or where Python's recursion limit is near, a call becomes a task of
the work queue, which begins lower on the stack. To look for the limit takes half a microsecond, so it is looked for at
the first nested call and then at every eighth; `RESERVE` is enough for those in between.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

MAX_CALL_DEPTH = 64
"""Nested calls on a thread's stack, each some six Python frames."""

RESERVE = 200
"""Python frames that are kept for seven more calls and a kernel."""


class Calls:
    """The calls that stand on one thread's stack.

    Attributes:
        depth: how many they are, those of synchronous functions included.
        is_awaited: whether a synchronous function waits for what is called now. Then nothing is put off that can be run
            at once, for the wait would have to run it, and what waits in there, and so on as deep as there are tasks.
        lost: see `tfrt.executor.values.escaped`.
    """

    __slots__ = ("depth", "is_awaited", "lost")

    def __init__(self) -> None:
        self.depth = 0
        self.is_awaited = False
        self.lost: Exception | None = None


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.calls = Calls()


of_thread = _OfThread()
"""This thread's ``calls``, always the same object: to look it up takes as long as all that is done with it."""


def _forget_calls() -> None:
    calls = of_thread.calls
    calls.depth = 0
    calls.is_awaited = False


_COUNTING = frozenset(
    {
        ("_execute_now", "tfrt.executor.engines.dataflow"),
        ("enter", "tfrt.executor.engines.plans.planned"),
        ("enter_sync", "tfrt.executor.engines.plans.planned"),
        ("call_counted", "tfrt.executor.engines.plans.planned"),
        ("interpret", "tfrt.executor.engines.sync_interpreter"),
    }
)
"""The functions that count calls, with their modules."""

counters: list[tuple[frozenset[tuple[str, str]], Callable[[], None]]] = [(_COUNTING, _forget_calls)]
"""What counts itself on the stack: functions and their modules, and what to do where none of them is on it."""


def recount() -> None:
    """Set counts right after an exception, which may have come between counting something and uncounting it.

    Where such functions are on the stack, they do it.
    """
    found: set[tuple[str, Any]] = set()
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        found.add((frame.f_code.co_name, frame.f_globals.get("__name__")))
        frame = frame.f_back
    for functions, forget in counters:
        if found.isdisjoint(functions):
            forget()


def is_full(depth: int, weight: int = 1) -> bool:
    """Whether no call should be put on a stack that has `depth` of them, if it counts as `weight` calls."""
    if depth >= MAX_CALL_DEPTH:
        return True
    return (depth == 1 or depth >> 3 != (depth + weight) >> 3) and is_limit_near()


def is_limit_near() -> bool:
    """Whether fewer than `RESERVE` Python frames are left."""
    allowed = sys.getrecursionlimit() - RESERVE
    if allowed <= 0:
        return True
    try:
        sys._getframe(allowed)
    except ValueError:
        return False
    return True
