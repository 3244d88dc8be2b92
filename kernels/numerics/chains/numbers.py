"""Extremes of arrays and one number, as those of two arrays.

numpy's loop for vectors is one for two arrays: the greater of a million singles and a number takes 385 microseconds,
of as many and others 160, in parts that stay in the cache 130. So the number is repeated, once where it is a constant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape
from tfrt.kernels.numerics.packed import constant, packed_once

if TYPE_CHECKING:
    from tfrt.kernels.numerics.chains.elementwise import Step

EXTREMES = (np.maximum, np.minimum)

_LEAST_ELEMENTS = 2048
"""For fewer it takes longer to look whether the number is known."""

_MOST_BYTES = 1 << 18
"""How much memory numbers are repeated in, at most."""


def spread_numbers(steps: Sequence[Step], inputs: Sequence[Shape], shape: Shape, itemsize: int) -> Sequence[Step]:
    """Steps that do the same to arrays of a shape, or of fewer or more rows of it, and single elements.

    Args:
        inputs: the shapes of the inputs. Those of one element are the numbers, in whatever shape they come.
        itemsize: the size of an element in bytes.

    Returns:
        `steps` itself where there is nothing to do otherwise.
    """
    elements, row = math.prod(shape), math.prod(shape[1:])
    if elements < _LEAST_ELEMENTS or row * itemsize > _MOST_BYTES or not shape:
        return steps
    rows = min(shape[0], _MOST_BYTES // (row * itemsize))
    kinds = ["number" if math.prod(each) == 1 else "array" if each == shape else "other" for each in inputs]
    kinds += ["array"] * len(steps)

    def spread(step: Step) -> Step:
        taken = [kinds[n] for n in step.operands]
        if step.function not in EXTREMES or sorted(taken) != ["array", "number"]:
            return step
        return replace(step, function=_of(step.function, taken.index("number"), (rows, *shape[1:])))

    found = [spread(step) for step in steps]
    return steps if all(one is other for one, other in zip(found, steps, strict=True)) else found


def _of(extreme: Callable[..., np.ndarray], place: int, shape: Shape) -> Callable[..., np.ndarray]:
    """An extreme of arrays and the number that is the operand at this place, repeated in an array of `shape`."""
    spread = packed_once(lambda number: _repeated(number.tobytes(), number.dtype, shape))
    rows = shape[0]

    def run(*operands: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        x, number = operands[1 - place], spread(operands[place])
        count = len(x)
        if count <= rows:
            other = number if count == rows else number[:count]
            return extreme(other, x, out=out) if place == 0 else extreme(x, other, out=out)
        found = np.empty_like(x) if out is None else out
        for start in range(0, count, rows):
            run(*_with(x[start : start + rows], operands[place], place), out=found[start : start + rows])
        return found

    return run


def _with(x: np.ndarray, number: np.ndarray, place: int) -> tuple[np.ndarray, np.ndarray]:
    return (number, x) if place == 0 else (x, number)


@lru_cache(maxsize=32)
def _repeated(number: bytes, dtype: np.dtype, shape: Shape) -> np.ndarray:
    return constant(np.full(shape, np.frombuffer(number, dtype)[0]))
