"""What is to be done when a host ends."""

from __future__ import annotations

import sys
from collections.abc import Callable


class Closers:
    """Called, the newest first, when a host is closed, or is gone without that.

    A host has one only from when something is to be called. For where it is gone, that is a ``__del__``, which is
    Python's: what a signal's handler raises there is shown and lost. (A function in C that hands this on, as in
    `tfrt.executor.support.living`, would have to know what to call, and so keep alive hosts that callbacks refer to.)
    """

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def add(self, callback: Callable[[], None]) -> None:
        self._waiting.append(callback)

    def call(self) -> BaseException | None:
        """Call all; returns what the first one that failed has raised."""
        failure: BaseException | None = None
        while self._waiting:
            try:
                self._waiting.pop()()
            except BaseException as error:
                failure = failure or error
        return failure

    def __del__(self) -> None:
        # The work queue, which may have other hosts, ends by itself. When the interpreter ends, threads have ended
        # already, so nobody may wait for them.
        if not sys.is_finalizing():
            while self._waiting:
                self._waiting.pop()()
