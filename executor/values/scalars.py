"""What registers hold for values of MLIR's scalar types, and turning what callers and kernels give into that.

A register holds a bool for i1, an int for other integers, a float for floats, already rounded to their precision, and a
complex for complex numbers. Numbers of numpy (scalars and arrays without dimensions) become Python's. Integers are
never wrapped around: one out of range is a mistake, and so is an integer too large for any float. Floats beyond
the range of a shorter one become infinite, as in IEEE 754; NaN keeps its bits.
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Callable
from ctypes import c_float
from functools import cache
from typing import Any

Converter = Callable[[Any], Any]

_INTEGER = re.compile(r"(|s|u)i([1-9][0-9]{0,7})")

_SHOWN_CHARACTERS = 80
_SHOWN_BITS = 256


class MisfitError(Exception):
    """What is wrong with a value: the rest of a sentence that begins with whose it is."""


def misfit(value: Any, type: str) -> MisfitError:
    """The error that says that `value` is none of MLIR type `type`."""
    return MisfitError(f" must be {type}, got {_named(value)}")


@cache
def scalar_converter(type: str) -> Converter | None:
    """What converts values to those of an MLIR type, or None where it is no scalar type.

    The converter raises `MisfitError` for what is no value of the type.
    """
    bounds = _bounds(type)
    if bounds is not None:
        return _integer(type, *bounds)
    match type:
        case "i1":
            return _truth
        case "f64":
            return _double
        case "f32":
            return _single
        case "f16" | "bf16":
            return _half(type, round_to_f16 if type == "f16" else round_to_bf16)
        case "complex<f32>" | "complex<f64>":
            return _complex(type)
    return None


@cache
def misfit_test(type: str) -> str | None:
    """An expression of ``{0}`` that is true for all values which `scalar_converter` does not return as they are, and
    that takes less time than calling it; None where there is none. In it, ``c_float`` is `ctypes`'s."""
    bounds = _bounds(type)
    if bounds is not None:
        low, high = bounds
        return None if high - low >= 1 << 64 else f"type({{0}}) is not int or not {low} <= {{0}} <= {high}"
    tests = {
        "i1": "type({0}) is not bool",
        "f64": "type({0}) is not float",
        "f32": "type({0}) is not float or c_float({0}).value != {0}",
    }
    return tests.get(type)


@cache
def scalar_class(type: str) -> type | None:
    """Python's class of the values that registers hold for an MLIR type, or None where it is no scalar type."""
    if type == "i1":
        return bool
    if type == "index" or _INTEGER.fullmatch(type):
        return int
    if type in ("f64", "f32", "f16", "bf16"):
        return float
    return complex if type.startswith("complex<") else None


def round_to_f32(value: float) -> float:
    """`value` in single precision; infinity where it is too large."""
    return c_float(value).value if value == value else value


def round_to_f16(value: float) -> float:
    """`value` in half precision; infinity where it is too large."""
    try:
        rounded: float = struct.unpack("<e", struct.pack("<e", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return rounded


def round_to_bf16(value: float) -> float:
    """The bf16 nearest to `value` in single precision, ties to even; infinity where it is too large."""
    if value != value:
        return value
    bits = int.from_bytes(bytes(c_float(value)), sys.byteorder)
    rounded: float = struct.unpack("<f", (bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000).to_bytes(4, "little"))[0]
    return rounded


def _plain(value: Any) -> Any:
    """`value`, as a Python number where it is one of numpy's."""
    # Whoever passes numpy's values has imported it; who does not need not pay for it.
    np = sys.modules.get("numpy")
    if np is not None and isinstance(value, np.generic | np.ndarray) and not value.ndim:
        return value.item()
    return value


def _truth(value: Any) -> bool:
    if value is True or value is False:
        return value
    value = _plain(value)
    if isinstance(value, int) and 0 <= value <= 1:
        return bool(value)
    raise misfit(value, "i1")


def _bounds(type: str) -> tuple[int, int] | None:
    """The least and the greatest value of an integer type other than i1; None where it is none."""
    found = _INTEGER.fullmatch("i64" if type == "index" else type)
    if found is None or type == "i1":
        return None
    bits = int(found[2])
    low = 0 if found[1] == "u" else -(1 << bits - 1)
    return low, low + (1 << bits) - 1


def _integer(type: str, low: int, high: int) -> Converter:
    def convert(value: Any) -> int:
        if value.__class__ is not int:
            value = _plain(value)
            if not isinstance(value, int):
                raise misfit(value, type)
            value = int(value)
        if low <= value <= high:
            return value
        held = f"{shown_integer(low)} to {shown_integer(high)}"
        raise MisfitError(f": {shown_integer(value)} is out of range for {type}, which holds {held}")

    return convert


def _float_of(value: Any, type: str) -> float:
    number = _plain(value)
    if isinstance(number, float):
        return float(number)
    if not isinstance(number, int):
        raise misfit(value, type)
    try:
        return float(number)
    except OverflowError:
        raise MisfitError(f": {shown_integer(number)} is out of range for {type}") from None


def _double(value: Any) -> float:
    return value if value.__class__ is float else _float_of(value, "f64")


def _single(value: Any) -> float:
    if value.__class__ is not float:
        value = _float_of(value, "f32")
    return c_float(value).value if value == value else value


def _half(type: str, rounded: Callable[[float], float]) -> Converter:
    return lambda value: rounded(value if value.__class__ is float else _float_of(value, type))


def _complex(type: str) -> Converter:
    rounded = round_to_f32 if type == "complex<f32>" else float

    def convert(value: Any) -> complex:
        value = _plain(value)
        if isinstance(value, complex):
            return complex(rounded(value.real), rounded(value.imag))
        return complex(rounded(_float_of(value, type)))

    return convert


def shown_integer(value: int) -> str:
    """An integer for a message. Python refuses to write very long ones, and nobody reads them."""
    return str(value) if value.bit_length() <= _SHOWN_BITS else f"an integer of {value.bit_length()} bits"


def _named(value: Any) -> str:
    """A value's class, and the value where that is short."""
    kind = value.__class__
    if kind is int:
        return f"int {value}" if value.bit_length() <= _SHOWN_BITS else shown_integer(value)
    if kind not in (bool, float, complex, str) or (kind is str and len(value) > _SHOWN_CHARACTERS):
        return str(kind.__name__)
    return f"{kind.__name__} {value!r}"
