"""How MLIR writes floating-point numbers.

The rules, in order: six significant digits in scientific notation (`1.500000e+00`) where that reads back as
the same value; otherwise enough digits to tell the type's values apart, in decimal or scientific notation
(`3.1415926535897931`, `1.2345678E-7`), provided that this has a decimal point; otherwise, and for infinities
and NaNs, the bits in hexadecimal (`0x7FC00000`).

The digits are those of LLVM's `APFloat::toString`, which cuts digits off before it rounds: the f32 nearest to
1e-5 is therefore `9.99999974E-6`, although `1.000000e-05` would read back as the same value.
"""

from __future__ import annotations

import math

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, Float64Type, ReducedPrecisionFloatType

from tfrt.compiler.float_bits import to_bits

SpelledFloat = BFloat16Type | Float16Type | Float32Type | Float64Type | ReducedPrecisionFloatType

_SIGNIFICAND_BITS: dict[type, int] = {BFloat16Type: 8, Float16Type: 11, Float32Type: 24, Float64Type: 53}
"""Of the types whose values six digits do not tell apart."""

_SHORT_PRECISION = 6

_MAX_PADDING = 3
"""Numbers that need more zeros than this around their digits are written in scientific notation."""


def float_text(value: float, type: SpelledFloat) -> str:
    """The spelling of a value of `type`, without the type."""
    if math.isfinite(value):
        short = _six_digits(value)
        if to_bits(float(short), type) == to_bits(value, type):
            return short
        full = _all_digits(value, type)
        if "." in full:
            return full
    return f"0x{to_bits(value, type):X}"


def is_hexadecimal(text: str) -> bool:
    """Whether a number is spelled by its bits, so that its type must be spelled too."""
    return text.startswith("0x")


def _six_digits(value: float) -> str:
    digits, exponent = _digits(value, _SHORT_PRECISION)
    decimals = digits[1:].ljust(_SHORT_PRECISION, "0")
    return f"{_sign(value)}{digits[0]}.{decimals}e{exponent + len(digits) - 1:+03d}"


def _all_digits(value: float, type: SpelledFloat) -> str:
    precision = 2 + _SIGNIFICAND_BITS[type.__class__] * 59 // 196
    digits, exponent = _digits(value, precision)
    return _sign(value) + _place_point(digits, exponent, precision)


def _sign(value: float) -> str:
    return "-" if math.copysign(1, value) < 0 else ""


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


def _digits(value: float, precision: int) -> tuple[str, int]:
    """Up to `precision` significant digits of |value|, no zeros at the end, and the power of ten of the last."""
    numerator, denominator = abs(value).as_integer_ratio()
    if numerator == 0:
        return "0", 0
    # n / 2^k is n * 5^k / 10^k.
    power_of_two = denominator.bit_length() - 1
    significand, exponent = _cut(numerator * 5**power_of_two, -power_of_two, precision)
    return _round(*_without_trailing_zeros(str(significand), exponent), precision)


def _cut(significand: int, exponent: int, precision: int) -> tuple[int, int]:
    """Drop decimal digits that are surely beyond the precision, judging by the number of bits."""
    needed_bits = (precision * 196 + 58) // 59
    surplus = (significand.bit_length() - needed_bits) * 59 // 196
    if surplus <= 0:
        return significand, exponent
    return significand // 10**surplus, exponent + surplus


def _round(digits: str, exponent: int, precision: int) -> tuple[str, int]:
    """Round to `precision` digits, halves away from zero."""
    surplus = len(digits) - precision
    if surplus <= 0:
        return digits, exponent
    kept = int(digits[:precision]) + (digits[precision] >= "5")
    return _without_trailing_zeros(str(kept), exponent + surplus)


def _without_trailing_zeros(digits: str, exponent: int) -> tuple[str, int]:
    kept = digits.rstrip("0")
    return kept, exponent + len(digits) - len(kept)
