"""Memory that functions borrow for as long as they run, and that the next one finds in the cache.

There is one workspace for each call at a time, whatever it computes, so it takes as much memory as the largest of them
needs, and none is asked for again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from math import prod
from sys import getrefcount
from typing import Any, Generic, TypeVar
from weakref import WeakSet, WeakValueDictionary

import numpy as np

T = TypeVar("T")

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


def idle() -> int:
    """The bytes that `Reused` and `Spare` keep for who calls next, whether or not those of `Reused` are in use."""
    return sum(reused.nbytes for reused in list(_reused))


def let_go() -> None:
    """Give back the memory that is kept: for who measures how much a call needs."""
    _kept.clear()
    for reused in list(_reused):
        reused.let_go()


def aligned_array(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """An array that begins at a line of the cache, in memory of its own, whose elements may be anything."""
    memory, start = _aligned(prod(shape) * dtype.itemsize)
    return np.ndarray(tuple(shape), dtype, memory, start)


def aligned(size: int) -> np.ndarray:
    """Bytes that begin at a line of the cache, in memory of their own."""
    memory, start = _aligned(size)
    return np.ndarray((size,), np.uint8, memory, start)


class Spare(Generic[T]):
    """What calls borrow, each for as long as it runs, and the next one finds as it has been left. Of several calls at a
    time each has its own.

    Args:
        make: gives what is borrowed.
        nbytes: how many bytes that has.
    """

    def __init__(self, make: Callable[[], T], nbytes: int):
        self._make, self._nbytes = make, nbytes
        self._idle: list[T] = []
        _reused.add(self)

    def take(self) -> T:
        """Something that nobody else has; who is done with it gives it back."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._make()

    def give_back(self, thing: T) -> None:
        """The next one to ask may have it."""
        self._idle.append(thing)

    @property
    def nbytes(self) -> int:
        """How many bytes are kept."""
        return self._nbytes * len(self._idle)

    def let_go(self) -> None:
        """Keep nothing any more of what has been given back."""
        self._idle.clear()


_spares: WeakValueDictionary[Hashable, Spare[Any]] = WeakValueDictionary()


def spare(key: Hashable, make: Callable[[], T], nbytes: int) -> Spare[T]:
    """A `Spare` that is the same for whoever has the same key, as long as somebody has it."""
    found: Spare[T] | None = _spares.get(key)
    if found is None:
        # Whoever comes at the same time may have another one.
        found = _spares[key] = Spare(make, nbytes)
    return found


class Reused:
    """A function that gives arrays that share memory: those that it gave before, unless these or views of them are in
    use. Of several calls at a time the last one's are kept.

    Args:
        make: gives arrays of which the first one's base is that of all, so that whatever refers to their memory refers
            to that, or to one of them.
    """

    def __init__(self, make: Callable[[], list[np.ndarray]]):
        self._make = make
        self._arrays: list[tuple[list[np.ndarray], list[int]]] = []
        _reused.add(self)

    def __call__(self) -> tuple[np.ndarray, ...]:
        try:
            # Who takes them out is alone with them.
            arrays, alone = self._arrays.pop()
        except IndexError:
            alone = []
        if not alone or _references(arrays) != alone:
            arrays = self._make()
            alone = _references(arrays)
        # From here on they are in use, before anybody else finds them.
        used = tuple(arrays)
        self._arrays.append((arrays, alone))
        return used

    @property
    def nbytes(self) -> int:
        """How many bytes are kept."""
        return sum(arrays[0].nbytes for arrays, _ in list(self._arrays))

    def let_go(self) -> None:
        """Keep nothing any more of what has been given."""
        self._arrays.clear()


_reused: WeakSet[Reused | Spare[Any]] = WeakSet()


def _references(arrays: list[np.ndarray]) -> list[int]:
    """How many references there are to arrays, and to the memory of the first one, when this is called."""
    return [*map(getrefcount, arrays), getrefcount(arrays[0].base)]


def _aligned(size: int) -> tuple[np.ndarray, int]:
    memory = np.empty(size + _ALIGNED, np.uint8)
    return memory, -memory.ctypes.data % _ALIGNED
