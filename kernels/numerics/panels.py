"""Constant matrices in another order, once for all kernels that need it.

What is made of a matrix is kept as long as one of these kernels is, and the matrix, too, so no other one comes to lie
where it does. A matrix that can be written to is never kept, so nothing that has been made of one is ever out of date.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable

import numpy as np

from tfrt.kernels.numerics.packed import is_constant
from tfrt.kernels.numerics.workspaces import aligned_copy


class Packed:
    """A constant matrix, and what has been made of it."""

    __slots__ = ("__weakref__", "made", "matrix")

    def __init__(self, matrix: np.ndarray, made: np.ndarray):
        self.matrix = matrix
        self.made = made


_known: dict[Hashable, weakref.ref[Packed]] = {}
"""By where a matrix lies, and how, and what is made of it. References to what has gone are dropped by who adds one:
what runs where something is collected must not be Python."""


def shared(matrix: np.ndarray, how: Hashable, pack: Callable[[np.ndarray], np.ndarray]) -> Packed | None:
    """What `pack` makes of a matrix, made now or before by whoever has asked for the same; None where the matrix may
    change.

    Args:
        how: what `pack` does, which is the same for whoever gives the same.
    """
    if not is_constant(matrix):
        return None
    key = (matrix.__array_interface__["data"][0], matrix.shape, matrix.strides, matrix.dtype, how)
    reference = _known.get(key)
    found = None if reference is None else reference()
    if found is None:
        found = Packed(matrix, pack(matrix))
        for gone in [known for known, each in list(_known.items()) if each() is None]:
            _known.pop(gone, None)
        _known[key] = weakref.ref(found)
    return found


class Find:
    """A function that gives what is made of a matrix that never changes, by `shared`; None for others.

    Where constants are others in every call, nothing is made of them any more.

    Attributes:
        known: what it has given last.
    """

    __slots__ = ("_changes", "_how", "_pack", "known")

    def __init__(self, how: Hashable, pack: Callable[[np.ndarray], np.ndarray]):
        self.known = _NONE
        self._how, self._pack, self._changes = how, pack, 0

    def __call__(self, matrix: np.ndarray) -> Packed | None:
        # Other threads may replace what is known.
        known = self.known
        if known.matrix is matrix:
            return known
        if matrix.flags.writeable or self._changes > _MOST_CHANGES:
            return None
        found = shared(matrix, self._how, self._pack)
        if found is not None:
            # What is a view of the same is made anew in each call, and is no other one.
            self._changes += known is not _NONE and found is not known
            self.known = found
        return found


_NONE = Packed(np.empty(0), np.empty(0))
"""What is made of no matrix that anybody has."""


def in_order() -> Find:
    """For transposed matrices that never change, in C order."""
    return Find("transposed", lambda matrix: aligned_copy(matrix.T))


def of_columns(width: int, turned: bool) -> Find:
    """For matrices that never change, transposed perhaps, as panels of so many columns: panels x inner x columns."""

    def pack(matrix: np.ndarray) -> np.ndarray:
        lying = matrix.T if turned else matrix
        return aligned_copy(lying.reshape(len(lying), -1, width).swapaxes(0, 1))

    return Find(("columns", width, turned), pack)


_MOST_CHANGES = 3
"""How often a constant may be another one than in the call before."""


def bytes_kept() -> int:
    """How much memory there is of what has been made of matrices, beside the matrices."""
    kept = [reference() for reference in list(_known.values())]
    return sum(each.made.nbytes for each in kept if each is not None)
