"""Convolutions, batch and channels first, with any number of spatial dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tfrt.executor.support.errors import KernelError
from tfrt.kernels.numerics.convolution.channels_first import prepare_channels_first
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.shared.operators import operator, spatially

Array = np.ndarray
Numbers = Sequence[int]


def same_padding(size: int, extent: int, stride: int, *, upper: bool) -> tuple[int, int]:
    """How much is put before and after a dimension so that there is a window for each stride."""
    needed = max(0, (-(-size // stride) - 1) * stride + extent - size)
    less, more = needed // 2, needed - needed // 2
    return (less, more) if upper else (more, less)


def paddings(auto_pad: str, pads: Numbers, sizes: Numbers, extents: Numbers, strides: Numbers) -> list[tuple[int, int]]:
    """How much is put before and after each spatial dimension.

    Args:
        extents: how far a window's elements reach in each.

    Raises:
        KernelError: there is no such `auto_pad`.
    """
    rank = len(sizes)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        return [
            same_padding(size, extent, stride, upper=auto_pad == "SAME_UPPER")
            for size, extent, stride in zip(sizes, extents, strides, strict=True)
        ]
    if auto_pad not in ("NOTSET", "VALID"):
        raise KernelError(f"expects an auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, but got {auto_pad}")
    if not pads or auto_pad == "VALID":
        return [(0, 0)] * rank
    return list(zip(pads[:rank], pads[rank:], strict=True))


def _convolve(x: Array, w: Array, *, strides: Numbers, dilations: Numbers, pads: Sequence[tuple[int, int]]) -> Array:
    """The correlation; filters with a fraction of the channels are for groups."""
    windows = []
    for size, kernel, stride, dilation, (before, after) in zip(
        x.shape[2:], w.shape[2:], strides, dilations, pads, strict=True
    ):
        count = (size + before + after - (kernel - 1) * dilation - 1) // stride + 1
        windows.append(Window(kernel, stride, dilation, before, after, max(0, count)))
    return prepare_channels_first(x.shape, w.shape, windows, x.dtype)(x, w)


def _channels(b: Array, rank: int) -> Array:
    return b.reshape(-1, *[1] * rank)


@operator("Conv", in_single=True)
def conv(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Numbers = (),
    pads: Numbers = (),
    strides: Numbers = (),
) -> Array:
    rank = x.ndim - 2
    strides, dilations = tuple(strides) or (1,) * rank, tuple(dilations) or (1,) * rank
    extents = [(size - 1) * dilation + 1 for size, dilation in zip(w.shape[2:], dilations, strict=True)]
    around = paddings(auto_pad, pads, x.shape[2:], extents, strides)
    found = _convolve(x, w, strides=strides, dilations=dilations, pads=around)
    return found if b is None else found + _channels(b, rank)


@operator("ConvInteger")
def conv_integer(
    x: Array,
    w: Array,
    x_zero: Array | None = None,
    w_zero: Array | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Numbers = (),
    pads: Numbers = (),
    strides: Numbers = (),
) -> Array:
    """A convolution of integers less their zero points; exact in double precision."""
    wide = x.astype(np.float64) - (0 if x_zero is None else float(x_zero.reshape(())))
    filters = w.astype(np.float64)
    if w_zero is not None:
        filters = filters - w_zero.astype(np.float64).reshape(-1, *[1] * (w.ndim - 1))
    return conv(wide, filters, auto_pad=auto_pad, dilations=dilations, pads=pads, strides=strides).astype(np.int32)


@operator("ConvTranspose", in_single=True)
def conv_transpose(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Numbers = (),
    group: int = 1,
    output_padding: Numbers = (),
    output_shape: Numbers = (),
    pads: Numbers = (),
    strides: Numbers = (),
) -> Array:
    """What a convolution's gradient with respect to its input is: each element times the filter, added up."""
    rank = x.ndim - 2
    strides, dilations = tuple(strides) or (1,) * rank, tuple(dilations) or (1,) * rank
    more = tuple(output_padding) or (0,) * rank
    extents = [(size - 1) * dilation + 1 for size, dilation in zip(w.shape[2:], dilations, strict=True)]
    whole = [
        stride * (size - 1) + extra + extent
        for stride, size, extra, extent in zip(strides, x.shape[2:], more, extents, strict=True)
    ]
    shape = list(output_shape[-rank:]) if output_shape else None
    if shape is None and auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        shape = [size * stride for size, stride in zip(x.shape[2:], strides, strict=True)]
    if shape is None:
        around = paddings(auto_pad, pads, x.shape[2:], extents, strides)
    else:
        totals = [full - wanted for full, wanted in zip(whole, shape, strict=True)]
        halves = [(total // 2, total - total // 2) for total in totals]
        around = halves if auto_pad == "SAME_UPPER" else [(after, before) for before, after in halves]
    batch, channels = x.shape[:2]
    each = w.shape[1]
    parts = x.reshape(batch, group, channels // group, -1)
    filters = w.reshape(group, channels // group, -1)
    # (batch, group, filter's elements, places)
    shares = np.matmul(filters.swapaxes(1, 2), parts).reshape(batch, group, each, prod(w.shape[2:]), *x.shape[2:])
    low, high = [min(0, before) for before, _ in around], [min(0, after) for _, after in around]
    extended = [full - a - b for full, a, b in zip(whole, low, high, strict=True)]
    result = np.zeros((batch, group, each, *extended), x.dtype)
    for number, place in enumerate(np.ndindex(*w.shape[2:])):
        taps = tuple(
            slice(at * d - a, at * d - a + (size - 1) * s + 1, s)
            for at, d, s, size, a in zip(place, dilations, strides, x.shape[2:], low, strict=True)
        )
        result[spatially(taps)] += shares[:, :, :, number]
    kept = tuple(
        slice(max(0, before), size - max(0, after)) for (before, after), size in zip(around, extended, strict=True)
    )
    inside = result[spatially(kept)]
    found = inside.reshape(batch, group * each, *inside.shape[3:])
    return found if b is None else found + _channels(b, rank)


@operator("DeformConv", in_single=True)
def deform_conv(
    x: Array,
    w: Array,
    offset: Array,
    b: Array | None = None,
    mask: Array | None = None,
    *,
    dilations: Numbers = (),
    group: int = 1,
    offset_group: int = 1,
    pads: Numbers = (),
    strides: Numbers = (),
) -> Array:
    """A convolution in two dimensions whose filters' elements are moved by `offset`, read bilinearly, times `mask`."""
    strides, dilations, pads = tuple(strides) or (1, 1), tuple(dilations) or (1, 1), tuple(pads) or (0,) * 4
    batch, channels = x.shape[:2]
    size, (rows, columns) = w.shape[2] * w.shape[3], offset.shape[2:]
    moved = offset.reshape(batch, offset_group, size, 2, rows, columns)
    at = np.indices((rows, columns)).astype(x.dtype)
    taps = np.array(list(np.ndindex(*w.shape[2:]))).astype(x.dtype)
    y = taps[:, 0, None, None] * dilations[0] + at[0] * strides[0] - pads[0] + moved[:, :, :, 0]
    z = taps[:, 1, None, None] * dilations[1] + at[1] * strides[1] - pads[1] + moved[:, :, :, 1]
    images = x.reshape(batch, offset_group, channels // offset_group, *x.shape[2:])
    patches = _bilinear(images, y, z)
    if mask is not None:
        patches = patches * mask.reshape(batch, offset_group, 1, size, rows, columns)
    columns_of = patches.reshape(batch, group, channels // group * size, rows * columns)
    filters = w.reshape(group, w.shape[0] // group, -1)
    found = np.matmul(filters, columns_of).reshape(batch, w.shape[0], rows, columns)
    return found if b is None else found + _channels(b, 2)


def _bilinear(images: Array, y: Array, x: Array) -> Array:
    """Images (batch, group, channel, row, column) at (batch, group, tap, row, column); zero outside of them."""
    height, width = images.shape[-2:]
    top, left = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    result = np.zeros((*images.shape[:3], *y.shape[2:]), images.dtype)
    batch, groups = (
        np.arange(images.shape[0])[:, None, None, None, None],
        np.arange(images.shape[1])[:, None, None, None],
    )
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        r, c = top + row, left + column
        weight = (1 - np.abs(y - r)) * (1 - np.abs(x - c))
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        found = images[batch, groups, :, np.clip(r, 0, height - 1), np.clip(c, 0, width - 1)]
        result += np.moveaxis(found, -1, 2) * np.where(inside, weight, 0)[:, :, None]
    return result
