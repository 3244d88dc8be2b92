"""Sliding windows over one spatial dimension: the geometry of convolution and pooling.

Semantics: ``backends/common/lib/compat/eigen/kernels/shape_functions.cc`` in tensorflow/runtime, which agree with
TensorFlow's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfrt.executor.support.errors import KernelError


@dataclass(frozen=True, slots=True)
class Window:
    """Windows along one dimension: `count` of them, `stride` apart, over the input grown by `before` and `after`.

    Each has `size` elements, `dilation` apart.
    """

    size: int
    stride: int
    dilation: int
    before: int
    after: int
    count: int

    def taps(self, index: int) -> slice:
        """Where in the grown input the windows' elements number `index` lie."""
        start = index * self.dilation
        return slice(start, start + (self.count - 1) * self.stride + 1 if self.count else start, self.stride)


def window(
    input_size: int,
    size: int,
    *,
    stride: int = 1,
    dilation: int = 1,
    padding: str,
    explicit: tuple[int, int] | None = None,
) -> Window:
    """The windows over a dimension of `input_size` elements.

    Args:
        padding: ``SAME`` (as many windows as strides fit into the input, the odd element of padding behind it),
            ``VALID`` (no padding) or ``EXPLICIT`` (`explicit` elements before and after), in upper or lower case.

    Raises:
        KernelError: the parameters describe no windows.
    """
    kind = padding.lower()
    if kind not in ("same", "valid", "explicit"):
        raise KernelError(f"Unknown padding type {padding}")
    if stride <= 0:
        raise KernelError(f"Stride must be > 0, but got {stride}")
    if dilation <= 0:
        raise KernelError(f"Dilation must be > 0, but got {dilation}")
    if size <= 0:
        raise KernelError(f"Filter size must be > 0, but got {size}")
    if (kind == "explicit") != (explicit is not None):
        raise KernelError(
            "For explicit padding, padding values must be defined"
            if explicit is None
            else "Explicit padding values must be empty if padding type is not explicit"
        )
    extent = (size - 1) * dilation + 1
    before, after = explicit or (0, 0)
    if before < 0 or after < 0:
        raise KernelError(f"Padding must be >= 0, but got {before} and {after}")
    if kind == "same":
        count = -(-input_size // stride)
        needed = max(0, (count - 1) * stride + extent - input_size)
        before, after = needed // 2, needed - needed // 2
    else:
        # Rounded toward zero: an input that is too short by less than a stride has no windows, which is no mistake.
        room = input_size + before + after - extent + stride
        count = room // stride if room >= 0 else -(-room // stride)
        if count < 0:
            raise KernelError(
                f"Computed output size would be negative: {count} (input_size: {input_size}, filter_size: {size}, "
                f"stride: {stride}, dilation: {dilation})"
            )
    return Window(size=size, stride=stride, dilation=dilation, before=before, after=after, count=count)


def grow(images: np.ndarray, *windows: Window, value: float = 0) -> np.ndarray:
    """Images (batch, a dimension for each of the windows, channel) with a border of `value` as the windows ask for."""
    if not any(window.before or window.after for window in windows):
        return images
    batch, *sizes, channels = images.shape
    extents = [window.before + size + window.after for size, window in zip(sizes, windows, strict=True)]
    grown = np.full((batch, *extents, channels), value, images.dtype)
    grown[inside(images, windows)] = images
    return grown


def inside(images: np.ndarray, windows: Sequence[Window]) -> tuple[slice, ...]:
    """Where in what `grow` makes of images they are."""
    spatial = zip(windows, images.shape[1:-1], strict=True)
    return (slice(None), *(slice(window.before, window.before + size) for window, size in spatial))
