"""Extremes of arrays and one number, as those of two arrays.

numpy's loop for vectors is one for two arrays: the greater of a million singles and a number takes 385 microseconds,
of as many and others 160. So the number is repeated, once where it is a constant: for all elements of a block, or for
a row of a large array, which then takes 130.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.packed import constant, packed_once

_EXTREMES = (np.maximum, np.minimum)

_LEAST_ELEMENTS = 2048
"""For fewer it takes longer to look whether the number is known."""

_MOST_BYTES = 1 << 18
"""How much memory a number is repeated in, at most."""

_ROWS = range(2048, 511, -1)
"""How long rows of larger arrays may be, the best first: numpy begins anew with each."""


def spread_numbers(steps: Sequence[Step], inputs: Sequence[Shape], shape: Shape, itemsize: int) -> Sequence[Step]:
    """Steps that do the same to arrays of a shape, or of fewer rows of it, and single elements.

    Args:
        inputs: the shapes of the inputs. Those of one element are the numbers, in whatever shape they come.
        itemsize: the size of an element in bytes.

    Returns:
        `steps` itself where there is nothing to do otherwise.
    """
    elements = math.prod(shape)
    if elements < _LEAST_ELEMENTS:
        return steps
    width = 0 if elements * itemsize <= _MOST_BYTES else next((w for w in _ROWS if elements % w == 0), None)
    if width is None:
        return steps
    kinds = ["number" if math.prod(each) == 1 else "array" if each == shape else "other" for each in inputs]
    kinds += ["array"] * len(steps)

    def spread(step: Step) -> Step:
        taken = [kinds[n] for n in step.operands]
        if step.function not in _EXTREMES or sorted(taken) != ["array", "number"]:
            return step
        place = taken.index("number")
        made = _by_rows(step.function, place, width) if width else _of_all(step.function, place, shape)
        return replace(step, function=made)

    found = [spread(step) for step in steps]
    return steps if all(one is other for one, other in zip(found, steps, strict=True)) else found


def _of_all(extreme: Callable[..., np.ndarray], place: int, shape: Shape) -> Callable[..., np.ndarray]:
    """An extreme of arrays of a shape, or fewer rows of it, and the number that is the operand at this place."""
    spread = _spread(shape)

    def run(*operands: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        x, number = operands[1 - place], spread(operands[place])
        other = number if len(x) == len(number) else number[: len(x)]
        return extreme(other, x, out=out) if place == 0 else extreme(x, other, out=out)

    return run


def _by_rows(extreme: Callable[..., np.ndarray], place: int, width: int) -> Callable[..., np.ndarray]:
    """The same of arrays that are rows of this width, one behind the other."""
    spread = _spread((width,))

    def run(*operands: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        x = operands[1 - place]
        if not x.flags.c_contiguous or x.size % width or (out is not None and not out.flags.c_contiguous):
            return extreme(*operands, out=out)
        found = np.empty_like(x) if out is None else out
        rows, number = x.reshape(-1, width), spread(operands[place])
        extreme(*((number, rows) if place == 0 else (rows, number)), out=found.reshape(-1, width))
        return found

    return run


def _spread(shape: Shape) -> Callable[[np.ndarray], np.ndarray]:
    return packed_once(lambda number: _repeated(number.tobytes(), number.dtype, shape))


@lru_cache(maxsize=32)
def _repeated(number: bytes, dtype: np.dtype, shape: Shape) -> np.ndarray:
    return constant(np.full(shape, np.frombuffer(number, dtype)[0]))
