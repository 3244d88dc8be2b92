"""Windows over arrays of any rank, and their elements combined.

Semantics: `reduce_window` in StableHLO's specification. A window's elements are combined in order: one after
another if they are few, or dimension after dimension, from the last to the first, in as many steps as the logarithm of
their number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tfrt.kernels.numerics.reductions.trees import FEW, Arrays, Combine, along, fold, tree

Reduce = Callable[[Sequence[np.ndarray]], Arrays]
"""Combines the elements along the first dimension of arrays."""


@dataclass(frozen=True, slots=True)
class Window:
    """Windows along one dimension of a padded array: `count` of them, `stride` apart.

    Each has `size` elements, `dilation` apart. The padded array has `low` elements before the input and `high` after
    it, of which it loses some where these are negative, and `base_dilation` - 1 between two of its elements.
    """

    size: int
    stride: int
    dilation: int
    base_dilation: int
    low: int
    high: int

    @property
    def pads(self) -> bool:
        """Whether padding changes anything."""
        return self.low != 0 or self.high != 0 or self.base_dilation != 1

    def fitting(self, size: int) -> int:
        """How many windows there are along a padded dimension of this size."""
        extent = (self.size - 1) * self.dilation + 1
        return 0 if extent > size else (size - extent) // self.stride + 1

    def padded(self, size: int) -> int:
        """The size of the padded dimension."""
        return max(0, self.low + self.high + ((size - 1) * self.base_dilation + 1 if size else 0))

    def accumulates(self, size: int) -> bool:
        """Whether each element is combined with all before it, or all after it."""
        return (
            size == self.size > 1
            and self.stride == self.dilation == self.base_dilation == 1
            and sorted((self.low, self.high)) == [0, size - 1]
        )


def pad(array: np.ndarray, windows: Sequence[Window], value: np.ndarray) -> np.ndarray:
    """The array with `value` around and between its elements."""
    if not any(window.pads for window in windows):
        return array
    sizes = [window.padded(size) for window, size in zip(windows, array.shape, strict=True)]
    padded = np.full(sizes, value, array.dtype)
    inside, taken = overlap(windows, array.shape, padded.shape)
    padded[inside] = array[taken]
    return padded


def overlap(
    windows: Sequence[Window], shape: Sequence[int], padded: Sequence[int]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where in the padded array elements lie, and which ones: not those that negative padding takes away."""
    inside, taken = [], []
    for window, size, whole in zip(windows, shape, padded, strict=True):
        # The elements that negative padding leaves.
        step = window.base_dilation
        first = -(window.low // step) if window.low < 0 else 0
        start = window.low + first * step
        last = min(size, first + max(0, -(-(whole - start) // step)))
        taken.append(slice(first, last))
        inside.append(slice(start, start + (last - first) * step if last > first else start, step))
    return tuple(inside), tuple(taken)


def combine_windows(
    arrays: Sequence[np.ndarray], windows: Sequence[Window], start: Sequence[np.ndarray], combine: Combine
) -> Arrays:
    """`start` and the elements of each window over padded arrays combined."""
    shape = arrays[0].shape
    if prod(window.size for window in windows) <= FEW:
        places = taps(windows, shape)
        return fold([[array[place] for array in arrays] for place in places], start, combine)
    values = tuple(arrays)
    for axis in reversed(range(len(windows))):
        values = combine_along(values, axis, windows[axis], combine, lambda parts: tree(parts, combine))
    return combine(start, values)


def taps(windows: Sequence[Window], shape: Sequence[int]) -> list[tuple[Any, ...]]:
    """Where in a padded array of this shape windows' elements lie, for each element of a window in row-major order."""
    along_each = [parts(window, size) for window, size in zip(windows, shape, strict=True)]
    # With the ellipsis, indexing gives an array also where there is no dimension.
    return [(*place, ...) for place in product(*along_each)]


def _tap(window: Window, index: int, count: int) -> slice:
    start = index * window.dilation
    return slice(start, start + (count - 1) * window.stride + 1 if count else start, window.stride)


def combine_along(values: Arrays, axis: int, window: Window, combine: Combine, reduce: Reduce) -> Arrays:
    """The elements of windows along one dimension combined, however many they are; `reduce` combines the first one."""
    count = window.fitting(values[0].shape[axis])
    if window.size == 1 or count == 0:
        taken = along(axis, _tap(window, 0, count))
        return tuple([value[taken] for value in values])
    if doubles(window, values[0].shape[axis]):
        return _double(values, axis, window, count, combine)
    return reduce([_windows_first(value, axis, window, count) for value in values])


def doubles(window: Window, size: int) -> bool:
    """Whether windows along a padded dimension of this size are put together from windows of half their size."""
    count = window.fitting(size)
    by_doubling = size * (window.size.bit_length() - 1) + count * window.size.bit_count()
    return by_doubling < count * window.size


def parts(window: Window, size: int) -> list[slice]:
    """Where along a padded dimension of this size the windows' first elements lie, their second ones, and so on."""
    count = window.fitting(size)
    return [_tap(window, index, count) for index in range(window.size)]


def _windows_first(array: np.ndarray, axis: int, window: Window, count: int) -> np.ndarray:
    """A view of the array, whose first dimension goes through a window; those windows are where `axis` is."""
    strides = list(array.strides)
    shape = list(array.shape)
    first = strides[axis] * window.dilation
    strides[axis] *= window.stride
    shape[axis] = count
    return as_strided(array, (window.size, *shape), (first, *strides), writeable=False)


def _double(values: Arrays, axis: int, window: Window, count: int, combine: Combine) -> Arrays:
    """Windows of twice the size, again and again; those whose sizes add up to the window's are combined."""
    found: Arrays | None = None
    start, size = 0, 1
    while True:
        if window.size & size:
            taken = along(axis, slice(start, start + (count - 1) * window.stride + 1, window.stride))
            part = tuple([value[taken] for value in values])
            found = part if found is None else combine(found, part)
            start += size * window.dilation
        size *= 2
        if size > window.size:
            assert found is not None
            return found
        step, whole = size // 2 * window.dilation, values[0].shape[axis]
        left, right = along(axis, slice(0, whole - step)), along(axis, slice(step, whole))
        values = combine([value[left] for value in values], [value[right] for value in values])
