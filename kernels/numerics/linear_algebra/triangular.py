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


def solve_system(
    a: np.ndarray, b: np.ndarray, *, left_side: bool, lower: bool, unit_diagonal: bool, transpose: str
) -> np.ndarray:
    """What solves ``op(a) @ x = b``, or ``x @ op(a) = b`` where it is not on the left side.

    Args:
        transpose: what `op` does: ``NO_TRANSPOSE``, ``TRANSPOSE`` or ``ADJOINT``.
    """
    # Where x is on the left, its transpose is on the right of the transposed matrix.
    transposed = (transpose != "NO_TRANSPOSE") is left_side
    matrix = a.conj() if transpose == "ADJOINT" else a
    found = solve_triangular(
        matrix.mT if transposed else matrix,
        b if left_side else b.mT,
        lower=lower is not transposed,
        unit_diagonal=unit_diagonal,
    )
    return found if left_side else found.mT


def first_indefinite(a: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """For each matrix 0, or the size of its first leading part that is not positive definite.

    Args:
        factors: what `cholesky` gives.
    """
    size = a.shape[-1]
    failed = np.isnan(factors).any(axis=(-2, -1)) if size else np.zeros(a.shape[:-2], bool)
    found = np.zeros(a.shape[:-2], np.int32)
    for index in zip(*np.nonzero(failed), strict=True) if failed.ndim else [()] * bool(failed):
        parts = range(1, size + 1)
        found[index] = next((n for n in parts if np.isnan(cholesky(a[index][:n, :n])).any()), size)
    return found


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
