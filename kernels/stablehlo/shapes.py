"""Ops that make tensors, and that put elements elsewhere by a rule that does not depend on values.

Those that can give views of their operand. Sources of the semantics: the sections of each op in the specification.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.prepared import Scribe, written
from tfrt.executor.declarations.stablehlo_shapes import known
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.copying import LEAST_ELEMENTS, reshaped
from tfrt.kernels.numerics.packed import constant
from tfrt.kernels.numerics.padding import pad_into, padded_shape

Shape = tuple[int, ...]
Dims = Sequence[int]


def given_shape(shape: Dims) -> Shape:
    """A shape that an eager caller gives.

    Raises:
        KernelError: a size is negative.
    """
    if any(size < 0 for size in shape):
        raise KernelError(f"expects a shape of sizes of at least 0, but got {list(shape)}")
    return tuple(shape)


def known_sizes(metadata: TensorMetadata) -> shapes.Shape:
    """A result's shape; sizes that a program does not know beforehand are None."""
    return tuple(None if size < 0 else size for size in metadata.shape)


def static_shape(metadata: ResultMetadata) -> Shape:
    """The shape of an op's one result.

    Raises:
        KernelError: a program does not say it, though it does not follow from operands.
    """
    shape: Shape = metadata[0].shape
    if any(size < 0 for size in shape):
        raise KernelError(f"expects a result of known sizes, but got {shapes.spelled(known_sizes(metadata[0]))}")
    return shape


def _iota_metadata(*, shape: Dims, dtype: DType, iota_dimension: int) -> TensorMetadata:
    shapes.iota(tuple(shape), iota_dimension)
    return TensorMetadata(dtype, given_shape(shape))


@array_op("stablehlo.iota", metadata=_iota_metadata, views=True)
def iota(*, iota_dimension: int, metadata: ResultMetadata) -> ArrayForm:
    """The numbers from 0 on along one dimension; made once, and read-only."""
    shape = static_shape(metadata)
    shapes.iota(shape, iota_dimension)
    numbers = counted(shape, iota_dimension, metadata[0].dtype)
    return lambda: numbers


def counted(shape: Shape, dimension: int, dtype: DType) -> np.ndarray:
    """The numbers from 0 on along one dimension, which nobody can write to."""
    line = constant(np.arange(shape[dimension]).astype(dtype.numpy))
    return np.broadcast_to(line.reshape(-1, *[1] * (len(shape) - 1 - dimension)), shape)


def _broadcast_in_dim_metadata(
    operand: TensorMetadata, *, shape: Dims, broadcast_dimensions: Dims = ()
) -> TensorMetadata:
    shapes.broadcast_in_dim(operand.shape, broadcast_dimensions, given_shape(shape))
    return TensorMetadata(operand.dtype, tuple(shape))


@array_op("stablehlo.broadcast_in_dim", metadata=_broadcast_in_dim_metadata, views=True)
def broadcast_in_dim(
    operand: TensorMetadata, *, broadcast_dimensions: Dims = (), metadata: ResultMetadata
) -> ArrayForm:
    """The operand repeated along further dimensions, and along those of size 1."""
    result = static_shape(metadata)
    shapes.broadcast_in_dim(operand.shape, broadcast_dimensions, result)
    return broadcasting(operand.shape, broadcast_dimensions, result)


def broadcasting(operand: Shape, dimensions: Dims, result: Shape) -> ArrayForm:
    """A function of arrays of the shape `operand`, whose dimensions become `dimensions` of the result."""
    order = sorted(range(len(operand)), key=dimensions.__getitem__)
    in_order = order == list(range(len(operand)))
    aligned, steps = [1] * len(result), [0] * len(result)
    for axis, (size, dimension) in enumerate(zip(operand, dimensions, strict=True)):
        aligned[dimension] = size
        steps[dimension] = prod(operand[axis + 1 :]) if size > 1 else 0
    shape = tuple(aligned)
    if shape == result:
        turned = "" if in_order else f".transpose({order})"
        return written(
            lambda x: (x if in_order else x.transpose(order)).reshape(shape),
            lambda operands, target, scribe: [f"{target} = {operands[0]}{turned}.reshape({scribe.constant(shape)})"],
        )

    def broadcast(x: np.ndarray) -> np.ndarray:
        return np.broadcast_to((x if in_order else x.transpose(order)).reshape(shape), result)

    if 0 in result:
        return broadcast

    def with_strides(x: np.ndarray) -> np.ndarray:
        # What `np.broadcast_to` gives takes five times as long.
        if not x.flags.c_contiguous:
            return broadcast(x)
        return np.ndarray(result, x.dtype, x, 0, tuple([step * x.itemsize for step in steps]))

    return with_strides


def _broadcast_metadata(operand: TensorMetadata, *, broadcast_sizes: Dims) -> TensorMetadata:
    return TensorMetadata(operand.dtype, known(shapes.broadcast(operand.shape, broadcast_sizes)))


@array_op("stablehlo.broadcast", metadata=_broadcast_metadata, views=True)
def broadcast(operand: TensorMetadata, *, broadcast_sizes: Dims) -> ArrayForm:
    """The operand repeated along new first dimensions."""
    result = _broadcast_metadata(operand, broadcast_sizes=broadcast_sizes).shape
    return lambda x: np.broadcast_to(x, result)


def _reshape_metadata(operand: TensorMetadata, *, shape: Dims) -> TensorMetadata:
    shapes.reshape(operand.shape, given_shape(shape))
    return TensorMetadata(operand.dtype, tuple(shape))


@array_op("stablehlo.reshape", metadata=_reshape_metadata, views=True)
def reshape(operand: TensorMetadata, *, metadata: ResultMetadata) -> ArrayForm:
    """The same elements in another shape; a copy where the operand's strides allow no view."""
    result = static_shape(metadata)
    shapes.reshape(operand.shape, result)
    if prod(result) < LEAST_ELEMENTS:
        return written(
            lambda x: x.reshape(result),
            lambda operands, target, scribe: [f"{target} = {operands[0]}.reshape({scribe.constant(result)})"],
        )
    return written(
        lambda x: reshaped(x, result),
        lambda operands, target, scribe: [
            f"{target} = {scribe.constant(reshaped, 'reshaped')}({operands[0]}, {scribe.constant(result)})"
        ],
    )


def _transpose_metadata(operand: TensorMetadata, *, permutation: Dims) -> TensorMetadata:
    return TensorMetadata(operand.dtype, known(shapes.transpose(operand.shape, permutation)))


@array_op("stablehlo.transpose", metadata=_transpose_metadata, views=True)
def transpose(operand: TensorMetadata, *, permutation: Dims) -> ArrayForm:
    """Dimensions in another order."""
    _transpose_metadata(operand, permutation=permutation)
    order = tuple(permutation)
    return written(
        lambda x: x.transpose(order),
        lambda operands, target, scribe: [f"{target} = {operands[0]}.transpose({scribe.constant(order)})"],
    )


def _reverse_metadata(operand: TensorMetadata, *, dimensions: Dims) -> TensorMetadata:
    shapes.reverse(operand.shape, dimensions)
    return operand


@array_op("stablehlo.reverse", metadata=_reverse_metadata, views=True)
def reverse(operand: TensorMetadata, *, dimensions: Dims) -> ArrayForm:
    """Elements in reverse order along some dimensions."""
    _reverse_metadata(operand, dimensions=dimensions)
    steps = (*(slice(None, None, -1 if axis in dimensions else None) for axis in range(operand.rank)), ...)
    return lambda x: x[steps]


def _slice_metadata(
    operand: TensorMetadata, *, start_indices: Dims, limit_indices: Dims, strides: Dims
) -> TensorMetadata:
    shape = shapes.static_slice(operand.shape, start_indices, limit_indices, strides)
    return TensorMetadata(operand.dtype, known(shape))


@array_op("stablehlo.slice", metadata=_slice_metadata, views=True)
def slice_(operand: TensorMetadata, *, start_indices: Dims, limit_indices: Dims, strides: Dims) -> ArrayForm:
    """A part of the operand, perhaps with steps."""
    _slice_metadata(operand, start_indices=start_indices, limit_indices=limit_indices, strides=strides)
    ends = zip(start_indices, limit_indices, strides, operand.shape, strict=True)
    indices = [
        slice(None) if (first, end, step) == (0, size, 1) else slice(first, end, step)
        for first, end, step, size in ends
    ]
    # Each index costs, so dimensions that are taken whole have none at the end.
    while indices and indices[-1] == slice(None):
        indices.pop()
    part = tuple(indices) or (...,)
    return written(
        lambda x: x[part],
        lambda operands, target, scribe: [f"{target} = {operands[0]}[{scribe.constant(part)}]"],
    )


def _concatenate_metadata(*inputs: TensorMetadata, dimension: int) -> TensorMetadata:
    shape = shapes.concatenate([each.shape for each in inputs], dimension)
    shapes.require(
        len({each.dtype for each in inputs}) == 1,
        "C1",
        f"expects one element type, but got {', '.join(each.dtype.label for each in inputs)}",
    )
    return TensorMetadata(inputs[0].dtype, known(shape))


@array_op("stablehlo.concatenate", metadata=_concatenate_metadata)
def concatenate(*inputs: TensorMetadata, dimension: int) -> ArrayForm:
    """Tensors one after the other along a dimension."""
    _concatenate_metadata(*inputs, dimension=dimension)

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        arrays, out = operands[: len(inputs)], operands[len(inputs) :]
        given = ", ".join([f"({', '.join(arrays)},)", str(dimension), *out])
        return [f"{result} = {scribe.constant(np.concatenate, 'concatenate')}({given})"]

    return written(lambda *arrays, out=None: np.concatenate(arrays, dimension, out=out), write)


def _pad_metadata(
    operand: TensorMetadata,
    padding_value: TensorMetadata,
    *,
    edge_padding_low: Dims,
    edge_padding_high: Dims,
    interior_padding: Dims,
) -> TensorMetadata:
    require_padding_value(operand, padding_value)
    shape = shapes.pad(operand.shape, edge_padding_low, edge_padding_high, interior_padding)
    return TensorMetadata(operand.dtype, known(shape))


def require_padding_value(operand: TensorMetadata, padding_value: TensorMetadata) -> None:
    """What is padded with is one element of the operand's type."""
    shapes.require(
        padding_value == TensorMetadata(operand.dtype, ()),
        "C1",
        f"expects a padding_value of one {operand.dtype.label}, but got {padding_value}",
    )


@array_op("stablehlo.pad", metadata=_pad_metadata)
def pad(
    operand: TensorMetadata,
    padding_value: TensorMetadata,
    *,
    edge_padding_low: Dims,
    edge_padding_high: Dims,
    interior_padding: Dims,
) -> ArrayForm:
    """The operand with further elements at its edges and between its elements; negative edges take elements away."""
    low, high, between = tuple(edge_padding_low), tuple(edge_padding_high), tuple(interior_padding)
    _pad_metadata(operand, padding_value, edge_padding_low=low, edge_padding_high=high, interior_padding=between)
    shape, dtype = padded_shape(operand.shape, low, high, between), operand.dtype.numpy
    fill = pad_into(operand.shape, shape, low, between)
    return lambda x, value, out=None: fill(np.empty(shape, dtype) if out is None else out, x, value)


def _dimension_size_metadata(operand: TensorMetadata, *, dimension: int) -> TensorMetadata:
    shapes.require_axes([dimension], operand.rank, "C1", "dimension")
    return TensorMetadata(DType.I32, ())


@array_op("stablehlo.get_dimension_size", metadata=_dimension_size_metadata)
def get_dimension_size(operand: TensorMetadata, *, dimension: int) -> ArrayForm:
    """The size of a dimension."""
    _dimension_size_metadata(operand, dimension=dimension)
    size = np.int32(operand.shape[dimension])

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        found = np.empty((), np.int32) if out is None else out
        found[...] = size
        return found

    return run
