"""Ops on windows of images that are no sums: patches, dilation, and where maxima are. Images are NHWC.

Source of the semantics: ``tensorflow/core/ops/array_ops.cc`` and ``nn_ops.cc``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.tf.windows import require_images, sliding_windows, taps_of

_SPATIAL = (1, 2)


@array_op("tf.ExtractImagePatches", shaped_by=())
def extract_image_patches(
    images: TensorMetadata, *, ksizes: Sequence[int], strides: Sequence[int], rates: Sequence[int], padding: str
) -> ArrayForm:
    """What is in windows of images, in the place of the channels: by row, column and channel in the window."""
    require_images("tf.ExtractImagePatches", images, 4)
    windows = sliding_windows(
        images.shape, _SPATIAL, ksizes[1:3], strides=strides, dilations=rates, padding=padding, explicit=()
    )
    return lambda x, out=None: np.concatenate(taps_of(x, _SPATIAL, windows, 0), -1)


@array_op("tf.Dilation2D", shaped_by=())
def dilation_2d(
    images: TensorMetadata, filters: TensorMetadata, *, strides: Sequence[int], rates: Sequence[int], padding: str
) -> ArrayForm:
    """The maxima over windows of images of what a filter (height, width, channel) is added to; padding is no part."""
    require_images("tf.Dilation2D", images, 4)
    if filters.rank != 3 or filters.shape[2] != images.shape[3]:
        raise KernelError(f"expects a filter for each channel of {images}, got {filters}")
    windows = sliding_windows(
        images.shape, _SPATIAL, filters.shape[:2], strides=strides, dilations=rates, padding=padding, explicit=()
    )

    def run(x: np.ndarray, filters: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        taps = taps_of(x, _SPATIAL, windows, least)
        result = taps[0] + filters[0, 0]
        for tap, added in zip(taps[1:], filters.reshape(len(taps), -1)[1:], strict=True):
            quiet.call(np.maximum, result, tap + added, out=result)
        return result

    return run


@array_op("tf.MaxPoolWithArgmax", shaped_by=())
def max_pool_with_argmax(
    images: TensorMetadata,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    include_batch_in_index: bool = False,
    Targmax: DType = DType.I64,
) -> ArrayForm:
    """The maxima over windows of images, and the numbers of the elements that they are, of equal ones the first: in
    their image, or in all images."""
    require_images("tf.MaxPoolWithArgmax", images, 4)
    windows = sliding_windows(
        images.shape, _SPATIAL, ksize[1:3], strides=strides, dilations=(), padding=padding, explicit=()
    )

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        numbers = np.arange(x.size).reshape(x.shape)
        if not include_batch_in_index:
            numbers = numbers[:1].repeat(len(x), 0)
        values = np.stack(taps_of(x, _SPATIAL, windows, least))
        # Padding is never chosen, not even where all elements are as small.
        places = np.stack(taps_of(numbers, _SPATIAL, windows, -1))
        best = np.where(places < 0, False, values == values.max(0)).argmax(0)[None]
        found = np.take_along_axis(places, best, 0)[0], np.take_along_axis(values, best, 0)[0]
        return found[1], found[0].astype(Targmax.numpy)

    return run
