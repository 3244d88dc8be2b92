"""Factors of matrices, and systems of equations: on stacks of matrices, the last two dimensions."""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.stablehlo_shapes import require
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.linear_algebra.triangular import cholesky as cholesky_factors
from tfrt.kernels.numerics.linear_algebra.triangular import solve_system

TRANSPOSES = ("NO_TRANSPOSE", "TRANSPOSE", "ADJOINT")
_NATIVE = (DType.F32, DType.F64, DType.COMPLEX64, DType.COMPLEX128)


def _cholesky_metadata(a: TensorMetadata, *, lower: bool = False) -> TensorMetadata:
    shapes.cholesky(a.shape)
    return a


@array_op("stablehlo.cholesky", metadata=_cholesky_metadata)
def cholesky(a: TensorMetadata, *, lower: bool = False) -> ArrayForm:
    """The triangular matrix whose product with its adjoint is the given one, of which that triangle is read.

    Elements of the other triangle are 0. What is not positive definite has a factor of NaNs.
    """
    _cholesky_metadata(a)

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        wide = _wide(x, a.dtype)
        found = cholesky_factors(wide) if lower else cholesky_factors(wide.mT.conj()).mT.conj()
        return _given(found, x.dtype, out)

    return run


def _triangular_solve_metadata(
    a: TensorMetadata,
    b: TensorMetadata,
    *,
    left_side: bool,
    lower: bool,
    unit_diagonal: bool = False,
    transpose_a: str = "NO_TRANSPOSE",
) -> TensorMetadata:
    require(
        a.dtype is b.dtype, "C1", f"expects operands of one element type, but got {a.dtype.mlir} and {b.dtype.mlir}"
    )
    require(
        transpose_a in TRANSPOSES,
        "I6",
        f"expects transpose_a to be one of {', '.join(TRANSPOSES)}, but got {transpose_a}",
    )
    shapes.triangular_solve(a.shape, b.shape, left_side=left_side)
    return b


@array_op("stablehlo.triangular_solve", metadata=_triangular_solve_metadata)
def triangular_solve(
    a: TensorMetadata,
    b: TensorMetadata,
    *,
    left_side: bool,
    lower: bool,
    unit_diagonal: bool = False,
    transpose_a: str = "NO_TRANSPOSE",
) -> ArrayForm:
    """What solves ``op(a) @ x = b``, or ``x @ op(a) = b``, for triangular matrices.

    `op` may transpose, or conjugate and transpose.
    """
    _triangular_solve_metadata(a, b, left_side=left_side, lower=lower, transpose_a=transpose_a)

    def run(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found = solve_system(
            _wide(x, a.dtype),
            _wide(y, a.dtype),
            left_side=left_side,
            lower=lower,
            unit_diagonal=unit_diagonal,
            transpose=transpose_a,
        )
        return _given(found, y.dtype, out)

    return run


def _wide(array: np.ndarray, dtype: DType) -> np.ndarray:
    """Narrower floats in single precision."""
    return array if dtype in _NATIVE else array.astype(np.float32)


def _given(found: np.ndarray, dtype: np.dtype, out: np.ndarray | None) -> np.ndarray:
    if out is None:
        return found.astype(dtype, copy=False)
    out[...] = found
    return out
