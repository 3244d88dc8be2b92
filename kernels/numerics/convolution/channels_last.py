"""Convolution of images as matrix products over patches (im2col).

Images are (batch, height, width, channel), filters (height, width, input channel, output channel), or have other
spatial dimensions in place of height and width. As in TensorFlow, the filter is not mirrored. Patches are copied for as
many images at a time, or as many rows of one, as fit into `BLOCK_BYTES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.convolution import by_patches, patches, winograd
from tfrt.kernels.numerics.convolution.blocks import Block, Body, Kind, blocks_of, pixels_of
from tfrt.kernels.numerics.convolution.patches import Shape
from tfrt.kernels.numerics.packed import is_constant, packed_once
from tfrt.kernels.numerics.products import LEAST_WORK, multiply_rows
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Workspace

Convolve = Callable[..., np.ndarray]
"""Takes images, filters, the other arrays that an epilogue reads, and perhaps `out`, an array for the result, which is
returned. Nothing warns."""

Arrays = Sequence[np.ndarray]
Finish = Callable[[np.ndarray, int, Arrays], object]
"""What to do to some of the result's pixels, a matrix with one row a pixel, while they are in the cache; it is also
given the number of the first of them, and the other arrays."""

_PIXEL = Window(1, 1, 1, 0, 0, 1)


def conv2d(
    images: np.ndarray, filters: np.ndarray, rows: Window, columns: Window, host: HostContext | None = None
) -> np.ndarray:
    """`convolve` in two dimensions."""
    return convolve(images, filters, (rows, columns), host)


def convolve(
    images: np.ndarray,
    filters: np.ndarray,
    windows: Sequence[Window],
    host: HostContext | None = None,
    *,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """What `prepare` gives, prepared for these arrays."""
    return prepare(images.shape, filters.shape, windows, images.dtype, host)(images, filters, out=out)


def prepare(
    images: Shape,
    filters: Shape,
    windows: Sequence[Window],
    dtype: np.dtype,
    host: HostContext | None = None,
    epilogue: RowEpilogue | None = None,
) -> Convolve:
    """A function that gives images' correlation with each filter: (batch, each window's count, output channel).

    Where filters have a fraction of the images' channels, both are in groups: the first filters are for the first
    channels, and so on. With a host, blocks are spread over its compute threads where they are worth it.

    Args:
        images: their shape; so are `filters`.
        windows: those of each dimension between the first and the last.
        epilogue: what is done to the result.
    """
    inner, depth = prod(filters[:-1]), filters[-1]
    shape = (images[0], *(window.count for window in windows), depth)
    finish = None if epilogue is None else _finishing(epilogue, shape)
    if not (inner and prod(shape)):
        return zeros(shape, dtype, finish)
    groups = images[-1] // filters[-2]
    if groups == 1 and patches.are_pixels(windows) and images[1:-1] == shape[1:-1]:
        return _pointwise(shape, inner, dtype, host, finish)
    if not windows:
        # One row of pixels.
        run = prepare((images[0], 1, images[-1]), (1, *filters), [_PIXEL], dtype, host, epilogue)
        return lambda x, w, *others, out=None: run(
            x[:, None], w[None], *others, out=None if out is None else out[:, None]
        ).reshape(shape)
    if groups > 1 and filters[-2] == 1:
        kind, inner = _depthwise(windows, depth), inner // groups
    elif groups == 1 and by_patches.are_lines(windows, filters):
        kind = by_patches.lines(filters, dtype)
    else:
        kind = by_patches.products(windows, inner, groups, depth, dtype)
    if groups == 1 and winograd.is_worthwhile(filters, windows, images[0], dtype):
        kind = _tiles(filters, kind)
    return _blockwise(images, shape, windows, inner * depth, host, dtype, kind, finish)


def _blockwise(
    images: Shape,
    shape: Shape,
    windows: Sequence[Window],
    work: int,
    host: HostContext | None,
    dtype: np.dtype,
    kind: Kind,
    finish: Finish | None,
) -> Convolve:
    """Convolve block by block.

    Args:
        shape: that of the result.
        work: how many products there are for each place of the windows.
    """
    copied, body_for = kind
    is_small = prod(shape[:-1]) * work < 2 * LEAST_WORK
    parallelism = 1 if host is None or is_small else host.parallelism
    bytes_an_image = prod(shape[1:-1]) * copied * dtype.itemsize
    bodies: dict[tuple[Shape, tuple[Window, ...]], Body] = {}
    blocks = []
    for block in blocks_of(images, windows, bytes_an_image, parallelism):
        kind_of = (block.shape, block.windows)
        if kind_of not in bodies:
            bodies[kind_of] = body_for(block)
        blocks.append((block, bodies[kind_of]))
    least = -(-LEAST_WORK * len(blocks) // max(1, prod(shape[:-1]) * work))
    only, pixels = blocks[0][1], (prod(shape[:-1]), shape[-1])

    def convolve_some(start: int, end: int, x: np.ndarray, w: np.ndarray, others: Arrays, result: np.ndarray) -> None:
        for block, body in blocks[start:end]:
            made = result[block.made]
            body(x[block.read], w, made)
            if finish is not None:
                finish(pixels_of(made), block.first, others)

    def convolve_all(x: np.ndarray, w: np.ndarray, others: Arrays, result: np.ndarray) -> None:
        """The one block that there is."""
        only(x, w, result)
        if finish is not None:
            finish(result.reshape(pixels), 0, others)

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = _room(shape, dtype, out)
        if len(blocks) == 1:
            quiet.call(convolve_all, x, w, others, result)
        elif host is None:
            quiet.call(convolve_some, 0, len(blocks), x, w, others, result)
        else:
            host.parallel_for(
                len(blocks), least, lambda start, end: quiet.call(convolve_some, start, end, x, w, others, result)
            )
        return result if out is None or result is out else _copied(result, out)

    return run


def _tiles(filters: Shape, otherwise: Kind) -> Kind:
    """Winograd's way with filters that never change, which are transformed once."""
    transformed = packed_once(winograd.transformed)

    def body_for(block: Block) -> Body:
        multiply = otherwise[1](block)

        def convolve(x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
            if is_constant(w):
                with Workspace() as space:
                    if winograd.convolve_tiles(x, transformed(w), block.windows, result, space):
                        return
            multiply(x, w, result)

        return convolve

    # A quarter of what it takes: few tiles are multiplied slowly.
    return sum(filters[-2:]), body_for


def _depthwise(windows: Sequence[Window], depth: int) -> Kind:
    """Each channel by itself, in place, an element of the filters after the other."""
    taps = list(np.ndindex(*[window.size for window in windows]))

    def body_for(block: Block) -> Body:
        channels, over = block.shape[-1], block.windows
        places = [(slice(None), *(w.taps(i) for w, i in zip(over, tap, strict=True))) for tap in taps]

        def accumulate(x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
            with Workspace() as space:
                accumulate_in(space, x, w, result)

        def accumulate_in(space: Workspace, x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
            several = w.shape[-1] // channels
            grown = patches.bordered(x, over, space)
            into = result
            if several > 1:
                into, grown = result.reshape(*result.shape[:-1], channels, several), grown[..., None]
            product = space.array(into.shape, result.dtype)
            for number, (tap, place) in enumerate(zip(taps, places, strict=True)):
                weights = w[tap].reshape(into.shape[result.ndim - 1 :])
                np.multiply(grown[place], weights, out=product if number else into)
                if number:
                    np.add(into, product, out=into)

        return accumulate

    return 2 * depth, body_for


def zeros(shape: Shape, dtype: np.dtype, finish: Finish | None = None) -> Convolve:
    """A convolution whose sums are of no products."""

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = _room(shape, dtype, out)
        result[...] = 0
        if finish is not None:
            quiet.call(finish, pixels_of(result), 0, others)
        return result if out is None or result is out else _copied(result, out)

    return run


def _pointwise(shape: Shape, inner: int, dtype: np.dtype, host: HostContext | None, finish: Finish | None) -> Convolve:
    """One product of pixels and filters, into a result of this shape."""
    count, depth = prod(shape[:-1]), shape[-1]
    least = -(-LEAST_WORK // max(1, inner * depth))

    def multiply(
        start: int, end: int, rows: np.ndarray, matrix: np.ndarray, others: Arrays, pixels: np.ndarray
    ) -> None:
        made = pixels[start:end]
        multiply_rows(rows[start:end], matrix, made)
        if finish is not None:
            finish(made, start, others)

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = _room(shape, dtype, out)
        rows, matrix, pixels = x.reshape(count, inner), w.reshape(inner, depth), result.reshape(count, depth)
        if host is None or count < 2 * least:
            quiet.call(multiply, 0, count, rows, matrix, others, pixels)
        else:
            host.parallel_for(
                count, least, lambda start, end: quiet.call(multiply, start, end, rows, matrix, others, pixels)
            )
        return result if out is None or result is out else _copied(result, out)

    return run


def _room(shape: Shape, dtype: np.dtype, out: np.ndarray | None) -> np.ndarray:
    """`out` where its pixels follow one another, or else new memory."""
    return np.empty(shape, dtype) if out is None or not out.flags.c_contiguous else out


def _copied(result: np.ndarray, out: np.ndarray) -> np.ndarray:
    out[...] = result
    return out


def _finishing(epilogue: RowEpilogue, result: Shape) -> Finish:
    """What an epilogue does to pixels of a result of this shape."""
    run, are_rows = epilogue.run, [shape == result for shape in epilogue.others]
    if not any(are_rows):
        return lambda pixels, first, others: run(pixels, *others)

    def finish(pixels: np.ndarray, first: int, others: Arrays) -> None:
        block = slice(first, first + len(pixels))
        run(pixels, *[pixels_of(o)[block] if is_row else o for o, is_row in zip(others, are_rows, strict=True)])

    return finish
