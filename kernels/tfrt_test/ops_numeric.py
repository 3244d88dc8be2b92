"""Ops of `tfrt_test` that compute on dense tensors: the building blocks of a classifier of digits.

Metadata, messages and what is supported: ``backends/common/lib/ops/test/metadata/test_ops.cc`` and
``backends/cpu/lib/ops/test/mnist_tensor_kernels.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata, same_metadata
from tfrt.executor.declarations.op_attrs import OpAttr
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, dense_from_numpy
from tfrt.kernels.tfrt_test.op_attributes import sizes
from tfrt.kernels.tfrt_test.tensors import argmax_along, mean_along

NUMERIC_TYPES = frozenset(
    {
        *(DType.UI8, DType.UI16, DType.UI32, DType.UI64, DType.I8, DType.I16, DType.I32, DType.I64),
        *(DType.F16, DType.F32, DType.F64),
    }
)


@cpu_op("tfrt_test.relu", metadata=same_metadata)
def relu(operand: DenseHostTensor) -> DenseHostTensor:
    """Elements below zero replaced by zero."""
    array = _numeric("relu", operand)
    return DenseHostTensor(np.asarray(np.maximum(array, array.dtype.type(0))), operand.dtype)


def _equal_metadata(lhs: TensorMetadata, rhs: TensorMetadata) -> TensorMetadata:
    if lhs.dtype is not rhs.dtype:
        raise KernelError("incompatible dtypes for element-wise op")
    if lhs.shape != rhs.shape:
        raise KernelError("arguments to element-wise op must have identical shapes")
    return lhs


@cpu_op("tfrt_test.equal", metadata=_equal_metadata)
def equal(lhs: DenseHostTensor, rhs: DenseHostTensor) -> DenseHostTensor:
    """One where the elements are equal, zero elsewhere, in the operands' element type."""
    array = _numeric("equal", lhs)
    return DenseHostTensor(np.asarray(array == rhs.array, array.dtype), lhs.dtype)


_CAST_TYPES = {"f32": DType.F32, "f16": DType.F16}


def _cast_metadata(operand: TensorMetadata, *, type: Any = None) -> TensorMetadata:
    if not isinstance(type, str):
        raise KernelError("missing 'type' attribute")
    if type not in _CAST_TYPES:
        raise KernelError("only casting to f32/f16 is supported")
    return TensorMetadata(_CAST_TYPES[type], operand.shape)


@cpu_op("tfrt_test.cast", metadata=_cast_metadata)
def cast_(operand: DenseHostTensor, metadata: ResultMetadata) -> DenseHostTensor:
    """The elements rounded to the element type that the attribute `type` names."""
    array = _numeric("cast", operand)
    (result,) = metadata
    with np.errstate(all="ignore"):
        return DenseHostTensor(array.astype(result.dtype.numpy), result.dtype)


def _broadcast_metadata(operand: TensorMetadata, *, shape: OpAttr | None = None) -> TensorMetadata:
    if (dimensions := sizes(shape)) is None:
        raise KernelError("missing 'shape' attribute")
    if len(dimensions) != 2:
        raise KernelError("result shape must be 2 dimensional (for now)")
    if operand.rank != 1:
        raise KernelError("only 1-D tensor is supported")
    if dimensions[1] != operand.shape[0]:
        raise KernelError("input dimension and target shape mismatch")
    return TensorMetadata(operand.dtype, dimensions)


@cpu_op("tfrt_test.broadcast", metadata=_broadcast_metadata)
def broadcast(operand: DenseHostTensor, metadata: ResultMetadata) -> DenseHostTensor:
    """A matrix of `shape` whose rows are all the operand."""
    row = _numeric("broadcast", operand)
    (result,) = metadata
    matrix = DenseHostTensor.uninitialized(result.dtype, result.shape)
    matrix.array[...] = row
    return matrix


def _argmax_metadata(operand: TensorMetadata, *, axis: Any = None) -> TensorMetadata:
    return TensorMetadata(DType.I32, _reduced_shape(operand, axis))


@cpu_op("tfrt_test.argmax", metadata=_argmax_metadata)
def argmax(operand: DenseHostTensor, *, axis: int) -> DenseHostTensor:
    """The positions of the first maxima along axis 1, as i32."""
    if axis != 1:
        raise KernelError("unsupported axis for argmax")
    return dense_from_numpy(argmax_along(_numeric("argmax", operand), axis))


def _reduce_mean_metadata(operand: TensorMetadata, *, axis: Any = None) -> TensorMetadata:
    return TensorMetadata(operand.dtype, _reduced_shape(operand, axis))


@cpu_op("tfrt_test.reduce_mean", metadata=_reduce_mean_metadata)
def reduce_mean(operand: DenseHostTensor, *, axis: int) -> DenseHostTensor:
    """The means along axis 0; sums of integers wrap around and are divided toward zero."""
    if axis != 0:
        raise KernelError("unsupported axis for reduce_mean")
    return DenseHostTensor(mean_along(_numeric("reduce_mean", operand), axis), operand.dtype)


@cpu_op("tfrt_test.odd_collector")
def odd_collector(operand: DenseHostTensor) -> DenseHostTensor:
    """The odd elements of a vector of i32: how many there are is known only when they are."""
    if operand.array.ndim != 1:
        raise KernelError("expected a 1D tensor input")
    if operand.dtype is not DType.I32:
        raise KernelError("expected a i32 element type")
    return dense_from_numpy(operand.array[operand.array & 1 == 1])


def _reduced_shape(operand: TensorMetadata, axis: Any) -> tuple[int, ...]:
    if not isinstance(axis, int):
        raise KernelError("missing 'axis' attribute")
    if not 0 <= axis < operand.rank:
        raise KernelError("axis must less than input rank")
    return operand.shape[:axis] + operand.shape[axis + 1 :]


def _numeric(op: str, tensor: DenseHostTensor) -> np.ndarray:
    if tensor.dtype not in NUMERIC_TYPES:
        raise KernelError(f"unsupported dtype for {op}")
    return tensor.array
