"""Convolution of images in two dimensions and its gradients, as matrix products over patches (im2col).

Images are (batch, height, width, channel), filters (height, width, input channel, output channel). As in TensorFlow,
the filter is not mirrored. Patches are copied for as many images at a time as fit into `BLOCK_BYTES`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.products import LEAST_WORK, Finish
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.windows import Window, grow

BLOCK_BYTES = 1 << 19
"""How much memory the patches of the images that are worked on at a time may take; one image is the least.

They stay in the cache from where they are copied to where they are multiplied: with 16 MiB some networks take 1.8 times
as long, and none takes less time.
"""


def conv2d(
    images: np.ndarray,
    filters: np.ndarray,
    rows: Window,
    columns: Window,
    host: HostContext | None = None,
    *,
    out: np.ndarray | None = None,
    finish: Finish | None = None,
) -> np.ndarray:
    """The images' correlation with each filter: (batch, rows.count, columns.count, output channel).

    Where filters have a fraction of the images' channels, both are in groups: the first filters are for the first
    channels, and so on. With a host, images are spread over its compute threads where they are worth it. Nothing warns.

    Args:
        out: where to write the result.
        finish: what to do to some of the result's pixels, a matrix with one row a pixel, while they are in the cache.
    """
    depth = filters.shape[3]
    shape = (images.shape[0], rows.count, columns.count, depth)
    result = np.empty(shape, images.dtype) if out is None else out
    groups = images.shape[3] // filters.shape[2] if filters.shape[2] else 1
    if groups > 1:
        for group in range(groups):
            inputs, outputs = _share(images.shape[3], groups, group), _share(depth, groups, group)
            result[..., outputs] = conv2d(images[..., inputs], filters[..., outputs], rows, columns, host)
        if finish is not None:
            quiet.call(finish, _pixels(result))
        return result
    matrix = filters.reshape(rows.size * columns.size * filters.shape[2], depth)

    def convolve(start: int, end: int) -> None:
        for block, patches in _patches(images[start:end], rows, columns):
            pixels = _pixels(result[start:end][block])
            quiet.call(np.matmul, patches, matrix, out=pixels)
            if finish is not None:
                quiet.call(finish, pixels)

    if host is None:
        convolve(0, images.shape[0])
    else:
        work_of_image = rows.count * columns.count * matrix.size
        host.parallel_for(images.shape[0], -(-LEAST_WORK // max(1, work_of_image)), convolve)
    return result


def _share(size: int, groups: int, group: int) -> slice:
    """A group's part of a dimension."""
    part = size // groups
    return slice(group * part, (group + 1) * part)


def conv2d_filter_gradient(gradient: np.ndarray, images: np.ndarray, rows: Window, columns: Window) -> np.ndarray:
    """The gradient of `conv2d` with respect to its filters, given that with respect to its result."""
    channels, depth = images.shape[3], gradient.shape[3]
    total = np.zeros((rows.size * columns.size * channels, depth), gradient.dtype)
    for block, patches in _patches(images, rows, columns):
        total += patches.T @ _pixels(gradient[block])
    return total.reshape(rows.size, columns.size, channels, depth)


def conv2d_input_gradient(
    gradient: np.ndarray, filters: np.ndarray, rows: Window, columns: Window, *, height: int, width: int
) -> np.ndarray:
    """The gradient of `conv2d` with respect to its images, of `height` and `width`, given that of its result."""
    batch, channels = gradient.shape[0], filters.shape[2]
    grown = np.zeros(
        (batch, rows.before + height + rows.after, columns.before + width + columns.after, channels), gradient.dtype
    )
    pixels = _pixels(gradient)
    for row in range(rows.size):
        for column in range(columns.size):
            share = pixels @ filters[row, column].T
            grown[:, rows.taps(row), columns.taps(column)] += share.reshape(*gradient.shape[:3], channels)
    return grown[:, rows.before : rows.before + height, columns.before : columns.before + width]


def _pixels(images: np.ndarray) -> np.ndarray:
    """Images as a matrix with one row a pixel."""
    batch, height, width, channels = images.shape
    return images.reshape(batch * height * width, channels)


def _patches(images: np.ndarray, rows: Window, columns: Window) -> Iterator[tuple[slice, np.ndarray]]:
    """Which images, and their patches: a matrix with one row a window, one column an element of the filter.

    All matrices are in the same memory, one after the other.
    """
    batch, height, width, channels = images.shape
    windows, elements = rows.count * columns.count, rows.size * columns.size * channels
    step = max(1, min(batch, BLOCK_BYTES // max(1, windows * elements * images.itemsize)))
    memory = np.empty((step * windows, elements), images.dtype)
    # The border stays as it is; only what is inside it changes.
    has_border = any((rows.before, rows.after, columns.before, columns.after))
    bordered = grow(images[:step], rows, columns)
    for start in range(0, batch, step):
        block = slice(start, min(start + step, batch))
        count = block.stop - start
        grown = bordered[:count] if has_border else images[block]
        if has_border and start:
            grown[:, rows.before : rows.before + height, columns.before : columns.before + width] = images[block]
        shape = (count, rows.count, columns.count, rows.size, columns.size, channels)
        image, row, column, channel = grown.strides
        strides = (
            image,
            row * rows.stride,
            column * columns.stride,
            row * rows.dilation,
            column * columns.dilation,
            channel,
        )
        patches = memory[: count * windows]
        np.copyto(patches.reshape(shape), np.lib.stride_tricks.as_strided(grown, shape, strides, writeable=False))
        yield block, patches
