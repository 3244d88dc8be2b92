"""The first elements in an order: what JAX's approximate searches and `top_k` of a size that is not known call.

On a CPU nothing is approximate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.custom_calls import custom_call
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.stablehlo_shapes import require
from tfrt.executor.values.dtype import DType
from tfrt.kernels.chlo.top_k import top_k as greatest
from tfrt.kernels.stablehlo.sorting import sort

_BY_VALUE = [["comparison_direction", "LT"], ["compare_type", "TOTALORDER"]]
_LESS = [4, [["stablehlo.compare", [0, 1], _BY_VALUE, [DType.I1]]], [4]]
"""The body of a sort of values and their places, by the values."""


def _first(operands: tuple[TensorMetadata, ...], reduction_dim: int, computations: Any) -> ArrayForm:
    """A function of arrays and a size: so many first elements in the order of the function that is called."""
    count = len(operands) // 2
    require(
        len(operands) == 2 * count > 0 and len(computations) == 1,
        "I1",
        f"expects operands, an initial value for each, and one function that compares, but got {len(operands)} operands"
        f" and {len(computations)} functions",
    )
    made: Any = operands[:count]
    ordered = sort(*made, dimension=reduction_dim, body=computations[0], metadata=made)

    def run(arrays: tuple[np.ndarray, ...], size: int) -> tuple[np.ndarray, ...]:
        found = ordered(*arrays[:count])
        return tuple([np.take(each, range(size), reduction_dim) for each in (found if count > 1 else (found,))])

    return run


def approx_top_k(
    *operands: TensorMetadata,
    top_k: int,
    reduction_dim: int,
    called_computations: Any,
    metadata: ResultMetadata,
) -> ArrayForm:
    """The first `top_k` elements of slices, or as many as the program says, and of others those at the same places."""
    run = _first(operands, reduction_dim, called_computations)
    size = top_k if metadata is None else metadata[0].shape[reduction_dim]
    return lambda *arrays: run(arrays, size)


custom_call("ApproxTopK")(approx_top_k)
custom_call("PartialReduce")(approx_top_k)


@custom_call("stablehlo.dynamic_approx_top_k", shaped_by=(-1,))
def dynamic_approx_top_k(*operands: TensorMetadata, reduction_dim: int, called_computations: Any) -> ArrayForm:
    """`approx_top_k`; how many elements is the last operand."""
    run = _first(operands[:-1], reduction_dim, called_computations)
    return lambda *arrays: run(arrays, int(arrays[-1]))


@custom_call("stablehlo.dynamic_top_k", shaped_by=(1,))
def dynamic_top_k(operand: TensorMetadata, k: TensorMetadata) -> ArrayForm:
    """The greatest elements of the last dimension and their places; how many is the second operand."""
    return lambda x, size: greatest(operand, k=int(size))(x)


@custom_call("mhlo.topk")
def topk(operand: TensorMetadata, *, k: int, largest: bool = True) -> ArrayForm:
    """The greatest elements of the last dimension, or the least, and their places."""
    if largest:
        return greatest(operand, k=k)
    places = TensorMetadata(DType.I32, operand.shape)
    made: Any = (operand, places)
    ordered = sort(operand, places, dimension=operand.rank - 1, body=_LESS, metadata=made)

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, found = ordered(x, np.broadcast_to(np.arange(x.shape[-1], dtype=np.int32), x.shape))
        return values[..., :k], found[..., :k]

    return run
