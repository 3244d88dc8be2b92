"""Chains of elementwise functions in one pass over memory.

Arrays are worked on a block at a time, so that what one step writes is in the cache when the next one reads it, and
values between steps take no more memory than a block. The results are those of the functions one after the other on
whole arrays, bit for bit. The steps of a chain become one Python function, which is generated: a small array costs the
functions' own time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape, is_row, without_leading_ones
from tfrt.kernels.numerics.narrow_rows import repeated, repeats
from tfrt.kernels.numerics.quiet import quiet

BLOCK_BYTES = 1 << 18
"""How many bytes of an array are worked on at a time."""

Run = Callable[..., np.ndarray]
"""Takes the inputs' arrays, and perhaps `out`, an array for the result, which it returns."""


@dataclass(frozen=True)
class Step:
    """One function of a chain.

    Attributes:
        function: takes arrays, and the one to write into (`out`) last.
        operands: numbers of values: those of the chain's inputs come first, then those of the steps before this one.
        native: see `tfrt.executor.declarations.op.OpEntry`.
    """

    function: Callable[..., Any]
    operands: tuple[int, ...]
    native: str | None = None


def chain(steps: Sequence[Step], inputs: Sequence[Shape], result: Shape, itemsize: int) -> Run:
    """A function of the inputs' arrays, and of `out`, an array for the result or None, that runs the steps.

    Every step's value has the result's shape. `out` may be an input of that shape; it may be called by several threads.

    Args:
        inputs: the inputs' shapes, which broadcast to the result's.
        itemsize: the size of the result's elements, in bytes.
    """
    full = frozenset(number for number, shape in enumerate(inputs) if shape == result)
    body = _generate(steps, len(inputs), full)
    # New memory is nobody's input, so steps may write there from the first on.
    fresh = _generate(steps, len(inputs), frozenset())
    narrow = _by_long_rows(steps, inputs, result, itemsize)
    if narrow is not None:
        return narrow
    elements = math.prod(result)
    can_split = all(number in full or is_row(shape, result) for number, shape in enumerate(inputs))
    if elements * itemsize <= BLOCK_BYTES or not can_split:
        return _whole(body, fresh, result)
    rank = max(
        (len(without_leading_ones(shape)) for number, shape in enumerate(inputs) if number not in full), default=0
    )
    inner = result[len(result) - rank :]
    rows = max(1, BLOCK_BYTES // itemsize // max(1, math.prod(inner)))
    return _blocked(body, fresh, result, inner=inner, rows=rows, full=full)


def epilogue(steps: Sequence[Step], inputs: int) -> Callable[..., None]:
    """A function that changes an array in place: the first of so many inputs becomes what the last step gives.

    The others are broadcast to it; where it is a matrix, they are matrices like it, rows or single elements.
    """
    body = _generate(steps, inputs, frozenset((0,)), out="x0")

    def run(matrix: np.ndarray, *others: np.ndarray) -> None:
        times = repeats(*matrix.shape) if matrix.ndim == 2 else 1
        if times == 1:
            body(matrix, *others)
        else:
            wide = matrix.reshape(-1, times * matrix.shape[1])
            body(wide, *[o.reshape(wide.shape) if o.shape == matrix.shape else repeated(o, times) for o in others])

    return run


def _by_long_rows(steps: Sequence[Step], inputs: Sequence[Shape], result: Shape, itemsize: int) -> Run | None:
    """The chain on matrices with longer rows, where some inputs are rows and the result's rows are short."""
    width = result[-1] if len(result) > 1 else 0
    rows = [without_leading_ones(shape) for shape in inputs]
    kinds = [
        "full" if s == result else "row" if row == (width,) else "one" for s, row in zip(inputs, rows, strict=True)
    ]
    if "row" not in kinds or any(kind == "one" and row for kind, row in zip(kinds, rows, strict=True)):
        return None
    times = repeats(math.prod(result[:-1]), width)
    if times == 1:
        return None
    wide = (math.prod(result) // (times * width), times * width)
    shapes = [wide if kind == "full" else wide[1:] if kind == "row" else () for kind in kinds]
    run = chain(steps, shapes, wide, itemsize)

    def run_wide(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        values = [
            repeated(array, times) if kind == "row" else array.reshape(shape)
            for array, kind, shape in zip(arrays, kinds, shapes, strict=True)
        ]
        found = run(*values, out=None if out is None else out.reshape(wide))
        return found.reshape(result) if out is None else out

    return run_wide


def _whole(body: Callable[..., Any], fresh: Callable[..., Any], result: Shape) -> Run:
    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found: np.ndarray = quiet.call(fresh if out is None else body, *arrays, out)
        return found

    def run_scalar(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        # Of arrays without dimensions numpy's functions give scalars, which cannot be written to.
        if out is None:
            out = np.empty((), arrays[0].dtype)
        quiet.call(body, *[array.reshape(1) for array in arrays], out.reshape(1))
        return out

    return run if result else run_scalar


def _blocked(
    body: Callable[..., Any],
    fresh: Callable[..., Any],
    result: Shape,
    *,
    inner: Shape,
    rows: int,
    full: frozenset[int],
) -> Run:
    by_rows = (-1, *inner)

    def run_blocks(block_body: Callable[..., Any], values: list[np.ndarray], target: np.ndarray) -> None:
        for start in range(0, target.shape[0], rows):
            block = slice(start, start + rows)
            parts = [value[block] if number in full else value for number, value in enumerate(values)]
            block_body(*parts, target[block])

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        chosen = fresh if out is None else body
        if out is None:
            out = np.empty(result, arrays[min(full, default=0)].dtype)
        # Rows have no more dimensions than a block; those of size 1 in front would give it another shape.
        values = [
            array.reshape(by_rows if number in full else without_leading_ones(array.shape))
            for number, array in enumerate(arrays)
        ]
        quiet.call(run_blocks, chosen, values, out.reshape(by_rows))
        return out

    return run


def _generate(steps: Sequence[Step], inputs: int, full: frozenset[int], out: str = "out") -> Callable[..., Any]:
    """The steps as one function of the inputs and of `out`, which may be None, or one of the `full` inputs.

    Inputs are called x0, x1, …; where `out` is one of these, the function has no parameter for it.
    """
    last_use = {operand: number for number, step in enumerate(steps) for operand in step.operands}
    # Before the last step that reads an input which `out` may be, values go elsewhere.
    may_write_out = max((last_use.get(number, 0) for number in full), default=0)
    holders: list[str] = []
    busy_until: dict[str, int] = {}
    names = {number: f"x{number}" for number in range(inputs)}
    parameters = dict.fromkeys([*names.values(), out])
    lines = [f"def body({', '.join(parameters)}):"]
    for number, step in enumerate(steps):
        value, is_last = inputs + number, number == len(steps) - 1
        arguments = ", ".join(names[operand] for operand in step.operands)
        free = [name for name in holders if busy_until[name] <= number and (name != out or number >= may_write_out)]
        if is_last or (out not in holders and number >= may_write_out):
            name = out
        else:
            name = free[0] if free else f"t{len(holders)}"
        is_new = name not in holders and name != out
        lines.append(f"    {name} = f{number}({arguments}{'' if is_new else f', out={name}'})")
        if name not in holders:
            holders.append(name)
        busy_until[name] = last_use.get(value, number)
        names[value] = name
    lines.append(f"    return {out}")
    namespace: dict[str, Any] = {f"f{number}": step.function for number, step in enumerate(steps)}
    exec("\n".join(lines), namespace)
    found: Callable[..., Any] = namespace["body"]
    return found
