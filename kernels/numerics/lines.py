"""Arrays that are one line repeated, as the numbers are that frameworks count elements with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.kernels.numerics.packed import is_constant

Line = Callable[[np.ndarray], np.ndarray | None]
"""Takes an array, and gives its line along a dimension; None where lines differ, or there is none."""


def line_along(axis: int, *, rising: bool = False) -> Line:
    """What finds an array's line along a dimension, counted from the first. Of an array that nobody can change, as
    those are that programs count with, it is found once.

    Args:
        rising: whether the answer is None, too, where a number is not greater than the one before.
    """
    # One tuple, for other threads replace it.
    last: tuple[np.ndarray | None, np.ndarray | None] = (None, None)

    def along(array: np.ndarray) -> np.ndarray | None:
        nonlocal last
        known, line = last
        if array is known:
            return line
        line = _line(array, axis)
        if rising and line is not None and not rises(line):
            line = None
        if is_constant(array):
            last = (array, line)
        return line

    return along


def rises(numbers: np.ndarray) -> bool:
    """Whether each number along the last dimension is greater than the one before."""
    return bool((numbers[..., 1:] > numbers[..., :-1]).all())


def _line(array: np.ndarray, axis: int) -> np.ndarray | None:
    """The one along a dimension, if strides say that they are all the same."""
    shape, strides = array.shape, array.strides
    for dim, size in enumerate(shape):
        if size != 1 and dim != axis and (strides[dim] or not size):
            return None
    line: np.ndarray = array[tuple([slice(None) if dim == axis else 0 for dim in range(array.ndim)])]
    return line if line.size else None
