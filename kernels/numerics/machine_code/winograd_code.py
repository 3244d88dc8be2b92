"""Writing convolutions with 3 x 3 filters as machine code, by Winograd's F(2 x 2, 3 x 3): sixteen products a channel
for four pixels, not 36 (see `winograd`).

Some tiles of an image, of four by four pixels that overlap by two, are brought into the form in which they are
multiplied; sixteen products of matrices, of tiles and channels, stay in registers as long as they are added up; and
what comes back are four pixels of each tile, to which the steps that follow are done; where a pool of 2 x 2 follows,
they are one of its windows. All that lies between is on the stack, in the nearest caches. In a tile with an infinity or
NaN all four pixels would be NaN, so those are computed directly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate
from math import prod

from tfrt.executor.support.machine_code import DATA_OFFSET
from tfrt.kernels.numerics.machine_code.convolution_code import fetch_ahead, fill_frame, write_pooled
from tfrt.kernels.numerics.machine_code.convolution_tiling import Convolution, extent_of, has_frame
from tfrt.kernels.numerics.machine_code.tiles import add_products
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value, written_once
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.lanes import has_unknown
from tfrt.kernels.numerics.machine_code.winograd_tiling import (
    Tiling,
    apart_of,
    panels_of,
    reads_again,
    rooms_of,
    stride_of,
    with_frame,
)


@written_once
def write_transform(c: Convolution, t: Tiling) -> str:
    """The function ``transform`` as a module: of filters, the matrices to make of them, and the first and the last
    input channel to do."""
    code = Code(c.dtype, t.lanes)
    w, u = (code.elements_of(f"%{name}", DATA_OFFSET) for name in ("w", "u"))
    channels, depth = c.filters[2:]
    half = code.constant(0.5)

    def in_three(taps: Sequence[str]) -> list[str]:
        outer = evaluate(code, "({0} + {1}) * {2}", [taps[0], taps[2], half])
        inner = evaluate(code, "{0} * {1}", [taps[1], half])
        pair = [evaluate(code, form, [outer, inner]) for form in ("{0} + {1}", "{0} - {1}")]
        return [taps[0], *pair, taps[2]]

    with code.loop("%start", "%end") as channel:
        for first, last, width in panels_of(c, t):
            with code.loop(first, last, width) as panel:
                for start, lanes in code.parts(width):
                    place = code.add(code.times(channel, depth), panel, start)
                    taps = [
                        [code.at(w, code.add(place, (3 * i + j) * channels * depth)) for j in range(3)]
                        for i in range(3)
                    ]
                    columns = [in_three([code.load(taps[i][j], lanes) for i in range(3)]) for j in range(3)]
                    to = code.add(code.times(panel, channels), code.times(channel, width), start)
                    for i in range(4):
                        for j, found in enumerate(in_three([each[i] for each in columns])):
                            code.store(code.at(u, code.add(to, (4 * i + j) * stride_of(c))), found, lanes)
    return code.module("transform", ["ptr %w", "ptr %u", "i64 %start", "i64 %end"])


@written_once
def write(convolution: Convolution, tiling: Tiling) -> str:
    """The function ``convolve`` as a module: of arrays (images, filters, others, transformed filters, and the
    result, and memory for `room_of` elements if that is not on the stack) and the first and the last unit to do. A unit
    is `tiling.rows` rows of tiles of an image."""
    c, t, code = with_frame(convolution, tiling), tiling, Code(convolution.dtype, tiling.lanes)
    names = ["x", "w", *(f"o{number}" for number in range(len(c.others))), "u", "made"]
    x, w, *others, u, made = (code.elements_of(f"%{name}", DATA_OFFSET) for name in names)
    channels, (apart, after) = c.filters[2], apart_of(c, t)
    if t.on_stack:
        frame, tiles, sums = (code.memory(count) if count else "" for count in rooms_of(c, t))
    else:
        names.append("memory")
        memory, starts = code.elements_of("%memory", DATA_OFFSET), accumulate(rooms_of(c, t), initial=0)
        frame, tiles, sums, _ = (code.at(memory, start) for start in starts)
    with code.loop("%start", "%end") as unit:
        parts = -(-t.tall // t.rows)
        image = code.value(f"udiv i64 {unit}, {parts}")
        low = code.times(code.value(f"urem i64 {unit}, {parts}"), t.rows)
        count = code.subtract(code.least(code.add(low, t.rows), t.tall), low)
        source = code.at(x, code.times(image, prod(c.images[1:])))
        top = code.times(low, 2)
        if has_frame(c):
            fill_frame(code, c, source, frame, top, code.times(count, 2))
            source = frame
        else:
            source = code.at(source, code.times(top, c.images[2] * channels))
        writer = _Writer(code, c, t, source, w, u, made, tuple(others), tiles, sums, apart, after, image, low)
        number = code.times(count, t.wide)
        # What is left of a unit, and of the last one of an image, has fewer tiles.
        left = sorted({rows * t.wide % t.together for rows in (t.rows, t.tall - (parts - 1) * t.rows)} - {0})
        whole = code.times(code.value(f"udiv i64 {number}, {t.together}"), t.together)
        with code.loop(0, whole, t.together) as first:
            writer.some(first, t.together)
        for rest in left:
            with code.when(code.value(f"icmp eq i64 {code.subtract(number, whole)}, {rest}")):
                writer.some(whole, rest)
    return code.module("convolve", [*(f"ptr %{name}" for name in names), "i64 %start", "i64 %end"])


@dataclass(frozen=True, slots=True)
class _Writer:
    """What the parts of a function have in common.

    Attributes:
        source: where the unit's first tile begins.
        tiles, sums: memory for what is made of tiles, and for products of these, each sixteen so far apart.
    """

    code: Code
    c: Convolution
    t: Tiling
    source: str
    w: str
    u: str
    made: str
    others: tuple[str, ...]
    tiles: str
    sums: str
    apart: int
    after: int
    image: Value
    low: Value

    def some(self, first: Value, count: int) -> None:
        """Some of the unit's tiles, from the first one's number on."""
        self.transform(first, count)
        self.multiply(count)
        self.transform_back(first, count)

    def _seen(self, number: Value) -> str:
        """Where a tile begins in the frame, or the image."""
        code, line = self.code, extent_of(self.c)[1] * self.c.images[-1]
        down, across = self._place(number)
        return code.at(self.source, code.add(code.times(down, 2 * line), code.times(across, 2 * self.c.images[-1])))

    def _place(self, number: Value) -> tuple[str, str]:
        """In which row of the unit's tiles a tile is, and where in it."""
        wide = self.t.wide
        return self.code.value(f"udiv i64 {number}, {wide}"), self.code.value(f"urem i64 {number}, {wide}")

    def transform(self, first: Value, count: int) -> None:
        code, channels = self.code, self.c.images[-1]
        line = extent_of(self.c)[1] * channels
        with code.loop(0, count) as tile:
            seen = self._seen(code.add(first, tile))
            to = code.at(self.tiles, code.times(tile, channels))
            for start, lanes in code.parts(channels):
                at, there = code.at(seen, start), code.at(to, start)
                pixels = [[code.load(code.at(at, i * line + j * channels), lanes) for i in range(4)] for j in range(4)]
                columns = [self._into(pixel) for pixel in pixels]
                for i in range(4):
                    for j, found in enumerate(self._into([column[i] for column in columns])):
                        code.store(code.at(there, (4 * i + j) * self.apart), found, lanes)

    def _into(self, taps: Sequence[str]) -> list[str]:
        """Four neighbours in the form in which they are multiplied."""
        forms = ("{0} - {2}", "{1} + {2}", "{2} - {1}", "{1} - {3}")
        return [evaluate(self.code, form, list(taps)) for form in forms]

    def multiply(self, count: int) -> None:
        """The sixteen products of a matrix of tiles and one of filters."""
        code, t = self.code, self.t
        channels, depth = self.c.filters[2:]
        height, is_large = min(t.height, count), reads_again(self.c)

        def panel(of: str, by: str, to: str, width: int) -> None:
            lanes = [min(t.lanes, width - start) for start in range(0, width, t.lanes)]

            def tile(begin: Value, height: int) -> None:
                sums = [[code.variable(code.constant(0)) for _ in lanes] for _ in range(height)]
                rows = code.at(of, code.times(begin, channels))

                def vectors(k: Value) -> list[str]:
                    at = code.at(by, code.times(k, width))
                    if is_large:
                        fetch_ahead(code, at, width)
                    return [code.load(code.at(at, n * t.lanes), used) for n, used in enumerate(lanes)]

                add_products(code, sums, 0, channels, vectors, lambda row, k: code.at(code.at(rows, k), row * channels))
                there = code.at(to, code.times(begin, depth))
                for row, variables in enumerate(sums):
                    for n, (used, variable) in enumerate(zip(lanes, variables, strict=True)):
                        code.store(code.at(there, row * depth + n * t.lanes), code.get(variable), used)

            whole = count // height * height
            with code.loop(0, whole, height) as begin:
                tile(begin, height)
            if whole < count:
                tile(whole, count - whole)

        with code.loop(0, 16) as which:
            of = code.at(self.tiles, code.times(which, self.apart))
            by = code.at(self.u, code.times(which, stride_of(self.c)))
            to = code.at(self.sums, code.times(which, self.after))
            for first, last, width in panels_of(self.c, t):
                with code.loop(first, last, width) as start:
                    panel(of, code.at(by, code.times(start, channels)), code.at(to, start), width)

    def transform_back(self, first: Value, count: int) -> None:
        code, depth = self.code, self.c.filters[-1]
        with code.loop(0, count) as tile:
            number = code.add(first, tile)
            down, across = self._place(number)
            row, column = code.times(code.add(self.low, down), 2), code.times(across, 2)
            begin = code.at(self.sums, code.times(tile, depth))

            for start, lanes in code.parts(depth):
                at = code.at(begin, start)
                sums = [[code.load(code.at(at, (4 * i + j) * self.after), lanes) for i in range(4)] for j in range(4)]
                columns = [self._out_of(each) for each in sums]
                pixels = [self._out_of([each[i] for each in columns]) for i in range(2)]
                self.finish(pixels, number, row, column, start, lanes)

    def _out_of(self, sums: Sequence[str]) -> list[str]:
        """Two neighbours of the result."""
        return [evaluate(self.code, form, list(sums)) for form in ("{0} + {1} + {2}", "{1} - {2} - {3}")]

    def finish(
        self, pixels: Sequence[Sequence[str]], number: Value, row: Value, column: Value, start: Value, lanes: int
    ) -> None:
        """Do the steps to four pixels of a tile, and write them, or what they are pooled to."""
        code, c = self.code, self.c
        _, height, width, _ = c.result
        kept = [[code.variable(pixel) for pixel in line] for line in pixels]
        # What is not finite, times zero, is no number.
        doubt = code.constant(0)
        for pixel in (pixel for line in pixels for pixel in line):
            doubt = code.fma(pixel, code.constant(0), doubt)
        with code.when(has_unknown(code, doubt)):
            self.directly(kept, number, start, lanes)
        beside = self._beside(start, lanes)
        if c.pool is not None:
            place = self._in_result(code.divided(row, 2), code.divided(column, 2), start)
            window = [code.get(variable) for line in kept for variable in line]
            code.store(code.at(self.made, place), write_pooled(code, c, window, beside(place)), lanes)
            return
        for i, line in enumerate(kept):
            for j, variable in enumerate(line):
                with ExitStack() as inside:
                    for offset, at, size in ((i, row, height), (j, column, width)):
                        if offset and size % 2:
                            inside.enter_context(code.when(code.value(f"icmp slt i64 {code.add(at, 1)}, {size}")))
                    place = self._in_result(code.add(row, i), code.add(column, j), start)
                    value = write_pooled(code, c, [code.get(variable)], beside(place))
                    code.store(code.at(self.made, place), value, lanes)

    def _in_result(self, row: Value, column: Value, start: Value) -> Value:
        """Where in what is written a pixel is."""
        code, (_, height, width, depth) = self.code, self.c.made
        place = code.add(code.times(self.image, height * width * depth), code.times(row, width * depth))
        return code.add(place, code.times(column, depth), start)

    def _beside(self, start: Value, lanes: int) -> Callable[[Value], list[str]]:
        """For a place in the result, the other operands of steps there."""
        code, c = self.code, self.c

        def beside(place: Value) -> list[str]:
            values = []
            for other, shape in zip(self.others, c.others, strict=True):
                if prod(shape) == 1:
                    values.append(code.spread(other))
                else:
                    values.append(code.load(code.at(other, place if shape == c.result else start), lanes))
            return values

        return beside

    def directly(self, kept: Sequence[Sequence[str]], number: Value, start: Value, lanes: int) -> None:
        """Four pixels of a tile as sums of products."""
        code, (channels, depth) = self.code, self.c.filters[2:]
        line = extent_of(self.c)[1] * channels
        seen = self._seen(number)
        for variable in (variable for pair in kept for variable in pair):
            code.set(variable, code.constant(0))
        with code.loop(0, 3) as i, code.loop(0, 3) as j, code.loop(0, channels) as channel:
            at = code.at(seen, code.add(code.times(i, line), code.times(j, channels), channel))
            tap = code.add(code.times(i, 3 * channels * depth), code.times(j, channels * depth))
            filters = code.load(code.at(self.w, code.add(tap, code.times(channel, depth), start)), lanes)
            for down, pair in enumerate(kept):
                for across, variable in enumerate(pair):
                    spread = code.spread(code.at(at, down * line + across * channels))
                    code.set(variable, code.fma(spread, filters, code.get(variable)))
