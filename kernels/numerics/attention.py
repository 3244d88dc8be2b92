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
from tfrt.kernels.numerics.copying import in_c_order
from tfrt.kernels.numerics.machine_code.attention import MOST_QUERIES, with_native_attention
from tfrt.kernels.numerics.machine_code.attention_blocks import with_native_blocks
from tfrt.kernels.numerics.machine_code.rows import with_native_softmax
from tfrt.kernels.numerics.packed import is_constant, packed_once
from tfrt.kernels.numerics.products import LEAST_HEIGHT, multiply_stacks
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
    softmax = of_rows = softmax_rows(a.columns, a.dtype, zeroes_masked=a.zeroes_masked, least=LEAST_SHARE)
    if not a.zeroes_masked:
        softmax = with_native_softmax(softmax, a.columns, a.dtype, host)
    size, matrices = a.count * a.dtype.itemsize, prod(a.batch)
    is_large = a.queries >= _MANY_QUERIES and matrices * a.queries * a.count >= _MANY_SCORES
    mix_by_rows: Mix = partial(_mix, a, softmax)
    mix_by_columns = None
    if is_large and softmax is of_rows:
        of_columns = softmax_columns(a.columns, a.dtype, zeroes_masked=a.zeroes_masked, least=LEAST_SHARE)
        mix_by_columns = partial(_mix_by_columns, a, of_columns)
    rows = min(a.queries, max(BLOCK_BYTES // size, LEAST_ROWS))
    least = max(1, LEAST_WORK // (a.queries * a.count * (a.depth + a.width)))
    is_parallel = host.parallelism > 1 and matrices >= 2 * least
    leading, together = _blocks(a.batch, 1 if is_parallel else BLOCK_BYTES // (size * a.queries))
    units = prod(leading)
    is_whole = not is_parallel and (matrices * a.queries * size <= SMALL_BYTES or (units == 1 and rows == a.queries))
    first_mask = 1 + len(a.keys) + len(a.values)
    masks_by_rows, masks_by_columns = _masks_by_rows(a), _masks_by_columns(a)

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
        made = result.transpose(a.places) if a.order else result
        mix, masks = mix_by_rows, arrays[first_mask:]
        if mix_by_columns is not None and (known := masks_by_columns(masks)) is not None:
            mix, masks = mix_by_columns, known
        elif masks:
            masks = masks_by_rows(masks)
        arrays = arrays[:first_mask] + masks
        if is_whole:
            quiet.call(mix, arrays, made)
            return result
        inputs = [np.broadcast_to(array, (*a.batch, *array.shape[-2:])) for array in arrays]
        if is_parallel:
            host.parallel_for(units, least, partial(some, mix, inputs, made))
        else:
            some(mix, inputs, made, 0, units)
        return result

    return (with_native_attention if a.queries <= MOST_QUERIES else with_native_blocks)(run, a, host)


Masks = tuple[np.ndarray, ...]
"""Those of changes, and the sink."""


def _masks_by_rows(a: Attention) -> Callable[[Masks], Masks]:
    """What makes floats of masks that choose, once of a constant."""
    chosen = {
        n: packed_once(partial(_as_floats, change, a.dtype)) for n, change in enumerate(a.masked) if change.is_chosen
    }

    def known(masks: Masks) -> Masks:
        return tuple([chosen[n](mask) if n in chosen else mask for n, mask in enumerate(masks)]) if chosen else masks

    return known


def _masks_by_columns(a: Attention) -> Callable[[Masks], Masks | None]:
    """The same in the order of scores by columns; None for masks that are others in each call, and take too long to
    transpose."""
    turned = [packed_once(partial(_turned, change, a.dtype)) for change in a.masked]
    full = [n for n, change in enumerate(a.masked) if change.mask is not None and 1 not in change.mask[-2:]]

    def known(masks: Masks) -> Masks | None:
        if not all(is_constant(masks[n]) and masks[n].nbytes <= _MOST_TURNED for n in full):
            return None
        pairs = zip(turned, masks, strict=False)
        return tuple([turn(mask).swapaxes(-1, -2) for turn, mask in pairs]) + masks[len(turned) :]

    return known


def _as_floats(change: Change, dtype: np.dtype, mask: np.ndarray) -> np.ndarray:
    """A mask of booleans as the scores where it is false, and NaN elsewhere, with which numpy chooses faster."""
    return np.where(mask, dtype.type(np.nan), dtype.type(change.number)) if change.is_chosen else mask


def _turned(change: Change, dtype: np.dtype, mask: np.ndarray) -> np.ndarray:
    """The same of a mask, transposed."""
    return in_c_order(_as_floats(change, dtype, mask).swapaxes(-1, -2))


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
    shape = (*query.shape[:-1], a.columns)
    if prod(shape) * a.dtype.itemsize <= SMALL_BYTES:
        query = query * a.factor if a.scales_query else query
        _mix_with(a, softmax, arrays, query, np.empty(shape, a.dtype), out)
        return
    with Workspace() as space:
        scores = space.array(shape, a.dtype)
        if a.scales_query:
            query = np.multiply(query, a.factor, space.array(query.shape, a.dtype))
        _mix_with(a, softmax, arrays, query, scores, out)


def _mix_with(
    a: Attention,
    softmax: Rows,
    arrays: Sequence[np.ndarray],
    query: np.ndarray,
    scores: np.ndarray,
    out: np.ndarray,
) -> None:
    """The same with memory for scores."""
    for place, keys in zip(a.places_of_keys, arrays[1:], strict=False):
        np.matmul(query, keys.swapaxes(-1, -2), scores[place])
    _mix_values(a, softmax, arrays, scores, scores.reshape(-1, a.columns), out)


def _mix_by_columns(a: Attention, softmax: Rows, arrays: Sequence[np.ndarray], out: np.ndarray) -> None:
    """Attention of arrays of any leading dimensions, with scores that lie by columns; `softmax` is that of columns."""
    query = arrays[0]
    *leading, queries, depth = query.shape
    with Workspace() as space:
        memory = space.array((a.columns, *leading, queries), a.dtype)
        turned = space.array((*leading, depth, queries), a.dtype)
        for first in range(0, queries, _TURNED):
            some = slice(first, first + _TURNED)
            turned[..., some] = query[..., some, :].swapaxes(-1, -2)
        if a.scales_query:
            np.multiply(turned, a.factor, turned)
        scores = memory.transpose(*range(1, memory.ndim), 0)
        for place, keys in zip(a.places_of_keys, arrays[1:], strict=False):
            multiply_stacks(keys, turned, scores[place].swapaxes(-1, -2))
        _mix_values(a, softmax, arrays, scores, memory.reshape(a.columns, -1), out)


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
        matrix: the same scores, as the softmax takes them.
    """
    first = 1 + len(a.keys)
    end = first + len(a.values)
    masks = iter(arrays[end:])
    shares = scores if a.sink is None else scores[..., : a.count]
    if a.scale != 1 and not a.scales_query:
        np.multiply(shares, a.factor, shares)
    if a.scores:
        _change(shares, a.scores, masks)
    if a.sink is not None:
        scores[..., a.count :] = arrays[-1]
    softmax(matrix, matrix)
    if a.shares[:1] == (_NO_NAN,):
        # None is negative.
        np.fmax(shares, 0, shares)
        _change(shares, a.shares[1:], masks)
    elif a.shares:
        _change(shares, a.shares, masks)
    # There are no blocks of fewer rows.
    multiply = np.matmul if a.queries < LEAST_HEIGHT else multiply_stacks
    is_first = True
    for place, values in zip(a.places_of_values, arrays[first:end], strict=True):
        if is_first:
            multiply(scores[place], values, out)
        elif values.shape[-2] == 1:
            # A product with a single value is one of numbers, for which BLAS is not called.
            np.add(out, scores[place] * values, out)
        else:
            np.add(out, np.matmul(scores[place], values), out)
        is_first = False


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
        function = _FUNCTIONS.get(change.name)
        if function is not None:
            other = array.dtype.type(change.number) if change.mask is None else next(masks)
            function(array, other, out=array)
        elif change.name == "tanh":
            np.tanh(array, array)
        elif change.name == "replace_nan":
            np.copyto(array, array.dtype.type(change.number), where=np.isnan(array))
        else:
            # Of a number and NaN, the one that is a number: together that is to replace what is not where the mask is
            # NaN.
            mask = next(masks)
            np.fmin(array, mask, array)
            if change.number != -np.inf:
                np.fmax(array, mask, array)
