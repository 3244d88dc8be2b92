"""Chains of elementwise functions in one pass over memory.

Arrays are worked on a block at a time, so that what one step writes is in the cache when the next one reads it, and
values between steps take no more memory than a block. The results are those of the functions one after the other on
whole arrays, bit for bit. The steps of a chain become one Python function, which is generated, or, where they are few,
statements of a plan: a small array costs the functions' own time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape, cut_at, without_leading_ones
from tfrt.executor.declarations.prepared import Scribe, written
from tfrt.kernels.numerics.chains.narrow_rows import long_rows, spreading
from tfrt.kernels.numerics.chains.numbers import spread_numbers
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.passes import has_passes
from tfrt.kernels.numerics.quiet import quiet

BLOCK_BYTES = 1 << 18
"""How many bytes of an array are worked on at a time."""

Run = Callable[..., np.ndarray]
"""Takes the inputs' arrays, and perhaps `out`, an array for the result, which it returns."""


def chain(
    steps: Sequence[Step], inputs: Sequence[Shape], result: Shape, itemsize: int, dtype: np.dtype | None = None
) -> Run:
    """A function of the inputs' arrays, and of `out`, an array for the result or None, that runs the steps.

    Every step's value has the result's shape. `out` may be an input of that shape; it may be called by several threads.

    Args:
        inputs: the inputs' shapes, which broadcast to the result's.
        itemsize: the size of an element, the largest one, in bytes.
        dtype: the result's, where it is not that of the inputs.
    """
    full = frozenset(number for number, shape in enumerate(inputs) if shape == result)
    rows = long_rows(inputs, result, spreading(steps, len(inputs)))
    if rows is not None:
        return rows.over(chain(steps, rows.shapes, rows.wide, itemsize, dtype))
    elements = math.prod(result)
    place = cut_at(inputs, result)
    if elements * itemsize <= BLOCK_BYTES or not place or (len(steps) == 1 and not has_passes(steps[0].function)):
        steps = spread_numbers(steps, inputs, result, itemsize)
        return _whole(Statements(steps, [alignment(shape, result) for shape in inputs], full), result, dtype)
    count = max(1, BLOCK_BYTES // itemsize // max(1, math.prod(result[place:])))
    block = (count, *result[place:])
    steps = spread_numbers(steps, [block if shape == result else shape for shape in inputs], block, itemsize)
    return _blocked(Statements(steps, [""] * len(inputs), full), inputs, result, place, count, full, dtype)


def _whole(made: Statements, result: Shape, dtype: np.dtype | None) -> Run:
    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found: np.ndarray = quiet.call(made.fresh if out is None else made.body, *arrays, out)
        return found

    def run_scalar(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        # Of arrays without dimensions numpy's functions give scalars, which cannot be written to.
        if out is None:
            out = np.empty((), arrays[0].dtype if dtype is None else dtype)
        quiet.call(made.body, *[array.reshape(1) for array in arrays], out.reshape(1))
        return out

    if result:
        return written(run, made.write)
    of_one = Statements(made.steps, ["[None]"] * made.inputs, frozenset(range(made.inputs)))

    def write_scalar(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        given, out = operands[: made.inputs], operands[made.inputs :]
        if not out:
            return [*of_one.write(given, result, scribe), f"{result} = {result}[0, ...]"]
        into = f"{result}_o"
        doing = of_one.write([*given, into], result, scribe)
        return [f"{into} = {out[0]}[None]", *doing, f"{result} = {out[0]}", f"del {into}"]

    return written(run_scalar, write_scalar)


def _blocked(
    made: Statements,
    inputs: Sequence[Shape],
    result: Shape,
    place: int,
    rows: int,
    full: frozenset[int],
    dtype: np.dtype | None,
) -> Run:
    """The chain on so many rows at a time, which are what is in the first dimensions, up to `place`."""
    by_rows = (-1, *result[place:])
    # Arrays that are the same for all rows have no more dimensions than one; others have as many rows as the result.
    wide = [(1,) * (len(result) - len(shape)) + shape for shape in inputs]
    has_rows = [shape == result or any(size != 1 for size in shape[:place]) for shape in wide]
    layouts = [(-1, *shape[place:]) if long else shape[place:] for shape, long in zip(wide, has_rows, strict=True)]
    layouts = [layout if long else without_leading_ones(layout) for layout, long in zip(layouts, has_rows, strict=True)]

    def run_blocks(block_body: Callable[..., Any], values: list[np.ndarray], target: np.ndarray) -> None:
        for start in range(0, target.shape[0], rows):
            block = slice(start, start + rows)
            parts = [value[block] if long else value for value, long in zip(values, has_rows, strict=True)]
            block_body(*parts, target[block])

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        chosen = made.fresh if out is None else made.body
        if out is None:
            out = np.empty(result, arrays[min(full, default=0)].dtype if dtype is None else dtype)
        values = [array.reshape(layout) for array, layout in zip(arrays, layouts, strict=True)]
        quiet.call(run_blocks, chosen, values, out.reshape(by_rows))
        return out

    return run


def alignment(shape: Shape, result: Shape) -> str:
    """What makes an input, given its name, one that numpy need not broadcast, which takes half a microsecond."""
    if shape == result:
        return ""
    if math.prod(shape) == math.prod(result) != 0:
        # It is the result's shape without ones in front, for the two go together.
        return f"[{', '.join(['None'] * (len(result) - len(shape)))}]"
    return ".reshape(())" if shape and math.prod(shape) == 1 else ""


_MOST_WRITTEN = 4
"""How many steps a plan has itself: for each it turns off warnings, which more of them share in a function."""


class Statements:
    """The steps of a chain as Python functions, made when first called, or as statements.

    Args:
        alignments: for each input, what `_alignment` gives.
        full: the inputs that `out` may be.
    """

    def __init__(self, steps: Sequence[Step], alignments: Sequence[str], full: frozenset[int]):
        self.steps = steps
        self.inputs = len(alignments)
        self._alignments = alignments
        self._full = full

    @cached_property
    def body(self) -> Callable[..., Any]:
        """A function of the inputs and of `out`, which may be one of the `full` inputs, or None."""
        return self._function(self._full)

    @cached_property
    def fresh(self) -> Callable[..., Any]:
        """The same, where `out` is no input but new memory, or None: steps may write there from the first on."""
        return self._function(frozenset())

    def write(self, operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        """See `tfrt.executor.declarations.prepared.Write`; where there is one operand more, it is `out`."""
        has_out = len(operands) > self.inputs
        call = scribe.attribute(quiet, "call")
        if len(self.steps) > _MOST_WRITTEN:
            function = scribe.constant(self.body if has_out else self.fresh, "chain")
            return [f"{result} = {call}({', '.join([function, *operands, *([] if has_out else ['None'])])})"]
        functions = [f"{call}({scribe.constant(s.function, _name(s.function))}, " for s in self.steps]
        names = [f"{result}_x{n}" if alignment else operands[n] for n, alignment in enumerate(self._alignments)]
        aligning = [f"{names[n]} = {operands[n]}{how}" for n, how in enumerate(self._alignments) if how]
        full = self._full if has_out else frozenset[int]()
        out = operands[-1] if has_out else None
        doing, temporary = self.doing(functions, names, full, result, out, f"{result}_t")
        made = [*[name for name, how in zip(names, self._alignments, strict=True) if how], *temporary]
        return [*aligning, *doing, *([f"del {', '.join(made)}"] if made else [])]

    def _function(self, full: frozenset[int]) -> Callable[..., Any]:
        names = [f"x{number}" for number in range(len(self._alignments))]
        aligning = [f"{name} = {name}{how}" for name, how in zip(names, self._alignments, strict=True) if how]
        functions = [f"f{number}(" for number in range(len(self.steps))]
        doing, _ = self.doing(functions, names, full, "out", "out", "t")
        lines = [f"def body({', '.join([*names, 'out'])}):", *aligning, *doing, "return out"]
        namespace: dict[str, Any] = {f"f{number}": step.function for number, step in enumerate(self.steps)}
        exec("\n    ".join(lines), namespace)
        found: Callable[..., Any] = namespace["body"]
        return found

    def doing(
        self,
        functions: Sequence[str],
        inputs: Sequence[str],
        full: frozenset[int],
        result: str,
        out: str | None,
        prefix: str,
        *,
        with_room: bool = False,
    ) -> tuple[list[str], dict[str, str]]:
        """Statements that do the steps, and the names of arrays on the way, with the types of those that are not of the
        chain's.

        Args:
            functions: for each step, what comes before its operands.
            inputs: the inputs' names.
            out: the name of what the result is written into.
            prefix: what names of arrays on the way begin with.
            with_room: whether these are there, to be written into.
        """
        steps = self.steps
        last_use = {operand: number for number, step in enumerate(steps) for operand in step.operands}
        # Before the last step that reads an input which `out` may be, values go elsewhere.
        may_write_out = max((last_use.get(number, 0) for number in full), default=0)
        # Names of memory, and the type of what is in it.
        holders: dict[str, str] = {}
        busy_until: dict[str, int] = {}
        names = dict(enumerate(inputs))
        lines = []
        for number, step in enumerate(steps):
            value, is_last, kind = len(inputs) + number, number == len(steps) - 1, _kind(step)
            arguments = ", ".join(names[operand] for operand in step.operands)
            free = [
                h
                for h, held in holders.items()
                if held == kind and busy_until[h] <= number and (h != result or number >= may_write_out)
            ]
            if is_last or (not kind and result not in holders and number >= may_write_out):
                name = result
            else:
                name = free[0] if free else f"{prefix}{len(holders)}"
            target = name if name in holders or (with_room and name != result) else out if name == result else None
            keyword = "" if _takes_out_in_order(step) else "out="
            lines.append(f"{name} = {functions[number]}{arguments}{'' if target is None else f', {keyword}{target}'})")
            if name not in holders:
                holders[name] = kind
            busy_until[name] = last_use.get(value, number)
            names[value] = name
        return lines, {holder: kind for holder, kind in holders.items() if holder != result}


def _kind(step: Step) -> str:
    """The type of what a step gives, where that is not the chain's. numpy takes None for a type, which is equal to
    that of doubles."""
    return "" if step.dtype is None else step.dtype.name


def _takes_out_in_order(step: Step) -> bool:
    """Whether the function takes `out` without its name, which is faster; numpy warns of that for two of its own."""
    function = step.function
    return isinstance(function, np.ufunc) and function not in (np.maximum, np.minimum) and function.nout == 1


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", "").strip("<>")
