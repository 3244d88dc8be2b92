"""Matrix products that use all compute threads of a host where they are large.

Where a product is split, each block of rows is one BLAS call. BLAS may round the rows of a block differently from those
of the whole, in the last digit; the same product on a host of as many threads always gives the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.quiet import quiet

Finish = Callable[[np.ndarray], object]
"""Changes some rows of a product in place, without the floating-point warnings of its own that callers turn off."""

LEAST_WORK = 1 << 23
"""Multiplications in a block; they take about a millisecond, a hundred times what handing over a block takes."""


def is_small(rows: int, inner: int, columns: int) -> bool:
    """Whether a product is not worth splitting, by the sizes of its operands."""
    return rows * inner * columns < 2 * LEAST_WORK


def matmul(
    a: np.ndarray, b: np.ndarray, host: HostContext, out: np.ndarray | None = None, finish: Finish | None = None
) -> np.ndarray:
    """``np.matmul`` of two matrices without floating-point warnings, by blocks of rows where that pays.

    Args:
        out: where to write the result.
        finish: what to do to each block of rows when it is there.
    """
    if is_small(a.shape[0], a.shape[1], b.shape[1]) or host.parallelism == 1:
        # The same numbers, but the method costs half as much to call.
        product: np.ndarray = quiet.call(a.dot, b, out)
        if finish is not None:
            quiet.call(finish, product)
        return product
    count, work_of_row = a.shape[0], a.shape[1] * b.shape[1]
    result = np.empty((count, b.shape[1]), np.result_type(a, b)) if out is None else out

    def block(start: int, end: int) -> None:
        rows = result[start:end]
        quiet.call(np.matmul, a[start:end], b, out=rows)
        if finish is not None:
            quiet.call(finish, rows)

    host.parallel_for(count, -(-LEAST_WORK // max(1, work_of_row)), block)
    return result
