"""Matrix products."""

from __future__ import annotations

import numpy as np

from tfrt.executor.core_runtime.metadata import TensorMetadata
from tfrt.executor.core_runtime.op_registry import ResultMetadata, cpu_op
from tfrt.executor.dtype import DType
from tfrt.executor.errors import KernelError
from tfrt.executor.host_context import HostContext
from tfrt.executor.tensor import DenseHostTensor
from tfrt.kernels.numerics import products
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.tf.dtypes import COMPLEX, FLOATS

_MATMUL = FLOATS | COMPLEX | {DType.I32, DType.I64, DType.UI32, DType.UI64}
_FUSED_MATMUL = frozenset({DType.F32, DType.I32})


def _metadata(
    a: TensorMetadata,
    b: TensorMetadata,
    *_: TensorMetadata,
    transpose_a: bool | None = None,
    transpose_b: bool | None = None,
) -> TensorMetadata:
    if a.dtype is not b.dtype:
        raise KernelError(f"incompatible dtypes for MatMul: In[0]: {a.dtype.label}, In[1]: {b.dtype.label}")
    for position, operand in enumerate((a, b)):
        if operand.rank != 2:
            raise KernelError(f"argument {position} of matmul op is not a rank-2 tensor. Actual rank is {operand.rank}")
    for name, value in (("transpose_a", transpose_a), ("transpose_b", transpose_b)):
        if not isinstance(value, bool):
            raise KernelError(f"'{name}' attribute is not specified for MatMul op")
    rows, inner = reversed(a.shape) if transpose_a else a.shape
    inner_b, columns = reversed(b.shape) if transpose_b else b.shape
    if inner != inner_b:
        raise KernelError(
            f"matmul arguments have incompatible shapes: In[0]: {list(a.shape)}, In[1]: {list(b.shape)}. "
            f"transpose_a: {transpose_a:d}, transpose_b: {transpose_b:d}"
        )
    return TensorMetadata(a.dtype, (rows, columns))


def _product(a: np.ndarray, b: np.ndarray, transpose_a: bool, transpose_b: bool, host: HostContext) -> np.ndarray:
    return products.matmul(a.T if transpose_a else a, b.T if transpose_b else b, host)


@cpu_op("tf.MatMul", metadata=_metadata)
def matmul(
    a: DenseHostTensor, b: DenseHostTensor, *, transpose_a: bool, transpose_b: bool, host: HostContext
) -> DenseHostTensor:
    """The product of two matrices, each transposed first where asked for."""
    if a.dtype not in _MATMUL:
        raise KernelError(f"Unsupported input dtype: {a.dtype.label}")
    return DenseHostTensor(_product(a.array, b.array, transpose_a, transpose_b, host), a.dtype)


@cpu_op("tf._FusedMatMul", metadata=_metadata)
def fused_matmul(
    a: DenseHostTensor,
    b: DenseHostTensor,
    *fusion_inputs: DenseHostTensor,
    transpose_a: bool,
    transpose_b: bool,
    fused_ops: tuple[str, ...],
    metadata: ResultMetadata,
    host: HostContext,
) -> DenseHostTensor:
    """`matmul`, then `fused_ops`: ``BiasAdd`` alone, or with one of ``Relu``, ``Relu6`` and ``Elu`` after it."""
    if a.dtype not in _FUSED_MATMUL:
        raise KernelError(f"Unsupported input dtype: {a.dtype.label}")
    if not fused_ops:
        raise KernelError("FusedMatMul must specify fused operations")
    first, *activation = fused_ops
    if first != "BiasAdd" or len(activation) > 1 or any(name not in _ACTIVATIONS for name in activation):
        raise KernelError("Unsupported fusion type")
    (result,) = metadata
    bias = _bias(fusion_inputs, result)
    values = _product(a.array, b.array, transpose_a, transpose_b, host)
    quiet.call(np.add, values, bias, out=values)
    for name in activation:
        values = quiet.call(_ACTIVATIONS[name], values)
    return DenseHostTensor(values, result.dtype)


def _bias(fusion_inputs: tuple[DenseHostTensor, ...], result: TensorMetadata) -> np.ndarray:
    if not fusion_inputs:
        raise KernelError("FusedMatMul with BiasAdd needs a bias tensor")
    bias = fusion_inputs[0]
    if len(bias.shape) != 1:
        raise KernelError("Bias tensor must a vector")
    if bias.dtype is not result.dtype:
        raise KernelError(f"expected a tensor of dtype {result.dtype.label}, got {bias.dtype.label}")
    if bias.shape[0] != result.shape[1]:
        raise KernelError(
            f"The number of bias elements {bias.shape[0]} doesn't match output inner dimension {result.shape[1]}"
        )
    return bias.array


def _elu(values: np.ndarray) -> np.ndarray:
    return np.where(values < 0, np.exp(values).astype(values.dtype) - values.dtype.type(1), values)


_ACTIVATIONS = {
    "Relu": lambda values: np.maximum(values, values.dtype.type(0)),
    "Relu6": lambda values: np.clip(values, values.dtype.type(0), values.dtype.type(6)),
    "Elu": _elu,
}
