"""Windows whose elements numpy knows how to combine: sums, products, extremes, and the like of bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfrt.kernels.numerics.trees import Arrays, along
from tfrt.kernels.numerics.window_reduction import Window, combine_windows, pad


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
        return np.asarray(function(init, found, out=found))

    def combine(left: Sequence[np.ndarray], right: Sequence[np.ndarray]) -> Arrays:
        return (function(left[0], right[0]),)

    (found,) = combine_windows([pad(x, windows, init)], windows, combine)
    return np.asarray(function(init, found, out=out))
