"""Ops about shapes: asking for one, and rearranging elements."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import OpFlags
from tfrt.executor.declarations.op_registry import cpu_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, StringHostTensor, Tensor, dense_from_numpy
from tfrt.kernels.numerics.copying import copied

Shape = tuple[int, ...]

_INDEX_DTYPES = (DType.I32, DType.I64)
_MAXIMUM_PADDED_RANK = 8


def _shape_metadata(operand: TensorMetadata, *, out_type: DType = DType.I32) -> TensorMetadata:
    if out_type not in _INDEX_DTYPES:
        raise KernelError(f"Unsupported `out_type` value: {out_type.label}")
    return TensorMetadata(out_type, (operand.rank,))


@cpu_op(
    "tf.Shape",
    metadata=_shape_metadata,
    flags=OpFlags.ALLOWS_STRING | OpFlags.ALLOWS_SCALAR | OpFlags.ALLOWS_COO,
    shape_only=True,
)
def shape(operand: Tensor, *, out_type: DType = DType.I32) -> DenseHostTensor:
    """The operand's shape as a vector of `out_type`, i32 or i64."""
    return dense_from_numpy(np.array(operand.shape, out_type.numpy))


@cpu_op("tf.ExpandDims", flags=OpFlags.ALLOWS_STRING, shaped_by=(1,))
def expand_dims(operand: DenseHostTensor | StringHostTensor, axis: DenseHostTensor) -> Tensor:
    """The operand with a dimension of size 1 put in before `axis`, which counts from the end where negative."""
    rank = len(operand.shape)
    position = _axis(axis)
    if not -1 - rank <= position <= rank:
        raise KernelError(f"Failed to expand axis {position} for tensor of rank {rank}")
    if position < 0:
        position += rank + 1
    grown = (*operand.shape[:position], 1, *operand.shape[position:])
    if isinstance(operand, StringHostTensor):
        return StringHostTensor(grown, operand.strings)
    return DenseHostTensor(operand.array.reshape(grown), operand.dtype)


def _axis(axis: DenseHostTensor | StringHostTensor) -> int:
    if isinstance(axis, StringHostTensor):
        raise KernelError("Unsupported axis data type")
    if axis.array.size != 1:
        raise KernelError("Axis must be a scalar tensor")
    if axis.dtype not in _INDEX_DTYPES:
        raise KernelError("Unsupported axis data type")
    return int(axis.array.item())


@cpu_op("tf.Tile", flags=OpFlags.ALLOWS_STRING, shaped_by=(1,))
def tile(operand: DenseHostTensor | StringHostTensor, multiples: DenseHostTensor) -> Tensor:
    """The operand repeated along each dimension as often as `multiples`, a vector of i32 or i64, says."""
    counts = _multiples(multiples)
    if len(counts) != len(operand.shape):
        raise KernelError("Tile multiples must have the same size as input rank")
    if min(counts, default=0) < 0:
        raise KernelError(f"Tile multiples must not be negative, got {list(counts)}")
    if isinstance(operand, StringHostTensor):
        strings = np.empty(len(operand.strings), object)
        strings[:] = operand.strings
        tiled = np.tile(strings.reshape(operand.shape), counts)
        return StringHostTensor(tiled.shape, tuple(tiled.reshape(-1).tolist()))
    return DenseHostTensor(np.tile(operand.array, counts), operand.dtype)


def _multiples(multiples: DenseHostTensor | StringHostTensor) -> tuple[int, ...]:
    if len(multiples.shape) != 1:
        raise KernelError("Tile multiples must be a vector")
    if isinstance(multiples, StringHostTensor) or multiples.dtype not in _INDEX_DTYPES:
        raise KernelError("Unsupported multiples data type")
    return tuple(multiples.array.tolist())


def _of_constant(shape_of: Callable[[Shape, DenseHostTensor], Shape]) -> Callable[..., TensorMetadata | None]:
    """The metadata of results whose shape follows from that of the first input and the elements of the second."""

    def metadata(operand: TensorMetadata | np.ndarray, elements: TensorMetadata | np.ndarray) -> TensorMetadata | None:
        if isinstance(elements, TensorMetadata) or not isinstance(operand, TensorMetadata):
            return None
        return TensorMetadata(operand.dtype, shape_of(operand.shape, dense_from_numpy(elements)))

    return metadata


def _paddings(shape: Shape, paddings: DenseHostTensor) -> list[list[int]]:
    rank, given = len(shape), paddings.shape
    if rank > _MAXIMUM_PADDED_RANK:
        raise KernelError(f"tf.Pad input rank over {_MAXIMUM_PADDED_RANK} is not supported. Given value: {rank}")
    if len(given) != 2 or given[1] != 2:
        raise KernelError(f"tf.Pad paddings must be a matrix with 2 columns. Actual shape: {list(given)}")
    if given[0] != rank:
        raise KernelError(
            "For tf.Pad operation, the first dimension of paddings must equal to the rank of inputs. "
            f"Input shape: {list(shape)}. Paddings shape: {list(given)}"
        )
    if paddings.dtype not in _INDEX_DTYPES:
        raise KernelError(f"tf.Pad paddings type must be either int32 or int64. Actual type is: {paddings.dtype.label}")
    if (paddings.array < 0).any():
        raise KernelError("tf.Pad paddings must be non-negative.")
    found: list[list[int]] = paddings.array.tolist()
    return found


def _padded_shape(shape: Shape, paddings: DenseHostTensor) -> Shape:
    return tuple(before + size + after for size, (before, after) in zip(shape, _paddings(shape, paddings), strict=True))


@cpu_op("tf.Pad", constant_metadata=_of_constant(_padded_shape))
def pad(operand: DenseHostTensor, paddings: DenseHostTensor) -> DenseHostTensor:
    """The operand with zeros around it: `paddings` has one row a dimension, how many come before and after."""
    array, borders = operand.array, _paddings(operand.shape, paddings)
    result = np.zeros(_padded_shape(operand.shape, paddings), array.dtype)
    inside = tuple(slice(before, before + size) for size, (before, _) in zip(array.shape, borders, strict=True))
    result[inside] = array
    return DenseHostTensor(result, operand.dtype)


def _order(rank: int, perm: DenseHostTensor) -> list[int]:
    if perm.shape != (rank,):
        raise KernelError("tf.Transpose `perm` must size must match input rank")
    if perm.dtype not in _INDEX_DTYPES:
        raise KernelError(f"tf.Transpose `perm` must be of i32 or i64, not {perm.dtype.label}")
    order: list[int] = perm.array.tolist()
    if sorted(order) != list(range(rank)):
        raise KernelError(f"tf.Transpose `perm` must be a permutation of the {rank} dimensions, got {order}")
    return order


def _transposed_shape(shape: Shape, perm: DenseHostTensor) -> Shape:
    return tuple(shape[axis] for axis in _order(len(shape), perm))


@cpu_op("tf.Transpose", constant_metadata=_of_constant(_transposed_shape))
def transpose(operand: DenseHostTensor, perm: DenseHostTensor) -> DenseHostTensor:
    """The operand with its dimensions in the order of `perm`, a vector of i32 or i64."""
    order = _order(len(operand.shape), perm)
    return DenseHostTensor(copied(operand.array.transpose(order)), operand.dtype)
