"""The op `top_k`: the greatest elements of rows, and where they are."""

from __future__ import annotations

from math import prod

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.ordering import comparable, greatest_by_key, total_order
from tfrt.kernels.shared.element_kinds import COMPLEX


def _top_k_metadata(operand: TensorMetadata, *, k: int) -> tuple[TensorMetadata, TensorMetadata]:
    if operand.dtype in COMPLEX:
        raise KernelError(f"expects integers or floats, but got {operand}")
    if not operand.shape:
        raise KernelError("expects an operand of rank 1 or more, but got a scalar")
    if not 0 <= k <= operand.shape[-1]:
        raise KernelError(f"expects k in [0, {operand.shape[-1]}], the operand's last dimension, but got {k}")
    shape = (*operand.shape[:-1], k)
    return TensorMetadata(operand.dtype, shape), TensorMetadata(DType.I32, shape)


@array_op("chlo.top_k", metadata=_top_k_metadata)
def top_k(operand: TensorMetadata, *, k: int) -> ArrayForm:
    """The greatest `k` elements along the last dimension in falling order, and their places.

    Floats are in total order; of equal elements the first one comes first. The source is the op's expansion to
    `stablehlo.sort`.
    """

    shape = (*operand.shape[:-1], k)
    rows, size = prod(operand.shape[:-1]), operand.shape[-1]
    dtype = operand.dtype.numpy
    if not rows or not k:
        return lambda x: (np.empty(shape, dtype), np.empty(shape, np.int32))
    # Where rows begin among all elements.
    starts = np.arange(rows)[:, np.newaxis] * size
    is_matrix = operand.rank == 2

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        matrix = x if is_matrix else x.reshape(rows, size)
        places = greatest_by_key(total_order(comparable(matrix)), k)
        values, numbers = matrix.reshape(-1).take(places + starts), places.astype(np.int32)
        return (values, numbers) if is_matrix else (values.reshape(shape), numbers.reshape(shape))

    return run
