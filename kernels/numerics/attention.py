"""Attention: scores of queries and keys, their softmax, and the values that these mix, without what lies between as a
whole.

Scores are made and used a block at a time, some rows of one matrix of a batch, while they are in the cache; of a small
batch, all at once. Keys and values are read where they are, transposed or in parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import prod

import numpy as np

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics.attention_sizes import LEAST_SHARE, Attention, Change, Shape
from tfrt.kernels.numerics.machine_code.attention import MOST_QUERIES, with_native_attention
from tfrt.kernels.numerics.machine_code.attention_blocks import with_native_blocks
from tfrt.kernels.numerics.machine_code.rows import with_native_softmax
from tfrt.kernels.numerics.products import multiply_stacks
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.row_layers import Rows, softmax_rows
from tfrt.kernels.numerics.workspaces import Workspace

LEAST_WORK = 1 << 23
"""Multiplications in a block on another thread, which take about a tenth of a millisecond."""

BLOCK_BYTES = 1 << 19
"""How many bytes of scores are made at a time: half of what fits the cache. Products of fewer rows are slower."""

LEAST_ROWS = 128
"""How many queries a block has at least, if there are as many."""

SMALL_BYTES = 1 << 16
"""How many bytes of scores a batch has that is made at once."""


def attend(a: Attention, host: HostContext) -> Callable[..., np.ndarray]:
    """The function of the query's array, the keys', the values', the masks', and perhaps `out`."""
    columns = a.count + (a.sink is not None)
    softmax = softmax_rows(columns, a.dtype, zeroes_masked=a.zeroes_masked, least=LEAST_SHARE)
    if not a.zeroes_masked:
        softmax = with_native_softmax(softmax, columns, a.dtype, host)
    size, matrices = a.count * a.dtype.itemsize, prod(a.batch)
    rows = min(a.queries, max(BLOCK_BYTES // size, LEAST_ROWS))
    is_whole = matrices * a.queries * size <= SMALL_BYTES
    least = max(1, LEAST_WORK // (a.queries * a.count * (a.depth + a.width)))
    is_parallel = host.parallelism > 1 and matrices >= 2 * least
    leading, together = _blocks(a.batch, 1 if is_parallel else BLOCK_BYTES // (size * a.queries))
    units = prod(leading)
    first_mask = 1 + len(a.keys) + len(a.values)

    def some(arrays: Sequence[np.ndarray], made: np.ndarray, first: int, last: int) -> None:
        for place in range(first, last):
            index = _index(place, leading, together)
            for start in range(0, a.queries, rows):
                part = slice(start, start + rows)
                parts = [array[index] for array in arrays]
                parts[0] = parts[0][..., part, :]
                parts[first_mask:] = [
                    mask if mask.shape[-2] == 1 else mask[..., part, :] for mask in parts[first_mask:]
                ]
                quiet.call(_mix, a, softmax, parts, made[index][..., part, :])

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = np.empty(a.result, a.dtype) if out is None else out
        if a.masks:
            masks = [_as_floats(*pair, a.dtype) for pair in zip(arrays[first_mask:], a.masked, strict=False)]
            arrays = (*arrays[:first_mask], *masks, *arrays[first_mask + len(masks) :])
        if is_whole and not is_parallel:
            quiet.call(_mix, a, softmax, arrays, result)
            return result
        inputs = [np.broadcast_to(array, (*a.batch, *array.shape[-2:])) for array in arrays]
        if is_parallel:
            host.parallel_for(units, least, partial(some, inputs, result))
        else:
            some(inputs, result, 0, units)
        return result

    return (with_native_attention if a.queries <= MOST_QUERIES else with_native_blocks)(run, a, host)


def _as_floats(mask: np.ndarray, change: Change, dtype: np.dtype) -> np.ndarray:
    """A mask of booleans as the scores where it is false, and NaN elsewhere, with which numpy chooses faster."""
    return np.where(mask, dtype.type(np.nan), dtype.type(change.number)) if change.is_chosen else mask


def _blocks(batch: Shape, most: int) -> tuple[Shape, int]:
    """How many blocks there are along some leading dimensions, of at most so many matrices each, and how many of the
    last of these dimensions a block has; it has all of the dimensions that follow."""
    for axis in reversed(range(len(batch))):
        if batch[axis] > most:
            together = max(1, most)
            return (*batch[:axis], -(-batch[axis] // together)), together
        most //= batch[axis]
    return (), 1


def _index(place: int, sizes: Shape, together: int) -> tuple[int | slice, ...]:
    """Where a block is, in the order in which they lie."""
    found: list[int | slice] = []
    for size in reversed(sizes):
        place, index = divmod(place, size)
        found.append(index if found or together == 1 else slice(index * together, (index + 1) * together))
    return tuple(reversed(found))


def _mix(a: Attention, softmax: Rows, arrays: Sequence[np.ndarray], out: np.ndarray) -> None:
    """Attention of arrays of any leading dimensions."""
    query = arrays[0]
    # Whichever has fewer elements is scaled.
    scales_query, scale = a.scale != 1 and a.depth <= a.count, a.dtype.type(a.scale)
    shape = (*query.shape[:-1], a.count + (a.sink is not None))
    if prod(shape) * a.dtype.itemsize <= SMALL_BYTES:
        query = query * scale if scales_query else query
        _mix_with(a, softmax, arrays, query, np.empty(shape, a.dtype), not scales_query, out)
        return
    with Workspace() as space:
        scores = space.array(shape, a.dtype)
        if scales_query:
            query = np.multiply(query, scale, space.array(query.shape, a.dtype))
        _mix_with(a, softmax, arrays, query, scores, not scales_query, out)


def _mix_with(
    a: Attention,
    softmax: Rows,
    arrays: Sequence[np.ndarray],
    query: np.ndarray,
    scores: np.ndarray,
    scales: bool,
    out: np.ndarray,
) -> None:
    """The same with memory for scores, which are scaled if they are to be."""
    end, start = 1 + len(a.keys), 0
    for keys, count in zip(arrays[1:end], a.keys, strict=True):
        np.matmul(query, keys.swapaxes(-1, -2), out=scores[..., start : start + count])
        start += count
    if scales and a.scale != 1:
        scores *= a.dtype.type(a.scale)
    masks = iter(arrays[end + len(a.values) :])
    _change(scores[..., : a.count], a.scores, masks)
    if a.sink is not None:
        scores[..., a.count :] = arrays[-1]
    matrix = scores.reshape(-1, scores.shape[-1])
    softmax(matrix, matrix)
    shares = scores[..., : a.count]
    if a.shares[:1] == (_NO_NAN,):
        # None is negative.
        np.fmax(shares, 0, shares)
        _change(shares, a.shares[1:], masks)
    else:
        _change(shares, a.shares, masks)
    start = 0
    for values, count in zip(arrays[end : end + len(a.values)], a.values, strict=True):
        shares = scores[..., start : start + count]
        if start == 0:
            multiply_stacks(shares, values, out)
        else:
            # A product with a single value is one of numbers, for which BLAS is not called.
            out += shares * values if count == 1 else np.matmul(shares, values)
        start += count


_FUNCTIONS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
}


_NO_NAN = Change("replace_nan", number=0.0)


def _change(array: np.ndarray, changes: Sequence[Change], masks: Iterator[np.ndarray]) -> None:
    """Change scores or shares in place; each mask that is used is taken."""
    for change in changes:
        number = array.dtype.type(0.0 if change.number is None else change.number)
        if change.name == "tanh":
            np.tanh(array, array)
        elif change.name == "replace_nan":
            np.copyto(array, number, where=np.isnan(array))
        elif change.is_chosen:
            # Of a number and NaN, the one that is a number: together that is to replace what is not where the mask is
            # NaN.
            mask = next(masks)
            np.fmin(array, mask, array)
            if number != -np.inf:
                np.fmax(array, mask, array)
        else:
            other = number if change.mask is None else next(masks)
            _FUNCTIONS[change.name](array, other, out=array)
