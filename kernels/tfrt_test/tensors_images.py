"""Kernels of `tfrt_test` on images: tensors of (height, width, channel).

JPEG files are decoded by Pillow, which the optional dependencies ``tfrt[image]`` bring; it is imported when an image is
decoded. Reference: ``backends/cpu/lib/kernels/image`` in tensorflow/runtime. It has libjpeg round to integers early,
so that its pixels may differ from Pillow's by a few units.
"""

from __future__ import annotations

import io

import numpy as np

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, expect
from tfrt.kernels.tfrt_test.work import enqueue_work

_JPEG_START = b"\xff\xd8\xff"


@kernel("tfrt_test.decode_jpeg")
def decode_jpeg(encoded: str, host: HostContext) -> AsyncValue:
    """The pixels of a JPEG file, which a string holds: bytes of red, green and blue."""
    data = encoded.encode("utf-8", "surrogateescape")
    if not data.startswith(_JPEG_START):
        raise KernelError("image does not have jpeg format")
    try:
        import PIL.Image  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise KernelError("decode_jpeg needs Pillow: pip install 'tfrt[image]'") from None

    def decode() -> DenseHostTensor:
        try:
            with PIL.Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
                return DenseHostTensor(np.array(image.convert("RGB")), DType.UI8)
        except PIL.UnidentifiedImageError as error:
            raise KernelError("cannot decode the JPEG image: its headers are damaged") from error
        except Exception as error:
            # What damaged files make Pillow raise is not documented, and varies.
            raise KernelError(f"cannot decode the JPEG image: {error}") from error

    return enqueue_work(host, decode, traced_as="DecodeJpeg")


@kernel("tfrt_test.resize_bilinear")
def resize_bilinear(image: DenseHostTensor, height: int, width: int, host: HostContext) -> AsyncValue:
    """An image of bytes scaled to that height and width, as f32, with linear interpolation in both directions.

    The upper left pixel stays where it is; corners are not aligned otherwise.
    """
    pixels = expect(image, DType.UI8)
    if pixels.ndim != 3:
        raise KernelError("input tensor shape must be 3")
    if height > 0 and width > 0 and 0 in pixels.shape[:2]:
        raise KernelError(f"cannot resize an image without pixels, of shape {list(pixels.shape)}")
    resized = DenseHostTensor.uninitialized(DType.F32, (height, width, pixels.shape[2]))

    def resize() -> DenseHostTensor:
        if resized.array.size:
            resized.array[...] = _interpolate(pixels, height, width)
        return resized

    return enqueue_work(host, resize, traced_as="ResizeBilinear")


def _interpolate(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    upper, lower, down = _neighbours(height, pixels.shape[0])
    left, right, across = _neighbours(width, pixels.shape[1])
    down, across = down[:, None, None], across[:, None]

    def row(ys: np.ndarray) -> np.ndarray:
        start, end = (pixels[np.ix_(ys, xs)].astype(np.float32) for xs in (left, right))
        return start + (end - start) * across

    top = row(upper)
    return top + (row(lower) - top) * down


def _neighbours(size: int, source_size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each position in the result: the two positions in the source that it lies between, and how far along."""
    position = np.arange(size, dtype=np.float32) * np.float32(np.float32(source_size) / np.float32(size))
    before = np.floor(position)
    last = source_size - 1
    # Rounding can put the last positions past the end.
    first, second = (np.minimum(p.astype(np.int64), last) for p in (before, np.ceil(position)))
    return first, second, position - before
