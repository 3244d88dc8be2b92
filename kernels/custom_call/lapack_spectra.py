"""LAPACK's routines for singular values, eigenvalues and Schur forms. numpy calls the same ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.custom_call.lapack import ALL, LOWER, NONE, VECTORS, each, info, lapack
from tfrt.kernels.numerics.linear_algebra import spectra
from tfrt.kernels.numerics.quiet import quiet


def _sure(function: Callable[[np.ndarray], Sequence[np.ndarray]], x: np.ndarray) -> list[np.ndarray]:
    """What a function gives for a stack of matrices, and info; NaNs and 1 for those for which it finds nothing."""
    try:
        return [*quiet.call(function, x), info(0, x.shape[:-2])]
    except np.linalg.LinAlgError:
        if x.ndim > 2:
            return each(lambda matrix: _sure(function, matrix), x, ranks=(2,))
        like = quiet.call(function, np.eye(*x.shape, dtype=x.dtype))
        return [*(np.full_like(found, np.nan) for found in like), info(1)]


@lapack("gesdd")
def gesdd(a: TensorMetadata, *, mode: int) -> ArrayForm:
    """What is left of the matrix, its singular values, the left vectors, the adjoint of the right ones, and info.

    There are all vectors, some, or none, as `mode` says, which is the code of ``A``, ``S`` or ``N``; zeros stand for
    those that are not there.
    """

    def values(x: np.ndarray) -> Sequence[np.ndarray]:
        return (spectra.singular_values(x),)

    def vectors(x: np.ndarray) -> Sequence[np.ndarray]:
        u, s, v = spectra.svd(x, full=mode == ALL)
        return s, u, v

    def run(x: np.ndarray) -> tuple[np.ndarray, ...]:
        if mode != NONE:
            return (x.copy(), *_sure(vectors, x))
        s, state = _sure(values, x)
        *batch, rows, columns = x.shape
        return x.copy(), s, *(np.zeros((*batch, size, size), x.dtype) for size in (rows, columns)), state

    return run


lapack("gesvd")(gesdd)


@lapack("syevd", "heevd")
def syevd(a: TensorMetadata, *, mode: int, uplo: int) -> ArrayForm:
    """The eigenvectors of a Hermitian matrix, of which one triangle is read, its eigenvalues, and info."""

    def solve(x: np.ndarray) -> Sequence[np.ndarray]:
        if mode != VECTORS:
            return x, spectra.eigvalsh(x, lower=uplo == LOWER)
        values, vectors = spectra.eigh(x, lower=uplo == LOWER)
        return vectors, values

    return lambda x: tuple(_sure(solve, x))


@lapack("geev")
def geev(a: TensorMetadata, *, compute_left: int, compute_right: int) -> ArrayForm:
    """The eigenvalues of a matrix, for real ones their real parts and their imaginary parts, the left eigenvectors, the
    right ones, and info. Vectors that are not asked for are 0."""

    def solve(x: np.ndarray) -> Sequence[np.ndarray]:
        dtype = np.result_type(x.dtype, np.complex64)
        nothing = np.zeros(x.shape, dtype)
        if VECTORS not in (compute_left, compute_right):
            values, left, right = spectra.eigvals(x).astype(dtype), nothing, nothing
        else:
            values, vectors = (found.astype(dtype) for found in spectra.eig(x))
            right = vectors if compute_right == VECTORS else nothing
            left = _left_vectors(vectors) if compute_left == VECTORS else nothing
        return (values, left, right) if x.dtype.kind == "c" else (values.real, values.imag, left, right)

    return lambda x: tuple(_sure(solve, x))


def _left_vectors(right: np.ndarray) -> np.ndarray:
    """The left eigenvectors that go with right ones: of length 1, and the largest element of each is real."""
    left = np.linalg.inv(right).mT.conj()
    left /= np.linalg.norm(left, axis=-2, keepdims=True)
    largest = np.take_along_axis(left, np.abs(left).argmax(axis=-2)[..., None, :], -2)
    return np.where(largest.imag == 0, left, left * (largest.conj() / np.abs(largest)))


@lapack("gees")
def gees(a: TensorMetadata, *, mode: int, sort: int) -> ArrayForm:
    """The Schur form, its vectors, the eigenvalues (see `geev`), how many of them were sorted: none, and info.

    Raises:
        KernelError: scipy is not installed, or eigenvalues are to be sorted.
    """
    if sort != NONE:
        raise KernelError("custom call of gees: eigenvalues cannot be sorted")
    try:
        from scipy.linalg import get_lapack_funcs
    except ImportError as error:
        raise KernelError("Schur forms need scipy: pip install 'tfrt[linalg]'") from error

    def solve(x: np.ndarray) -> Sequence[np.ndarray]:
        (routine,) = get_lapack_funcs(("gees",), (x,))
        form, _, *values, vectors, _, state = routine(lambda *_: False, x, compute_v=mode == VECTORS)
        return form, vectors if mode == VECTORS else np.zeros_like(x), *values, info(), info(state)

    return lambda x: tuple(each(solve, x, ranks=(2,)))
