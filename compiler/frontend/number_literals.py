"""Literals of numbers to xDSL attributes.

The rules about what fits which type are MLIR's. Each function raises `SyntaxFailure` at the literal that is wrong.
"""

from __future__ import annotations

import math
from typing import Any

from xdsl.dialects.builtin import (
    AnyFloat,
    BFloat16Type,
    Float16Type,
    Float32Type,
    IndexType,
    IntegerAttr,
    IntegerType,
    Signedness,
    f64,
    i1,
    i64,
)
from xdsl.ir import Attribute

from tfrt.compiler.float_bits import float_attribute, from_bits
from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.compiler.frontend.lexer import Token

_MAX_LITERAL_DIGITS = 4000


def default_type(token: Token) -> Attribute:
    """The type of a number literal that names none."""
    return f64 if token[0] == "FLOAT" else i64


def parse_integer(token: Token) -> int:
    """The value of a number that is to be an integer; lists of numbers may have others."""
    kind, text, offset = token
    if kind == "FLOAT":
        raise SyntaxFailure(offset, f"expected an integer, found '{text}'")
    if len(text) > _MAX_LITERAL_DIGITS:
        raise SyntaxFailure(offset, "number literal is too long")
    return int(text, 16) if "0x" in text else int(text)


def position_number(token: Token, what: str) -> int:
    """A line or column of a location: an integer of 32 bits without a sign."""
    value = parse_integer(token)
    if not 0 <= value < 1 << 32:
        raise SyntaxFailure(token[2], f"expected integer {what} number in FileLineColRange")
    return value


def is_number_type(type: Attribute) -> bool:
    return isinstance(type, (IntegerType, IndexType, AnyFloat))


def number(token: Token, type: Attribute) -> Attribute:
    """An integer or float attribute of `type` from an `INT` or `FLOAT` token."""
    value = number_value(token, type)
    if isinstance(type, (IntegerType, IndexType)):
        return IntegerAttr(value, type)
    assert isinstance(type, AnyFloat)
    return float_attribute(value, type)


def number_value(token: Token, type: Attribute) -> Any:
    """The int or float of a number literal, as xDSL stores it: signless integers from their signed range."""
    kind, _, offset = token
    if isinstance(type, (IntegerType, IndexType)):
        if kind == "FLOAT":
            raise SyntaxFailure(offset, "floating point value not valid for specified type")
        return _fitting_integer(parse_integer(token), type, offset)
    if isinstance(type, AnyFloat):
        return _float(token, type)
    what = "floating point" if kind == "FLOAT" else "integer"
    raise SyntaxFailure(offset, f"{what} literal not valid for specified type")


def boolean(value: bool) -> Attribute:
    return IntegerAttr(int(value), i1)


def _fitting_integer(value: int, type: IntegerType | IndexType, offset: int) -> int:
    if isinstance(type, IndexType):
        width, signedness = 64, Signedness.SIGNED
    else:
        width, signedness = type.width.data, type.signedness.data
    if signedness is Signedness.UNSIGNED and value < 0:
        raise SyntaxFailure(offset, "negative integer literal not valid for unsigned integer type")
    # Signless literals may be written as signed or as unsigned.
    half = 1 << (width - 1)
    low = 0 if signedness is Signedness.UNSIGNED else -half
    high = half if signedness is Signedness.SIGNED else 2 * half
    if not low <= value < high:
        raise SyntaxFailure(offset, "integer constant out of range for attribute")
    return value - 2 * half if value >= half and signedness is Signedness.SIGNLESS else value


def _float(token: Token, type: AnyFloat) -> float:
    kind, text, offset = token
    if kind == "FLOAT":
        return round_to(float(text), type)
    if "0x" not in text:
        raise SyntaxFailure(
            offset, "unexpected decimal integer literal for a floating point attribute; add a trailing dot"
        )
    if text.startswith("-"):
        raise SyntaxFailure(offset, "hexadecimal float literal should not have a leading minus")
    bits = int(text, 16)
    if bits >> type.bitwidth:
        raise SyntaxFailure(offset, "hexadecimal float constant out of range for type")
    return from_bits(bits, type)


_MANTISSA_BITS_AND_MAX_EXPONENT: dict[type[Attribute], tuple[int, int]] = {
    Float16Type: (10, 15),
    BFloat16Type: (7, 127),
    Float32Type: (23, 127),
}


def round_to(value: float, type: Attribute) -> float:
    """`value` rounded once to the precision of `type`, to nearest, ties to even; too large ones become
    infinite.
    """
    parameters = _MANTISSA_BITS_AND_MAX_EXPONENT.get(type.__class__)
    if parameters is None or not math.isfinite(value) or value == 0.0:
        return value
    mantissa_bits, max_exponent = parameters
    exponent = max(math.frexp(value)[1] - 1, 1 - max_exponent)
    unit = math.ldexp(1.0, exponent - mantissa_bits)
    # Division and product by a power of two are exact here; round() is to even.
    rounded = round(value / unit) * unit
    if abs(rounded) >= math.ldexp(1.0, max_exponent + 1):
        return math.copysign(math.inf, value)
    return math.copysign(rounded, value)
