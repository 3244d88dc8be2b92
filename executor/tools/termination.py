"""SIGTERM drains: what runs goes on to its end, and nothing further begins. A second one ends the process at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def noticing_termination() -> Iterator[Callable[[], bool]]:
    """Gives what tells whether SIGTERM has come meanwhile. On threads other than the main one it never does."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    came: list[int] = []

    def notice(number: int, _: Any) -> None:
        came.append(number)
        signal.signal(number, signal.SIG_DFL)

    before = signal.signal(signal.SIGTERM, notice)
    try:
        yield lambda: bool(came)
    finally:
        # None stands for a handler that was not set from Python.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
