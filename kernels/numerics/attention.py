"""Attention: scores of queries and keys, their softmax, and the values that these mix, without what lies between as a
whole.

Scores are made and used a block at a time, some rows of one matrix of a batch, while they are in the cache; of a small
batch, all at once. Keys and values are read where they are, transposed or in parts.

Those of many queries lie by columns, keys x matrices x queries: what is the same for all keys is a row of all queries
then, of which numpy does a few long ones as fast as its functions are.
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
from tfrt.kernels.numerics.packed import is_constant, packed_once
from tfrt.kernels.numerics.products import multiply_stacks
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.row_layers import Rows, softmax_columns, softmax_rows
from tfrt.kernels.numerics.workspaces import Workspace

Mix = Callable[[Sequence[np.ndarray], np.ndarray], None]
"""Attention of arrays of any leading dimensions, into the last one."""

LEAST_WORK = 1 << 23
"""Multiplications in a block on another thread, which take about a tenth of a millisecond."""

BLOCK_BYTES = 1 << 19
"""How many bytes of scores are made at a time: half of what fits the cache. Products of fewer rows are slower."""

LEAST_ROWS = 128
"""How many queries a block has at least, if there are as many."""

SMALL_BYTES = 1 << 16
"""How many bytes of scores a batch has that is made at once."""

_MANY_QUERIES, _MANY_SCORES = 16, 1 << 13
"""How many queries, with so many scores in all, are worth it to transpose them and to have scores by columns."""

_MOST_TURNED = 1 << 20
"""How many bytes a constant mask has at most that is kept by columns, too."""

_TURNED = 32
"""How many of them are transposed at a time: rows that are some powers of two apart compete for places in a cache."""


def attend(a: Attention, host: HostContext) -> Callable[..., np.ndarray]:
    """The function of the query's array, the keys', the values', the masks', and perhaps `out`."""
    columns = a.count + (a.sink is not None)
    softmax = of_rows = softmax_rows(columns, a.dtype, zeroes_masked=a.zeroes_masked, least=LEAST_SHARE)
    if not a.zeroes_masked:
        softmax = with_native_softmax(softmax, columns, a.dtype, host)
    size, matrices = a.count * a.dtype.itemsize, prod(a.batch)
    is_large = a.queries >= _MANY_QUERIES and matrices * a.queries * a.count >= _MANY_SCORES
    mix_by_rows: Mix = partial(_mix, a, softmax)
    mix_by_columns = mix_by_rows
    if is_large and softmax is of_rows:
        of_columns = softmax_columns(columns, a.dtype, zeroes_masked=a.zeroes_masked, least=LEAST_SHARE)
        mix_by_columns = partial(_mix_by_columns, a, of_columns)
    # By number, those that are read in another order by columns.
    full = [n for n, change in enumerate(a.masked) if change.mask is not None and 1 not in change.mask[-2:]]
    floats = [packed_once(partial(_as_floats, change=change, dtype=a.dtype)) for change in a.masked]
    lying = [packed_once(partial(_turned, change=change, dtype=a.dtype)) for change in a.masked]
    rows = min(a.queries, max(BLOCK_BYTES // size, LEAST_ROWS))
    least = max(1, LEAST_WORK // (a.queries * a.count * (a.depth + a.width)))
    is_parallel = host.parallelism > 1 and matrices >= 2 * least
    leading, together = _blocks(a.batch, 1 if is_parallel else BLOCK_BYTES // (size * a.queries))
    units = prod(leading)
    is_whole = not is_parallel and (matrices * a.queries * size <= SMALL_BYTES or (units == 1 and rows == a.queries))
    first_mask = 1 + len(a.keys) + len(a.values)

    def some(mix: Mix, arrays: Sequence[np.ndarray], made: np.ndarray, first: int, last: int) -> None:
        for place in range(first, last):
            index = _index(place, leading, together)
            for start in range(0, a.queries, rows):
                part = slice(start, start + rows)
                parts = [array[index] for array in arrays]
                parts[0] = parts[0][..., part, :]
                parts[first_mask:] = [
                    mask if mask.shape[-2] == 1 else mask[..., part, :] for mask in parts[first_mask:]
                ]
                quiet.call(mix, parts, made[index][..., part, :])

    def run(*arrays: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result = np.empty(a.result, a.dtype) if out is None else out
        mix = mix_by_columns
        if a.masks:
            masks = arrays[first_mask : first_mask + len(floats)]
            known = lying if all(is_constant(masks[n]) and masks[n].nbytes <= _MOST_TURNED for n in full) else floats
            mix = mix_by_rows if known is floats else mix_by_columns
            masks = tuple([made(mask) for made, mask in zip(known, masks, strict=True)])
            if known is lying:
                masks = tuple([mask.swapaxes(-1, -2) for mask in masks])
            arrays = (*arrays[:first_mask], *masks, *arrays[first_mask + len(masks) :])
        if is_whole:
            quiet.call(mix, arrays, result)
            return result
        inputs = [np.broadcast_to(array, (*a.batch, *array.shape[-2:])) for array in arrays]
        if is_parallel:
            host.parallel_for(units, least, partial(some, mix, inputs, result))
        else:
            some(mix, inputs, result, 0, units)
        return result

    return (with_native_attention if a.queries <= MOST_QUERIES else with_native_blocks)(run, a, host)


def _as_floats(mask: np.ndarray, change: Change, dtype: np.dtype) -> np.ndarray:
    """A mask of booleans as the scores where it is false, and NaN elsewhere, with which numpy chooses faster."""
    return np.where(mask, dtype.type(np.nan), dtype.type(change.number)) if change.is_chosen else mask


def _turned(mask: np.ndarray, change: Change, dtype: np.dtype) -> np.ndarray:
    """The same of a mask, transposed."""
    return np.ascontiguousarray(_as_floats(mask, change, dtype).swapaxes(-1, -2))


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
    shape = (*query.shape[:-1], a.count + (a.sink is not None))
    if prod(shape) * a.dtype.itemsize <= SMALL_BYTES:
        query = query * a.dtype.type(a.scale) if _scales_query(a) else query
        _mix_with(a, softmax, arrays, query, np.empty(shape, a.dtype), out)
        return
    with Workspace() as space:
        scores = space.array(shape, a.dtype)
        if _scales_query(a):
            query = np.multiply(query, a.dtype.type(a.scale), space.array(query.shape, a.dtype))
        _mix_with(a, softmax, arrays, query, scores, out)


def _scales_query(a: Attention) -> bool:
    """Whether not scores are scaled, but the query, which has fewer elements."""
    return a.scale != 1 and a.depth <= a.count


def _mix_with(
    a: Attention,
    softmax: Rows,
    arrays: Sequence[np.ndarray],
    query: np.ndarray,
    scores: np.ndarray,
    out: np.ndarray,
) -> None:
    """The same with memory for scores."""
    end, start = 1 + len(a.keys), 0
    for keys, count in zip(arrays[1:end], a.keys, strict=True):
        np.matmul(query, keys.swapaxes(-1, -2), out=scores[..., start : start + count])
        start += count
    _mix_values(a, softmax, arrays, scores, scores.reshape(-1, scores.shape[-1]), out)


def _mix_by_columns(a: Attention, softmax: Rows, arrays: Sequence[np.ndarray], out: np.ndarray) -> None:
    """Attention of arrays of any leading dimensions, with scores that lie by columns; `softmax` is that of columns."""
    query = arrays[0]
    *leading, queries, depth = query.shape
    with Workspace() as space:
        memory = space.array((a.count + (a.sink is not None), *leading, queries), a.dtype)
        turned = space.array((*leading, depth, queries), a.dtype)
        for first in range(0, queries, _TURNED):
            some = slice(first, first + _TURNED)
            turned[..., some] = query[..., some, :].swapaxes(-1, -2)
        if _scales_query(a):
            np.multiply(turned, a.dtype.type(a.scale), turned)
        # Keys x queries, in each of the matrices.
        columns, start = memory.transpose(*range(1, len(leading) + 1), 0, len(leading) + 1), 0
        for keys, count in zip(arrays[1 : 1 + len(a.keys)], a.keys, strict=True):
            multiply_stacks(keys, turned, columns[..., start : start + count, :])
            start += count
        _mix_values(a, softmax, arrays, columns.swapaxes(-1, -2), memory.reshape(len(memory), -1), out)


def _mix_values(
    a: Attention,
    softmax: Rows,
    arrays: Sequence[np.ndarray],
    scores: np.ndarray,
    matrix: np.ndarray,
    out: np.ndarray,
) -> None:
    """What scores of queries and keys are made of: shares, and the values that they mix.

    Args:
        matrix: the same scores, and what the softmax takes.
    """
    end = 1 + len(a.keys)
    if a.scale != 1 and not _scales_query(a):
        scores[..., : a.count] *= a.dtype.type(a.scale)
    masks = iter(arrays[end + len(a.values) :])
    _change(scores[..., : a.count], a.scores, masks)
    if a.sink is not None:
        scores[..., a.count :] = arrays[-1]
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
