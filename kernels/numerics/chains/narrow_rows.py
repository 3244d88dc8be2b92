"""Matrices with short rows as matrices with fewer and longer ones.

numpy goes through a matrix row by row where another operand is broadcast along it, which takes as long for 16 elements
as for 100. Several rows are as good as one where the operand is repeated as often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.broadcasting import Shape, without_leading_ones

SHORT = 32
"""The most elements of rows that are made longer, and..."""

MANY = 512
"""...the fewest rows. Going through one costs five nanoseconds, repeating an operand some microseconds."""

_LONG = 512
"""How many elements rows get, at most."""


@cache
def repeats(rows: int, width: int) -> int:
    """How many of so many rows become one; 1 where they stay as they are."""
    if not 0 < width <= SHORT or rows < MANY:
        return 1
    return next(times for times in range(_LONG // width, 0, -1) if rows % times == 0)


def repeated(row: np.ndarray, times: int, width: int, spreads: bool) -> np.ndarray:
    """The elements of an array, all of it so many times.

    Args:
        width: how long rows are; one element is repeated as often where it `spreads`, and otherwise left alone.
    """
    if row.size == 1:
        return np.full(times * width, row.reshape(()), row.dtype) if spreads else row
    made = np.empty((times, row.size), row.dtype)
    made[...] = row.reshape(row.size)
    return made.reshape(times * row.size)


def spreading(steps: Sequence[Any], inputs: int) -> list[bool]:
    """For each input of a chain's steps, whether it is better repeated if it is one element: numpy finds extremes of
    arrays in a third of the time that those of arrays and a number take."""
    extremes = {operand for step in steps if step.function in (np.maximum, np.minimum) for operand in step.operands}
    return [number in extremes for number in range(inputs)]


@dataclass(frozen=True)
class LongRows:
    """How a chain on a matrix with short rows is one on a matrix with fewer and longer ones.

    Attributes:
        result: the matrix's shape; what comes before rows may be several dimensions.
        times: how many of its rows become one.
        kinds: for each input, whether it is ``full``, as the matrix is, a ``row``, or ``one`` element.
    """

    result: Shape
    times: int
    kinds: tuple[str, ...]

    @property
    def width(self) -> int:
        """How long rows are."""
        return self.result[-1]

    @property
    def wide(self) -> Shape:
        """The shape of the matrix with longer rows."""
        return prod(self.result) // (self.times * self.width), self.times * self.width

    @property
    def shapes(self) -> list[Shape]:
        """The inputs' shapes there."""
        shapes = {"full": self.wide, "row": self.wide[1:], "one": ()}
        return [shapes[kind] for kind in self.kinds]

    def over(self, run: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
        """`run`, a function of arrays with longer rows, and of `out`, as one of arrays as they are."""
        result, wide, times, width = self.result, self.wide, self.times, self.width
        inputs = list(zip(self.kinds, self.shapes, strict=True))

        def over_rows(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            values = [
                repeated(array, times, width, True) if kind == "row" else array.reshape(shape)
                for array, (kind, shape) in zip(arrays, inputs, strict=True)
            ]
            if out is not None and out.flags.c_contiguous:
                run(*values, out=out.reshape(wide))
                return out
            found = run(*values).reshape(result)
            if out is None:
                return found
            out[...] = found
            return out

        return over_rows


def long_rows(inputs: Sequence[Shape], result: Shape, spreads: Sequence[bool] = ()) -> LongRows | None:
    """How short rows become longer ones, where some of the inputs are rows and that is a gain.

    Args:
        spreads: for each input whether it is repeated, too, if it is one element; see `spreading`.
    """
    width = result[-1] if len(result) > 1 else 0
    rows = [without_leading_ones(shape) for shape in inputs]
    kinds = [
        "full" if shape == result else "row" if row == (width,) else "one"
        for shape, row in zip(inputs, rows, strict=True)
    ]
    if "row" not in kinds or any(kind == "one" and row for kind, row in zip(kinds, rows, strict=True)):
        return None
    times = repeats(prod(result[:-1]), width)
    if times == 1:
        return None
    if spreads:
        kinds = ["row" if kind == "one" and spread else kind for kind, spread in zip(kinds, spreads, strict=True)]
    return LongRows(result, times, tuple(kinds))
