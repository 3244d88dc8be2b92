"""Stable orders of slices: by keys, and by any comparison of two elements."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import numpy as np

from tfrt.kernels.numerics.arithmetic.floats import bits_of, in_total_order, order

Less = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes numbers of elements, and says which of the first come before the second."""


def comparable(values: np.ndarray) -> np.ndarray:
    """The values in a type of numpy's own that holds them all, integers or floats."""
    if values.dtype.isbuiltin != 2:
        return values
    return values.astype(np.int8 if "int" in values.dtype.name else np.float32)


def total_order(values: np.ndarray) -> np.ndarray:
    """Integers in the order of integers, or the total one of floats: -NaN < -inf < ... < -0 < +0 < ... < inf < NaN."""
    return values if values.dtype.kind in "biu" else order(values)


def descending(values: np.ndarray) -> np.ndarray:
    """Integers or booleans in the opposite order."""
    return ~values


def numbered_order(values: np.ndarray) -> np.ndarray:
    """Integers in the order of numbers: -0 is +0, and all NaN come last and are equal."""
    if values.dtype.kind != "f":
        return total_order(values)
    found = np.asarray(total_order(values + np.zeros((), values.dtype)))
    nan = values != values
    if np.count_nonzero(nan):
        found[nan] = np.iinfo(found.dtype).max
    return found


def order_by_keys(keys: Sequence[np.ndarray]) -> np.ndarray:
    """The places of elements along the last dimension in the order of keys, the most significant of which is first."""
    if len(keys) > 1:
        return np.lexsort(keys[::-1], axis=-1)
    key = keys[0]
    if key.size < FEW or key.dtype.itemsize != 4:
        return key.argsort(-1, kind="stable")
    packed = _packed(key)
    packed.sort()
    return _places(packed)


def greatest_by_key(key: np.ndarray, count: int) -> np.ndarray:
    """The places of so many greatest elements of rows of integers, at least one, in falling order, stably.

    The least of so many greatest elements of groups is no greater than any of these, so only those that are not less
    than that are ordered.
    """
    size = key.shape[-1]
    grouped = min(_GROUP, size // (2 * count))
    found = None
    if key.size >= _MANY and size >= _LONG and grouped >= _LEAST_GROUP:
        found = _greatest_of_groups(key, count, grouped)
    if found is not None:
        return found
    if key.size < FEW or key.dtype.itemsize > 4:
        return order_by_keys([descending(key)])[:, :count]
    packed = _packed(key, falling=True)
    if size >= _LONG and 4 * count <= size:
        packed.partition(count - 1)
        packed = packed[:, :count].copy()
    packed.sort()
    return _places(packed[:, :count])


_GROUP, _LEAST_GROUP = 16, 4
"""How many elements are in a group, and from how many on it is worth it."""

_LONG = 256
"""Rows of so many elements have groups: numpy combines as many at once as there are groups in a row."""


def _greatest_of_groups(key: np.ndarray, count: int, grouped: int) -> np.ndarray | None:
    """See `greatest_by_key`; None where many elements are equal to the least one that counts."""
    rows, size = key.shape
    groups = size // grouped
    greatest = np.maximum.reduce(key[:, : grouped * groups].reshape(rows, grouped, groups), 1)
    greatest.partition(groups - count, -1)
    kept = np.flatnonzero(key >= greatest[:, groups - count, np.newaxis])
    row, place = np.divmod(kept, size)
    counts = np.bincount(row, minlength=rows)
    width = int(counts.max())
    if width > size // _LEAST_GROUP:
        return None
    # Rows of those that are kept, which are filled up with what comes last.
    column = np.arange(kept.size) - (np.cumsum(counts) - counts)[row]
    places = np.zeros((rows, width), np.intp)
    places[row, column] = place
    dtype = key.dtype if key.dtype.itemsize >= 4 else np.dtype(np.int32)
    values = np.full((rows, width), np.iinfo(dtype).min, dtype)
    values[row, column] = key.reshape(-1)[kept]
    return np.take_along_axis(places, order_by_keys([descending(values)])[:, :count], 1)


_MANY = 1 << 12
"""From so many elements on numpy's calls for groups take less time than what they spare."""

FEW = 1 << 9
"""From so many elements on numbers of 64 bits, which hold a key and its place, are sorted faster than places are, whose
order processors guess: that of arrays that come again and again they learn, so that measuring these misleads."""

_PLACE, _KEY = (0, 1) if sys.byteorder == "little" else (1, 0)
"""Which half of 64 bits is the less significant one, and which is the other."""

_SIGN = np.uint32(1 << 31)


def _packed(key: np.ndarray, *, falling: bool = False) -> np.ndarray:
    """Integers of at most 32 bits and their places along the last dimension, as one number, in the integers' order."""
    if key.dtype.kind == "u" and key.dtype.itemsize == 4:
        key = (key ^ _SIGN).view(np.int32)
    halves = np.empty((*key.shape, 2), np.int32)
    halves[..., _KEY] = descending(key.astype(np.int32, copy=False)) if falling else key
    halves[..., _PLACE] = np.arange(key.shape[-1], dtype=np.int32)
    packed: np.ndarray = halves.view(np.int64)[..., 0]
    return packed


def _places(packed: np.ndarray) -> np.ndarray:
    return packed.view(np.int32)[..., _PLACE::2].astype(np.int64)


def sorts_values(dtype: np.dtype) -> bool:
    """Whether `sorting` takes elements of a type: integers and floats of numpy's, and bfloat16."""
    return dtype.kind in "biuf" or (dtype.kind == "V" and dtype.itemsize == 2)


Sort = Callable[[np.ndarray, np.ndarray, int], None]
"""Puts elements into other memory, which is in C order, sorted along a dimension, whose size is not 0."""


def sorting(dtype: np.dtype, *, total: bool, falling: bool) -> Sort:
    """What sorts elements of a type that `sorts_values`.

    Args:
        total: whether floats are in the order that IEEE 754 calls total. If not, they are in that of numbers; what is
            equal but not the same, zeros and NaN, stays in order.
    """
    is_float = dtype.kind not in "biu"
    sort_in_place = _sorting_floats(dtype, total=total) if is_float else _sort_integers
    restore = _restoring(dtype, last=0 if falling else -1) if is_float and not total else None

    def sort(values: np.ndarray, into: np.ndarray, axis: int) -> None:
        np.copyto(into, values)
        sort_in_place(into, axis)
        if falling:
            lines = into.swapaxes(axis, -1)
            lines[...] = lines[..., ::-1].copy()
        if restore is not None:
            restore(values, into, axis)

    return sort


def _sort_integers(values: np.ndarray, axis: int) -> None:
    # Bytes are counted, which takes a twentieth of the time.
    values.sort(axis, kind="stable" if values.dtype.itemsize == 1 else None)


def _sorting_floats(dtype: np.dtype, *, total: bool) -> Callable[[np.ndarray, int], None]:
    """What sorts floats in place; in the order of numbers all NaN come last, but may be others than they were."""

    def sort_in_total_order(values: np.ndarray, axis: int) -> None:
        bits = bits_of(values)
        in_total_order(bits, bits)
        bits.sort(axis)
        in_total_order(bits, bits)

    def sort_halves(values: np.ndarray, axis: int) -> None:
        # Of 16 bits numpy sorts integers faster than floats.
        bits = bits_of(values)
        np.copyto(bits, np.iinfo(bits.dtype).max, where=are_nan(bits))
        sort_in_total_order(values, axis)

    if total:
        return sort_in_total_order
    if dtype.itemsize > 2:
        return lambda values, axis: values.sort(axis)
    are_nan = _finding_nan(dtype)
    return sort_halves


def _restoring(dtype: np.dtype, *, last: int) -> Sort:
    """What puts zeros and NaN, next to one another once sorted, into their old order; NaN are at `last`."""
    kind = np.dtype(f"i{dtype.itemsize}")
    # Numbers would be made arrays in each call.
    least, greatest = np.array(np.iinfo(kind).min, kind), np.array(np.iinfo(kind).max, kind)
    are_nan = _finding_nan(dtype)

    def restore(values: np.ndarray, found: np.ndarray, axis: int) -> None:
        old, new = values.view(kind).swapaxes(axis, -1), found.view(kind).swapaxes(axis, -1)
        # To count takes half as long as to ask for any.
        if np.count_nonzero(old == least):
            new[(new & greatest) == 0] = old[(old & greatest) == 0]
        if np.count_nonzero(are_nan(new[..., last])):
            new[are_nan(new)] = old[are_nan(old)]

    return restore


def _finding_nan(dtype: np.dtype) -> Callable[[np.ndarray], np.ndarray]:
    """What says which bits are those of NaN."""
    kind = np.dtype(f"i{dtype.itemsize}")
    greatest, infinity = np.array(np.iinfo(kind).max, kind), bits_of(np.array(np.inf, dtype))
    return lambda bits: (bits & greatest) > infinity


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
