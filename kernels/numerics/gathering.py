"""Slices of arrays at indices that arrays hold, as StableHLO's `gather` takes them, and arithmetic on such indices.

Source of the semantics: `gather` in StableHLO's specification.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

Sizes = Sequence[int]
Positions = list[np.ndarray]
Gather = Callable[..., np.ndarray]
"""A function of an operand, indices, and perhaps `out`."""


def positions_along(rank: int, index_vector_dim: int, count: int) -> Callable[[np.ndarray], Positions]:
    """A function that gives each of the `count` components of index vectors, in the machine's own integers.

    Vectors are along a dimension of indices, of this rank, or numbers where there is no such dimension. Indices beyond
    the machine's integers become the largest of these.
    """
    before: tuple[Any, ...] = (slice(None),) * index_vector_dim
    picks = [(...,)] * count if index_vector_dim == rank else [(*before, number, ...) for number in range(count)]

    def positions(indices: np.ndarray) -> Positions:
        if indices.dtype == np.uint64:
            indices = np.minimum(indices, np.uint64(np.iinfo(np.intp).max))
        return [indices[pick].astype(np.intp, copy=False) for pick in picks]

    return positions


def batch_positions(sizes: Sizes, batching_dims: Sizes, index_vector_dim: int) -> Positions:
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


Take = Callable[[np.ndarray, np.ndarray, np.ndarray | None], np.ndarray]
"""A function of an operand, indices, and a row-major array for the result or None. What it gives has the elements of
the result, but perhaps further dimensions of size 1."""


@dataclass(frozen=True)
class _Problem:
    """What is gathered, in the specification's words.

    Attributes:
        batch: the shape of what an index is taken from.
        at: gives the components of indices, as positions in the dimensions `start_index_map`.
        batched: dimensions of the operand that go along with those of indices, and their positions.
    """

    operand: tuple[int, ...]
    batch: tuple[int, ...]
    slice_sizes: tuple[int, ...]
    start_index_map: tuple[int, ...]
    at: Callable[[np.ndarray], Positions]
    batched: dict[int, np.ndarray]

    def limit(self, dim: int) -> int:
        """The last place where a slice can start."""
        return self.operand[dim] - self.slice_sizes[dim]

    def starts(self, indices: np.ndarray) -> dict[int, np.ndarray]:
        """Where slices start in dimensions; 0 in others."""
        found = zip(self.start_index_map, self.at(indices), strict=True)
        return {dim: np.minimum(np.maximum(at, 0), self.limit(dim)) for dim, at in found} | self.batched


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

    One slice is a slice, and elements along one dimension are taken along that. Otherwise slices that hold all of the
    last dimensions are copied as rows. What is not row-major is indexed dimension by dimension, so that no more of it
    is touched than is gathered.
    """
    batch = tuple(size for axis, size in enumerate(indices) if axis != index_vector_dim)
    hidden = {*collapsed_slice_dims, *operand_batching_dims}
    along_batches = batch_positions(batch, start_indices_batching_dims, index_vector_dim)
    problem = _Problem(
        tuple(operand),
        batch,
        tuple(slice_sizes),
        tuple(start_index_map),
        positions_along(len(indices), index_vector_dim, len(start_index_map)),
        dict(zip(operand_batching_dims, along_batches, strict=True)),
    )
    batch_dims = [axis for axis in range(len(batch) + len(offset_dims)) if axis not in offset_dims]
    kept = [axis for axis in range(len(operand)) if axis not in hidden]
    sizes = dict(zip((*batch_dims, *offset_dims), (*batch, *[slice_sizes[axis] for axis in kept]), strict=True))
    places = [*batch_dims, *offset_dims]
    if 0 in sizes.values():
        return lambda x, indices, out=None: np.empty(_in_order(sizes), x.dtype) if out is None else out
    if prod(batch) == 1:
        take = _one_slice(problem)
    elif _is_along_one(problem):
        take, (axis,) = _along_one(problem), start_index_map
        # Dimensions before the one that is indexed stay before those of batches.
        before = sum(dim < axis for dim in kept)
        places = [*offset_dims[:before], *batch_dims, *offset_dims[before:]]
    else:
        take = _rows(problem)
    return _finished(take, places, sizes)


def _in_order(sizes: dict[int, int]) -> tuple[int, ...]:
    return tuple(sizes[axis] for axis in range(len(sizes)))


def _finished(take: Take, places: Sizes, sizes: dict[int, int]) -> Gather:
    """Where dimensions of the result, of these sizes, come in the order `places`."""
    order = tuple(np.argsort(places).tolist())
    shape = tuple(sizes[axis] for axis in places)
    stays = order == tuple(range(len(order)))

    def run(x: np.ndarray, indices: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if out is None and stays and x.flags.c_contiguous:
            # What only looks at memory would be copied once more where it is a result.
            out = np.empty(shape, x.dtype)
        if out is None:
            found = take(x, indices, None).reshape(shape)
            return found if stays else found.transpose(order)
        if stays and out.flags.c_contiguous:
            take(x, indices, out)
        else:
            out[...] = take(x, indices, None).reshape(shape).transpose(order)
        return out

    return run


def _one_slice(problem: _Problem) -> Take:
    bounds = [(dim, problem.limit(dim), problem.slice_sizes[dim]) for dim in problem.start_index_map]
    whole: list[Any] = [slice(0, size) for size in problem.slice_sizes]

    def take(x: np.ndarray, indices: np.ndarray, into: np.ndarray | None) -> np.ndarray:
        part = whole.copy()
        for (dim, limit, size), at in zip(bounds, indices.reshape(-1).tolist(), strict=True):
            start = min(max(at, 0), limit)
            part[dim] = slice(start, start + size)
        found = x[(*part, ...)]
        if into is None:
            return found.copy()
        into[...] = found.reshape(into.shape)
        return into

    return take


def _is_along_one(problem: _Problem) -> bool:
    """Whether slices are one thick in the dimension that is indexed, and hold all of the others."""
    if len(problem.start_index_map) != 1 or problem.batched:
        return False
    (axis,) = problem.start_index_map
    others = (size for dim, size in enumerate(problem.operand) if dim != axis)
    return problem.slice_sizes[axis] == 1 and all(
        size == whole for size, whole in zip(_without(problem.slice_sizes, axis), others, strict=True)
    )


def _without(sizes: Sizes, axis: int) -> list[int]:
    return [*sizes[:axis], *sizes[axis + 1 :]]


def _along_one(problem: _Problem) -> Take:
    (axis,) = problem.start_index_map
    before: tuple[Any, ...] = (slice(None),) * axis
    shape = (*problem.operand[:axis], *problem.batch, *problem.operand[axis + 1 :])

    def take(x: np.ndarray, indices: np.ndarray, into: np.ndarray | None) -> np.ndarray:
        out = None if into is None else into.reshape(shape)
        if x.flags.c_contiguous:
            return x.take(problem.at(indices)[0], axis, out, "clip")
        return _given(x[(*before, problem.starts(indices)[axis])], out)

    return take


def _given(found: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    if out is None:
        return found
    out[...] = found
    return out


def _rows(problem: _Problem) -> Take:
    """Slices as rows of all of the last dimensions."""
    split = full_suffix(problem.operand, problem.slice_sizes, (*problem.start_index_map, *problem.batched))
    leading, row = problem.operand[:split], prod(problem.operand[split:])
    window, batch = problem.slice_sizes[:split], problem.batch
    strides = strides_of(leading)
    within = offsets_in_window(leading, window)

    def take(x: np.ndarray, indices: np.ndarray, into: np.ndarray | None) -> np.ndarray:
        first: Any = 0
        starts = problem.starts(indices)
        for dim, start in starts.items():
            first = first + (start if strides[dim] == 1 else start * strides[dim])
        if np.shape(first) != batch:
            first = np.broadcast_to(first, batch)
        rows = first if len(within) == 1 else first[..., np.newaxis] + within
        lines = x.reshape(-1) if row == 1 else x.reshape(-1, row)
        out = None if into is None else into.reshape(rows.shape if row == 1 else (*rows.shape, row))
        return lines.take(rows, 0, out, "clip")

    def take_dimensions(x: np.ndarray, indices: np.ndarray, into: np.ndarray | None) -> np.ndarray:
        starts = problem.starts(indices)
        picks = []
        for dim, size in enumerate(window):
            first = np.broadcast_to(starts.get(dim, 0), batch).reshape(*batch, *[1] * split)
            picks.append(first + np.arange(size).reshape(-1, *[1] * (split - 1 - dim)))
        found = x[tuple(picks)] if picks else np.broadcast_to(x, (*batch, *x.shape)).copy()
        return _given(found, None if into is None else into.reshape(found.shape))

    return lambda x, indices, into: (take if x.flags.c_contiguous else take_dimensions)(x, indices, into)
