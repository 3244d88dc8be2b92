"""Kernels of `eigen`: linear algebra, with numpy in place of the reference's Eigen.

Reference: ``backends/common/lib/compat/eigen/kernels`` in tensorflow/runtime.
"""

from __future__ import annotations

import numpy as np

from tfrt.executor.dtype import DType
from tfrt.executor.errors import KernelError
from tfrt.executor.kernel_registry import kernel
from tfrt.executor.tensor import DenseHostTensor, expect
from tfrt.executor.values import Chain


@kernel("eigen.matmul.f32")
def matmul_f32(
    alpha: float,
    lhs: DenseHostTensor,
    rhs: DenseHostTensor,
    beta: float,
    result: DenseHostTensor,
    chain: Chain,
) -> Chain:
    _matmul(DType.F32, alpha, lhs, rhs, beta, result)
    return chain


@kernel("eigen.matmul.i32")
def matmul_i32(
    alpha: int,
    lhs: DenseHostTensor,
    rhs: DenseHostTensor,
    beta: int,
    result: DenseHostTensor,
    chain: Chain,
) -> Chain:
    _matmul(DType.I32, alpha, lhs, rhs, beta, result)
    return chain


def _matmul(
    dtype: DType,
    alpha: float,
    lhs: DenseHostTensor,
    rhs: DenseHostTensor,
    beta: float,
    result: DenseHostTensor,
) -> None:
    """``result = alpha * lhs @ rhs + beta * result``, in place, for matrices of that element type."""
    a, b, c = (expect(tensor, dtype, 2) for tensor in (lhs, rhs, result))
    if a.shape[1] != b.shape[0]:
        raise KernelError(f"MatMul input tensors inner dimension mismatch: {list(a.shape)} vs. {list(b.shape)}")
    if c.shape != (a.shape[0], b.shape[1]):
        raise KernelError(
            f"MatMul output shape {list(c.shape)} does not match product shape of inputs: "
            f"{list(a.shape)} * {list(b.shape)}"
        )
    scale = c.dtype.type
    with np.errstate(all="ignore"):
        if beta == 0:
            # The result may be uninitialized: it must not be read.
            np.matmul(a, b, out=c)
            c *= scale(alpha)
            return
        product = a @ b
        product *= scale(alpha)
        c *= scale(beta)
        c += product
