"""Triangular systems and Cholesky factors of stacks of matrices, with numpy alone."""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics.quiet import quiet

_BLOCK = 32
"""Rows that are solved one after the other; what follows from them for others is a matrix product."""


def solve_triangular(a: np.ndarray, b: np.ndarray, *, lower: bool, unit_diagonal: bool = False) -> np.ndarray:
    """What solves ``a @ x = b`` for stacks of matrices, of which only one triangle is read.

    Zeros on the diagonal give infinities and NaNs; nothing warns.
    """
    found: np.ndarray = quiet.call(_solve, a, b, lower, unit_diagonal)
    return found


def _solve(a: np.ndarray, b: np.ndarray, lower: bool, unit_diagonal: bool) -> np.ndarray:
    size = a.shape[-1]
    x = np.array(b, order="C")
    starts = range(0, size, _BLOCK)
    for start in starts if lower else reversed(starts):
        end = min(start + _BLOCK, size)
        rows = range(start, end) if lower else range(end - 1, start - 1, -1)
        for row in rows:
            done = slice(start, row) if lower else slice(row + 1, end)
            if done.stop > done.start:
                x[..., row, :] -= np.matmul(a[..., row : row + 1, done], x[..., done, :])[..., 0, :]
            if not unit_diagonal:
                x[..., row, :] /= a[..., row, row, None]
        rest = slice(end, size) if lower else slice(0, start)
        if rest.stop > rest.start:
            x[..., rest, :] -= np.matmul(a[..., rest, start:end], x[..., start:end, :])
    return x


def cholesky(a: np.ndarray) -> np.ndarray:
    """The lower triangular matrices whose products with their adjoints are `a`, of which the lower triangle is read.

    A matrix that is not positive definite has a factor of NaNs below the diagonal and on it.
    """
    try:
        found: np.ndarray = np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.tril(np.full_like(a, np.nan))
        stack = a.reshape(-1, *a.shape[-2:])
        return np.stack([cholesky(matrix) for matrix in stack]).reshape(a.shape)
    return found
