"""Matrix products that use all compute threads of a host where they are large.

Where a product is split, each block of rows is one BLAS call. BLAS may round the rows of a block differently from those
of the whole, in the last digit; the same product on a host of as many threads always gives the same.
"""

from __future__ import annotations

import numpy as np

from tfrt.executor.host_context import HostContext
from tfrt.kernels.numerics.quiet import quiet

LEAST_WORK = 1 << 23
"""Multiplications in a block; they take about a millisecond, a hundred times what handing over a block takes."""


def matmul(a: np.ndarray, b: np.ndarray, host: HostContext, out: np.ndarray | None = None) -> np.ndarray:
    """``np.matmul`` of two matrices without floating-point warnings, by blocks of rows where that pays."""
    if a.size * b.shape[1] < 2 * LEAST_WORK or host.parallelism == 1:
        # The same numbers, but the method costs half as much to call.
        product: np.ndarray = quiet.call(a.dot, b) if out is None else quiet.call(np.matmul, a, b, out)
        return product
    rows, work_of_row = a.shape[0], a.shape[1] * b.shape[1]
    result = np.empty((rows, b.shape[1]), np.result_type(a, b)) if out is None else out

    def block(start: int, end: int) -> None:
        quiet.call(np.matmul, a[start:end], b, out=result[start:end])

    host.parallel_for(rows, -(-LEAST_WORK // max(1, work_of_row)), block)
    return result
