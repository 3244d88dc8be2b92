"""Memory that functions borrow for as long as they run, and that the next one finds in the cache.

There is one workspace for each call at a time, whatever it computes, so it takes as much memory as the largest of them
needs, and none is asked for again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

MOST_KEPT = 1 << 22
"""How many bytes of a workspace stay; what needs more asks the system for it, each time."""

_ALIGNED = 64

_kept: list[tuple[np.ndarray, int]] = []
"""Those that nobody uses, and where in each of them the first array begins. `pop` and `append` are atomic, and there
are never more than there have been calls at a time."""


class Workspace:
    """Arrays in memory that is somebody else's after the ``with``: none of them may be used later."""

    __slots__ = ("_memory", "_start", "_used", "_wanted")

    def __enter__(self) -> Workspace:
        try:
            self._memory, self._start = _kept.pop()
        except IndexError:
            self._memory, self._start = _aligned(0)
        self._used = self._wanted = 0
        return self

    def __exit__(self, *_: object) -> None:
        size = min(self._wanted, MOST_KEPT)
        if size > self._memory.nbytes - self._start:
            self._memory, self._start = _aligned(size)
        _kept.append((self._memory, self._start))

    def clear(self) -> None:
        """Begin anew: the arrays made so far share their memory with those that come."""
        self._used = 0

    def array(self, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
        """A new array, whose elements may be anything."""
        size = -(-prod(shape) * dtype.itemsize // _ALIGNED) * _ALIGNED
        start, self._used = self._start + self._used, self._used + size
        self._wanted = max(self._wanted, self._used)
        if start + size > self._memory.nbytes:
            return np.empty(shape, dtype)
        return np.ndarray(tuple(shape), dtype, self._memory, start)


def kept() -> int:
    """The bytes that nobody uses, kept for those who will."""
    return sum(memory.nbytes for memory, _ in list(_kept))


def let_go() -> None:
    """Give back the memory that nobody uses: for who measures how much a call needs."""
    _kept.clear()


def _aligned(size: int) -> tuple[np.ndarray, int]:
    memory = np.empty(size + _ALIGNED, np.uint8)
    return memory, -memory.ctypes.data % _ALIGNED
