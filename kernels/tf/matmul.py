"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import Epilogue, ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata, metadata_of
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor
from tfrt.kernels.numerics import products
from tfrt.kernels.numerics.halves import is_half, rounded, single
from tfrt.kernels.numerics.products import is_small
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.tf.dtypes import COMPLEX, FLOATS, HALVES
from tfrt.kernels.tf.fusion import check_bias, fused_epilogue

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


def _product_form(
    a: TensorMetadata,
    b: TensorMetadata,
    *_: TensorMetadata,
    transpose_a: bool,
    transpose_b: bool,
    host: HostContext,
    epilogue: Epilogue | None = None,
) -> ArrayForm:
    _check_product(a)
    finish: Any = epilogue
    if a.dtype in HALVES:

        def halves(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            values = _product(x, y, transpose_a, transpose_b, host, out)
            if finish is not None:
                quiet.call(finish, values, *others)
            return values

        return halves
    if transpose_a or transpose_b or not is_small(a.shape[0], a.shape[1], b.shape[1]):

        def run(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            last = None if finish is None else lambda rows: finish(rows, *others)
            return _product(x, y, transpose_a, transpose_b, host, out, last)

        return run
    # The layers of a small perceptron: nothing that others need.
    if finish is None:
        return lambda x, y, out=None: quiet.call(x.dot, y, out)

    def small(x: np.ndarray, y: np.ndarray, others: tuple[np.ndarray, ...], out: np.ndarray | None) -> np.ndarray:
        values = x.dot(y, out)
        finish(values, *others)
        return values

    return lambda x, y, *others, out=None: quiet.call(small, x, y, others, out)


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
    if is_half(a.dtype):
        values = _product(single(a), single(b), transpose_a, transpose_b, host)
        return quiet.call(rounded, values, a.dtype, out)
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
    (result,) = metadata
    epilogue = Epilogue(fused_epilogue("FusedMatMul", fused_ops))
    check_bias("FusedMatMul", fusion_inputs, result)
    return _product_form(a, b, transpose_a=transpose_a, transpose_b=transpose_b, host=host, epilogue=epilogue)


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
