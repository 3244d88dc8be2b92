"""Systems of equations whose matrices have three diagonals."""

from __future__ import annotations

import numpy as np


def solve_tridiagonal(
    below: np.ndarray, diagonal: np.ndarray, above: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What solves the systems, by elimination with swaps of neighbouring rows (``gtsv``).

    Its last result does; before it come the diagonals of the triangular factor: the farthest one, the main one and the
    one between them.

    Args:
        below: (stack, size - 1); `above` likewise.
        diagonal: (stack, size).
        right: (stack, size, right sides).
    """
    size = diagonal.shape[-1]
    d, x = diagonal.copy(), right.copy()
    up, far = above.copy(), np.zeros_like(above)
    for i in range(size - 1):
        swap = np.abs(below[:, i]) > np.abs(d[:, i])
        pivot = np.where(swap, below[:, i], d[:, i])
        factor = np.where(swap, d[:, i], below[:, i]) / pivot
        after = up[:, i + 1] if i + 2 < size else np.zeros_like(pivot)
        first = np.where(swap, d[:, i + 1], up[:, i])
        d[:, i + 1] = np.where(swap, up[:, i], d[:, i + 1]) - factor * first
        if i + 2 < size:
            far[:, i] = np.where(swap, after, 0)
            up[:, i + 1] = np.where(swap, -factor * after, after)
        d[:, i], up[:, i] = pivot, first
        top = np.where(swap[:, None], x[:, i + 1], x[:, i])
        x[:, i + 1] = np.where(swap[:, None], x[:, i], x[:, i + 1]) - factor[:, None] * top
        x[:, i] = top
    for i in reversed(range(size)):
        known = x[:, i]
        if i + 1 < size:
            known = known - up[:, i, None] * x[:, i + 1]
        if i + 2 < size:
            known = known - far[:, i, None] * x[:, i + 2]
        x[:, i] = known / d[:, i, None]
    return far, d, up, x
