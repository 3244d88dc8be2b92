"""Softmax and normalization along the rows of matrices, a block of rows at a time, and what follows them.

A block is in the cache while all is done to it. Rows are summed by BLAS, which takes a third of the time of numpy's own
reduction and rounds a sum otherwise; their maxima are where numpy's search for them, which is vectorised, finds them,
or those of columns of a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.chains.elementwise import BLOCK_BYTES
from tfrt.kernels.numerics.chains.epilogues import of_vector
from tfrt.kernels.numerics.quiet import quiet

Rows = Callable[[np.ndarray, np.ndarray], object]
"""Writes what a layer makes of rows to others; they may be the same. One row may be a vector."""

LEAST_ELEMENTS = 1 << 16
"""How many elements are worth a block of their own on another thread."""

_FEW = 1 << 11
"""For fewer elements, reducing them takes no longer than to find out where their maximum is and to read it."""

_MANY_ROWS, _NARROW = 16, 32
"""Of so many rows that are so narrow, the quickest is to reduce the columns of a copy in another order."""


def softmax_rows(width: int, dtype: np.dtype, *, zeroes_masked: bool = False, least: float = 0.0) -> Rows:
    """Exponentials over their sum, for rows of that many elements, single or double precision.

    Args:
        zeroes_masked: whether rows of nothing but negative infinity become zeros, not NaN.
        least: which part of the greatest exponential others are at least, or they are zero; a power of two.
    """
    ones = np.ones(width, dtype)
    exponentials = _exponentials(dtype, least)

    def compute_one(x: np.ndarray, out: np.ndarray) -> None:
        np.subtract(x, x[x.argmax()], out)
        exponentials(out)
        np.divide(out, out.dot(ones), out)

    def compute(x: np.ndarray, out: np.ndarray) -> None:
        if x.ndim == 1:
            if not zeroes_masked:
                compute_one(x, out)
                return
            x, out = x[None], out[None]
        elif x.shape[0] == 1 and not zeroes_masked:
            compute_one(x[0], out[0])
            return
        if width <= _NARROW and x.shape[0] >= _MANY_ROWS:
            greatest = np.maximum.reduce(x.T.copy(), 0)[:, None]
        elif x.size < _FEW:
            greatest = np.maximum.reduce(x, 1, keepdims=True)
        else:
            greatest = x[np.arange(x.shape[0]), x.argmax(1)][:, None]
        if zeroes_masked:
            # Exponentials are zero then, and so is their sum, which it is nowhere else.
            greatest[greatest == -np.inf] = 0
        np.subtract(x, greatest, out)
        exponentials(out)
        total = out.dot(ones)[:, None]
        if zeroes_masked:
            total[total == 0] = 1
        np.divide(out, total, out)

    return compute


def softmax_columns(count: int, dtype: np.dtype, *, zeroes_masked: bool = False, least: float = 0.0) -> Rows:
    """The same for columns of so many elements."""
    ones = np.ones(count, dtype)
    exponentials = _exponentials(dtype, least)

    def compute(x: np.ndarray, out: np.ndarray) -> None:
        greatest = np.maximum.reduce(x, 0)
        if zeroes_masked:
            greatest[greatest == -np.inf] = 0
        np.subtract(x, greatest, out)
        exponentials(out)
        total = ones.dot(out)
        if zeroes_masked:
            total[total == 0] = 1
        # Sums are one at least.
        np.divide(1, total, total)
        np.multiply(out, total, out)

    return compute


def _exponentials(dtype: np.dtype, least: float) -> Callable[[np.ndarray], object]:
    """What replaces numbers up to zero by their exponentials; `least` is that of `softmax_rows`."""
    lowest = dtype.type(np.log(least)) if least else -np.inf
    # That of numbers in order, which numpy computes as it does those of rows.
    at_lowest = np.exp(np.full(64, lowest, dtype))[0]

    def compute(out: np.ndarray) -> None:
        if least and np.minimum.reduce(out, None) < lowest:
            # Small ones lose nothing that matters beside the greatest, which is one.
            np.maximum(out, lowest, out=out)
            np.exp(out, out)
            np.subtract(out, at_lowest, out)
        else:
            np.exp(out, out)

    return compute


def normalize_rows(width: int, dtype: np.dtype, epsilon: float) -> Rows:
    """Rows less their mean, over the square root of their variance and `epsilon`."""
    count, more = dtype.type(width), dtype.type(epsilon)
    # Sums over the count, not products with its inverse: the mean of equal numbers is that number more often.
    ones = np.ones(width, dtype)

    def compute_one(x: np.ndarray, out: np.ndarray) -> None:
        np.subtract(x, x.dot(ones) / count, out)
        np.divide(out, np.sqrt(out.dot(out) / count + more), out)

    def compute(x: np.ndarray, out: np.ndarray) -> None:
        if x.ndim == 1:
            compute_one(x, out)
            return
        if x.shape[0] == 1:
            compute_one(x[0], out[0])
            return
        mean = x.dot(ones)
        mean /= count
        np.subtract(x, mean[:, None], out)
        scale = np.vecdot(out, out)
        scale /= count
        scale += more
        np.divide(out, np.sqrt(scale, scale)[:, None], out)

    return compute


def by_rows(
    compute: Rows, shape: tuple[int, ...], dtype: np.dtype, host: HostContext | None, epilogue: RowEpilogue | None
) -> Callable[..., np.ndarray]:
    """A layer along the last dimension of arrays of this shape, which has elements, as a function of one of them, of
    the arrays that the epilogue reads, and perhaps of `out`, an array for the result."""
    rows, width = prod(shape[:-1]), shape[-1]
    most = max(1, BLOCK_BYTES // (width * dtype.itemsize))
    least = max(1, LEAST_ELEMENTS // width)
    # Without a host, somebody only asks whether there is such a function.
    is_parallel = host is not None and host.parallelism > 1 and rows >= 2 * least
    others_by_rows = () if epilogue is None else tuple(other == shape != (width,) for other in epilogue.others)

    def block(x: np.ndarray, made: np.ndarray, others: tuple[np.ndarray, ...]) -> None:
        compute(x, made)
        if epilogue is not None:
            epilogue(made, *others)

    def some(x: np.ndarray, made: np.ndarray, others: tuple[np.ndarray, ...], start: int, end: int) -> None:
        for first in range(start, end, most):
            part = slice(first, min(first + most, end))
            read = [other[part] if is_long else other for other, is_long in zip(others, others_by_rows, strict=True)]
            quiet.call(block, x[part], made[part], tuple(read))

    def whole(x: np.ndarray, result: np.ndarray, others: tuple[np.ndarray, ...]) -> None:
        made = result.reshape(rows, width)
        compute(x.reshape(rows, width), made)
        if epilogue is not None:
            epilogue.run(made, *others)

    at_once = _one_row(compute, shape, epilogue) if rows == 1 else whole

    def run_whole(x: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = np.empty(shape, dtype) if out is None or not out.flags.c_contiguous else out
        quiet.call(at_once, x, result, others)
        if out is None or result is out:
            return result
        out[...] = result
        return out

    def run(x: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = np.empty(shape, dtype) if out is None or not out.flags.c_contiguous else out
        made, x = result.reshape(rows, width), x.reshape(rows, width)
        read: Any = tuple(
            [o.reshape(rows, width) if is_long else o for o, is_long in zip(others, others_by_rows, strict=True)]
        )
        if is_parallel:
            assert host is not None
            host.parallel_for(rows, least, partial(some, x, made, read))
        else:
            some(x, made, read, 0, rows)
        if out is None or result is out:
            return result
        out[...] = result
        return out

    is_at_once = rows == 1 or (rows <= most and not is_parallel and not any(others_by_rows))
    return run_whole if is_at_once else run


def _one_row(compute: Rows, shape: tuple[int, ...], epilogue: RowEpilogue | None) -> Callable[..., None]:
    """What writes a layer of an array that is one row, with what follows it: as a vector, which numpy's functions take
    half the time for."""
    width = shape[-1]
    others, finish = ((), None) if epilogue is None else (epilogue.others, of_vector(epilogue.run))
    # How others of more dimensions become vectors, or single elements, by number.
    flat = {n: (width,) if prod(other) == width else () for n, other in enumerate(others) if len(other) > 1}

    def row(x: np.ndarray, result: np.ndarray, others: tuple[np.ndarray, ...]) -> None:
        made = result.reshape(width)
        compute(x.reshape(width), made)
        if flat:
            others = tuple([other.reshape(flat[n]) if n in flat else other for n, other in enumerate(others)])
        if finish is not None:
            finish(made, *others)

    return row
