"""Decoding attributes from the attribute section, as a kernel declares them or as the file records them.

The layouts are `ATTRIBUTE_LAYOUTS` of `tfrt.executor.bef.format`; offsets count from the start of the section, or of
the aggregate that an attribute is in.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import ARRAY_BIT, ATTRIBUTE_HEADER, EMPTY_ARRAY, MAX_NESTING, AttributeType
from tfrt.executor.support.errors import BefError
from tfrt.executor.values.attributes import Stored
from tfrt.executor.values.dtype import DType

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class TypedAttribute:
    """A value with its attribute type; in an aggregate, the value is a tuple of these."""

    type: int
    value: Any


@dataclass(frozen=True, slots=True)
class CompilationUnit:
    """A symbol of a module that kernels compile themselves: the module's text, numbered within the file."""

    number: int
    symbol: tuple[str, ...]
    module: str


_SCALARS = {
    DType.UI8: "<B",
    DType.UI16: "<H",
    DType.UI32: "<I",
    DType.UI64: "<Q",
    DType.I1: "<?",
    DType.I8: "<b",
    DType.I16: "<h",
    DType.I32: "<i",
    DType.I64: "<q",
    DType.F16: "<e",
    DType.F32: "<f",
    DType.F64: "<d",
}

_HEADER = ATTRIBUTE_HEADER.struct()


def decode(cursor: Cursor, offset: int, stored: Stored, recorded: int | None) -> Any:
    """The attribute at `offset` from the cursor's position, which must be the start of the attribute section.

    Args:
        stored: what the kernel declares.
        recorded: the attribute type that the file records for it, if it records any.

    Raises:
        BefError: the attribute is cut off, or the declared and the recorded type differ, or neither is known.
    """
    start = cursor.position
    if stored.kind == "any":
        if recorded is None:
            raise BefError(
                "the file does not record this attribute's type, and the kernel does not declare it",
                section=cursor.section,
                offset=start + offset,
            )
        return _decode(cursor, offset, recorded, 0)
    wanted = attribute_type(stored)
    if recorded is not None and not _agrees(wanted, recorded):
        raise BefError(
            f"the kernel declares {describe(wanted)} and the file records {describe(recorded)}",
            section=cursor.section,
            offset=start + offset,
        )
    if stored.kind == "typed_aggregate":
        at = Cursor(cursor.data, start, cursor.end, cursor.section)
        at.take(offset, "an attribute")
        typed: tuple[TypedAttribute, ...] = _typed(at, AttributeType.AGGREGATE, 0).value
        return typed
    return _decode(cursor, offset, wanted if recorded is None else recorded, 0)


def attribute_type(stored: Stored) -> int:
    """The attribute type byte that corresponds to a declaration other than ``any``."""
    match stored.kind:
        case "scalar" | "array":
            assert stored.dtype is not None
            return stored.dtype | (ARRAY_BIT if stored.kind == "array" else 0)
        case "type":
            return AttributeType.TYPE
        case "type_array":
            return AttributeType.TYPE | ARRAY_BIT
        case "shape":
            return AttributeType.SHAPE
        case "dense":
            return AttributeType.DENSE
        case "aggregate" | "typed_aggregate":
            return AttributeType.AGGREGATE
        case kind:
            raise ValueError(f"no attribute type for {kind}")


def describe(attribute: int) -> str:
    """An attribute type in words: ``i32``, ``array of f64``, ``dense``."""
    if attribute & ARRAY_BIT:
        return f"array of {describe(attribute & ~ARRAY_BIT)}"
    if attribute in _ELEMENT_TYPES:
        return DType(attribute).mlir
    if attribute in tuple(AttributeType):
        return AttributeType(attribute).name.lower().replace("_", " ")
    return f"attribute type {attribute}"


_ELEMENT_TYPES = frozenset(DType)
"""A set: going through the enumeration takes longer than decoding most attributes."""

_TRUTH = {DType.I1, DType.I8}


def _agrees(wanted: int, recorded: int) -> bool:
    if wanted == recorded:
        return True
    # A truth value is a byte, which programs also spell as one: `tfrt_test.async_constant.i1` takes both.
    if wanted & ARRAY_BIT == recorded & ARRAY_BIT and {wanted & ~ARRAY_BIT, recorded & ~ARRAY_BIT} == _TRUTH:
        return True
    # Nothing in an empty array tells its element type, nor that it would have been an aggregate.
    return recorded == EMPTY_ARRAY and (bool(wanted & ARRAY_BIT) or wanted == AttributeType.AGGREGATE)


def _decode(cursor: Cursor, offset: int, attribute: int, depth: int) -> Any:
    at = Cursor(cursor.data, cursor.position, cursor.end, cursor.section)
    if not 0 <= offset <= at.remaining:
        at.fail(f"attribute offset {offset} is out of range")
    at.position += offset
    if attribute & ARRAY_BIT:
        return _array(at, attribute & ~ARRAY_BIT)
    if attribute == DType.STRING:
        return _text(at)
    if attribute in _ELEMENT_TYPES:
        return _scalars(at, DType(attribute), 1)[0]
    match attribute:
        case AttributeType.TYPE:
            return _types(at, 1)[0]
        case AttributeType.SYMBOL_REF:
            return _compilation_unit(at)
        case AttributeType.SHAPE:
            return _shape(at)
        case AttributeType.DENSE:
            return _dense(at)
        case AttributeType.AGGREGATE:
            return _aggregate(at, depth)
    at.fail(f"cannot decode {describe(attribute)}")


def _u32(at: Cursor, what: str) -> int:
    return struct.unpack_from("<I", at.data, at.take(4, what))[0]


def _text(at: Cursor) -> str:
    return _slice(at, _u32(at, "a string's length"), "a string")


def _scalars(at: Cursor, dtype: DType, count: int) -> tuple[Any, ...]:
    code = _SCALARS.get(dtype)
    if code is not None:
        size = struct.calcsize(code)
        start = at.take(size * count, dtype.mlir)
        if dtype is DType.I1:
            return tuple(byte != 0 for byte in at.data[start : start + count])
        return struct.unpack_from(f"<{count}{code[1]}", at.data, start)
    if dtype is DType.BF16:
        start = at.take(2 * count, "bf16")
        return tuple(
            struct.unpack("<f", b"\0\0" + bytes(at.data[i : i + 2]))[0] for i in range(start, start + 2 * count, 2)
        )
    at.fail(f"cannot decode {dtype.mlir}")


def _types(at: Cursor, count: int) -> tuple[DType, ...]:
    start = at.take(count, "a type")
    numbers = at.data[start : start + count]
    for position, number in enumerate(numbers):
        if number not in _ELEMENT_TYPES:
            at.fail(f"unknown element type {number}", start + position)
    return tuple(DType(number) for number in numbers)


def _array(at: Cursor, element: int) -> tuple[Any, ...]:
    count = _u32(at, "an array's length")
    if count > at.remaining:
        at.fail(f"an array of {count} elements does not fit into the {at.remaining} bytes that are left")
    if not count:
        return ()
    if element == AttributeType.TYPE:
        return _types(at, count)
    if element in _ELEMENT_TYPES:
        return _scalars(at, DType(element), count)
    at.fail(f"cannot decode an array of {describe(element)}")


def _header(at: Cursor) -> tuple[int, int, int, int]:
    return _HEADER.unpack_from(at.data, at.take(_HEADER.size, "an attribute's header"))


def _dimensions(at: Cursor, rank: int) -> tuple[int, ...]:
    return struct.unpack_from(f"<{rank}q", at.data, at.take(8 * rank, "a shape"))


def _shape(at: Cursor) -> tuple[int | None, ...] | None:
    start = at.position
    if _u32(at, "a shape") == 0:
        return None
    at.position = start
    _header(at)
    rank = _u32(at, "a shape's rank")
    return tuple(None if d < 0 else d for d in _dimensions(at, rank))


def _dense(at: Cursor) -> np.ndarray:
    import numpy as np

    start = at.position
    element = _header(at)[1]
    elements, count, rank = (_u32(at, "a dense attribute") for _ in range(3))
    shape = _dimensions(at, rank)
    if element not in _ELEMENT_TYPES:
        at.fail(f"unknown element type {element}", start + 1)
    try:
        dtype = DType(element).little_endian
    except TypeError:
        at.fail(f"a dense attribute of {DType(element).mlir}", start + 1)
    if not _holds(shape, count):
        at.fail(f"a dense attribute of rank {rank} whose shape does not hold {count} elements", start)
    at.position = start
    at.take(elements, "a dense attribute")
    first = at.take(count * dtype.itemsize, "a dense attribute's elements")
    try:
        return np.frombuffer(at.data, dtype, count, first).reshape(shape)
    except ValueError:
        at.fail(f"a dense attribute of rank {rank} is too much for numpy", start)


def _holds(shape: tuple[int, ...], count: int) -> bool:
    """Whether `count` elements make up `shape`. A corrupt shape may have an astronomical product: stop early."""
    if min(shape, default=0) < 0:
        return False
    if 0 in shape:
        return count == 0
    total = 1
    for dimension in shape:
        total *= dimension
        if total > count:
            return False
    return total == count


def _aggregate(at: Cursor, depth: int) -> tuple[Any, ...]:
    return tuple(_decode(element, 0, attribute, depth + 1) for element, attribute in aggregate_elements(at, depth))


def _typed(at: Cursor, attribute: int, depth: int) -> TypedAttribute:
    if attribute != AttributeType.AGGREGATE:
        return TypedAttribute(attribute, _decode(at, 0, attribute, depth))
    elements = aggregate_elements(at, depth)
    return TypedAttribute(attribute, tuple(_typed(element, type, depth + 1) for element, type in elements))


def aggregate_elements(at: Cursor, depth: int) -> Iterator[tuple[Cursor, int]]:
    """For each element of the aggregate at the cursor, a cursor at its start and its attribute type.

    Raises:
        BefError: the aggregate is cut off, nested too deeply, or an element is out of place.
    """
    if depth > MAX_NESTING:
        at.fail("aggregate attributes are nested too deeply")
    start = at.position
    if _u32(at, "an aggregate") == 0:
        # An empty array has no header; a header does not start with four zeros.
        return
    at.position = start
    size = _header(at)[3]
    count = _u32(at, "an aggregate's length")
    offsets = struct.unpack_from(f"<{count}I", at.data, at.take(4 * count, "an aggregate"))
    first = at.position
    end = min(start + size, at.end)
    # An element ends in front of the next one's type byte.
    stops = [offset - 1 for offset in offsets[1:]] + [end - start]
    for offset, stop in zip(offsets, stops, strict=False):
        # Each element lies in its own stretch: shared ones could blow up without bound when nested.
        if not first < start + offset <= start + stop <= end:
            at.fail(f"an aggregate's element at {offset} is out of place", start)
        first = start + offset
        yield Cursor(at.data, first, start + stop, at.section), at.data[first - 1]


def _compilation_unit(at: Cursor) -> CompilationUnit:
    number = at.vbr("a compilation unit's number")
    lengths = [at.vbr("a symbol's length")]
    lengths += [at.vbr("a symbol's length") for _ in range(at.count("nested symbols"))]
    size = at.vbr("a compilation unit's length")
    symbol = tuple([_slice(at, length, "a symbol") for length in lengths])
    return CompilationUnit(number, symbol, _slice(at, size, "a compilation unit"))


def _slice(at: Cursor, length: int, what: str) -> str:
    start = at.take(length, what)
    return bytes(at.data[start : start + length]).decode("utf-8", "surrogateescape")
