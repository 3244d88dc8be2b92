"""Kernels of `ts`: tensor shapes, wholly or partly known.

Source of the semantics: ``lib/tensor/tensor_shape_kernels.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.attributes import I64Array
from tfrt.executor.values.shape import UNKNOWN_DIMENSION, PartialTensorShape, TensorShape
from tfrt.kernels.shared.c_semantics import wrap64
from tfrt.kernels.shared.printing import printer


@kernel("ts.build_shape", constant=True)
def build_shape(*, value: I64Array) -> TensorShape:
    if min(value, default=0) < 0:
        raise KernelError(f"dimensions must not be negative: {list(value)}")
    return TensorShape(value)


@kernel("ts.build_partial_shape", constant=True)
def build_partial_shape(*, value: I64Array) -> PartialTensorShape:
    if min(value, default=0) < UNKNOWN_DIMENSION:
        raise KernelError(f"dimensions must not be negative, except {UNKNOWN_DIMENSION}: {list(value)}")
    return PartialTensorShape(tuple(None if size == UNKNOWN_DIMENSION else size for size in value))


@kernel("ts.build_unranked_partial_shape", constant=True)
def build_unranked_partial_shape() -> PartialTensorShape:
    return PartialTensorShape(None)


@kernel("ts.to_shape", pure=True)
def to_shape(shape: PartialTensorShape) -> TensorShape:
    return shape.to_shape()


@kernel("ts.to_partial_shape", pure=True)
def to_partial_shape(shape: TensorShape) -> PartialTensorShape:
    return PartialTensorShape(tuple(shape))


@kernel("ts.equal_shape", inline="({0}) == ({1})")
def equal_shape(lhs: TensorShape, rhs: TensorShape) -> bool:
    return lhs == rhs


@kernel("ts.get_num_elements", pure=True)
def get_num_elements(shape: TensorShape) -> int:
    return wrap64(shape.element_count)


@kernel("ts.get_dimension", pure=True)
def get_dimension(shape: TensorShape, index: int) -> int:
    if not 0 <= index < len(shape):
        raise KernelError(f"shape {shape} has no dimension {index}")
    return shape[index]


kernel("ts.print_shape")(printer("shape", str))
kernel("ts.print_partial_shape")(printer("partial_tensor_shape", str))


def _register_for_rank(rank: int) -> None:
    @kernel(f"ts.as_fixed_rank_shape.{rank}")
    def as_fixed_rank_shape(shape: TensorShape) -> TensorShape:
        if len(shape) != rank:
            raise KernelError(f"expected a shape of rank {rank}, got {shape}")
        return shape

    kernel(f"ts.print_fixed_rank_shape.{rank}")(printer("fixed_rank_shape", _show_fixed_rank_shape))


def _show_fixed_rank_shape(shape: TensorShape) -> str:
    # As in the reference, a shape without elements prints without dimensions.
    return str(shape) if shape.element_count else "[]"


for _rank in (1, 2, 3):
    _register_for_rank(_rank)
