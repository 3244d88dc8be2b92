"""Threads that may be started while a signal's handler raises."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


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
