"""Elementwise ops whose results have other element types than their operands: conversions, parts and comparisons."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations.annotations import ResultMetadata
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import ArrayForm
from tfrt.executor.declarations.op_registry import array_op
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic import conversions, floats
from tfrt.kernels.numerics.choosing import choose
from tfrt.kernels.numerics.copying import copied
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.shared.element_kinds import (
    BOOLEANS,
    COMPLEX,
    FLOATS,
    INTEGERS,
    SIGNED,
    SMALL_FLOATS,
    Function,
    bits_of,
    by_kind,
    quietly,
    required,
    stored,
    working,
)
from tfrt.kernels.stablehlo.elementwise import require_one_dtype

_REAL_OF = {DType.COMPLEX64: DType.F32, DType.COMPLEX128: DType.F64}
_COMPLEX_OF = {real: dtype for dtype, real in _REAL_OF.items()}


def _converted_metadata(operand: TensorMetadata, *, dtype: DType) -> TensorMetadata:
    return TensorMetadata(dtype, operand.shape)


@cache
def _conversion(source: DType, target: DType) -> Function:
    """A function of arrays that gives their elements in another type, never the array itself."""
    if source in COMPLEX and target not in COMPLEX:
        of_real = _conversion(_REAL_OF[source], target)
        return lambda values, out=None: of_real(values.real, out)
    if source is target:
        return _copied
    if target in BOOLEANS:
        wide = working(source)
        return lambda values, out=None: np.not_equal(values.astype(wide, copy=False), 0, out=out)
    result = target.numpy
    if source in FLOATS and target in INTEGERS:
        return _to_integers(source, target)
    if source is DType.F64 and target in SMALL_FLOATS:
        return lambda values, out=None: stored(conversions.to_odd(values), result, out)
    if source in INTEGERS and target in INTEGERS:
        # Small ones are not cast to one another.
        wide = working(source)
        return lambda values, out=None: stored(values.astype(wide, copy=False), result, out)
    return lambda values, out=None: stored(values, result, out)


def _copied(values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    if out is None:
        return copied(values)
    np.copyto(out, values)
    return out


def _to_integers(source: DType, target: DType) -> Function:
    bits, wide, compute = bits_of(target), working(target), working(source)
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if target in SIGNED else (0, (1 << bits) - 1)
    result = target.numpy

    def run(values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        given = values.astype(compute, copy=False)
        if wide == result:
            return conversions.to_integers(given, low, high, wide, out)
        return stored(conversions.to_integers(given, low, high, wide), result, out)

    return run


@array_op("stablehlo.convert", metadata=_converted_metadata, by_element=True, native="convert({0})")
def convert(operand: TensorMetadata, *, metadata: ResultMetadata) -> ArrayForm:
    (result,) = metadata
    return quietly(_conversion(operand.dtype, result.dtype))


def _width(dtype: DType) -> int:
    """How many bits an element has."""
    if dtype in INTEGERS or dtype in BOOLEANS:
        return bits_of(dtype)
    return _UNPACKED.get(dtype, 8 * dtype.numpy.itemsize)


_UNPACKED = {DType.F4E2M1FN: 4, DType.F6E2M3FN: 6, DType.F6E3M2FN: 6}
"""Floats of fewer bits than the bytes that hold them."""


def _bits_metadata(operand: TensorMetadata, *, dtype: DType) -> TensorMetadata:
    before, after = _width(operand.dtype), _width(dtype)
    shapes.require(
        (operand.dtype in COMPLEX) == (dtype in COMPLEX),
        "C2",
        f"expects both or neither of complex elements, but got {operand.dtype.mlir} and {dtype.mlir}",
    )
    if before == after:
        return TensorMetadata(dtype, operand.shape)
    wide, narrow = max(before, after), min(before, after)
    shapes.require(
        wide % narrow == 0,
        "C1",
        f"expects elements that others are made of, but got {operand.dtype.mlir} and {dtype.mlir}",
    )
    if before > after:
        return TensorMetadata(dtype, (*operand.shape, wide // narrow))
    shapes.require(
        operand.shape[-1:] == (wide // narrow,),
        "C1",
        f"expects a last dimension of size {wide // narrow}, but got {shapes.spelled(operand.shape)}",
    )
    return TensorMetadata(dtype, operand.shape[:-1])


@array_op("stablehlo.bitcast_convert", metadata=_bits_metadata, views=True)
def bitcast_convert(operand: TensorMetadata, *, metadata: ResultMetadata) -> ArrayForm:
    target = metadata[0].dtype
    before, after = _width(operand.dtype), _width(target)
    result = target.numpy
    if before == after:
        return lambda values: values.view(result)
    if before > after:
        if after >= 8:
            return lambda values: np.ascontiguousarray(values.reshape(*values.shape, 1)).view(result)
        return lambda values: conversions.unpack(values, after).view(result)
    if before >= 8:
        return lambda values: np.ascontiguousarray(values).view(result).reshape(values.shape[:-1])
    return lambda values: conversions.pack(values.view(np.uint8), before).view(result).reshape(values.shape[:-1])


def _parts_metadata(operand: TensorMetadata) -> TensorMetadata:
    return TensorMetadata(_REAL_OF.get(operand.dtype, operand.dtype), operand.shape)


_abs_of_real = by_kind(integers=np.abs, floats=np.abs)
_abs = by_kind(integers=np.abs, floats=np.abs, complexes=np.abs)


@array_op("stablehlo.abs", metadata=_parts_metadata, elementwise=_abs_of_real, native="abs({0})")
def absolute(operand: TensorMetadata) -> ArrayForm:
    return quietly(required("stablehlo.abs", _abs, operand.dtype))


@array_op("stablehlo.real", metadata=_parts_metadata, views=True)
def real(operand: TensorMetadata) -> ArrayForm:
    _require_float("stablehlo.real", operand.dtype, FLOATS | COMPLEX)
    return lambda values: values.real if values.dtype.kind == "c" else values


@array_op("stablehlo.imag", metadata=_parts_metadata, views=True)
def imag(operand: TensorMetadata) -> ArrayForm:
    _require_float("stablehlo.imag", operand.dtype, FLOATS | COMPLEX)
    return lambda values: values.imag if values.dtype.kind == "c" else np.zeros_like(values)


def _require_float(name: str, dtype: DType, allowed: frozenset[DType] = FLOATS) -> None:
    if dtype not in allowed:
        raise KernelError(f"op '{name}' does not take elements of {dtype.mlir}")


def _complex_metadata(lhs: TensorMetadata, rhs: TensorMetadata) -> TensorMetadata:
    dtype = require_one_dtype([lhs, rhs], "C1")
    shapes.require_same([lhs.shape, rhs.shape], "C2", "operands")
    _require_float("stablehlo.complex", dtype, frozenset(_COMPLEX_OF))
    return TensorMetadata(_COMPLEX_OF[dtype], lhs.shape)


@array_op("stablehlo.complex", metadata=_complex_metadata)
def complex_(lhs: TensorMetadata, rhs: TensorMetadata) -> ArrayForm:
    result = _COMPLEX_OF[lhs.dtype].numpy

    def run(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        if out is None:
            out = np.empty(np.broadcast_shapes(x.shape, y.shape), result)
        out.real, out.imag = x, y
        return out

    return run


def predicate_metadata(operand: TensorMetadata) -> TensorMetadata:
    """The metadata of what is true or false of each element."""
    return TensorMetadata(DType.I1, operand.shape)


@array_op("stablehlo.is_finite", metadata=predicate_metadata, by_element=True, native="{0} - {0} == zero")
def is_finite(x: TensorMetadata) -> ArrayForm:
    return quietly(of_floats("stablehlo.is_finite", np.isfinite, x.dtype))


def of_floats(name: str, function: Function, dtype: DType) -> Function:
    """A function of floats, whose results are of another type, for an element type.

    Raises:
        KernelError: it is not one of floats.
    """
    _require_float(name, dtype)
    wide = working(dtype)
    if wide == dtype.numpy:
        return function
    return lambda *arrays, out=None: function(*[array.astype(wide) for array in arrays], out=out)


_COMPARISONS: dict[str, tuple[Callable[..., np.ndarray], str]] = {
    "EQ": (np.equal, "{0} == {1}"),
    "NE": (np.not_equal, "{0} != {1}"),
    "GE": (np.greater_equal, "{0} >= {1}"),
    "GT": (np.greater, "{0} > {1}"),
    "LE": (np.less_equal, "{0} <= {1}"),
    "LT": (np.less, "{0} < {1}"),
}


def _native_compare(*, comparison_direction: str, compare_type: str = "NOTYPE") -> str | None:
    return None if compare_type == "TOTALORDER" else _COMPARISONS[comparison_direction][1]


def _compare_metadata(
    lhs: TensorMetadata, rhs: TensorMetadata, *, comparison_direction: str, compare_type: str = "NOTYPE"
) -> TensorMetadata:
    require_one_dtype([lhs, rhs], "C1")
    shapes.require_same([lhs.shape, rhs.shape], "C2", "operands")
    return TensorMetadata(DType.I1, lhs.shape)


@array_op("stablehlo.compare", metadata=_compare_metadata, by_element=True, native=_native_compare)
def compare(
    lhs: TensorMetadata, rhs: TensorMetadata, *, comparison_direction: str, compare_type: str = "NOTYPE"
) -> ArrayForm:
    if comparison_direction not in _COMPARISONS:
        raise KernelError(f"comparison_direction must be one of {', '.join(_COMPARISONS)}, not {comparison_direction}")
    function, _ = _COMPARISONS[comparison_direction]
    if compare_type == "TOTALORDER" and lhs.dtype in FLOATS:
        wide = working(lhs.dtype)

        def by_order(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            return function(*[floats.order(each.astype(wide, copy=False)) for each in (x, y)], out=out)

        return quietly(by_order)
    return quietly(function)


def _select_metadata(pred: TensorMetadata, on_true: TensorMetadata, on_false: TensorMetadata) -> TensorMetadata:
    require_one_dtype([on_true, on_false], "C2")
    shapes.select(pred.shape, on_true.shape, on_false.shape)
    return on_true


@array_op("stablehlo.select", metadata=_select_metadata, by_element=True, native="{1} if {0} else {2}")
def select(pred: TensorMetadata, on_true: TensorMetadata, on_false: TensorMetadata) -> ArrayForm:
    if pred.dtype is not DType.I1:
        raise KernelError(f"op 'stablehlo.select' takes a pred of i1, not of {pred.dtype.mlir}")

    return choose


def _precision_metadata(operand: TensorMetadata, *, exponent_bits: int, mantissa_bits: int) -> TensorMetadata:
    shapes.require(exponent_bits >= 1, "C2", f"expects exponent_bits of at least 1, but got {exponent_bits}")
    shapes.require(mantissa_bits >= 0, "C3", f"expects mantissa_bits of at least 0, but got {mantissa_bits}")
    return operand


@array_op("stablehlo.reduce_precision", metadata=_precision_metadata)
def reduce_precision(operand: TensorMetadata, *, exponent_bits: int, mantissa_bits: int) -> ArrayForm:
    _require_float("stablehlo.reduce_precision", operand.dtype)
    dtype = operand.dtype.numpy
    exponent, mantissa = _format(operand.dtype)
    rounded = conversions.reduce_precision(exponent, mantissa, exponent_bits, mantissa_bits)
    unsigned = np.dtype(f"u{dtype.itemsize}")

    def run(values: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        return stored(quiet.call(rounded, values.view(unsigned)).view(dtype), dtype, out)

    return run


def _format(dtype: DType) -> tuple[int, int]:
    """How many bits a type of floats has for exponents, and how many it stores of mantissas."""
    if dtype.numpy.kind == "f" and dtype in (DType.F16, DType.F32, DType.F64):
        info = np.finfo(dtype.numpy)
        return info.iexp, info.nmant
    import ml_dtypes

    small = ml_dtypes.finfo(dtype.numpy)
    return small.iexp, small.nmant


def constant_metadata(*, value: np.ndarray) -> TensorMetadata:
    """The metadata of an array."""
    return TensorMetadata(DType.of(value), value.shape)


@array_op("stablehlo.constant", metadata=constant_metadata, views=True)
def constant(*, value: np.ndarray) -> ArrayForm:
    return lambda: value
