"""Stable orders of slices: by keys, and by any comparison of two elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Less = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes numbers of elements, and says which of the first come before the second."""


def comparable(values: np.ndarray) -> np.ndarray:
    """The values in a type of numpy's own that holds them all: integers of at least 8 bits, floats of at least 32."""
    if values.dtype.kind in "biu" or (values.dtype.kind == "f" and values.dtype.itemsize >= 4):
        return values
    is_integer = "int" in values.dtype.name
    return values.astype(np.int8 if is_integer else np.float32)


def total_order(values: np.ndarray) -> np.ndarray:
    """Integers in the order of integers, or the total one of floats: -NaN < -inf < ... < -0 < +0 < ... < inf < NaN."""
    if values.dtype.kind in "biu":
        return values
    bits = values.view(np.dtype(f"i{values.dtype.itemsize}"))
    return bits ^ ((bits >> (8 * bits.itemsize - 1)) & np.iinfo(bits.dtype).max)


def descending(values: np.ndarray) -> np.ndarray:
    """Integers in the opposite order of integers."""
    return ~values


def order_by_keys(keys: Sequence[np.ndarray]) -> np.ndarray:
    """The places of elements along the last dimension in the order of keys, the most significant of which is first."""
    if len(keys) == 1:
        return np.argsort(keys[0], axis=-1, kind="stable")
    return np.lexsort(keys[::-1], axis=-1)


def order_by_comparison(rows: int, size: int, is_less: Less) -> np.ndarray:
    """The places of elements along slices of `size`, of which there are `rows`, in the order of any comparison.

    Elements are numbered in row-major order. Sorted runs are merged two by two, all pairs of them at once: where an
    element of a left run goes is found by bisection. Any comparison gives a permutation.
    """
    numbers = np.arange(rows * size)
    places = np.arange(size)
    width = 1
    while width < size:
        starts = places // (2 * width) * (2 * width)
        is_left = places - starts < width
        left = np.flatnonzero(is_left)
        low = np.minimum(starts[left] + width, size)
        high = np.minimum(low + width, size)
        ranks = _bisect(numbers.reshape(rows, size), left, low, high, is_less)
        # Comparisons that are no order must not lead two elements to one place.
        ranks = _rising(ranks, starts[left], size)
        target = left + ranks
        merged = np.empty((rows, size), numbers.dtype)
        taken = np.zeros((rows, size), bool)
        np.put_along_axis(taken, target, True, 1)
        np.put_along_axis(merged, target, numbers.reshape(rows, size)[:, left], 1)
        merged[~taken] = numbers.reshape(rows, size)[:, ~is_left].reshape(-1)
        numbers = merged.reshape(-1)
        width *= 2
    return numbers.reshape(rows, size) - np.arange(rows)[:, None] * size


def _bisect(numbers: np.ndarray, left: np.ndarray, low: np.ndarray, high: np.ndarray, is_less: Less) -> np.ndarray:
    """How many elements of the run from `low` to `high` come before each of the elements at `left`."""
    rows = numbers.shape[0]
    first = np.broadcast_to(low, (rows, low.size)).copy()
    last = np.broadcast_to(high, (rows, high.size)).copy()
    row = np.arange(rows)[:, None]
    own = numbers[:, left]
    for _ in range(int((high - low).max(initial=0)).bit_length()):
        middle = (first + last) // 2
        open_ = first < last
        other = numbers[row, np.minimum(middle, numbers.shape[1] - 1)]
        before = is_less(other, own) & open_
        first = np.where(before, middle + 1, first)
        last = np.where(open_ & ~before, middle, last)
    return first - low


def _rising(ranks: np.ndarray, starts: np.ndarray, size: int) -> np.ndarray:
    """The ranks, none less than one before it in its run."""
    offset = starts * (size + 1)
    return np.maximum.accumulate(ranks + offset, axis=1) - offset
