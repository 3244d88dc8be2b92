"""Sums of floats along dimensions as products with ones.

BLAS takes a half to a fiftieth of the time of numpy's own reduction for them, the less the fewer columns there are or
the shorter rows are. It adds a row's elements in as many parts as its registers hold, and rows one after the other. So
long rows and many rows are summed in parts, which keeps as many digits as numpy's sums in pairs do, and more where rows
are added.

Sums begin with zero: none is -0.0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import isqrt, prod

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape

Sum = Callable[[np.ndarray], np.ndarray]

_LONG, _PART = 1 << 14, 1 << 10
"""Longer rows are summed in parts of so many elements."""

_MANY = 1 << 10
"""More rows are summed in parts, about as many as a part has rows."""


@lru_cache(maxsize=256)
def summing(shape: Shape, axes: tuple[int, ...], dtype: np.dtype) -> Sum | None:
    """What sums arrays of this shape along dimensions, as a function of such an array in C order, single or double
    precision; None where that is no product, or there is nothing to sum."""
    if dtype not in (np.float32, np.float64) or not axes or not prod(shape):
        return None
    first, last = min(axes), max(axes) + 1
    if last - first != len(axes):
        return None
    before, rows, columns = (prod(part) for part in (shape[:first], shape[first:last], shape[last:]))
    result = (*shape[:first], *shape[last:])
    if columns == 1:
        return _along_rows(before, rows, result, dtype)
    return _of_rows(before, rows, columns, result, dtype)


@lru_cache(maxsize=64)
def _ones(count: int, dtype: np.dtype) -> np.ndarray:
    found = np.ones(count, dtype)
    found.flags.writeable = False
    return found


def _along_rows(count: int, width: int, result: Shape, dtype: np.dtype) -> Sum:
    """Each of so many rows summed."""
    if width <= _LONG:
        ones = _ones(width, dtype)
        if count == 1:
            return lambda x: np.asarray(x.reshape(width).dot(ones)).reshape(result)
        return lambda x: x.reshape(count, width).dot(ones).reshape(result)
    parts = width // _PART
    whole = parts * _PART
    ones, of_parts = _ones(_PART, dtype), _along_rows(count, parts, (count,), dtype)

    def run(x: np.ndarray) -> np.ndarray:
        rows = x.reshape(count, width)
        found = of_parts(np.matmul(rows[:, :whole].reshape(count, parts, _PART), ones))
        if whole < width:
            found += np.add.reduce(rows[:, whole:], 1)
        return found.reshape(result)

    return run


def _of_rows(count: int, rows: int, columns: int, result: Shape, dtype: np.dtype) -> Sum:
    """The rows of each of so many matrices summed."""
    if rows <= _MANY:
        ones = _ones(rows, dtype)
        if count == 1:
            return lambda x: ones.dot(x.reshape(rows, columns)).reshape(result)
        return lambda x: np.matmul(ones, x.reshape(count, rows, columns)).reshape(result)
    parts = isqrt(rows)
    size = rows // parts
    whole = parts * size
    of_parts = _of_rows(count, parts, size * columns, (count, size, columns), dtype)
    of_part = _of_rows(count, size, columns, (count, columns), dtype)

    def run(x: np.ndarray) -> np.ndarray:
        matrices = x.reshape(count, rows, columns)
        found = of_part(of_parts(matrices[:, :whole]))
        if whole < rows:
            found += np.add.reduce(matrices[:, whole:], 1)
        return found.reshape(result)

    return run
