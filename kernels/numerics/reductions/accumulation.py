"""Running sums and the like: at each place along a dimension the elements up to it combined.

numpy combines the elements of a line each after the one before, which takes as long as an addition does, and looks for
each of them where it lies. Here the elements of many lines that are next to one another are combined at once.

Floats are summed as XLA's CPU does it, bit by bit: in blocks of 16, and the blocks' totals likewise. Blocks do not wait
for one another, so there are many lines in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod

import numpy as np

from tfrt.kernels.numerics.reductions.neutral import neutral_of

_SIZE = 16
"""How many elements a block has."""

_MANY = 1 << 14
"""Blocks of fewer elements numpy's own function combines in less time than a call takes for each place of a block."""

_WIDE, _ROW = 1 << 8, 1 << 6
"""So many elements of lines are combined in less time than numpy's own function takes for them, if so many lie next to
one another."""

_TOGETHER = 1 << 16
"""Of so many elements lines are combined at once: they stay in the cache."""

_NARROW = 8
"""So few columns are taken one by one: numpy's loops would be no longer than that."""


Accumulate = Callable[[np.ndarray, np.ndarray, np.ndarray], None]
"""Takes an array, an initial value, and an array for the result, in C order, but perhaps reversed along the dimension:
puts there the initial value and the elements up to each place combined."""


def accumulating(function: np.ufunc, shape: Sequence[int], dtype: np.dtype, axis: int) -> Accumulate:
    """What accumulates arrays of this shape and type along a dimension."""
    rounds = function in (np.add, np.multiply) and dtype.kind not in "biu"
    size, after = shape[axis], prod(shape[axis + 1 :])
    lines = prod(shape[:axis]), size, after
    many = prod(shape) >= _MANY
    neutral = neutral_of(function, dtype)
    by_column = after <= _NARROW and lines[0] * size >= _MANY
    columns = [np.s_[..., i : i + 1] for i in range(after)] if by_column else [()]

    def in_order(x: np.ndarray, init: np.ndarray, out: np.ndarray) -> None:
        if many:
            _accumulate_in_order(function, x.reshape(lines), out.reshape(lines))
        else:
            function.accumulate(x, axis, dtype, out)
        # Sums are rounded once more where they begin with another number, and zeros may have another sign.
        if rounds or init.item() != neutral:
            function(init, out, out=out)

    def in_blocks(x: np.ndarray, init: np.ndarray, out: np.ndarray) -> None:
        x, found = x.reshape(lines), out.reshape(lines)
        begins = many and init.item() == neutral
        for column in columns:
            _accumulate_blocks(function, x[column], init if begins else None, found[column])
        if not begins:
            function(init, out, out=out)

    return in_blocks if rounds and (many or size > _SIZE) else in_order


def _accumulate_in_order(function: np.ufunc, x: np.ndarray, out: np.ndarray) -> None:
    """Along the second of three dimensions, one after the other."""
    before, size, after = x.shape
    if size > _SIZE and (before * after < _WIDE or after < _ROW):
        function.accumulate(x, 1, x.dtype, out)
        return
    _combine(function, x[:, np.newaxis], out[:, np.newaxis])


def _accumulate_blocks(function: np.ufunc, x: np.ndarray, init: np.ndarray | None, out: np.ndarray) -> None:
    """Along the second of three dimensions, in blocks, beginning with `init` where it is one."""
    before, size, after = x.shape
    count, rest = divmod(size, _SIZE)
    if not count:
        _combine_few(function, x[:, np.newaxis], out[:, np.newaxis])
        if init is not None:
            function(init, out, out=out)
        return
    whole = size - rest
    blocks = (before, count, _SIZE, after)
    found = out[:, :whole].reshape(blocks)
    _combine_few(function, x[:, :whole].reshape(blocks), found)
    totals = found[:, :, -1]
    if count > 2 or rest or init is not None:
        totals = np.empty((before, count, after), x.dtype)
        _accumulate_blocks(function, found[:, :, -1], init, totals)
    if init is not None:
        function(init, found[:, 0], out=found[:, 0])
    later = found[:, 1:]
    function(later, totals[:, :-1, np.newaxis], out=later)
    if rest:
        _combine_few(function, x[:, np.newaxis, whole:], out[:, np.newaxis, whole:])
        function(out[:, whole:], totals[:, -1:], out=out[:, whole:])


def _combine_few(function: np.ufunc, blocks: np.ndarray, out: np.ndarray) -> None:
    if blocks.size < _MANY:
        function.accumulate(blocks, 2, blocks.dtype, out)
        return
    _combine(function, blocks, out)


def _combine(function: np.ufunc, blocks: np.ndarray, out: np.ndarray) -> None:
    """The elements of each block combined, along the third of four dimensions."""
    for part in _parts(blocks.shape):
        given, found = blocks[part].transpose(2, 0, 1, 3), out[part].transpose(2, 0, 1, 3)
        last = found[0]
        last[...] = given[0]
        for place, element in zip(found[1:], given[1:], strict=True):
            function(last, element, out=place)
            last = place


def _parts(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Parts of the first two dimensions of blocks, whose last two are taken as they are."""
    before, count, size, after = shape
    together = max(1, _TOGETHER // (size * after))
    lines, step = max(1, together // count), min(together, count)
    for line in range(0, before, lines):
        for at in range(0, count, step):
            yield slice(line, line + lines), slice(at, at + step)
