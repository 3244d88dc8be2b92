"""Kernels that compute with numbers as ops of StableHLO do with arrays without dimensions.

Source of the semantics: `tfrt.kernels.numerics.arithmetic.integers`. Integers wrap around, dividing by zero gives an
integer all of whose bits are one, and nothing fails.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.op_attrs import read_metadata
from tfrt.executor.declarations.prepared import Prepared, Scribe
from tfrt.executor.values.attributes import TypedAggregate
from tfrt.kernels.shared.c_semantics import I32_MAX, I64_MAX, inline_wrap32, inline_wrap64, wrap32, wrap64

_DIFFERENCE_LAWS = ("x, 0 = x", "x, x = 0")
_COMMON = "({0}) >= 0 and ({1}) > 0"
_ROUNDED = "({0}) % ({1}) != 0 and (({0}) < 0) != (({1}) < 0)"  # Python rounds quotients down
# Processors cannot divide the least integer by -1.
_QUOTIENT = (
    f"({{0}}) // ({{1}}) if {_COMMON} else -1 if ({{1}}) == 0 else -({{0}}) if ({{1}}) == -1 "
    f"else ({{0}}) // ({{1}}) + 1 if {_ROUNDED} else ({{0}}) // ({{1}})"
)
_REMAINDER = (
    f"({{0}}) % ({{1}}) if {_COMMON} else ({{0}}) if ({{1}}) == 0 else 0 if ({{1}}) == -1 "
    f"else ({{0}}) % ({{1}}) - ({{1}}) if {_ROUNDED} else ({{0}}) % ({{1}})"
)


@kernel(
    "cpu.subtract.i32", inline=inline_wrap32("({0}) - ({1})"), native="wrap32(({0}) - ({1}))", laws=_DIFFERENCE_LAWS
)
def subtract_i32(lhs: int, rhs: int) -> int:
    return wrap32(lhs - rhs)


@kernel("cpu.subtract.i64", inline=inline_wrap64("({0}) - ({1})"), native="({0}) - ({1})", laws=_DIFFERENCE_LAWS)
def subtract_i64(lhs: int, rhs: int) -> int:
    return wrap64(lhs - rhs)


@kernel("cpu.minimum.i64", inline="({1}) if ({1}) < ({0}) else ({0})", laws=("x, x = x",))
@kernel("cpu.minimum.i32", inline="({1}) if ({1}) < ({0}) else ({0})", laws=("x, x = x",))
def minimum(lhs: int, rhs: int) -> int:
    return min(lhs, rhs)


@kernel("cpu.maximum.i64", inline="({1}) if ({1}) > ({0}) else ({0})", laws=("x, x = x",))
@kernel("cpu.maximum.i32", inline="({1}) if ({1}) > ({0}) else ({0})", laws=("x, x = x",))
def maximum(lhs: int, rhs: int) -> int:
    return max(lhs, rhs)


@kernel("cpu.divide.i32", inline=inline_wrap32(_QUOTIENT), native=f"wrap32({_QUOTIENT})", laws=("x, 1 = x",))
def divide_i32(dividend: int, divisor: int) -> int:
    quotient = _divide(dividend, divisor)
    # Only the least integer divided by -1 does not fit.
    return quotient if quotient <= I32_MAX else wrap32(quotient)


@kernel("cpu.divide.i64", inline=inline_wrap64(_QUOTIENT), native=_QUOTIENT, laws=("x, 1 = x",))
def divide_i64(dividend: int, divisor: int) -> int:
    quotient = _divide(dividend, divisor)
    return quotient if quotient <= I64_MAX else wrap64(quotient)


@kernel("cpu.remainder.i64", inline=_REMAINDER)
@kernel("cpu.remainder.i32", inline=_REMAINDER)
def remainder(dividend: int, divisor: int) -> int:
    return dividend - divisor * _divide(dividend, divisor) if divisor else dividend


def _divide(dividend: int, divisor: int) -> int:
    if not divisor:
        return -1
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


@kernel("cpu.less.i64", inline="({0}) < ({1})", laws=("x, x = false",))
@kernel("cpu.less.i32", inline="({0}) < ({1})", laws=("x, x = false",))
def less(lhs: int, rhs: int) -> bool:
    return lhs < rhs


@kernel("cpu.less_equal.i64", inline="({0}) <= ({1})", laws=("x, x = true",))
@kernel("cpu.less_equal.i32", inline="({0}) <= ({1})", laws=("x, x = true",))
def less_equal(lhs: int, rhs: int) -> bool:
    return lhs <= rhs


@kernel("cpu.unequal.i64", inline="({0}) != ({1})", laws=("x, x = false",))
@kernel("cpu.unequal.i32", inline="({0}) != ({1})", laws=("x, x = false",))
def unequal(lhs: int, rhs: int) -> bool:
    return lhs != rhs


@kernel("cpu.equal.i1", inline="({0}) == ({1})", laws=("x, x = true",))
def equal_i1(lhs: bool, rhs: bool) -> bool:
    return lhs == rhs


@kernel("cpu.unequal.i1", inline="({0}) != ({1})", laws=("x, x = false",))
def unequal_i1(lhs: bool, rhs: bool) -> bool:
    return lhs != rhs


@kernel("cpu.or.i1", inline="({0}) or ({1})", laws=("x, x = x",))
def or_i1(lhs: bool, rhs: bool) -> bool:
    return lhs or rhs


@kernel("cpu.not.i1", inline="not ({0})")
def not_i1(value: bool) -> bool:
    return not value


@kernel("cpu.select.i64", inline="({1}) if ({0}) else ({2})")
@kernel("cpu.select.i32", inline="({1}) if ({0}) else ({2})")
def select(condition: bool, on_true: int, on_false: int) -> int:
    return on_true if condition else on_false


@kernel("cpu.select.i1", inline="({1}) if ({0}) else ({2})")
def select_i1(condition: bool, on_true: bool, on_false: bool) -> bool:
    return on_true if condition else on_false


@kernel("cpu.convert.i1_to_i64", inline="1 if ({0}) else 0")
@kernel("cpu.convert.i1_to_i32", inline="1 if ({0}) else 0")
def truth_to_integer(value: bool) -> int:
    return int(value)


@kernel("cpu.convert.i32_to_i64", inline="({0})")
def widen(value: int) -> int:
    return value


@kernel("cpu.convert.i64_to_i32", inline=inline_wrap32("({0})"), native="wrap32({0})")
def narrow(value: int) -> int:
    return wrap32(value)


@kernel("cpu.scalar", pure=True, prepares=True)
def scalar(*, metadata: TypedAggregate) -> Prepared:
    (known,) = read_metadata(metadata)
    dtype = known.dtype.numpy

    def write(operands: Sequence[str], result: str, scribe: Scribe) -> list[str]:
        return [f"{result} = {scribe.constant(np.array, 'array')}({operands[0]}, {scribe.constant(dtype, 'dtype')})"]

    return Prepared(lambda number: np.array(number, dtype), is_new=True, write=write)
