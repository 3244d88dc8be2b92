"""Products of batches of matrices, and of what becomes matrices by a copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.prepared import Scribe, written
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics import products
from tfrt.kernels.numerics.contraction_sizes import Contraction
from tfrt.kernels.numerics.copying import in_c_order, reshaped
from tfrt.kernels.numerics.products import Finish
from tfrt.kernels.numerics.quiet import quiet

SMALL_WORK = 1 << 16
"""So many multiplications in all take numpy some ten microseconds."""

_FEW_TERMS = 16
_FEW_PRODUCTS = 1 << 12


def product_of_few(how: Contraction, dtype: np.dtype) -> Callable[..., Any]:
    """`contract` of batches of matrices that take less time than to find out how best to multiply them."""
    lhs_shape, rhs_shape = (*how.batches, how.rows, how.inner), (*how.batches, how.inner, how.columns)
    shape = (*how.batches, how.rows, how.columns)
    lhs_axes, rhs_axes = how.lhs_axes, how.rhs_axes

    def run(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        a, b = x.transpose(lhs_axes).reshape(lhs_shape), y.transpose(rhs_axes).reshape(rhs_shape)
        result = np.empty(how.shape, dtype) if out is None else out
        if result.flags.c_contiguous:
            quiet.call(np.matmul, a, b, result.reshape(shape))
        else:
            result[...] = quiet.call(np.matmul, a, b).reshape(how.shape)
        return result

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        if len(operands) > 2:
            return [f"{result} = {scribe.constant(run, 'product')}({', '.join(operands[:2])}, out={operands[2]})"]
        given = [
            operand
            + (f".transpose({scribe.constant(axes)})" if axes != tuple(range(len(axes))) else "")
            + (f".reshape({scribe.constant(matrices)})" if len(axes) != len(matrices) else "")
            for operand, axes, matrices in zip(operands, (lhs_axes, rhs_axes), (lhs_shape, rhs_shape), strict=True)
        ]
        call, matmul = scribe.attribute(quiet, "call"), scribe.constant(np.matmul, "matmul")
        product = f"{call}({matmul}, {', '.join(given)}"
        if shape == how.shape:
            return [f"{result} = {product})"]
        empty = f"{scribe.constant(np.empty, 'empty')}({scribe.constant(how.shape)}, {scribe.constant(dtype)})"
        return [f"{result} = {empty}", f"{product}, {result}.reshape({scribe.constant(shape)}))"]

    return written(run, write)


def matrices(array: np.ndarray, axes: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """An array as matrices that BLAS takes: with elements next to one another in rows or in columns."""
    found = reshaped(array.transpose(axes), shape)
    down, across = found.strides[-2:]
    size = found.itemsize
    if (across == size and down >= 0) or (down == size and across >= 0) or found.size == 0:
        return found
    return in_c_order(found)


def _is_added_up(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether to add up products one after the other.

    BLAS rounds products of complex numbers otherwise than numpy does, so that little is right where parts cancel
    one another; for a few terms there is no speed to gain from it.
    """
    inner = a.shape[-1]
    return a.dtype.kind == "c" and inner <= _FEW_TERMS and a.size * b.shape[-1] <= _FEW_PRODUCTS


def _add_up(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    total = np.zeros((*a.shape[:-1], b.shape[-1]), a.dtype)
    for term in range(a.shape[-1]):
        total += a[..., term, None] * b[..., term, None, :]
    return total


def multiply(
    a: np.ndarray, b: np.ndarray, host: HostContext, out: np.ndarray | None, finish: Finish | None
) -> np.ndarray:
    if _is_added_up(a, b):
        total = quiet.call(_add_up, a, b)
        result = total if out is None else out
        np.copyto(result, total)
        if finish is not None:
            quiet.call(finish, result, 0)
        return result
    if a.ndim == 2:
        return products.matmul(a, b, host, out, finish)
    *batches, rows, inner = a.shape
    columns = b.shape[-1]
    work = rows * inner * columns
    if batches[0] < 2 or products.is_small(prod(batches) * rows, inner, columns) or host.parallelism == 1:
        found = np.empty((*batches, rows, columns), a.dtype) if out is None else out
        quiet.call(products.multiply_stacks, a, b, found)
        if finish is not None:
            quiet.call(finish, found, 0)
        return found
    result = np.empty((*batches, rows, columns), a.dtype) if out is None else out

    def block(start: int, end: int) -> None:
        part = result[start:end]
        quiet.call(np.matmul, a[start:end], b[start:end], out=part)
        if finish is not None:
            quiet.call(finish, part, start)

    work_of_batch = work * prod(batches[1:])
    host.parallel_for(batches[0], -(-products.LEAST_WORK // max(1, work_of_batch)), block)
    return result
