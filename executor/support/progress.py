"""How far something is that may take long, told by whoever does it to whoever listens on the same thread.

Nobody listens, as a rule; then a step costs a look at a variable. Steps are of milliseconds (a pass of the compiler, a
file that is read, a function that is run), not kernels. `progress_line.py` shows them on a terminal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """What is begun now.

    Attributes:
        what: in a few words: ``pass canonicalize``; ``done`` in the end.
        done: how many steps are behind it.
        total: how many steps there are, or None where that is not known yet.
    """

    what: str
    done: int
    total: int | None = None


Listener = Callable[[Progress], object]
"""Is told of each step as it begins, on the thread that does it. What it raises ends what is being done."""


class _Thread(threading.local):
    listener: Listener | None = None


_thread = _Thread()


@contextmanager
def telling(listener: Listener | None) -> Iterator[None]:
    """Tell a listener of steps that this thread begins meanwhile; without one, whoever listens already."""
    if listener is None:
        yield
        return
    before = _thread.listener
    try:
        _thread.listener = listener
        yield
    finally:
        _thread.listener = before


def step(what: str, done: int, total: int | None = None) -> None:
    """Say what is begun now; see `Progress`."""
    listener = _thread.listener
    if listener is not None:
        listener(Progress(what, done, total))
