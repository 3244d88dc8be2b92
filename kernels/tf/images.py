"""Ops on images: resizing, and normalization across channels.

Source of the semantics: ``tensorflow/core/ops/image_ops.cc``, ``core/util/image_resizer_state.h``, ``nn_ops.cc``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.tf.reshaping import sizes


def scale_of(before: int, after: int, *, align_corners: bool) -> np.float32:
    """How many of a row of `before` pixels one of the `after` pixels of a resized one covers."""
    if align_corners and after > 1:
        return np.float32((before - 1) / np.float32(after - 1))
    return np.float32(before / np.float32(after))


def positions(before: int, after: int, *, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    """Where in a row of `before` pixels the `after` pixels of a resized one are, in single precision."""
    scale = scale_of(before, after, align_corners=align_corners)
    places = np.arange(after, dtype=np.float32)
    if half_pixel_centers:
        return (places + np.float32(0.5)) * scale - np.float32(0.5)
    return places * scale


def checked_size(size: np.ndarray, x: np.ndarray, *, align_corners: bool, half_pixel_centers: bool) -> tuple[int, int]:
    """The height and width that images are resized to.

    Raises:
        KernelError: these are not positive, or `x` are no images.
    """
    height, width = sizes(size)
    if x.ndim != 4:
        raise KernelError(f"input must be 4-dimensional, got {list(x.shape)}")
    if height < 1 or width < 1:
        raise KernelError("output dimensions must be positive")
    if align_corners and half_pixel_centers:
        raise KernelError("If half_pixel_centers is True, align_corners must be False.")
    return height, width


@array_op("tf.ResizeBilinear", shaped_by=(1,))
def resize_bilinear(
    images: TensorMetadata, size: TensorMetadata, *, align_corners: bool = False, half_pixel_centers: bool = False
) -> ArrayForm:
    """Images of another height and width, NHWC, in single precision; pixels between others are on lines between."""

    def run(x: np.ndarray, size: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        wanted = checked_size(size, x, align_corners=align_corners, half_pixel_centers=half_pixel_centers)
        result = x.astype(np.float32)
        # The columns first, as TensorFlow does it; the other way round is rounded otherwise.
        for axis, after in ((2, wanted[1]), (1, wanted[0])):
            before = result.shape[axis]
            at = positions(before, after, align_corners=align_corners, half_pixel_centers=half_pixel_centers)
            low = np.floor(at)
            shape = [-1 if d == axis else 1 for d in range(4)]
            share = (at - low).reshape(shape)
            first = np.take(result, np.maximum(low, 0).astype(int), axis)
            second = np.take(result, np.minimum(np.ceil(at), before - 1).astype(int), axis)
            result = first + (second - first) * share
        return result

    return run


@array_op("tf.ResizeNearestNeighbor", shaped_by=(1,))
def resize_nearest_neighbor(
    images: TensorMetadata, size: TensorMetadata, *, align_corners: bool = False, half_pixel_centers: bool = False
) -> ArrayForm:
    """Images of another height and width, NHWC, of the pixels that are nearest."""

    def run(x: np.ndarray, size: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        wanted = checked_size(size, x, align_corners=align_corners, half_pixel_centers=half_pixel_centers)
        for axis, after in ((1, wanted[0]), (2, wanted[1])):
            before = x.shape[axis]
            at = positions(before, after, align_corners=align_corners, half_pixel_centers=False)
            if half_pixel_centers:
                at = (np.arange(after, dtype=np.float32) + np.float32(0.5)) * np.float32(before / np.float32(after))
            rounded: Callable[..., np.ndarray] = np.round if align_corners else np.floor
            if align_corners:
                at, rounded = at + np.float32(0.5), np.floor
            x = np.take(x, np.clip(rounded(at), 0, before - 1).astype(int), axis)
        return np.ascontiguousarray(x)

    return run


@array_op("tf.LRN", shaped_by=())
def local_response_normalization(
    images: TensorMetadata, *, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5
) -> ArrayForm:
    """Each element divided by a power of the squares of the channels around it."""

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        squares = np.pad(np.square(x), [(0, 0)] * (x.ndim - 1) + [(depth_radius, depth_radius)])
        channels = x.shape[-1]
        total = sum(squares[..., shift : shift + channels] for shift in range(2 * depth_radius + 1))
        dtype = x.dtype.type
        return np.asarray(quiet.call(lambda: x / (dtype(bias) + dtype(alpha) * total) ** dtype(beta)))

    return run
