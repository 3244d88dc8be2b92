"""Products by columns: of a right matrix that lies transposed by the transposed left one, which give the transposed
result.

A row of the transposed right matrix is read once, in order, while the left matrix, of few rows, stays in the cache. So
it comes from memory while what came before is multiplied, which panels of columns, each read as a whole for the first
rows, do not wait for. Both operands of a block are small to OpenBLAS's kernels, which multiply them as they lie.
"""

from __future__ import annotations

import numpy as np

from tfrt.kernels.numerics import products
from tfrt.kernels.numerics.workspaces import Workspace

_ROWS = (16, 32, 64)
"""How many rows fill registers: 24 take as long as 32."""

_AT_ONCE = 64
_LEAST_AT_ONCE = 8

_LEAST_TURNED = 1 << 20
"""How many bytes the right matrix has that is worth it to transpose the left one and the result on the way."""

_LEAST_ROWS_TURNED = 32

_MOST_COPIED = 1 << 22
"""Larger matrices are not copied to be transposed."""

_LINE = 64

_BESIDE = 16
"""How many elements lie between columns of a result that is transposed: places of the cache that they do not compete
for."""


def columns_at_once(rows: int, inner: int, columns: int, dtype: np.dtype, is_turned: bool) -> int:
    """How many columns of the result to make at a time; none where other ways are as fast.

    Args:
        is_turned: whether the right matrix lies transposed already.
    """
    is_large = rows * inner * columns > products.AT_ONCE and dtype == np.float32
    is_small_enough = is_turned or inner * columns * dtype.itemsize <= _MOST_COPIED
    if not (is_large and is_small_enough) or rows not in _ROWS or not products.multiplies_small_ones_as_they_lie():
        return 0
    most = min(_AT_ONCE, products.AT_ONCE // (rows * inner)) // _LEAST_AT_ONCE * _LEAST_AT_ONCE
    return min(most, columns)


def is_worth_transposing(rows: int, inner: int, columns: int, dtype: np.dtype) -> bool:
    """Whether that is fastest even of a left matrix that lies by rows, for a result that is to lie so."""
    return rows >= _LEAST_ROWS_TURNED and inner * columns * dtype.itemsize >= _LEAST_TURNED


def multiply_by_columns(a: np.ndarray, turned: np.ndarray, out: np.ndarray, at_once: int) -> None:
    """Write the product of `a` and the matrix that `turned` is the transpose of.

    Args:
        a: a matrix that lies in any way; where its columns are in order, from a line of the cache on, as results of
            this function may be, nothing is copied.
        turned: the transposed right matrix, in C order.
        out: a matrix that lies by columns or by rows.
        at_once: how many columns to make at a time.
    """
    (rows, inner), columns = a.shape, len(turned)
    with Workspace() as space:
        left = a.T
        # Vectors across two lines of the cache take longer to read again and again than to copy.
        if not left.flags.c_contiguous or left.__array_interface__["data"][0] % _LINE:
            left = space.array((inner, rows), a.dtype)
            left[...] = a.T
        stays = out.T.flags.c_contiguous
        result = out.T if stays else space.array((columns, rows + _BESIDE), a.dtype)[:, :rows]
        whole = columns // at_once * at_once
        blocks = turned[:whole].reshape(-1, at_once, inner)
        np.matmul(blocks, left, out=result[:whole].reshape(-1, at_once, rows))
        if whole < columns:
            np.matmul(turned[whole:], left, out=result[whole:])
        if not stays:
            out[...] = result.T
