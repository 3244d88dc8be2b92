"""Python's garbage collector, while very much is made that stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = 50_000
"""How many new objects there must be meanwhile before the collector looks for garbage cycles."""


@contextmanager
def collector_relaxed() -> Iterator[None]:
    """Fewer searches for garbage cycles, which would go through all that has been made so far again and again.

    Reading and compiling a program makes hardly anything but what is kept, and with the usual threshold the search
    takes a fifth of the time, or a third of that of reading a large text. The threshold is the whole process's, so the
    collector stays on for what other threads do. Where threads overlap, one may set it back early; none can leave it
    raised.
    """
    usual = gc.get_threshold()
    is_raised = 0 < usual[0] < _RARELY
    if is_raised:
        gc.set_threshold(_RARELY, *usual[1:])
    try:
        yield
    finally:
        if is_raised:
            gc.set_threshold(*usual)
