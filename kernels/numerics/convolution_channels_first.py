"""Convolution of images (batch, channel, dimensions) with filters (output channel, input channel, dimensions).

As `convolution.convolve`, which wants channels last, with patches of which each has a column, not a row: neither
operand nor result is transposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.convolution import BLOCK_BYTES
from tfrt.kernels.numerics.products import LEAST_WORK
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.windows import Window


def convolve_channels_first(
    images: np.ndarray,
    filters: np.ndarray,
    windows: Sequence[Window],
    host: HostContext,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """The images' correlation with each filter: (batch, output channel, each window's count).

    Where filters have a fraction of the images' channels, both are in groups, as `convolve` has them. Nothing warns.

    Args:
        out: where to write the result; its rows are next to one another.
    """
    batch, channels = images.shape[:2]
    depth, part = filters.shape[:2]
    counts = [window.count for window in windows]
    result = np.empty((batch, depth, *counts), images.dtype) if out is None else out
    inner = prod(filters.shape[1:])
    if not (inner and result.size):
        result[...] = 0
        return result
    groups = channels // part
    matrices = filters.reshape(groups, depth // groups, inner)
    pixels = result.reshape(batch, groups, depth // groups, prod(counts))

    def convolve_some(start: int, end: int) -> None:
        for block, patches in _patches(images[start:end], windows, groups):
            quiet.call(np.matmul, matrices, patches, out=pixels[start:end][block])

    work_of_image = prod(counts) * matrices.size
    host.parallel_for(batch, -(-LEAST_WORK // max(1, work_of_image)), convolve_some)
    return result


def _patches(images: np.ndarray, windows: Sequence[Window], groups: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Which images, and for each of them and each group of channels their patches: a matrix with one column a window.

    All matrices are in the same memory, one after the other.
    """
    batch, channels, *extents = images.shape
    counts, sizes = [window.count for window in windows], [window.size for window in windows]
    part = channels // groups
    shape = (groups, part, *sizes, *counts)
    is_pointwise = images.flags.c_contiguous and all(
        (window.size, window.stride, window.before, window.after) == (1, 1, 0, 0) for window in windows
    )
    if is_pointwise:
        yield slice(0, batch), images.reshape(batch, groups, part, prod(counts))
        return
    step = max(1, min(batch, BLOCK_BYTES // max(1, prod(shape) * images.itemsize)))
    memory = np.empty((step, *shape), images.dtype)
    has_border = any(window.before or window.after for window in windows)
    grown_sizes = [window.before + extent + window.after for window, extent in zip(windows, extents, strict=True)]
    bordered = np.zeros((step, channels, *grown_sizes), images.dtype) if has_border else images
    inside = tuple(
        slice(window.before, window.before + extent) for window, extent in zip(windows, extents, strict=True)
    )
    for start in range(0, batch, step):
        block = slice(start, min(start + step, batch))
        count = block.stop - start
        grown = images[block]
        if has_border:
            # The border stays as it is; only what is inside it changes.
            grown = bordered[:count]
            grown[(slice(None), slice(None), *inside)] = images[block]
        image, channel, *along = grown.strides
        strides = (
            image,
            part * channel,
            channel,
            *(stride * window.dilation for stride, window in zip(along, windows, strict=True)),
            *(stride * window.stride for stride, window in zip(along, windows, strict=True)),
        )
        patches = memory[:count]
        seen = np.lib.stride_tricks.as_strided(grown, (count, *shape), strides, writeable=False)
        np.copyto(patches, seen)
        yield block, patches.reshape(count, groups, part * prod(sizes), prod(counts))
