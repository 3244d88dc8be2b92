"""Convolution of images as matrix products over patches (im2col).

Images are (batch, height, width, channel), filters (height, width, input channel, output channel), or have other
spatial dimensions in place of height and width. As in TensorFlow, the filter is not mirrored. Patches are copied for as
many images at a time, or as many rows of one, as fit into `BLOCK_BYTES`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TypeVar

import numpy as np

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.convolution import patches, winograd
from tfrt.kernels.numerics.convolution.patches import Shape
from tfrt.kernels.numerics.packed import is_constant, packed_once
from tfrt.kernels.numerics.products import LEAST_WORK, multiply_rows, multiply_stacks
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.numerics.workspaces import Workspace, aligned_array, spare

T = TypeVar("T")

BLOCK_BYTES = 1 << 19
"""How much memory the patches that are worked on at a time may take; one row of an image is the least.

They stay in the cache from where they are copied to where they are multiplied: with 16 MiB some networks take 1.8 times
as long, and none takes less time.
"""

Convolve = Callable[..., np.ndarray]
"""Takes images, filters, and perhaps `out`, an array for the result, and `finish`. Nothing warns."""

Finish = Callable[[np.ndarray, int], object]
"""What to do to some of the result's pixels, a matrix with one row a pixel, while they are in the cache; it is also
given the number of the first of them."""

_PIXEL = Window(1, 1, 1, 0, 0, 1)


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
    """What `prepare` gives, prepared for these arrays."""
    run = prepare(images.shape, filters.shape, windows, images.dtype, host)
    return run(images, filters, out=out, finish=finish)


def prepare(
    images: Shape, filters: Shape, windows: Sequence[Window], dtype: np.dtype, host: HostContext | None = None
) -> Convolve:
    """A function that gives images' correlation with each filter: (batch, each window's count, output channel).

    Where filters have a fraction of the images' channels, both are in groups: the first filters are for the first
    channels, and so on. With a host, blocks are spread over its compute threads where they are worth it.

    Args:
        images: their shape; so are `filters`.
        windows: those of each dimension between the first and the last.
    """
    inner, depth = prod(filters[:-1]), filters[-1]
    shape = (images[0], *(window.count for window in windows), depth)
    if not (inner and prod(shape)):
        return zeros(shape)
    groups = images[-1] // filters[-2]
    if groups == 1 and patches.are_pixels(windows):
        return _pointwise(images, shape, windows, inner, host)
    if not windows:
        # One row of pixels.
        run = prepare((images[0], 1, images[-1]), (1, *filters), [_PIXEL], dtype, host)
        return lambda x, w, out=None, finish=None: run(
            x[:, None], w[None], out=None if out is None else out[:, None], finish=finish
        ).reshape(shape)
    if groups > 1 and filters[-2] == 1:
        return _blockwise(images, shape, windows, inner // groups * depth, host, dtype, _depthwise(windows, depth))
    kind = _products(windows, inner, groups, dtype)
    if groups == 1 and _are_lines(windows, filters):
        kind = _lines(filters, dtype)
    if groups == 1 and winograd.is_worthwhile(filters, windows, images[0], dtype):
        kind = _tiles(filters, kind)
    return _blockwise(images, shape, windows, inner * depth, host, dtype, kind)


@dataclass(frozen=True, slots=True)
class Block:
    """Some images, or rows of one, as `of` gives them, and windows over them.

    Attributes:
        read: where in the images they are.
        made: where in the result theirs is.
        first: the number of the first pixel there.
        shape: that of the part of the images.
        is_all: whether it is all there is.
    """

    read: tuple[slice, ...]
    made: tuple[slice, ...]
    first: int
    shape: Shape
    windows: tuple[Window, ...]
    is_all: bool = False


def blocks_of(images: Shape, windows: Sequence[Window], bytes_an_image: int, parallelism: int) -> list[Block]:
    """Blocks of at most `BLOCK_BYTES`, or twice that for one image, or one row; and at least as many as there are
    threads where there are fewer images than these."""
    batch, height, *others = images
    count, size = windows[0].count, max(1, bytes_an_image)
    row = prod(window.count for window in windows[1:])
    parts = 1 if size <= 2 * BLOCK_BYTES else -(-size // BLOCK_BYTES)
    if batch < parallelism:
        parts = max(parts, -(-parallelism // max(1, batch)))
    if min(parts, count) <= 1:
        step = max(1, BLOCK_BYTES // size)
        spans = [slice(start, min(start + step, batch)) for start in range(0, batch, step)]
        shapes, alone = [(span.stop - span.start, height, *others) for span in spans], len(spans) == 1
        return [
            Block((span,), (span,), span.start * count * row, shape, tuple(windows), alone)
            for span, shape in zip(spans, shapes, strict=True)
        ]
    found = []
    for image in range(batch):
        for low in range(0, count, -(-count // parts)):
            made = slice(low, min(count, low + -(-count // parts)))
            read, over = _rows(windows[0], made, height)
            shape = (1, read.stop - read.start, *others)
            one = slice(image, image + 1)
            found.append(Block((one, read), (one, made), (image * count + low) * row, shape, (over, *windows[1:])))
    return found


def _rows(window: Window, made: slice, height: int) -> tuple[slice, Window]:
    """Which of a dimension's elements some of its windows see, and the windows over these."""
    top = made.start * window.stride - window.before
    bottom = (made.stop - 1) * window.stride - window.before + (window.size - 1) * window.dilation + 1
    start = min(max(0, top), height)
    read = slice(start, max(start, min(bottom, height)))
    over = replace(window, before=max(0, -top), after=max(0, bottom - height), count=made.stop - made.start)
    return read, over


_Body = Callable[[np.ndarray, np.ndarray, np.ndarray], None]
"""Convolves the images of a block with filters, into its result."""

_Kind = tuple[int, Callable[[Block], _Body]]
"""How many elements are copied for each place of the windows, and what convolves a block."""


def _blockwise(
    images: Shape,
    shape: Shape,
    windows: Sequence[Window],
    work: int,
    host: HostContext | None,
    dtype: np.dtype,
    kind: _Kind,
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
    bodies: dict[tuple[Shape, tuple[Window, ...]], _Body] = {}
    blocks = []
    for block in blocks_of(images, windows, bytes_an_image, parallelism):
        kind_of = (block.shape, block.windows)
        if kind_of not in bodies:
            bodies[kind_of] = body_for(block)
        blocks.append((block, bodies[kind_of]))
    least = -(-LEAST_WORK * len(blocks) // max(1, prod(shape[:-1]) * work))

    def convolve_some(
        start: int, end: int, x: np.ndarray, w: np.ndarray, result: np.ndarray, finish: Finish | None
    ) -> None:
        for block, body in blocks[start:end]:
            made = result[block.made]
            body(x[block.read], w, made)
            if finish is not None:
                finish(pixels_of(made), block.first)

    only = blocks[0][1]

    def convolve_all(x: np.ndarray, w: np.ndarray, result: np.ndarray, finish: Finish | None) -> None:
        """The one block that there is."""
        only(x, w, result)
        if finish is not None:
            finish(pixels_of(result), 0)

    def run(x: np.ndarray, w: np.ndarray, out: np.ndarray | None = None, finish: Finish | None = None) -> np.ndarray:
        result = np.empty(shape, x.dtype) if out is None else out
        if len(blocks) == 1:
            quiet.call(convolve_all, x, w, result, finish)
        elif host is None:
            quiet.call(convolve_some, 0, len(blocks), x, w, result, finish)
        else:
            host.parallel_for(
                len(blocks), least, lambda start, end: quiet.call(convolve_some, start, end, x, w, result, finish)
            )
        return result

    return run


MOST_HELD = 1 << 19
"""How many bytes of memory for images that are one block are kept for the next call, with the zeros and the views that
are in it. Where there is more to do, making these is nothing beside it."""


def _holding(
    block: Block,
    key: tuple[Hashable, ...],
    nbytes: int,
    make: Callable[[Callable[..., np.ndarray]], T],
    convolve: Callable[[T, np.ndarray, np.ndarray, np.ndarray], None],
) -> _Body:
    """A function that is also given what `make` makes, which is given what makes arrays: in memory that stays, the same
    for all blocks of the same sizes that have the same key, or in a workspace."""
    if not block.is_all or nbytes > MOST_HELD:

        def in_workspace(x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
            with Workspace() as space:
                convolve(make(space.array), x, w, result)

        return in_workspace
    kept = spare((block.shape, block.windows, *key), lambda: make(aligned_array), nbytes)

    def in_kept(x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
        held = kept.take()
        convolve(held, x, w, result)
        kept.give_back(held)

    return in_kept


def _products(windows: Sequence[Window], inner: int, groups: int, dtype: np.dtype) -> _Kind:
    """The patches of each group multiplied by its filters, into its part of the pixels' channels."""

    def body_for(block: Block) -> _Body:
        by_columns = patches.are_columns(windows, block.shape[-1] // groups)
        seen = (patches.columns if by_columns else patches.rows)(block.shape, block.windows, groups)

        def multiply(held: patches.Held, x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
            found = held.of(x)
            if by_columns:
                found = found.swapaxes(1, 2)
            pixels = pixels_of(result)
            if groups == 1:
                multiply_rows(found[0], w.reshape(inner, -1), pixels)
                return
            filters = w.reshape(inner, groups, -1).swapaxes(0, 1)
            np.matmul(found, filters, out=pixels.reshape(len(pixels), groups, -1).swapaxes(0, 1))

        key = ("patches", groups, by_columns, dtype)
        return _holding(block, key, seen.nbytes(dtype), lambda array: seen.held(array, dtype), multiply)

    return inner * groups, body_for


LEAST_LINE = 24
"""The fewest elements of filters that have the same place in the first dimension: BLAS multiplies fewer too slowly."""

MOST_SUMMED = 64
"""The most output channels of results that are added up: with 16, lines take three quarters of what rows take, with 32
and 64 nine tenths, and with more as long."""


def _are_lines(windows: Sequence[Window], filters: Shape) -> bool:
    line, first = prod(filters[1:-1]), windows[0]
    is_short = 1 < first.size <= 3 and first.stride == 1
    is_worth_it = line >= LEAST_LINE and filters[-1] <= MOST_SUMMED
    return is_short and is_worth_it and not patches.are_columns(windows, filters[-2])


def _lines(filters: Shape, dtype: np.dtype) -> _Kind:
    """What each line of the filters gives, summed: patches of lines are a fraction of all patches, and BLAS multiplies
    their short rows at least as fast."""
    height, depth = filters[0], filters[-1]
    length = prod(filters[1:-1])

    def body_for(block: Block) -> _Body:
        first, *others = block.windows
        batch, row = block.shape[0], prod(window.count for window in others)
        seen, count = patches.lines(block.shape, block.windows), first.count * row
        places = []
        for number in range(height):
            line, remainder = divmod(number * first.dilation, first.stride)
            places.append((slice(None), remainder, slice(line * row, line * row + count)))

        def make(array: Callable[..., np.ndarray]) -> _Lines:
            held = seen.held(array, dtype)
            more = array((batch, count, depth), dtype)
            return _Lines(held, [held.matrix[place] for place in places], more)

        def multiply(lines: _Lines, x: np.ndarray, w: np.ndarray, result: np.ndarray) -> None:
            lines.multiply(x, w.reshape(height, length, depth), result.reshape(batch, count, depth))

        nbytes = seen.nbytes(dtype) + batch * count * depth * dtype.itemsize
        return _holding(block, ("lines", filters, dtype), nbytes, make, multiply)

    return length + depth, body_for


@dataclass(frozen=True, slots=True)
class _Lines:
    """Memory for patches of lines.

    Attributes:
        parts: those of each line of the filters, a matrix for each image.
        more: a place for what another line gives.
    """

    held: patches.Held
    parts: Sequence[np.ndarray]
    more: np.ndarray

    def multiply(self, images: np.ndarray, matrices: np.ndarray, sums: np.ndarray) -> None:
        self.held.of(images)
        into = sums
        for part, matrix in zip(self.parts, matrices, strict=True):
            if len(part) == 1:
                multiply_rows(part[0], matrix, into[0])
            else:
                multiply_stacks(part, matrix, into)
            if into is not sums:
                np.add(sums, into, out=sums)
            into = self.more


def _tiles(filters: Shape, otherwise: _Kind) -> _Kind:
    """Winograd's way with filters that never change, which are transformed once."""
    transformed = packed_once(winograd.transformed)

    def body_for(block: Block) -> _Body:
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


def _depthwise(windows: Sequence[Window], depth: int) -> _Kind:
    """Each channel by itself, in place, an element of the filters after the other."""
    taps = list(np.ndindex(*[window.size for window in windows]))

    def body_for(block: Block) -> _Body:
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


def zeros(shape: Shape) -> Convolve:
    """A convolution whose sums are of no products."""

    def run(x: np.ndarray, w: np.ndarray, out: np.ndarray | None = None, finish: Finish | None = None) -> np.ndarray:
        result = np.empty(shape, x.dtype) if out is None else out
        result[...] = 0
        if finish is not None:
            quiet.call(finish, pixels_of(result), 0)
        return result

    return run


def _pointwise(
    images: Shape, shape: Shape, windows: Sequence[Window], inner: int, host: HostContext | None
) -> Convolve:
    """One product of pixels and filters."""
    steps = (slice(None), *(window.taps(0) for window in windows))
    is_all = images[1:-1] == shape[1:-1]

    def run(x: np.ndarray, w: np.ndarray, out: np.ndarray | None = None, finish: Finish | None = None) -> np.ndarray:
        result = np.empty(shape, x.dtype) if out is None else out
        rows, matrix, pixels = pixels_of(x if is_all else x[steps]), w.reshape(inner, -1), pixels_of(result)
        if host is None:
            quiet.call(_multiply_rows, 0, len(rows), rows, matrix, pixels, finish)
        else:
            least = -(-LEAST_WORK // max(1, matrix.size))
            host.parallel_for(
                len(rows), least, lambda low, high: quiet.call(_multiply_rows, low, high, rows, matrix, pixels, finish)
            )
        return result

    return run


def _multiply_rows(
    start: int, end: int, rows: np.ndarray, matrix: np.ndarray, pixels: np.ndarray, finish: Finish | None
) -> None:
    made = pixels[start:end]
    multiply_rows(rows[start:end], matrix, made)
    if finish is not None:
        finish(made, start)


def finishing(epilogue: RowEpilogue | None, result: Shape) -> Callable[[Sequence[np.ndarray]], Finish | None]:
    """For the other arrays that an epilogue reads, what it does to pixels of a result of this shape."""
    if epilogue is None:
        return lambda others: None
    run, are_rows = epilogue.run, [shape == result for shape in epilogue.others]
    if not any(are_rows):
        return lambda others: lambda pixels, first: run(pixels, *others)

    def finish(others: Sequence[np.ndarray]) -> Finish:
        arrays = [pixels_of(o) if is_row else o for o, is_row in zip(others, are_rows, strict=True)]

        def finish_some(pixels: np.ndarray, first: int) -> None:
            block = slice(first, first + len(pixels))
            run(pixels, *[o[block] if is_row else o for o, is_row in zip(arrays, are_rows, strict=True)])

        return finish_some

    return finish


def pixels_of(images: np.ndarray) -> np.ndarray:
    """Images as a matrix with one row a pixel."""
    return images.reshape(images.size // images.shape[-1] if images.size else 0, images.shape[-1])
