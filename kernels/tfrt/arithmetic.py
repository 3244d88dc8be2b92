"""Kernels of `tfrt` that compute with scalars.

Source of the semantics: ``lib/basic_kernels/{boolean,integer,float}_kernels.cc`` in tensorflow/runtime. Integers wrap
around. Registers hold f32 values as Python floats that are already rounded to single precision, and so must results be:
for sums, products and quotients, rounding the double-precision result gives the single-precision one exactly.
"""

from __future__ import annotations

from ctypes import c_float

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.shared.c_semantics import (
    I32_MAX,
    I32_MIN,
    I64_MAX,
    I64_MIN,
    divide,
    float_to_i64,
    i64_to_f32,
    inline_wrap32,
    inline_wrap64,
    wrap32,
    wrap64,
)

_AND = (
    "x, true = x",
    "true, x = x",
    "x, x = x",
    # Not (x, y), x: where both are errors, it is that of x, and (x, y) that of y, the last operand's.
    "(y, x), x = (y, x)",
    "x, (x, y) = (x, y)",
    "x, (y, x) = (y, x)",
    "x, false = false",
    "false, x = false",
)
_MINIMUM = (
    # But not inf, x: the minimum of infinity and NaN is infinity, that of NaN and infinity is NaN.
    "x, inf = x",
    "x, x = x",
    "(y, x), x = (y, x)",
    "x, (x, y) = (x, y)",
)
_TIMES_ONE = ("x, 1 = x", "1, x = x")
_TIMES_ZERO = ("x, 0 = 0", "0, x = 0")

# Looking at the range first is faster than wrapping around always: results that do not fit are rare.


@kernel("tfrt.and.i1", inline="({0}) and ({1})", laws=_AND)
def and_i1(lhs: bool, rhs: bool) -> bool:
    return lhs and rhs


@kernel(
    "tfrt.add.i32",
    inline=inline_wrap32("({0}) + ({1})"),
    native="wrap32(({0}) + ({1}))",
    laws=("x, 0 = x", "0, x = x", "x, y = x + y mod 2**32"),
)
def add_i32(lhs: int, rhs: int) -> int:
    result = lhs + rhs
    return result if -0x80000000 <= result <= 0x7FFFFFFF else wrap32(result)


@kernel(
    "tfrt.add.i64",
    inline=inline_wrap64("({0}) + ({1})"),
    native="({0}) + ({1})",
    laws=("x, 0 = x", "0, x = x", "x, y = x + y mod 2**64"),
)
def add_i64(lhs: int, rhs: int) -> int:
    result = lhs + rhs
    return result if -0x8000000000000000 <= result <= 0x7FFFFFFFFFFFFFFF else wrap64(result)


@kernel(
    "tfrt.minus.i32",
    inline=inline_wrap32("({0}) - ({1})"),
    native="wrap32(({0}) - ({1}))",
    laws=("x, 0 = x", "x, x = 0", "x, y = x - y mod 2**32"),
)
def minus_i32(lhs: int, rhs: int) -> int:
    result = lhs - rhs
    return result if -0x80000000 <= result <= 0x7FFFFFFF else wrap32(result)


@kernel(
    "tfrt.minus.i64",
    inline=inline_wrap64("({0}) - ({1})"),
    native="({0}) - ({1})",
    laws=("x, 0 = x", "x, x = 0", "x, y = x - y mod 2**64"),
)
def minus_i64(lhs: int, rhs: int) -> int:
    result = lhs - rhs
    return result if -0x8000000000000000 <= result <= 0x7FFFFFFFFFFFFFFF else wrap64(result)


@kernel("tfrt.mul_s.i32", inline=inline_wrap32("({0}) * ({1})"), native="wrap32(({0}) * ({1}))", laws=_TIMES_ONE)
@kernel(
    "tfrt.mul.i32",
    inline=inline_wrap32("({0}) * ({1})"),
    native="wrap32(({0}) * ({1}))",
    laws=(*_TIMES_ONE, *_TIMES_ZERO, "x, y = x * y mod 2**32"),
)
def mul_i32(lhs: int, rhs: int) -> int:
    result = lhs * rhs
    return result if -0x80000000 <= result <= 0x7FFFFFFF else wrap32(result)


@kernel("tfrt.mul_s.i64", inline=inline_wrap64("({0}) * ({1})"), native="({0}) * ({1})", laws=_TIMES_ONE)
@kernel(
    "tfrt.mul.i64",
    inline=inline_wrap64("({0}) * ({1})"),
    native="({0}) * ({1})",
    laws=(*_TIMES_ONE, *_TIMES_ZERO, "x, y = x * y mod 2**64"),
)
def mul_i64(lhs: int, rhs: int) -> int:
    result = lhs * rhs
    return result if -0x8000000000000000 <= result <= 0x7FFFFFFFFFFFFFFF else wrap64(result)


@kernel("tfrt.div.i32", pure=True, native="divide32({0}, {1})", laws=("x, 1 = x",))
def div_i32(lhs: int, rhs: int) -> tuple[int, int]:
    if lhs >= 0 < rhs:
        return lhs // rhs, lhs % rhs
    quotient, remainder = divide(lhs, rhs)
    # Only the smallest integer divided by -1 does not fit.
    return (quotient, remainder) if quotient <= I32_MAX else (wrap32(quotient), remainder)


@kernel("tfrt.div.i64", pure=True, native="divide64({0}, {1})", laws=("x, 1 = x",))
def div_i64(lhs: int, rhs: int) -> tuple[int, int]:
    if lhs >= 0 < rhs:
        return lhs // rhs, lhs % rhs
    quotient, remainder = divide(lhs, rhs)
    return (quotient, remainder) if quotient <= I64_MAX else (wrap64(quotient), remainder)


@kernel("tfrt.equal.i64", inline="({0}) == ({1})", laws=("x, x = true", "x, y = x == y mod 2**64"))
@kernel("tfrt.equal.i32", inline="({0}) == ({1})", laws=("x, x = true", "x, y = x == y mod 2**32"))
def equal(lhs: int, rhs: int) -> bool:
    return lhs == rhs


@kernel(
    "tfrt.lessequal.i64", inline="({0}) <= ({1})", laws=("x, x = true", f"{I64_MIN}, x = true", f"x, {I64_MAX} = true")
)
@kernel(
    "tfrt.lessequal.i32", inline="({0}) <= ({1})", laws=("x, x = true", f"{I32_MIN}, x = true", f"x, {I32_MAX} = true")
)
def lessequal(lhs: int, rhs: int) -> bool:
    return lhs <= rhs


@kernel("tfrt.add.f32", pure=True, native="single(({0}) + ({1}))", laws=("x, -0.0 = x", "-0.0, x = x"))
def add_f32(lhs: float, rhs: float) -> float:
    return c_float(lhs + rhs).value


@kernel("tfrt.add.f64", inline="({0}) + ({1})", laws=("x, -0.0 = x", "-0.0, x = x"))
def add_f64(lhs: float, rhs: float) -> float:
    return lhs + rhs


@kernel("tfrt.multiply.f32", pure=True, native="single(({0}) * ({1}))", laws=("x, 1.0 = x", "1.0, x = x"))
def multiply_f32(lhs: float, rhs: float) -> float:
    return c_float(lhs * rhs).value


@kernel("tfrt.multiply.f64", inline="({0}) * ({1})", laws=("x, 1.0 = x", "1.0, x = x"))
def multiply_f64(lhs: float, rhs: float) -> float:
    return lhs * rhs


@kernel("tfrt.div.f32", pure=True, native="single(divide({0}, {1}))", laws=("x, 1.0 = x",))
def div_f32(lhs: float, rhs: float) -> float:
    return c_float(div_f64(lhs, rhs)).value


@kernel("tfrt.div.f64", pure=True, native="divide({0}, {1})", laws=("x, 1.0 = x",))
def div_f64(lhs: float, rhs: float) -> float:
    if not rhs:
        raise KernelError("Divide by zero")
    return lhs / rhs


@kernel("tfrt.minimum.f64", inline="({1}) if ({1}) < ({0}) else ({0})", laws=_MINIMUM)
@kernel("tfrt.minimum.f32", inline="({1}) if ({1}) < ({0}) else ({0})", laws=_MINIMUM)
def minimum(lhs: float, rhs: float) -> float:
    # As C++'s std::min: the first where they are equal or cannot be compared.
    return rhs if rhs < lhs else lhs


kernel("tfrt.cast.i64_to_f32", pure=True)(i64_to_f32)
kernel("tfrt.cast.f32_to_i64", pure=True)(float_to_i64)
kernel("tfrt.cast.f64_to_i64", pure=True)(float_to_i64)


@kernel("tfrt.cast.i64_to_f64", inline="float({0})")
def i64_to_f64(value: int) -> float:
    return float(value)
