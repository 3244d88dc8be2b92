"""Triangular factors of stacks of matrices, by elimination with partial pivoting, as LAPACK's ``getrf`` gives them."""

from __future__ import annotations

from math import prod

import numpy as np

from tfrt.kernels.numerics.linear_algebra.triangular import _solve
from tfrt.kernels.numerics.quiet import quiet

_PANEL = 32
"""Columns that are eliminated one after the other, before what follows from them for others is a matrix product."""


def lu(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both factors of each matrix in one, the rows that were swapped, and the first column without a pivot.

    Returns:
        The factors: below the diagonal the unit lower one, the upper one on it and above. For each column, which row,
        from 1, it was swapped with. 0, or the number of the first column, from 1, whose pivot is 0.
    """
    *batch, rows, columns = matrices.shape
    stack = np.array(matrices.reshape(prod(batch), rows, columns), order="C")
    count = min(rows, columns)
    pivots = np.zeros((len(stack), count), np.int32)
    info = np.zeros(len(stack), np.int32)
    for start in range(0, count, _PANEL):
        end = min(start + _PANEL, count)
        quiet.call(_eliminate_panel, stack, pivots, info, start, end)
        if end < columns:
            right = stack[:, start:, end:]
            size = end - start
            solved = quiet.call(_solve, stack[:, start:end, start:end], right[:, :size], True, True)
            right[:, :size] = solved
            right[:, size:] -= quiet.call(np.matmul, stack[:, end:, start:end], solved)
    return stack.reshape(matrices.shape), (pivots + 1).reshape(*batch, count), info.reshape(batch)


def _eliminate_panel(stack: np.ndarray, pivots: np.ndarray, info: np.ndarray, start: int, end: int) -> None:
    """Eliminate some columns, swapping whole rows."""
    each = np.arange(len(stack))
    for column in range(start, end):
        candidates = stack[:, column:, column]
        pivot = column + _magnitudes(candidates).argmax(axis=1)
        pivots[:, column] = pivot
        swapped = stack[each, pivot]
        stack[each, pivot] = stack[:, column]
        stack[:, column] = swapped
        chosen = stack[:, column, column]
        is_zero = chosen == 0
        info[is_zero & (info == 0)] = column + 1
        below = stack[:, column + 1 :, column]
        below /= np.where(is_zero, 1, chosen)[:, None]
        stack[:, column + 1 :, column + 1 : end] -= below[:, :, None] * stack[:, column, None, column + 1 : end]


def _magnitudes(values: np.ndarray) -> np.ndarray:
    """By what BLAS compares numbers: of complex ones the sum of both parts' magnitudes. NaN is less than any."""
    found = np.abs(values.real) + np.abs(values.imag) if values.dtype.kind == "c" else np.abs(values)
    return np.where(np.isnan(found), -1, found)
