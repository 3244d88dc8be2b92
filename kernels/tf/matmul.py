"""Matrix products."""

from __future__ import annotations

import numpy as np

from tfrt.executor.core_runtime.metadata import TensorMetadata, metadata_of
from tfrt.executor.core_runtime.op_registry import ArrayForm, ResultMetadata, cpu_op
from tfrt.executor.dtype import DType
from tfrt.executor.errors import KernelError
from tfrt.executor.host_context import HostContext
from tfrt.executor.tensor import DenseHostTensor
from tfrt.kernels.numerics import products
from tfrt.kernels.numerics.products import is_small
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.tf.dtypes import COMPLEX, FLOATS
from tfrt.kernels.tf.fusion import check_bias, fused_activation

_MATMUL = FLOATS | COMPLEX | {DType.I32, DType.I64, DType.UI32, DType.UI64}
_FUSED_MATMUL = frozenset({DType.F32, DType.I32})
_ZEROS = {dtype: np.zeros((), dtype.numpy) for dtype in _FUSED_MATMUL}


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


def _product_form(
    a: TensorMetadata, b: TensorMetadata, *, transpose_a: bool, transpose_b: bool, host: HostContext
) -> ArrayForm:
    _check_product(a)
    if transpose_a or transpose_b:
        return lambda x, y, out=None: _product(x, y, transpose_a, transpose_b, host, out)
    if is_small(a.shape[0], a.shape[1], b.shape[1]):
        return lambda x, y, out=None: quiet.call(x.dot, y, out)
    return lambda x, y, out=None: products.matmul(x, y, host, out)


@cpu_op("tf.MatMul", metadata=_metadata, array_form=_product_form)
def matmul(
    a: DenseHostTensor, b: DenseHostTensor, *, transpose_a: bool, transpose_b: bool, host: HostContext
) -> DenseHostTensor:
    """The product of two matrices, each transposed first where asked for."""
    _check_product(a)
    return DenseHostTensor(_product(a.array, b.array, transpose_a, transpose_b, host), a.dtype)


def _check_product(a: DenseHostTensor | TensorMetadata) -> None:
    if a.dtype not in _MATMUL:
        raise KernelError(f"Unsupported input dtype: {a.dtype.label}")


def _product(
    a: np.ndarray,
    b: np.ndarray,
    transpose_a: bool,
    transpose_b: bool,
    host: HostContext,
    out: np.ndarray | None = None,
    finish: products.Finish | None = None,
) -> np.ndarray:
    return products.matmul(a.T if transpose_a else a, b.T if transpose_b else b, host, out, finish)


def _fused_product_form(
    a: TensorMetadata,
    b: TensorMetadata,
    *fusion_inputs: TensorMetadata,
    transpose_a: bool,
    transpose_b: bool,
    fused_ops: tuple[str, ...],
    metadata: ResultMetadata,
    host: HostContext,
) -> ArrayForm:
    if a.dtype not in _FUSED_MATMUL:
        raise KernelError(f"Unsupported input dtype: {a.dtype.label}")
    activation = fused_activation("FusedMatMul", fused_ops)
    (result,) = metadata
    check_bias("FusedMatMul", fusion_inputs, result)
    zero = _ZEROS[result.dtype]

    def small(x: np.ndarray, y: np.ndarray, bias: np.ndarray, out: np.ndarray | None) -> np.ndarray:
        values = x.dot(y, out)
        np.add(values, bias, values)
        return np.maximum(values, zero, out=values)

    def run(
        x: np.ndarray, y: np.ndarray, bias: np.ndarray, *_: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        def finish(rows: np.ndarray) -> None:
            np.add(rows, bias, rows)
            if activation is not None:
                activation(rows)

        return _product(x, y, transpose_a, transpose_b, host, out, finish)

    is_plain = len(fusion_inputs) == 1 and not transpose_a and not transpose_b and fused_ops[1:] == ("Relu",)
    if is_plain and is_small(a.shape[0], a.shape[1], b.shape[1]):
        # The layer of a perceptron, free of what others need.
        return lambda x, y, bias, out=None: quiet.call(small, x, y, bias, out)
    return run


@cpu_op("tf._FusedMatMul", metadata=_metadata, array_form=_fused_product_form)
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
    inputs = (a, b, *fusion_inputs)
    run = _fused_product_form(
        *map(metadata_of, inputs),
        transpose_a=transpose_a,
        transpose_b=transpose_b,
        fused_ops=fused_ops,
        metadata=metadata,
        host=host,
    )
    return DenseHostTensor(run(*(tensor.array for tensor in inputs)), metadata[0].dtype)
