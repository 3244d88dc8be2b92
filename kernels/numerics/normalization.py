"""Softmax and batch normalization.

Sums and products are taken in the order in which ``softmax_kernel.h``, ``batch_norm.h`` and ``batch_norm_grad.cc`` of
tensorflow/runtime take them, so that results agree but for the rounding of sums.
"""

from __future__ import annotations

from math import prod

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Exponentials over their sum, along the last dimension."""
    values = _shifted(logits)
    with np.errstate(all="ignore"):
        np.exp(values, out=values)
        values *= 1 / values.sum(axis=-1, keepdims=True)
    return values.reshape(logits.shape)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """The logarithm of `softmax`, without its loss of precision."""
    values = _shifted(logits)
    with np.errstate(all="ignore"):
        values -= np.log(np.exp(values).sum(axis=-1, keepdims=True))
    return values.reshape(logits.shape)


def _shifted(logits: np.ndarray) -> np.ndarray:
    """The logits as rows, each with its maximum subtracted: exponentials of it do not overflow."""
    rows = logits.reshape(-1, logits.shape[-1]) if logits.size and logits.ndim else logits.reshape(1, -1)
    with np.errstate(all="ignore"):
        return rows - rows.max(axis=-1, keepdims=True, initial=-np.inf)


def batch_norm(
    images: np.ndarray,
    scale: np.ndarray,
    offset: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    *,
    epsilon: float,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """``scale * (images - mean) / sqrt(variance + epsilon) + offset``, a channel (last dimension) at a time.

    The four may also be shaped for channels in another dimension. `out` is where to write the result.
    """
    with np.errstate(all="ignore"):
        result = np.subtract(images, mean, out)
        result /= np.sqrt(variance + variance.dtype.type(epsilon))
        result *= scale
        result += offset
    return result


def with_moments(
    images: np.ndarray,
    scale: np.ndarray,
    offset: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    *,
    epsilon: float,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """As `batch_norm`, with one multiplication and one addition for each element: by ``scale / sqrt(variance +
    epsilon)``, which is the same for a whole channel, and so is what is added.

    Compiled programs do this as the same steps, one by one, so that results have the same bits everywhere. Without an
    epsilon a channel that is always its mean would be infinity less infinity; then steps are those of `batch_norm`.
    """
    if not epsilon > 0:
        return batch_norm(images, scale, offset, mean, variance, epsilon=epsilon, out=out)
    with np.errstate(all="ignore"):
        factor = scale / np.sqrt(variance + variance.dtype.type(epsilon))
        result = np.multiply(images, factor, out)
        result += offset - mean * factor
    return result


def moments(images: np.ndarray, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance over some dimensions, which the results keep as dimensions of size 1."""
    count = images.dtype.type(_count(images, axes))
    with np.errstate(all="ignore"):
        mean = images.sum(axis=axes, keepdims=True) / count
        variance = np.square(images - mean).sum(axis=axes, keepdims=True) / count
    return mean, variance


def _count(array: np.ndarray, axes: tuple[int, ...]) -> int:
    return prod(array.shape[axis] for axis in axes)


def batch_norm_gradients(
    gradient: np.ndarray,
    images: np.ndarray,
    scale: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    *,
    epsilon: float,
    axes: tuple[int, ...] = (0, 1, 2),
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of training's batch normalization with respect to images, scale and offset.

    `gradient` is that with respect to the result; `mean` and `variance` are the batch's, over `axes`. Where the
    channels are not the last dimension, all of them are shaped for that.
    """
    count = gradient.dtype.type(_count(gradient, axes))
    with np.errstate(all="ignore"):
        inverse = 1 / np.sqrt(variance + variance.dtype.type(epsilon))
        centered = images - mean
        products = gradient * centered
        scale_gradient = (gradient * (centered * inverse)).sum(axis=axes).reshape(scale.shape)
        offset_gradient = gradient.sum(axis=axes).reshape(scale.shape)
        share = np.square(inverse) * (products.sum(axis=axes).reshape(scale.shape) / count)
        images_gradient = scale * inverse * (gradient - offset_gradient / count - centered * share)
    return images_gradient, scale_gradient, offset_gradient
