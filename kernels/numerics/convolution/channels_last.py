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
from tfrt.executor.declarations.prepared import Scribe, written
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.borrowing import Part, function_of
from tfrt.kernels.numerics.chains.epilogues import in_place, names_of
from tfrt.kernels.numerics.convolution import by_patches, patches, winograd
from tfrt.kernels.numerics.convolution.blocks import Block, Kind, Way, blocks_of, pixels_of
from tfrt.kernels.numerics.convolution.patches import Shape
from tfrt.kernels.numerics.copying import given_back, room_for
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
    kind = kind_of(images, filters, windows, dtype)
    return _blockwise(images, shape, windows, prod(filters), host, dtype, kind, epilogue)


def kind_of(images: Shape, filters: Shape, windows: Sequence[Window], dtype: np.dtype) -> Kind:
    """How a convolution in one dimension or more is done that has results."""
    inner, depth = prod(filters[:-1]), filters[-1]
    if not inner:
        return 0, lambda block, shape: Way(Part(["y[...] = 0"]), 0)
    groups = images[-1] // filters[-2]
    if groups == 1 and patches.are_pixels(windows):
        return by_patches.pixels(windows, inner, depth, dtype)
    if groups > 1 and filters[-2] == 1:
        return _depthwise(windows, depth)
    if groups == 1 and by_patches.are_lines(windows, filters):
        kind = by_patches.lines(filters, dtype)
    else:
        kind = by_patches.products(windows, inner, groups, depth, dtype)
    if groups == 1 and winograd.is_worthwhile(filters, windows, images[0], dtype):
        kind = _tiles(filters, kind)
    return kind


def _blockwise(
    images: Shape,
    shape: Shape,
    windows: Sequence[Window],
    work: int,
    host: HostContext | None,
    dtype: np.dtype,
    kind: Kind,
    epilogue: RowEpilogue | None,
) -> Convolve:
    """Convolve block by block.

    Args:
        shape: that of the result.
        work: how many products there are for each place of the windows.
    """
    copied, way_for = kind
    is_small = prod(shape[:-1]) * work < 2 * LEAST_WORK
    parallelism = 1 if host is None or is_small else host.parallelism
    bytes_an_image = prod(shape[1:-1]) * copied * dtype.itemsize
    bodies: dict[tuple[Shape, tuple[Window, ...]], Body] = {}
    blocks = []
    for block in blocks_of(images, windows, bytes_an_image, parallelism):
        kind_of = (block.shape, block.windows)
        if kind_of not in bodies:
            bodies[kind_of] = _body(block, shape, dtype, way_for, epilogue)
        blocks.append((block, bodies[kind_of]))
    least = -(-LEAST_WORK * len(blocks) // max(1, prod(shape[:-1]) * work))
    only, part_of = blocks[0][1] if len(blocks) == 1 else None, _parting(epilogue, shape)

    def convolve_some(start: int, end: int, x: np.ndarray, w: np.ndarray, others: Arrays, result: np.ndarray) -> None:
        for block, body in blocks[start:end]:
            made = result[block.made]
            body(x[block.read], w, made, *part_of(others, block.first, made.size // shape[-1]))

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = room_for(shape, dtype, out)
        if only is not None:
            quiet.call(only, x, w, result, *others)
        elif host is None:
            quiet.call(convolve_some, 0, len(blocks), x, w, others, result)
        else:
            host.parallel_for(
                len(blocks), least, lambda start, end: quiet.call(convolve_some, start, end, x, w, others, result)
            )
        return given_back(result, out)

    inputs = 2 + (0 if epilogue is None else len(epilogue.others))
    return run if only is None else with_writing(run, only, inputs, shape, dtype)


def with_writing(run: Convolve, only: Body, inputs: int, shape: Shape, dtype: np.dtype) -> Convolve:
    """The function, of so many arrays and of `out`, which a plan calls as what does its only block."""

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        x, w, *others = operands[:inputs]
        call, body = scribe.attribute(quiet, "call"), scribe.constant(only, "convolve")
        if len(operands) == inputs:
            room = f"{scribe.constant(np.empty, 'empty')}({scribe.constant(shape)}, {scribe.constant(dtype)})"
            return [f"{result} = {call}({', '.join([body, x, w, room, *others])})"]
        out = operands[-1]
        done = f"{call}({', '.join([body, x, w, out, *others])})"
        otherwise = f"{scribe.constant(run, 'run')}({', '.join(operands[:inputs])}, out={out})"
        return [f"{result} = {done} if {out}.flags.c_contiguous else {otherwise}"]

    return written(run, write)


Body = Callable[..., np.ndarray]
"""Convolves the images of a block with filters, into its result, which is returned, and does what follows, which reads
other arrays."""

MOST_HELD = 1 << 20
"""How many bytes of memory for a block are laid out for the next one: 56 x 56 x 64 to 64 of 3 x 3 takes nine tenths of
what it takes where views and zeros are made for each block."""


def _body(
    block: Block,
    shape: Shape,
    dtype: np.dtype,
    way_for: Callable[[Block, Shape], Way],
    epilogue: RowEpilogue | None,
) -> Body:
    """What does a block of a result of this shape."""
    pixels = (block.shape[0] * prod(window.count for window in block.windows), shape[-1])
    matrix, after = following(epilogue, shape, pixels, dtype)
    way = way_for(block, matrix)
    begin, end = Part(["y = x0 = result.reshape(matrix)"], {"matrix": matrix}), Part(["return result"])
    names = names_of(() if epilogue is None else epilogue.others)
    parts = [begin, way.part, *([after] if after else []), end]
    return function_of(["x", "w", "result", *names[1:]], parts, stays=way.nbytes <= MOST_HELD)


def following(
    epilogue: RowEpilogue | None, result: Shape, pixels: Shape, dtype: np.dtype, name: str = "x"
) -> tuple[Shape, Part | None]:
    """What an epilogue of a result of this shape does to some of its pixels, and the shape in which it wants these.

    Args:
        pixels: their shape, a matrix; the part calls it `name`, followed by a 0.
    """
    if epilogue is None:
        return pixels, None
    if epilogue.steps is None:
        names = [f"{name}0", *names_of(epilogue.others)[1:]]
        return pixels, Part([f"{name}_run({', '.join(names)})"], {f"{name}_run": epilogue.run})
    # Other arrays that have the result's shape are as large as the block's part of it.
    others = [pixels if other == result else other for other in epilogue.others]
    return in_place(epilogue.steps, others, pixels, dtype, name)


def _parting(epilogue: RowEpilogue | None, result: Shape) -> Callable[[Arrays, int, int], Arrays]:
    """What gives, of the other arrays that an epilogue of a result of this shape reads, those for so many of its pixels
    from one of that number on."""
    are_rows = [shape == result for shape in epilogue.others] if epilogue is not None else []
    if not any(are_rows):
        return lambda others, first, count: others

    def part_of(others: Arrays, first: int, count: int) -> Arrays:
        block = slice(first, first + count)
        return [pixels_of(o)[block] if is_row else o for o, is_row in zip(others, are_rows, strict=True)]

    return part_of


def _tiles(filters: Shape, otherwise: Kind) -> Kind:
    """Winograd's way with filters that never change, which are transformed once."""
    transformed = packed_once(winograd.transformed)

    def way_for(block: Block, shape: Shape) -> Way:
        way = otherwise[1](block, shape)
        made = (block.shape[0], *[window.count for window in block.windows], filters[-1])

        def is_done(x: np.ndarray, w: np.ndarray, y: np.ndarray) -> bool:
            if not is_constant(w):
                return False
            with Workspace() as space:
                return winograd.convolve_tiles(x, transformed(w), block.windows, y.reshape(made), space)

        multiply = function_of(["x", "w", "y"], [way.part], stays=way.nbytes <= MOST_HELD)
        return Way(Part(["is_done(x, w, y) or multiply(x, w, y)"], {"is_done": is_done, "multiply": multiply}), 0)

    # A quarter of what it takes: few tiles are multiplied slowly.
    return sum(filters[-2:]), way_for


def _depthwise(windows: Sequence[Window], depth: int) -> Kind:
    """Each channel by itself, in place, an element of the filters after the other."""
    taps = list(np.ndindex(*[window.size for window in windows]))

    def way_for(block: Block, shape: Shape) -> Way:
        channels, over = block.shape[-1], block.windows
        places = [(slice(None), *(w.taps(i) for w, i in zip(over, tap, strict=True))) for tap in taps]
        made = (block.shape[0], *[window.count for window in over])
        several = depth // channels

        def accumulate(x: np.ndarray, w: np.ndarray, y: np.ndarray) -> None:
            with Workspace() as space:
                grown, into = patches.bordered(x, over, space), y.reshape(*made, depth)
                if several > 1:
                    into, grown = y.reshape(*made, channels, several), grown[..., None]
                product = space.array(into.shape, y.dtype)
                for number, (tap, place) in enumerate(zip(taps, places, strict=True)):
                    weights = w[tap].reshape(into.shape[len(made) :])
                    np.multiply(grown[place], weights, out=product if number else into)
                    if number:
                        np.add(into, product, out=into)

        return Way(Part(["accumulate(x, w, y)"], {"accumulate": accumulate}), 0)

    return 2 * depth, way_for


def zeros(shape: Shape, dtype: np.dtype, finish: Finish | None = None) -> Convolve:
    """A convolution whose sums are of no products."""

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = room_for(shape, dtype, out)
        result[...] = 0
        if finish is not None:
            quiet.call(finish, pixels_of(result), 0, others)
        return given_back(result, out)

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
        result = room_for(shape, dtype, out)
        rows, matrix, pixels = x.reshape(count, inner), w.reshape(inner, depth), result.reshape(count, depth)
        if host is None or count < 2 * least:
            quiet.call(multiply, 0, count, rows, matrix, others, pixels)
        else:
            host.parallel_for(
                count, least, lambda start, end: quiet.call(multiply, start, end, rows, matrix, others, pixels)
            )
        return given_back(result, out)

    return run


def _finishing(epilogue: RowEpilogue, result: Shape) -> Finish:
    """What an epilogue does to pixels of a result of this shape."""
    part_of, run = _parting(epilogue, result), epilogue.run
    return lambda pixels, first, others: run(pixels, *part_of(others, first, len(pixels)))
