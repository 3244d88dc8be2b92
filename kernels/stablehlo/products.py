"""Products of tensors: `dot_general`, and `dot` of vectors and matrices."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.declarations.annotations import ResultMetadata, RowEpilogue
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.op_signature import AttributeGroup
from tfrt.executor.declarations.stablehlo_shapes import known, require
from tfrt.executor.declarations.stablehlo_window_shapes import dot_general as result_shape
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.carriers import carried, carrier, halves, is_halved
from tfrt.kernels.numerics.contraction import contract
from tfrt.kernels.numerics.contraction_sizes import contraction
from tfrt.kernels.numerics.quiet import quiet

Axes = tuple[int, ...]


@dataclass(frozen=True)
class DotDimensions(AttributeGroup):
    """What is summed, and for each element of which dimensions."""

    lhs_batching_dimensions: Axes = ()
    rhs_batching_dimensions: Axes = ()
    lhs_contracting_dimensions: Axes = ()
    rhs_contracting_dimensions: Axes = ()


def _dot_general_metadata(
    lhs: TensorMetadata, rhs: TensorMetadata, *, dimensions: DotDimensions, dtype: DType | None = None
) -> TensorMetadata:
    require(
        lhs.dtype is rhs.dtype,
        "C13",
        f"expects operands of one element type, but got {lhs.dtype.mlir} and {rhs.dtype.mlir}",
    )
    shape = result_shape(lhs.shape, rhs.shape, **asdict(dimensions))
    return TensorMetadata(lhs.dtype if dtype is None else dtype, known(shape))


@array_op("stablehlo.dot_general", metadata=_dot_general_metadata)
def dot_general(
    lhs: TensorMetadata,
    rhs: TensorMetadata,
    *,
    dimensions: DotDimensions,
    metadata: ResultMetadata,
    may_lie_by_columns: bool = False,
    host: HostContext,
    epilogue: RowEpilogue | None = None,
) -> ArrayForm:
    """Products, summed along the contracting dimensions, for each element of the batching ones.

    They are summed in the result's type, or in single precision where that is narrower; integers exactly.

    Args:
        may_lie_by_columns: whether the result, a matrix, may lie so, also in memory that is given for it: only other
            products read it, as their left matrix. The pass `lay-out-products` says so.
    """
    dtype: DType = metadata[0].dtype
    _dot_general_metadata(lhs, rhs, dimensions=dimensions)
    how = contraction(
        lhs.shape,
        rhs.shape,
        (dimensions.lhs_batching_dimensions, dimensions.rhs_batching_dimensions),
        (dimensions.lhs_contracting_dimensions, dimensions.rhs_contracting_dimensions),
    )
    computed = carrier(lhs.dtype, rhs.dtype, dtype, how.inner)
    finish: Any = epilogue
    work = how.rows * how.inner * how.columns * prod(how.batches)
    if finish is None and is_halved(lhs.dtype, rhs.dtype, dtype, how.inner, work):
        return halves(contract(how, np.dtype(np.float64), host), dtype.numpy)
    if finish is None or computed == dtype.numpy:
        return carried(
            contract(how, computed, host, finish, may_lie_by_columns), lhs.dtype.numpy, computed, dtype.numpy
        )
    product = carried(contract(how, computed, host), lhs.dtype.numpy, computed, dtype.numpy)
    width = how.shape[-1] if how.shape else 1

    def run(x: np.ndarray, y: np.ndarray, *others: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        values = product(x, y)
        if values.size:
            rows = values.reshape(-1, width)
            like = [other.reshape(rows.shape) if other.shape == values.shape else other for other in others]
            quiet.call(finish, rows, *like)
        if out is None:
            return values
        out[...] = values
        return out

    return run


def _of_matrices(lhs: TensorMetadata, rhs: TensorMetadata) -> DotDimensions:
    require(
        1 <= lhs.rank <= 2 and 1 <= rhs.rank <= 2,
        "C1",
        f"expects vectors or matrices, but got ranks {lhs.rank} and {rhs.rank}",
    )
    return DotDimensions(lhs_contracting_dimensions=(lhs.rank - 1,), rhs_contracting_dimensions=(0,))


def _dot_metadata(lhs: TensorMetadata, rhs: TensorMetadata, *, dtype: DType | None = None) -> TensorMetadata:
    return _dot_general_metadata(lhs, rhs, dimensions=_of_matrices(lhs, rhs), dtype=dtype)


@array_op("stablehlo.dot", metadata=_dot_metadata)
def dot(
    lhs: TensorMetadata,
    rhs: TensorMetadata,
    *,
    metadata: ResultMetadata,
    host: HostContext,
    epilogue: RowEpilogue | None = None,
) -> ArrayForm:
    """The product of two vectors or matrices."""
    dimensions = _of_matrices(lhs, rhs)
    return dot_general(lhs, rhs, dimensions=dimensions, metadata=metadata, host=host, epilogue=epilogue)
