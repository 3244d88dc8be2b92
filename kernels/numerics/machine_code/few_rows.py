"""Writing products of few rows with a matrix as machine code: they take as long as the matrix takes to be read.

It is read in the order in which it lies. Rows of many columns go by some at a time, and sums lie in the result; those
of few columns, and panels into which a constant matrix is packed (`pack`), are added up in registers.

Work comes in units of `UNIT` vectors of columns, of which any range can be done by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfrt.executor.support.machine_code import DATA_OFFSET, Processor
from tfrt.kernels.numerics.machine_code.product_tiling import Product
from tfrt.kernels.numerics.machine_code.tiles import SHORT, finish
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value, written_once
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.workspaces import aligned

MOST_ROWS = 4
"""For more rows, what takes time is the arithmetic."""

MOST_STREAMED = 2
"""For more rows, a matrix that is not packed is better read as panels, by tiles."""

UNIT = 4
"""How many vectors of columns are a unit of work, and a panel."""

_SUMS = 16
"""How many vectors are added to at a time: enough that none waits for the sum before."""

_MOST_TURNS = 8
"""How many rows of the matrix go by at a time, at most."""

SAME_PLACES = 1 << 12
"""Addresses that are a multiple of this apart compete for places of the nearest cache: half of them are for rows."""

_CHUNK_BYTES = 1 << 14
"""How many bytes of sums are in the nearest cache."""


def lanes_of(p: Product, on: Processor) -> int:
    """How many elements a vector has."""
    return on.vector_bytes // p.dtype.itemsize


def units_of(p: Product, on: Processor) -> int:
    """How many units of work a product has."""
    return -(-p.columns // (UNIT * lanes_of(p, on)))


def is_narrow(p: Product, on: Processor) -> bool:
    """Whether the matrix has so few columns that it lies as one panel does."""
    return units_of(p, on) == 1


def pack(matrix: np.ndarray, lanes: int) -> np.ndarray:
    """A matrix as panels, one after the other: rows of `UNIT` vectors, the last panel's of as many as it takes, with
    zeros after them."""
    inner, columns = matrix.shape
    width = UNIT * lanes
    whole = columns // width
    rest = -(-(columns - whole * width) // lanes) * lanes
    # Vectors are lines of the cache.
    packed = aligned(inner * (whole * width + rest) * matrix.itemsize).view(matrix.dtype)
    packed[...] = 0
    panels = packed[: inner * whole * width].reshape(whole, inner, width)
    panels[...] = matrix[:, : whole * width].reshape(inner, whole, width).swapaxes(0, 1)
    if rest:
        packed[panels.size :].reshape(inner, rest)[:, : columns - whole * width] = matrix[:, whole * width :]
    return packed


@written_once
def write(p: Product, on: Processor, packed: bool) -> str:
    """The function ``multiply`` as a module: of arrays (the few rows, the matrix or its panels, the result, others),
    and the first and the last unit to do."""
    code = Code(p.dtype, lanes_of(p, on))
    names = ["x", "y", "made", *(f"o{number}" for number in range(len(p.others)))]
    x, y, made, *others = (code.elements_of(f"%{name}", DATA_OFFSET) for name in names)
    if packed or is_narrow(p, on):
        _write_panels(code, p, x, y, made, others, packed)
    else:
        _write_streams(code, p, x, y, made, others, on.registers)
    return code.module("multiply", [*(f"ptr %{name}" for name in names), "i64 %first", "i64 %last"])


def _write_panels(code: Code, p: Product, x: str, y: str, made: str, others: Sequence[str], packed: bool) -> None:
    width = UNIT * code.lanes
    whole, some = divmod(p.columns, width)
    with code.loop("%first", "%last") as panel:
        if whole:
            with code.when(code.value(f"icmp slt i64 {panel}, {whole}")):
                lanes = [code.lanes] * UNIT
                begin = code.at(y, code.times(panel, p.inner * width if packed else width))
                column = code.times(panel, width)
                _write_panel(code, p, x, begin, width if packed else p.columns, made, column, lanes, others, packed)
        if some:
            full, last = divmod(some, code.lanes)
            lanes = [code.lanes] * full + [last] * bool(last)
            with code.when(code.value(f"icmp eq i64 {panel}, {whole}")):
                begin = code.at(y, p.inner * whole * width if packed else whole * width)
                apart = len(lanes) * code.lanes if packed else p.columns
                _write_panel(code, p, x, begin, apart, made, whole * width, lanes, others, packed)


def _write_panel(
    code: Code,
    p: Product,
    x: str,
    begin: str,
    apart: int,
    made: str,
    column: Value,
    lanes: Sequence[int],
    others: Sequence[str],
    packed: bool,
) -> None:
    """A panel's columns of the result; its rows are so many elements apart."""
    zero = code.constant(0)
    turns = max(1, min(_SUMS // (len(lanes) * p.rows), _MOST_TURNS, p.inner))
    sums = [[[code.variable(zero) for _ in lanes] for _ in range(p.rows)] for _ in range(turns)]

    def multiply(k: Value, turn: int) -> None:
        here = code.at(begin, code.times(k, apart))
        values = [code.load(code.at(here, n * code.lanes), code.lanes if packed else c) for n, c in enumerate(lanes)]
        for row in range(p.rows):
            spread = code.spread(_element(code, p, x, row, k))
            for n, value in enumerate(values):
                code.set(sums[turn][row][n], code.fma(spread, value, code.get(sums[turn][row][n])))

    whole = p.inner // turns * turns
    with code.loop(0, whole, turns) as k:
        for turn in range(turns):
            multiply(code.add(k, turn), turn)
    for turn in range(p.inner - whole):
        multiply(whole + turn, turn)
    for row in range(p.rows):
        for n, used in enumerate(lanes):
            parts = [code.get(sums[turn][row][n]) for turn in range(turns)]
            while len(parts) > 1:
                added = [evaluate(code, "{0} + {1}", parts[i : i + 2]) for i in range(0, len(parts) - 1, 2)]
                parts = added + parts[len(added) * 2 :]
            _finish(code, p, parts[0], made, row, code.add(column, n * code.lanes), used, others)


def _element(code: Code, p: Product, x: str, row: int, k: Value) -> str:
    return code.at(x, code.add(code.times(k, p.rows), row) if p.turned else code.add(k, row * p.inner))


def _write_streams(code: Code, p: Product, x: str, y: str, made: str, others: Sequence[str], registers: int) -> None:
    unit = UNIT * code.lanes
    chunk = max(1, _CHUNK_BYTES // (p.rows * p.dtype.itemsize * unit)) * unit
    start = code.times("%first", unit)
    stop = code.least(code.times("%last", unit), p.columns)
    some = p.columns % code.lanes
    # In one go where there is but one block of rows, or else the first, those between, and the last.
    most = max(1, min(_MOST_TURNS, registers // 2 // p.rows))
    if p.columns * p.dtype.itemsize % SAME_PLACES == 0:
        most = min(most, _MOST_TURNS // 2)
    blocks = -(-p.inner // most)
    first = p.inner - (blocks - 1) * most

    def block(k: Value, count: int, begin: Value, end: Value, is_first: bool, is_last: bool) -> None:
        spread = [
            [code.spread(_element(code, p, x, row, code.add(k, i))) for i in range(count)] for row in range(p.rows)
        ]
        source = code.at(y, code.times(k, p.columns))

        def vector(column: Value, used: int) -> None:
            values = [code.load(code.at(source, code.add(column, i * p.columns)), used) for i in range(count)]
            for row in range(p.rows):
                at = code.at(made, code.add(column, row * p.columns))
                total = code.constant(0) if is_first else code.load(at, used)
                for i in range(count):
                    total = code.fma(spread[row][i], values[i], total)
                if is_last and len(p.steps) <= SHORT:
                    _finish(code, p, total, made, row, column, used, others)
                else:
                    code.store(at, total, used)

        whole = _whole(code, p, end)
        with code.loop(begin, whole, code.lanes) as column:
            vector(column, code.lanes)
        if some:
            with code.when(code.value(f"icmp eq i64 {end}, {p.columns}")):
                vector(p.columns - some, some)

    with code.loop(start, stop, chunk) as begin:
        end = code.least(code.add(begin, chunk), stop)
        block(0, first, begin, end, True, blocks == 1)
        if blocks > 2:
            with code.loop(first, p.inner - most, most) as k:
                block(k, most, begin, end, False, False)
        if blocks > 1:
            block(p.inner - most, most, begin, end, False, True)
        if len(p.steps) > SHORT:
            _finish_all(code, p, made, begin, end, others)


def _whole(code: Code, p: Product, end: Value) -> Value:
    """Where whole vectors of columns end, of those before `end`: that is where a vector ends, or the last column."""
    some = p.columns % code.lanes
    if not some:
        return end
    is_last = code.value(f"icmp eq i64 {end}, {p.columns}")
    return code.value(f"select i1 {is_last}, i64 {p.columns - some}, i64 {end}")


def _finish_all(code: Code, p: Product, made: str, begin: Value, end: Value, others: Sequence[str]) -> None:
    """Do the steps to some columns of the result."""
    some, whole = p.columns % code.lanes, _whole(code, p, end)
    for row in range(p.rows):

        def vector(column: Value, used: int, row: int = row) -> None:
            value = code.load(code.at(made, code.add(column, row * p.columns)), used)
            _finish(code, p, value, made, row, column, used, others)

        with code.loop(begin, whole, code.lanes) as column:
            vector(column, code.lanes)
        if some:
            with code.when(code.value(f"icmp eq i64 {end}, {p.columns}")):
                vector(p.columns - some, some)


def _finish(
    code: Code, p: Product, value: str, made: str, row: int, column: Value, used: int, others: Sequence[str]
) -> None:
    """Do the steps to a vector of the result, and write it."""
    finish(code, p, value, made, code.add(column, row * p.columns), column, used, others)
