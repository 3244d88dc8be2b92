"""Ops of `stablehlo` and `chlo` whose operands are broadcast: as numpy does it, or as `broadcast_dimensions` says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import CPU_OPS, array_op
from tfrt.executor.values.dtype import DType
from tfrt.kernels.stablehlo.elementwise import require_one_dtype


def _broadcast_form(
    name: str, operands: Sequence[TensorMetadata], dims: Sequence[int] | None, metadata: Any, **attributes: Any
) -> ArrayForm:
    """The array form of an op whose operands are broadcast: that of the op, of operands of one rank."""
    entry = CPU_OPS.get(name)
    assert entry is not None
    run = entry.arrays(tuple(operands), attributes, None, metadata)
    rank = max(operand.rank for operand in operands)
    if all(operand.rank == rank for operand in operands):
        return run
    indices = [_widening(operand.rank, rank, dims) for operand in operands]
    return lambda *arrays, out=None: run(*[a[i] for a, i in zip(arrays, indices, strict=True)], out=out)


def _widening(rank: int, wide: int, dims: Sequence[int] | None) -> tuple[Any, ...]:
    """What indexes an array so that it has `wide` dimensions."""
    kept = range(wide - rank, wide) if dims is None or rank == wide else dims
    return tuple(slice(None) if dim in kept else np.newaxis for dim in range(wide))


def _broadcast(lhs: Sequence[int], rhs: Sequence[int], dims: Sequence[int] | None = None) -> tuple[int, ...]:
    found = shapes.broadcast_shapes(tuple(lhs), tuple(rhs), dims)
    return tuple(size for size in found if size is not None)


def _register_broadcasting(name: str, inner: str) -> None:
    def result(lhs: TensorMetadata, rhs: TensorMetadata, *, broadcast_dimensions: Any = None) -> TensorMetadata:
        require_one_dtype([lhs, rhs], "C2")
        shape = _broadcast(lhs.shape, rhs.shape, broadcast_dimensions)
        entry = CPU_OPS.get(inner)
        assert entry is not None
        known = TensorMetadata(lhs.dtype, shape)
        (found,) = entry.run_metadata((known, known), {}) or ()
        return found

    @array_op(name, metadata=result)
    def form(
        lhs: TensorMetadata, rhs: TensorMetadata, *, metadata: ResultMetadata, broadcast_dimensions: Any = None
    ) -> ArrayForm:
        return _broadcast_form(inner, (lhs, rhs), broadcast_dimensions, metadata)


for _name in ("next_after", "polygamma", "zeta"):
    _register_broadcasting(f"chlo.broadcast_{_name}", f"chlo.{_name}")
for _name in (
    "add", "and", "atan2", "complex", "divide", "maximum", "minimum", "multiply", "or", "power", "remainder",
    "shift_left", "shift_right_arithmetic", "shift_right_logical", "subtract", "xor",
):  # fmt: skip
    _register_broadcasting(f"chlo.broadcast_{_name}", f"stablehlo.{_name}")


def _compare_metadata(lhs: TensorMetadata, rhs: TensorMetadata, *, broadcast_dimensions: Any = None) -> TensorMetadata:
    require_one_dtype([lhs, rhs], "C2")
    return TensorMetadata(DType.I1, _broadcast(lhs.shape, rhs.shape, broadcast_dimensions))


@array_op("chlo.broadcast_compare", metadata=_compare_metadata)
def broadcast_compare(
    lhs: TensorMetadata,
    rhs: TensorMetadata,
    *,
    metadata: ResultMetadata,
    comparison_direction: str,
    compare_type: str = "NOTYPE",
    broadcast_dimensions: Any = None,
) -> ArrayForm:
    return _broadcast_form(
        "stablehlo.compare",
        (lhs, rhs),
        broadcast_dimensions,
        metadata,
        comparison_direction=comparison_direction,
        compare_type=compare_type,
    )


def _select_metadata(pred: TensorMetadata, on_true: TensorMetadata, on_false: TensorMetadata) -> TensorMetadata:
    dtype = require_one_dtype([on_true, on_false], "C2")
    shape = _broadcast(on_true.shape, on_false.shape)
    return TensorMetadata(dtype, _broadcast(pred.shape, shape))


@array_op("chlo.broadcast_select", metadata=_select_metadata)
def broadcast_select(
    pred: TensorMetadata, on_true: TensorMetadata, on_false: TensorMetadata, *, metadata: ResultMetadata
) -> ArrayForm:
    return _broadcast_form("stablehlo.select", (pred, on_true, on_false), None, metadata)
