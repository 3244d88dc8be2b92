"""What is made of an operand once, where that is always the same: constants and weights of a program."""

from __future__ import annotations

import mmap
from collections.abc import Callable

import numpy as np

Pack = Callable[[np.ndarray], np.ndarray]


def packed_once(pack: Pack) -> Pack:
    """The function, which for an array that nobody can change is called once; the last such array's is kept, and cannot
    be changed either."""
    kept: tuple[np.ndarray | None, np.ndarray | None] = (None, None)

    def packed(array: np.ndarray) -> np.ndarray:
        nonlocal kept
        # Read in one go: other threads may replace it.
        known, found = kept
        if array is known and found is not None:
            return found
        found = pack(array)
        if is_constant(array):
            found = _constant(found)
            kept = (array, found)
        return found

    return packed


def is_constant(array: np.ndarray) -> bool:
    """Whether nobody can write to an array's memory: that of bytes, of a file that is mapped to be read, or of a
    memoryview that cannot be written to."""
    base: object = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return isinstance(base, bytes | mmap.mmap) or (isinstance(base, memoryview) and base.readonly)


def _constant(array: np.ndarray) -> np.ndarray:
    """The same array, as one that nobody can write to."""
    memory = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data.toreadonly()
    return np.frombuffer(memory, array.dtype).reshape(array.shape)
