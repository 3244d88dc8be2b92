"""Writing depthwise convolutions as machine code: each output channel is one input channel's, so these are vectors.

Some vectors of channels are done for all rows, so that what several rows of windows see stays in the nearest cache. A
tile is some pixels next to one another, whose sums stay in registers; an element is read once for all of them. Where a
window reaches beyond the image, filters are multiplied by zeros that are not read, so nothing is copied into a frame of
them; an infinite filter gives NaN there, as in all convolutions.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from tfrt.executor.support.machine_code import DATA_OFFSET, Processor
from tfrt.kernels.numerics.machine_code.convolution_tiling import Convolution, is_depthwise
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value, written_once
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.steps import write_steps
from tfrt.kernels.numerics.windows import Window

MOST_TAPS = 25
"""How many elements a filter has at most: they are all in one piece of code."""

NEAR_BYTES, MOST_VECTORS = 24 << 10, 4
"""How many bytes of the rows that a window sees are in the nearest cache, and how many vectors of channels are done at
a time at most."""

FAR_BYTES = 1 << 20
"""Images of more bytes come from far away..."""

FAR_NEAR_BYTES, FAR_MOST_VECTORS = 256 << 10, 8
"""...so what lies together is read together, and the rows that a window sees are in the second cache."""

MOST_EDGES = 8
"""How many pixels of a row may have windows that reach beyond it: each is a piece of code."""


def fits(c: Convolution) -> bool:
    """Whether a convolution is of this kind."""
    outside = c.columns.count - (_inside(c.columns, c.images[2])[1] - _inside(c.columns, c.images[2])[0])
    return is_depthwise(c) and c.pool is None and prod(c.filters[:2]) <= MOST_TAPS and outside <= MOST_EDGES


def height_of(c: Convolution, units: int) -> int:
    """How many rows a unit of work has, where there are to be so many units."""
    return -(-c.rows.count // min(c.rows.count, max(1, -(-units // c.images[0]))))


@written_once
def write(c: Convolution, height: int, on: Processor) -> str:
    """The function ``convolve`` as a module: of arrays (images, filters, others, the result) and the first and the last
    unit to do. A unit is `height` rows of the result."""
    depth = c.filters[-1]
    code = Code(c.dtype, on.vector_bytes // c.dtype.itemsize)
    names = ["x", "w", *(f"o{number}" for number in range(len(c.others))), "made"]
    x, w, *others, made = (code.elements_of(f"%{name}", DATA_OFFSET) for name in names)
    parts = -(-c.rows.count // height)
    is_far = prod(c.images[1:]) * c.dtype.itemsize > FAR_BYTES
    near, most = (FAR_NEAR_BYTES, FAR_MOST_VECTORS) if is_far else (NEAR_BYTES, MOST_VECTORS)
    seen = c.rows.size * c.images[2] * code.lanes * c.dtype.itemsize
    block = max(1, min(most, near // seen)) * code.lanes
    with code.loop("%start", "%end") as unit:
        image, part = code.divided(unit, parts), code.value(f"urem i64 {unit}, {parts}")
        low = code.times(part, height)
        high = code.least(code.add(low, height), c.rows.count)
        source = code.at(x, code.times(image, prod(c.images[1:])))
        whole = depth // block * block
        writer = _Writer(code, c, w, made, others, image)
        if whole:
            with code.loop(0, whole, block) as channel:
                writer.rows(source, channel, [code.lanes] * (block // code.lanes), low, high)
        if whole < depth:
            full, some = divmod(depth - whole, code.lanes)
            writer.rows(source, whole, [code.lanes] * full + [some] * bool(some), low, high)
    return code.module("convolve", [*(f"ptr %{name}" for name in names), "i64 %start", "i64 %end"])


def _inside(window: Window, size: int) -> tuple[int, int]:
    """The first place whose window is all inside of so many, and the one after the last."""
    first = -(-max(0, window.before) // window.stride)
    last = (size - 1 - (window.size - 1) * window.dilation + window.before) // window.stride
    first = min(first, window.count)
    return first, max(first, min(last + 1, window.count))


class _Writer:
    """Writes the rows of an image."""

    def __init__(self, code: Code, c: Convolution, w: str, made: str, others: Sequence[str], image: Value):
        self.code, self.c, self.w, self.made, self.others, self.image = code, c, w, made, others, image
        self.line = c.images[2] * c.images[3]
        # As many sums as may be, beside the filter's elements and what is read.
        self.pixels = max(1, min(8, 28 - prod(c.filters[:2])))

    def rows(self, source: str, channel: Value, vectors: Sequence[int], low: Value, high: Value) -> None:
        """Rows of some vectors of channels, of which each has so many lanes."""
        code, (first, last) = self.code, _inside(self.c.rows, self.c.images[1])
        source = code.at(source, channel)
        for start, end, is_inside in (
            (low, code.least(high, first), False),
            (code.greatest(low, first), code.least(high, last), True),
            (code.greatest(low, last), high, False),
        ):
            with code.loop(start, end) as row:
                self._row(source, channel, vectors, row, is_inside)

    def _row(self, source: str, channel: Value, vectors: Sequence[int], row: Value, is_inside: bool) -> None:
        code, c = self.code, self.c
        lines = [
            code.add(code.times(row, c.rows.stride), n * c.rows.dilation - c.rows.before) for n in range(c.rows.size)
        ]
        flags = [None if is_inside else code.value(f"icmp ult i64 {line}, {c.images[1]}") for line in lines]
        begins = [code.at(source, code.times(line, self.line)) for line in lines]
        place = code.add(code.times(self.image, prod(c.result[1:])), code.times(row, prod(c.result[2:])), channel)
        first, last = _inside(c.columns, c.images[2])

        def tile(column: Value, pixels: int) -> None:
            full = sum(lanes == code.lanes for lanes in vectors) * code.lanes
            if full:
                with code.loop(0, full, code.lanes) as ahead:
                    self._tile(begins, flags, channel, ahead, code.lanes, place, column, pixels)
            if vectors[-1] < code.lanes:
                self._tile(begins, flags, channel, full, vectors[-1], place, column, pixels)

        for edge in range(first):
            tile(edge, 1)
        whole = (last - first) // self.pixels * self.pixels
        if whole:
            with code.loop(first, first + whole, self.pixels) as column:
                tile(column, self.pixels)
        if first + whole < last:
            tile(first + whole, last - first - whole)
        for edge in range(last, c.columns.count):
            tile(edge, 1)

    def _tile(
        self,
        begins: Sequence[str],
        flags: Sequence[str | None],
        channel: Value,
        ahead: Value,
        lanes: int,
        place: Value,
        column: Value,
        pixels: int,
    ) -> None:
        code, c = self.code, self.c
        depth, window = c.images[3], c.columns
        sums = [code.variable(code.constant(0)) for _ in range(pixels)]
        begin = code.add(code.times(column, window.stride), -window.before)

        def weights_of(number: int) -> list[str]:
            first = code.add(channel, ahead, number * window.size * depth)
            return [code.load(code.at(self.w, code.add(first, tap * depth)), lanes) for tap in range(window.size)]

        def add_zeros(number: int) -> None:
            found = code.constant(0)
            for weight in weights_of(number):
                found = code.fma(weight, code.constant(0), found)
            for variable in sums:
                code.set(variable, evaluate(code, "{0} + {1}", [code.get(variable), found]))

        def add_line(number: int) -> None:
            here = code.at(begins[number], code.add(code.times(begin, depth), ahead))
            weights = weights_of(number)
            seen: dict[int | None, list[tuple[int, int]]] = {None: []}
            for pixel in range(pixels):
                for tap in range(window.size):
                    at = pixel * window.stride + tap * window.dilation
                    # Pixels of tiles whose windows reach beyond the image have numbers.
                    is_inside = not isinstance(begin, int) or 0 <= begin + at < c.images[2]
                    seen.setdefault(at if is_inside else None, []).append((pixel, tap))
            for there, those in seen.items():
                value = code.constant(0) if there is None else code.load(code.at(here, there * depth), lanes)
                for pixel, tap in those:
                    code.set(sums[pixel], code.fma(value, weights[tap], code.get(sums[pixel])))

        for number, flag in enumerate(flags):
            if flag is None:
                add_line(number)
            else:
                with code.when(flag):
                    add_line(number)
                with code.when(code.value(f"xor i1 {flag}, true")):
                    add_zeros(number)
        common = {}
        for number, shape in enumerate(c.others):
            if prod(shape) == 1:
                common[number] = code.spread(self.others[number])
            elif shape != c.result:
                common[number] = code.load(code.at(self.others[number], code.add(channel, ahead)), lanes)
        for pixel in range(pixels):
            at = code.add(place, code.times(code.add(column, pixel), depth), ahead)
            beside = [
                common[number] if number in common else code.load(code.at(self.others[number], at), lanes)
                for number in range(len(c.others))
            ]
            code.store(code.at(self.made, at), write_steps(code, c.steps, [code.get(sums[pixel]), *beside]), lanes)
