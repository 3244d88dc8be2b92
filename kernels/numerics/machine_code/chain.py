"""Chains of elementwise ops as machine code, made by llvmlite where it is installed; `chain_code` writes it.

Operands may have any types and broadcast in any way. A result of additions, multiplications, divisions, square roots,
roundings, comparisons, conversions and all that is done to integers is what numpy gives, but for the sign and bits of
NaN; those of other functions are as near to the true numbers as `vectors.functions` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.executor.declarations.prepared import written
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.direct_calls import UNFIT
from tfrt.executor.support.machine_code import CannotAssemble
from tfrt.kernels.numerics.chains.narrow_rows import LongRows, long_rows
from tfrt.kernels.numerics.chains.parts import Part, whole
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code.blocks import Limits, Work, taking_any, units_of, whole_work, written_work
from tfrt.kernels.numerics.machine_code.chain_code import Loops, write
from tfrt.kernels.numerics.machine_code.choice import Run, native_or
from tfrt.kernels.numerics.machine_code.vectors.steps import has_form
from tfrt.kernels.numerics.machine_code.vectors.types import is_known

LEAST_BYTES = 1 << 14
"""The size of a result that is worth it, its elements as large as the largest ones of the chain."""

LEAST_STEPS = 3
"""So many steps are worth it whatever the size, where machine code is made at once: numpy takes 0.25 microseconds for
each, and a call of machine code as long as half of one."""

LEAST_WIDTH = 16
"""Shorter rows are no gain."""

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
    """Elementwise ops on inputs of these shapes and types.

    Attributes:
        inputs: their shapes.
        dtypes: their types.
        result: the shape of the result.
        dtype: the type of the result, and of steps that do not say theirs.
        steps: the ops; of their values, the inputs come first.
        parts: what the inputs are parts of, where these are what a chain is given; or else the inputs.
    """

    inputs: Sequence[Shape]
    dtypes: Sequence[np.dtype]
    result: Shape
    dtype: np.dtype
    steps: Sequence[Step]
    parts: Sequence[Part] | None = None


def with_native_chain(run: Run, chain: Chain, host: HostContext, *, is_small: bool = False) -> Run:
    """`run`, what a chain does, or the same as machine code where there is some and it is worth it.

    Args:
        is_small: whether putting elements in order takes longer than `run` does with them as they lie.
    """
    rows = long_rows(chain.inputs, chain.result) if chain.parts is None else None
    if rows is not None and rows.width < LEAST_WIDTH:
        return _by_long_rows(run, rows, chain, host)
    loops = describe(chain)
    if loops is None:
        return run

    def make() -> Run:
        work = make_native(loops, chain.result, host)
        if is_small or chain.parts is not None:
            return written(_or_as_they_lie(work, run), written_work(work, run, len(loops.arrays[0]) - 1))
        return _unrepeated(work, taking_any(work, chain.result, *loops.arrays), chain, host)

    return native_or(run, make, host, "a chain of elementwise ops")


def _or_as_they_lie(work: Work, run: Run) -> Run:
    def native(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found: np.ndarray = work(*arrays) if out is None else work(*arrays, out)
        return run(*arrays, out=out) if found is UNFIT else found

    return native


def _unrepeated(work: Work, native: Run, chain: Chain, host: HostContext) -> Run:
    """`work`, and `native`, which is that for arrays that lie in any way; for views that repeat what they have, such as
    numbers counted along one dimension, machine code that reads that where it is."""
    made: dict[tuple[Shape, ...], Run | None] = {}
    inputs = tuple(chain.inputs)

    def of_views(shapes: tuple[Shape, ...]) -> Run | None:
        loops = None if shapes == inputs else describe(replace(chain, inputs=shapes))
        if loops is None:
            return None
        try:
            return taking_any(make_native(loops, chain.result, host), chain.result, *loops.arrays)
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


def _by_long_rows(run: Run, rows: LongRows, chain: Chain, host: HostContext) -> Run:
    """A chain where some inputs are short rows as one of fewer and longer rows."""
    loops = describe(replace(chain, inputs=rows.shapes, result=rows.wide))
    if loops is None:
        return run

    def make() -> Run:
        return rows.over(taking_any(make_native(loops, rows.wide, host), rows.wide, *loops.arrays))

    return native_or(run, make, host, "a chain of elementwise ops")


def describe(chain: Chain) -> Loops | None:
    """What a chain computes, if there may be machine code for it."""
    if not all(map(is_known, (*chain.dtypes, chain.dtype))) or 0 in chain.result:
        return None
    if not all(has_form(step, chain.dtype) for step in chain.steps):
        return None
    parts = whole(chain.inputs) if chain.parts is None else chain.parts
    sizes, strides = _merged(chain.inputs, [part.strides for part in parts], chain.result)
    if len(sizes) > 1 and sizes[-1] < LEAST_WIDTH:
        return None
    places = tuple([(part.array, part.offset) for part in parts])
    return Loops(sizes, strides, tuple(chain.dtypes), places, tuple(chain.steps), chain.dtype)


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


def make_native(loops: Loops, shape: Shape, host: HostContext | None) -> Work:
    """Loops as machine code, with a result of this shape.

    Raises:
        CannotAssemble: there is none.
        NotImplementedError: a step cannot be written.
    """
    sizes, dtypes = loops.arrays
    limits = Limits(LEAST_ELEMENTS, MOST_ELEMENTS, (BRIEF_ELEMENTS, BRIEF_ELEMENTS_OF_MANY))
    units = units_of(loops.rows, loops.width, limits)
    return whole_work(write(loops), "work", sizes, dtypes, units, host, shape)
