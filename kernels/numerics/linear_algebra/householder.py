"""Factors made of Householder's reflections ``1 - tau v v^H``, in the form that LAPACK gives them.

A matrix holds the vectors: below some diagonal, from the element after the 1 that each begins with.
"""

from __future__ import annotations

import numpy as np


def reflection(column: np.ndarray) -> tuple[np.number, np.ndarray, np.number]:
    """What takes a vector to a multiple of the first unit vector: tau, the rest of v, and the multiple (``larfg``)."""
    alpha, rest = column[0], column[1:]
    norm = np.linalg.norm(rest)
    if norm == 0 and alpha.imag == 0:
        return column.dtype.type(0), np.zeros_like(rest), alpha
    beta = -np.copysign(np.hypot(np.abs(alpha), norm), alpha.real)
    return column.dtype.type((beta - alpha) / beta), rest / (alpha - beta), column.dtype.type(beta)


def product(vectors: np.ndarray, taus: np.ndarray) -> np.ndarray:
    """The first columns, as many as `vectors` has, of the product of reflections (``orgqr``), for stacks of them."""
    columns = vectors.shape[-1]
    found = np.zeros_like(vectors)
    found[..., np.arange(columns), np.arange(columns)] = 1
    for k in reversed(range(taus.shape[-1])):
        v = vectors[..., k:, k].copy()
        v[..., 0] = 1
        block = found[..., k:, k:]
        block -= taus[..., k, None, None] * (v[..., :, None] * (v.conj()[..., None, :] @ block))
    return found


def qr(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The upper triangular factor, with the reflections' vectors below it, and their taus (``geqrf``)."""
    transposed, taus = np.linalg.qr(matrices, mode="raw")
    return transposed.mT, taus


def qr_with_pivots(matrix: np.ndarray, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`qr` of a matrix whose columns are put in the order of falling norms of what is left of them (``geqp3``).

    Args:
        fixed: for each column whether it comes first, where it is not 0.

    Returns:
        The factor, which column, from 1, came to each place, and the taus.
    """
    a = matrix.copy()
    rows, columns = a.shape
    order = sorted(range(columns), key=lambda column: fixed[column] == 0)
    a = a[:, order]
    first = int((fixed != 0).sum())
    taus = np.zeros(min(rows, columns), a.dtype)
    for k in range(len(taus)):
        if k >= first:
            pick = k + int(np.linalg.norm(a[k:, k:], axis=0).argmax())
            a[:, [k, pick]] = a[:, [pick, k]]
            order[k], order[pick] = order[pick], order[k]
        taus[k], rest, multiple = reflection(a[k:, k])
        v = np.concatenate([np.ones(1, a.dtype), rest])
        # The factor is made by the adjoint.
        a[k:, k + 1 :] -= taus[k].conj() * np.outer(v, v.conj() @ a[k:, k + 1 :])
        a[k, k], a[k + 1 :, k] = multiple, rest
    return a, np.array(order, np.int32) + 1, taus


def hessenberg(matrix: np.ndarray, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """A similar matrix with zeros below its first subdiagonal, where the vectors are, and the taus (``gehrd``).

    Args:
        low: the first row, from 1, that is not triangular yet.
        high: the last one.
    """
    a = matrix.copy()
    taus = np.zeros(max(0, len(a) - 1), a.dtype)
    for k in range(low - 1, high - 1):
        taus[k], rest, multiple = reflection(a[k + 1 : high, k])
        v = np.concatenate([np.ones(1, a.dtype), rest])
        a[:high, k + 1 : high] -= taus[k] * np.outer(a[:high, k + 1 : high] @ v, v.conj())
        a[k + 1 : high, k + 1 :] -= taus[k].conj() * np.outer(v, v.conj() @ a[k + 1 : high, k + 1 :])
        a[k + 1, k], a[k + 2 : high, k] = multiple, rest
    return a, taus


def tridiagonal(matrix: np.ndarray, *, lower: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A similar tridiagonal matrix of a Hermitian one, of which one triangle is read (``sytrd``, ``hetrd``).

    Returns:
        The matrix with the vectors in place of what became 0, the diagonal, what is next to it, and the taus.
    """
    if not lower:
        # The same from the other end.
        turned, diagonal, beside, taus = tridiagonal(matrix[::-1, ::-1], lower=True)
        return turned[::-1, ::-1], diagonal[::-1], beside[::-1], taus[::-1]
    a = matrix.copy()
    size = len(a)
    whole = np.tril(a) + np.tril(a, -1).conj().T
    np.fill_diagonal(whole, whole.diagonal().real)
    beside = np.zeros(max(0, size - 1), a.real.dtype)
    taus = np.zeros(max(0, size - 1), a.dtype)
    for k in range(size - 1):
        taus[k], rest, multiple = reflection(whole[k + 1 :, k])
        beside[k] = multiple.real
        v = np.concatenate([np.ones(1, a.dtype), rest])
        block = whole[k + 1 :, k + 1 :]
        block -= taus[k].conj() * np.outer(v, v.conj() @ block)
        block -= taus[k] * np.outer(block @ v, v.conj())
        a[k + 1, k], a[k + 2 :, k] = multiple, rest
    diagonal = whole.diagonal().real.copy()
    np.fill_diagonal(a, diagonal)
    return a, diagonal, beside, taus
