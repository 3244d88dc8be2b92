"""Operators that read or write elements at places that are operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.scattering import combine_at
from tfrt.kernels.shared.operators import axis_of, operator

Array = np.ndarray


def _checked(indices: Array, size: int) -> Array:
    """Indices, those below zero counted from the end.

    Raises:
        KernelError: one is out of bounds.
    """
    if indices.size and (int(indices.min()) < -size or int(indices.max()) >= size):
        wrong = indices[(indices < -size) | (indices >= size)][0]
        raise KernelError(f"expects indices from {-size} to {size - 1}, but got {wrong}")
    return indices


@operator("Gather")
def gather(x: Array, indices: Array, *, axis: int = 0) -> Array:
    place = axis_of(axis, x.ndim)
    return np.take(x, _checked(indices, x.shape[place]), place)


@operator("GatherElements")
def gather_elements(x: Array, indices: Array, *, axis: int = 0) -> Array:
    place = axis_of(axis, x.ndim)
    return x[_along(_checked(indices, x.shape[place]), place)]


def _along(indices: Array, axis: int) -> tuple[Array, ...]:
    """What picks elements at the indices along an axis, and each at its own place along the others."""
    places: list[Any] = list(np.indices(indices.shape, sparse=True))
    places[axis] = indices
    return tuple(places)


@operator("GatherND")
def gather_nd(x: Array, indices: Array, *, batch_dims: int = 0) -> Array:
    """Parts of the operand at places that are vectors along the last dimension of `indices`."""
    for number, size in enumerate(x.shape[batch_dims : batch_dims + indices.shape[-1]]):
        _checked(indices[..., number], size)
    batch: Any = np.indices(indices.shape[:batch_dims], sparse=True)
    rest = indices.ndim - 1 - batch_dims
    first = [each.reshape(*each.shape, *[1] * rest) for each in batch]
    return x[(*first, *np.moveaxis(indices, -1, 0))]


_REDUCTIONS: dict[str, Any] = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}


def _write(result: Array, places: tuple[Any, ...], updates: Array, reduction: str) -> None:
    if reduction == "none":
        result[places] = updates
        return
    ufunc = _REDUCTIONS.get(reduction)
    if ufunc is None:
        raise KernelError(f"expects a reduction none, {', '.join(_REDUCTIONS)}, but got {reduction}")
    combine_at(ufunc, result, places, updates)


@operator("Scatter")
@operator("ScatterElements")
def scatter_elements(x: Array, indices: Array, updates: Array, *, axis: int = 0, reduction: str = "none") -> Array:
    """The operand with elements written to, or combined with what is at, the indices along an axis."""
    place, result = axis_of(axis, x.ndim), x.copy()
    _write(result, _along(_checked(indices, x.shape[place]), place), updates, reduction)
    return result


@operator("ScatterND")
def scatter_nd(x: Array, indices: Array, updates: Array, *, reduction: str = "none") -> Array:
    result = x.copy()
    for number in range(indices.shape[-1]):
        _checked(indices[..., number], x.shape[number])
    _write(result, tuple(np.moveaxis(indices, -1, 0)), updates, reduction)
    return result


@operator("TensorScatter")
def tensor_scatter(
    past: Array, update: Array, write_indices: Array | None = None, *, axis: int = -2, mode: str = "linear"
) -> Array:
    """A cache with new rows along an axis, from each batch's index on; around its end with the mode ``circular``."""
    place, result = axis_of(axis, past.ndim), past.copy()
    rows, starts = np.moveaxis(result, place, 1), np.zeros(len(past), np.int64)
    if write_indices is not None:
        starts = write_indices.astype(np.int64)
    new = np.moveaxis(update, place, 1)
    for batch, start in enumerate(starts.tolist()):
        places = start + np.arange(new.shape[1])
        rows[batch][places % rows.shape[1] if mode == "circular" else _checked(places, rows.shape[1])] = new[batch]
    return result


@operator("OneHot", shaped_by=(1,))
def one_hot(indices: Array, depth: Array, values: Array, *, axis: int = -1) -> Array:
    """`values[1]` at the index along a new axis, `values[0]` elsewhere; nowhere if it is out of bounds."""
    count = int(depth.reshape(-1)[0])
    place = axis_of(axis, indices.ndim + 1)
    wanted = np.where((indices < -count) | (indices >= count), -1, indices.astype(np.int64) % count)
    numbers = np.arange(count).reshape(-1, *[1] * (indices.ndim - place))
    return np.where(np.expand_dims(wanted, place) == numbers, values[1], values[0]).astype(values.dtype)


@operator("Compress", shaped_by=None)
def compress(x: Array, condition: Array, *, axis: int | None = None) -> Array:
    source, place = (x.reshape(-1), 0) if axis is None else (x, axis_of(axis, x.ndim))
    return np.compress(condition, source, place)


@operator("NonZero", shaped_by=None)
def non_zero(x: Array) -> Array:
    return np.array(np.nonzero(x) if x.ndim else np.nonzero(x.reshape(1)), np.int64)[: max(x.ndim, 0)]


@operator("ArrayFeatureExtractor")
def array_feature_extractor(x: Array, places: Array) -> Array:
    return np.atleast_2d(x)[..., places.reshape(-1)]


@operator("Unique", shaped_by=None)
def unique(
    x: Array, *, axis: int | None = None, sorted: int = 1, outputs: Sequence[int] = (0,)
) -> tuple[Array, Array, Array, Array]:
    """Elements, or parts along an axis, once each; where each is first, which one each is, and how often it comes."""
    values, first, inverse, counts = np.unique(x, True, True, True, axis=axis)
    inverse = inverse.reshape(-1)
    if not sorted:
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        values = np.take(values, order, axis or 0)
        first, counts, inverse = first[order], counts[order], rank[inverse]
    return values, first.astype(np.int64), inverse.astype(np.int64), counts.astype(np.int64)


@operator("TopK", shaped_by=(1,))
def top_k(x: Array, k: Array, *, axis: int = -1, largest: int = 1, sorted: int = 1) -> tuple[Array, Array]:
    """The greatest or least elements along an axis, of equal ones the first, and their indices."""
    place, count = axis_of(axis, x.ndim), int(k.reshape(-1)[0])
    if largest:
        # Of the array in reverse order, so that of equal ones the first comes first.
        order = x.shape[place] - 1 - np.flip(np.argsort(np.flip(x, place), place, kind="stable"), place)
    else:
        order = np.argsort(x, place, kind="stable")
    chosen = np.take(order, np.arange(count), place)
    return np.take_along_axis(x, chosen, place), chosen.astype(np.int64)


@operator("MaxUnpool", shaped_by=(2,))
def max_unpool(
    x: Array,
    indices: Array,
    output_shape: Array | None = None,
    *,
    kernel_shape: Sequence[int],
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Array:
    """Maxima at the places that they were taken from, zero elsewhere."""
    rank = x.ndim - 2
    strides, pads = tuple(strides) or (1,) * rank, tuple(pads) or (0,) * (2 * rank)
    inferred = [(x.shape[2 + i] - 1) * strides[i] - pads[i] - pads[rank + i] + kernel_shape[i] for i in range(rank)]
    natural = (*x.shape[:2], *inferred)
    shape = natural if output_shape is None else tuple(output_shape.tolist())
    flat = np.zeros(int(np.prod(natural)), x.dtype)
    flat[indices.reshape(-1)] = x.reshape(-1)
    if shape == natural:
        return flat.reshape(shape)
    result = np.zeros(shape, x.dtype)
    result[tuple(slice(size) for size in natural)] = flat.reshape(natural)
    return result
