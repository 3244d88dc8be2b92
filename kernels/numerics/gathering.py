"""Slices of arrays at indices that arrays hold, as StableHLO's `gather` takes them, and arithmetic on such indices.

Source of the semantics: `gather` in StableHLO's specification.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

Sizes = Sequence[int]
Gather = Callable[..., np.ndarray]
"""A function of an operand, indices, and perhaps `out`."""


def index_vectors(indices: np.ndarray, index_vector_dim: int) -> np.ndarray:
    """Indices with the dimension that holds vectors first; a dimension of size 1 where each is a number."""
    if index_vector_dim == indices.ndim:
        return indices[np.newaxis]
    return np.moveaxis(indices, index_vector_dim, 0)


def as_positions(indices: np.ndarray) -> np.ndarray:
    """Indices in the machine's own integers; those beyond their range are as far as these go."""
    if indices.dtype == np.uint64:
        return np.minimum(indices, np.uint64(np.iinfo(np.intp).max)).astype(np.intp)
    return indices.astype(np.intp, copy=False)


def batch_positions(sizes: Sizes, batching_dims: Sizes, index_vector_dim: int) -> list[np.ndarray]:
    """For each of the batching dimensions of indices, the position in it, of a shape that broadcasts to batches; which
    have the shape `sizes`."""
    found = []
    for dim in batching_dims:
        axis = dim - (dim > index_vector_dim)
        found.append(np.arange(sizes[axis]).reshape(-1, *[1] * (len(sizes) - 1 - axis)))
    return found


def strides_of(shape: Sizes) -> list[int]:
    """How many elements apart those are that are next to each other in a dimension of a row-major array."""
    return [prod(shape[axis + 1 :]) for axis in range(len(shape))]


def full_suffix(shape: Sizes, window: Sizes, indexed: Sizes) -> int:
    """From which dimension on windows hold all there is, and start at 0."""
    start = len(shape)
    while start and shape[start - 1] == window[start - 1] and start - 1 not in indexed:
        start -= 1
    return start


def offsets_in_window(shape: Sizes, window: Sizes) -> np.ndarray:
    """How far from its first element the elements of a window are in a row-major array, as a vector."""
    total = np.zeros((), np.intp)
    for size, stride in zip(window, strides_of(shape), strict=True):
        total = total[..., np.newaxis] + np.arange(size) * stride
    return total.reshape(-1)


def gather(
    operand: Sizes,
    indices: Sizes,
    slice_sizes: Sizes,
    *,
    offset_dims: Sizes = (),
    collapsed_slice_dims: Sizes = (),
    operand_batching_dims: Sizes = (),
    start_indices_batching_dims: Sizes = (),
    start_index_map: Sizes = (),
    index_vector_dim: int = 0,
) -> Gather:
    """A function that gathers slices from an operand of this shape, at indices of this shape.

    Slices that hold all of the last dimensions are copied as rows. What is not row-major is indexed dimension by
    dimension, so that no more of it is touched than is gathered.
    """
    batch = tuple(size for axis, size in enumerate(indices) if axis != index_vector_dim)
    hidden = {*collapsed_slice_dims, *operand_batching_dims}
    offsets = tuple(size for axis, size in enumerate(slice_sizes) if axis not in hidden)
    together, order = _layout(len(batch), offset_dims)
    shape = tuple((*batch, *offsets)[axis] for axis in order)
    limits = [operand[dim] - slice_sizes[dim] for dim in start_index_map]
    if 0 in shape:
        return lambda x, indices, out=None: np.empty(shape, x.dtype) if out is None else out
    split = full_suffix(operand, slice_sizes, (*start_index_map, *operand_batching_dims))
    batched = dict(
        zip(operand_batching_dims, batch_positions(batch, start_indices_batching_dims, index_vector_dim), strict=True)
    )
    leading, row = operand[:split], prod(operand[split:])
    strides = strides_of(leading)
    base = np.zeros((), np.intp)
    for dim, positions in batched.items():
        base = base + positions * strides[dim]
    within = offsets_in_window(leading, slice_sizes[:split])

    def starts(indices: np.ndarray) -> list[np.ndarray]:
        vectors = as_positions(index_vectors(indices, index_vector_dim))
        return [np.clip(vector, 0, limit) for vector, limit in zip(vectors, limits, strict=True)]

    def from_rows(x: np.ndarray, indices: np.ndarray) -> np.ndarray:
        first = base
        for dim, start in zip(start_index_map, starts(indices), strict=True):
            first = first + start * strides[dim]
        first = np.broadcast_to(first, batch)
        rows = first if len(within) == 1 else first[..., np.newaxis] + within
        return np.take(x.reshape(-1) if row == 1 else x.reshape(-1, row), rows, axis=0, mode="clip")

    def dimension_by_dimension(x: np.ndarray, indices: np.ndarray) -> np.ndarray:
        at = dict(zip(start_index_map, starts(indices), strict=True)) | batched
        picks = []
        for dim, size in enumerate(slice_sizes[:split]):
            first = np.broadcast_to(at.get(dim, 0), batch).reshape((*batch, *[1] * split))
            picks.append(first + np.arange(size).reshape(-1, *[1] * (split - 1 - dim)))
        return x[tuple(picks)]

    def run(x: np.ndarray, indices: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if split == 0:
            found = np.broadcast_to(x, (*batch, *operand))
        elif x.flags.c_contiguous:
            found = from_rows(x, indices)
        else:
            found = dimension_by_dimension(x, indices)
        found = found.reshape((*batch, *offsets))
        if not together:
            found = found.transpose(order)
        if out is None:
            return found if split else found.copy()
        out[...] = found
        return out

    return run


def _layout(batch_rank: int, offset_dims: Sizes) -> tuple[bool, tuple[int, ...]]:
    """Where the dimensions of results come from, of batches followed by those of slices; and whether they stay."""
    rank = batch_rank + len(offset_dims)
    batches, offsets = iter(range(batch_rank)), iter(range(batch_rank, rank))
    order = tuple(next(offsets if axis in offset_dims else batches) for axis in range(rank))
    return order == tuple(range(rank)), order
