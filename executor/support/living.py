"""Things that are known as long as somebody else refers to them.

As `weakref.WeakSet`, but that what runs where one is collected is a function in C. Python runs signals' handlers at the
first line of a function of its own, and an exception that a handler raises there, where garbage is collected, would be
shown and lost: Ctrl-C would not be heard.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Living(Generic[T]):
    """Things that still exist; iterating gives those that do when it begins, in the order in which they were added."""

    def __init__(self) -> None:
        self._references: dict[int, weakref.ref[T]] = {}
        self._gone: deque[weakref.ref[T]] = deque()

    def add(self, thing: T) -> None:
        """Know a thing, which must not be known yet."""
        reference = weakref.ref(thing, self._gone.append)
        self._references[id(reference)] = reference
        self._forget()

    def __iter__(self) -> Iterator[T]:
        self._forget()
        found = [reference() for reference in list(self._references.values())]
        return iter([thing for thing in found if thing is not None])

    def _forget(self) -> None:
        gone = self._gone
        while gone:
            try:
                reference = gone.popleft()
            except IndexError:
                # Another thread has taken it.
                return
            self._references.pop(id(reference), None)
