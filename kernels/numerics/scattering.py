"""Arrays with updates at indices that arrays hold, as StableHLO's `scatter` makes them.

Two things that the specification leaves open, or says otherwise, are as XLA does them on CPUs: updates of one element
are applied one after the other, in the order of the indices; and a window that does not fit is left out, all of it.

Source of the semantics: `scatter` in StableHLO's specification.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tfrt.kernels.numerics.gathering import (
    batch_positions,
    full_suffix,
    offsets_in_window,
    positions_along,
    strides_of,
)

Sizes = Sequence[int]
Arrays = Sequence[np.ndarray]
Scatter = Callable[[Arrays, np.ndarray, Arrays, "Combination"], None]


@dataclass(frozen=True)
class Combination:
    """How updates are combined with what is there.

    Attributes:
        combine: takes elements of each array, then updates for each, and gives new elements of each; None where updates
            replace what is there.
        function: the function of numpy that this is for each of the arrays, if it is one.
        at_once: whether all updates can be applied at once: the last one of a position is what stays, or there are no
            two of one position.
    """

    combine: Callable[..., Sequence[np.ndarray]] | None
    function: np.ufunc | None = None
    at_once: bool = False


def scatter(
    operand: Sizes,
    indices: Sizes,
    updates: Sizes,
    *,
    update_window_dims: Sizes = (),
    inserted_window_dims: Sizes = (),
    input_batching_dims: Sizes = (),
    scatter_indices_batching_dims: Sizes = (),
    scatter_dims_to_operand_dims: Sizes = (),
    index_vector_dim: int = 0,
) -> Scatter:
    """A function that applies updates to row-major arrays of the shape `operand`, in place.

    It takes the arrays, indices of the shape `indices`, updates of the shape `updates`, and how they are combined.
    One window is a slice. Windows that hold all of the last dimensions are applied as rows.
    """
    if 0 in updates:
        return lambda arrays, indices, updates, combination: None
    batch_dims = [axis for axis in range(len(updates)) if axis not in update_window_dims]
    batch = tuple(updates[axis] for axis in batch_dims)
    hidden = {*inserted_window_dims, *input_batching_dims}
    sizes = iter([updates[axis] for axis in update_window_dims])
    window = tuple(1 if axis in hidden else next(sizes) for axis in range(len(operand)))
    order = (*batch_dims, *update_window_dims)
    targets = tuple((dim, operand[dim] - window[dim]) for dim in scatter_dims_to_operand_dims)
    if prod(batch) == 1:
        return _one_window(window, targets, order)
    split = full_suffix(operand, window, (*scatter_dims_to_operand_dims, *input_batching_dims))
    leading, row = operand[:split], prod(operand[split:])
    strides, within = strides_of(leading), offsets_in_window(leading, window[:split])
    base: Any = 0
    for dim, along in zip(
        input_batching_dims, batch_positions(batch, scatter_indices_batching_dims, index_vector_dim), strict=True
    ):
        base = base + along * strides[dim]
    positions = positions_along(len(indices), index_vector_dim, len(targets))
    lines = (-1,) if row == 1 else (-1, row)
    # What no index moves, and what lies farther apart, goes first: then neighbours in memory are near in time.
    moved = (*scatter_dims_to_operand_dims, *input_batching_dims)
    is_first = [size == 1 or dim < min(moved, default=0) for dim, size in enumerate(window[:split])]
    goes_first = len(within) > 1 and all(is_first)
    if goes_first:
        before = split - len([dim for dim in hidden if dim < split])
        order = (*update_window_dims[:before], *batch_dims, *update_window_dims[before:])

    def run(arrays: Arrays, indices: np.ndarray, updates: Arrays, combination: Combination) -> None:
        starts = positions(indices)
        rows, fits = base, None
        for (dim, limit), start in zip(targets, starts, strict=True):
            # Negative numbers are large ones without their sign.
            inside = start.view(np.uintp) <= limit
            fits = inside if fits is None else fits & inside
            rows = rows + (start if strides[dim] == 1 else start * strides[dim])
        values = [update.transpose(order).reshape(lines) for update in updates]
        rows = np.broadcast_to(rows, batch).reshape(-1)
        if len(within) > 1:
            rows = (within[:, np.newaxis] + rows if goes_first else rows[:, np.newaxis] + within).reshape(-1)
        if fits is not None and not fits.all():
            each = np.broadcast_to(fits, batch).reshape(-1)
            kept = np.tile(each, len(within)) if goes_first else np.repeat(each, len(within))
            rows, values = rows[kept], [value[kept] for value in values]
        _apply([array.reshape(lines) for array in arrays], rows, values, combination)

    return run


def _one_window(window: Sizes, targets: Sequence[tuple[int, int]], order: Sizes) -> Scatter:
    whole: list[Any] = [slice(0, size) for size in window]

    def run(arrays: Arrays, indices: np.ndarray, updates: Arrays, combination: Combination) -> None:
        part = whole.copy()
        for (dim, limit), start in zip(targets, indices.reshape(-1).tolist(), strict=True):
            if not 0 <= start <= limit:
                return
            part[dim] = slice(start, start + window[dim])
        places = [array[(*part, ...)] for array in arrays]
        values = [update.transpose(order).reshape(window) for update in updates]
        found = values if combination.combine is None else combination.combine(*places, *values)
        for place, value in zip(places, found, strict=True):
            place[...] = value

    return run


_MOST_PASSES = 4
"""How often those updates are picked out that are the next ones of their positions, before the rest is sorted."""

_LEAST_SHARE = 8
"""No more are picked out when fewer than one in so many are next."""


_LONG_ROW = 512
"""Rows of so many elements are combined one after another: that costs less than copying them together."""

_SHORT_ROW = 16
"""Rows of so few elements are combined column by column..."""

_LEAST_COLUMN = 512
"""...where there are so many."""

_FULL_ROW = 128
"""From so many elements on a row is indexed in less time than its elements are."""

_LEAST_COMBINED = 1 << 10
"""So many elements are worth finding out where their rows are."""

_INDEXED = (np.add, np.subtract, np.multiply, np.maximum, np.minimum)
"""Functions whose `at` has loops of its own for numbers."""


def _apply(arrays: Arrays, rows: np.ndarray, updates: Arrays, combination: Combination) -> None:
    """Combine rows of arrays, at positions within them, with rows of updates, in place."""
    function = combination.function
    if function is not None:
        for array, update in zip(arrays, updates, strict=True):
            _apply_function(function, array, rows, update, at_once=combination.at_once)
    elif combination.at_once:
        _combine(arrays, rows, updates, combination)
    else:
        turns, rest = _next_ones(rows, len(arrays[0]))
        for turn in turns + _turns(rows, rest):
            _combine(arrays, rows[turn], [update[turn] for update in updates], combination)


def combine_at(function: np.ufunc, array: np.ndarray, places: Any, updates: np.ndarray) -> None:
    """`function.at`, of an array or a tuple of arrays with places in the first dimensions, all of which are there.

    numpy has fast loops of its own for numbers at places in one dimension only.
    """
    indices = places if isinstance(places, tuple) else (places,)
    depth, rest = len(indices), array.shape[len(indices) :]
    if updates.size < _LEAST_COMBINED or not array.flags.c_contiguous or not depth:
        function.at(array, places, updates)
        return
    # Negative ones count from the end.
    numbers = tuple(np.asarray(each).astype(np.intp, copy=False) for each in indices)
    rows = np.ravel_multi_index(numbers, array.shape[:depth], mode="wrap")
    lines = (-1,) if prod(rest) == 1 else (-1, prod(rest))
    given = np.broadcast_to(updates, (*np.shape(rows), *rest)).reshape(lines)
    _apply_function(function, array.reshape(lines), np.reshape(rows, -1), given)


def _apply_function(
    function: np.ufunc, array: np.ndarray, rows: np.ndarray, update: np.ndarray, *, at_once: bool = False
) -> None:
    width = 1 if array.ndim == 1 else array.shape[1]
    if width >= _LONG_ROW:
        _apply_rows(function, array, rows, update)
    elif at_once:
        array[rows] = function(array[rows], update)
    elif array.ndim == 1:
        function.at(array, rows, update)
    elif width >= _FULL_ROW or function not in _INDEXED or array.dtype.kind not in "iuf":
        turns, rest = _next_ones(rows, len(array))
        for turn in turns:
            array[rows[turn]] = function(array[rows[turn]], update[turn])
        _apply_elements(function, array, rows[rest], update[rest])
    elif width <= _SHORT_ROW and len(rows) >= _LEAST_COLUMN:
        for column in range(width):
            function.at(array[:, column], rows, update[:, column])
    else:
        _apply_elements(function, array, rows, update)


def _apply_rows(function: np.ufunc, array: np.ndarray, rows: np.ndarray, update: np.ndarray) -> None:
    # Views of all rows are made once, unless there are more of them than updates.
    lines: Any = list(array) if len(array) <= len(rows) else array
    for row, change in zip(rows.tolist(), update, strict=True):
        line = lines[row]
        function(line, change, out=line)


def _apply_elements(function: np.ufunc, array: np.ndarray, rows: np.ndarray, update: np.ndarray) -> None:
    if not len(rows):
        return
    width = array.shape[1]
    places = (rows[:, np.newaxis] * width + np.arange(width)).reshape(-1)
    function.at(array.reshape(-1), places, update.reshape(-1))


def _combine(arrays: Arrays, rows: np.ndarray, updates: Arrays, combination: Combination) -> None:
    combine = combination.combine
    found = updates if combine is None else combine(*[array[rows] for array in arrays], *updates)
    for array, value in zip(arrays, found, strict=True):
        array[rows] = value


def _next_ones(rows: np.ndarray, count: int) -> tuple[list[Any], np.ndarray]:
    """Which of the numbers, below `count`, are the first of their value, then the second, and so on as long as these
    are many; and which are left."""
    turns: list[Any] = []
    rest = np.arange(len(rows))
    marks = np.empty(count, np.intp)
    while len(rest) and len(turns) < _MOST_PASSES:
        values = rows[rest]
        # The last one that is written stays, which is the first one here.
        marks[values[::-1]] = rest[::-1]
        is_next = marks[values] == rest
        found = np.count_nonzero(is_next)
        if found == len(rows):
            return [...], rest[:0]
        if found * _LEAST_SHARE < len(rest):
            break
        turns.append(rest[is_next])
        rest = rest[~is_next]
    return turns, rest


def _turns(rows: np.ndarray, among: np.ndarray) -> list[np.ndarray]:
    """Which of the numbers, looking at some of them, are the first of their value, the second, and so on."""
    if not len(among):
        return []
    order = among[np.argsort(rows[among], kind="stable")]
    ordered = rows[order]
    begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    turn = np.arange(len(order)) - np.repeat(begins, np.diff(np.append(begins, len(order))))
    by_turn = order[np.argsort(turn, kind="stable")]
    return np.split(by_turn, np.cumsum(np.bincount(turn))[:-1])
