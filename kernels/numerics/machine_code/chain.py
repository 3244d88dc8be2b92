"""Chains of elementwise ops as machine code, made by llvmlite where it is installed: one loop over all steps.

Operands may have any types and broadcast in any way. A result of additions, multiplications, divisions, square roots,
roundings, comparisons, conversions and all that is done to integers is what numpy gives, but for the sign and bits of
NaN; those of other functions are as near to the true numbers as `vectors.functions` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.executor.declarations.prepared import written
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.direct_calls import UNFIT
from tfrt.executor.support.machine_code import DATA_OFFSET, CannotAssemble, processor
from tfrt.kernels.numerics.chains.elementwise import Step
from tfrt.kernels.numerics.chains.narrow_rows import repeated, repeats
from tfrt.kernels.numerics.chains.parts import Part, whole
from tfrt.kernels.numerics.machine_code.blocks import Work, taking_any, whole_work, written_work
from tfrt.kernels.numerics.machine_code.choice import Run, native_or
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value
from tfrt.kernels.numerics.machine_code.vectors.steps import has_form, write_typed
from tfrt.kernels.numerics.machine_code.vectors.types import (
    Vector,
    address,
    in_registers,
    is_known,
    load,
    spread,
    store,
)

LEAST_BYTES = 1 << 14
"""The size of a result that is worth it, its elements as large as the largest ones of the chain."""

LEAST_STEPS = 3
"""So many steps are worth it whatever the size, where machine code is made at once: numpy takes 0.25 microseconds for
each, and a call of machine code as long as half of one."""

LEAST_WIDTH = 16
"""Shorter rows are no gain."""

LONG = 1 << 10
"""How many elements a row has where all are alike."""

LEAST_ELEMENTS = 1 << 13
"""How many elements are worth a block of their own on another thread."""

BRIEF_ELEMENTS = 1 << 15
"""So few elements are worked on with the interpreter lock, in at most some 20 microseconds..."""

BRIEF_ELEMENTS_OF_MANY = 1 << 12
"""...or where a host has compute threads, in some three."""

MOST_ELEMENTS = 1 << 22
"""How many elements are worked on without a break, which takes some milliseconds."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What is computed, element by element.

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
    def arrays(self) -> list[tuple[int, np.dtype]]:
        """How many elements the arrays and the result have at least, and their types."""
        found: dict[int, tuple[int, np.dtype]] = {}
        for strides, dtype, (array, offset) in zip(self.strides, self.dtypes, self.places, strict=True):
            last = offset + sum((size - 1) * stride for size, stride in zip(self.sizes, strides, strict=True))
            found[array] = (max(1 + last, found.get(array, (0, dtype))[0]), dtype)
        return [*[found[number] for number in range(len(found))], (prod(self.sizes), self.dtype)]


def with_native_chain(
    run: Run,
    inputs: Sequence[Shape],
    dtypes: Sequence[np.dtype],
    result: Shape,
    dtype: np.dtype,
    steps: Sequence[Step],
    host: HostContext,
    *,
    is_small: bool = False,
    parts: Sequence[Part] | None = None,
) -> Run:
    """`run`, a chain on inputs of these shapes and types, or the same as machine code where there is some and it is
    worth it.

    Args:
        is_small: whether putting elements in order takes longer than `run` does with them as they lie.
        parts: what the inputs are parts of, where these are what `run` is given; or else the inputs.
    """
    times = _repeats(inputs, result) if parts is None else 1
    if times > 1:
        return _by_long_rows(run, times, inputs, dtypes, result, dtype, steps, host)
    chain = describe(inputs, dtypes, result, dtype, steps, parts)
    if chain is None:
        return run

    def make() -> Run:
        native = make_native(chain, result, host)
        if is_small or parts is not None:
            work = native.work  # type: ignore[attr-defined]
            return written(_or_as_they_lie(work, run), written_work(work, run, len(chain.arrays) - 1))
        return _unrepeated(native, inputs, dtypes, result, dtype, steps, host)

    return native_or(run, make, host, "a chain of elementwise ops")


def _or_as_they_lie(work: Work, run: Run) -> Run:
    def native(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found: np.ndarray = work(*arrays) if out is None else work(*arrays, out)
        return run(*arrays, out=out) if found is UNFIT else found

    return native


def _unrepeated(
    native: Run,
    inputs: Sequence[Shape],
    dtypes: Sequence[np.dtype],
    result: Shape,
    dtype: np.dtype,
    steps: Sequence[Step],
    host: HostContext,
) -> Run:
    """`native`, and for arrays that are views which repeat what they have, such as numbers counted along one dimension,
    machine code that reads that where it is."""
    made: dict[tuple[Shape, ...], Run | None] = {}
    whole = tuple(inputs)
    work = native.work  # type: ignore[attr-defined]

    def of_views(shapes: tuple[Shape, ...]) -> Run | None:
        chain = None if shapes == whole else describe(shapes, dtypes, result, dtype, steps)
        try:
            return None if chain is None else make_native(chain, result, host)
        except CannotAssemble:
            return None

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found: np.ndarray = work(*arrays) if out is None else work(*arrays, out)
        if found is not UNFIT:
            return found
        shapes = tuple([_unrepeated_shape(array) for array in arrays])
        if shapes not in made:
            made[shapes] = of_views(shapes)
        of_these = made[shapes]
        if of_these is None:
            return native(*arrays, out=out)
        views = [array[tuple(map(slice, shape))] for array, shape in zip(arrays, shapes, strict=True)]
        return of_these(*views, out=out)

    return written(run, written_work(work, run, len(inputs)))


def _unrepeated_shape(array: np.ndarray) -> Shape:
    return tuple([size if stride else min(size, 1) for size, stride in zip(array.shape, array.strides, strict=True)])


def describe(
    inputs: Sequence[Shape],
    dtypes: Sequence[np.dtype],
    result: Shape,
    dtype: np.dtype,
    steps: Sequence[Step],
    parts: Sequence[Part] | None = None,
) -> Chain | None:
    """What a chain computes, if there may be machine code for it; see `with_native_chain`."""
    if not all(map(is_known, (*dtypes, dtype))) or 0 in result:
        return None
    if not all(has_form(step, dtype) for step in steps):
        return None
    parts = whole(inputs) if parts is None else parts
    sizes, strides = _merged(inputs, [part.strides for part in parts], result)
    if len(sizes) > 1 and sizes[-1] < LEAST_WIDTH:
        return None
    places = tuple([(part.array, part.offset) for part in parts])
    return Chain(sizes, strides, tuple(dtypes), places, tuple(steps), dtype)


def _merged(
    inputs: Sequence[Shape], apart: Sequence[Sequence[int]], result: Shape
) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """A result's sizes and the inputs' strides, for the fewest dimensions.

    Args:
        apart: the strides of the inputs along the dimensions that they have.
    """
    missing = [len(result) - len(shape) for shape in inputs]
    own = [
        [0] * count + [0 if size == 1 else stride for size, stride in zip(shape, strides, strict=True)]
        for count, shape, strides in zip(missing, inputs, apart, strict=True)
    ]
    sizes: list[int] = []
    found: list[list[int]] = []
    for axis in range(len(result) - 1, -1, -1):
        strides = [each[axis] for each in own]
        if result[axis] == 1:
            continue
        if sizes and all(new == sizes[-1] * last for new, last in zip(strides, found[-1], strict=True)):
            sizes[-1] *= result[axis]
        else:
            sizes.append(result[axis])
            found.append(strides)
    if not sizes:
        return (1,), tuple((0,) for _ in inputs)
    return tuple(sizes[::-1]), tuple(zip(*found[::-1], strict=True))


def _repeats(inputs: Sequence[Shape], result: Shape) -> int:
    """How many rows become one, see `narrow_rows`; they must be all that is broadcast, but for single elements."""
    width = result[-1] if len(result) > 1 else 0
    is_fit = all(shape == result or prod(shape) == 1 or _is_line(shape, width) for shape in inputs)
    is_short = any(prod(shape) == width for shape in inputs)
    return repeats(prod(result[:-1]), width) if is_fit and is_short and width < LEAST_WIDTH else 1


def _is_line(shape: Shape, width: int) -> bool:
    return shape[-1:] == (width,) and prod(shape) == width


def _by_long_rows(
    run: Run,
    times: int,
    inputs: Sequence[Shape],
    dtypes: Sequence[np.dtype],
    result: Shape,
    dtype: np.dtype,
    steps: Sequence[Step],
    host: HostContext,
) -> Run:
    """A chain where some inputs are short rows as one of fewer and longer rows."""
    width = result[-1]
    wide = (prod(result) // (times * width), times * width)
    kinds = ["full" if shape == result else "row" if _is_line(shape, width) else "one" for shape in inputs]
    shapes: list[Shape] = [wide if kind == "full" else wide[1:] if kind == "row" else () for kind in kinds]
    chain = describe(shapes, dtypes, wide, dtype, steps)
    if chain is None:
        return run

    def make() -> Run:
        of_wide = make_native(chain, wide, host)

        def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            values = [
                repeated(array, times, width, True) if kind == "row" else array.reshape(shape)
                for array, kind, shape in zip(arrays, kinds, shapes, strict=True)
            ]
            if out is None or not out.flags.c_contiguous:
                found = of_wide(*values).reshape(result)
                if out is None:
                    return found
                out[...] = found
                return out
            of_wide(*values, out=out.reshape(wide))
            return out

        return run

    return native_or(run, make, host, "a chain of elementwise ops")


def make_native(chain: Chain, shape: Shape, host: HostContext | None) -> Run:
    """The chain as machine code, with a result of this shape.

    Raises:
        CannotAssemble: there is none.
        NotImplementedError: a step cannot be written.
    """
    text, inputs = write(chain), len(chain.arrays) - 1
    least, most = LEAST_ELEMENTS // chain.width, MOST_ELEMENTS // chain.width
    brief = (BRIEF_ELEMENTS // chain.width, BRIEF_ELEMENTS_OF_MANY // chain.width)
    sizes, dtypes = [size for size, _ in chain.arrays], [dtype for _, dtype in chain.arrays]
    do_all = whole_work(text, "work", sizes, dtypes, chain.rows, host, least, most, inputs, shape, brief)
    run = taking_any(do_all, shape, sizes, dtypes)
    run.work = do_all  # type: ignore[attr-defined]
    return run


def write(chain: Chain) -> str:
    """The function ``work`` as a module: of arrays (those that are read, the result) and the first and the last row to
    do.

    Raises:
        NotImplementedError: a step has no form for vectors.
    """
    code = Code(np.dtype(np.float32), chain.lanes)
    names = [f"%a{number}x" for number in range(len(chain.arrays))]
    *given, made = (code.elements_of(name, DATA_OFFSET) for name in names)
    arrays = [
        address(code, given[array], offset, dtype)
        for (array, offset), dtype in zip(chain.places, chain.dtypes, strict=True)
    ]
    single = {
        number: spread(code, array, dtype)
        for number, (array, strides, dtype) in enumerate(zip(arrays, chain.strides, chain.dtypes, strict=True))
        if not any(strides)
    }

    def do(row: Value, width: int) -> None:
        begins = _begins(code, chain, row)
        same = dict(single)
        for number, (begin, strides) in enumerate(zip(begins, chain.strides, strict=True)):
            if number not in same and not strides[-1]:
                dtype = chain.dtypes[number]
                same[number] = spread(code, address(code, arrays[number], begin, dtype), dtype)

        for column, count in code.parts(width):
            values: list[Vector] = []
            for number, (begin, dtype) in enumerate(zip(begins, chain.dtypes, strict=True)):
                known = same.get(number)
                place = "" if known else address(code, arrays[number], code.add(begin, column), dtype)
                values.append(known or load(code, place, dtype, count))
            found = write_typed(code, chain.steps, values, chain.dtype)
            if found.dtype != chain.dtype:
                raise NotImplementedError(f"a result of {found.dtype} where {chain.dtype} is expected")
            place = address(code, made, code.add(code.times(row, chain.width), column), chain.dtype)
            store(code, place, found, count)

    with code.loop("%start", "%end") as row:
        do(row, chain.width)
    rest = prod(chain.sizes) - chain.rows * chain.width
    if rest:
        # What is left when all rows are full goes with the last one.
        with code.when(code.value(f"icmp eq i64 %end, {chain.rows}")):
            do(chain.rows, rest)
    return code.module("work", [*[f"ptr {name}" for name in names], "i64 %start", "i64 %end"])


def _begins(code: Code, chain: Chain, row: Value) -> list[Value]:
    """Where in each input a row begins."""
    if len(chain.sizes) == 1:
        return [code.times(row, chain.width) if strides[0] else 0 for strides in chain.strides]
    outer = chain.sizes[:-1]
    inside = [prod(outer[axis + 1 :]) for axis in range(len(outer))]
    indices: dict[int, Value] = {}

    def index(axis: int) -> Value:
        if axis not in indices:
            whole = row if inside[axis] == 1 else code.value(f"udiv i64 {row}, {inside[axis]}")
            indices[axis] = whole if axis == 0 else code.value(f"urem i64 {whole}, {outer[axis]}")
        return indices[axis]

    found: list[Value] = []
    for strides in chain.strides:
        own = strides[:-1]
        if all(stride == own[-1] * step for stride, step in zip(own, inside, strict=True)):
            found.append(code.times(row, own[-1]))
        else:
            found.append(code.add(*(code.times(index(axis), stride) for axis, stride in enumerate(own) if stride)))
    return found
