"""Ops about shapes: asking for one, and rearranging elements."""

from __future__ import annotations

import numpy as np

from tfrt.executor.core_runtime.metadata import TensorMetadata
from tfrt.executor.core_runtime.op_registry import OpFlags, cpu_op
from tfrt.executor.dtype import DType
from tfrt.executor.errors import KernelError
from tfrt.executor.tensor import DenseHostTensor, StringHostTensor, Tensor, dense_from_numpy

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
)
def shape(operand: Tensor, *, out_type: DType = DType.I32) -> DenseHostTensor:
    """The operand's shape as a vector of `out_type`, i32 or i64."""
    return dense_from_numpy(np.array(operand.shape, out_type.numpy))


@cpu_op("tf.ExpandDims", flags=OpFlags.ALLOWS_STRING)
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


@cpu_op("tf.Tile", flags=OpFlags.ALLOWS_STRING)
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


@cpu_op("tf.Pad")
def pad(operand: DenseHostTensor, paddings: DenseHostTensor) -> DenseHostTensor:
    """The operand with zeros around it: `paddings` has one row a dimension, how many come before and after."""
    rank, given = len(operand.shape), paddings.shape
    if rank > _MAXIMUM_PADDED_RANK:
        raise KernelError(f"tf.Pad input rank over {_MAXIMUM_PADDED_RANK} is not supported. Given value: {rank}")
    if len(given) != 2 or given[1] != 2:
        raise KernelError(f"tf.Pad paddings must be a matrix with 2 columns. Actual shape: {list(given)}")
    if given[0] != rank:
        raise KernelError(
            "For tf.Pad operation, the first dimension of paddings must equal to the rank of inputs. "
            f"Input shape: {list(operand.shape)}. Paddings shape: {list(given)}"
        )
    if paddings.dtype not in _INDEX_DTYPES:
        raise KernelError(f"tf.Pad paddings type must be either int32 or int64. Actual type is: {paddings.dtype.label}")
    if (paddings.array < 0).any():
        raise KernelError("tf.Pad paddings must be non-negative.")
    return DenseHostTensor(_padded(operand.array, paddings.array.tolist()), operand.dtype)


def _padded(array: np.ndarray, paddings: list[list[int]]) -> np.ndarray:
    sizes = zip(array.shape, paddings, strict=True)
    result = np.zeros([before + size + after for size, (before, after) in sizes], array.dtype)
    inside = tuple(slice(before, before + size) for size, (before, _) in zip(array.shape, paddings, strict=True))
    result[inside] = array
    return result


@cpu_op("tf.Transpose")
def transpose(operand: DenseHostTensor, perm: DenseHostTensor) -> DenseHostTensor:
    """The operand with its dimensions in the order of `perm`, a vector of i32 or i64."""
    rank = len(operand.shape)
    if perm.shape != (rank,):
        raise KernelError("tf.Transpose `perm` must size must match input rank")
    if perm.dtype not in _INDEX_DTYPES:
        raise KernelError(f"tf.Transpose `perm` must be of i32 or i64, not {perm.dtype.label}")
    order = perm.array.tolist()
    if sorted(order) != list(range(rank)):
        raise KernelError(f"tf.Transpose `perm` must be a permutation of the {rank} dimensions, got {order}")
    return DenseHostTensor(operand.array.transpose(order).copy(order="C"), operand.dtype)
