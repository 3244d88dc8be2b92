"""Ops that count, and that look numbers up among sorted ones.

Source of the semantics: ``tensorflow/core/ops/math_ops.cc``, ``array_ops.cc`` and ``nn_ops.cc``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.quiet import quiet


def _bucketize_metadata(operand: TensorMetadata, *, boundaries: Sequence[float] = ()) -> TensorMetadata:
    return TensorMetadata(DType.I32, operand.shape)


@array_op("tf.Bucketize", metadata=_bucketize_metadata)
def bucketize(operand: TensorMetadata, *, boundaries: Sequence[float] = ()) -> ArrayForm:
    """How many of the boundaries, which are sorted, each element is not below."""
    limits = np.array(boundaries, np.float32)
    if (limits[1:] < limits[:-1]).any():
        raise KernelError("Expected sorted boundaries")
    return lambda x, out=None: np.searchsorted(limits, x, "right").astype(np.int32)


@array_op("tf.DenseBincount", shaped_by=(1,))
def dense_bincount(
    values: TensorMetadata, size: TensorMetadata, weights: TensorMetadata, *, binary_output: bool = False
) -> ArrayForm:
    """How often each number below `size` occurs in a vector, or in each row of a matrix, or the sum of its weights.

    With `binary_output`, whether it occurs.
    """
    if values.rank > 2:
        raise KernelError(f"Shape must be at most rank 2 but is rank {values.rank}")

    def run(x: np.ndarray, size: np.ndarray, weights: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        count = size.item()
        if (x < 0).any():
            raise KernelError("Input arr must be non-negative!")
        rows = x.reshape(-1, x.shape[-1] if x.ndim else 1) if x.ndim == 2 else x.reshape(1, -1)
        result = np.zeros((len(rows), count), weights.dtype)
        kept = rows < count
        places = (np.nonzero(kept)[0], rows[kept])
        if binary_output:
            result[places] = 1
        else:
            np.add.at(result, places, weights.reshape(rows.shape)[kept] if weights.size else 1)
        return result if x.ndim == 2 else result[0]

    return run


@array_op("tf.HistogramFixedWidth", shaped_by=(1, 2))
def histogram_fixed_width(
    values: TensorMetadata, value_range: TensorMetadata, nbins: TensorMetadata, *, dtype: DType = DType.I32
) -> ArrayForm:
    """How many numbers are in each of so many equal parts of a range; those beyond it are counted at its ends."""

    def run(x: np.ndarray, limits: np.ndarray, nbins: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        count, (low, high) = nbins.item(), limits
        if count < 1:
            raise KernelError(f"nbins should be a positive number, but got '{count}'")
        if not low < high:
            raise KernelError(f"value_range must be two rising limits, got {limits.tolist()}")
        step = (high - low) / x.dtype.type(count)
        parts = np.clip(np.floor((x.reshape(-1) - low) / step), 0, count - 1)
        return np.bincount(parts.astype(np.int64), minlength=count).astype(dtype.numpy)

    return run


def _bound_metadata(
    sorted_inputs: TensorMetadata, values: TensorMetadata, *, out_type: DType = DType.I32
) -> TensorMetadata:
    return TensorMetadata(out_type, values.shape)


def _register_bound(name: str, side: Literal["left", "right"]) -> None:
    @array_op(f"tf.{name}", metadata=_bound_metadata)
    def form(sorted_inputs: TensorMetadata, values: TensorMetadata, *, out_type: DType = DType.I32) -> ArrayForm:
        if sorted_inputs.rank != 2 or values.rank != 2 or sorted_inputs.shape[0] != values.shape[0]:
            raise KernelError(f"expects two matrices of as many rows, got {sorted_inputs} and {values}")

        def run(rows: np.ndarray, values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            result = np.empty(values.shape, out_type.numpy)
            for number, (row, wanted) in enumerate(zip(rows, values, strict=True)):
                result[number] = np.searchsorted(row, wanted, side)
            return result

        return run


_register_bound("LowerBound", "left")
_register_bound("UpperBound", "right")


def _top_metadata(predictions: TensorMetadata, targets: TensorMetadata, k: TensorMetadata) -> TensorMetadata:
    if predictions.rank != 2 or targets.shape != predictions.shape[:1]:
        raise KernelError(f"expects a matrix and a class for each of its rows, got {predictions} and {targets}")
    return TensorMetadata(DType.I1, targets.shape)


@array_op("tf.InTopKV2", metadata=_top_metadata)
def in_top_k(predictions: TensorMetadata, targets: TensorMetadata, k: TensorMetadata) -> ArrayForm:
    """Whether fewer than `k` classes of a row are predicted more than its target; false where that is not finite."""

    def run(x: np.ndarray, targets: np.ndarray, k: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        is_class = (targets >= 0) & (targets < x.shape[1])
        own = x[np.arange(len(x)), np.where(is_class, targets, 0)][:, None]
        more = quiet.call(lambda: (x > own).sum(1))
        return np.asarray(is_class & np.isfinite(x).all(1) & (more < k.item()))

    return run


@array_op("tf.ListDiff")
def list_diff(x: TensorMetadata, y: TensorMetadata, *, out_idx: DType = DType.I32) -> ArrayForm:
    """The elements of one vector that are not in another, in order, and where they are."""

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = np.flatnonzero(~np.isin(x, y))
        return x[places], places.astype(out_idx.numpy)

    return run
