"""What is done to rows as machine code, made by llvmlite where it is installed: a softmax or a normalization, and
elementwise steps.

A row is read once from memory and written once; exponentials and hyperbolic tangents are those of
`tfrt.kernels.numerics.machine_code.vectors.functions`, which says how far they are from the true numbers.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np

from tfrt.executor.declarations.broadcasting import without_leading_ones
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import DATA_OFFSET, assemble, processor
from tfrt.kernels.numerics.attention_sizes import LEAST_SHARE
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code.blocks import Limits, require_whole, taking_any, units_of, whole_work
from tfrt.kernels.numerics.machine_code.choice import Run, native_or
from tfrt.kernels.numerics.machine_code.vectors.code import Code, Value
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate
from tfrt.kernels.numerics.machine_code.vectors.functions import exp, exp_or_zero
from tfrt.kernels.numerics.machine_code.vectors.lanes import GREATER, greatest_of, sum_of
from tfrt.kernels.numerics.machine_code.vectors.steps import has_form, write_steps
from tfrt.kernels.numerics.row_layers import Rows

Shape = tuple[int, ...]

LEAST_ELEMENTS = 1 << 13
"""How many elements are worth a block of their own on another thread."""

BRIEF_ELEMENTS = 1 << 15
"""So few elements are worked on with the interpreter lock, in at most some 20 microseconds..."""

BRIEF_ELEMENTS_OF_MANY = 1 << 12
"""...or where a host has compute threads, in some three."""

MOST_ELEMENTS = 1 << 22
"""How many elements are worked on without a break, which takes some milliseconds."""

Layer = Literal["softmax", "shares", "normalize"]
"""Shares are a softmax without shares of less than `LEAST_SHARE` of the greatest one."""

_WAYS = 4
"""How many vectors are added up side by side: sums wait for one another."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is done to each row.

    Attributes:
        kinds: for each input, whether it is ``full``, a ``row``, a ``column``, which has an element for each row, or
            ``one`` element.
        steps: elementwise ops; of their values, the inputs come first, or what the layer makes of the first one.
        epsilon: that of a normalization.
    """

    rows: int
    width: int
    kinds: tuple[str, ...]
    steps: tuple[Step, ...]
    layer: Layer
    epsilon: float = 0.0


def with_native_rows(
    run: Run,
    inputs: Sequence[Shape],
    result: Shape,
    dtype: np.dtype,
    steps: Sequence[Step],
    host: HostContext,
    layer: Layer,
    epsilon: float = 0.0,
) -> Run:
    """`run`, a function of arrays of these shapes, or the same as machine code where there is some and it is worth
    it."""
    work = describe(inputs, result, dtype, steps, layer, epsilon)
    if work is None:
        return run
    return native_or(run, lambda: make_native(work, result, host), host, layer)


def describe(
    inputs: Sequence[Shape],
    result: Shape,
    dtype: np.dtype,
    steps: Sequence[Step],
    layer: Layer,
    epsilon: float = 0.0,
) -> Work | None:
    """What is done to rows, the last dimension's elements, if there is machine code for it."""
    if dtype != np.float32 or 0 in result or not result or not all(has_form(step, dtype) for step in steps):
        return None
    rows = [without_leading_ones(shape) for shape in inputs]
    is_one = [not row and prod(result) > 1 for row in rows]
    kinds = [
        "full"
        if shape == result
        else "one"
        if one
        else "row"
        if row == result[-1:]
        else "column"
        if shape == (*result[:-1], 1)
        else ""
        for shape, row, one in zip(inputs, rows, is_one, strict=True)
    ]
    if "" in kinds or "full" not in kinds:
        return None
    width = result[-1]
    return Work(prod(result) // width, width, tuple(kinds), tuple(steps), layer, epsilon)


def make_native(work: Work, shape: Shape, host: HostContext | None) -> Run:
    """The same as machine code, with a result of this shape.

    Raises:
        CannotAssemble: there is none.
        NotImplementedError: a step cannot be written.
    """
    text = write(work, processor().vector_bytes // 4)
    dtype = np.dtype(np.float32)
    limits = Limits(LEAST_ELEMENTS, MOST_ELEMENTS, (BRIEF_ELEMENTS, BRIEF_ELEMENTS_OF_MANY))
    full = work.rows * work.width
    sizes = [{"full": full, "row": work.width, "column": work.rows, "one": 1}[kind] for kind in work.kinds] + [full]
    do_all = whole_work(text, "work", sizes, dtype, units_of(work.rows, work.width, limits), host, shape)
    return taking_any(do_all, shape, sizes, dtype)


def with_native_softmax(softmax: Rows, width: int, dtype: np.dtype, host: HostContext) -> Rows:
    """`softmax`, of any number of rows that lie one after the other, with no shares of less than `LEAST_SHARE` of the
    greatest one, or the same as machine code."""
    work = describe([(1, width)], (1, width), dtype, (), "shares")
    if work is None:
        return softmax

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        assert out is not None
        softmax(x, out)
        return out

    def make() -> Run:
        pointers = [ctypes.py_object] * 2
        code = assemble(write(work, processor().vector_bytes // 4), "work", [*pointers, ctypes.c_int64, ctypes.c_int64])

        def native(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            assert out is not None
            require_whole((x, out), [x.shape[0] * width] * 2, dtype)
            code(x, out, 0, x.shape[0])
            return out

        return native

    found = native_or(run, make, host, "softmax")
    return softmax if found is run else lambda x, out: found(x, out=out)


def write(work: Work, lanes: int) -> str:
    """The function ``work`` as a module: of arrays (the inputs, the result) and the first and the last row to do."""
    code = Code(np.dtype(np.float32), lanes)
    names = [f"%a{number}x" for number in range(len(work.kinds) + 1)]
    *inputs, made = (code.elements_of(name, DATA_OFFSET) for name in names)
    with code.loop("%start", "%end") as row:
        begin = code.times(row, work.width)
        starts = {"full": begin, "column": row}
        places = [code.at(array, starts.get(kind, 0)) for array, kind in zip(inputs, work.kinds, strict=True)]
        target = code.at(made, begin)
        finish = _LAYERS[work.layer](code, work, places[0], target)
        source = target if work.layer in ("softmax", "shares") else places[0]
        for column, count in code.parts(work.width):
            values = []
            for place, kind in zip([source, *places[1:]], work.kinds, strict=True):
                is_one = kind in ("one", "column")
                values.append(code.spread(place) if is_one else code.load(code.at(place, column), count))
            values[0] = finish(values[0])
            found = write_steps(code, work.steps, values)
            code.store(code.at(target, column), found, count)
    return code.module("work", [*[f"ptr {name}" for name in names], "i64 %start", "i64 %end"])


Finish = Callable[[str], str]
"""What becomes of a vector of the first input."""


def _reduced(code: Code, width: int, start: str, term: Callable[[Value, int], str], combine: str) -> str:
    """A vector of what vectors of a row combine to, each of which has something to say for itself."""
    step = _WAYS * code.lanes
    whole = width // step * step
    found = [code.variable(start) for _ in range(_WAYS if whole else 1)]

    def add(which: int, column: Value, count: int) -> None:
        code.set(found[which], evaluate(code, combine, [term(column, count), code.get(found[which])]))

    if whole:
        with code.loop(0, whole, step) as column:
            for way in range(_WAYS):
                add(way, code.add(column, way * code.lanes), code.lanes)
    for column in range(whole, width, code.lanes):
        add(0, column, min(code.lanes, width - column))
    first, *others = (code.get(variable) for variable in found)
    for other in others:
        first = evaluate(code, combine, [first, other])
    return first


_SUM = "{0} + {1}"


def _softmax(code: Code, work: Work, x: str, target: str) -> Finish:
    lowest = code.constant(-np.inf)

    def element(column: Value, count: int) -> str:
        return code.filled(code.load(code.at(x, column), count), count, lowest)

    # What is not a number makes all shares such, whatever the greatest one is.
    greatest = code.spread_element(greatest_of(code, _reduced(code, work.width, lowest, element, GREATER)))

    def share(column: Value, count: int) -> str:
        shifted = evaluate(code, "{0} - {1}", [element(column, count), greatest])
        value = exp(code, shifted) if work.layer == "softmax" else exp_or_zero(code, shifted, LEAST_SHARE)
        value = code.filled(value, count, code.constant(0))
        code.store(code.at(target, column), value, count)
        return value

    total = code.spread_element(sum_of(code, _reduced(code, work.width, code.constant(0), share, _SUM)))
    return lambda value: evaluate(code, "{0} / {1}", [value, total])


def _normalize(code: Code, work: Work, x: str, target: str) -> Finish:
    zero, count_of = code.constant(0), code.constant(float(work.width))

    def element(column: Value, count: int) -> str:
        return code.load(code.at(x, column), count)

    total = code.spread_element(sum_of(code, _reduced(code, work.width, zero, element, _SUM)))
    mean = evaluate(code, "{0} / {1}", [total, count_of])

    def square(column: Value, count: int) -> str:
        centred = evaluate(code, "{0} - {1}", [element(column, count), mean])
        return code.filled(evaluate(code, "{0} * {0}", [centred]), count, zero)

    squares = code.spread_element(sum_of(code, _reduced(code, work.width, zero, square, _SUM)))
    epsilon = code.constant(float(np.float32(work.epsilon)))
    # One division a row: a vector of quotients takes as long as all else that is done to it.
    scale = evaluate(code, "one / sqrt({0} / {1} + {2})", [squares, count_of, epsilon])
    return lambda value: evaluate(code, "({0} - {1}) * {2}", [value, mean, scale])


_LAYERS: dict[Layer, Callable[[Code, Work, str, str], Finish]] = {
    "softmax": _softmax,
    "shares": _softmax,
    "normalize": _normalize,
}
