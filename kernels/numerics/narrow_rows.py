"""Matrices with short rows as matrices with fewer and longer ones.

numpy goes through a matrix row by row where another operand is broadcast along it, which takes as long for 16 elements
as for 100. Several rows are as good as one where the operand is repeated as often.
"""

from __future__ import annotations

from functools import cache

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


def repeated(row: np.ndarray, times: int) -> np.ndarray:
    """The elements of an array, all of it so many times; one element is left alone."""
    if row.size == 1:
        return row
    made = np.empty((times, row.size), row.dtype)
    made[...] = row.reshape(row.size)
    return made.reshape(times * row.size)
