"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import Epilogue, ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor
from tfrt.kernels.numerics import products
from tfrt.kernels.numerics.arithmetic.halves import rounded_once
from tfrt.kernels.numerics.products import is_small
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.tf.array_forms import on_tensors
from tfrt.kernels.tf.dtypes import COMPLEX, FLOATS, HALVES
from tfrt.kernels.tf.fusion import check_bias, fused_epilogue

_MATMUL = FLOATS | COMPLEX | {DType.I32, DType.I64, DType.UI32, DType.UI64}

_product_of_halves = rounded_once(products.matmul)


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
    *,
    transpose_a: bool,
    transpose_b: bool,
    host: HostContext,
    epilogue: Epilogue | None = None,
) -> ArrayForm:
    _check_product(a.dtype)
    if a.dtype not in HALVES:
        return _form(a, b, transpose_a=transpose_a, transpose_b=transpose_b, host=host, finish=epilogue)
    finish: Any = epilogue
    product = rounded_once(_form(a, b, transpose_a=transpose_a, transpose_b=transpose_b, host=host))
    if finish is None:
        return product

    def run(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        values = product(x, y, out=out)
        quiet.call(finish, values, *others)
        return values

    return run


def _form(
    a: TensorMetadata,
    b: TensorMetadata,
    *,
    transpose_a: bool,
    transpose_b: bool,
    host: HostContext,
    finish: Any = None,
) -> ArrayForm:
    """The product of arrays that are multiplied in their own type; then `finish`, which gets rows and other arrays."""
    if transpose_a or transpose_b or not is_small(a.shape[0], a.shape[1], b.shape[1]):

        def run(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            last = None if finish is None else lambda rows, first: finish(rows, *others)
            return products.matmul(x.T if transpose_a else x, y.T if transpose_b else y, host, out, last)

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
    _check_product(a.dtype)
    x, y = a.array.T if transpose_a else a.array, b.array.T if transpose_b else b.array
    if a.dtype in HALVES:
        return DenseHostTensor(_product_of_halves(x, y, host=host), a.dtype)
    return DenseHostTensor(products.matmul(x, y, host), a.dtype)


def _check_product(dtype: DType) -> None:
    if dtype not in _MATMUL:
        raise KernelError(f"Unsupported input dtype: {dtype.label}")


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
    if a.dtype not in _MATMUL - COMPLEX:
        raise KernelError(f"Unsupported input dtype: {a.dtype.label}")
    (result,) = metadata
    epilogue = fused_epilogue("FusedMatMul", fused_ops)
    check_bias("FusedMatMul", fusion_inputs, result)
    run = _form(a, b, transpose_a=transpose_a, transpose_b=transpose_b, host=host, finish=epilogue)
    return rounded_once(run) if a.dtype in HALVES else run


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
    """`matmul`, then `fused_ops`: ``BiasAdd`` alone, or with one of ``Relu``, ``Relu6`` and ``Elu`` after it.

    Halves are rounded once, at the end.
    """
    inputs = (a, b, *fusion_inputs)
    return on_tensors(
        _fused_product_form,
        inputs,
        transpose_a=transpose_a,
        transpose_b=transpose_b,
        fused_ops=fused_ops,
        metadata=metadata,
        host=host,
    )
