"""The greatest or the least elements of windows: max pooling, as a few maxima of whole arrays.

Each dimension's windows are combined before the next one's, element by element, where they lie: the first with the
second of each window, then the third.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfrt.kernels.numerics.reductions.neutral import neutral_of
from tfrt.kernels.numerics.reductions.trees import FEW, along
from tfrt.kernels.numerics.reductions.windows import Window, doubles, pad, parts
from tfrt.kernels.numerics.workspaces import Workspace

Reduce = Callable[..., np.ndarray]
"""Takes an array, an initial value, with which each window is combined and which is its padding, and `out`, an array
for the result or None."""


def window_extremes(
    function: np.ufunc, shape: Sequence[int], windows: Sequence[Window], dtype: np.dtype, otherwise: Reduce
) -> Reduce:
    """A function of arrays of this shape and type that combines windows by `np.maximum` or `np.minimum`.

    Args:
        otherwise: does what is not done so: it serves other functions, and initial values that change something.
    """
    if function not in (np.maximum, np.minimum) or dtype.isbuiltin != 1 or dtype.kind not in "fiu":
        return otherwise
    sizes = [window.padded(size) for window, size in zip(windows, shape, strict=True)]
    steps = []
    for axis, window in enumerate(windows):
        if window.size == window.stride == 1:
            continue
        if window.size > FEW or doubles(window, sizes[axis]):
            return otherwise
        taps = [along(axis, part) for part in parts(window, sizes[axis])]
        sizes[axis] = window.fitting(sizes[axis])
        steps.append((taps, tuple(sizes)))
    if not steps or 0 in sizes:
        return otherwise
    neutral, has_border = neutral_of(function, dtype), any(window.pads for window in windows)
    last = len(steps) - 1

    def run(x: np.ndarray, init: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if init != neutral:
            return otherwise(x, init, out)
        values = pad(x, windows, init) if has_border else x
        result = np.empty(tuple(sizes), dtype) if out is None else out
        with Workspace() as space:
            for number, ((first, *others), made) in enumerate(steps):
                into = result if number == last else space.array(made, dtype)
                taken = values[first]
                for tap in others:
                    taken = function(taken, values[tap], out=into)
                # Windows of one element are where they are.
                values = taken
            if not others:
                result[...] = values
            return result

    return run
