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

_TILE = 64
_SHORT_TILES = (16, 32)
"""How many rows fill registers: 24 take as long as 32."""

_MOST_LEFT = 1 << 20
"""How many bytes of rows stay in the second cache."""

_AT_ONCE = 64
_LEAST_AT_ONCE = 8

_LEAST_TURNED = 256
"""How many products there are at least for each element of the left matrix and of the result, taken together, which are
transposed on the way then."""

_LEAST_ROWS_TURNED = 32

_MOST_COPIED = 1 << 22
"""Larger matrices are not copied to be transposed."""

_LINE = 64

_BESIDE = 16
"""How many elements lie between columns of a result that is transposed: places of the cache that they do not compete
for."""

_ROWS_AT_ONCE = 32
"""How many rows are transposed at a time, for the same reason."""


def columns_at_once(rows: int, inner: int, columns: int, dtype: np.dtype, is_turned: bool) -> int:
    """How many columns of the result to make at a time; none where other ways are as fast.

    Args:
        is_turned: whether the right matrix lies transposed already.
    """
    is_large = rows * inner * columns > products.AT_ONCE and dtype == np.float32
    is_in_cache = rows * inner * dtype.itemsize <= _MOST_LEFT
    is_copied = is_turned or inner * columns * dtype.itemsize <= _MOST_COPIED
    is_of_tiles = rows % _TILE == 0 or rows in _SHORT_TILES
    if not (is_large and is_in_cache and is_copied and is_of_tiles) or not products.multiplies_small_ones_as_they_lie():
        return 0
    most = min(_AT_ONCE, products.AT_ONCE // (min(rows, _TILE) * inner)) // _LEAST_AT_ONCE * _LEAST_AT_ONCE
    return min(most, columns)


def is_worth_transposing(rows: int, inner: int, columns: int) -> bool:
    """Whether that is fastest even of a left matrix that lies by rows, for a result that is to lie so."""
    return rows >= _LEAST_ROWS_TURNED and inner * columns >= _LEAST_TURNED * (inner + columns)


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
    tile = min(rows, _TILE)
    with Workspace() as space:
        left = a.T
        # Vectors across two lines of the cache take longer to read again and again than to copy.
        if not left.flags.c_contiguous or left.__array_interface__["data"][0] % _LINE:
            left = space.array((inner, rows), a.dtype)
            for first in range(0, rows, _ROWS_AT_ONCE):
                left[:, first : first + _ROWS_AT_ONCE] = a[first : first + _ROWS_AT_ONCE].T
        stays = out.T.flags.c_contiguous
        result = out.T if stays else space.array((columns, rows + _BESIDE), a.dtype)[:, :rows]
        # Tiles x columns x rows of a tile: what is read of the right matrix is read for all tiles while it is near.
        lefts = left.reshape(inner, -1, tile).swapaxes(0, 1)
        whole = columns // at_once * at_once
        blocks = turned[:whole].reshape(-1, 1, at_once, inner)
        np.matmul(blocks, lefts, out=result[:whole].reshape(-1, at_once, rows // tile, tile).swapaxes(1, 2))
        if whole < columns:
            np.matmul(turned[whole:], lefts, out=result[whole:].reshape(-1, rows // tile, tile).swapaxes(0, 1))
        if not stays:
            out[...] = result.T
