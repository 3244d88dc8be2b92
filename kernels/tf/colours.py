"""Ops on colours: from and to hue, saturation and value, and adjusting them. The last dimension holds the channels.

Source of the semantics: ``tensorflow/core/ops/image_ops.cc``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.arithmetic.halves import rounded_once
from tfrt.kernels.numerics.quiet import quiet


def _to_hsv(x: np.ndarray) -> np.ndarray:
    red, green, blue = np.moveaxis(x, -1, 0)
    value = x.max(-1)
    span = value - x.min(-1)
    saturation = np.where(value > 0, span / value, 0)
    sixth = x.dtype.type(1) / (6 * span)
    third = x.dtype.type(1 / 3)
    hue = np.where(
        red == value,
        sixth * (green - blue),
        np.where(green == value, sixth * (blue - red) + third, sixth * (red - green) + 2 * third),
    )
    hue = np.where(span > 0, hue, 0)
    return np.stack([np.where(hue < 0, hue + 1, hue), saturation, value], -1).astype(x.dtype)


def _to_rgb(x: np.ndarray) -> np.ndarray:
    hue, saturation, value = np.moveaxis(x, -1, 0)
    sixths = hue * 6
    parts = (np.abs(sixths - 3) - 1, 2 - np.abs(sixths - 2), 2 - np.abs(sixths - 4))
    return np.stack([(1 - saturation + saturation * np.clip(part, 0, 1)) * value for part in parts], -1).astype(x.dtype)


def _require_colours(images: TensorMetadata) -> None:
    if images.rank < 1 or images.shape[-1] != 3:
        raise KernelError(f"input must have 3 channels in its last dimension, got {images}")


def _require_images(images: TensorMetadata) -> None:
    if images.rank < 3:
        raise KernelError(f"input must be at least 3-D, got shape {list(images.shape)}")


def _register(name: str, function: Callable[[np.ndarray], np.ndarray]) -> None:
    @array_op(f"tf.{name}", shaped_by=())
    def form(images: TensorMetadata) -> ArrayForm:
        _require_colours(images)
        run = rounded_once(lambda x: np.asarray(quiet.call(function, x)))
        return lambda x, out=None: run(x)


_register("RGBToHSV", _to_hsv)
_register("HSVToRGB", _to_rgb)


def _hue_moved(hsv: np.ndarray, delta: np.ndarray) -> np.ndarray:
    hsv[..., 0] = np.mod(hsv[..., 0] + delta, 1)
    return hsv


def _saturation_scaled(hsv: np.ndarray, scale: np.ndarray) -> np.ndarray:
    hsv[..., 1] = np.clip(hsv[..., 1] * scale, 0, 1)
    return hsv


def _register_adjusting(name: str, change: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    @array_op(f"tf.{name}", shaped_by=())
    def form(images: TensorMetadata, amount: TensorMetadata) -> ArrayForm:
        _require_images(images)
        _require_colours(images)
        run = rounded_once(lambda x, by: np.asarray(quiet.call(lambda: _to_rgb(change(_to_hsv(x), by.item())))))
        return lambda x, by, out=None: run(x, by.astype(x.dtype))


_register_adjusting("AdjustHue", _hue_moved)
_register_adjusting("AdjustSaturation", _saturation_scaled)


@array_op("tf.AdjustContrastv2", shaped_by=())
def adjust_contrast(images: TensorMetadata, factor: TensorMetadata) -> ArrayForm:
    """Images, (…, height, width, channel), whose pixels are so many times as far from the mean of their channel."""
    _require_images(images)

    def contrast(x: np.ndarray, factor: np.ndarray) -> np.ndarray:
        mean = x.mean((-3, -2), keepdims=True)
        return (x - mean) * factor + mean

    run = rounded_once(contrast)
    return lambda x, factor, out=None: run(x, factor.astype(x.dtype))
