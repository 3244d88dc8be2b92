"""Convolution of images, and its gradients in two dimensions, as matrix products over patches (im2col).

Images are (batch, height, width, channel), filters (height, width, input channel, output channel), or have other
spatial dimensions in place of height and width. As in TensorFlow, the filter is not mirrored. Patches are copied for as
many images at a time as fit into `BLOCK_BYTES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.products import LEAST_WORK, Finish, matmul
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.windows import Window, grow, inside

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
    """`convolve` in two dimensions."""
    return convolve(images, filters, (rows, columns), host, out=out, finish=finish)


def convolve(
    images: np.ndarray,
    filters: np.ndarray,
    windows: Sequence[Window],
    host: HostContext | None = None,
    *,
    out: np.ndarray | None = None,
    finish: Finish | None = None,
) -> np.ndarray:
    """The images' correlation with each filter: (batch, each window's count, output channel).

    Where filters have a fraction of the images' channels, both are in groups: the first filters are for the first
    channels, and so on. With a host, images are spread over its compute threads where they are worth it. Nothing warns.

    Args:
        windows: those of each dimension between the first and the last.
        out: where to write the result.
        finish: what to do to some of the result's pixels, a matrix with one row a pixel, while they are in the cache.
    """
    depth = filters.shape[-1]
    counts = [window.count for window in windows]
    result = np.empty((images.shape[0], *counts, depth), images.dtype) if out is None else out
    groups = images.shape[-1] // filters.shape[-2] if filters.shape[-2] else 1
    inner = prod(filters.shape[:-1])
    matrix = filters.reshape(inner, depth)
    if not (inner and result.size):
        result[...] = 0
        if finish is not None:
            quiet.call(finish, _pixels(result))
        return result
    if groups == 1 and _is_pointwise(images, windows):
        return _multiply_pixels(images, matrix, result, host, finish)

    def convolve_some(start: int, end: int) -> None:
        if groups > 1 and filters.shape[-2] == 1:
            for pixels in _depthwise(images[start:end], filters, windows, result[start:end]):
                if finish is not None:
                    quiet.call(finish, _pixels(pixels))
            return
        for block, patches in _patches(images[start:end], windows, groups):
            pixels = _pixels(result[start:end][block])
            if groups == 1:
                quiet.call(np.matmul, patches[0], matrix, out=pixels)
            else:
                _multiply_groups(patches, matrix, pixels)
            if finish is not None:
                quiet.call(finish, pixels)

    if host is None:
        convolve_some(0, images.shape[0])
    else:
        work_of_image = prod(counts) * matrix.size
        host.parallel_for(images.shape[0], -(-LEAST_WORK // max(1, work_of_image)), convolve_some)
    return result


def _is_pointwise(images: np.ndarray, windows: Sequence[Window]) -> bool:
    """Whether each window is a pixel, so that the images are their patches."""
    return images.flags.c_contiguous and all(
        (window.size, window.stride, window.before, window.after) == (1, 1, 0, 0) for window in windows
    )


def _multiply_pixels(
    images: np.ndarray, matrix: np.ndarray, result: np.ndarray, host: HostContext | None, finish: Finish | None
) -> np.ndarray:
    patches, pixels = _pixels(images), _pixels(result)
    if host is not None:
        matmul(patches, matrix, host, pixels, finish)
        return result
    quiet.call(np.matmul, patches, matrix, out=pixels)
    if finish is not None:
        quiet.call(finish, pixels)
    return result


def _depthwise(
    images: np.ndarray, filters: np.ndarray, windows: Sequence[Window], result: np.ndarray
) -> Iterator[np.ndarray]:
    """Convolve each channel by itself, in place, an element of the filters after the other; gives the parts done."""
    batch, *counts, depth = result.shape
    channels = images.shape[-1]
    step = max(1, BLOCK_BYTES // max(1, prod(counts) * depth * result.itemsize))
    for start in range(0, batch, step):
        block = slice(start, min(start + step, batch))
        grown = grow(images[block], *windows)
        pixels = result[block]
        by_channel = pixels
        if depth > channels:
            by_channel = pixels.reshape(*pixels.shape[:-1], channels, depth // channels)
        by_channel[...] = 0
        product = np.empty_like(by_channel)
        for tap in np.ndindex(*[window.size for window in windows]):
            seen = grown[(slice(None), *(window.taps(i) for window, i in zip(windows, tap, strict=True)))]
            weights = filters[tap].reshape(by_channel.shape[pixels.ndim - 1 :])
            quiet.call(np.multiply, seen[..., None] if depth > channels else seen, weights, out=product)
            quiet.call(np.add, by_channel, product, out=by_channel)
        yield pixels


def _multiply_groups(patches: np.ndarray, matrix: np.ndarray, pixels: np.ndarray) -> None:
    """Multiply the patches of each group by its filters, into its part of the pixels' channels."""
    groups, count, inner = patches.shape
    filters = matrix.reshape(inner, groups, -1).swapaxes(0, 1)
    quiet.call(np.matmul, patches, filters, out=pixels.reshape(count, groups, -1).swapaxes(0, 1))


def conv2d_filter_gradient(gradient: np.ndarray, images: np.ndarray, rows: Window, columns: Window) -> np.ndarray:
    """The gradient of `conv2d` with respect to its filters, given that with respect to its result."""
    channels, depth = images.shape[3], gradient.shape[3]
    total = np.zeros((rows.size * columns.size * channels, depth), gradient.dtype)
    for block, (patches,) in _patches(images, (rows, columns)):
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
    return images.reshape(prod(images.shape[:-1]), images.shape[-1])


def _patches(images: np.ndarray, windows: Sequence[Window], groups: int = 1) -> Iterator[tuple[slice, np.ndarray]]:
    """Which images, and their patches: for each group of channels a matrix with one row a window, one column an element
    of the filter.

    All matrices are in the same memory, one after the other.
    """
    batch, *_, channels = images.shape
    counts, sizes = [window.count for window in windows], [window.size for window in windows]
    part = channels // groups
    elements = prod(sizes) * part
    step = max(1, min(batch, BLOCK_BYTES // max(1, prod(counts) * elements * groups * images.itemsize)))
    memory = np.empty(step * prod(counts) * elements * groups, images.dtype)
    # The border stays as it is; only what is inside it changes.
    has_border = any(window.before or window.after for window in windows)
    bordered = grow(images[:step], *windows)
    interior = inside(images, windows)
    for start in range(0, batch, step):
        block = slice(start, min(start + step, batch))
        count = block.stop - start
        grown = bordered[:count] if has_border else images[block]
        if has_border and start:
            grown[interior] = images[block]
        shape = (groups, count, *counts, *sizes, part)
        image, *spatial, channel = grown.strides
        strides = (
            part * channel,
            image,
            *(along * window.stride for along, window in zip(spatial, windows, strict=True)),
            *(along * window.dilation for along, window in zip(spatial, windows, strict=True)),
            channel,
        )
        patches = memory[: groups * count * prod(counts) * elements]
        np.copyto(patches.reshape(shape), np.lib.stride_tricks.as_strided(grown, shape, strides, writeable=False))
        yield block, patches.reshape(groups, count * prod(counts), elements)
