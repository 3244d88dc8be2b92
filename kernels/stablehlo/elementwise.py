"""Ops that do the same to each element, or to each pair or triple of elements, and give elements of the same type."""

from __future__ import annotations

from functools import partial

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.metadata import TensorMetadata, same_metadata
from tfrt.executor.declarations.op import ArrayForm, Elementwise
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic import complexes, floats, integers
from tfrt.kernels.shared.element_kinds import (
    INTEGERS,
    Function,
    bits_of,
    by_kind,
    in_double,
    of_bits,
    quietly,
    required,
)


def require_one_dtype(operands: list[TensorMetadata], constraint: str) -> DType:
    """The element type that all operands have.

    Raises:
        ShapeError: they have several.
    """
    dtypes = [operand.dtype for operand in operands]
    shapes.require(
        len(set(dtypes)) == 1,
        constraint,
        f"expects operands of one element type, but got {', '.join(dtype.mlir for dtype in dtypes)}",
    )
    return dtypes[0]


def binary_metadata(lhs: TensorMetadata, rhs: TensorMetadata) -> TensorMetadata:
    """The metadata of a result that is like both operands."""
    dtype = require_one_dtype([lhs, rhs], "C1")
    shapes.require_same([lhs.shape, rhs.shape], "C1", "operands")
    return TensorMetadata(dtype, lhs.shape)


def clamp_metadata(low: TensorMetadata, operand: TensorMetadata, high: TensorMetadata) -> TensorMetadata:
    """The metadata of a clamped operand."""
    require_one_dtype([low, operand, high], "C3")
    shapes.clamp(low.shape, operand.shape, high.shape)
    return operand


def unary_op(name: str, choose: Elementwise, native: str | None = None) -> None:
    """Register an op of one operand, whose type the result has.

    Args:
        choose: the function for an element type.
    """

    @array_op(name, metadata=same_metadata, elementwise=choose, native=native)
    def form(operand: TensorMetadata) -> ArrayForm:
        return quietly(required(name, choose, operand.dtype))


def binary_op(name: str, choose: Elementwise, native: str | None = None) -> None:
    """Register an op of two operands, whose type the result has; see `unary_op`."""

    @array_op(name, metadata=binary_metadata, elementwise=choose, native=native)
    def form(lhs: TensorMetadata, rhs: TensorMetadata) -> ArrayForm:
        return quietly(required(name, choose, lhs.dtype))


def _everywhere(function: Function) -> Elementwise:
    return by_kind(booleans=function, integers=function, floats=function, complexes=function)


def analytic(function: Function, of_complex: Function | None = None) -> Elementwise:
    """A function of floats and of complex numbers, the latter computed in double precision."""
    return by_kind(floats=function, complexes=in_double(of_complex or function))


_LOGICAL: dict[str, tuple[Function, str]] = {
    "stablehlo.and": (np.bitwise_and, "{0} & {1}"),
    "stablehlo.or": (np.bitwise_or, "{0} | {1}"),
    "stablehlo.xor": (np.bitwise_xor, "{0} ^ {1}"),
}
_BINARY: dict[str, tuple[Elementwise, str | None]] = {
    "stablehlo.add": (_everywhere(np.add), "{0} + {1}"),
    "stablehlo.atan2": (analytic(np.arctan2, complexes.atan2), None),
    "stablehlo.divide": (
        by_kind(integers=integers.divide, floats=np.divide, complexes=complexes.divide),
        "{0} / {1}",
    ),
    "stablehlo.maximum": (_everywhere(np.maximum), "maximum({0}, {1})"),
    "stablehlo.minimum": (_everywhere(np.minimum), "minimum({0}, {1})"),
    "stablehlo.multiply": (_everywhere(np.multiply), "{0} * {1}"),
    "stablehlo.power": (
        by_kind(integers=integers.power, floats=np.power, complexes=in_double(complexes.power)),
        None,
    ),
    "stablehlo.remainder": (by_kind(integers=integers.remainder, floats=np.fmod), "remainder({0}, {1})"),
    "stablehlo.shift_left": (of_bits(integers.shift_left, is_signed=False), "shift_left({0}, {1})"),
    "stablehlo.shift_right_arithmetic": (
        of_bits(integers.shift_right, is_signed=True),
        "shift_right_arithmetic({0}, {1})",
    ),
    "stablehlo.shift_right_logical": (
        of_bits(integers.shift_right, is_signed=False),
        "shift_right_logical({0}, {1})",
    ),
    "stablehlo.subtract": (by_kind(integers=np.subtract, floats=np.subtract, complexes=np.subtract), "{0} - {1}"),
    **{name: (by_kind(booleans=function, integers=function), native) for name, (function, native) in _LOGICAL.items()},
}


def _leading_zeros(dtype: DType) -> Function | None:
    if dtype not in INTEGERS:
        return None
    return of_bits(partial(integers.count_leading_zeros, bits=bits_of(dtype)), is_signed=False)(dtype)


_UNARY: dict[str, tuple[Elementwise, str | None]] = {
    "stablehlo.cbrt": (analytic(np.cbrt, complexes.cbrt), None),
    "stablehlo.ceil": (by_kind(floats=np.ceil), "ceil({0})"),
    "stablehlo.cosine": (analytic(np.cos), None),
    "stablehlo.count_leading_zeros": (_leading_zeros, "leading_zeros({0})"),
    "stablehlo.exponential": (analytic(np.exp), None),
    "stablehlo.exponential_minus_one": (analytic(np.expm1), None),
    "stablehlo.floor": (by_kind(floats=np.floor), "floor({0})"),
    "stablehlo.log": (analytic(np.log), None),
    "stablehlo.log_plus_one": (analytic(np.log1p, complexes.log1p), None),
    "stablehlo.logistic": (analytic(floats.logistic, complexes.logistic), None),
    "stablehlo.negate": (by_kind(integers=np.negative, floats=np.negative, complexes=np.negative), "-{0}"),
    "stablehlo.not": (by_kind(booleans=np.logical_not, integers=np.invert), "~{0}"),
    "stablehlo.popcnt": (of_bits(integers.population_count, is_signed=False), "ones({0})"),
    "stablehlo.round_nearest_afz": (by_kind(floats=floats.round_away), "nearest_away({0})"),
    "stablehlo.round_nearest_even": (by_kind(floats=np.rint), "nearest({0})"),
    "stablehlo.rsqrt": (analytic(floats.rsqrt, complexes.rsqrt), "one / sqrt({0})"),
    "stablehlo.sign": (
        by_kind(integers=np.sign, floats=floats.sign, complexes=in_double(complexes.sign)),
        "one if {0} > zero else -one if {0} < zero else {0}",
    ),
    "stablehlo.sine": (analytic(np.sin), None),
    "stablehlo.sqrt": (analytic(np.sqrt), "sqrt({0})"),
    "stablehlo.tan": (analytic(np.tan), None),
    "stablehlo.tanh": (analytic(np.tanh), None),
}

for _name, _declared in _BINARY.items():
    binary_op(_name, *_declared)
for _name, _declared in _UNARY.items():
    unary_op(_name, *_declared)

_clamp = by_kind(booleans=floats.clamp, integers=floats.clamp, floats=floats.clamp, complexes=floats.clamp)


@array_op("stablehlo.clamp", metadata=clamp_metadata, elementwise=_clamp, native="minimum(maximum({1}, {0}), {2})")
def clamp(low: TensorMetadata, operand: TensorMetadata, high: TensorMetadata) -> ArrayForm:
    return quietly(required("stablehlo.clamp", _clamp, operand.dtype))
