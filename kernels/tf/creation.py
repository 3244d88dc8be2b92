"""Ops that make tensors of sizes and limits that they are given.

Source of the semantics: TensorFlow's op definitions (``tensorflow/core/ops/array_ops.cc``, ``math_ops.cc``).
"""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.tf.reshaping import axis_of, sizes


@array_op("tf.Fill", views=True)
def fill(dims: TensorMetadata, value: TensorMetadata) -> ArrayForm:
    """A tensor of these sizes whose elements are all one value."""

    def run(dims: np.ndarray, value: np.ndarray) -> np.ndarray:
        shape = sizes(dims)
        if min(shape, default=0) < 0:
            raise KernelError(f"tf.Fill: sizes must be non-negative, got {list(shape)}")
        return np.broadcast_to(value, shape)

    return run


def _like_metadata(operand: TensorMetadata) -> TensorMetadata:
    return operand


@array_op("tf.OnesLike", metadata=_like_metadata)
def ones_like(operand: TensorMetadata) -> ArrayForm:
    """Ones of the operand's shape and type."""
    return lambda x, out=None: np.ones_like(x, order="C")


@array_op("tf.Empty")
def empty(shape: TensorMetadata, *, dtype: DType, init: bool = False) -> ArrayForm:
    """A tensor of that shape and type. Its elements are zeros, though only `init` asks for them."""
    return lambda shape, out=None: np.zeros(sizes(shape), dtype.numpy)


@array_op("tf.Range")
def range_(start: TensorMetadata, limit: TensorMetadata, delta: TensorMetadata) -> ArrayForm:
    """The numbers from `start` on in steps of `delta`, before `limit`."""

    def run(start: np.ndarray, limit: np.ndarray, delta: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        first, end, step = start.item(), limit.item(), delta.item()
        if step == 0:
            raise KernelError("tf.Range: Requires delta != 0")
        if (end - first) * step < 0:
            raise KernelError(f"tf.Range: Requires start <= limit when delta > 0, got {first}, {end} and delta {step}")
        count = int(np.ceil((end - first) / step)) if start.dtype.kind == "f" else -((first - end) // step)
        return (first + np.arange(count) * step).astype(start.dtype)

    return run


@array_op("tf.LinSpace")
def lin_space(start: TensorMetadata, stop: TensorMetadata, num: TensorMetadata) -> ArrayForm:
    """`num` numbers in equal steps from `start` to `stop`, both included."""

    def run(start: np.ndarray, stop: np.ndarray, num: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if num.item() < 1:
            raise KernelError(f"tf.LinSpace: Requires num > 0, got {num.item()}")
        return np.linspace(start.item(), stop.item(), num.item()).astype(start.dtype)

    return run


@array_op("tf.OneHot")
def one_hot(
    indices: TensorMetadata, depth: TensorMetadata, on: TensorMetadata, off: TensorMetadata, *, axis: int = -1
) -> ArrayForm:
    """`on` where a new axis' index is the element of `indices`, and `off` everywhere else."""
    at = axis_of(axis, indices.rank + 1, "tf.OneHot")

    def run(
        indices: np.ndarray, depth: np.ndarray, on: np.ndarray, off: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        count = depth.item()
        if count < 0:
            raise KernelError(f"tf.OneHot: depth must be non-negative, got {count}")
        places = np.arange(count).reshape([-1 if d == at else 1 for d in range(indices.ndim + 1)])
        return np.where(np.expand_dims(indices, at) == places, on, off)

    return run


@array_op("tf.MatrixBandPart")
def matrix_band_part(operand: TensorMetadata, lower: TensorMetadata, upper: TensorMetadata) -> ArrayForm:
    """Matrices with zeros outside of a band: so many diagonals below and above the main one, all where negative."""

    def run(x: np.ndarray, lower: np.ndarray, upper: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        rows, columns = np.ogrid[: x.shape[-2], : x.shape[-1]]
        below, above = lower.item(), upper.item()
        band = (below < 0 or rows - columns <= below) & (above < 0 or columns - rows <= above)
        return np.where(band, x, np.zeros((), x.dtype))

    return run


@array_op("tf.MatrixDiag")
def matrix_diag(diagonal: TensorMetadata) -> ArrayForm:
    """Square matrices with these diagonals, and zeros elsewhere."""
    return lambda x, out=None: np.where(np.eye(x.shape[-1], dtype=bool), x[..., None], np.zeros((), x.dtype))


@array_op("tf.MatrixDiagPart", views=True)
def matrix_diag_part(operand: TensorMetadata) -> ArrayForm:
    """The main diagonals of matrices."""
    return lambda x: np.diagonal(x, axis1=-2, axis2=-1)


@array_op("tf.MatrixSetDiag")
def matrix_set_diag(operand: TensorMetadata, diagonal: TensorMetadata) -> ArrayForm:
    """Matrices with other main diagonals."""

    def run(x: np.ndarray, diagonal: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = x.copy(order="C")
        places = np.arange(min(x.shape[-2:]))
        result[..., places, places] = diagonal
        return result

    return run
