"""Kernels of `tfrt_test` on ``tf.train.Example``: a protocol buffer message of named features.

The messages are few, so that they are decoded here without a protocol buffer library::

    Example   features = 1
    Features  feature = 1, a map: entries of key = 1 and value = 2
    Feature   one of bytes_list = 1, float_list = 2, int64_list = 3, each a list of value = 1

As a library would, the decoder skips fields that it does not know and merges a message that occurs twice; of two
entries with one key, or two kinds of list, the last counts. It refuses groups, which nobody has written for long.
Reference: ``backends/cpu/lib/kernels/proto/proto_kernels.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.support.errors import KernelError


class Kind(IntEnum):
    """The kinds of lists; the value is the field's number in a `Feature`."""

    BYTES = 1
    FLOAT = 2
    INT64 = 3


@dataclass(frozen=True, slots=True)
class Feature:
    """A list of byte strings, floats or integers; `kind` is None where the message has none."""

    kind: Kind | None
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """Features by name."""

    features: Mapping[str, Feature]


@kernel("tfrt_test.parse_example_from_bytes")
def parse_example_from_bytes(serialized: str) -> Example:
    """The message that a string holds, whose bytes need not be text."""
    try:
        return decode_example(serialized.encode("utf-8", "surrogateescape"))
    except ValueError:
        raise KernelError("failed to parse example.proto from string") from None


@kernel("tfrt_test.get_bytes_field_from_example")
def get_bytes_field_from_example(example: Example, key: str) -> str:
    """The only string of a feature."""
    value: bytes = _only_value(example, key, Kind.BYTES)
    return value.decode("utf-8", "surrogateescape")


@kernel("tfrt_test.get_int64_field_from_example")
def get_int64_field_from_example(example: Example, key: str) -> int:
    """The only integer of a feature."""
    value: int = _only_value(example, key, Kind.INT64)
    return value


def _only_value(example: Example, key: str, kind: Kind) -> Any:
    feature = example.features.get(key)
    if feature is None:
        raise KernelError(f"key {key} is not found in the proto")
    values = feature.values if feature.kind is kind else ()
    if len(values) != 1:
        raise KernelError(f"feature {key} has {len(values)} values of kind {kind.name.lower()}, expected one")
    return values[0]


def decode_example(data: bytes) -> Example:
    """The `Example` that `data` encodes.

    Raises:
        ValueError: it encodes none.
    """
    features: dict[str, Feature] = {}
    for message in _messages(data, 1):
        for entry in _messages(message, 1):
            keys = _messages(entry, 1)
            key = keys[-1].decode("utf-8") if keys else ""
            features[key] = _decode_feature(b"".join(_messages(entry, 2)))
    return Example(features)


def _decode_feature(data: bytes) -> Feature:
    kind: Kind | None = None
    encoded = b""
    for number, value in _fields(data):
        if isinstance(value, bytes) and number in (Kind.BYTES, Kind.FLOAT, Kind.INT64):
            # Messages are merged by joining their encodings.
            encoded = encoded + value if number == kind else value
            kind = Kind(number)
    match kind:
        case Kind.BYTES:
            return Feature(kind, tuple(_messages(encoded, 1)))
        case Kind.FLOAT:
            return Feature(kind, tuple(_floats(encoded)))
        case Kind.INT64:
            return Feature(kind, tuple(_integers(encoded)))
    return Feature(None)


def _messages(data: bytes, number: int) -> list[bytes]:
    """The values of all fields of that number that are strings of bytes or messages."""
    return [value for field, value in _fields(data) if field == number and isinstance(value, bytes)]


def _integers(data: bytes) -> Iterator[int]:
    """Field 1, of integers one by one or many in a string."""
    for number, value in _fields(data):
        if number == 1 and isinstance(value, int):
            yield _signed(value)
        elif number == 1 and isinstance(value, bytes):
            position = 0
            while position < len(value):
                element, position = _varint(value, position)
                yield _signed(element)


def _floats(data: bytes) -> Iterator[float]:
    """Field 1, of floats one by one or many in a string."""
    for number, value in _fields(data):
        match number, value:
            case 1, bytes(packed):
                if len(packed) % 4:
                    raise ValueError("floats cut short")
                yield from struct.unpack(f"<{len(packed) // 4}f", packed)
            case 1, _Fixed(word) if len(word) == 4:
                yield from struct.unpack("<f", word)


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A field of four or eight bytes."""

    data: bytes


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes | _Fixed]]:
    """The fields of a message: number and value."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise ValueError("no such field number")
        match wire_type:
            case 0:
                value, position = _varint(data, position)
                yield number, value
            case 1 | 5:
                content, position = _take(data, position, 8 if wire_type == 1 else 4)
                yield number, _Fixed(content)
            case 2:
                size, position = _varint(data, position)
                content, position = _take(data, position, size)
                yield number, content
            case _:
                raise ValueError("no such wire type")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """The unsigned integer at `position`, seven bits a byte, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise ValueError("integer cut short")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, position
    raise ValueError("integer too long")


def _take(data: bytes, position: int, size: int) -> tuple[bytes, int]:
    end = position + size
    if end > len(data):
        raise ValueError("string cut short")
    return data[position:end], end


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
