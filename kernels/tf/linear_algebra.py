"""Products and factorisations of matrices, of which there may be many.

Source of the semantics: ``tensorflow/core/ops/math_ops.cc``, ``linalg_ops.cc``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic.halves import rounded_once
from tfrt.kernels.numerics.linear_algebra.lu import lu as factorized
from tfrt.kernels.numerics.linear_algebra.tridiagonal import solve_tridiagonal
from tfrt.kernels.numerics.quiet import quiet


def _adjoint(x: np.ndarray) -> np.ndarray:
    return np.conj(x).swapaxes(-1, -2) if x.dtype.kind == "c" else x.swapaxes(-1, -2)


def _batch_metadata(
    x: TensorMetadata, y: TensorMetadata, *, adj_x: bool = False, adj_y: bool = False
) -> TensorMetadata:
    if min(x.rank, y.rank) < 2:
        raise KernelError(f"BatchMatMul takes matrices, got {x} and {y}")
    rows, inner = x.shape[-2:][::-1] if adj_x else x.shape[-2:]
    depth, columns = y.shape[-2:][::-1] if adj_y else y.shape[-2:]
    if inner != depth:
        raise KernelError(f"Matrix size-incompatible: In[0]: {list(x.shape)}, In[1]: {list(y.shape)}")
    try:
        batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise KernelError(f"In[0] and In[1] must have compatible batch dimensions: {x} and {y}") from None
    return TensorMetadata(x.dtype, (*batch, rows, columns))


def _register_batch(name: str) -> None:
    @array_op(name, metadata=_batch_metadata)
    def form(x: TensorMetadata, y: TensorMetadata, *, adj_x: bool = False, adj_y: bool = False) -> ArrayForm:
        _batch_metadata(x, y, adj_x=adj_x, adj_y=adj_y)

        def run(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return np.matmul(_adjoint(a) if adj_x else a, _adjoint(b) if adj_y else b)

        quietly = rounded_once(run)
        return lambda a, b, out=None: quietly(a, b)


for _name in ("tf.BatchMatMul", "tf.BatchMatMulV2", "tf.BatchMatMulV3"):
    _register_batch(_name)


@array_op("tf.Einsum", shaped_by=())
def einsum(*operands: TensorMetadata, equation: str) -> ArrayForm:
    """The sum of products that an equation names, such as ``bij,bjk->bik``."""
    given = equation.partition("->")[0]
    letters = given.split(",")
    if len(letters) != len(operands):
        raise KernelError(f"tf.Einsum: '{equation}' is about {len(letters)} tensors, got {len(operands)}")
    optimized = len(operands) > 1

    def run(*arrays: np.ndarray) -> np.ndarray:
        try:
            return np.asarray(np.einsum(equation, *arrays, optimize=optimized))
        except ValueError as error:
            raise KernelError(f"tf.Einsum: '{equation}': {error}") from None

    quietly = rounded_once(run)
    return lambda *arrays, out=None: quietly(*arrays).astype(arrays[0].dtype, copy=False)


def _squares(name: str, x: TensorMetadata) -> tuple[int, ...]:
    """The shape of what is there a matrix each, of which there may be many, all square."""
    if x.rank < 2 or x.shape[-1] != x.shape[-2]:
        raise KernelError(f"{name}: Input matrix must be square, got {list(x.shape)}")
    return x.shape[:-2]


def _square_metadata(name: str, results: Callable[[TensorMetadata, tuple[int, ...]], Any]) -> Callable[..., Any]:
    return lambda x: results(x, _squares(name, x))


def _solved_metadata(matrix: TensorMetadata, rhs: TensorMetadata) -> TensorMetadata:
    batch = _squares("tf.MatrixSolve", matrix)
    if rhs.rank < 2 or rhs.shape[-2] != matrix.shape[-1]:
        raise KernelError(f"Input matrix and rhs are incompatible: {list(matrix.shape)}, {list(rhs.shape)}")
    try:
        return TensorMetadata(rhs.dtype, (*np.broadcast_shapes(batch, rhs.shape[:-2]), *rhs.shape[-2:]))
    except ValueError:
        raise KernelError(f"Incompatible shapes: {list(matrix.shape)} vs. {list(rhs.shape)}") from None


def _checked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose failures name an op."""

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> Any:
        try:
            return quiet.call(function, *arrays)
        except np.linalg.LinAlgError as error:
            raise KernelError(f"{name}: {error}") from None

    return run


def _register_matrix(name: str, function: Callable[..., Any], metadata: Callable[..., Any]) -> None:
    @array_op(f"tf.{name}", metadata=metadata)
    def form(*operands: TensorMetadata, adjoint: bool = False) -> ArrayForm:
        def run(*arrays: np.ndarray) -> Any:
            first = _adjoint(arrays[0]) if adjoint else arrays[0]
            return np.asarray(function(first, *arrays[1:])).astype(arrays[0].dtype, copy=False)

        return _checked(f"tf.{name}", run)


def _same_square(x: TensorMetadata, batch: tuple[int, ...]) -> TensorMetadata:
    return x


def _one_each(x: TensorMetadata, batch: tuple[int, ...]) -> TensorMetadata:
    return TensorMetadata(x.dtype, batch)


_register_matrix("Cholesky", np.linalg.cholesky, _square_metadata("tf.Cholesky", _same_square))
_register_matrix("MatrixDeterminant", np.linalg.det, _square_metadata("tf.MatrixDeterminant", _one_each))
_register_matrix("MatrixInverse", np.linalg.inv, _square_metadata("tf.MatrixInverse", _same_square))
_register_matrix("MatrixSolve", np.linalg.solve, _solved_metadata)


@array_op("tf.MatrixTriangularSolve", metadata=_solved_metadata)
def matrix_triangular_solve(
    matrix: TensorMetadata, rhs: TensorMetadata, *, lower: bool = True, adjoint: bool = False
) -> ArrayForm:
    """What triangular matrices, of which the other half is not read, make `rhs` of."""

    def run(a: np.ndarray, b: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        half = np.tril(a) if lower else np.triu(a)
        return np.linalg.solve(_adjoint(half) if adjoint else half, b)

    return _checked("tf.MatrixTriangularSolve", run)


@array_op("tf.LogMatrixDeterminant", shaped_by=())
def log_matrix_determinant(operand: TensorMetadata) -> ArrayForm:
    """The sign and the logarithm of the absolute value of determinants."""
    return lambda x: tuple(np.asarray(each) for each in np.linalg.slogdet(x))


@array_op("tf.SelfAdjointEigV2", shaped_by=())
def self_adjoint_eig(operand: TensorMetadata, *, compute_v: bool = True) -> ArrayForm:
    """Eigenvalues, rising, and eigenvectors of symmetric matrices, of which the lower half is read."""

    def run(x: np.ndarray) -> Sequence[np.ndarray]:
        if not compute_v:
            return np.linalg.eigvalsh(x), np.zeros((0,), x.dtype)
        return tuple(np.linalg.eigh(x))

    return _checked("tf.SelfAdjointEigV2", run)


@array_op("tf.Eig", shaped_by=())
def eig(operand: TensorMetadata, *, Tout: DType | None = None, compute_v: bool = True) -> ArrayForm:
    """Eigenvalues and eigenvectors of matrices, complex and in no particular order."""
    is_double = operand.dtype in (DType.F64, DType.COMPLEX128)
    dtype = np.complex128 if is_double else np.complex64

    def run(x: np.ndarray) -> Sequence[np.ndarray]:
        if not compute_v:
            return np.linalg.eigvals(x).astype(dtype), np.zeros((0,), dtype)
        return tuple(each.astype(dtype) for each in np.linalg.eig(x))

    return _checked("tf.Eig", run)


@array_op("tf.Lu", shaped_by=(0,))
def lu(operand: TensorMetadata, *, output_idx_type: DType = DType.I32) -> ArrayForm:
    """Both triangular factors of square matrices in one, and the row that each row of their product is."""
    if operand.rank < 2 or operand.shape[-1] != operand.shape[-2]:
        raise KernelError(f"tf.Lu: expects square matrices, got {operand}")

    def run(x: np.ndarray) -> Sequence[np.ndarray]:
        factors, swaps, info = factorized(x)
        if info.any():
            raise KernelError("tf.Lu: Input is not invertible.")
        size = x.shape[-1]
        rows = np.broadcast_to(np.arange(size), x.shape[:-1]).reshape(-1, size).copy()
        stack = np.arange(len(rows))
        for row, other in enumerate(swaps.reshape(-1, size).T - 1):
            rows[stack, row], rows[stack, other] = rows[stack, other], rows[stack, row].copy()
        return factors, rows.reshape(x.shape[:-1]).astype(output_idx_type.numpy)

    return run


@array_op("tf.TridiagonalSolve", shaped_by=())
def tridiagonal_solve(
    diagonals: TensorMetadata,
    rhs: TensorMetadata,
    *,
    partial_pivoting: bool = True,
    perturb_singular: bool = False,
) -> ArrayForm:
    """What matrices of three diagonals, which are rows (…, 3, size) from above to below, make `rhs` (…, size, n) of."""
    if diagonals.rank < 2 or diagonals.shape[-2] != 3 or diagonals.shape[-1:] != rhs.shape[-2:-1]:
        raise KernelError(f"tf.TridiagonalSolve: expects three diagonals and right sides, got {diagonals} and {rhs}")

    def run(d: np.ndarray, b: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        rows = d.reshape(-1, *d.shape[-2:])
        right = b.reshape(-1, *b.shape[-2:])
        found = quiet.call(solve_tridiagonal, rows[:, 2, 1:], rows[:, 1], rows[:, 0, :-1], right)[-1]
        return np.asarray(found).reshape(b.shape)

    return run


@array_op("tf.Cross", shaped_by=())
def cross(x: TensorMetadata, y: TensorMetadata) -> ArrayForm:
    """The cross products of vectors of three elements, the last dimension."""
    if x.shape != y.shape or x.shape[-1:] != (3,):
        raise KernelError(f"tf.Cross: expects vectors of 3 elements in tensors of one shape, got {x} and {y}")
    return lambda a, b, out=None: np.cross(a, b)


@array_op("tf.Qr", shaped_by=())
def qr(operand: TensorMetadata, *, full_matrices: bool = False) -> ArrayForm:
    """The factors Q and R of matrices."""
    return _checked("tf.Qr", lambda x: tuple(np.linalg.qr(x, "complete" if full_matrices else "reduced")))


@array_op("tf.Svd", shaped_by=())
def svd(operand: TensorMetadata, *, compute_uv: bool = True, full_matrices: bool = False) -> ArrayForm:
    """Singular values, and the matrices U and V of matrices."""

    def run(x: np.ndarray) -> Sequence[np.ndarray]:
        if not compute_uv:
            nothing = np.zeros((0,), x.dtype)
            return np.linalg.svd(x, compute_uv=False), nothing, nothing
        u, s, v = np.linalg.svd(x, full_matrices=full_matrices)
        return s, u, _adjoint(v)

    return _checked("tf.Svd", run)
