"""Convolution and pooling of images: tensors (batch, height, width, channel), or with the channel second (``NCHW``).

Source of shapes and messages: see `geometry.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfrt.executor.declarations.annotations import Pooling, RowEpilogue
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.declarations.pools import Pool, pool_of
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor
from tfrt.kernels.numerics.arithmetic.halves import rounded_once
from tfrt.kernels.numerics.convolution.channels_first import prepare_channels_first
from tfrt.kernels.numerics.machine_code.convolution import prepare_fused
from tfrt.kernels.numerics.machine_code.windows import with_native_windows
from tfrt.kernels.numerics.pooling import max_pool2d
from tfrt.kernels.numerics.reductions.windows import Window as SlidingWindow
from tfrt.kernels.numerics.windows import Window
from tfrt.kernels.tf.array_forms import on_tensors
from tfrt.kernels.tf.dtypes import FLOATS, HALVES, REAL
from tfrt.kernels.tf.fusion import check_bias, fused_epilogue
from tfrt.kernels.tf.geometry import Geometry, Sizes

_CONVOLVED = FLOATS | {DType.I32}


def _conv_metadata(images: TensorMetadata, filters: TensorMetadata, *, geometry: Geometry) -> TensorMetadata:
    if images.rank != filters.rank:
        raise KernelError("Input and filter must have same rank.")
    if images.rank != 4:
        raise KernelError(f"tf.Conv2D input must have rank 4. Actual shape: {list(images.shape)}")
    if images.dtype is not filters.dtype:
        raise KernelError("incompatible dtypes for tf.Conv2D")
    batch, _, _, channels = geometry.to_nhwc(images.shape)
    depth, features = filters.shape[2:]
    groups = channels // depth if depth else 1
    if channels != groups * depth:
        raise KernelError(f"Dimensions does not match: input channels is {channels} and kernel depth is {depth}")
    if groups and features % groups:
        raise KernelError(f"Depth of output ({features}) is not a multiple of the number of groups ({groups})")
    rows, columns = geometry.windows(images.shape, filters.shape[:2])
    return TensorMetadata(images.dtype, geometry.from_nhwc((batch, rows.count, columns.count, features)))


def _conv_form(
    images: TensorMetadata,
    filters: TensorMetadata,
    *,
    geometry: Geometry,
    host: HostContext,
    epilogue: RowEpilogue | None = None,
    pooling: Pooling | None = None,
) -> ArrayForm:
    _check_convolved(images)
    rows, columns = geometry.windows(images.shape, filters.shape[:2])
    is_half, is_fused = images.dtype in HALVES, epilogue is not None or pooling is not None
    if is_fused and (is_half or geometry.channels_first):
        raise KernelError("only convolutions in the elements' own type, NHWC, can be fused with others")
    if geometry.channels_first:
        run = _channels_first_form(images, filters, (rows, columns), host)
    else:
        run = _channels_last_form(images, filters, (rows, columns), host, epilogue, pooling)
    return rounded_once(run) if is_half else run


def _check_convolved(images: TensorMetadata) -> None:
    if images.dtype not in _CONVOLVED:
        raise KernelError(f"Unsupported input dtype: {images.dtype.label}")


def _channels_first_form(
    images: TensorMetadata, filters: TensorMetadata, windows: Sequence[Window], host: HostContext
) -> ArrayForm:
    height, width, channels, features = filters.shape
    outer = (features, channels, height, width)
    convolve = prepare_channels_first(images.shape, outer, windows, _computed(images), host)
    return lambda x, w, out=None: convolve(x, w.transpose(3, 2, 0, 1), out=out)


def _channels_last_form(
    images: TensorMetadata,
    filters: TensorMetadata,
    windows: Sequence[Window],
    host: HostContext,
    epilogue: RowEpilogue | None,
    pooling: Pooling | None = None,
) -> ArrayForm:
    return prepare_fused(images.shape, filters.shape, windows, _computed(images), host, epilogue, pooling=pooling)


def _computed(images: TensorMetadata) -> np.dtype:
    """The type in which products are summed."""
    return np.dtype(np.float32) if images.dtype in HALVES else images.dtype.numpy


def _into(out: np.ndarray | None, found: np.ndarray) -> np.ndarray:
    """What has been found, in `out` where it is given."""
    if out is None:
        return found
    out[...] = found
    return out


@cpu_op("tf.Conv2D", metadata=_conv_metadata, array_form=_conv_form)
def conv_2d(
    images: DenseHostTensor, filters: DenseHostTensor, *, geometry: Geometry, host: HostContext
) -> DenseHostTensor:
    """The images' correlation with each filter; `filters` are (height, width, input channel, output channel).

    Filters with a fraction of the images' channels are in as many groups, each for the channels that are its own.
    """
    return on_tensors(_conv_form, (images, filters), geometry=geometry, host=host)


def _fused_conv_metadata(
    images: TensorMetadata,
    filters: TensorMetadata,
    *fusion_inputs: TensorMetadata,
    geometry: Geometry,
    fused_ops: tuple[str, ...],
) -> TensorMetadata:
    if geometry.channels_first:
        raise KernelError("FusedConv2D supports only NHWC")
    _check_convolved(images)
    result = _conv_metadata(images, filters, geometry=geometry)
    fused_epilogue("FusedConv2D", fused_ops)
    check_bias("FusedConv2D", fusion_inputs, result)
    return result


def _fused_conv_form(
    images: TensorMetadata,
    filters: TensorMetadata,
    *fusion_inputs: TensorMetadata,
    geometry: Geometry,
    fused_ops: tuple[str, ...],
    host: HostContext,
) -> ArrayForm:
    rows, columns = geometry.windows(images.shape, filters.shape[:2])
    epilogue = RowEpilogue(fused_epilogue("FusedConv2D", fused_ops), tuple(other.shape for other in fusion_inputs))
    run = _channels_last_form(images, filters, (rows, columns), host, epilogue)
    return rounded_once(run) if images.dtype in HALVES else run


@cpu_op("tf._FusedConv2D", metadata=_fused_conv_metadata, array_form=_fused_conv_form)
def fused_conv_2d(
    images: DenseHostTensor,
    filters: DenseHostTensor,
    *fusion_inputs: DenseHostTensor,
    geometry: Geometry,
    fused_ops: tuple[str, ...],
    host: HostContext,
) -> DenseHostTensor:
    """`conv_2d`, then `fused_ops`: ``BiasAdd`` alone, or with one of ``Relu``, ``Relu6`` and ``Elu`` after it.

    Halves are rounded once, at the end.
    """
    inputs = (images, filters, *fusion_inputs)
    return on_tensors(_fused_conv_form, inputs, geometry=geometry, fused_ops=fused_ops, host=host)


def _pool_windows(images: TensorMetadata, ksize: Sizes, geometry: Geometry) -> tuple[Window, Window]:
    """The windows of a pool over the rows and the columns of its images."""
    batch, *sizes, channels = geometry.expanded("ksize", ksize)
    if batch != 1 or channels != 1:
        raise KernelError("Expected ksize 'NC' elements to be 1")
    batch, *_, channels = geometry.expanded("strides", geometry.strides)
    for step, name in ((batch, "batch"), (channels, "depth")):
        if step != 1:
            raise KernelError(f"Pooling is not yet supported on the {name} dimension.")
    return geometry.windows(images.shape, tuple(sizes))


def _max_pool_metadata(images: TensorMetadata, *, ksize: Sizes = (), geometry: Geometry) -> TensorMetadata:
    if images.rank != 4:
        raise KernelError(f"tf.MaxPool input must have rank 4. Actual shape: {list(images.shape)}")
    rows, columns = _pool_windows(images, ksize, geometry)
    batch, _, _, channels = geometry.to_nhwc(images.shape)
    return TensorMetadata(images.dtype, geometry.from_nhwc((batch, rows.count, columns.count, channels)))


def _max_pool_form(images: TensorMetadata, *, ksize: Sizes = (), geometry: Geometry, host: HostContext) -> ArrayForm:
    if images.dtype not in REAL:
        raise KernelError(f"Unsupported input dtype: {images.dtype.label}")
    rows, columns = _pool_windows(images, ksize, geometry)
    if not geometry.channels_first:
        least = np.array(-np.inf, np.float64)
        pool = with_native_windows(
            lambda x, _, out=None: max_pool2d(x, rows, columns, out=out),
            np.fmax,
            images.shape,
            [_ONE, *(_sliding(each) for each in (rows, columns)), _ONE],
            images.dtype.numpy,
            host,
        )
        return lambda x, out=None: pool(x, least, out=out)

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return _into(out, geometry.stored_array(max_pool2d(geometry.nhwc_array(x), rows, columns), x.dtype))

    return run


_ONE = SlidingWindow(1, 1, 1, 1, 0, 0)


def _sliding(window: Window) -> SlidingWindow:
    """The same windows; there is no padding that no window sees."""
    return SlidingWindow(window.size, window.stride, window.dilation, 1, window.before, window.after)


def _pool(images: TensorMetadata, *, ksize: Sizes = (), geometry: Geometry) -> Pool | None:
    if images.dtype not in (DType.F32, DType.F64) or geometry.channels_first:
        return None
    windows = _pool_windows(images, ksize, geometry)
    sizes, strides = ([1, *(getattr(each, name) for each in windows), 1] for name in ("size", "stride"))
    return pool_of("fmax", sizes, strides, [n for each in windows for n in (each.before, each.after)])


@cpu_op("tf.MaxPool", metadata=_max_pool_metadata, array_form=_max_pool_form, pool=_pool)
def max_pool(images: DenseHostTensor, *, ksize: Sizes = (), geometry: Geometry, host: HostContext) -> DenseHostTensor:
    """The maxima of windows of `ksize` over the images; padding does not count."""
    return on_tensors(_max_pool_form, (images,), ksize=ksize, geometry=geometry, host=host)
