"""LAPACK's routines for systems of equations: factors that solve them, and triangular and tridiagonal ones."""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.kernels.custom_call.lapack import LEFT, LOWER, TRANSPOSES, UNIT, each, lapack
from tfrt.kernels.numerics.linear_algebra.lu import lu
from tfrt.kernels.numerics.linear_algebra.triangular import cholesky, first_indefinite, solve_system
from tfrt.kernels.numerics.linear_algebra.tridiagonal import solve_tridiagonal
from tfrt.kernels.numerics.quiet import quiet


@lapack("potrf")
def potrf(a: TensorMetadata, *, uplo: int) -> ArrayForm:
    """The Cholesky factor in one triangle, and in the other what was there; and info: of what is not positive definite
    the first part, from 1, that is not."""

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        matrices = x if uplo == LOWER else x.mT.conj()
        factors = cholesky(matrices)
        found = np.where(np.tri(x.shape[-1], dtype=bool), factors, matrices)
        return found if uplo == LOWER else found.mT.conj(), first_indefinite(matrices, factors)

    return run


@lapack("trsm")
def trsm(a: TensorMetadata, b: TensorMetadata, *, side: int, uplo: int, trans_x: int, diag: int) -> ArrayForm:
    """What solves a triangular system."""

    def run(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found = solve_system(
            x,
            y,
            left_side=side == LEFT,
            lower=uplo == LOWER,
            unit_diagonal=diag == UNIT,
            transpose=TRANSPOSES[trans_x],
        )
        if out is None:
            return found
        out[...] = found
        return out

    return run


@lapack("getrf")
def getrf(a: TensorMetadata) -> ArrayForm:
    """Both triangular factors in one matrix, the rows that were swapped, from 1, and info: the first column, from 1,
    whose pivot is 0."""
    return lu


@lapack("gtsv")
def gtsv(below: TensorMetadata, diagonal: TensorMetadata, above: TensorMetadata, right: TensorMetadata) -> ArrayForm:
    """What solves a tridiagonal system, after what has become of its diagonals, and info: the first row, from 1, whose
    pivot is 0. The first element of `below` and the last one of `above` are not read."""

    def solve(dl: np.ndarray, d: np.ndarray, du: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        far, pivots, beside, x = quiet.call(solve_tridiagonal, dl[None, 1:], d[None], du[None, :-1], b[None])
        zeros = np.flatnonzero(pivots[0] == 0)
        info = np.int32(zeros[0] + 1 if zeros.size else 0)
        return np.append(dl[:1], far[0]), pivots[0], np.append(beside[0], du[-1:]), x[0], np.asarray(info)

    def run(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(each(solve, *arrays, ranks=(1, 1, 1, 2)))

    return run
