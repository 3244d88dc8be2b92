"""Writing chains of elementwise ops as machine code: one loop over all steps."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from tfrt.executor.support.machine_code import DATA_OFFSET, processor
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value
from tfrt.kernels.numerics.machine_code.vectors.steps import write_typed
from tfrt.kernels.numerics.machine_code.vectors.types import Vector, address, in_registers, load, spread, store

LONG = 1 << 10
"""How many elements a row has where all are alike."""


@dataclass(frozen=True, slots=True)
class Loops:
    """What is computed, element by element, as loops over arrays.

    Attributes:
        sizes: those of the result's dimensions, with those that lie alike in all arrays made one.
        strides: for each input how far apart in it elements are that are next to one another along each dimension; 0
            where it is broadcast.
        dtypes: the inputs' types.
        places: for each input, which of the arrays it is in, and how many elements of that come before it.
        steps: elementwise ops; of their values, the inputs come first.
        dtype: the type of the result, and of steps that do not say theirs.
    """

    sizes: tuple[int, ...]
    strides: tuple[tuple[int, ...], ...]
    dtypes: tuple[np.dtype, ...]
    places: tuple[tuple[int, int], ...]
    steps: tuple[Step, ...]
    dtype: np.dtype

    @property
    def width(self) -> int:
        """How many elements are worked on in a row; there may be some more after the last one."""
        return self.sizes[-1] if len(self.sizes) > 1 else min(LONG, self.sizes[0])

    @property
    def rows(self) -> int:
        """How many rows of that width there are."""
        return prod(self.sizes) // self.width

    @property
    def lanes(self) -> int:
        """How many elements are worked on at a time: as many of the largest type as a vector has room for."""
        types = [*self.dtypes, self.dtype, *[step.dtype for step in self.steps if step.dtype is not None]]
        return processor().vector_bytes // max(in_registers(dtype).itemsize for dtype in types)

    @property
    def arrays(self) -> tuple[list[int], list[np.dtype]]:
        """How many elements the arrays and the result have at least, and their types."""
        found: dict[int, tuple[int, np.dtype]] = {}
        for strides, dtype, (array, offset) in zip(self.strides, self.dtypes, self.places, strict=True):
            last = offset + sum((size - 1) * stride for size, stride in zip(self.sizes, strides, strict=True))
            found[array] = (max(1 + last, found.get(array, (0, dtype))[0]), dtype)
        in_order = [found[number] for number in range(len(found))]
        return [*[size for size, _ in in_order], prod(self.sizes)], [*[dtype for _, dtype in in_order], self.dtype]


def write(loops: Loops) -> str:
    """The function ``work`` as a module: of arrays (those that are read, the result) and the first and the last row to
    do.

    Raises:
        NotImplementedError: a step has no form for vectors.
    """
    code = Code(np.dtype(np.float32), loops.lanes)
    names = [f"%a{number}x" for number in range(len(loops.arrays[0]))]
    *given, made = (code.elements_of(name, DATA_OFFSET) for name in names)
    arrays = [
        address(code, given[array], offset, dtype)
        for (array, offset), dtype in zip(loops.places, loops.dtypes, strict=True)
    ]
    single = {
        number: spread(code, array, dtype)
        for number, (array, strides, dtype) in enumerate(zip(arrays, loops.strides, loops.dtypes, strict=True))
        if not any(strides)
    }

    def do(row: Value, width: int) -> None:
        begins = _begins(code, loops, row)
        same = dict(single)
        for number, (begin, strides) in enumerate(zip(begins, loops.strides, strict=True)):
            if number not in same and not strides[-1]:
                dtype = loops.dtypes[number]
                same[number] = spread(code, address(code, arrays[number], begin, dtype), dtype)

        for column, count in code.parts(width):
            values: list[Vector] = []
            for number, (begin, dtype) in enumerate(zip(begins, loops.dtypes, strict=True)):
                known = same.get(number)
                place = "" if known else address(code, arrays[number], code.add(begin, column), dtype)
                values.append(known or load(code, place, dtype, count))
            found = write_typed(code, loops.steps, values, loops.dtype)
            if found.dtype != loops.dtype:
                raise NotImplementedError(f"a result of {found.dtype} where {loops.dtype} is expected")
            place = address(code, made, code.add(code.times(row, loops.width), column), loops.dtype)
            store(code, place, found, count)

    with code.loop("%start", "%end") as row:
        do(row, loops.width)
    rest = prod(loops.sizes) - loops.rows * loops.width
    if rest:
        # What is left when all rows are full goes with the last one.
        with code.when(code.value(f"icmp eq i64 %end, {loops.rows}")):
            do(loops.rows, rest)
    return code.module("work", [*[f"ptr {name}" for name in names], "i64 %start", "i64 %end"])


def _begins(code: Code, loops: Loops, row: Value) -> list[Value]:
    """Where in each input a row begins."""
    if len(loops.sizes) == 1:
        return [code.times(row, loops.width) if strides[0] else 0 for strides in loops.strides]
    outer = loops.sizes[:-1]
    inside = [prod(outer[axis + 1 :]) for axis in range(len(outer))]
    indices: dict[int, Value] = {}

    def index(axis: int) -> Value:
        if axis not in indices:
            whole = row if inside[axis] == 1 else code.value(f"udiv i64 {row}, {inside[axis]}")
            indices[axis] = whole if axis == 0 else code.value(f"urem i64 {whole}, {outer[axis]}")
        return indices[axis]

    found: list[Value] = []
    for strides in loops.strides:
        own = strides[:-1]
        if all(stride == own[-1] * step for stride, step in zip(own, inside, strict=True)):
            found.append(code.times(row, own[-1]))
        else:
            found.append(code.add(*(code.times(index(axis), stride) for axis, stride in enumerate(own) if stride)))
    return found
