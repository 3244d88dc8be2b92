"""Arrays with updates at indices that arrays hold, as StableHLO's `scatter` makes them.

Updates of one element are applied one after the other, in the order of the indices: as XLA does on CPUs.

Source of the semantics: `scatter` in StableHLO's specification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod

import numpy as np

from tfrt.kernels.numerics.gathering import (
    as_positions,
    batch_positions,
    full_suffix,
    index_vectors,
    offsets_in_window,
    strides_of,
)

Sizes = Sequence[int]
Arrays = Sequence[np.ndarray]
Apply = Callable[[Arrays, np.ndarray, Arrays], None]
"""Combines rows of arrays, at positions of which none is beyond them, with rows of updates, in place."""


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
) -> Callable[[Arrays, np.ndarray, Arrays, Apply], None]:
    """A function that applies updates to row-major arrays of the shape `operand`, in place.

    It takes the arrays, indices of the shape `indices`, updates of the shape `updates`, and how they are combined.
    Windows that hold all of the last dimensions are applied as rows.
    """
    batch_dims = [axis for axis in range(len(updates)) if axis not in update_window_dims]
    batch = tuple(updates[axis] for axis in batch_dims)
    order = (*batch_dims, *update_window_dims)
    hidden = {*inserted_window_dims, *input_batching_dims}
    sizes = iter([updates[axis] for axis in update_window_dims])
    window = tuple(1 if axis in hidden else next(sizes) for axis in range(len(operand)))
    split = full_suffix(operand, window, (*scatter_dims_to_operand_dims, *input_batching_dims))
    leading, row = tuple(operand[:split]), prod(operand[split:])
    strides = strides_of(leading)
    within = offsets_in_window(leading, window[:split])
    count = prod(batch)
    base = np.zeros((), np.intp)
    for dim, positions in zip(
        input_batching_dims, batch_positions(batch, scatter_indices_batching_dims, index_vector_dim), strict=True
    ):
        base = base + positions * strides[dim]

    def run(arrays: Arrays, indices: np.ndarray, updates: Arrays, apply: Apply) -> None:
        vectors = as_positions(index_vectors(indices, index_vector_dim))
        first, fits = base, np.ones((), np.bool_)
        for dim, start in zip(scatter_dims_to_operand_dims, vectors, strict=True):
            inside = (start >= 0) & (start <= leading[dim] - window[dim])
            fits = fits & inside
            # What is far away would overflow.
            first = first + np.where(inside, start, 0) * strides[dim]
        rows = (np.broadcast_to(first, batch).reshape(-1, 1) + within).reshape(-1)
        values = [update.transpose(order).reshape(count * len(within), row) for update in updates]
        if not fits.all():
            kept = np.repeat(np.broadcast_to(fits, batch).reshape(-1), len(within))
            rows, values = rows[kept], [value[kept] for value in values]
        if row == 1:
            apply([array.reshape(-1) for array in arrays], rows, [value.reshape(-1) for value in values])
        else:
            apply([array.reshape(-1, row) for array in arrays], rows, values)

    if 0 in updates:
        return lambda arrays, indices, updates, apply: None
    return run


def replace(arrays: Arrays, rows: np.ndarray, updates: Arrays) -> None:
    """Updates in place of what was there; the last one of a position stays."""
    for array, update in zip(arrays, updates, strict=True):
        array[rows] = update


def accumulate(function: np.ufunc) -> Apply:
    """Updates combined with what is there by a function of numpy."""

    def apply(arrays: Arrays, rows: np.ndarray, updates: Arrays) -> None:
        for array, update in zip(arrays, updates, strict=True):
            function.at(array, rows, update)

    return apply


def accumulate_unique(function: np.ufunc) -> Apply:
    """Like `accumulate`, for positions of which none occurs twice."""

    def apply(arrays: Arrays, rows: np.ndarray, updates: Arrays) -> None:
        for array, update in zip(arrays, updates, strict=True):
            array[rows] = function(array[rows], update)

    return apply


def in_rounds(combine: Callable[..., Sequence[np.ndarray]]) -> Apply:
    """Updates combined by any function of the arrays' elements and those of updates: the first of each position at
    once, then the second ones, and so on."""

    def apply(arrays: Arrays, rows: np.ndarray, updates: Arrays) -> None:
        for turn in _turns(rows):
            here = rows[turn]
            found = combine(*[array[here] for array in arrays], *[update[turn] for update in updates])
            for array, value in zip(arrays, found, strict=True):
                array[here] = value

    return apply


def _turns(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Which of the numbers are the first of their value, the second, and so on."""
    if not len(rows):
        return
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    lengths = np.diff(np.append(begins, len(rows)))
    if len(begins) == len(rows):
        yield np.arange(len(rows))
        return
    turn = np.arange(len(rows)) - np.repeat(begins, lengths)
    by_turn = order[np.argsort(turn, kind="stable")]
    yield from np.split(by_turn, np.cumsum(np.bincount(turn))[:-1])
