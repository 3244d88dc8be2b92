"""Windows of images, batch and channels first, and their elements combined."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tfrt.kernels.onnx.convolution import paddings
from tfrt.kernels.shared.operators import operator, spatially

Array = np.ndarray
Numbers = Sequence[int]


class _Windows:
    """Where windows lie: how many there are along each spatial dimension of an image, and what their elements are."""

    def __init__(
        self,
        sizes: Numbers,
        kernel: Numbers,
        *,
        auto_pad: str,
        pads: Numbers,
        strides: Numbers,
        dilations: Numbers,
        ceil_mode: int,
    ):
        rank = len(sizes)
        self.kernel = tuple(kernel)
        self.strides, self.dilations = tuple(strides) or (1,) * rank, tuple(dilations) or (1,) * rank
        extents = [(size - 1) * dilation + 1 for size, dilation in zip(kernel, self.dilations, strict=True)]
        self.pads = paddings(auto_pad, pads, sizes, extents, self.strides)
        self.sizes = tuple(sizes)
        self.counts = []
        for size, extent, stride, (before, after) in zip(sizes, extents, self.strides, self.pads, strict=True):
            room = size + before + after - extent
            count = (-(-room // stride) if ceil_mode else room // stride) + 1
            if ceil_mode and (count - 1) * stride >= size + before:
                # It would lie in the padding after the image.
                count -= 1
            self.counts.append(count)
        self.extended = [
            max(size + before + after, (count - 1) * stride + extent)
            for size, extent, stride, (before, after), count in zip(
                sizes, extents, self.strides, self.pads, self.counts, strict=True
            )
        ]

    def grown(self, x: Array, value: Any, *, padding: Any = None) -> Array:
        """The images with `value` around them; with `padding` in what the pads say, if that is something else."""
        result = np.full((*x.shape[:2], *self.extended), value, x.dtype)
        sides = list(zip(self.sizes, self.pads, strict=True))
        if padding is not None:
            result[spatially(slice(before + size + after) for size, (before, after) in sides)] = padding
        result[spatially(slice(before, before + size) for size, (before, _) in sides)] = x
        return result

    def taps(self, grown: Array) -> list[Array]:
        """The windows' first elements, their second ones and so on."""
        return [
            grown[
                spatially(
                    slice(at * d, at * d + (count - 1) * s + 1, s)
                    for at, d, s, count in zip(place, self.dilations, self.strides, self.counts, strict=True)
                )
            ]
            for place in np.ndindex(*self.kernel)
        ]


def _least(dtype: np.dtype) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


@operator("MaxPool", in_single=True)
def max_pool(
    x: Array,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Numbers = (),
    kernel_shape: Numbers,
    pads: Numbers = (),
    storage_order: int = 0,
    strides: Numbers = (),
    outputs: Numbers = (0,),
) -> tuple[Array, Array | None]:
    """The greatest elements, and where in the whole operand they are, columns before rows with `storage_order`."""
    windows = _Windows(
        x.shape[2:],
        kernel_shape,
        auto_pad=auto_pad,
        pads=pads,
        strides=strides,
        dilations=dilations,
        ceil_mode=ceil_mode,
    )
    taps = windows.taps(windows.grown(x, _least(x.dtype)))
    best = taps[0].copy()
    if 1 not in outputs:
        for tap in taps[1:]:
            np.maximum(best, tap, out=best)
        return best, None
    spatial = np.arange(prod(x.shape[2:])).reshape(x.shape[2:], order="F" if storage_order else "C")
    batches = np.arange(prod(x.shape[:2])).reshape(*x.shape[:2], *[1] * spatial.ndim) * spatial.size
    places = windows.taps(windows.grown(batches + spatial, -1))
    where = places[0].copy()
    for tap, place in zip(taps[1:], places[1:], strict=True):
        better = (tap > best) | ((where < 0) & (place >= 0))
        best, where = np.where(better, tap, best), np.where(better, place, where)
    return best, where.astype(np.int64)


@operator("AveragePool", in_single=True)
def average_pool(
    x: Array,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Numbers = (),
    kernel_shape: Numbers,
    pads: Numbers = (),
    strides: Numbers = (),
) -> Array:
    """Means; padding counts with `count_include_pad`, what is beyond it never does."""
    windows = _Windows(
        x.shape[2:],
        kernel_shape,
        auto_pad=auto_pad,
        pads=pads,
        strides=strides,
        dilations=dilations,
        ceil_mode=ceil_mode,
    )
    ones = np.ones((1, 1, *x.shape[2:]), x.dtype)
    counted = sum(windows.taps(windows.grown(ones, 0, padding=1 if count_include_pad else None)))
    return np.asarray(sum(windows.taps(windows.grown(x, 0))) / counted)


@operator("LpPool", in_single=True)
def lp_pool(
    x: Array,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Numbers = (),
    kernel_shape: Numbers,
    p: int = 2,
    pads: Numbers = (),
    strides: Numbers = (),
) -> Array:
    windows = _Windows(
        x.shape[2:],
        kernel_shape,
        auto_pad=auto_pad,
        pads=pads,
        strides=strides,
        dilations=dilations,
        ceil_mode=ceil_mode,
    )
    return _root(np.asarray(sum(windows.taps(windows.grown(np.abs(x) ** p, 0)))), p)


def _root(x: Array, p: int) -> Array:
    return np.asarray(x ** (1 / p)).astype(x.dtype)


def _spatial(x: Array) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


@operator("GlobalAveragePool", in_single=True)
def global_average_pool(x: Array) -> Array:
    return np.asarray(np.mean(x, _spatial(x), keepdims=True))


@operator("GlobalMaxPool")
def global_max_pool(x: Array) -> Array:
    return np.asarray(np.max(x, _spatial(x), keepdims=True))


@operator("GlobalLpPool", in_single=True)
def global_lp_pool(x: Array, *, p: int = 2) -> Array:
    return _root(np.asarray(np.sum(np.abs(x) ** p, _spatial(x), keepdims=True)), p)
