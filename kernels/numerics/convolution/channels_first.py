"""Convolution of images (batch, channel, dimensions) with filters (output channel, input channel, dimensions).

As `convolution.convolve`, which wants channels last, with patches of which each has a column, not a row: neither
operand nor result is transposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.convolution import patches
from tfrt.kernels.numerics.convolution.blocks import BLOCK_BYTES
from tfrt.kernels.numerics.convolution.channels_last import Convolve, zeros
from tfrt.kernels.numerics.convolution.patches import Shape
from tfrt.kernels.numerics.products import LEAST_WORK
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Workspace


def prepare_channels_first(
    images: Shape, filters: Shape, windows: Sequence[Window], dtype: np.dtype, host: HostContext | None = None
) -> Convolve:
    """A function that gives images' correlation with each filter: (batch, output channel, each window's count).

    Where filters have a fraction of the images' channels, both are in groups, as `convolution.prepare` has them. `out`
    has rows that are next to one another.
    """
    batch, channels = images[:2]
    depth, part = filters[:2]
    counts = [window.count for window in windows]
    shape, inner = (batch, depth, *counts), prod(filters[1:])
    if not (inner and prod(shape)):
        return zeros(shape, dtype)
    groups = channels // part
    are_pixels = patches.are_pixels(windows)
    steps = (slice(None), slice(None), *(window.taps(0) for window in windows))
    step = max(1, min(batch, BLOCK_BYTES // (prod(counts) * inner * groups * dtype.itemsize)))
    # Threads may get other numbers of images.
    seen_of = cache(lambda size: patches.planes((size, *images[1:]), windows, groups))

    def convolve_some(start: int, end: int, x: np.ndarray, matrices: np.ndarray, pixels: np.ndarray) -> None:
        with Workspace() as space:
            for first in range(start, end, step):
                block = slice(first, min(end, first + step))
                space.clear()
                np.matmul(matrices, seen_of(block.stop - first).of(x[block], space), out=pixels[block])

    least = -(-LEAST_WORK // (prod(counts) * prod(filters)))

    def run(x: np.ndarray, w: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = np.empty(shape, x.dtype) if out is None else out
        pixels = result.reshape(batch, groups, depth // groups, prod(counts))
        matrices = w.reshape(groups, depth // groups, inner)
        if are_pixels:
            quiet.call(np.matmul, matrices, x[steps].reshape(batch, groups, part, prod(counts)), out=pixels)
        elif host is None:
            quiet.call(convolve_some, 0, batch, x, matrices, pixels)
        else:
            host.parallel_for(
                batch, least, lambda start, end: quiet.call(convolve_some, start, end, x, matrices, pixels)
            )
        return result

    return run
