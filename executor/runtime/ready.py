"""What happens once several values are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any

from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.escaped import tell


def run_when_ready(values: Iterable[Any], callback: Callable[[], None]) -> None:
    """Call `callback` once every `AsyncValue` among `values` is resolved: at once, or where the last one is.

    What escapes from it, or comes before it, is told where it is a `tfrt.executor.runtime.failures.Promised`.
    """
    _WhenReady(values, callback).go_on()


class _WhenReady:
    """Goes from one value to the next, as each is resolved, and in the end calls `callback`, once."""

    __slots__ = ("_at", "_callback", "_is_left", "_values")

    def __init__(self, values: Iterable[Any], callback: Callable[[], None]):
        self._values = [v for v in values if type(v) is AsyncValue and v.is_pending]
        self._at = 0
        self._callback = callback
        self._is_left = [True]

    def go_on(self) -> None:
        values = self._values
        while self._at < len(values):
            value = values[self._at]
            if value.is_pending:
                value.and_then(self)
                return
            self._at += 1
        try:
            # Taken and begun at once, whatever a signal's handler raises; see `tfrt.executor.values.async_value`.
            for _ in map(list.pop, repeat(self._is_left)):
                break
        except IndexError:
            return
        self._callback()

    def __call__(self, _: AsyncValue) -> None:
        self.go_on()

    def abandon(self, error: BaseException) -> None:
        """Where it has been interrupted, call whoever waits for the values nevertheless."""
        if self._is_left:
            self.go_on()
        else:
            tell(self._callback, error)
