"""Reductions along dimensions."""

from __future__ import annotations

import math

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, dense_from_numpy
from tfrt.kernels.tf.accumulation import summed
from tfrt.kernels.tf.dtypes import INTEGERS, REAL


def _mean_metadata(
    operand: TensorMetadata | np.ndarray, reduction_indices: TensorMetadata | np.ndarray, *, keep_dims: bool = False
) -> TensorMetadata | None:
    if not isinstance(operand, TensorMetadata) or isinstance(reduction_indices, TensorMetadata):
        return None
    axes = _axes(dense_from_numpy(reduction_indices), operand.rank)
    sizes = [1 if axis in axes else size for axis, size in enumerate(operand.shape)]
    return TensorMetadata(operand.dtype, tuple(s for a, s in enumerate(sizes) if keep_dims or a not in axes))


@cpu_op("tf.Mean", constant_metadata=_mean_metadata)
def mean(operand: DenseHostTensor, reduction_indices: DenseHostTensor, *, keep_dims: bool = False) -> DenseHostTensor:
    """The mean along the dimensions that `reduction_indices`, of i32 or i64, lists; negative ones count from the end.

    Sums of integers have 64 bits, wrap around beyond them and are divided toward zero; those of f16 and bf16 are f32.
    TensorFlow does so, too (its CPU kernels' specializations of ``MeanReducer``). With `keep_dims` the dimensions
    stay, with size 1.
    """
    axes = _axes(reduction_indices, len(operand.shape))
    if operand.dtype not in REAL:
        raise KernelError("unsupported dtype for TfMeanOp")
    array = operand.array
    count = math.prod(array.shape[axis] for axis in axes)
    with np.errstate(all="ignore"):
        if operand.dtype in INTEGERS:
            wide = np.uint64 if array.dtype.kind == "u" else np.int64
            total = np.asarray(array.sum(axis=axes, keepdims=keep_dims, dtype=wide))
            values = _integer_mean(total, count).astype(array.dtype)
        else:
            total = summed(array, axis=axes, keepdims=keep_dims)
            values = (total / total.dtype.type(count)).astype(array.dtype)
    return DenseHostTensor(np.asarray(values), operand.dtype)


def _integer_mean(total: np.ndarray, count: int) -> np.ndarray:
    if not count:
        raise KernelError("tf.Mean of no integers: Divide by zero")
    divisor = total.dtype.type(count)
    quotient = np.floor_divide(total, divisor)
    # numpy rounds down; one more makes it toward zero.
    return quotient + ((total < 0) & (np.remainder(total, divisor) != 0)).astype(total.dtype)


def _axes(reduction_indices: DenseHostTensor, rank: int) -> tuple[int, ...]:
    if reduction_indices.dtype not in (DType.I32, DType.I64):
        raise KernelError(f"tf.Mean reduction indices must be of i32 or i64, not {reduction_indices.dtype.label}")
    axes: list[int] = []
    for index in reduction_indices.array.reshape(-1).tolist():
        if not -rank <= index < rank:
            raise KernelError("tf.Mean reduction index must be in [-input_rank, input_rank) range")
        axis = index % rank
        if axis in axes:
            raise KernelError("tf.Mean reduction indices must be unique")
        axes.append(axis)
    return tuple(axes)
