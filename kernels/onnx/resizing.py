"""Images of other sizes, and read at other places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.arithmetic.halves import is_half
from tfrt.kernels.shared.operators import axes_of, operator

Array = np.ndarray
Sizes = list[int]

_KEPT = 64
"""Of how many dimensions it is kept where elements lie."""


@operator("Upsample", shaped_by=(1,))
def upsample(x: Array, scales: Array, *, mode: str = "nearest") -> Array:
    return resize(x, None, scales, mode=mode, coordinate_transformation_mode="asymmetric", nearest_mode="floor")


@operator("Resize", in_single=True, shaped_by=(2, 3))
def resize(
    x: Array,
    roi: Array | None = None,
    scales: Array | None = None,
    sizes: Array | None = None,
    *,
    antialias: int = 0,
    axes: Sequence[int] = (),
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Array:
    """The operand in other sizes along some axes, one after another."""
    places = axes_of(axes, x.ndim)
    factors, wanted = _geometry(x.shape, places, scales, sizes, keep_aspect_ratio_policy)
    crop = [(0.0, 1.0)] * len(places)
    if roi is not None and roi.size:
        crop = list(zip(roi[: len(places)].tolist(), roi[len(places) :].tolist(), strict=True))
    wide = np.float32 if x.dtype == np.float32 or is_half(x.dtype) else np.float64
    found = x if mode == "nearest" else x.astype(wide, copy=False)
    outside: Array = np.zeros([1] * x.ndim, bool)
    for place, factor, size, (start, end) in zip(places, factors, wanted, crop, strict=True):
        length = x.shape[place]
        if size == length and factor == 1 and coordinate_transformation_mode != "tf_crop_and_resize":
            continue
        along = _Along(coordinate_transformation_mode, size, length, factor, start, end)
        if coordinate_transformation_mode == "tf_crop_and_resize":
            at = _coordinates(along)
            beyond = (at < 0) | (at > length - 1)
            if beyond.any():
                outside = outside | beyond.reshape([-1 if i == place else 1 for i in range(x.ndim)])
        if mode == "nearest":
            found = np.take(found, _nearest(along, nearest_mode), place)
            continue
        shrink = min(1.0, factor) if antialias else 1.0
        weights = _weights(along, mode, shrink, cubic_coeff_a, bool(exclude_outside), np.dtype(wide))
        found = _combined(found, weights, place)
    if outside.any():
        found = np.where(outside, extrapolation_value, found)
    if x.dtype.kind in "iu":
        bounds = np.iinfo(x.dtype)
        return np.clip(np.rint(found), bounds.min, bounds.max).astype(x.dtype)
    return found.astype(x.dtype, copy=found is x)


def _combined(x: Array, weights: Array, place: int) -> Array:
    """Sums of elements along a dimension, by weights for each of the new ones."""
    size, length = weights.shape
    shape = (*x.shape[:place], size, *x.shape[place + 1 :])
    inner = prod(x.shape[place + 1 :])
    if inner == 1:
        return np.matmul(x.reshape(-1, length), weights.T).reshape(shape)
    return np.matmul(weights, x.reshape(-1, length, inner)).reshape(shape)


def _geometry(
    shape: Sequence[int], places: Sequence[int], scales: Array | None, sizes: Array | None, policy: str
) -> tuple[list[float], Sizes]:
    """By how much dimensions grow, and their new sizes."""
    lengths = [shape[place] for place in places]
    if scales is not None and scales.size:
        factors = [float(factor) for factor in scales.tolist()]
        return factors, [int(np.floor(length * f)) for length, f in zip(lengths, factors, strict=True)]
    if sizes is None:
        raise KernelError("expects scales or sizes")
    wanted = [int(size) for size in sizes.tolist()]
    factors = [size / length for size, length in zip(wanted, lengths, strict=True)]
    if policy == "stretch":
        return factors, wanted
    factor = min(factors) if policy == "not_larger" else max(factors)
    return [factor] * len(places), [int(np.floor(factor * length + 0.5)) for length in lengths]


class _Along(NamedTuple):
    """A dimension of `length` that becomes one of `size`, by a transformation of coordinates; see the operator."""

    kind: str
    size: int
    length: int
    factor: float
    start: float
    end: float


def _coordinates(along: _Along) -> Array:
    """Where the new elements lie among the old ones.

    Raises:
        KernelError: there is no such transformation.
    """
    kind, size, length, factor, start, end = along
    at = np.arange(size, dtype=np.float64)
    if kind == "asymmetric":
        return at / factor
    if kind == "half_pixel":
        return (at + 0.5) / factor - 0.5
    if kind == "half_pixel_symmetric":
        adjusted = size / (length * factor)
        return length / 2 * (1 - adjusted) + (at + 0.5) / factor - 0.5
    if kind == "pytorch_half_pixel":
        return (at + 0.5) / factor - 0.5 if size > 1 else np.zeros_like(at)
    if kind == "align_corners":
        # The reference implementation does not round the new size here.
        return at * (length - 1) / (factor * length - 1) if size > 1 else np.zeros_like(at)
    if kind == "tf_half_pixel_for_nn":
        return (at + 0.5) / factor
    if kind == "tf_crop_and_resize":
        if size > 1:
            return start * (length - 1) + at * (end - start) * (length - 1) / (size - 1)
        return np.full_like(at, 0.5 * (start + end) * (length - 1))
    raise KernelError(f"there is no coordinate_transformation_mode '{kind}'")


_NEAREST: dict[str, Callable[[Array], Array]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda at: np.ceil(at - 0.5),
    "round_prefer_ceil": lambda at: np.floor(at + 0.5),
}


@lru_cache(maxsize=_KEPT)
def _nearest(along: _Along, mode: str) -> Array:
    """The old element that each of the new ones is.

    Raises:
        KernelError: there is no such mode.
    """
    at = _coordinates(along)
    if mode not in _NEAREST:
        raise KernelError(f"there is no nearest_mode '{mode}'")
    return np.clip(_NEAREST[mode](at), 0, along.length - 1).astype(np.int64)


def _cubic(distance: Array, a: float) -> Array:
    d = np.abs(distance)
    near, far = ((a + 2) * d - (a + 3)) * d * d + 1, ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


@lru_cache(maxsize=_KEPT)
def _weights(along: _Along, mode: str, shrink: float, a: float, exclude: bool, dtype: np.dtype) -> Array:
    """What each element of a dimension counts for each of the new ones: a matrix.

    Args:
        shrink: by how much the filter is stretched, as one over it.

    Raises:
        KernelError: there is no such mode.
    """
    if mode not in ("linear", "cubic"):
        raise KernelError(f"expects a mode nearest, linear or cubic, but got {mode}")
    at, length = _coordinates(along), along.length
    reach = (1 if mode == "linear" else 2) / shrink
    first = np.floor(at - reach).astype(np.int64)
    taps = first[:, np.newaxis] + np.arange(int(np.ceil(2 * reach)) + 2)
    distance = (taps - at[:, np.newaxis]) * shrink
    share = np.maximum(0, 1 - np.abs(distance)) if mode == "linear" else _cubic(distance, a)
    if exclude:
        share = np.where((taps < 0) | (taps >= length), 0, share)
    if exclude or shrink < 1:
        share = share / np.sum(share, 1, keepdims=True)
    result = np.zeros((len(at), length))
    rows = np.broadcast_to(np.arange(len(at))[:, np.newaxis], taps.shape)
    np.add.at(result, (rows, np.clip(taps, 0, length - 1)), share)
    return result.astype(dtype)


@operator("GridSample", in_single=True)
def grid_sample(
    x: Array, grid: Array, *, align_corners: int = 0, mode: str = "linear", padding_mode: str = "zeros"
) -> Array:
    """The operand (batch, channel, spatial dimensions) read at places from -1 to 1, the last dimension's first."""
    rank, batch = x.ndim - 2, np.arange(len(x))
    places = []
    for axis in range(rank):
        size, at = x.shape[2 + axis], grid[..., rank - 1 - axis].astype(np.float64)
        places.append((at + 1) / 2 * (size - 1) if align_corners else ((at + 1) * size - 1) / 2)
    if mode in ("nearest",):
        taps = [[(np.rint(at), np.ones_like(at))] for at in places]
    elif mode in ("linear", "bilinear"):
        taps = [[(np.floor(at) + i, 1 - np.abs(at - np.floor(at) - i)) for i in (0, 1)] for at in places]
    elif mode in ("cubic", "bicubic"):
        taps = [[(np.floor(at) + i, _cubic(at - np.floor(at) - i, -0.75)) for i in (-1, 0, 1, 2)] for at in places]
    else:
        raise KernelError(f"expects a mode nearest, linear or cubic, but got {mode}")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise KernelError(f"expects a padding_mode zeros, border or reflection, but got {padding_mode}")
    shape = grid.shape[1:-1]
    result = np.zeros((len(x), *shape, x.shape[1]))
    first = batch.reshape(-1, *[1] * len(shape))
    for choice in np.ndindex(*[len(each) for each in taps]):
        weight: Array = np.ones(grid.shape[:-1])
        index = []
        for axis, number in enumerate(choice):
            at, share = taps[axis][number]
            size = x.shape[2 + axis]
            if padding_mode == "reflection":
                at = _reflected(at, size, bool(align_corners))
            inside = (at >= 0) & (at <= size - 1)
            weight = weight * (np.where(inside, share, 0) if padding_mode == "zeros" else share)
            index.append(np.clip(np.nan_to_num(at), 0, size - 1).astype(np.int64))
        result += x[(first, slice(None), *index)] * weight[..., np.newaxis]
    return np.moveaxis(result, -1, 1).astype(x.dtype)


def _reflected(at: Array, size: int, align_corners: bool) -> Array:
    """Places outside of a dimension as often reflected at its ends as it takes."""
    low, high = (0.0, size - 1.0) if align_corners else (-0.5, size - 0.5)
    span = high - low
    if span <= 0:
        return np.zeros_like(at)
    offset = np.mod(at - low, 2 * span)
    return np.clip(np.where(offset > span, 2 * span - offset, offset) + low, 0, size - 1)
