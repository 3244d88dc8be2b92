"""Ops that give a constant of the program."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, ScalarHostTensor
from tfrt.kernels.tf.dtypes import FLOATS, REAL


def _const_metadata(*, value: Any = None, dtype: DType | None = None) -> TensorMetadata:
    if not isinstance(value, np.ndarray):
        raise KernelError("tf.Const needs a `value` dense attribute")
    found = DType.of(value)
    if dtype is not None and dtype is not found:
        raise KernelError("dtype attribute mismatch with expected tensor dtype")
    return TensorMetadata(found, value.shape)


@cpu_op("tf.Const", metadata=_const_metadata, gives="value")
def const(*, value: np.ndarray) -> DenseHostTensor:
    """The tensor `value`, in memory of its own: programs may write into what they are given."""
    return DenseHostTensor(np.array(value, value.dtype.newbyteorder("="), order="C"), DType.of(value))


def _zeros_like_metadata(operand: TensorMetadata, *, T: DType | None = None) -> TensorMetadata:
    return TensorMetadata(operand.dtype if T is None else T, operand.shape)


@cpu_op("tf.ZerosLike", metadata=_zeros_like_metadata)
def zeros_like(operand: DenseHostTensor, metadata: ResultMetadata) -> ScalarHostTensor:
    """Zeros of the operand's shape and of type `T`, as a scalar tensor."""
    (result,) = metadata
    if result.dtype not in REAL:
        raise KernelError("unsupported dtype")
    zero = 0.0 if result.dtype in FLOATS else 0
    return ScalarHostTensor(result.dtype, result.shape, zero)
