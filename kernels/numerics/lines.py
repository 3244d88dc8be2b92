"""Arrays that are one line repeated, as the numbers are that frameworks count elements with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.kernels.numerics.packed import is_constant

Line = Callable[[np.ndarray], np.ndarray | None]
"""Takes an array, and gives its line along a dimension; None where lines differ."""


def line_along(axis: int, *, rising: bool = False) -> Line:
    """What finds an array's line. Of an array that nobody can change, as programs count with, it is found once.

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
        line = _line(array.swapaxes(axis, -1))
        if rising and line is not None and not rises(line):
            line = None
        if is_constant(array):
            last = (array, line)
        return line

    return along


def rises(numbers: np.ndarray) -> bool:
    """Whether each number along the last dimension is greater than the one before."""
    return bool((numbers[..., 1:] > numbers[..., :-1]).all())


def _line(array: np.ndarray) -> np.ndarray | None:
    """The last dimension's, if strides say that they are all the same."""
    others = zip(array.shape[:-1], array.strides[:-1], strict=True)
    if any(size > 1 and stride for size, stride in others) or not array.size:
        return None
    line: np.ndarray = array[(0,) * (array.ndim - 1)]
    return line
