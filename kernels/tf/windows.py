"""Convolutions and pools in any number of dimensions, beyond those of `convolution.py`.

Windows slide as TensorFlow's do (``tensorflow/core/framework/common_shape_fns.cc``): padding is ``SAME``, ``VALID`` or,
in two dimensions, ``EXPLICIT``. Images have their channels last, or second where `data_format` begins with ``NC``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import CPU_OPS, array_op
from tfrt.executor.declarations.pools import Pool, pool_of
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic.halves import rounded_once
from tfrt.kernels.numerics.windows import Window, window

Sizes = Sequence[int]


def spatial_axes(data_format: str, rank: int) -> tuple[int, tuple[int, ...]]:
    """The axis of the channels, and those over which windows slide."""
    if data_format.startswith("NC"):
        return 1, tuple(range(2, rank))
    return rank - 1, tuple(range(1, rank - 1))


def sliding_windows(
    shape: Sizes, axes: Sizes, sizes: Sizes, *, strides: Sizes, dilations: Sizes, padding: str, explicit: Sizes
) -> list[Window]:
    """The windows over some axes of images; `strides`, `dilations` and `explicit` have entries for all axes."""
    pairs = [(explicit[2 * a], explicit[2 * a + 1]) if padding == "EXPLICIT" else None for a in axes]
    return [
        window(
            shape[axis],
            size,
            stride=strides[axis] if strides else 1,
            dilation=dilations[axis] if dilations else 1,
            padding=padding,
            explicit=pair,
        )
        for axis, size, pair in zip(axes, sizes, pairs, strict=True)
    ]


def convolution(
    images: TensorMetadata,
    kernel: TensorMetadata,
    windows: Sequence[Window],
    data_format: str,
    host: HostContext,
    **sliding: Any,
) -> ArrayForm:
    """A convolution of images by a kernel (…, input channel, output channel)."""
    channel, axes = spatial_axes(data_format, images.rank)
    count = len(axes)
    attributes: dict[str, Any] = {
        "input_batch_dimension": 0,
        "input_feature_dimension": channel,
        "input_spatial_dimensions": axes,
        "kernel_input_feature_dimension": count,
        "kernel_output_feature_dimension": count + 1,
        "kernel_spatial_dimensions": tuple(range(count)),
        "output_batch_dimension": 0,
        "output_feature_dimension": channel,
        "output_spatial_dimensions": axes,
        "window_strides": tuple(w.stride for w in windows),
        "rhs_dilation": tuple(w.dilation for w in windows),
        "padding": tuple(n for w in windows for n in (w.before, w.after)),
        **sliding,
    }
    entry = CPU_OPS.get("stablehlo.convolution")
    assert entry is not None
    shape = [0] * images.rank
    shape[0], shape[channel] = images.shape[0], kernel.shape[-1]
    for axis, w in zip(axes, windows, strict=True):
        shape[axis] = w.count
    return entry.arrays((images, kernel), attributes, host, (TensorMetadata(images.dtype, tuple(shape)),))


def _slid(images: TensorMetadata, axes: Sizes, windows: Sequence[Window], data_format: str, channels: int) -> Any:
    """The metadata of what windows over images give, with so many channels."""
    shape = list(images.shape)
    shape[spatial_axes(data_format, images.rank)[0]] = channels
    for axis, w in zip(axes, windows, strict=True):
        shape[axis] = w.count
    return TensorMetadata(images.dtype, tuple(shape))


def require_images(name: str, images: TensorMetadata, rank: int) -> None:
    if images.rank != rank:
        raise KernelError(f"{name}: input must be {rank}-dimensional, got {list(images.shape)}")


def _depthwise_metadata(
    images: TensorMetadata,
    filters: TensorMetadata,
    *,
    strides: Sizes,
    padding: str,
    data_format: str = "NHWC",
    dilations: Sizes = (),
    explicit_paddings: Sizes = (),
) -> TensorMetadata:
    require_images("tf.DepthwiseConv2dNative", images, 4)
    _, axes = spatial_axes(data_format, images.rank)
    windows = _depthwise_windows(images, filters, data_format, strides, dilations, padding, explicit_paddings)
    return _slid(images, axes, windows, data_format, filters.shape[2] * filters.shape[3])


def _depthwise_windows(
    images: TensorMetadata,
    filters: TensorMetadata,
    data_format: str,
    strides: Sizes,
    dilations: Sizes,
    padding: str,
    explicit: Sizes,
) -> list[Window]:
    channel, axes = spatial_axes(data_format, images.rank)
    if images.shape[channel] != filters.shape[2]:
        raise KernelError(f"input depth must be {filters.shape[2]}, got {images.shape[channel]}")
    return sliding_windows(
        images.shape, axes, filters.shape[:2], strides=strides, dilations=dilations, padding=padding, explicit=explicit
    )


@array_op("tf.DepthwiseConv2dNative", metadata=_depthwise_metadata)
def depthwise_conv_2d(
    images: TensorMetadata,
    filters: TensorMetadata,
    host: HostContext,
    *,
    strides: Sizes,
    padding: str,
    data_format: str = "NHWC",
    dilations: Sizes = (),
    explicit_paddings: Sizes = (),
) -> ArrayForm:
    """Each channel by filters of its own: `filters` are (height, width, channel, multiplier)."""
    height, width, channels, multiplier = filters.shape
    windows = _depthwise_windows(images, filters, data_format, strides, dilations, padding, explicit_paddings)
    grouped = TensorMetadata(filters.dtype, (height, width, 1, channels * multiplier))
    run = convolution(images, grouped, windows, data_format, host, feature_group_count=channels)
    return lambda x, w, out=None: run(x, w.reshape(grouped.shape))


def _conv_3d_metadata(
    images: TensorMetadata,
    filters: TensorMetadata,
    *,
    strides: Sizes,
    padding: str,
    data_format: str = "NDHWC",
    dilations: Sizes = (),
) -> TensorMetadata:
    require_images("tf.Conv3D", images, 5)
    channel, axes = spatial_axes(data_format, images.rank)
    if not filters.shape[3] or images.shape[channel] % filters.shape[3]:
        raise KernelError(f"input depth must be a multiple of {filters.shape[3]}, got {images.shape[channel]}")
    windows = sliding_windows(
        images.shape, axes, filters.shape[:3], strides=strides, dilations=dilations, padding=padding, explicit=()
    )
    return _slid(images, axes, windows, data_format, filters.shape[-1])


@array_op("tf.Conv3D", metadata=_conv_3d_metadata)
def conv_3d(
    images: TensorMetadata,
    filters: TensorMetadata,
    host: HostContext,
    *,
    strides: Sizes,
    padding: str,
    data_format: str = "NDHWC",
    dilations: Sizes = (),
) -> ArrayForm:
    """Images with three spatial dimensions by filters (depth, height, width, input channel, output channel)."""
    channel, axes = spatial_axes(data_format, images.rank)
    groups = images.shape[channel] // filters.shape[3]
    windows = sliding_windows(
        images.shape, axes, filters.shape[:3], strides=strides, dilations=dilations, padding=padding, explicit=()
    )
    run = convolution(images, filters, windows, data_format, host, feature_group_count=groups)
    return lambda x, w, out=None: run(x, w)


def _register_transposed(name: str, spatial: int) -> None:
    """The gradient of a convolution by its input, which layers of transposed convolution are."""

    def metadata(
        sizes: TensorMetadata | np.ndarray, filters: Any, gradient: Any, *, data_format: str = "NHWC"
    ) -> TensorMetadata | None:
        if isinstance(sizes, TensorMetadata):
            return None
        channel, axes = spatial_axes(data_format, len(gradient.shape))
        shape = sizes.tolist()
        if len(shape) == len(axes):
            whole = [gradient.shape[0], *[0] * (len(axes) + 1)]
            whole[channel] = filters.shape[spatial]
            for axis, size in zip(axes, shape, strict=True):
                whole[axis] = size
            shape = whole
        dtype = gradient.dtype if isinstance(gradient, TensorMetadata) else DType.of(gradient)
        return TensorMetadata(dtype, tuple(shape))

    @array_op(name, constant_metadata=metadata)
    def form(
        sizes: TensorMetadata,
        filters: TensorMetadata,
        gradient: TensorMetadata,
        host: HostContext,
        *,
        strides: Sizes,
        padding: str,
        data_format: str = "NHWC",
        dilations: Sizes = (),
        explicit_paddings: Sizes = (),
        use_cudnn_on_gpu: bool = True,
    ) -> ArrayForm:
        _, axes = spatial_axes(data_format, gradient.rank)
        flipped = tuple(range(spatial))

        def run(wanted: np.ndarray, w: np.ndarray, g: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            shape = wanted.tolist()
            if len(shape) == 2:
                # Of the rows and the columns only.
                shape = [g.shape[0], *shape, w.shape[2]]
            windows = sliding_windows(
                shape, axes, w.shape[:spatial], strides=strides, dilations=dilations, padding=padding,
                explicit=explicit_paddings,
            )  # fmt: skip
            if [w_.count for w_ in windows] != [g.shape[a] for a in axes]:
                raise KernelError(f"{name}: out_backprop of shape {list(g.shape)} does not fit an input of {shape}")
            kernel = np.flip(w, flipped).swapaxes(-1, -2)
            borders = []
            for axis, one in zip(axes, windows, strict=True):
                extent = (one.size - 1) * one.dilation
                before = extent - one.before
                spread = (one.count - 1) * one.stride + 1
                borders += [before, shape[axis] + extent - spread - before]
            known = [
                TensorMetadata(gradient.dtype, g.shape),
                TensorMetadata(filters.dtype, kernel.shape),
            ]
            back = [
                Window(size=o.size, stride=1, dilation=o.dilation, before=b, after=a, count=shape[axis])
                for o, axis, b, a in zip(windows, axes, borders[::2], borders[1::2], strict=True)
            ]
            found = convolution(
                known[0], known[1], back, data_format, host, lhs_dilation=tuple(o.stride for o in windows)
            )(g, kernel)
            return np.asarray(found)

        return run


_register_transposed("tf.Conv2DBackpropInput", 2)
_register_transposed("tf.Conv3DBackpropInputV2", 3)


def taps_of(x: np.ndarray, axes: Sizes, windows: Sequence[Window], value: Any) -> list[np.ndarray]:
    """For each place in a window, the elements that all windows have there; `value` where they reach beyond `x`."""
    borders = [(0, 0)] * x.ndim
    for axis, w in zip(axes, windows, strict=True):
        borders[axis] = (w.before, w.after)
    grown = np.pad(x, borders, constant_values=value) if any(map(any, borders)) else x
    taps = []
    for place in np.ndindex(*[w.size for w in windows]):
        index: list[slice] = [slice(None)] * x.ndim
        for axis, w, at in zip(axes, windows, place, strict=True):
            index[axis] = w.taps(at)
        taps.append(grown[tuple(index)])
    return taps


def _average(x: np.ndarray, axes: Sizes, windows: Sequence[Window]) -> np.ndarray:
    taps = taps_of(x, axes, windows, 0)
    total = taps[0].copy()
    for tap in taps[1:]:
        total += tap
    # Padding does not count.
    for axis, w in zip(axes, windows, strict=True):
        ones = np.zeros(w.before + x.shape[axis] + w.after)
        ones[w.before : w.before + x.shape[axis]] = 1
        inside = sum((ones[w.taps(at)] for at in range(1, w.size)), start=ones[w.taps(0)].copy())
        total /= inside.astype(total.dtype).reshape([-1 if d == axis else 1 for d in range(x.ndim)])
    return total


def _maximum(x: np.ndarray, axes: Sizes, windows: Sequence[Window]) -> np.ndarray:
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    taps = taps_of(x, axes, windows, least)
    result = taps[0].copy()
    for tap in taps[1:]:
        np.maximum(result, tap, out=result)
    return result


def _average_pool(
    images: TensorMetadata, *, ksize: Sizes, strides: Sizes, padding: str, data_format: str = "NHWC"
) -> Pool | None:
    if images.dtype not in (DType.F32, DType.F64) or data_format.startswith("NC"):
        return None
    axes = range(images.rank)
    windows = sliding_windows(images.shape, axes, ksize, strides=strides, dilations=(), padding=padding, explicit=())
    around = [number for w in windows for number in (w.before, w.after)]
    return pool_of("add", ksize, strides, around, [float(size) for size in ksize if size > 1])


def _register_pool(
    name: str,
    pool: Callable[[np.ndarray, Sizes, Sequence[Window]], np.ndarray],
    declared: Callable[..., Pool | None] | None = None,
) -> None:
    def metadata(
        images: TensorMetadata, *, ksize: Sizes, strides: Sizes, padding: str, data_format: str = "NHWC"
    ) -> TensorMetadata:
        require_images(name, images, len(ksize))
        axes = range(images.rank)
        windows = sliding_windows(
            images.shape, axes, ksize, strides=strides, dilations=(), padding=padding, explicit=()
        )
        return TensorMetadata(images.dtype, tuple(w.count for w in windows))

    @array_op(name, metadata=metadata, pool=declared)
    def form(
        images: TensorMetadata,
        *,
        ksize: Sizes,
        strides: Sizes,
        padding: str,
        data_format: str = "NHWC",
    ) -> ArrayForm:
        axes = tuple(range(images.rank))
        if math.prod(images.shape) == 0:
            raise KernelError(f"{name}: the input has no elements: {list(images.shape)}")
        used = tuple(a for a in axes if ksize[a] != 1 or strides[a] != 1)
        windows = sliding_windows(
            images.shape, used, [ksize[a] for a in used], strides=strides, dilations=(), padding=padding, explicit=()
        )
        run = rounded_once(lambda x: pool(x, used, windows))
        return lambda x, out=None: run(x)


_register_pool("tf.AvgPool", _average, _average_pool)
_register_pool("tf.AvgPool3D", _average)
_register_pool("tf.MaxPool3D", _maximum)
