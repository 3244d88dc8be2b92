"""Images seen through projective transforms: rotated, sheared, shifted and scaled.

Arithmetic is single precision's, as TensorFlow's. Source of the semantics:
``tensorflow/core/kernels/image/image_ops.h``.
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


def _reflected(at: np.ndarray, size: int) -> np.ndarray:
    """Beyond an edge, the image is mirrored, edge pixels included."""
    period = np.float32(2 * size)
    before = period * np.trunc(-at / period) + at
    before = np.where(before < -size, before + period, -before - 1)
    after = at - period * np.trunc(at / period)
    after = np.where(after >= size, period - after - 1, after)
    found = np.where(at < 0, before, np.where(at > size - 1, after, at))
    return np.clip(found, 0, size - 1)


def _wrapped(at: np.ndarray, size: int) -> np.ndarray:
    """Beyond an edge, the image is repeated, each time but for a pixel: what TensorFlow does."""
    last, whole = np.float32(max(size - 1, 1)), np.float32(size)
    before = at + whole * (np.trunc(-at / last) + 1)
    after = at - whole * np.trunc(at / last)
    found = np.where(at < 0, before, np.where(at > size - 1, after, at))
    return np.clip(found, 0, size - 1)


_FILL_MODES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "CONSTANT": lambda at, size: at,
    "NEAREST": lambda at, size: np.clip(at, 0, size - 1),
    "REFLECT": _reflected,
    "WRAP": _wrapped,
}


def _projected(
    x: np.ndarray, transforms: np.ndarray, shape: tuple[int, ...], fill: np.ndarray, interpolation: str, mode: str
) -> np.ndarray:
    height, width = x.shape[1:3]
    a0, a1, a2, b0, b1, b2, c0, c1 = (column[:, None, None] for column in transforms.astype(np.float32).T)
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    columns = np.arange(shape[1], dtype=np.float32)
    depth = c0 * columns + c1 * rows + 1
    across = _FILL_MODES[mode]((a0 * columns + a1 * rows + a2) / depth, width)
    down = _FILL_MODES[mode]((b0 * columns + b1 * rows + b2) / depth, height)
    images = np.arange(len(x))[:, None, None]
    missing = fill.astype(x.dtype)

    def read(r: np.ndarray, c: np.ndarray) -> np.ndarray:
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        r, c = np.where(inside, r, 0).astype(np.int64), np.where(inside, c, 0).astype(np.int64)
        return np.where(inside[..., None], x[images, r, c], missing)

    if interpolation == "NEAREST":
        found = read(_round(down), _round(across))
    else:
        top, left = np.floor(down), np.floor(across)
        right, low = (across - left)[..., None], (down - top)[..., None]
        real = np.float64 if x.dtype == np.float64 else np.float32
        upper = (1 - right) * read(top, left).astype(real) + right * read(top, left + 1).astype(real)
        under = (1 - right) * read(top + 1, left).astype(real) + right * read(top + 1, left + 1).astype(real)
        found = (1 - low) * upper + low * under
    return np.where((depth == 0)[..., None], missing, found).astype(x.dtype)


def _round(x: np.ndarray) -> np.ndarray:
    """Halves away from zero."""
    whole = np.trunc(x)
    return np.where(np.abs(x - whole) >= np.float32(0.5), whole + np.sign(x), whole)


def _form(images: TensorMetadata, transforms: TensorMetadata, interpolation: str, mode: str) -> ArrayForm:
    if images.rank != 4:
        raise KernelError(f"input images must be 4-dimensional, got {images}")
    if transforms.rank != 2 or transforms.shape[1] != 8 or transforms.shape[0] not in (1, images.shape[0]):
        raise KernelError(f"Input transform should be num_images x 8 or 1 x 8, got {transforms}")
    if interpolation not in ("BILINEAR", "NEAREST"):
        raise KernelError(f"interpolation must be 'BILINEAR' or 'NEAREST', got '{interpolation}'")
    if mode not in _FILL_MODES:
        raise KernelError(f"fill_mode must be one of {', '.join(sorted(_FILL_MODES))}, got '{mode}'")

    def run(
        x: np.ndarray, transforms: np.ndarray, size: np.ndarray, *fill: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        shape = sizes(size)
        if min(shape) < 1:
            raise KernelError("output dimensions must be positive")
        missing = fill[0] if fill else np.zeros((), np.float32)
        return np.asarray(quiet.call(_projected, x, transforms, shape, missing, interpolation, mode))

    return run


@array_op("tf.ImageProjectiveTransformV2", shaped_by=(2,))
def image_projective_transform_v2(
    images: TensorMetadata,
    transforms: TensorMetadata,
    output_shape: TensorMetadata,
    *,
    interpolation: str,
    fill_mode: str = "CONSTANT",
) -> ArrayForm:
    """Images NHWC of another height and width, whose pixel ``(x, y)`` is the given images' at
    ``((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`` with ``k = c0 x + c1 y + 1``; a transform is
    ``[a0, a1, a2, b0, b1, b2, c0, c1]``."""
    return _form(images, transforms, interpolation, fill_mode)


@array_op("tf.ImageProjectiveTransformV3", shaped_by=(2, 3))
def image_projective_transform_v3(
    images: TensorMetadata,
    transforms: TensorMetadata,
    output_shape: TensorMetadata,
    fill_value: TensorMetadata,
    *,
    interpolation: str,
    fill_mode: str = "CONSTANT",
) -> ArrayForm:
    """As `tf.ImageProjectiveTransformV2`, with `fill_value` for what is beyond the images."""
    return _form(images, transforms, interpolation, fill_mode)
