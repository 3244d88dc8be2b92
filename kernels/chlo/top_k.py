"""`top_k`."""

from __future__ import annotations

import numpy as np

from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.ordering import comparable, descending, order_by_keys, total_order


def _top_k_metadata(operand: TensorMetadata, *, k: int) -> tuple[TensorMetadata, TensorMetadata]:
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

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = order_by_keys([descending(total_order(comparable(x)))])[..., :k]
        return np.take_along_axis(x, places, -1), places.astype(np.int32)

    return run
