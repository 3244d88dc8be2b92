"""Memory that functions borrow for as long as they run, and that the next one finds in the cache.

There is one workspace for each call at a time, whatever it computes, so it takes as much memory as the largest of them
needs, and none is asked for again and again. What a function lays out in it may stay for its next call (`Laid`).
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


class Memory:
    """What one call at a time has.

    Attributes:
        held: the bytes.
        start: where the first array begins.
        size: how many bytes there are from there on.
    """

    __slots__ = ("held", "size", "start")

    def __init__(self, size: int):
        self.held, self.start = _aligned(size)
        self.size = size


_kept: list[Memory] = []
"""Those that nobody uses. `pop` and `append` are atomic, and there are never more than there have been calls at a
time."""


class Workspace:
    """Arrays in memory that is somebody else's after the ``with``: none of them may be used later."""

    __slots__ = ("_memory", "_used", "_wanted")

    def __enter__(self) -> Workspace:
        try:
            self._memory = _kept.pop()
        except IndexError:
            self._memory = Memory(0)
        self._used = self._wanted = 0
        return self

    def __exit__(self, *_: object) -> None:
        size = min(self._wanted, MOST_KEPT)
        give_back(self._memory if size <= self._memory.size else _larger(self._memory, size))

    def clear(self) -> None:
        """Begin anew: the arrays made so far share their memory with those that come."""
        self._used = 0

    def array(self, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
        """A new array, whose elements may be anything."""
        start, self._used = self._used, self._used + _whole_lines(shape, dtype)
        self._wanted = max(self._wanted, self._used)
        if self._used > self._memory.size:
            return np.empty(shape, dtype)
        return np.ndarray(tuple(shape), dtype, self._memory.held, self._memory.start + start)

    def zeros(self, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
        """A new array of zeros."""
        made = self.array(shape, dtype)
        made.fill(0)
        return made


def _whole_lines(shape: Sequence[int], dtype: np.dtype) -> int:
    """How many bytes an array takes with what is left of its last line of the cache."""
    return -(-prod(shape) * dtype.itemsize // _ALIGNED) * _ALIGNED


class Room:
    """What gives arrays for what is laid out.

    Args:
        memory: what is borrowed; without it arrays are in memory of their own, whose pages nobody has touched, so that
            somebody only finds out how much there is.
        used: how many bytes of it are somebody else's.
    """

    __slots__ = ("_memory", "own", "used")

    def __init__(self, memory: Memory | None = None, used: int = 0):
        self._memory = memory
        self.used, self.own = used, 0

    def array(self, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
        """A new array, whose elements may be anything whenever it is borrowed."""
        start, self.used = self.used, self.used + _whole_lines(shape, dtype)
        if self._memory is None:
            return np.empty(shape, dtype)
        return np.ndarray(tuple(shape), dtype, self._memory.held, self._memory.start + start)

    def zeros(self, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
        """A new array, of zeros at first, which is found as it has been left."""
        made = aligned_array(shape, dtype)
        made.fill(0)
        self.own += made.nbytes
        return made


class Laid(Generic[T]):
    """Arrays, and whatever else is made of them, that calls find in the memory that they borrow: laid out once for each
    memory that there is.

    Args:
        make: gives what is laid out, of arrays of a `Room`.
        start: how many bytes of the memory before these arrays are somebody else's.

    Attributes:
        size: how many bytes of borrowed memory that takes, with those.
        made: by memory, what has been laid out there.
    """

    def __init__(self, make: Callable[[Room], T], start: int = 0):
        self._make, self._start = make, start
        room = Room(None, start)
        make(room)
        self.size, self._own = room.used, room.own
        self.made: dict[Memory, T] = {}
        _layouts.add(self)

    def lay(self, memory: Memory) -> T:
        """Lay it out in memory of `size` bytes at least, for whoever borrows that."""
        made = self.made[memory] = self._make(Room(memory, self._start))
        return made

    @property
    def nbytes(self) -> int:
        """How many bytes are kept beside those of the memory that is borrowed."""
        return self._own * len(self.made)


def borrow(size: int) -> Memory:
    """Memory of so many bytes at least that nobody else has; who is done with it gives it back."""
    try:
        memory = _kept.pop()
    except IndexError:
        return Memory(size)
    return memory if memory.size >= size else _larger(memory, size)


def give_back(memory: Memory) -> None:
    """The next one to ask may have it."""
    _kept.append(memory)


def _larger(memory: Memory, size: int) -> Memory:
    """So many bytes in place of that memory."""
    for each in list(_layouts):
        each.made.pop(memory, None)
    return Memory(size)


def kept() -> int:
    """The bytes that nobody uses, kept for those who will."""
    return sum(memory.held.nbytes for memory in list(_kept))


def idle() -> int:
    """The bytes that `Reused` and `Laid` keep for who calls next, whether or not they are in use."""
    return sum(reused.nbytes for reused in list(_reused)) + sum(layout.nbytes for layout in list(_layouts))


def let_go() -> None:
    """Give back the memory that is kept: for who measures how much a call needs."""
    _kept.clear()
    for reused in list(_reused):
        reused.let_go()
    for layout in list(_layouts):
        layout.made.clear()


def aligned_array(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """An array that begins at a line of the cache, in memory of its own, whose elements may be anything."""
    memory, start = _aligned(prod(shape) * dtype.itemsize)
    return np.ndarray(tuple(shape), dtype, memory, start)


def in_line(array: np.ndarray) -> np.ndarray:
    """The array itself, or a copy in C order, if it does not begin at a line of the cache or lies otherwise."""
    if array.flags.c_contiguous and array.ctypes.data % _ALIGNED == 0:
        return array
    return aligned_copy(array)


def aligned_copy(array: np.ndarray) -> np.ndarray:
    """The elements in C order, from a line of the cache on: vectors across two lines take twice as long to read."""
    made = aligned_array(array.shape, array.dtype)
    made[...] = array
    return made


def aligned(size: int) -> np.ndarray:
    """Bytes that begin at a line of the cache, in memory of their own."""
    memory, start = _aligned(size)
    return np.ndarray((size,), np.uint8, memory, start)


_laid: WeakValueDictionary[Hashable, Laid[Any]] = WeakValueDictionary()


def laid(key: Hashable, make: Callable[[Room], T], start: int = 0) -> Laid[T]:
    """A `Laid` that is the same for whoever has the same key, as long as somebody has it."""
    found: Laid[T] | None = _laid.get(key)
    if found is None:
        # Whoever comes at the same time may have another one.
        found = _laid[key] = Laid(make, start)
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


_reused: WeakSet[Reused] = WeakSet()
_layouts: WeakSet[Laid[Any]] = WeakSet()


def _references(arrays: list[np.ndarray]) -> list[int]:
    """How many references there are to arrays, and to the memory of the first one, when this is called."""
    return [*map(getrefcount, arrays), getrefcount(arrays[0].base)]


def _aligned(size: int) -> tuple[np.ndarray, int]:
    memory = np.empty(size + _ALIGNED, np.uint8)
    return memory, -memory.ctypes.data % _ALIGNED
