"""Convolutions in any number of dimensions and any order of them, with padding, strides, dilations and groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from tfrt.executor.declarations.annotations import Pooling, ResultMetadata, RowEpilogue
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.op_signature import AttributeGroup
from tfrt.executor.declarations.prepared import writing_of
from tfrt.executor.declarations.stablehlo_shapes import known, require, require_count
from tfrt.executor.declarations.stablehlo_window_shapes import convolution as result_shape
from tfrt.executor.declarations.stablehlo_window_shapes import window_count
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.carriers import carried, carrier
from tfrt.kernels.numerics.convolution.channels_first import prepare_channels_first
from tfrt.kernels.numerics.dilation import dilated
from tfrt.kernels.numerics.machine_code.convolution import prepare_fused
from tfrt.kernels.numerics.packed import in_order_once
from tfrt.kernels.numerics.windows import Window

Axes = tuple[int, ...]
Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class ConvolutionDimensions(AttributeGroup):
    """What the dimensions of the operands and of the result are."""

    input_batch_dimension: int
    input_feature_dimension: int
    input_spatial_dimensions: Axes
    kernel_input_feature_dimension: int
    kernel_output_feature_dimension: int
    kernel_spatial_dimensions: Axes
    output_batch_dimension: int
    output_feature_dimension: int
    output_spatial_dimensions: Axes


@dataclass(frozen=True)
class Sliding(AttributeGroup):
    """How windows slide over the input: each dimension's step, gaps and direction; as in the specification where there
    are none."""

    window_strides: Axes = ()
    lhs_dilation: Axes = ()
    rhs_dilation: Axes = ()
    window_reversal: tuple[bool, ...] = ()
    feature_group_count: int = 1
    batch_group_count: int = 1

    def over(self, spatial: int) -> Sliding:
        """The same for so many dimensions, with all numbers there."""
        return Sliding(
            self.window_strides or (1,) * spatial,
            self.lhs_dilation or (1,) * spatial,
            self.rhs_dilation or (1,) * spatial,
            tuple(map(bool, self.window_reversal)) or (False,) * spatial,
            self.feature_group_count,
            self.batch_group_count,
        )


def _pairs(padding: Axes, spatial: int) -> Pairs:
    """Numbers as pairs: before and after each dimension."""
    if not padding:
        return [(0, 0)] * spatial
    require_count(len(padding), 2 * spatial, "C4", "numbers in padding", "ends of spatial dimensions")
    return list(zip(padding[::2], padding[1::2], strict=True))


def _shape(
    lhs: TensorMetadata,
    rhs: TensorMetadata,
    dimensions: ConvolutionDimensions,
    sliding: Sliding,
    padding: Pairs | None,
) -> tuple[int | None, ...]:
    require(
        lhs.dtype is rhs.dtype,
        "C27",
        f"expects operands of one element type, but got {lhs.dtype.mlir} and {rhs.dtype.mlir}",
    )
    return result_shape(lhs.shape, rhs.shape, **asdict(dimensions), **asdict(sliding), padding=padding)


def _convolution_metadata(
    lhs: TensorMetadata,
    rhs: TensorMetadata,
    *,
    dimensions: ConvolutionDimensions,
    sliding: Sliding,
    padding: Axes = (),
    dtype: DType | None = None,
) -> TensorMetadata:
    spatial = lhs.rank - 2
    shape = _shape(lhs, rhs, dimensions, sliding.over(spatial), _pairs(padding, spatial))
    return TensorMetadata(lhs.dtype if dtype is None else dtype, known(shape))


@array_op("stablehlo.convolution", metadata=_convolution_metadata)
def convolution(
    lhs: TensorMetadata,
    rhs: TensorMetadata,
    *,
    dimensions: ConvolutionDimensions,
    sliding: Sliding,
    padding: Axes = (),
    metadata: ResultMetadata,
    host: HostContext,
    epilogue: RowEpilogue | None = None,
    pooling: Pooling | None = None,
) -> ArrayForm:
    """Products of the kernel `rhs` with windows of `lhs`, summed; `padding` is a pair of numbers for each dimension."""
    spatial = lhs.rank - 2
    sliding, pairs = sliding.over(spatial), _pairs(padding, spatial)
    _shape(lhs, rhs, dimensions, sliding, pairs)
    return _prepare(lhs, rhs, dimensions, sliding, pairs, metadata[0].dtype, host, epilogue, pooling)


@array_op("stablehlo.dynamic_conv", shaped_by=(2,))
def dynamic_conv(
    lhs: TensorMetadata,
    rhs: TensorMetadata,
    padding: TensorMetadata,
    *,
    dimensions: ConvolutionDimensions,
    sliding: Sliding,
    dtype: DType | None = None,
    metadata: ResultMetadata,
    host: HostContext,
) -> ArrayForm:
    """`convolution` with a padding that is an operand, [dimensions, 2]."""
    spatial = lhs.rank - 2
    sliding = sliding.over(spatial)
    require(
        padding.shape == (spatial, 2), "C4", f"expects padding of shape [{spatial}, 2], but got {list(padding.shape)}"
    )
    _shape(lhs, rhs, dimensions, sliding, None)
    element: DType = metadata[0].dtype if metadata is not None else dtype or lhs.dtype
    kept: dict[tuple[int, ...], ArrayForm] = {}

    def run(x: np.ndarray, w: np.ndarray, pairs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        key = tuple(pairs.ravel().tolist())
        form = kept.get(key)
        if form is None:
            read = _pairs(key, spatial)
            _shape(lhs, rhs, dimensions, sliding, read)
            kept.clear()
            form = kept[key] = _prepare(lhs, rhs, dimensions, sliding, read, element, host)
        found: np.ndarray = form(x, w, out=out)
        return found

    return run


def _prepare(
    lhs: TensorMetadata,
    rhs: TensorMetadata,
    dimensions: ConvolutionDimensions,
    sliding: Sliding,
    padding: Pairs,
    dtype: DType,
    host: HostContext,
    epilogue: RowEpilogue | None = None,
    pooling: Pooling | None = None,
) -> ArrayForm:
    """The convolution as a function of arrays: dimensions are put into the order that `convolve` has, and back."""
    images_order = (
        dimensions.input_batch_dimension,
        *dimensions.input_spatial_dimensions,
        dimensions.input_feature_dimension,
    )
    filters_order = (
        *dimensions.kernel_spatial_dimensions,
        dimensions.kernel_input_feature_dimension,
        dimensions.kernel_output_feature_dimension,
    )
    made_order = (
        dimensions.output_batch_dimension,
        *dimensions.output_spatial_dimensions,
        dimensions.output_feature_dimension,
    )
    result_order = tuple(int(axis) for axis in np.argsort(made_order))
    filters_shape = tuple(rhs.shape[axis] for axis in filters_order)
    windows = _windows(lhs, filters_shape, dimensions, sliding, padding)
    batches, terms = sliding.batch_group_count, int(np.prod(filters_shape[:-1]))
    axes = tuple(range(lhs.rank))
    channels_last = result_order == axes
    first = (0, *axes[2:], 1)
    is_fused = epilogue is not None or pooling is not None
    channels_first = not is_fused and not channels_last and images_order == made_order == first
    computed = carrier(lhs.dtype, rhs.dtype, dtype, terms)
    if is_fused:
        is_possible = channels_last and computed == dtype.numpy
        require(is_possible, "C26", "only convolutions in the elements' own type whose features come last can be fused")
    images_shape = _dilated_shape([lhs.shape[axis] for axis in images_order], sliding, padding, batches)
    read_images, reversal = _reader(images_order, sliding, padding, batches), sliding.window_reversal
    if channels_first:
        swap, outer = (0, axes[-1], *axes[1:-1]), (axes[-1], axes[-2], *axes[:-2])
        planes = tuple(images_shape[axis] for axis in swap)
        by_planes = prepare_channels_first(
            planes, tuple(filters_shape[axis] for axis in outer), windows, computed, host
        )
        view = _view(tuple(filters_order[axis] for axis in outer), (False, False, *reversal))
        read_filters = in_order_once(view)

        def run_planes(x: np.ndarray, w: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            into = out if out is not None and out.flags.c_contiguous else None
            found = by_planes(read_images(x).transpose(swap), read_filters(w), out=into)
            return found if out is None or into is not None else _copied(found, out)

        return carried(run_planes, lhs.dtype.numpy, computed, dtype.numpy)
    view = _view(filters_order, reversal)
    planar = images_order == first
    convolve = prepare_fused(images_shape, filters_shape, windows, computed, host, epilogue, view, pooling, planar)
    is_as_given = channels_last and read_images is _as_they_are and lhs.dtype.numpy == computed == dtype.numpy
    if is_as_given and writing_of(convolve) is not None:
        # It takes arrays in any order, and a plan calls what it is.
        return convolve

    def run(x: np.ndarray, w: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        into = out if channels_last and out is not None and out.flags.c_contiguous else None
        found = convolve(read_images(x), w, *others, out=into)
        if out is not None and into is not None:
            return out
        found = found if channels_last else found.transpose(result_order)
        return found if out is None else _copied(found, out)

    return carried(run, lhs.dtype.numpy, computed, dtype.numpy)


def _as_they_are(x: np.ndarray) -> np.ndarray:
    return x


def _reader(order: Axes, sliding: Sliding, padding: Pairs, batches: int) -> Callable[[np.ndarray], np.ndarray]:
    """What brings images into the order (batch, dimensions, channel), with gaps and without what padding takes away."""
    is_dilated = any(step > 1 for step in sliding.lhs_dilation) or any(min(pair) < 0 for pair in padding)
    in_order = order == tuple(range(len(order)))
    if in_order and not is_dilated and batches == 1:
        return _as_they_are

    def read(x: np.ndarray) -> np.ndarray:
        images = dilated(x.transpose(order), sliding.lhs_dilation, padding)
        return _batches_as_features(images, batches) if batches > 1 else images

    return read


def _view(order: Axes, reversal: Sequence[bool]) -> Callable[[np.ndarray], np.ndarray] | None:
    """What sees filters in an order, and some of their dimensions turned around; None where that is how they are."""
    if order == tuple(range(len(order))) and not any(reversal):
        return None
    flipped = tuple(slice(None, None, -1) if reverse else slice(None) for reverse in reversal)
    return lambda w: w.transpose(order)[flipped]


def _dilated_shape(shape: Sequence[int], sliding: Sliding, padding: Pairs, batches: int) -> Axes:
    """The shape of what `_reader` reads."""
    batch, *sizes, features = shape
    found = []
    for size, step, (before, after) in zip(sizes, sliding.lhs_dilation, padding, strict=True):
        whole = (size - 1) * step + 1 if size else 0
        found.append(max(0, whole + min(0, before) + min(0, after)))
    return (batch // batches, *found, features * batches)


def _copied(found: np.ndarray, out: np.ndarray) -> np.ndarray:
    np.copyto(out, found)
    return out


def _windows(
    lhs: TensorMetadata,
    filters_shape: Axes,
    dimensions: ConvolutionDimensions,
    sliding: Sliding,
    padding: Pairs,
) -> tuple[Window, ...]:
    """The windows over the dilated input; what padding takes away has been taken away from that."""
    found = []
    for i, (before, after) in enumerate(padding):
        size, step, gap = filters_shape[i], sliding.window_strides[i], sliding.rhs_dilation[i]
        extent = lhs.shape[dimensions.input_spatial_dimensions[i]]
        count = window_count(extent, size, step, (before, after), sliding.lhs_dilation[i], gap)
        assert count is not None
        found.append(Window(size, step, gap, max(0, before), max(0, after), count))
    return tuple(found)


def _batches_as_features(images: np.ndarray, groups: int) -> np.ndarray:
    """Groups of images as groups of features of fewer images, which is the same convolution."""
    batch, *spatial, features = images.shape
    parts = images.reshape(groups, batch // groups, *spatial, features)
    return np.moveaxis(parts, 0, -2).reshape(batch // groups, *spatial, groups * features)
