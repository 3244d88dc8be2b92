"""Matrix products that use all compute threads of a host where they are large.

Where a product is split, each block of rows or columns is one BLAS call. BLAS may round the elements of a block
differently from those of the whole, in the last digit; the same product on a host of as many threads always gives the
same.

A block needs all of the operand that is not split, which BLAS copies for each call into the order in which it reads it.
So the larger operand is split: half of the columns of 64 x 784 by 784 x 512 take 0.52 of the time of the whole, half of
the rows 0.57; of 16 x 784 by 784 x 512, 0.54 and 0.76.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.quiet import quiet

Finish = Callable[[np.ndarray], object]
"""Changes some rows of a product in place, without the floating-point warnings of its own that callers turn off."""

LEAST_WORK = 1 << 23
"""Multiplications in a block; they take some 0.2 milliseconds, several times what handing over a block takes."""

_LEAST_FINISHED = 1 << 15
"""Elements that are worth a block of what is done to a product."""


def is_small(rows: int, inner: int, columns: int) -> bool:
    """Whether a product is not worth splitting, by the sizes of its operands."""
    return rows * inner * columns < 2 * LEAST_WORK


_PANEL_ROWS = range(4, 13)
_PANEL_WORK = 1_000_000
_MOST_PANELS_BYTES = 1 << 22
_LEAST_PANEL = 64


def panel(rows: int, inner: int, columns: int, itemsize: int) -> int:
    """How many columns of a product to take at a time; all of them where that is fastest.

    OpenBLAS multiplies small matrices, by which it means at most a million multiplications, as they lie, and packs
    larger ones first, which takes longer than to multiply them by few rows: 8 x 256 by 256 x 1024 takes 121
    microseconds at once and 45 in three panels. Beyond the sizes here there is nothing to gain.
    """
    work = rows * inner * columns
    if rows not in _PANEL_ROWS or work <= _PANEL_WORK or inner * columns * itemsize > _MOST_PANELS_BYTES:
        return columns
    step = _PANEL_WORK // (rows * inner) // 16 * 16
    if step < _LEAST_PANEL:
        return columns
    # Panels of about the same width, of whole vectors.
    width = ceil(columns / ceil(columns / step))
    return ceil(width / 16) * 16


def multiply_by_panels(a: np.ndarray, b: np.ndarray, out: np.ndarray | None, step: int) -> np.ndarray:
    """``a @ b``, by so many columns at a time."""
    result = np.empty((a.shape[0], b.shape[1]), a.dtype) if out is None else out
    for first in range(0, b.shape[1], step):
        np.matmul(a, b[:, first : first + step], out=result[:, first : first + step])
    return result


def matmul(
    a: np.ndarray, b: np.ndarray, host: HostContext, out: np.ndarray | None = None, finish: Finish | None = None
) -> np.ndarray:
    """``np.matmul`` of two matrices without floating-point warnings, by blocks of rows or columns where that pays.

    Args:
        out: where to write the result.
        finish: what to do to each block of rows when it is there.
    """
    (count, inner), columns = a.shape, b.shape[1]
    if is_small(count, inner, columns) or host.parallelism == 1:
        # The same numbers, but the method costs half as much to call.
        product: np.ndarray = quiet.call(a.dot, b, out)
        if finish is not None:
            quiet.call(finish, product)
        return product
    result = np.empty((count, columns), np.result_type(a, b)) if out is None else out

    def of_rows(start: int, end: int) -> None:
        quiet.call(np.matmul, a[start:end], b, out=result[start:end])
        finish_rows(start, end)

    def of_columns(start: int, end: int) -> None:
        quiet.call(np.matmul, a, b[:, start:end], out=result[:, start:end])

    def finish_rows(start: int, end: int) -> None:
        if finish is not None:
            quiet.call(finish, result[start:end])

    if count >= columns:
        host.parallel_for(count, -(-LEAST_WORK // max(1, inner * columns)), of_rows)
        return result
    host.parallel_for(columns, -(-LEAST_WORK // max(1, inner * count)), of_columns)
    if finish is not None:
        host.parallel_for(count, -(-_LEAST_FINISHED // max(1, columns)), finish_rows)
    return result
