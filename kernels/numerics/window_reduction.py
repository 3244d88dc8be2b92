"""Windows over arrays of any rank, and their elements combined.

Semantics: `reduce_window` in StableHLO's specification. A window's elements are combined in order, dimension after
dimension from the last to the first, in as many steps as the logarithm of their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tfrt.executor.declarations.stablehlo_window_shapes import window_count
from tfrt.kernels.numerics.trees import Arrays, Combine, along, reduce_first


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

    def count(self, size: int) -> int:
        """How many windows there are along a dimension of this size."""
        found = window_count(size, self.size, self.stride, (self.low, self.high), self.base_dilation, self.dilation)
        assert found is not None
        return found

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
    padded = np.full(
        [window.padded(size) for window, size in zip(windows, array.shape, strict=True)], value, array.dtype
    )
    inside, taken = [], []
    for window, size, whole in zip(windows, array.shape, padded.shape, strict=True):
        # The elements that negative padding leaves.
        step = window.base_dilation
        first = -(window.low // step) if window.low < 0 else 0
        start = window.low + first * step
        last = min(size, first + max(0, -(-(whole - start) // step)))
        taken.append(slice(first, last))
        inside.append(slice(start, start + (last - first) * step if last > first else start, step))
    padded[tuple(inside)] = array[tuple(taken)]
    return padded


def combine_windows(arrays: Sequence[np.ndarray], windows: Sequence[Window], combine: Combine) -> Arrays:
    """The elements of each window over padded arrays combined."""
    values = tuple(arrays)
    for axis in reversed(range(len(windows))):
        values = _combine_along(values, axis, windows[axis], combine)
    return values


def _combine_along(values: Arrays, axis: int, window: Window, combine: Combine) -> Arrays:
    whole = values[0].shape[axis]
    extent = (window.size - 1) * window.dilation + 1
    count = 0 if extent > whole else (whole - extent) // window.stride + 1
    if window.size == 1 or count == 0:
        taken = along(axis, taps(window, 0, count))
        return tuple([value[taken] for value in values])
    by_doubling = whole * (window.size.bit_length() - 1) + count * window.size.bit_count()
    if by_doubling < count * window.size:
        return _double(values, axis, window, count, combine)
    return reduce_first([windows_first(value, axis, window, count) for value in values], combine)


def taps(window: Window, index: int, count: int) -> slice:
    """Where in a padded dimension the elements number `index` of windows lie."""
    start = index * window.dilation
    return slice(start, start + (count - 1) * window.stride + 1 if count else start, window.stride)


def windows_first(array: np.ndarray, axis: int, window: Window, count: int) -> np.ndarray:
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
