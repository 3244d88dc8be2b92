"""Combining many elements by a function of whole arrays, in as many steps as the logarithm of how many there are.

Functions take and give several arrays, which belong together. Elements are combined in order: the left argument has
those that come first. Nothing else is asked of a function, as StableHLO's reductions may combine in any tree. A few
elements are combined one after another, beginning with the initial value, as XLA does: so they are rounded alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Arrays = tuple[Any, ...]
Combine = Callable[[Sequence[np.ndarray], Sequence[np.ndarray]], Arrays]
"""Takes the left and the right arrays and gives as many, of their shapes broadcast."""

FEW = 32
"""So many elements are combined as if each step had a result: rounded to the type of the elements, one after another.

XLA splits longer reductions into such parts.
"""

_FEW_STEPS = 16


def fold(parts: Sequence[Sequence[np.ndarray]], start: Sequence[np.ndarray], combine: Combine) -> Arrays:
    """`start` and then each of the parts combined."""
    values = tuple(start)
    for part in parts:
        values = combine(values, part)
    return values


def reduce_first(arrays: Sequence[np.ndarray], start: Sequence[np.ndarray], combine: Combine) -> Arrays:
    """`start` and the elements along the first dimension, of which there is at least one, combined."""
    values = tuple(arrays)
    count = values[0].shape[0]
    if count <= _FEW_STEPS:
        return fold([[value[i] for value in values] for i in range(count)], start, combine)
    return combine(start, tree(values, combine))


def tree(arrays: Sequence[np.ndarray], combine: Combine) -> Arrays:
    """The elements along the first dimension, of which there is at least one, combined: neighbours first."""
    values = tuple(arrays)
    count = values[0].shape[0]
    tails = []
    while count > 1:
        if count % 2:
            tails.append([value[count - 1] for value in values])
            count -= 1
        values = combine([value[0:count:2] for value in values], [value[1:count:2] for value in values])
        count //= 2
    return fold(tails[::-1], tuple([value[0] for value in values]), combine)


def first_axes(array: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """The array, with one dimension for `axes` before all others."""
    order = [*sorted(axes), *(axis for axis in range(array.ndim) if axis not in axes)]
    moved = array.transpose(order)
    kept = moved.shape[len(axes) :]
    # The number of elements is spelled out: -1 cannot be found where others are 0.
    return moved.reshape(int(np.prod(moved.shape[: len(axes)], dtype=np.int64)), *kept)


def scan(
    arrays: Sequence[np.ndarray], axis: int, start: Sequence[np.ndarray], combine: Combine, *, reverse: bool = False
) -> Arrays:
    """At each place `start` and the elements along a dimension up to it combined; from it on, if `reverse`."""
    values = tuple(arrays)
    size = values[0].shape[axis]
    if size <= _FEW_STEPS and not reverse:
        found = []
        last = tuple(start)
        for i in range(size):
            last = combine(last, [value.take(i, axis) for value in values])
            found.append(last)
        return tuple([np.stack(each, axis) for each in zip(*found, strict=True)])
    step = 1
    while step < size:
        first = along(axis, slice(0, size - step))
        rest = along(axis, slice(step, size))
        combined = combine([value[first] for value in values], [value[rest] for value in values])
        kept = along(axis, slice(size - step, size) if reverse else slice(0, step))
        parts = [(value[kept], new) for value, new in zip(values, combined, strict=True)]
        values = tuple([np.concatenate(pair[::-1] if reverse else pair, axis) for pair in parts])
        step *= 2
    return combine(start, values)


def along(axis: int, taken: slice) -> tuple[slice, ...]:
    """The index that takes a part along one dimension."""
    return (*(slice(None),) * axis, taken)
