"""Calls of machine code, and how the outside reaches them.

Python handles signals between two of its own instructions, so machine code has to ask for it. Each call has a record in
memory whose first byte machine code polls where it polls for cancellation, at the head of loops and of functions. While
calls run, a thread sets that byte ten times a second; whoever finds it set calls `look`, a Python function, which is
enough for Python to handle what has come: signals on the main thread, `PyThreadState_SetAsyncExc` on any. What a
handler raises ends the call, as it is.

The record also says whether machine code is what is running: so what it raises itself, by which it refuses to go on,
can be told from whatever arrives a moment before or after.

There are no locks, for a signal handler may call machine code, too, wherever it interrupts; popping from a list and
appending to it are atomic. A call first takes its record and then looks whether somebody ticks; a thread that stops
ticking first says so and then looks whether all records are free: one of them sees the other. Two threads that tick at
once do no harm, nor does a record that is set while it is free.
"""

from __future__ import annotations

import os
from ctypes import Structure, addressof, c_uint8, c_void_p
from threading import Thread
from time import sleep

INTERVAL = 0.1
"""Seconds between two looks of a call at what has come."""

_QUIET = 20
"""After how many intervals without a call the thread ends."""


def look() -> None:
    """What machine code calls to let Python handle signals: entering any function does."""


class NativeCall(Structure):
    """The record of a call; `tfrt.executor.engines.plans.native_runtime` knows the layout.

    Attributes:
        is_due: whether machine code should call `look`.
        is_inside: whether machine code is running, and not `look`, nor anything before or after.
        look: the function, as a ``PyObject*``.
    """

    _fields_ = (("is_due", c_uint8), ("is_inside", c_uint8), ("look", c_void_p))


Record = tuple[NativeCall, int]
"""A record and its address."""

free: list[Record] = []
"""Records that no call uses; a call pops one, or else makes one, and appends it when it has ended."""

_all: list[Record] = []
_is_ticking = False


def new_record() -> Record:
    """One more record."""
    call = NativeCall(look=id(look))
    record = call, addressof(call)
    _all.append(record)
    return record


def keep_ticking() -> bool:
    """Whether calls that have taken their records are ticked. Not where no thread can be started."""
    global _is_ticking
    if not _is_ticking:
        thread = Thread(target=_tick, name="tfrt-native-ticks", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return False
        _is_ticking = True
    return True


def _tick() -> None:
    global _is_ticking
    quiet = 0
    while quiet < _QUIET:
        sleep(INTERVAL)
        for call, _ in tuple(_all):
            call.is_due = 1
        quiet = quiet + 1 if _are_free() else 0
        if quiet == _QUIET:
            _is_ticking = False
            if not _are_free():
                _is_ticking, quiet = True, 0


def _are_free() -> bool:
    return len(free) >= len(_all)


def _after_fork() -> None:
    """In the child there is neither the thread nor the calls of other threads."""
    global _is_ticking
    _is_ticking = False
    _all[:] = free


os.register_at_fork(after_in_child=_after_fork)
