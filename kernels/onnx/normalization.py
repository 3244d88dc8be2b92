"""Normalizations, channels second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfrt.kernels.numerics.arithmetic.halves import single
from tfrt.kernels.shared.operators import axes_of, operator

Array = np.ndarray


def _channels(b: Array, rank: int) -> Array:
    return b.reshape(-1, *[1] * (rank - 2))


@operator("BatchNormalization", in_single=True)
def batch_normalization(
    x: Array,
    scale: Array,
    b: Array,
    mean: Array,
    variance: Array,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
) -> tuple[Array, Array | None, Array | None]:
    """Channels with the given mean and variance, or their own in training, which also gives new running ones."""
    of = mean, variance
    new: tuple[Array | None, Array | None] = (None, None)
    if training_mode:
        axes = (0, *range(2, x.ndim))
        of = np.mean(x, axes), np.var(x, axes)
        new = (
            (mean * momentum + of[0] * (1 - momentum)).astype(mean.dtype),
            (variance * momentum + of[1] * (1 - momentum)).astype(variance.dtype),
        )
    factor = scale / np.sqrt(of[1] + np.asarray(epsilon, of[1].dtype))
    shift = b - of[0] * factor
    return (x * _channels(factor, x.ndim) + _channels(shift, x.ndim)).astype(x.dtype), *new


@operator("InstanceNormalization", in_single=True)
def instance_normalization(x: Array, scale: Array, b: Array, *, epsilon: float = 1e-5) -> Array:
    axes = tuple(range(2, x.ndim))
    centered = x - np.mean(x, axes, keepdims=True)
    spread = np.sqrt(np.mean(np.square(centered), axes, keepdims=True) + np.asarray(epsilon, x.dtype))
    return np.asarray(centered / spread * _channels(scale, x.ndim) + _channels(b, x.ndim)).astype(x.dtype)


@operator("LayerNormalization")
def layer_normalization(
    x: Array, scale: Array, b: Array | None = None, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> tuple[Array, Array, Array]:
    """Elements from an axis on with mean 0 and variance 1; the mean, and one over the deviation, in the type of the
    computation."""
    axes = tuple(range(axis % x.ndim, x.ndim))
    wide = single(x)
    mean = np.mean(wide, axes, keepdims=True)
    centered = wide - mean
    inverse = 1 / np.sqrt(np.mean(np.square(centered), axes, keepdims=True) + np.asarray(epsilon, wide.dtype))
    found = centered * inverse * scale
    return (found if b is None else found + b).astype(x.dtype), np.asarray(mean), np.asarray(inverse)


@operator("GroupNormalization", in_single=True)
def group_normalization(
    x: Array, scale: Array, b: Array, *, epsilon: float = 1e-5, num_groups: int, stash_type: int = 1
) -> Array:
    grouped = x.reshape(x.shape[0], num_groups, -1)
    centered = grouped - np.mean(grouped, -1, keepdims=True)
    spread = np.sqrt(np.mean(np.square(centered), -1, keepdims=True) + np.asarray(epsilon, x.dtype))
    found = (centered / spread).reshape(x.shape)
    return np.asarray(found * _channels(scale, x.ndim) + _channels(b, x.ndim)).astype(x.dtype)


@operator("LpNormalization", in_single=True)
def lp_normalization(x: Array, *, axis: int = -1, p: int = 2) -> Array:
    """Elements divided by their norm along an axis; zero where that is zero."""
    norm = np.sqrt(np.sum(np.square(x), axis, keepdims=True)) if p == 2 else np.sum(np.abs(x), axis, keepdims=True)
    return np.where(norm == 0, 0, x / norm).astype(x.dtype)


@operator("MeanVarianceNormalization", in_single=True)
def mean_variance_normalization(x: Array, *, axes: Sequence[int] = (0, 2, 3)) -> Array:
    over = axes_of(axes, x.ndim)
    centered = x - np.mean(x, over, keepdims=True)
    return np.asarray(centered / (np.sqrt(np.mean(np.square(centered), over, keepdims=True)) + x.dtype.type(1e-9)))


@operator("LRN", in_single=True)
def lrn(x: Array, *, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0, size: int) -> Array:
    """Elements divided by a power of the sum of squares in neighbouring channels."""
    squares, channels = np.square(x), x.shape[1]
    before = (size - 1) // 2
    total = np.zeros_like(x)
    for channel in range(channels):
        first, end = max(0, channel - before), min(channels, channel + size - before)
        total[:, channel] = np.sum(squares[:, first:end], 1)
    return (x / np.power(bias + alpha / size * total, beta)).astype(x.dtype)
