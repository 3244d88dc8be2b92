"""Where the greatest or the least elements along a dimension are."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt, prod
from typing import Any

import numpy as np

from tfrt.kernels.numerics.ordering import comparable
from tfrt.kernels.numerics.quiet import quiet

_LARGE = 1 << 12
"""Of so many elements a copy takes longer than to look at the array as one that may be written to."""

_LONG, _WIDE = 1 << 9, 1 << 6
"""Columns so long, of which so many are next to one another, are searched in two steps."""


def find_extremes(
    values: np.ndarray, numbers: np.ndarray, axis: int, *, greatest: bool, lesser_number: bool
) -> tuple[np.ndarray, np.ndarray] | None:
    """The greatest or least values along a dimension with at least one element, and their numbers.

    The first NaN counts as greatest and least. Of equal values, the first one is found.

    Args:
        lesser_number: whether the one of the least number is to be found; the answer is None where numbers do not rise.
    """
    along = numbers.swapaxes(axis, -1)
    line = _line(along)
    if lesser_number and not rises(along if line is None else line):
        return None
    places = first_extremes(comparable(values), axis, greatest=greatest)
    found = _at(values, places, axis)
    return found, line[places] if line is not None else _at(numbers, places, axis)


def first_extremes(values: np.ndarray, axis: int, *, greatest: bool) -> np.ndarray:
    """Where along a dimension with at least one element the first greatest or least one is, or the first NaN."""
    size, after = values.shape[axis], prod(values.shape[axis + 1 :])
    if size >= _LONG and after >= _WIDE and values.flags.c_contiguous:
        places = _columns(values.reshape(-1, size, after), greatest=greatest)
        return places.reshape(values.shape[:axis] + values.shape[axis + 1 :])
    values = searchable(values)
    return values.argmax(axis) if greatest else values.argmin(axis)


def searchable(values: np.ndarray) -> np.ndarray:
    """The array to search with numpy's `argmax`, which copies any that may not be written to, though it only reads."""
    if values.flags.writeable or values.size < _LARGE:
        return values
    found = values.view()
    try:
        found.flags.writeable = True
    except ValueError:
        # It is memory that nobody may write to.
        return values
    return found


def _columns(values: np.ndarray, *, greatest: bool) -> np.ndarray:
    """Where along the second of three dimensions they are.

    numpy copies columns to search them. It finds out which of many blocks has the extreme by whole rows, and what is
    searched is no more than the blocks' extremes, and the elements of one block.
    """
    before, size, after = values.shape
    block = isqrt(size)
    starts = range(0, size, block)
    extremes = np.empty((before, len(starts), after), values.dtype)
    reduce: Callable[..., Any] = np.maximum.reduce if greatest else np.minimum.reduce
    for number, start in enumerate(starts):
        quiet.call(reduce, values[:, start : start + block], 1, None, extremes[:, number])
    first = block * (extremes.argmax(1) if greatest else extremes.argmin(1))
    # Beyond the end is the last element again, which never is the first one that counts.
    places = np.minimum(first[:, np.newaxis] + np.arange(block)[:, np.newaxis], size - 1)
    found = values[np.arange(before)[:, np.newaxis, np.newaxis], places, np.arange(after)]
    return first + (found.argmax(1) if greatest else found.argmin(1))


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


def _at(array: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """The element of each line along a dimension that is at a place."""
    rank = places.ndim
    index: list[Any] = [np.arange(size).reshape(-1, *[1] * (rank - 1 - dim)) for dim, size in enumerate(places.shape)]
    index.insert(axis, places)
    return np.asarray(array[(*index, ...)])
