"""Convolution with 3 x 3 filters by Winograd's F(2 x 2, 3 x 3): sixteen products a channel for four pixels, not 36.

A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2015: a tile of 4 x 4 pixels and the filters
are brought into a form in which they are multiplied element by element, which for all tiles and channels is sixteen
products of matrices, and the sums back. These steps are additions of whole arrays, and worth it where channels are
many. In a tile with an infinity or NaN all four results would be NaN, so such results are no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Workspace

LEAST_CHANNELS = 96
"""The fewest input and output channels for which it is worth it: with 64 it takes as long as products of patches, with
128 three quarters, with 256 two thirds of that."""

LEAST_PIXELS = 128
"""The fewest pixels of the result: those of 7 x 7 are 16 tiles, which are multiplied too slowly."""

_FILTERS = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])


def is_worthwhile(filters: Sequence[int], windows: Sequence[Window], batch: int, dtype: np.dtype) -> bool:
    """Whether a convolution of one group is faster so, once filters are transformed."""
    if batch * prod(window.count for window in windows) < LEAST_PIXELS:
        return False
    are_right = len(windows) == 2 and all((w.size, w.stride, w.dilation) == (3, 1, 1) for w in windows)
    return are_right and dtype.kind == "f" and min(filters[-2:]) >= LEAST_CHANNELS


def transformed(filters: np.ndarray) -> np.ndarray:
    """Filters (3, 3, input channel, output channel) as sixteen matrices of these channels."""
    basis = _FILTERS.astype(filters.dtype)
    found = np.tensordot(basis, np.tensordot(basis, filters, (1, 1)), (1, 1))
    return np.ascontiguousarray(found.reshape(16, *filters.shape[2:]))


def convolve_tiles(
    images: np.ndarray, matrices: np.ndarray, windows: Sequence[Window], result: np.ndarray, space: Workspace
) -> bool:
    """Convolve images (batch, height, width, channel) with transformed filters, into `result`; whether that has only
    finite numbers, and so is right."""
    batch, height, width, channels = images.shape
    down, across = windows
    tall, wide, depth, dtype = -(-down.count // 2), -(-across.count // 2), matrices.shape[-1], images.dtype
    grown = space.array((batch, 2 * tall + 2, 2 * wide + 2, channels), dtype)
    grown.fill(0)
    grown[:, down.before : down.before + height, across.before : across.before + width] = images
    rows = space.array((4, batch, tall, 2 * wide + 2, channels), dtype)
    _into_tiles([grown[:, tap : tap + 2 * tall : 2] for tap in range(4)], list(rows))
    tiles = space.array((4, 4, batch, tall, wide, channels), dtype)
    seen = [rows[:, :, :, tap : tap + 2 * wide : 2] for tap in range(4)]
    _into_tiles(seen, [tiles[:, tap] for tap in range(4)])
    count = batch * tall * wide
    sums = space.array((4, 4, batch, tall, wide, depth), dtype)
    np.matmul(tiles.reshape(16, count, channels), matrices, out=sums.reshape(16, count, depth))
    pairs = space.array((2, 4, batch, tall, wide, depth), dtype)
    _out_of_tiles(list(sums), list(pairs))
    is_even = 2 * tall == down.count and 2 * wide == across.count
    made = result if is_even else space.array((batch, 2 * tall, 2 * wide, depth), dtype)
    places = made.reshape(batch, tall, 2, wide, 2, depth)
    for number, pair in enumerate(pairs):
        _out_of_tiles(list(pair), [places[:, :, number, :, each] for each in range(2)])
    if not is_even:
        np.copyto(result, made[:, : down.count, : across.count])
    return bool(np.isfinite(result).all())


def _into_tiles(taps: Sequence[np.ndarray], made: Sequence[np.ndarray]) -> None:
    """Four neighbours in the form in which they are multiplied."""
    np.subtract(taps[0], taps[2], out=made[0])
    np.add(taps[1], taps[2], out=made[1])
    np.subtract(taps[2], taps[1], out=made[2])
    np.subtract(taps[1], taps[3], out=made[3])


def _out_of_tiles(sums: Sequence[np.ndarray], made: Sequence[np.ndarray]) -> None:
    """Two neighbours of the result, from four sums."""
    np.add(sums[0], sums[1], out=made[0])
    np.add(made[0], sums[2], out=made[0])
    np.subtract(sums[1], sums[2], out=made[1])
    np.subtract(made[1], sums[3], out=made[1])
