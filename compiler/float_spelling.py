"""How MLIR writes floating-point numbers.

The rules, in order: six significant digits in scientific notation (`1.500000e+00`) where that reads back as
the same value; otherwise enough digits to tell the type's values apart, in decimal or scientific notation
(`3.1415926535897931`, `1.2345678E-7`), provided that this has a decimal point; otherwise, and for infinities
and NaNs, the bits in hexadecimal (`0x7FC00000`).
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, Float64Type

SpelledFloat = BFloat16Type | Float16Type | Float32Type | Float64Type

_SIGNIFICAND_BITS: dict[type, int] = {BFloat16Type: 8, Float16Type: 11, Float32Type: 24, Float64Type: 53}

_MAX_PADDING = 3
"""Numbers that need more zeros than this around their digits are written in scientific notation."""


def float_text(value: float, type: SpelledFloat) -> str:
    """The spelling of a value of `type`, without the type."""
    if math.isfinite(value):
        short = _six_digits(value)
        if _bits(float(short), type) == _bits(value, type):
            return short
        full = _all_digits(value, type)
        if "." in full:
            return full
    return f"0x{_bits(value, type):X}"


def is_hexadecimal(text: str) -> bool:
    """Whether a number is spelled by its bits, so that its type must be spelled too."""
    return text.startswith("0x")


def _bits(value: float, type: SpelledFloat) -> int:
    return int.from_bytes(type.pack((value,)), "little")


def _six_digits(value: float) -> str:
    mantissa, _, exponent = f"{value:.5e}".partition("e")
    return f"{mantissa}0e{exponent}"


def _all_digits(value: float, type: SpelledFloat) -> str:
    # The number of decimal digits that LLVM's APFloat takes to tell all values of a format apart.
    precision = 2 + _SIGNIFICAND_BITS[type.__class__] * 59 // 196
    rounded = Context(prec=precision, rounding=ROUND_HALF_UP).plus(Decimal(value))
    sign, digit_tuple, exponent = rounded.normalize(Context(prec=precision)).as_tuple()
    assert isinstance(exponent, int)
    digits = "".join(map(str, digit_tuple))
    return ("-" if sign else "") + _place_point(digits, exponent, precision)


def _place_point(digits: str, exponent: int, precision: int) -> str:
    """Write `digits` times ten to the `exponent`, digits having no trailing zeros."""
    leading = exponent + len(digits) - 1
    if exponent >= 0:
        scientific = exponent > _MAX_PADDING or len(digits) + exponent > precision
    else:
        scientific = -leading > _MAX_PADDING
    if scientific:
        return f"{digits[0]}.{digits[1:] or '0'}E{leading:+d}"
    if exponent >= 0:
        return digits + "0" * exponent
    if leading >= 0:
        return f"{digits[: leading + 1]}.{digits[leading + 1 :]}"
    return "0." + "0" * (-leading - 1) + digits
