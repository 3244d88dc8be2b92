"""Ops whose results have a shape that is known when the program runs: it is among the operands, or follows from them.

What follows from sizes is found out when they come, and kept for when they come again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.declarations.stablehlo_shapes import known
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.padding import pad_into, padded_shape
from tfrt.kernels.stablehlo.shapes import broadcasting, counted, known_sizes, require_padding_value

Dims = Sequence[int]
Sizes = tuple[int, ...]

_MOST_SIZES = 64
"""For how many combinations of sizes it is kept what follows from them."""


def kept(prepare: Callable[..., Any]) -> Callable[..., Any]:
    """`prepare`, whose arguments are tuples of numbers, with what it gave kept."""
    return lru_cache(_MOST_SIZES)(prepare)


def numbers(array: np.ndarray) -> Sizes:
    """The elements of a vector of sizes."""
    return tuple(map(int, array.tolist()))


def is_integer(operand: TensorMetadata) -> bool:
    """Whether elements are integers of any width."""
    return operand.dtype is not DType.I1 and operand.dtype.name.lstrip("U")[0] == "I"


def require_sizes(operand: TensorMetadata, length: int | None, constraint: str, name: str) -> None:
    """An operand is a vector of so many integers."""
    shapes.require(
        operand.rank == 1 and length in (None, operand.shape[0]) and is_integer(operand),
        constraint,
        f"expects {name} to be a vector of {'' if length is None else f'{length} '}integers, but got {operand}",
    )


def require_result(shape: Sizes, metadata: ResultMetadata | None) -> None:
    """Sizes that came out are possible, and those that a program says.

    Raises:
        KernelError: they are not.
    """
    if any(size < 0 for size in shape):
        raise KernelError(f"expects sizes of at least 0, but got {list(shape)}")
    if metadata is not None and not shapes.compatible(shape, known := known_sizes(metadata[0])):
        raise KernelError(f"expects a result of shape {shapes.spelled(known)}, but got {list(shape)}")


@array_op("stablehlo.dynamic_iota", views=True, shaped_by=(0,), shape_input=0)
def dynamic_iota(
    output_shape: TensorMetadata, *, iota_dimension: int, dtype: DType | None = None, metadata: ResultMetadata
) -> ArrayForm:
    """Like `stablehlo.iota`, of a shape that is an operand. Eager callers give the element type, `dtype`."""
    require_sizes(output_shape, None, "C2", "output_shape")
    element = dtype if metadata is None else metadata[0].dtype
    if element is None:
        raise KernelError("missing attribute 'dtype' of op 'stablehlo.dynamic_iota'")

    @kept
    def prepare(shape: Sizes) -> np.ndarray:
        require_result(shape, metadata)
        shapes.iota(shape, iota_dimension)
        return counted(shape, iota_dimension, element)

    return lambda sizes: prepare(numbers(sizes))


@array_op("stablehlo.dynamic_broadcast_in_dim", views=True, shaped_by=(1,), shape_input=1)
def dynamic_broadcast_in_dim(
    operand: TensorMetadata, output_dimensions: TensorMetadata, *, broadcast_dimensions: Dims, metadata: ResultMetadata
) -> ArrayForm:
    """Like `stablehlo.broadcast_in_dim`, to a shape that is an operand."""
    require_sizes(output_dimensions, None, "C7", "output_dimensions")

    @kept
    def prepare(shape: Sizes) -> ArrayForm:
        require_result(shape, metadata)
        shapes.broadcast_in_dim(operand.shape, broadcast_dimensions, shape)
        return broadcasting(operand.shape, broadcast_dimensions, shape)

    return lambda x, sizes: prepare(numbers(sizes))(x)


@array_op("stablehlo.dynamic_reshape", views=True, shaped_by=(1,), shape_input=1)
def dynamic_reshape(operand: TensorMetadata, output_shape: TensorMetadata, *, metadata: ResultMetadata) -> ArrayForm:
    """Like `stablehlo.reshape`, to a shape that is an operand."""
    require_sizes(output_shape, None, "C4", "output_shape")

    @kept
    def prepare(shape: Sizes) -> Sizes:
        require_result(shape, metadata)
        shapes.reshape(operand.shape, shape)
        return shape

    return lambda x, sizes: x.reshape(prepare(numbers(sizes)))


@array_op("stablehlo.real_dynamic_slice", views=True, shaped_by=(1, 2, 3))
def real_dynamic_slice(
    operand: TensorMetadata,
    start_indices: TensorMetadata,
    limit_indices: TensorMetadata,
    strides: TensorMetadata,
    *,
    metadata: ResultMetadata,
) -> ArrayForm:
    """Like `stablehlo.slice`, with bounds and steps that are operands."""
    for name, vector in (("start_indices", start_indices), ("limit_indices", limit_indices), ("strides", strides)):
        require_sizes(vector, operand.rank, "C2", name)

    @kept
    def prepare(starts: Sizes, limits: Sizes, steps: Sizes) -> tuple[Any, ...]:
        shape = shapes.static_slice(operand.shape, starts, limits, steps)
        require_result(known(shape), metadata)
        return (*map(slice, starts, limits, steps), ...)

    return lambda x, starts, limits, steps: x[prepare(numbers(starts), numbers(limits), numbers(steps))]


@array_op("stablehlo.dynamic_pad", shaped_by=(2, 3, 4))
def dynamic_pad(
    operand: TensorMetadata,
    padding_value: TensorMetadata,
    edge_padding_low: TensorMetadata,
    edge_padding_high: TensorMetadata,
    interior_padding: TensorMetadata,
    *,
    metadata: ResultMetadata,
) -> ArrayForm:
    """Like `stablehlo.pad`, with paddings that are operands."""
    require_padding_value(operand, padding_value)
    for name, vector in (
        ("edge_padding_low", edge_padding_low),
        ("edge_padding_high", edge_padding_high),
        ("interior_padding", interior_padding),
    ):
        require_sizes(vector, operand.rank, "C2", name)
    dtype = operand.dtype.numpy

    @kept
    def prepare(low: Sizes, high: Sizes, interior: Sizes) -> tuple[Sizes, Callable[..., np.ndarray]]:
        shapes.pad(operand.shape, low, high, interior)
        shape = padded_shape(operand.shape, low, high, interior)
        require_result(shape, metadata)
        return shape, pad_into(operand.shape, shape, low, interior)

    def run(x: np.ndarray, value: np.ndarray, *paddings: np.ndarray, out: np.ndarray | None = None) -> Any:
        shape, fill = prepare(*map(numbers, paddings))
        return fill(np.empty(shape, dtype) if out is None else out, x, value)

    return run


@array_op("stablehlo.set_dimension_size", views=True, shaped_by=(1,))
def set_dimension_size(
    operand: TensorMetadata, size: TensorMetadata, *, dimension: int, metadata: ResultMetadata
) -> ArrayForm:
    """The first elements of a dimension, as many as an operand says."""
    shapes.require_axes([dimension], operand.rank, "C1", "dimension")
    whole = operand.shape[dimension]
    before: tuple[Any, ...] = (slice(None),) * dimension

    def run(x: np.ndarray, count: np.ndarray) -> np.ndarray:
        wanted = int(count.item())
        if not 0 <= wanted <= whole:
            raise KernelError(f"expects a size from 0 to {whole} of dimension {dimension}, but got {wanted}")
        require_result((*operand.shape[:dimension], wanted, *operand.shape[dimension + 1 :]), metadata)
        return x[(*before, slice(wanted), ...)]

    return run
