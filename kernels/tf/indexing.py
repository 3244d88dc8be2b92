"""Ops that read, write or choose elements by indices and conditions.

Source of the semantics: TensorFlow's op definitions (``tensorflow/core/ops/array_ops.cc``, ``nn_ops.cc``), on the CPU:
an index out of range is an error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.scattering import combine_at
from tfrt.kernels.tf.reshaping import as_results, axis_of, sizes


def require_in_range(indices: np.ndarray, size: int, op: str) -> None:
    """Raises unless all indices are of a dimension of that size."""
    if indices.size and not (indices.min() >= 0 and indices.max() < size):
        bad = indices[(indices < 0) | (indices >= size)].flat[0]
        raise KernelError(f"{op}: index {bad} is not in [0, {size})")


def gather_along(x: np.ndarray, indices: np.ndarray, at: int, batch: int, op: str) -> np.ndarray:
    """Slices along the dimension `at`, at indices; the first `batch` dimensions of both go together.

    Raises:
        KernelError: an index is out of range.
    """
    require_in_range(indices, x.shape[at], op)
    if batch == 0:
        return np.asarray(np.take(x, indices, at))
    # One gather for each combination of the batch dimensions, all at once.
    moved = np.moveaxis(x, at, batch)
    grid = np.ogrid[tuple(slice(size) for size in indices.shape[:batch])]
    places = [g.reshape(g.shape + (1,) * (indices.ndim - batch)) for g in grid]
    picked = moved[(*places, indices)]
    between = range(indices.ndim, indices.ndim + at - batch)
    order = [*range(batch), *between, *range(batch, indices.ndim), *range(indices.ndim + at - batch, picked.ndim)]
    return np.ascontiguousarray(picked.transpose(order))


@array_op("tf.GatherV2", shaped_by=(2,))
def gather(operand: TensorMetadata, indices: TensorMetadata, axis: TensorMetadata, *, batch_dims: int = 0) -> ArrayForm:
    """Slices along an axis, at indices; the first `batch_dims` dimensions of both go together."""
    batch = batch_dims + (indices.rank if batch_dims < 0 else 0)

    def run(x: np.ndarray, indices: np.ndarray, axis: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return gather_along(x, indices, axis_of(int(axis), x.ndim, "tf.GatherV2"), batch, "tf.GatherV2")

    return run


@array_op("tf.Gather", shaped_by=())
def gather_rows(operand: TensorMetadata, indices: TensorMetadata, *, validate_indices: bool = True) -> ArrayForm:
    """Slices along the first axis, at indices."""
    return lambda x, indices, out=None: gather_along(x, indices, 0, 0, "tf.Gather")


@array_op("tf.GatherNd", shaped_by=())
def gather_nd(operand: TensorMetadata, indices: TensorMetadata) -> ArrayForm:
    """Slices at index vectors, which are the innermost dimension of `indices`."""

    def run(x: np.ndarray, indices: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        require_vectors(indices, x.shape, "tf.GatherNd")
        return np.asarray(x[tuple(np.moveaxis(indices, -1, 0))])

    return run


def require_vectors(indices: np.ndarray, shape: tuple[int, ...], op: str) -> None:
    """Raises unless the innermost dimension of `indices` is of places in a tensor of that shape."""
    depth = indices.shape[-1] if indices.ndim else 0
    if depth > len(shape):
        raise KernelError(f"{op}: index vectors of {depth} elements are too long for a tensor of shape {list(shape)}")
    for place in range(depth):
        require_in_range(indices[..., place], shape[place], op)


Combine = Callable[[np.ndarray, Any, np.ndarray], None]


def _assign(target: np.ndarray, index: Any, updates: np.ndarray) -> None:
    target[index] = updates


COMBINATIONS: dict[str, Combine] = {
    "Update": _assign,
    "Add": partial(combine_at, np.add),
    "Sub": partial(combine_at, np.subtract),
    "Max": partial(combine_at, np.maximum),
    "Min": partial(combine_at, np.minimum),
}
"""What is done with updates of elements, by what ops' names say of it."""


def scattered(target: np.ndarray, indices: np.ndarray, updates: np.ndarray, combine: Combine, op: str) -> np.ndarray:
    """A tensor that may be changed, with updates at index vectors."""
    require_vectors(indices, target.shape, op)
    combine(target, tuple(np.moveaxis(indices, -1, 0)), updates)
    return target


def _tensor_scatter(name: str, combine: Combine) -> None:
    @array_op(f"tf.TensorScatter{name}", shaped_by=())
    def form(operand: TensorMetadata, indices: TensorMetadata, updates: TensorMetadata) -> ArrayForm:
        def run(x: np.ndarray, at: np.ndarray, new: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            return scattered(x.copy(order="C"), at, new, combine, f"tf.TensorScatter{name}")

        return run


for _name, _combine in COMBINATIONS.items():
    _tensor_scatter(_name, _combine)


@array_op("tf.ScatterNd", shaped_by=(2,))
def scatter_nd(indices: TensorMetadata, updates: TensorMetadata, shape: TensorMetadata) -> ArrayForm:
    """Zeros of a shape with updates added at index vectors."""

    def run(at: np.ndarray, new: np.ndarray, shape: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return scattered(np.zeros(sizes(shape), new.dtype), at, new, COMBINATIONS["Add"], "tf.ScatterNd")

    return run


def _count_or_ids(inputs: int, attributes: object) -> Sequence[int]:
    return (inputs - 1,)


def _segments(name: str, combine: Combine, start: Callable[[np.dtype], Any], *, sorted_ids: bool) -> None:
    """`tf.SegmentSum` and its like, of rows that an id puts together."""

    @array_op(name, shaped_by=_count_or_ids)
    def form(operand: TensorMetadata, ids: TensorMetadata, *count: TensorMetadata) -> ArrayForm:
        def run(x: np.ndarray, ids: np.ndarray, *count: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            total = int(count[0]) if count else int(ids[-1]) + 1 if ids.size else 0
            if sorted_ids and (np.diff(ids) < 0).any():
                raise KernelError(f"{name}: segment ids are not increasing")
            rows = x.reshape(ids.size, *x.shape[ids.ndim :])
            flat = ids.reshape(-1)
            # Rows with negative ids belong nowhere.
            kept = flat >= 0
            require_in_range(flat[kept], total, name)
            result = np.full((total, *rows.shape[1:]), start(x.dtype), x.dtype)
            combine(result, flat[kept], rows[kept])
            if sorted_ids:
                result[np.bincount(flat, minlength=total) == 0] = 0
            return result

        return run


def _lowest(dtype: np.dtype) -> Any:
    return np.finfo(dtype).min if dtype.kind == "f" else np.iinfo(dtype).min


def _highest(dtype: np.dtype) -> Any:
    return np.finfo(dtype).max if dtype.kind == "f" else np.iinfo(dtype).max


def _add_means(target: np.ndarray, ids: Any, rows: np.ndarray) -> None:
    counts = np.bincount(ids, minlength=len(target)).reshape(-1, *[1] * (target.ndim - 1))
    combine_at(np.add, target, ids, rows)
    target /= np.maximum(counts, 1).astype(target.dtype)


_SEGMENTS: dict[str, tuple[Combine, Callable[[np.dtype], Any]]] = {
    "SegmentSum": (partial(combine_at, np.add), lambda dtype: 0),
    "SegmentMean": (_add_means, lambda dtype: 0),
    "SegmentProd": (partial(combine_at, np.multiply), lambda dtype: 1),
    "SegmentMax": (partial(combine_at, np.maximum), _lowest),
    "SegmentMin": (partial(combine_at, np.minimum), _highest),
}
for _name, (_combine, _start) in _SEGMENTS.items():
    _segments(f"tf.{_name}", _combine, _start, sorted_ids=True)
    _segments(f"tf.{_name}V2", _combine, _start, sorted_ids=False)
    _segments(f"tf.Unsorted{_name}", _combine, _start, sorted_ids=False)


@array_op("tf.SelectV2", shaped_by=())
def select_v2(condition: TensorMetadata, on_true: TensorMetadata, on_false: TensorMetadata) -> ArrayForm:
    """Elements of two tensors, chosen by a third; all broadcast."""
    return lambda c, x, y, out=None: np.where(c, x, y)


@array_op("tf.Select", shaped_by=())
def select(condition: TensorMetadata, on_true: TensorMetadata, on_false: TensorMetadata) -> ArrayForm:
    """Elements of two tensors of one shape, chosen by a third of that shape, or rows, chosen by a vector."""

    def run(c: np.ndarray, x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return np.where(c.reshape(c.shape + (1,) * (x.ndim - c.ndim)), x, y)

    return run


@array_op("tf.Where")
def where(condition: TensorMetadata) -> ArrayForm:
    """The index vectors of all elements that are not zero, in order."""
    return lambda x, out=None: np.argwhere(x).astype(np.int64)


@array_op("tf.TopKV2", shaped_by=(1,))
def top_k(operand: TensorMetadata, k: TensorMetadata, *, sorted: bool = True) -> ArrayForm:
    """The greatest elements of each row and where they are; of equal ones the first."""

    def run(x: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = k.item()
        if not 0 <= count <= x.shape[-1]:
            raise KernelError(f"tf.TopKV2: input must have at least k columns, {count}, but has {x.shape[-1]}")
        # Sorting backwards what is reversed keeps the first of equal ones in front.
        order = x.shape[-1] - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1][..., :count]
        return np.take_along_axis(x, order, -1), order.astype(np.int32)

    return run


def _unique(x: np.ndarray, dtype: DType) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different elements in the order in which they come, where each element is among them, and their numbers."""
    found, first, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    place = np.argsort(order, kind="stable")
    return found[order], place[inverse.reshape(-1)].astype(dtype.numpy), counts[order].astype(dtype.numpy)


@array_op("tf.Unique")
def unique(operand: TensorMetadata, *, out_idx: DType = DType.I32) -> ArrayForm:
    """The different elements of a vector, and where each element is among them."""
    return lambda x: _unique(x, out_idx)[:2]


@array_op("tf.UniqueWithCounts")
def unique_with_counts(operand: TensorMetadata, *, out_idx: DType = DType.I32) -> ArrayForm:
    """The different elements of a vector, where each element is among them, and how often each occurs."""
    return lambda x: _unique(x, out_idx)


@array_op("tf.DynamicPartition")
def dynamic_partition(operand: TensorMetadata, partitions: TensorMetadata, *, num_partitions: int) -> ArrayForm:
    """The slices of the operand that each number of `partitions` picks."""
    return lambda x, p: as_results([x[p == number] for number in range(num_partitions)])


@array_op("tf.DynamicStitch", shaped_by=lambda inputs, attributes: range(inputs // 2))
def dynamic_stitch(*inputs: TensorMetadata) -> ArrayForm:
    """Slices put at the indices that tensors of the first half of the inputs say; a later one wins."""

    def run(*values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        indices, data = values[: len(values) // 2], values[len(values) // 2 :]
        size = 1 + max((int(i.max()) for i in indices if i.size), default=-1)
        rest = data[0].shape[indices[0].ndim :]
        result = np.zeros((size, *rest), data[0].dtype)
        for at, new in zip(indices, data, strict=True):
            result[at.reshape(-1)] = new.reshape(at.size, *rest)
        return result

    return run


@array_op("tf.ReverseSequence", shaped_by=())
def reverse_sequence(
    operand: TensorMetadata, lengths: TensorMetadata, *, seq_dim: int, batch_dim: int = 0
) -> ArrayForm:
    """The first so many elements along one axis in reverse order, for each index of another axis."""

    def run(x: np.ndarray, lengths: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        places = np.arange(x.shape[seq_dim])
        order = np.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)
        shape = [x.shape[d] if d in (seq_dim, batch_dim) else 1 for d in range(x.ndim)]
        index = order.reshape(shape) if batch_dim < seq_dim else order.T.reshape(shape)
        return np.take_along_axis(x, np.broadcast_to(index, x.shape), seq_dim)

    return run


@array_op("tf.Bincount", shaped_by=(1,))
def bincount(values: TensorMetadata, size: TensorMetadata, weights: TensorMetadata) -> ArrayForm:
    """How often each number below `size` occurs, or the sum of its weights."""

    def run(x: np.ndarray, size: np.ndarray, weights: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        flat = x.reshape(-1)
        kept = flat < size.item()
        given = weights.reshape(-1)[kept] if math.prod(weights.shape) else None
        return np.bincount(flat[kept], given, size.item()).astype(weights.dtype)

    return run


@array_op("tf.UnravelIndex", shaped_by=(1,))
def unravel_index(indices: TensorMetadata, dims: TensorMetadata) -> ArrayForm:
    """The coordinates of flat indices, or of one, in a tensor of sizes `dims`: one row for each dimension."""
    if indices.rank > 1 or dims.rank != 1:
        raise KernelError(
            f"tf.UnravelIndex: expects a scalar or vector of indices, and sizes, got {indices} and {dims}"
        )

    def run(indices: np.ndarray, dims: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        shape = sizes(dims)
        if 0 in shape:
            raise KernelError("tf.UnravelIndex: Input dims cannot contain a dim of zero")
        require_in_range(indices, math.prod(shape), "tf.UnravelIndex")
        return np.stack(np.unravel_index(indices, shape)).astype(indices.dtype)

    return run
