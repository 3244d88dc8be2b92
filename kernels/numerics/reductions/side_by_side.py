"""Windows that lie side by side, without padding, combined: pools of images, as a few functions of whole arrays.

Windows along the first dimension are combined first, where what lies together is longest. So sums are rounded otherwise
than those of one element after another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from tfrt.executor.declarations.pools import Pool
from tfrt.kernels.numerics.workspaces import Workspace

NARROW_BYTES = 48
"""Where so few bytes lie together, it is faster to combine all neighbours, those of different windows too, as what lies
together is then the whole array: a third of the time for 24 bytes, as long for 64."""


def pooling(pool: Pool, shape: Sequence[int], dtype: np.dtype) -> Callable[[np.ndarray, np.ndarray], None]:
    """A function that combines the windows of images (batch, a dimension for each size, channel) of this shape, of
    which there are whole ones only, into others; all arrays lie row by row."""
    function, steps, made = getattr(np, pool.function), [], list(shape)
    for axis, size in enumerate(pool.sizes, 1):
        if size > 1:
            made[axis] //= size
            width = prod(made[axis + 1 :])
            item = np.dtype((np.void, width * dtype.itemsize)) if width * dtype.itemsize <= NARROW_BYTES else None
            steps.append((prod(made[: axis + 1]), size, width, item))
    last = len(steps) - 1

    def run(images: np.ndarray, result: np.ndarray) -> None:
        with Workspace() as space:
            found = images
            for number, (rows, size, width, item) in enumerate(steps):
                into = result if number == last else space.array((rows, width), dtype)
                if item is None:
                    _combine(function, found.reshape(rows, size, width), into.reshape(rows, width))
                else:
                    near = space.array((found.size,), dtype)
                    _combine_neighbours(function, found.reshape(-1), width, size, near)
                    into.reshape(-1).view(item)[...] = near.view(item)[::size]
                found = into
        if pool.function == "fmax":
            # Where there is nothing but NaN.
            np.fmax(result, -np.inf, out=result)
        for divisor in pool.divisors:
            np.divide(result, divisor, out=result)

    return run


def _combine(function: np.ufunc, windows: np.ndarray, result: np.ndarray) -> None:
    taken = windows[:, 0]
    for number in range(1, windows.shape[1]):
        taken = function(taken, windows[:, number], out=result)


def _combine_neighbours(function: np.ufunc, rows: np.ndarray, width: int, size: int, result: np.ndarray) -> None:
    """Each row of `width` elements with those after it, as if a window began there."""
    taken = rows
    for start in range(width, size * width, width):
        count = len(rows) - start
        taken = function(taken[:count], rows[start:], out=result[:count])
