"""Attention of many queries as machine code, made by llvmlite where it is installed.

A block of queries meets all keys, then its scores, which are on the stack, become shares, and these meet all values.
Both are products of tiles in registers (`tiles`) with panels: some keys, which are transposed on the way, and
some columns of values. All arrays are read where they are, of any strides but that elements of a row lie together.

Work comes in units, a block of queries of one matrix of the batch, of which any range can be done by itself.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.direct_calls import Shaped
from tfrt.executor.support.machine_code import CannotAssemble, Processor, assemble, can_see_strides, processor
from tfrt.kernels.numerics.attention_sizes import Attention
from tfrt.kernels.numerics.machine_code.attention import (
    Strided,
    arrays_of,
    by_strides,
    called_directly,
    kinds_of,
    shapes_of,
    write_changed,
    write_exponentials,
    write_quotients,
)
from tfrt.kernels.numerics.machine_code.blocks import Limits, direct_work, in_blocks, units_of
from tfrt.kernels.numerics.machine_code.choice import native_or
from tfrt.kernels.numerics.machine_code.product_tiling import tile_of
from tfrt.kernels.numerics.machine_code.tiles import add_products
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value, written_once
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.lanes import transposed

Run = Callable[..., np.ndarray]

MOST_KEYS = 1 << 10
"""For more of them, too few queries have scores on the stack that would be worth transposing keys for."""

SCORES_BYTES = 1 << 17
"""How many bytes of scores are made at a time."""

MOST_WORK = 1 << 28
"""Multiplications that are done without a break, in some milliseconds; between two calls Python handles signals."""

LEAST_WORK = 1 << 18
"""Multiplications that are worth a block of their own on another thread, some microseconds."""


def with_native_blocks(run: Run, a: Attention, host: HostContext) -> Run:
    """`run`, or the same as machine code where there is some and it is worth it."""
    if a.dtype != np.float32 or len(a.keys) != 1 or len(a.values) != 1 or not 8 <= a.count <= MOST_KEYS:
        return run
    if min(a.depth, a.width) < 4:
        return run
    return native_or(run, lambda: make_native(run, a, host), host, "attention")


@dataclass(frozen=True, slots=True)
class Blocks:
    """How queries are parted.

    Attributes:
        lanes: elements of a vector.
        vectors: how many a panel has.
        height: how many queries a tile has; the last one has `rest`, which may be as many.
        tiles: how many there are.
        together: tiles in a block.
    """

    lanes: int
    vectors: int
    height: int
    rest: int
    tiles: int
    together: int

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return -(-self.tiles // self.together)

    @property
    def width(self) -> int:
        """How many elements a row of a panel has."""
        return self.lanes * self.vectors


def blocks_of(a: Attention, on: Processor) -> Blocks:
    lanes = on.vector_bytes // a.dtype.itemsize
    vectors, most = tile_of(on, -(-max(a.count, a.width) // lanes))
    height = -(-a.queries // -(-a.queries // most))
    tiles = -(-a.queries // height)
    together = min(tiles, max(1, SCORES_BYTES // (a.count * a.dtype.itemsize * height)))
    together = -(-tiles // -(-tiles // together))
    return Blocks(lanes, vectors, height, a.queries - (tiles - 1) * height, tiles, together)


def make_native(run: Run, a: Attention, host: HostContext | None) -> Run:
    """The attention as machine code; `run` serves elements that do not lie together.

    Raises:
        CannotAssemble: there is none.
    """
    if not can_see_strides():
        raise CannotAssemble("arrays are not like those it is written for")
    blocks, kinds = blocks_of(a, processor()), kinds_of(a)
    text, each = write(a, blocks), blocks.together * blocks.height * a.count * (a.depth + a.width)
    units = units_of(prod(a.batch) * blocks.count, each, Limits(LEAST_WORK, MOST_WORK))
    direct = direct_work(text, "attend", [Shaped(*kind) for kind in kinds], units, host, a.result)
    if direct is not None:
        return called_directly(run, direct, a)
    code = assemble(text, "attend", [*[ctypes.py_object] * len(kinds), ctypes.c_int64, ctypes.c_int64])
    return by_strides(run, in_blocks(code, len(kinds), units.count, host, units.limits.least, units.limits.most), a)


@written_once
def write(a: Attention, blocks: Blocks) -> str:
    """The function ``attend`` as a module: of the arrays and the result's, and the first and the last unit to do."""
    code = Code(np.dtype(np.float32), blocks.lanes)
    names = [f"%a{number}x" for number in range(len(shapes_of(a)))]
    arrays = arrays_of(code, a, names)
    total = -(-a.count // blocks.width) * blocks.width
    panel = code.memory(max(a.depth, a.count) * blocks.width)
    scores = code.memory(blocks.together * blocks.height * total)
    numbers = code.memory(blocks.together * blocks.height)
    with code.loop("%start", "%end") as unit:
        place = _index(code, code.value(f"udiv i64 {unit}, {blocks.count}"), a.batch)
        first = code.times(code.value(f"urem i64 {unit}, {blocks.count}"), blocks.together)
        last = code.least(code.add(first, blocks.together), blocks.tiles)
        _Block(code, a, blocks, arrays, place, first, last, panel, scores, total, numbers).write()
    return code.module("attend", [*(f"ptr {name}" for name in names), "i64 %start", "i64 %end"])


def _index(code: Code, place: Value, sizes: Sequence[int]) -> list[Value]:
    """The indices of an element, in the order in which they lie."""
    found: list[Value] = []
    for size in reversed(sizes):
        found.append(code.value(f"urem i64 {place}, {size}"))
        place = code.value(f"udiv i64 {place}, {size}")
    return found[::-1]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows that tiles read, or write.

    Attributes:
        at: the address of the one that is so many below the block's first.
        apart: how many bytes lie between two.
    """

    at: Callable[[Value], str]
    apart: Value


@dataclass(frozen=True, slots=True)
class _Block:
    """A block of queries, from one tile up to another, and memory: for panels, for scores, whose rows are `total`
    elements apart, and for a number of each row."""

    code: Code
    a: Attention
    blocks: Blocks
    arrays: Sequence[Strided]
    place: Sequence[Value]
    first: Value
    last: Value
    panel: str
    scores: str
    total: int
    numbers: str

    def write(self) -> None:
        code, a, b = self.code, self.a, self.blocks
        query, keys, values, *masks, made = self.arrays
        begin = code.times(self.first, b.height)
        self.compare(self.rows_of(query, begin), keys)
        rows = code.subtract(code.least(code.times(self.last, b.height), a.queries), begin)
        self.share(rows, begin, masks)
        self.mix(values, self.rows_of(made, begin))

    def share(self, rows: Value, begin: Value, masks: Sequence[Strided]) -> None:
        """Make the scores of so many rows shares.

        All rows do one part after the other: what a row's next part waits for has long been found then.
        """
        code, a, numbers = self.code, self.a, self.numbers
        total = -(-a.count // code.lanes) * code.lanes

        def each() -> Iterator[tuple[str, str, list[str]]]:
            with code.loop(0, rows) as row:
                place = [*self.place, code.add(begin, row)]
                scores = code.at(self.scores, code.times(row, self.total))
                yield code.at(numbers, row), scores, [mask.at(place) for mask in masks]

        for number, scores, of_row in each():
            code.put(number, code.first(write_changed(code, a, of_row, scores, total)))
        for number, scores, of_row in each():
            shift = code.spread(number)
            code.put(number, code.first(write_exponentials(code, a, of_row, scores, total, shift)))
        for number, scores, of_row in each():
            write_quotients(code, a, of_row, scores, code.spread(number))

    def rows_of(self, array: Strided, begin: Value) -> _Rows:
        """The rows of the queries, or the result, from one on."""
        some, apart = array.at([*self.place, begin]), array.strides[len(self.a.batch)]
        return _Rows(lambda down: self.code.moved(some, self.code.product(apart, down)), apart)

    def scores_from(self, start: Value) -> _Rows:
        """The rows of scores, from a column on."""
        code = self.code
        return _Rows(lambda down: code.at(self.scores, code.add(code.times(down, self.total), start)), self.total * 4)

    def compare(self, queries: _Rows, keys: Strided) -> None:
        """Make scores of queries and keys."""
        code, a, b = self.code, self.a, self.blocks
        whole, rest = divmod(a.count, b.width)

        def of_keys(start: Value, count: int) -> None:
            self.transpose(keys, start, count)
            self.multiply(queries, a.depth, self.scores_from(start), [b.lanes] * -(-count // b.lanes))

        if whole:
            with code.loop(0, whole * b.width, b.width) as start:
                of_keys(start, b.width)
        if rest:
            of_keys(whole * b.width, rest)

    def mix(self, values: Strided, made: _Rows) -> None:
        """Mix values by shares."""
        code, a, b = self.code, self.a, self.blocks
        whole, rest = divmod(a.width, b.width)

        def of_values(start: Value, lanes: Sequence[int]) -> None:
            self.copy(values, start, lanes)
            columns = _Rows(lambda down: code.at(made.at(down), start), made.apart)
            self.multiply(self.scores_from(0), a.count, columns, lanes)

        if whole:
            with code.loop(0, whole * b.width, b.width) as start:
                of_values(start, [b.lanes] * b.vectors)
        if rest:
            vectors, few = divmod(rest, b.lanes)
            of_values(whole * b.width, [b.lanes] * vectors + [few] * bool(few))

    def multiply(self, rows: _Rows, depth: int, to: _Rows, lanes: Sequence[int]) -> None:
        """Rows of so many elements times the panel, in tiles of so many lanes of each of its vectors."""
        code, b = self.code, self.blocks
        whole = b.tiles - (b.rest != b.height)
        if whole:
            with code.loop(self.first, code.least(self.last, whole)) as which:
                self.tile(which, b.height, rows, depth, to, lanes)
        if whole < b.tiles:
            with code.when(code.value(f"icmp eq i64 {self.last}, {b.tiles}")):
                self.tile(whole, b.rest, rows, depth, to, lanes)

    def tile(self, which: Value, height: int, rows: _Rows, depth: int, to: _Rows, lanes: Sequence[int]) -> None:
        code, b = self.code, self.blocks
        down = code.times(code.subtract(which, self.first), b.height)
        sums = [[code.variable(code.constant(0)) for _ in lanes] for _ in range(height)]
        at = rows.at(down)
        begins = [code.moved(at, code.product(rows.apart, each)) for each in range(height)]

        def vectors(k: Value) -> list[str]:
            here = code.at(self.panel, code.times(k, b.width))
            return [code.load(code.at(here, n * b.lanes), b.lanes) for n in range(len(lanes))]

        add_products(code, sums, 0, depth, vectors, lambda each, k: code.at(begins[each], k))
        target = to.at(down)
        for each in range(height):
            there = code.moved(target, code.product(to.apart, each))
            for n, used in enumerate(lanes):
                code.store(code.at(there, n * b.lanes), code.get(sums[each][n]), used)

    def transpose(self, keys: Strided, start: Value, count: int) -> None:
        """Make a panel of some keys from `start` on: its rows are elements of each, times the scale; what there are no
        keys for is zero."""
        code, a, b = self.code, self.a, self.blocks
        apart, begin = keys.strides[len(a.batch)], keys.at([*self.place, start])
        scale = code.constant(float(np.float32(a.scale)))
        for n in range(-(-count // b.lanes)):
            there = [number for number in range(n * b.lanes, (n + 1) * b.lanes) if number < count]
            rows = [code.moved(begin, code.product(apart, number)) for number in there]

            def elements(at: Value, used: int, n: int = n, rows: Sequence[str] = rows) -> None:
                found = [code.load(code.at(row, at), used) for row in rows]
                found += [code.constant(0)] * (b.lanes - len(found))
                for each, vector in enumerate(transposed(code, found)[:used]):
                    to = code.at(self.panel, code.add(code.times(code.add(at, each), b.width), n * b.lanes))
                    code.store(to, evaluate(code, "{0} * {1}", [vector, scale]), b.lanes)

            whole, rest = divmod(a.depth, b.lanes)
            if whole:
                with code.loop(0, whole * b.lanes, b.lanes) as at:
                    elements(at, b.lanes)
            if rest:
                elements(whole * b.lanes, rest)

    def copy(self, values: Strided, start: Value, lanes: Sequence[int]) -> None:
        """Make a panel of some columns of the values."""
        code, a, b = self.code, self.a, self.blocks
        begin = code.at(values.at(self.place), start)
        with code.loop(0, a.count) as number:
            row = code.moved(begin, code.product(values.strides[len(a.batch)], number))
            to = code.at(self.panel, code.times(number, b.width))
            for n, used in enumerate(lanes):
                code.store(code.at(to, n * b.lanes), code.load(code.at(row, n * b.lanes), used), b.lanes)
