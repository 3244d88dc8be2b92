"""LAPACK's routines that reflect vectors: orthogonal factors, and similar matrices with zeros."""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.kernels.custom_call.lapack import LOWER, each, info, lapack
from tfrt.kernels.numerics.linear_algebra import householder
from tfrt.kernels.numerics.quiet import quiet


@lapack("geqrf")
def geqrf(a: TensorMetadata) -> ArrayForm:
    """The triangular factor with the reflections' vectors below it, and their taus."""
    return householder.qr


@lapack("orgqr", "ungqr")
def orgqr(a: TensorMetadata, taus: TensorMetadata) -> ArrayForm:
    """The first columns of the product of reflections."""

    def run(x: np.ndarray, tau: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found: np.ndarray = quiet.call(householder.product, x, tau)
        if out is None:
            return found
        out[...] = found
        return out

    return run


@lapack("geqp3")
def geqp3(a: TensorMetadata, pivots: TensorMetadata) -> ArrayForm:
    """`geqrf` of the columns in the order of what is left of them, that order, from 1, and the taus."""

    def run(x: np.ndarray, fixed: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(quiet.call(each, householder.qr_with_pivots, x, fixed, ranks=(2, 1)))

    return run


@lapack("gehrd")
def gehrd(a: TensorMetadata, *, low: int, high: int) -> ArrayForm:
    """A similar matrix with zeros below the first subdiagonal, in whose place the vectors are, the taus, and info."""

    def run(x: np.ndarray) -> tuple[np.ndarray, ...]:
        found = quiet.call(each, lambda matrix: householder.hessenberg(matrix, low, high), x, ranks=(2,))
        return (*found, info(0, x.shape[:-2]))

    return run


@lapack("sytrd", "hetrd")
def sytrd(a: TensorMetadata, *, uplo: int) -> ArrayForm:
    """A similar tridiagonal matrix: with the vectors in it, its diagonal, what is beside that, the taus, and info."""

    def run(x: np.ndarray) -> tuple[np.ndarray, ...]:
        found = quiet.call(each, lambda matrix: householder.tridiagonal(matrix, lower=uplo == LOWER), x, ranks=(2,))
        return (*found, info(0, x.shape[:-2]))

    return run
