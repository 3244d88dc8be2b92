"""Reductions and windows whose elements numpy knows how to combine: sums, products, extremes, and the like of bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt, prod
from typing import Any

import numpy as np

from tfrt.kernels.numerics.copying import given_back, room_for
from tfrt.kernels.numerics.reductions.accumulation import accumulating
from tfrt.kernels.numerics.reductions.sums import summing
from tfrt.kernels.numerics.reductions.trees import FEW, Arrays, along
from tfrt.kernels.numerics.reductions.windows import Window, combine_along, pad, taps


def reduce_many(
    function: np.ufunc, x: np.ndarray, init: np.ndarray | None, axes: tuple[int, ...], out: np.ndarray | None = None
) -> np.ndarray:
    """`init` and the elements along dimensions combined, in `out` where it is given. Where there is an element, `init`
    may be None.

    Many rows are combined in parts, as many as a part has rows. numpy adds rows one to another, which loses digits, and
    combines rows of few elements slowly; so it sees fewer and longer ones.
    """
    reduce: Callable[..., Any] = function.reduce
    is_in_order = x.flags.c_contiguous
    total = summing(x.shape, axes, x.dtype) if is_in_order and function is np.add else None
    if total is not None:
        return with_init(function, total(x), init, out)
    split = split_of(x.shape, axes, x.dtype) if is_in_order else None
    if split is None:
        return np.asarray(reduce(x, axes, x.dtype, out, False, init))
    before, rows, columns = split
    parts = isqrt(rows)
    size = rows // parts
    whole = x.reshape(before, rows, columns)
    combined = reduce(whole[:, : parts * size].reshape(before, parts, size * columns), 1, x.dtype)
    found = reduce(combined.reshape(before, size, columns), 1, x.dtype, None, False, init)
    if parts * size < rows:
        function(found, reduce(whole[:, parts * size :], 1, x.dtype), out=found)
    found = found.reshape([n for i, n in enumerate(x.shape) if i not in axes])
    if out is None:
        return found
    out[...] = found
    return out


def with_init(
    function: np.ufunc, found: np.ndarray, init: np.ndarray | None, out: np.ndarray | None = None
) -> np.ndarray:
    """What has been combined and an initial value; `found` is written to where there is no `out`."""
    if init is None:
        if out is None:
            return found
        out[...] = found
        return out
    combined: np.ndarray = function(found, init, out=found if out is None else out)
    return combined


MOST_ROUNDED = 1024
"""Windows of so many floats of less than 32 bits are summed in their own type, as XLA does."""

_MANY_ROWS = 256
_SHORT = 64


def split_of(shape: Sequence[int], axes: tuple[int, ...], dtype: np.dtype) -> tuple[int, int, int] | None:
    """How many matrices there are, of how many rows and columns, if rows are what is reduced, and many.

    Of unknown sizes, below 0, there may be many.
    """
    rank = len(shape)
    if not axes or len(axes) == rank or rank - 1 in axes or max(axes) - min(axes) >= len(axes):
        return None
    first, last = min(axes), max(axes) + 1
    before, rows, columns = (abs(prod(part)) for part in (shape[:first], shape[first:last], shape[last:]))
    if any(size < 0 for size in shape):
        return before, rows, columns
    is_worth_it = rows >= _MANY_ROWS and columns > 0 and (dtype.kind in "fc" or columns <= _SHORT)
    return (before, rows, columns) if is_worth_it else None


def accumulated_axis(windows: Sequence[Window], shape: Sequence[int]) -> int | None:
    """The dimension along which windows hold all elements before, or all after, if all others are of one element."""
    axes = [axis for axis, window in enumerate(windows) if window != _ONE]
    if len(axes) == 1 and windows[axes[0]].accumulates(shape[axes[0]]):
        return axes[0]
    return None


_ONE = Window(1, 1, 1, 1, 0, 0)


def accumulated(
    function: np.ufunc, shape: tuple[int, ...], dtype: np.dtype, axis: int, *, reverse: bool
) -> Callable[..., np.ndarray]:
    """What combines the elements up to each place along a dimension, or from there on, and an initial value. It takes
    an array of this shape and type, that value, and perhaps `out`."""
    accumulate = accumulating(function, shape, dtype, axis)
    backwards = along(axis, slice(None, None, -1))

    def run(x: np.ndarray, init: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        made = room_for(shape, dtype, out)
        if reverse:
            accumulate(x[backwards], init, made[backwards])
        else:
            accumulate(x, init, made)
        return given_back(made, out)

    return run


def reduce_windows(
    function: np.ufunc, x: np.ndarray, init: np.ndarray, windows: Sequence[Window], out: np.ndarray | None = None
) -> np.ndarray:
    """The elements of each window combined, and with `init` once, which is also the padding; in `out` where given."""
    padded = pad(x, windows, init)
    # Sums and products of floats are rounded, so that their order shows; all else may go dimension by dimension.
    rounds = function in (np.add, np.multiply) and x.dtype.kind not in "biu"
    few = MOST_ROUNDED if rounds and x.dtype.itemsize < 4 else FEW
    if prod(window.size for window in windows) <= few and (rounds or sum(window.size > 1 for window in windows) < 2):
        return _one_by_one(function, [init, *(padded[place] for place in taps(windows, padded.shape))], out)

    def combine(left: Sequence[np.ndarray], right: Sequence[np.ndarray]) -> Arrays:
        return (function(left[0], right[0]),)

    def reduce(parts: Sequence[np.ndarray]) -> Arrays:
        (part,) = parts
        return (_one_by_one(function, part) if len(part) <= FEW else function.reduce(part, 0, x.dtype),)

    values: Arrays = (padded,)
    for axis, window in enumerate(windows):
        values = combine_along(values, axis, window, combine, reduce)
    return np.asarray(function(init, values[0], out=out))


def _one_by_one(
    function: np.ufunc, parts: Sequence[np.ndarray] | np.ndarray, out: np.ndarray | None = None
) -> np.ndarray:
    """Two or more parts combined, which is faster than reducing a dimension of their number."""
    found = np.asarray(function(parts[0], parts[1], out=out))
    for part in parts[2:]:
        function(found, part, out=found)
    return found
