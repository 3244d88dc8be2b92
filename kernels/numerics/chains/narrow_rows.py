"""Matrices with short rows as matrices with fewer and longer ones.

numpy goes through a matrix row by row where another operand is broadcast along it, which takes as long for 16 elements
as for 100. Several rows are as good as one where the operand is repeated as often.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

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
