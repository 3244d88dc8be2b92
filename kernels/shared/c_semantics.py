"""C's arithmetic and formatting in Python terms: fixed-width integers, single precision, ``printf``.

Programs expect what compiled C++ computes on a 64-bit x86 machine: two's complement integers that wrap around, division
that truncates toward zero, f32 results rounded to single precision.
"""

from __future__ import annotations

import re
import struct
from ctypes import c_float
from math import copysign

from tfrt.executor.support.errors import KernelError

I32_MIN, I32_MAX = -(1 << 31), (1 << 31) - 1
I64_MIN, I64_MAX = -(1 << 63), (1 << 63) - 1

_EXACT_F64 = 1 << 53
"""Integers up to this size are exact in double precision."""


def wrap32(value: int) -> int:
    """The low 32 bits of an integer, as a signed number."""
    return (value + 0x80000000 & 0xFFFFFFFF) - 0x80000000


def wrap64(value: int) -> int:
    """The low 64 bits of an integer, as a signed number."""
    return (value + 0x8000000000000000 & 0xFFFFFFFFFFFFFFFF) - 0x8000000000000000


def inline_wrap32(expression: str) -> str:
    """`wrap32` of an expression, as source text that assigns to the local name ``wide``.

    Looking at the range first takes two thirds of the time of wrapping around always. ``wide`` is assigned after the
    expression has been evaluated and read at once, so expressions nest.
    """
    return (
        f"(wide if -2147483648 <= (wide := {expression}) <= 2147483647 "
        "else (wide + 2147483648 & 4294967295) - 2147483648)"
    )


def inline_wrap64(expression: str) -> str:
    """`wrap64` of an expression, as source text; see `inline_wrap32`."""
    return (
        f"(wide if -9223372036854775808 <= (wide := {expression}) <= 9223372036854775807 "
        "else (wide + 9223372036854775808 & 18446744073709551615) - 9223372036854775808)"
    )


def divide(dividend: int, divisor: int) -> tuple[int, int]:
    """Quotient, truncated toward zero and of any size, and the remainder, which has the dividend's sign.

    Raises:
        KernelError: the divisor is 0.
    """
    if not divisor:
        raise KernelError("Divide by zero")
    quotient, remainder = divmod(dividend, divisor)
    if remainder and (dividend < 0) != (divisor < 0):
        # Python rounds down; one more makes it toward zero.
        return quotient + 1, remainder - divisor
    return quotient, remainder


def i64_to_f32(value: int) -> float:
    """The nearest single-precision number to a 64-bit integer."""
    if -_EXACT_F64 <= value <= _EXACT_F64:
        return c_float(value).value
    # Through double precision it would be rounded twice. With the lowest bits replaced by one that says whether they
    # were zero, it is exact in double precision, and single precision cannot tell the difference.
    lowest = value & 0x7FF
    return c_float((value - lowest) | (0x800 if lowest else 0)).value


def float_to_i64(value: float) -> int:
    """A number truncated toward zero; the smallest integer where it is NaN or does not fit, as on x86."""
    if -9223372036854775808.0 <= value < 9223372036854775808.0:
        return int(value)
    return I64_MIN


def f16_bits(value: float) -> int:
    """The 16 bits of a half-precision number, as an unsigned integer."""
    bits: int = struct.unpack("<H", struct.pack("<e", value))[0]
    return bits


def format_f(value: float) -> str:
    """``printf("%f")``, which, unlike Python, shows the sign of a NaN."""
    if value != value:
        return "-nan" if copysign(1.0, value) < 0 else "nan"
    return f"{value:f}"


_CONVERSION = re.compile(r"%(?:%|([-+ 0]*)(\d{0,3})(\.[1-9]\d{0,2})?(?:hh|h|ll|l|j|z|t)?([diouxX]))")


def format_i32(template: str, value: int) -> str:
    """``printf(template, value)`` for a 32-bit integer, with flags ``-+ 0``, width, precision and ``d i o u x X``.

    Raises:
        KernelError: the template asks for anything else, or for more than one value.
    """
    converted = 0

    def convert(match: re.Match[str]) -> str:
        nonlocal converted
        flags, width, precision, conversion = match.groups()
        if conversion is None:
            return "%"
        converted += 1
        return _format_integer(value, flags, width, precision or "", conversion)

    result = _CONVERSION.sub(convert, template)
    if converted > 1 or "%" in _CONVERSION.sub("", template):
        raise KernelError(f"cannot format an integer as '{template}': expected one conversion such as %d or %03x")
    return result


def _format_integer(value: int, flags: str, width: str, precision: str, conversion: str) -> str:
    if conversion in "ouxX":
        # C takes the bits as an unsigned number, which has no sign to show.
        value &= 0xFFFFFFFF
        flags = flags.replace("+", "").replace(" ", "")
    if precision or "-" in flags:
        flags = flags.replace("0", "")
    return f"%{flags}{width}{precision}{'d' if conversion in 'iu' else conversion}" % value
