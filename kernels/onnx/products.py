"""Products of matrices."""

from __future__ import annotations

import string

import numpy as np

from tfrt.kernels.shared.operators import operator

Array = np.ndarray


@operator("MatMul", in_single=True)
def matmul(a: Array, b: Array) -> Array:
    return np.asarray(np.matmul(a, b))


@operator("Gemm", in_single=True)
def gemm(
    a: Array,
    b: Array,
    c: Array | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Array:
    """``alpha * A B + beta * C``."""
    product = np.matmul(a.T if transA else a, b.T if transB else b)
    if alpha != 1:
        product = (alpha * product).astype(a.dtype)
    if c is None:
        return np.asarray(product)
    return np.asarray(product + (c if beta == 1 else (beta * c).astype(a.dtype))).astype(a.dtype)


@operator("Einsum", in_single=True)
def einsum(*arrays: Array, equation: str) -> Array:
    """Einstein's sum: terms for operands, and perhaps one for the result, with an ellipsis for what is broadcast."""
    return np.asarray(np.einsum(_unspaced(equation), *arrays))


def _unspaced(equation: str) -> str:
    return "".join(c for c in equation if c in string.ascii_letters or c in ".,->")


@operator("Det", in_single=True)
def det(x: Array) -> Array:
    return np.asarray(np.linalg.det(x)).astype(x.dtype)


@operator("MatMulInteger")
def matmul_integer(a: Array, b: Array, a_zero: Array | None = None, b_zero: Array | None = None) -> Array:
    left = a.astype(np.int32) - (0 if a_zero is None else _rows(a_zero, a.ndim))
    right = b.astype(np.int32) - (0 if b_zero is None else b_zero.astype(np.int32))
    return np.asarray(np.matmul(left, right))


def _rows(zero: Array, rank: int) -> Array:
    """Zero points of rows, one each, as a column."""
    wide = zero.astype(np.int32)
    return wide[:, np.newaxis] if wide.ndim == 1 and rank > 1 and wide.size > 1 else wide
