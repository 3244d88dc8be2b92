"""Combining many elements by a function of whole arrays, in as many steps as the logarithm of how many there are.

Functions take and give several arrays, which belong together. Elements are combined in order: the left argument has
those that come first. Nothing else is asked of a function, as StableHLO's reductions may combine in any tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Arrays = tuple[Any, ...]
Combine = Callable[[Sequence[np.ndarray], Sequence[np.ndarray]], Arrays]
"""Takes the left and the right arrays and gives as many, of the same shape."""


def reduce_first(arrays: Sequence[np.ndarray], combine: Combine) -> Arrays:
    """The elements along the first dimension, of which there is at least one, combined."""
    values = tuple(arrays)
    count = values[0].shape[0]
    tails = []
    while count > 1:
        if count % 2:
            tails.append([value[count - 1] for value in values])
            count -= 1
        values = combine([value[0:count:2] for value in values], [value[1:count:2] for value in values])
        count //= 2
    values = tuple([value[0] for value in values])
    for tail in reversed(tails):
        values = combine(values, tail)
    return values


def reduce_axes(arrays: Sequence[np.ndarray], axes: Sequence[int], combine: Combine) -> Arrays:
    """The elements along dimensions, of which there is at least one, combined."""
    rank = arrays[0].ndim
    order = [*sorted(axes), *(axis for axis in range(rank) if axis not in axes)]
    moved = [array.transpose(order) for array in arrays]
    kept = moved[0].shape[len(axes) :]
    # The number of elements is spelled out: -1 cannot be found where others are 0.
    count = int(np.prod(moved[0].shape[: len(axes)], dtype=np.int64))
    return reduce_first([array.reshape(count, *kept) for array in moved], combine)


def scan(arrays: Sequence[np.ndarray], axis: int, combine: Combine, *, reverse: bool = False) -> Arrays:
    """At each place the elements along a dimension up to it combined; from it on, if `reverse`."""
    values = tuple(arrays)
    size = values[0].shape[axis]
    step = 1
    while step < size:
        first = along(axis, slice(0, size - step))
        last = along(axis, slice(step, size))
        combined = combine([value[first] for value in values], [value[last] for value in values])
        kept = along(axis, slice(size - step, size) if reverse else slice(0, step))
        parts = [(value[kept], new) for value, new in zip(values, combined, strict=True)]
        values = tuple([np.concatenate(pair[::-1] if reverse else pair, axis) for pair in parts])
        step *= 2
    return values


def along(axis: int, taken: slice) -> tuple[slice, ...]:
    """The index that takes a part along one dimension."""
    return (*(slice(None),) * axis, taken)
