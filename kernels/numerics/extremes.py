"""Where the greatest or the least elements along a dimension are."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt, prod
from typing import Any

import numpy as np

from tfrt.kernels.numerics.quiet import quiet

_LARGE = 1 << 12
"""Of so many elements a copy takes longer than to look at the array as one that may be written to."""

_LONG, _WIDE = 1 << 9, 1 << 6
"""Columns so long, of which so many are next to one another, are searched in two steps."""


Find = Callable[[np.ndarray], Any]
"""Takes values, and gives where along a dimension the first greatest or least one is, or the first NaN: an array, or a
number where there is one line."""


def first_extremes(values: np.ndarray, axis: int, *, greatest: bool) -> Any:
    """Where along a dimension with at least one element they are, see `Find`."""
    return finding(values.shape, axis, greatest=greatest)(values)


def finding(shape: tuple[int, ...], axis: int, *, greatest: bool) -> Find:
    """What finds the first extremes of arrays of this shape along a dimension with at least one element."""
    size, after = shape[axis], prod(shape[axis + 1 :])

    def find(values: np.ndarray) -> Any:
        values = searchable(values)
        return values.argmax(axis) if greatest else values.argmin(axis)

    def find_in_columns(values: np.ndarray) -> np.ndarray:
        if not values.flags.c_contiguous:
            return np.asarray(find(values))
        places = _columns(values.reshape(-1, size, after), greatest=greatest)
        return places.reshape(shape[:axis] + shape[axis + 1 :])

    return find_in_columns if size >= _LONG and after >= _WIDE else find


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


Pick = Callable[[np.ndarray, Any], np.ndarray]
"""Takes an array and places that a `Find` gives, and gives the elements there, in memory of their own."""


def element_at(shape: tuple[int, ...], axis: int) -> Pick:
    """What gives, of an array of this shape, the element of each line along a dimension that is at a place."""
    rest = shape[:axis] + shape[axis + 1 :]
    if not rest:
        return elements_of_line(shape)
    index: list[Any] = [np.arange(size).reshape(-1, *[1] * (len(rest) - 1 - dim)) for dim, size in enumerate(rest)]
    before, after = tuple(index[:axis]), tuple(index[axis:])
    return lambda array, places: array[(*before, places, *after)]


def elements_of_line(shape: tuple[int, ...]) -> Pick:
    """What gives the elements of one line that are at the places that are found in an array of this shape."""
    if len(shape) == 1:
        # A number does not give a copy, as an array does.
        return lambda line, place: line[place, ...].copy()
    return lambda line, places: line[places]
