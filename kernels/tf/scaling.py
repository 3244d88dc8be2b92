"""Resizing images by filters: cubic ones, areas, and windows of sampling kernels.

All give single precision. Source of the semantics: ``tensorflow/core/ops/image_ops.cc``, and what TensorFlow's kernels
give on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.tf.images import checked_size, positions, scale_of

_STEPS = 1024
"""Cubic weights are known at so many places between two pixels."""


def _resized(x: np.ndarray, matrices: Sequence[np.ndarray]) -> np.ndarray:
    """Images, NHWC, whose rows and columns are sums of others, by one matrix (after, before) for each of both."""
    result = x.astype(np.float32)
    for axis, matrix in zip((1, 2), matrices, strict=True):
        result = np.moveaxis(np.tensordot(matrix.astype(np.float32), result, (1, axis)), 0, axis)
    return np.ascontiguousarray(result)


def _cubic(x: np.ndarray, a: float) -> np.ndarray:
    """The cubic convolution kernel of Keys at non-negative places."""
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _cubic_matrix(before: int, after: int, *, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    at = positions(before, after, align_corners=align_corners, half_pixel_centers=half_pixel_centers)
    low = np.floor(at).astype(int)
    share = np.rint((at - np.floor(at)) * np.float32(_STEPS)) / _STEPS
    matrix = np.zeros((after, before), np.float64)
    rows = np.arange(after)
    for shift in range(-1, 3):
        weight = _cubic(np.abs(share - shift), -0.5 if half_pixel_centers else -0.75)
        place = np.clip(low + shift, 0, before - 1)
        # With centers of pixels, what is beyond the image has no weight; else it is like the pixel at the edge.
        inside = (place == low + shift) | (not half_pixel_centers)
        np.add.at(matrix, (rows, place), np.where(inside, weight, 0))
    return matrix / matrix.sum(1, keepdims=True)


@array_op("tf.ResizeBicubic", shaped_by=(1,))
def resize_bicubic(
    images: TensorMetadata, size: TensorMetadata, *, align_corners: bool = False, half_pixel_centers: bool = False
) -> ArrayForm:
    """Images of another height and width, NHWC; pixels between others are on cubic curves."""

    def run(x: np.ndarray, size: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        wanted = checked_size(size, x, align_corners=align_corners, half_pixel_centers=half_pixel_centers)
        matrices = [
            _cubic_matrix(before, after, align_corners=align_corners, half_pixel_centers=half_pixel_centers)
            for before, after in zip(x.shape[1:3], wanted, strict=True)
        ]
        return _resized(x, matrices)

    return run


def _area_matrix(before: int, after: int, *, align_corners: bool) -> np.ndarray:
    scale = float(scale_of(before, after, align_corners=align_corners))
    first = np.arange(after)[:, None] * scale
    count = int(np.ceil(first[-1, 0] + scale))
    pixels = np.arange(max(count, before))
    shares = np.clip(np.minimum(pixels + 1, first + scale) - np.maximum(pixels, first), 0, 1)
    matrix = shares[:, :before].copy()
    # What is beyond the image is like the pixel at its edge.
    matrix[:, -1] += shares[:, before:].sum(1)
    return matrix / scale


@array_op("tf.ResizeArea", shaped_by=(1,))
def resize_area(images: TensorMetadata, size: TensorMetadata, *, align_corners: bool = False) -> ArrayForm:
    """Images of another height and width, NHWC; each pixel is the mean of the area that it covers."""

    def run(x: np.ndarray, size: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        wanted = checked_size(size, x, align_corners=align_corners, half_pixel_centers=False)
        pairs = zip(x.shape[1:3], wanted, strict=True)
        return _resized(x, [_area_matrix(before, after, align_corners=align_corners) for before, after in pairs])

    return run


def _lanczos(radius: float) -> tuple[float, Callable[[np.ndarray], np.ndarray]]:
    return radius, lambda x: np.where(x > radius, 0, np.sinc(x) * np.sinc(x / radius))


def _mitchell(x: np.ndarray) -> np.ndarray:
    near = (7 / 6 * x - 2) * x * x + 8 / 9
    far = ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return np.where(x < 1, near, np.where(x < 2, far, 0))


_KERNELS: dict[str, tuple[float, Callable[[np.ndarray], np.ndarray]]] = {
    "box": (1.0, lambda x: np.where(x < 0.5, 1, np.where(x == 0.5, 0.5, 0))),
    "gaussian": (1.5, lambda x: np.where(x < 1.5, np.exp(-x * x / (2 * 0.5 * 0.5)), 0)),
    "keyscubic": (2.0, lambda x: _cubic(x, -0.5)),
    "lanczos1": _lanczos(1.0),
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
    "mitchellcubic": (2.0, _mitchell),
    "triangle": (1.0, lambda x: np.maximum(1 - x, 0)),
}
"""Sampling kernels: how far each reaches, and its value at non-negative places."""


def _sampling_matrix(
    before: int, after: int, scale: float, translation: float, kernel: str, *, antialias: bool
) -> np.ndarray:
    radius, value = _KERNELS[kernel]
    # In single precision, for kernels jump at their ends.
    inverse = 1 / np.float32(scale)
    at = (np.arange(after, dtype=np.float32) + np.float32(0.5))[:, None] * inverse - inverse * np.float32(translation)
    wide = max(inverse, np.float32(1)) if antialias else np.float32(1)
    distance = np.abs(at - (np.arange(before, dtype=np.float32) + np.float32(0.5))) / wide
    weights = np.where(distance <= radius, value(distance), 0)
    total = weights.sum(1, keepdims=True)
    is_inside = (at >= 0) & (at <= before) & (np.abs(total) > 1000 * np.finfo(np.float32).tiny)
    return np.where(is_inside, weights / np.where(is_inside, total, 1), 0)


@array_op("tf.ScaleAndTranslate", shaped_by=(1, 2))
def scale_and_translate(
    images: TensorMetadata,
    size: TensorMetadata,
    scale: TensorMetadata,
    translation: TensorMetadata,
    *,
    kernel_type: str = "lanczos3",
    antialias: bool = True,
) -> ArrayForm:
    """Images of another height and width, NHWC, scaled and moved by so many pixels; zero where nothing is."""
    if kernel_type not in _KERNELS:
        raise KernelError(f"kernel_type must be one of {', '.join(_KERNELS)}, got '{kernel_type}'")

    def run(
        x: np.ndarray, size: np.ndarray, scale: np.ndarray, translation: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        wanted = checked_size(size, x, align_corners=False, half_pixel_centers=False)
        if not (scale > 0).all():
            raise KernelError("scale must be greater than zero.")
        moved = zip(x.shape[1:3], wanted, scale.tolist(), translation.tolist(), strict=True)
        return _resized(x, [_sampling_matrix(*each, kernel_type, antialias=antialias) for each in moved])

    return run
