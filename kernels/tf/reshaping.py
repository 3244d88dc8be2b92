"""Ops that rearrange elements, or ask for shapes, without looking at elements.

What says how (shapes, axes, sizes) are inputs, vectors of i32 or i64, whose elements are read when the op runs. Results
are views of the input where numpy can make them. Source of the semantics: TensorFlow's op definitions
(``tensorflow/core/ops/array_ops.cc``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata, same_metadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.copying import in_c_order, reshaped


def sizes(values: np.ndarray) -> tuple[int, ...]:
    """The integers in a vector, or in a scalar, that an op is given as sizes or axes."""
    if values.ndim > 1 or values.dtype.kind not in "iu":
        raise KernelError(f"expected a vector of integers, got {values.dtype} of shape {list(values.shape)}")
    return tuple(np.atleast_1d(values).tolist())


def as_results(arrays: Sequence[np.ndarray]) -> Any:
    """What an op gives that may have one result or several."""
    return arrays[0] if len(arrays) == 1 else tuple(arrays)


def axis_of(axis: int, rank: int, op: str) -> int:
    """An axis, which counts from the end where it is negative."""
    if not -rank <= axis < rank:
        raise KernelError(f"{op}: axis {axis} is not in [{-rank}, {rank})")
    return axis % rank


@array_op("tf.Reshape", views=True, shaped_by=(1,), shape_input=1)
def reshape(operand: TensorMetadata, shape: TensorMetadata) -> ArrayForm:
    """The elements, row by row, in another shape, in which one size may be -1."""

    def run(x: np.ndarray, shape: np.ndarray) -> np.ndarray:
        wanted = sizes(shape)
        if wanted.count(-1) > 1:
            raise KernelError(f"Only one input size may be -1, not both of {list(wanted)}")
        known = math.prod(size for size in wanted if size != -1)
        if x.size != known if -1 not in wanted else (known == 0 or x.size % known):
            raise KernelError(f"Input to reshape is a tensor with {x.size} values, but {list(wanted)} has {abs(known)}")
        return x.reshape(wanted)

    return run


@array_op("tf.Squeeze", views=True, shaped_by=())
def squeeze(operand: TensorMetadata, *, squeeze_dims: Sequence[int] = ()) -> ArrayForm:
    """The operand without dimensions of size 1: those of `squeeze_dims`, or all."""
    axes = tuple(axis_of(axis, operand.rank, "tf.Squeeze") for axis in squeeze_dims)
    for axis in axes:
        if operand.shape[axis] != 1:
            raise KernelError(f"Can not squeeze dim[{axis}], expected a dimension of 1, got {operand.shape[axis]}")
    return lambda x: x.squeeze(axes or None)


@array_op("tf.BroadcastTo", views=True, shaped_by=(1,), shape_input=1)
def broadcast_to(operand: TensorMetadata, shape: TensorMetadata) -> ArrayForm:
    """The operand repeated to a shape, as numpy broadcasts."""

    def run(x: np.ndarray, shape: np.ndarray) -> np.ndarray:
        try:
            return np.broadcast_to(x, sizes(shape))
        except ValueError:
            raise KernelError(f"Incompatible shapes: {list(x.shape)} vs. {list(sizes(shape))}") from None

    return run


@array_op("tf.BroadcastArgs", shaped_by=())
def broadcast_args(first: TensorMetadata, second: TensorMetadata) -> ArrayForm:
    """The shape that two shapes broadcast to."""

    def run(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        try:
            return np.array(np.broadcast_shapes(sizes(x), sizes(y)), x.dtype)
        except ValueError:
            raise KernelError(f"Incompatible shapes: {list(sizes(x))} vs. {list(sizes(y))}") from None

    return run


def _rank_metadata(operand: TensorMetadata) -> TensorMetadata:
    return TensorMetadata(DType.I32, ())


@array_op("tf.Rank", metadata=_rank_metadata, shape_only=True)
def rank(operand: TensorMetadata) -> ArrayForm:
    """The number of dimensions."""
    return lambda x, out=None: np.array(operand.rank, np.int32)


def _size_metadata(operand: TensorMetadata, *, out_type: DType = DType.I32) -> TensorMetadata:
    return TensorMetadata(out_type, ())


@array_op("tf.Size", metadata=_size_metadata, shape_only=True)
def size(operand: TensorMetadata, *, out_type: DType = DType.I32) -> ArrayForm:
    """The number of elements."""
    return lambda x, out=None: np.array(x.size, out_type.numpy)


def _shapes_metadata(*operands: TensorMetadata, out_type: DType = DType.I32) -> tuple[TensorMetadata, ...]:
    return tuple(TensorMetadata(out_type, (operand.rank,)) for operand in operands)


@array_op("tf.ShapeN", metadata=_shapes_metadata, shape_only=True)
def shape_n(*operands: TensorMetadata, out_type: DType = DType.I32) -> ArrayForm:
    """The shapes of all inputs."""
    return lambda *arrays: as_results([np.array(x.shape, out_type.numpy) for x in arrays])


@array_op("tf.ReverseV2", views=True, shaped_by=(1,))
def reverse(operand: TensorMetadata, axes: TensorMetadata) -> ArrayForm:
    """The operand with the elements along some axes in reverse order."""

    def run(x: np.ndarray, axes: np.ndarray) -> np.ndarray:
        return np.flip(x, tuple(axis_of(axis, x.ndim, "tf.ReverseV2") for axis in sizes(axes)))

    return run


@array_op("tf.Roll", shaped_by=(1, 2))
def roll(operand: TensorMetadata, shift: TensorMetadata, axis: TensorMetadata) -> ArrayForm:
    """The operand with its elements moved along axes, around the end."""

    def run(x: np.ndarray, shift: np.ndarray, axis: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return np.roll(x, sizes(shift), tuple(axis_of(a, x.ndim, "tf.Roll") for a in sizes(axis)))

    return run


@array_op("tf.InvertPermutation", metadata=same_metadata)
def invert_permutation(operand: TensorMetadata) -> ArrayForm:
    """Where each number stands in a permutation."""

    def run(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if sorted(x.tolist()) != list(range(x.size)):
            raise KernelError(f"tf.InvertPermutation: {x.tolist()} is no permutation")
        return np.argsort(x).astype(x.dtype)

    return run


def _blocks(name: str, *, to_batch: bool) -> None:
    """`tf.SpaceToBatchND`, or what undoes it."""

    @array_op(name, shaped_by=(1, 2))
    def form(operand: TensorMetadata, block_shape: TensorMetadata, borders: TensorMetadata) -> ArrayForm:
        def run(x: np.ndarray, block_shape: np.ndarray, borders: np.ndarray, out: object = None) -> np.ndarray:
            blocks, edges = sizes(block_shape), borders.tolist()
            return _space_to_batch(x, blocks, edges) if to_batch else _batch_to_space(x, blocks, edges)

        return run


def _space_to_batch(x: np.ndarray, blocks: Sequence[int], paddings: Sequence[Sequence[int]]) -> np.ndarray:
    count = len(blocks)
    x = np.pad(x, [(0, 0), *map(tuple, paddings), *[(0, 0)] * (x.ndim - 1 - count)])
    if any(size % block for size, block in zip(x.shape[1:], blocks, strict=False)):
        raise KernelError(f"padded shape {list(x.shape)} is not divisible by blocks {list(blocks)}")
    split = [n for size, block in zip(x.shape[1:], blocks, strict=False) for n in (size // block, block)]
    x = x.reshape(x.shape[0], *split, *x.shape[1 + count :])
    inner = [2 * d + 2 for d in range(count)]
    order = [*inner, 0, *[2 * d + 1 for d in range(count)], *range(2 * count + 1, x.ndim)]
    x = x.transpose(order)
    return x.reshape(math.prod(x.shape[: count + 1]), *x.shape[count + 1 :])


def _batch_to_space(x: np.ndarray, blocks: Sequence[int], crops: Sequence[Sequence[int]]) -> np.ndarray:
    count, product = len(blocks), math.prod(blocks)
    if x.shape[0] % product:
        raise KernelError(f"batch {x.shape[0]} is not divisible by blocks {list(blocks)}")
    x = x.reshape(*blocks, x.shape[0] // product, *x.shape[1:])
    order = [count, *[n for d in range(count) for n in (count + 1 + d, d)], *range(2 * count + 1, x.ndim)]
    x = x.transpose(order)
    merged = [x.shape[2 * d + 1] * x.shape[2 * d + 2] for d in range(count)]
    x = x.reshape(x.shape[0], *merged, *x.shape[2 * count + 1 :])
    cropped = [slice(before, size - after) for size, (before, after) in zip(merged, crops, strict=True)]
    return np.ascontiguousarray(x[(slice(None), *cropped)])


_blocks("tf.SpaceToBatchND", to_batch=True)
_blocks("tf.BatchToSpaceND", to_batch=False)


def _depth(name: str, move: Callable[[np.ndarray, int], np.ndarray]) -> None:
    """`tf.SpaceToDepth`, or what undoes it, on images NHWC or NCHW."""

    @array_op(name, views=True, shaped_by=())
    def form(operand: TensorMetadata, *, block_size: int, data_format: str = "NHWC") -> ArrayForm:
        if data_format not in ("NHWC", "NCHW"):
            raise KernelError(f"{name}: data format '{data_format}' is not supported")

        def run(x: np.ndarray) -> np.ndarray:
            if data_format == "NHWC":
                return move(x, block_size)
            return in_c_order(move(x.transpose(0, 2, 3, 1), block_size).transpose(0, 3, 1, 2))

        return run


def _space_to_depth(x: np.ndarray, block: int) -> np.ndarray:
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height // block, block, width // block, block, channels).transpose(0, 1, 3, 2, 4, 5)
    return reshaped(x, (batch, height // block, width // block, block * block * channels))


def _depth_to_space(x: np.ndarray, block: int) -> np.ndarray:
    batch, height, width, channels = x.shape
    inner = channels // (block * block)
    x = x.reshape(batch, height, width, block, block, inner).transpose(0, 1, 3, 2, 4, 5)
    return reshaped(x, (batch, height * block, width * block, inner))


_depth("tf.SpaceToDepth", _space_to_depth)
_depth("tf.DepthToSpace", _depth_to_space)
