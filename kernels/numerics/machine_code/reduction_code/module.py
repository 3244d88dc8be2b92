"""Writing a module that does units of work: which part of it each is, and where in arrays it begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.executor.support.machine_code import DATA_OFFSET
from tfrt.kernels.numerics.machine_code.reduction_code.columns import Columns
from tfrt.kernels.numerics.machine_code.reduction_code.rows import Rows
from tfrt.kernels.numerics.machine_code.reduction_code.work import Work, in_order
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value


def write(work: Work) -> str:
    """The function ``work`` as a module: of arrays (the inputs, what is written, the first result last) and the first
    and the last unit to do.

    Raises:
        NotImplementedError: a step has no form for vectors.
    """
    chain = work.chain
    code = Code(np.dtype(np.float32), work.lanes)
    first, *others = in_order(work)
    numbers = [*range(chain.first_step), *others, first]
    names = [f"%a{number}x" for number in range(len(numbers))]
    places = {n: code.elements_of(name, DATA_OFFSET) for n, name in zip(numbers, names, strict=True)}
    writer = (Rows if work.columns == 1 else Columns)(work, code, places)
    with code.loop("%start", "%end") as unit:
        rest, panel = _parted(code, unit, work.panels)
        # There are parts only where there is one line.
        line, part = (rest, 0) if work.parts == 1 else (0, rest)
        lines: list[Value] = []
        for size in reversed(chain.shape[1:-2]):
            line, index = _parted(code, line, size)
            lines.insert(0, index)
        lines.insert(0, line)
        for columns in _sizes(code, panel, work.panels, work.panel, work.columns):
            for count in _sizes(code, part, work.parts, work.part, work.size):
                place = (*lines, code.times(part, work.part), code.times(panel, work.panel))
                starts = {n: _start(code, strides, place) for n, strides in writer.strides.items()}
                writer.do(starts, code.add(code.times(rest, work.columns), place[-1]), count, columns)
    return code.module("work", [*[f"ptr {name}" for name in names], "i64 %start", "i64 %end"])


def _parted(code: Code, index: Value, size: int) -> tuple[Value, Value]:
    """Which of several pieces of that size an index is in, and where there."""
    if size == 1:
        return index, 0
    return code.value(f"udiv i64 {index}, {size}"), code.value(f"urem i64 {index}, {size}")


def _start(code: Code, strides: Shape, place: Sequence[Value]) -> Value:
    """Where an array's elements begin that are worked on."""
    return code.add(*(code.times(index, stride) for index, stride in zip(place, strides, strict=True)))


def _sizes(code: Code, index: Value, count: int, size: int, whole: int) -> Iterator[int]:
    """The size of a piece, of so many that a whole consists of: the last one may be smaller."""
    last = whole - (count - 1) * size
    if last == size:
        yield size
        return
    for length, how in ((size, "slt"), (last, "eq")):
        with code.when(code.value(f"icmp {how} i64 {index}, {count - 1}")):
            yield length
