"""What is made of an operand once, where that is always the same: constants and weights of a program."""

from __future__ import annotations

import mmap
from collections.abc import Callable

import numpy as np

Pack = Callable[[np.ndarray], np.ndarray]


LEAST_COMPARED = 1 << 14
"""Arrays of fewer bytes are packed again: comparing them costs as much."""

_MOST_CHANGES = 3
"""How often an array that can be written to may differ from the one before; then it changes in every run."""


Known = tuple[np.ndarray | None, np.ndarray | None]
"""An array that nobody can change, and what has been made of it."""


def packed_once(pack: Pack, kept: list[Known] | None = None) -> Pack:
    """The function, which for an array that nobody can change is called once; the last such array's is kept, and cannot
    be changed either.

    Args:
        kept: one element, which then is what is known, for whoever looks before they call.
    """
    last: list[Known] = [(None, None)] if kept is None else kept

    def packed(array: np.ndarray) -> np.ndarray:
        # Read in one go: other threads may replace it.
        known, found = last[0]
        if array is known and found is not None:
            return found
        found = pack(array)
        if is_constant(array):
            found = constant(found)
            last[0] = (array, found)
        return found

    return packed


def packed_if_changed(pack: Pack) -> Pack:
    """`packed_once`, for functions that take several times as long as comparing arrays, as transposing does: for an
    array that can be written to, too, it is called only where elements are others than in the call before.

    Weights that are arguments are mostly the same. A copy is kept of them, beside what has been made of them.
    """
    once = packed_once(pack)
    kept: tuple[np.ndarray | None, np.ndarray | None] = (None, None)
    changes = 0

    def packed(array: np.ndarray) -> np.ndarray:
        nonlocal kept, changes
        is_worth_it = array.nbytes >= LEAST_COMPARED and array.nbytes % 8 == 0 and array.flags.c_contiguous
        if not is_worth_it or changes > _MOST_CHANGES or is_constant(array):
            return once(array)
        elements = array.reshape(-1).view(np.int64)
        known, found = kept
        if known is not None and found is not None and np.array_equal(known, elements):
            return found
        changes += known is not None
        if changes > _MOST_CHANGES:
            kept = (None, None)
            return pack(array)
        # Whatever another thread writes to the array meanwhile, what is made is of the copy.
        copy = elements.copy()
        found = pack(copy.view(array.dtype).reshape(array.shape))
        kept = (copy, found)
        return found

    return packed


def in_order_once(view: Pack | None) -> Pack:
    """What gives arrays as a function of them sees them, in order; as they are where there is none."""
    if view is None:
        return lambda array: array
    return packed_if_changed(lambda array: np.ascontiguousarray(view(array)))


def is_constant(array: np.ndarray) -> bool:
    """Whether nobody can write to an array's memory: that of bytes, of a file that is mapped to be read, or of a
    memoryview that cannot be written to."""
    base: object = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return isinstance(base, bytes | mmap.mmap) or (isinstance(base, memoryview) and base.readonly)


def constant(array: np.ndarray) -> np.ndarray:
    """The same array, as one that nobody can write to."""
    memory = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data.toreadonly()
    return np.frombuffer(memory, array.dtype).reshape(array.shape)
