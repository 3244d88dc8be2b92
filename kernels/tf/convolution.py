"""Convolution and pooling of images: tensors (batch, height, width, channel), or with the channel second (``NCHW``).

Geometry and messages: ``backends/common/lib/ops/tf/dnn_ops_util.cc`` in tensorflow/runtime. `strides`, `dilations` and
`ksize` have one element for all spatial dimensions, one for each, or one for each dimension of the images.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import Epilogue
from tfrt.executor.declarations.metadata import TensorMetadata, metadata_of
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor
from tfrt.kernels.numerics.convolution import conv2d
from tfrt.kernels.numerics.pooling import max_pool2d
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.windows import Window, window
from tfrt.kernels.tf.dtypes import FLOATS, HALVES, REAL
from tfrt.kernels.tf.fusion import check_bias, fused_epilogue
from tfrt.kernels.tf.layouts import channels_first

_CONVOLVED = FLOATS | {DType.I32}
_FUSED = FLOATS - HALVES

Sizes = tuple[int, ...]


def _to_nhwc(shape: Sizes, data_format: str) -> Sizes:
    return (shape[0], *shape[2:], shape[1]) if channels_first(data_format) else tuple(shape)


def _from_nhwc(shape: Sizes, data_format: str) -> Sizes:
    return (shape[0], shape[-1], *shape[1:-1]) if channels_first(data_format) else tuple(shape)


def _expanded(name: str, sizes: Sizes, data_format: str) -> Sizes:
    """`sizes` with one element a dimension, in the order of NHWC."""
    match len(sizes):
        case 0:
            return (1, 1, 1, 1)
        case 1:
            return (1, *sizes, *sizes, 1)
        case 2:
            return (1, *sizes, 1)
        case 4:
            return _to_nhwc(sizes, data_format)
    raise KernelError(f"'{name}' must have 1, 2 or 4 elements, got {list(sizes)}")


def _spatial(name: str, sizes: Sizes, data_format: str) -> Sizes:
    """`sizes` of the rows and the columns; there is nothing to slide over the others."""
    batch, *spatial, channels = _expanded(name, sizes, data_format)
    if batch != 1 or channels != 1:
        raise KernelError(f"Current implementation does not yet support {name} in the batch and depth dimensions.")
    return tuple(spatial)


def _windows(
    images: Sizes,
    sizes: Sizes,
    padding: str,
    explicit_paddings: Sizes,
    strides: Sizes,
    dilations: Sizes,
    data_format: str,
) -> tuple[Window, Window]:
    """The windows of `sizes` (height, width) over the rows and the columns of images of shape `images`."""
    explicit: list[tuple[int, int] | None] = [None, None]
    if padding.lower() == "explicit":
        if not explicit_paddings:
            raise KernelError("Missing 'explicit_paddings' attribute")
        if len(explicit_paddings) != 4:
            raise KernelError("Wrong 'explicit_paddings' attribute length")
        top, bottom, left, right = explicit_paddings
        explicit = [(top, bottom), (left, right)]
    _, *extents, _ = _to_nhwc(images, data_format)
    steps = _spatial("strides", strides, data_format)
    gaps = _spatial("dilations", dilations, data_format)
    rows, columns = (
        window(extent, size, stride=step, dilation=gap, padding=padding, explicit=border)
        for extent, size, step, gap, border in zip(extents, sizes, steps, gaps, explicit, strict=True)
    )
    return rows, columns


def _conv_metadata(
    images: TensorMetadata,
    filters: TensorMetadata,
    *,
    padding: str,
    explicit_paddings: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    data_format: str = "NHWC",
) -> TensorMetadata:
    if images.rank != filters.rank:
        raise KernelError("Input and filter must have same rank.")
    if images.rank != 4:
        raise KernelError(f"tf.Conv2D input must have rank 4. Actual shape: {list(images.shape)}")
    if images.dtype is not filters.dtype:
        raise KernelError("incompatible dtypes for tf.Conv2D")
    batch, _, _, channels = _to_nhwc(images.shape, data_format)
    depth, features = filters.shape[2:]
    groups = channels // depth if depth else 1
    if channels != groups * depth:
        raise KernelError(f"Dimensions does not match: input channels is {channels} and kernel depth is {depth}")
    if groups and features % groups:
        raise KernelError(f"Depth of output ({features}) is not a multiple of the number of groups ({groups})")
    rows, columns = _windows(
        images.shape, filters.shape[:2], padding, explicit_paddings, strides, dilations, data_format
    )
    shape = (batch, rows.count, columns.count, filters.shape[3])
    return TensorMetadata(images.dtype, _from_nhwc(shape, data_format))


def _conv_form(
    images: TensorMetadata,
    filters: TensorMetadata,
    *,
    padding: str,
    explicit_paddings: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    data_format: str = "NHWC",
    host: HostContext,
    epilogue: Epilogue | None = None,
) -> ArrayForm:
    if images.dtype not in _CONVOLVED:
        raise KernelError(f"Unsupported input dtype: {images.dtype.label}")
    rows, columns = _windows(
        images.shape, filters.shape[:2], padding, explicit_paddings, strides, dilations, data_format
    )
    # Sums of half-precision numbers are taken in single precision.
    stored = images.dtype.numpy
    working = np.dtype(np.float32) if images.dtype in HALVES else stored
    is_direct = working == stored and not channels_first(data_format)

    if epilogue is not None and not is_direct:
        raise KernelError("only convolutions in the elements' own type, NHWC, can be fused with others")
    finish: Any = epilogue

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if is_direct:
            last = None if finish is None else lambda pixels: finish(pixels, *others)
            return conv2d(x, w, rows, columns, host, out, last)
        pixels = _nhwc_array(x, data_format).astype(working, copy=False)
        result = conv2d(pixels, w.astype(working, copy=False), rows, columns, host)
        found = quiet.call(_stored_array, result, data_format, stored)
        if out is None:
            return found
        out[...] = found
        return out

    return run


@cpu_op("tf.Conv2D", metadata=_conv_metadata, array_form=_conv_form)
def conv_2d(
    images: DenseHostTensor,
    filters: DenseHostTensor,
    *,
    padding: str,
    explicit_paddings: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    data_format: str = "NHWC",
    host: HostContext,
) -> DenseHostTensor:
    """The images' correlation with each filter; `filters` are (height, width, input channel, output channel).

    Filters with a fraction of the images' channels are in as many groups, each for the channels that are its own.
    """
    run = _conv_form(
        metadata_of(images),
        metadata_of(filters),
        padding=padding,
        explicit_paddings=explicit_paddings,
        strides=strides,
        dilations=dilations,
        data_format=data_format,
        host=host,
    )
    return DenseHostTensor(run(images.array, filters.array), images.dtype)


def _fused_conv_metadata(
    images: TensorMetadata,
    filters: TensorMetadata,
    *fusion_inputs: TensorMetadata,
    padding: str,
    explicit_paddings: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    data_format: str = "NHWC",
    fused_ops: tuple[str, ...],
) -> TensorMetadata:
    if channels_first(data_format):
        raise KernelError("FusedConv2D supports only NHWC")
    if images.dtype not in _FUSED:
        raise KernelError(f"Unsupported input dtype: {images.dtype.label}")
    result = _conv_metadata(
        images,
        filters,
        padding=padding,
        explicit_paddings=explicit_paddings,
        strides=strides,
        dilations=dilations,
        data_format=data_format,
    )
    fused_epilogue("FusedConv2D", fused_ops)
    check_bias("FusedConv2D", fusion_inputs, result)
    return result


def _fused_conv_form(
    images: TensorMetadata,
    filters: TensorMetadata,
    *fusion_inputs: TensorMetadata,
    padding: str,
    explicit_paddings: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    fused_ops: tuple[str, ...],
    host: HostContext,
) -> ArrayForm:
    return _conv_form(
        images,
        filters,
        padding=padding,
        explicit_paddings=explicit_paddings,
        strides=strides,
        dilations=dilations,
        host=host,
        epilogue=Epilogue(fused_epilogue("FusedConv2D", fused_ops)),
    )


@cpu_op("tf._FusedConv2D", metadata=_fused_conv_metadata, array_form=_fused_conv_form)
def fused_conv_2d(
    images: DenseHostTensor,
    filters: DenseHostTensor,
    *fusion_inputs: DenseHostTensor,
    padding: str,
    explicit_paddings: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    fused_ops: tuple[str, ...],
    host: HostContext,
) -> DenseHostTensor:
    """`conv_2d` of floats, then `fused_ops`: ``BiasAdd`` alone, or with one of ``Relu``, ``Relu6`` and ``Elu``."""
    inputs = (images, filters, *fusion_inputs)
    run = _fused_conv_form(
        *map(metadata_of, inputs),
        padding=padding,
        explicit_paddings=explicit_paddings,
        strides=strides,
        dilations=dilations,
        fused_ops=fused_ops,
        host=host,
    )
    return DenseHostTensor(run(*(tensor.array for tensor in inputs)), images.dtype)


def _nhwc_array(array: np.ndarray, data_format: str) -> np.ndarray:
    return array.transpose(0, 2, 3, 1) if channels_first(data_format) else array


def _stored_array(array: np.ndarray, data_format: str, dtype: np.dtype) -> np.ndarray:
    stored = array.transpose(0, 3, 1, 2) if channels_first(data_format) else array
    return np.ascontiguousarray(stored, dtype)


def _pool_sizes(ksize: Sizes, strides: Sizes, data_format: str) -> Sizes:
    batch, *sizes, channels = _expanded("ksize", ksize, data_format)
    if batch != 1 or channels != 1:
        raise KernelError("Expected ksize 'NC' elements to be 1")
    batch, *_, channels = _expanded("strides", strides, data_format)
    for step, name in ((batch, "batch"), (channels, "depth")):
        if step != 1:
            raise KernelError(f"Pooling is not yet supported on the {name} dimension.")
    return tuple(sizes)


def _pool_windows(
    images: TensorMetadata,
    ksize: Sizes,
    padding: str,
    explicit_paddings: Sizes,
    strides: Sizes,
    dilations: Sizes,
    data_format: str,
) -> tuple[Window, Window]:
    """The windows of a pool over the rows and the columns of its images."""
    sizes = _pool_sizes(ksize, strides, data_format)
    return _windows(images.shape, sizes, padding, explicit_paddings, strides, dilations, data_format)


def _max_pool_metadata(
    images: TensorMetadata,
    *,
    ksize: Sizes = (),
    padding: str,
    explicit_paddings: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    data_format: str = "NHWC",
) -> TensorMetadata:
    if images.rank != 4:
        raise KernelError(f"tf.MaxPool input must have rank 4. Actual shape: {list(images.shape)}")
    rows, columns = _pool_windows(images, ksize, padding, explicit_paddings, strides, dilations, data_format)
    batch, _, _, channels = _to_nhwc(images.shape, data_format)
    return TensorMetadata(images.dtype, _from_nhwc((batch, rows.count, columns.count, channels), data_format))


def _max_pool_form(
    images: TensorMetadata,
    *,
    ksize: Sizes = (),
    padding: str,
    explicit_paddings: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    data_format: str = "NHWC",
) -> ArrayForm:
    if images.dtype not in REAL:
        raise KernelError(f"Unsupported input dtype: {images.dtype.label}")
    rows, columns = _pool_windows(images, ksize, padding, explicit_paddings, strides, dilations, data_format)
    if not channels_first(data_format):
        return lambda x, out=None: max_pool2d(x, rows, columns, out=out)

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found = _stored_array(max_pool2d(_nhwc_array(x, data_format), rows, columns), data_format, x.dtype)
        if out is None:
            return found
        out[...] = found
        return out

    return run


@cpu_op("tf.MaxPool", metadata=_max_pool_metadata, array_form=_max_pool_form)
def max_pool(
    images: DenseHostTensor,
    *,
    ksize: Sizes = (),
    padding: str,
    explicit_paddings: Sizes = (),
    strides: Sizes = (),
    dilations: Sizes = (),
    data_format: str = "NHWC",
) -> DenseHostTensor:
    """The maxima of windows of `ksize` over the images; padding does not count."""
    run = _max_pool_form(
        metadata_of(images),
        ksize=ksize,
        padding=padding,
        explicit_paddings=explicit_paddings,
        strides=strides,
        dilations=dilations,
        data_format=data_format,
    )
    return DenseHostTensor(run(images.array), images.dtype)
