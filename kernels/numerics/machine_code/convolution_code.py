"""Writing convolutions as machine code: direct, without patches.

A tile of the result (`convolution_tiling`), some pixels next to one another by some vectors of output channels, stays
in registers while all products are added to it; then the steps that follow are done to it, and it is written once:
where a pool follows, one element for each of its windows, of which a tile has whole ones. An image's rows are copied
into a frame of zeros where windows need one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from tfrt.executor.support.machine_code import DATA_OFFSET
from tfrt.kernels.numerics.machine_code.convolution_tiling import (
    Convolution,
    Size,
    Tiling,
    can_slide,
    extent_of,
    frame_of,
    has_frame,
    is_depthwise,
    is_on_stack,
)
from tfrt.kernels.numerics.machine_code.vectors.code import LINE_BYTES, Code, Value, written_once
from tfrt.kernels.numerics.machine_code.vectors.combining import combined
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.steps import write_steps

AHEAD_BYTES = 1 << 13
"""How far ahead packed filters are fetched: a processor's own foresight ends with a page."""

MOST_UNROLLED = 100
"""How many multiplications of vectors are written one after the other: with 400, some convolutions take 1.6 times as
long."""

NEAR_BYTES = 1 << 17
"""Filters of no more bytes are in reach for each tile: pixels are done with all output channels, one after another."""

COPIED_BYTES = 160 << 10
"""How much memory copied filters may take on the stack..."""

LEAST_TILES = 4
"""...and how many tiles make up for it."""


@written_once
def write(convolution: Convolution, tiling: Tiling) -> str:
    """The function ``convolve`` as a module: of arrays (images, filters, others, the result, and memory for a frame if
    that is not on the stack) and the first and the last unit to do. A unit is `tiling.height` rows of windows over an
    image."""
    c, code = convolution, Code(convolution.dtype, tiling.lanes)
    names = ["x", "w", *(f"o{number}" for number in range(len(c.others))), "made"]
    frame = code.memory(prod(frame_of(c, tiling))) if is_on_stack(c, tiling) else None
    if frame is None:
        names.append("frame")
    x, w, *others = (code.elements_of(f"%{name}", DATA_OFFSET) for name in names)
    frame = others.pop() if frame is None else frame
    made = others.pop()
    if _copies_filters(c, tiling):
        w = code.in_line(w, prod(c.filters))
    parts = -(-c.rows.count // tiling.height)
    with code.loop("%start", "%end") as unit:
        image = code.value(f"udiv i64 {unit}, {parts}")
        low = code.times(code.value(f"urem i64 {unit}, {parts}"), tiling.height)
        high = code.least(code.add(low, tiling.height), c.rows.count)
        source = code.at(x, code.times(image, prod(c.images[1:])))
        top: Value = code.times(low, c.rows.stride)
        if has_frame(c):
            fill_frame(code, c, source, frame, top, code.add(high, f"{code.value(f'sub i64 0, {low}')}"))
            source = frame
        else:
            source = code.at(source, code.times(top, strides_of(c).row))
        _write_rows(code, c, tiling, source, w, made, others, image, low, high)
    parameters = [*(f"ptr %{name}" for name in names), "i64 %start", "i64 %end"]
    return code.module("convolve", parameters)


def _copies_filters(c: Convolution, tiling: Tiling) -> bool:
    """Whether filters that do not begin at a line of the cache are copied to where they do: for each vector that lies
    in two lines the processor takes two steps, as often as there are tiles."""
    size, vector = prod(c.filters) * c.dtype.itemsize, tiling.lanes * c.dtype.itemsize
    tiles = c.rows.count * -(-c.columns.count // tiling.pixels)
    return vector == LINE_BYTES and c.filters[-1] % tiling.lanes == 0 and size <= COPIED_BYTES and tiles >= LEAST_TILES


class Strides(NamedTuple):
    """How many elements neighbours are apart where windows are read: in the frame, if there is one."""

    row: int
    pixel: int
    channel: int


def strides_of(c: Convolution) -> Strides:
    """How images lie where windows are read. In a frame, channels come before the pixels of a row where images are
    planar, so that whole rows are copied."""
    width, channels = extent_of(c)[1], c.images[-1]
    if not c.planar:
        return Strides(width * channels, channels, 1)
    return Strides(width * channels, 1, width) if has_frame(c) else Strides(width, 1, c.images[1] * width)


def fill_frame(code: Code, c: Convolution, source: str, frame: str, top: Value, count: Value) -> None:
    """Copy the rows that some windows see, from row `top` of the framed image on, with zeros around them."""
    _, height, width, channels = c.images
    line = extent_of(c)[1] * channels
    # What is copied at a time: of a row all channels, or each of them.
    planes, each = (channels, 1) if c.planar else (1, channels)
    left, right, middle = (count * each for count in (c.columns.before, c.columns.after, width))
    window = (c.rows.size - 1) * c.rows.dilation + 1
    # (count - 1) * stride + window
    rows = code.add(code.times(count, c.rows.stride), window - c.rows.stride)
    with code.loop(0, rows) as row:
        here = code.at(frame, code.times(row, line))
        number = code.add(top, row, -c.rows.before)
        inside = code.value(f"icmp ult i64 {number}, {height}")
        with code.when(code.value(f"xor i1 {inside}, true")):
            code.clear(here, line)
        with code.when(inside):
            for plane in range(planes):
                begin = plane * (left + middle + right)
                if left:
                    code.clear(code.at(here, begin), left)
                row_of = code.at(source, code.add(code.times(number, middle), plane * height * width))
                code.copy(code.at(here, begin + left), row_of, middle)
                if right:
                    code.clear(code.at(here, begin + left + middle), right)


def _write_rows(
    code: Code,
    c: Convolution,
    tiling: Tiling,
    source: str,
    w: str,
    made: str,
    others: Sequence[str],
    image: Value,
    low: Value,
    high: Value,
) -> None:
    """All tiles of the result's rows from `low` to `high`; `source` is where the first one's windows begin."""
    width, (_, tall, wide, depth), window = c.columns.count, c.made, c.window
    strides, depthwise = strides_of(c), is_depthwise(c)
    groups, part, each = (1, 1, depth) if depthwise else (c.groups, c.filters[2], depth // c.groups)
    block = tiling.channels
    elements, step = prod(c.filters[:-1]), block if tiling.packed else depth

    def write_tile(group: Value, channel: Value, lanes: Sequence[int], row: Value, column: Value, size: Size) -> None:
        first = code.add(code.times(group, each), channel)
        seen = channel if depthwise else code.times(group, part)
        tile = _Tile(*size, tuple(lanes), first, tiling.packed)
        down = code.times(code.subtract(row, low), c.rows.stride * strides.row)
        along = code.times(column, c.columns.stride * strides.pixel)
        at = code.at(source, code.add(down, along, code.times(seen, strides.channel)))
        filters = code.at(w, code.times(first, elements) if tiling.packed else first)
        down, along = code.divided(row, window[0]), code.divided(column, window[1])
        place = code.add(code.times(image, tall * wide * depth), code.times(down, wide * depth), first)
        sums = _sums(code, c, tile, at, filters, step)
        _finish(code, c, tile, sums, made, code.add(place, code.times(along, depth)), others)

    def for_channels(body: Callable[[Value, Value, Sequence[int]], None]) -> None:
        """For some output channels of a group after the other, of which vectors have so many."""
        whole, rest = divmod(each, block)
        with code.loop(0, groups) as group:
            if whole:
                with code.loop(0, whole * block, block) as channel:
                    body(group, channel, [tiling.lanes] * tiling.vectors)
            if rest:
                full, some = divmod(rest, tiling.lanes)
                body(group, whole * block, [tiling.lanes] * full + ([some] if some else []))

    def for_pixels(body: Callable[[Value, Value, Size], None]) -> None:
        """For tile after tile: where it begins, and its lines and pixels."""
        columns, remaining = divmod(width, tiling.pixels)

        def line_of(row: Value, lines: int) -> None:
            if columns:
                with code.loop(0, columns * tiling.pixels, tiling.pixels) as column:
                    body(row, column, (lines, tiling.pixels))
            if remaining:
                body(row, columns * tiling.pixels, (lines, remaining))

        few = window[0]
        if tiling.lines == few:
            with code.loop(low, high, few) as row:
                line_of(row, few)
            return
        rest = code.value(f"urem i64 {code.subtract(high, low)}, {tiling.lines}")
        last = code.subtract(high, rest)
        with code.loop(low, last, tiling.lines) as row:
            line_of(row, tiling.lines)
        with code.loop(last, high, few) as row:
            line_of(row, few)

    if prod(c.filters) * c.dtype.itemsize <= NEAR_BYTES:
        for_pixels(lambda *where: for_channels(lambda *which: write_tile(*which, *where)))
    else:
        for_channels(lambda *which: for_pixels(lambda *where: write_tile(*which, *where)))


@dataclass(frozen=True, slots=True)
class _Tile:
    """Lines of pixels by vectors, of which each has so many lanes.

    Attributes:
        first: the first output channel's number.
        is_ahead: whether filters are fetched before they are needed.
    """

    lines: int
    pixels: int
    lanes: tuple[int, ...]
    first: Value
    is_ahead: bool


def _sums(code: Code, c: Convolution, tile: _Tile, x: str, w: str, depth: int) -> list[list[str]]:
    """The sums of products: for each pixel of the tile, line by line, its vectors, whose windows begin at `x` and
    filters at `w`.

    Args:
        depth: how many elements of filters are apart that different input channels have.
    """
    rows, columns, part, _ = c.filters
    zero = code.constant(0)
    sums = [[code.variable(zero) for _ in tile.lanes] for _ in range(tile.lines * tile.pixels)]
    add_line = _add_sliding if len(tile.lanes) == 1 and can_slide(c) else _add_by_pixels
    with code.loop(0, rows) as row:
        seen = code.at(x, code.times(row, c.rows.dilation * strides_of(c).row))
        add_line(code, c, tile, sums, seen, code.at(w, code.times(row, columns * part * depth)), depth)
    return [[code.get(variable) for variable in pixel] for pixel in sums]


def _add_sliding(
    code: Code, c: Convolution, tile: _Tile, sums: list[list[str]], seen: str, filters: str, depth: int
) -> None:
    """Add a line of windows: an element is read once for all pixels that see it. With one vector of output channels
    there would be as many elements to read as there is to multiply otherwise."""
    _, columns, part, _ = c.filters
    (lanes,), strides = tile.lanes, strides_of(c)
    with code.loop(0, part) as channel:
        here, there = code.at(seen, code.times(channel, strides.channel)), code.at(filters, code.times(channel, depth))
        weights = [code.load(code.at(there, number * part * depth), lanes) for number in range(columns)]
        for row in range(tile.lines):
            for place in range(tile.pixels + columns - 1):
                spread = code.spread(code.at(here, row * c.rows.stride * strides.row + place * strides.pixel))
                for number in range(max(0, place - tile.pixels + 1), min(columns, place + 1)):
                    (variable,) = sums[row * tile.pixels + place - number]
                    code.set(variable, code.fma(spread, weights[number], code.get(variable)))


def fetch_ahead(code: Code, begin: str, count: int) -> None:
    """Have the lines fetched of as many elements as begin there, but `AHEAD_BYTES` further on."""
    for line in range(0, count, LINE_BYTES // code.itemsize):
        code.prefetch(code.at(begin, AHEAD_BYTES // code.itemsize + line))


def _add_by_pixels(
    code: Code, c: Convolution, tile: _Tile, sums: list[list[str]], seen: str, filters: str, depth: int
) -> None:
    """Add a line of windows, element by element of the filters."""
    _, columns, part, _ = c.filters
    strides, depthwise = strides_of(c), is_depthwise(c)
    together = part == c.images[-1] and c.columns.dilation == 1 and not c.planar
    # A window's elements in runs of those that lie together.
    runs, length = (1, columns * part) if together else (columns, part)
    each = len(sums) * len(tile.lanes)
    places = [
        row * c.rows.stride * strides.row + pixel * c.columns.stride * strides.pixel
        for row in range(tile.lines)
        for pixel in range(tile.pixels)
    ]
    unrolled = max(n for n in range(1, length + 1) if length % n == 0 and (n == 1 or n * each <= MOST_UNROLLED))
    several = unrolled == length and runs * length * each <= MOST_UNROLLED

    def multiply(seen: str, filters: str) -> None:
        if tile.is_ahead:
            fetch_ahead(code, filters, len(tile.lanes) * code.lanes)
        weights = [code.load(code.at(filters, n * code.lanes), lanes) for n, lanes in enumerate(tile.lanes)]
        for pixel, place in enumerate(places):
            at = code.at(seen, place)
            spread = None if depthwise else code.spread(at)
            for n, lanes in enumerate(tile.lanes):
                value = spread if spread is not None else code.load(code.at(at, n * code.lanes), lanes)
                code.set(sums[pixel][n], code.fma(value, weights[n], code.get(sums[pixel][n])))

    def run_of(seen: str, filters: str) -> None:
        with code.loop(0, length, unrolled) as start:
            here, there = code.at(seen, code.times(start, strides.channel)), code.at(filters, code.times(start, depth))
            for step in range(unrolled):
                multiply(code.at(here, step * strides.channel), code.at(there, step * depth))

    gap = c.columns.dilation * strides.pixel
    if several:
        for number in range(runs):
            run_of(code.at(seen, number * gap), code.at(filters, number * part * depth))
        return
    with code.loop(0, runs) as which:
        run_of(code.at(seen, code.times(which, gap)), code.at(filters, code.times(which, part * depth)))


def _finish(
    code: Code, c: Convolution, tile: _Tile, sums: list[list[str]], made: str, place: Value, others: Sequence[str]
) -> None:
    """Do the steps to a tile, and write it; its first element is at `place` in the result."""
    depth, start, (high, wide) = c.filters[-1], tile.first, c.window
    for n, lanes in enumerate(tile.lanes):
        # What is the same for all pixels.
        common = {}
        for number, shape in enumerate(c.others):
            if prod(shape) == 1:
                common[number] = code.spread(others[number])
            elif shape != c.result:
                common[number] = code.load(code.at(others[number], code.add(start, n * code.lanes)), lanes)
        for row, pixel in np.ndindex(tile.lines // high, tile.pixels // wide):
            at = code.add(place, (row * c.made[2] + pixel) * depth + n * code.lanes)
            beside = [
                common[number] if number in common else code.load(code.at(others[number], at), lanes)
                for number in range(len(c.others))
            ]
            seen = [
                sums[(row * high + down) * tile.pixels + pixel * wide + along][n]
                for down, along in np.ndindex(high, wide)
            ]
            code.store(code.at(made, at), write_pooled(code, c, seen, beside), lanes)


def write_pooled(code: Code, c: Convolution, pixels: Sequence[str], others: Sequence[str]) -> str:
    """What becomes of the pixels that are seen by a window of the pool, or of one where there is none."""
    found = [write_steps(code, c.steps, [pixel, *others]) for pixel in pixels]
    if c.pool is None:
        return found[0]
    value = combined(code, c.pool.function, found)
    for divisor in c.pool.divisors:
        value = evaluate(code, "{0} / {1}", [value, code.constant(divisor)])
    return write_steps(code, c.after, [value, *others])
