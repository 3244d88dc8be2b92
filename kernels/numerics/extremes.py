"""Where the greatest or the least elements along a dimension are."""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.ordering import comparable


def find_extremes(
    values: np.ndarray, numbers: np.ndarray, axis: int, *, greatest: bool, lesser_number: bool
) -> tuple[np.ndarray, np.ndarray] | None:
    """The greatest or least values along a dimension with at least one element, and their numbers.

    The first NaN counts as greatest and least. Of equal values, the first one is found.

    Args:
        lesser_number: whether the one of the least number is to be found; the answer is None where numbers do not rise.
    """
    last = values.ndim - 1
    if axis != last:
        values, numbers = values.swapaxes(axis, last), numbers.swapaxes(axis, last)
    line = _line(numbers)
    if lesser_number:
        rising = numbers if line is None else line
        if not rises(rising):
            return None
    rows = comparable(values)
    places = rows.argmax(last) if greatest else rows.argmin(last)
    flat = places.reshape(-1)
    matrix = values.reshape(flat.size, -1)
    row = np.arange(flat.size)
    found = matrix[row, flat].reshape(places.shape)
    given = line[flat] if line is not None else numbers.reshape(matrix.shape)[row, flat]
    if axis == last:
        return found, given.reshape(places.shape)
    # What was the last dimension is where the reduced one was.
    return np.moveaxis(found, axis, -1), np.moveaxis(given.reshape(places.shape), axis, -1)


def rises(numbers: np.ndarray) -> np.ndarray:
    """Whether each number along the last dimension is greater than the one before, as an array of one."""
    return np.asarray((numbers[..., 1:] > numbers[..., :-1]).all())


def _line(numbers: np.ndarray) -> np.ndarray | None:
    """The numbers along the last dimension, if they are the same everywhere, as those of a broadcast line are."""
    others = zip(numbers.shape[:-1], numbers.strides[:-1], strict=True)
    if any(size > 1 and stride for size, stride in others) or not numbers.size:
        return None
    line: np.ndarray = numbers[(0,) * (numbers.ndim - 1)]
    return line
