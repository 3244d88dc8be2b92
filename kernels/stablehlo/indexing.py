"""Ops that read or write elements at indices that are operands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations import stablehlo_window_shapes as windows
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.op_signature import AttributeGroup
from tfrt.executor.declarations.prepared import Scribe, written
from tfrt.executor.declarations.stablehlo_shapes import known
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics import gathering
from tfrt.kernels.numerics.machine_code import indexed
from tfrt.kernels.stablehlo.dynamic_shapes import is_integer, kept, numbers, require_sizes

Dims = Sequence[int]


def _require_starts(starts: Sequence[TensorMetadata], constraint: str) -> None:
    shapes.require(
        all(start.shape == () and is_integer(start) for start in starts) and len(set(starts)) <= 1,
        constraint,
        f"expects start_indices to be integers of one type, but got {', '.join(map(str, starts))}",
    )


def _dynamic_slice_metadata(
    operand: TensorMetadata, *start_indices: TensorMetadata, slice_sizes: Dims
) -> TensorMetadata:
    shape = shapes.dynamic_slice(operand.shape, len(start_indices), slice_sizes)
    _require_starts(start_indices, "C3")
    return TensorMetadata(operand.dtype, known(shape))


@array_op("stablehlo.dynamic_slice", metadata=_dynamic_slice_metadata, views=True, numbers_from=1)
def dynamic_slice(operand: TensorMetadata, *start_indices: TensorMetadata, slice_sizes: Dims) -> ArrayForm:
    """A part of the operand, of a known size; where it would reach beyond the operand it is moved into it."""
    _dynamic_slice_metadata(operand, *start_indices, slice_sizes=slice_sizes)
    limits = [(size, whole - size) for size, whole in zip(slice_sizes, operand.shape, strict=True)]

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        before, part, after = _written_part(operands[1:], limits, result, scribe)
        return [*before, f"{result} = {operands[0]}[{part}]", *after]

    return written(lambda x, *starts: x[_part(starts, limits)], write)


def _part(starts: Sequence[np.ndarray | int], limits: Sequence[tuple[int, int]]) -> tuple[Any, ...]:
    part = []
    for start, (size, limit) in zip(starts, limits, strict=True):
        first = min(max(int(start), 0), limit)
        part.append(slice(first, first + size))
    return (*part, ...)


def _written_part(
    starts: Sequence[str], limits: Sequence[tuple[int, int]], result: str, scribe: Scribe, *, drops: bool = False
) -> tuple[list[str], str, list[str]]:
    """The same, given names of starts, or literals: what comes before it, the indices, and what comes after. Each index
    costs, so dimensions that are taken whole have none at the end.

    Args:
        drops: whether leading dimensions of one element need not be there, as what is assigned may have more of them.
    """
    before, part = [], []
    made = []
    for number, (start, (size, limit)) in enumerate(zip(starts, limits, strict=True)):
        drops = drops and size == 1 and number + 1 < len(limits)
        if limit == 0:
            part.append("0" if drops else ":")
            continue
        literal = start.strip("()")
        if literal.removeprefix("-").isdecimal():
            first = min(max(int(literal), 0), limit)
            part.append(str(first) if drops else f"{first}:{first + size}")
            continue
        name = f"{result}_s{number}"
        made.append(name)
        given = start
        if not scribe.is_number(start):
            before.append(f"{name} = int({start})")
            given = name
        before.append(f"{name} = {given} if 0 <= {given} <= {limit} else 0 if {given} < 0 else {limit}")
        part.append(name if drops else f"{name}:{name} + {size}")
    while part and part[-1] == ":":
        part.pop()
    return before, ", ".join(part) or "...", [f"del {', '.join(made)}"] if made else []


def _update_slice_metadata(
    operand: TensorMetadata, update: TensorMetadata, *start_indices: TensorMetadata
) -> TensorMetadata:
    shapes.require(
        update.dtype is operand.dtype,
        "C2",
        f"expects an update of {operand.dtype.label} elements, but got {update.dtype.label}",
    )
    shapes.dynamic_update_slice(operand.shape, update.shape, len(start_indices))
    _require_starts(start_indices, "C5")
    return operand


@array_op("stablehlo.dynamic_update_slice", metadata=_update_slice_metadata, in_place=True, numbers_from=2)
def dynamic_update_slice(operand: TensorMetadata, update: TensorMetadata, *start_indices: TensorMetadata) -> ArrayForm:
    """The operand with a part replaced; where that would reach beyond the operand it is moved into it.

    With the operand itself as `out`, only that part is written.
    """
    _update_slice_metadata(operand, update, *start_indices)
    limits = [(size, whole - size) for size, whole in zip(update.shape, operand.shape, strict=True)]

    def run(x: np.ndarray, new: np.ndarray, *starts: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        result, (new,) = started_from(x, out, (new,))
        result[_part(starts, limits)] = new
        return result

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        x, new, *starts = operands[: 2 + len(limits)]
        out = operands[2 + len(limits) :]
        if out and out[0] != x:
            return [f"{result} = {scribe.constant(run, 'update')}({', '.join([x, new, *starts, f'out={out[0]}'])})"]
        before, part, after = _written_part(starts, limits, result, scribe, drops=True)
        # numpy looks whether `new` is a part of the same memory.
        return [*before, f"{result} = {x if out else f'{x}.copy()'}", f"{result}[{part}] = {new}", *after]

    return written(run, write)


def started_from(
    x: np.ndarray, out: np.ndarray | None, others: Sequence[np.ndarray]
) -> tuple[np.ndarray, Sequence[np.ndarray]]:
    """`out`, or new memory, with the elements of `x`, which are there already if `out` is `x`; and others as they were
    before they came there."""
    if out is None:
        return x.copy(), others
    others = [other.copy() if np.may_share_memory(other, out) else other for other in others]
    if not is_same_memory(x, out):
        out[...] = x
    return out, others


def is_same_memory(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether arrays of one shape have the same elements, because they are in the same place."""
    return x is y or (x.dtype == y.dtype and x.strides == y.strides and x.ctypes.data == y.ctypes.data)


@dataclass(frozen=True)
class GatherDimensions(AttributeGroup):
    """How dimensions of operands, indices and results of gathers belong together."""

    offset_dims: Dims = ()
    collapsed_slice_dims: Dims = ()
    operand_batching_dims: Dims = ()
    start_indices_batching_dims: Dims = ()
    start_index_map: Dims = ()
    index_vector_dim: int = 0


def require_indices(indices: TensorMetadata, name: str) -> None:
    """Indices are integers of any width."""
    shapes.require(is_integer(indices), "I2", f"expects {name} to be integers, but got {indices}")


def _gather_metadata(
    operand: TensorMetadata, start_indices: TensorMetadata, *, slice_sizes: Dims, dimensions: GatherDimensions
) -> TensorMetadata:
    require_indices(start_indices, "start_indices")
    shape = windows.gather(operand.shape, start_indices.shape, slice_sizes, **asdict(dimensions))
    return TensorMetadata(operand.dtype, known(shape))


@array_op("stablehlo.gather", metadata=_gather_metadata)
def gather(
    operand: TensorMetadata,
    start_indices: TensorMetadata,
    *,
    slice_sizes: Dims,
    dimensions: GatherDimensions,
    host: HostContext,
) -> ArrayForm:
    """Slices of the operand, at indices; those that would reach beyond it are moved into it."""
    known = _gather_metadata(operand, start_indices, slice_sizes=slice_sizes, dimensions=dimensions)
    run = gathering.gather(operand.shape, start_indices.shape, slice_sizes, **asdict(dimensions))
    problem = indexed.describe(
        operand.shape,
        start_indices.shape,
        known.shape,
        start_indices.dtype.numpy,
        window_dims=dimensions.offset_dims,
        inserted=dimensions.collapsed_slice_dims,
        batching_dims=dimensions.operand_batching_dims,
        indices_batching_dims=dimensions.start_indices_batching_dims,
        targets=dimensions.start_index_map,
        index_vector_dim=dimensions.index_vector_dim,
    )
    return indexed.with_native_gather(run, problem, (operand.shape, known.shape), operand.dtype.numpy, host)


@array_op("stablehlo.dynamic_gather", shaped_by=(2,))
def dynamic_gather(
    operand: TensorMetadata,
    start_indices: TensorMetadata,
    slice_sizes: TensorMetadata,
    *,
    dimensions: GatherDimensions,
) -> ArrayForm:
    """Like `stablehlo.gather`, with sizes of slices that are an operand."""
    require_sizes(slice_sizes, operand.rank, "C20", "slice_sizes")

    @kept
    def prepare(sizes: tuple[int, ...]) -> gathering.Gather:
        _gather_metadata(operand, start_indices, slice_sizes=sizes, dimensions=dimensions)
        return gathering.gather(operand.shape, start_indices.shape, sizes, **asdict(dimensions))

    def run(x: np.ndarray, indices: np.ndarray, sizes: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return prepare(numbers(sizes))(x, indices, out=out)

    return run
