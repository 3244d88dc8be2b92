"""Floating-point attributes bit for bit, NaNs included.

An attribute holds a Python float, which is an f64. Conversions between it and narrower types make NaNs quiet and may
drop their payloads, in C and therefore in `struct`, numpy and xDSL. Here a NaN of a narrower type is the f64 whose
sign and uppermost payload bits are its own, so nothing is lost either way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

from xdsl.dialects.builtin import (
    AnyFloat,
    BFloat16Type,
    ComplexType,
    Float8E3M4Type,
    Float8E4M3FNType,
    Float8E4M3Type,
    Float8E5M2Type,
    Float16Type,
    Float32Type,
    FloatAttr,
    FloatData,
    ReducedPrecisionFloatType,
)

_PAYLOAD_BITS: dict[Any, int] = {
    Float16Type: 10,
    BFloat16Type: 7,
    Float32Type: 23,
    Float8E3M4Type: 4,
    Float8E4M3FNType: 3,
    Float8E4M3Type: 3,
    Float8E5M2Type: 2,
}
"""The types whose NaNs conversions spoil. f64 needs none, and others have one NaN at most."""

_F64_PAYLOAD_BITS = 52
_F64_EXPONENT = 0x7FF << _F64_PAYLOAD_BITS


def float_attribute(value: float, type: AnyFloat) -> FloatAttr:
    """The attribute for a value that is one of `type` already."""
    if value == value:
        return FloatAttr(value, type)
    # The constructor rounds to the type, which makes NaNs quiet.
    return FloatAttr.new((FloatData(value), type))


def to_bits(value: float, type: AnyFloat | ReducedPrecisionFloatType) -> int:
    """The bits of a value of `type`."""
    payload_bits = _PAYLOAD_BITS.get(type.__class__)
    if payload_bits is None or value == value:
        return int.from_bytes(type.pack((value,)), "little")
    bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
    payload = (bits & (1 << _F64_PAYLOAD_BITS) - 1) >> (_F64_PAYLOAD_BITS - payload_bits)
    exponent = (1 << (type.bitwidth - 1)) - (1 << payload_bits)
    # Without any payload bit it would be an infinity.
    payload = payload or 1 << (payload_bits - 1)
    return bits >> 63 << (type.bitwidth - 1) | exponent | payload


def from_bits(bits: int, type: AnyFloat) -> float:
    """The value of `type` with these bits."""
    payload_bits = _PAYLOAD_BITS.get(type.__class__)
    value: float = type.unpack(bits.to_bytes(type.size, "little"), 1)[0]
    if payload_bits is None or value == value:
        return value
    sign = bits >> (type.bitwidth - 1)
    payload = (bits & (1 << payload_bits) - 1) << (_F64_PAYLOAD_BITS - payload_bits)
    wide: float = struct.unpack("<d", struct.pack("<Q", sign << 63 | _F64_EXPONENT | payload))[0]
    return wide


def pack(values: Sequence[Any], type: Any) -> bytes:
    """The bytes of values of an element type: numbers, or pairs of them for complex types."""
    data: bytes = type.pack(values)
    element: Any = type
    if isinstance(type, ComplexType):
        values, element = [part for pair in values for part in pair], type.element_type
    if element.__class__ not in _PAYLOAD_BITS:
        return data
    size = element.size
    exact: bytearray | None = None
    for i, value in enumerate(values):
        if value != value:
            exact = exact or bytearray(data)
            exact[i * size : (i + 1) * size] = to_bits(value, element).to_bytes(size, "little")
    return data if exact is None else bytes(exact)


def unpack(data: bytes, type: Any) -> tuple[Any, ...]:
    """The values that `pack` made these bytes of."""
    if isinstance(type, ComplexType):
        parts = iter(unpack(data, type.element_type))
        return tuple(zip(parts, parts, strict=True))
    return _unpack_numbers(data, type)


def _unpack_numbers(data: bytes, type: Any) -> tuple[Any, ...]:
    values: tuple[Any, ...] = tuple(type.iter_unpack(data))
    if type.__class__ not in _PAYLOAD_BITS or all(value == value for value in values):
        return values
    return tuple(_exactly(data, values, type))


def _exactly(data: bytes, values: Sequence[float], type: AnyFloat) -> Iterator[float]:
    size = type.size
    for i, value in enumerate(values):
        if value == value:
            yield value
        else:
            yield from_bits(int.from_bytes(data[i * size : (i + 1) * size], "little"), type)
