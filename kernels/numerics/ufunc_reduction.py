"""Reductions and windows whose elements numpy knows how to combine: sums, products, extremes, and the like of bits."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tfrt.kernels.numerics.trees import FEW, Arrays, along, first_axes
from tfrt.kernels.numerics.window_reduction import Window, combine_along, pad, taps


def reduce_stepwise(function: np.ufunc, x: np.ndarray, init: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """`init` and the elements along dimensions combined one after another, each result rounded to their type."""
    moved = first_axes(x, axes)
    start = np.broadcast_to(init, (1, *moved.shape[1:]))
    found: np.ndarray = function.accumulate(np.concatenate([start, moved]), 0)[-1]
    return found


def accumulated_axis(windows: Sequence[Window], shape: Sequence[int]) -> int | None:
    """The dimension along which windows hold all elements before, or all after, if all others are of one element."""
    axes = [axis for axis, window in enumerate(windows) if window != _ONE]
    if len(axes) == 1 and windows[axes[0]].accumulates(shape[axes[0]]):
        return axes[0]
    return None


_ONE = Window(1, 1, 1, 1, 0, 0)


def reduce_windows(
    function: np.ufunc, x: np.ndarray, init: np.ndarray, windows: Sequence[Window], out: np.ndarray | None = None
) -> np.ndarray:
    """The elements of each window combined, and with `init` once, which is also the padding; in `out` where given."""
    axis = accumulated_axis(windows, x.shape)
    if axis is not None:
        reverse = along(axis, slice(None, None, -1)) if windows[axis].low == 0 else ()
        found = function.accumulate(x[reverse], axis, x.dtype, None if out is None else out[reverse])[reverse]
        function(init, found, out=found)
        return found if out is None else out
    padded = pad(x, windows, init)
    # Sums and products of floats are rounded, so that their order shows; all else may go dimension by dimension.
    rounds = function in (np.add, np.multiply) and x.dtype.kind not in "biu"
    if prod(window.size for window in windows) <= FEW and (rounds or sum(window.size > 1 for window in windows) < 2):
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
