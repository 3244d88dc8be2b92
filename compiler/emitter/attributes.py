"""Writing attributes: which of them BEF can hold, how each is stored, and where it ends up.

The layouts are those that `tfrt.executor.bef.attribute_values` reads.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import Any

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    Signedness,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    VectorType,
    i1,
)
from xdsl.ir import Attribute, TypeAttribute

from tfrt.compiler.float_bits import to_bits
from tfrt.compiler.printer import type_text
from tfrt.dialects.shared.corert_types import ShapeAttr
from tfrt.dialects.shared.interning import once_each
from tfrt.executor.bef.format import ARRAY_BIT, ATTRIBUTE_HEADER, DENSE_HEADER, EMPTY_ARRAY, PADDING, AttributeType
from tfrt.executor.bef.writer import Writer
from tfrt.executor.values.dtype import DType

_BY_SPELLING = {dtype.mlir: dtype for dtype in DType}
_UNSIGNED = {2: DType.UI2, 4: DType.UI4, 8: DType.UI8, 16: DType.UI16, 32: DType.UI32, 64: DType.UI64}
_SIGNED = {1: DType.I1, 2: DType.I2, 4: DType.I4, 8: DType.I8, 16: DType.I16, 32: DType.I32, 64: DType.I64}

_INTEGER_FORMATS = {1: "B", 8: "B", 16: "H", 32: "I", 64: "Q"}
_HEADER = ATTRIBUTE_HEADER.struct()
_TENSOR_ALIGNMENT = 8

_TRUTH = b"\0" + b"\1" * 255

SerializeUnit = Callable[[SymbolRefAttr], tuple[int, str]]
"""Gives the number and the printed form of the compiled module that a symbol is in."""


def attribute_type(attribute: Attribute) -> int:
    """The type byte of an attribute; `AttributeType.UNSUPPORTED` where BEF cannot hold it."""
    return _case_of(attribute.__class__)(attribute)


@cache
def _case_of(kind: type[Attribute]) -> Callable[[Any], int]:
    """What tells the type byte of attributes of a class; to ask each attribute what it is takes many times as long."""
    return next((of for known, of in _CASES.items() if issubclass(kind, known)), lambda attribute: _UNSUPPORTED)


def _integer_type(attribute: IntegerAttr) -> int:
    type = attribute.type
    is_known = isinstance(type, IntegerType) and type.width.data in _INTEGER_FORMATS
    dtype = dtype_of(type) if is_known else None
    return _UNSUPPORTED if dtype is None else dtype


def _float_type(attribute: FloatAttr) -> int:
    # Smaller ones are only in tensors.
    dtype = dtype_of(attribute.type) if attribute.type.bitwidth > 8 else None
    return _UNSUPPORTED if dtype is None else dtype


def _dense_type(attribute: DenseIntOrFPElementsAttr) -> int:
    type = attribute.type
    dtype = _dtype_by_spelling(type.element_type) if isinstance(type, (TensorType, VectorType)) else None
    return _UNSUPPORTED if dtype is None else AttributeType.DENSE


def _array_type(array: ArrayAttr[Attribute]) -> int:
    return array_type([attribute_type(element) for element in array.data])


def array_type(types: Sequence[int]) -> int:
    """The type byte of an array whose elements have these."""
    if not types:
        return EMPTY_ARRAY
    if _UNSUPPORTED in types:
        return _UNSUPPORTED
    first = types[0]
    is_fixed = first == AttributeType.TYPE or first in _FIXED
    return first | ARRAY_BIT if is_fixed and types.count(first) == len(types) else AttributeType.AGGREGATE


def _type_type(attribute: Attribute) -> int:
    return _UNSUPPORTED if dtype_of(attribute) is None else AttributeType.TYPE


_UNSUPPORTED = AttributeType.UNSUPPORTED

_CASES: dict[type, Callable[[Any], int]] = {
    IntegerAttr: _integer_type,
    FloatAttr: _float_type,
    StringAttr: lambda attribute: DType.STRING,
    ShapeAttr: lambda attribute: AttributeType.SHAPE,
    DenseIntOrFPElementsAttr: _dense_type,
    ArrayAttr: _array_type,
    SymbolRefAttr: lambda attribute: AttributeType.SYMBOL_REF,
    TypeAttribute: _type_type,
}
"""The first class that an attribute is of counts."""


# Types are few, and to spell one takes longer than to find it again.
@once_each
def dtype_of(type: Attribute) -> DType | None:
    """The element type that stands for a type. BEF does not tell signed integers from signless ones."""
    if isinstance(type, IntegerType):
        widths = _UNSIGNED if type.signedness.data is Signedness.UNSIGNED else _SIGNED
        return widths.get(type.width.data)
    return _dtype_by_spelling(type)


@once_each
def _dtype_by_spelling(type: Attribute) -> DType | None:
    """The element type of that name, where the signedness of integers counts."""
    return _BY_SPELLING.get(type_text(type))


_FIXED = frozenset(DType) - {DType.STRING}
"""Types of elements that all take as many bytes."""


def write_attribute(
    out: Writer, attribute: Attribute, serialize: SerializeUnit, *, put: Callable[[bytes], None] | None = None
) -> int:
    """Append an attribute that BEF can hold and return its offset.

    Args:
        put: appends the elements of a dense attribute.
    """
    kind = attribute_type(attribute)
    match attribute:
        case IntegerAttr(type=IntegerType() as type):
            width = type.width.data
            value = attribute.value.data & (1 << width) - 1
            return _scalar(out, struct.pack(f"<{_INTEGER_FORMATS[width]}", value))
        case FloatAttr():
            return _scalar(out, to_bits(attribute.value.data, attribute.type).to_bytes(attribute.type.size, "little"))
        case StringAttr():
            data = _bytes(attribute.data)
            offset = _counted(out, len(data), 1)
            out.data += data
            return offset
        case ShapeAttr():
            return _shape(out, attribute)
        case DenseIntOrFPElementsAttr():
            return _dense(out, attribute, out.data.extend if put is None else put)
        case ArrayAttr():
            if kind == AttributeType.AGGREGATE:
                return _aggregate(out, attribute, serialize)
            offset = _counted(out, len(attribute.data), _alignment(attribute.data[0]) if attribute.data else 1)
            for element in attribute:
                write_attribute(out, element, serialize)
            return offset
        case SymbolRefAttr():
            return _symbol_ref(out, attribute, serialize)
    dtype = dtype_of(attribute)
    assert dtype is not None  # or BEF could not hold it
    return _scalar(out, bytes([dtype]))


def _bytes(text: str) -> bytes:
    """A text as its source had it: what is not UTF-8 there is kept as surrogates."""
    return text.encode("utf-8", "surrogateescape")


def _scalar(out: Writer, data: bytes) -> int:
    out.align(len(data))
    offset = len(out)
    out.data += data
    return offset


def _counted(out: Writer, count: int, alignment: int) -> int:
    """The count in front of an array's or a string's elements, which are aligned, and not the count."""
    if alignment <= 4:
        out.align(4)
    else:
        out.align(alignment, prefix=4)
    offset = len(out)
    out.data += struct.pack("<I", count)
    return offset


def _header(out: Writer, alignment: int, dtype: int, prefix: int, size: int) -> int:
    out.align(alignment, prefix=prefix)
    offset = len(out)
    out.data += _HEADER.pack(alignment, dtype, prefix, size)
    return offset


def _shape(out: Writer, shape: ShapeAttr) -> int:
    dimensions = shape.shape
    if dimensions is None:
        return _counted(out, 0, 1)
    prefix = _HEADER.size + 4
    offset = _header(out, 8, 0, prefix, prefix + 8 * len(dimensions))
    out.data += struct.pack(f"<I{len(dimensions)}q", len(dimensions), *dimensions)
    return offset


def _dense(out: Writer, dense: DenseIntOrFPElementsAttr, put: Callable[[bytes], None]) -> int:
    assert isinstance(dense.type, TensorType | VectorType)
    shape = list(dense.type.get_shape())
    dtype = _dtype_by_spelling(dense.type.element_type)
    assert dtype is not None
    count = prod(shape)
    data = dense_bytes(dense)
    elements = DENSE_HEADER.least_bytes + 8 * len(shape)
    offset = _header(out, _TENSOR_ALIGNMENT, dtype, elements & 0xFFFF, elements + len(data))
    out.data += struct.pack(f"<III{len(shape)}q", elements, count, len(shape), *shape)
    put(data)
    return offset


def dense_bytes(dense: DenseIntOrFPElementsAttr) -> bytes:
    """All elements, also where the attribute holds one for all; a truth value is a byte, 0 or 1."""
    data = dense.data.data
    dtype = _dtype_by_spelling(dense.get_element_type())
    assert dtype is not None
    size = dtype.numpy.itemsize
    if dense.get_element_type() == i1:
        data = data.translate(_TRUTH)
    return data * prod(dense.get_shape()) if len(data) == size else data


def _aggregate(out: Writer, array: ArrayAttr[Attribute], serialize: SerializeUnit) -> int:
    count = len(array.data)
    alignment = max(4, *map(_alignment, array.data))
    offset = _header(out, alignment, 0, _HEADER.size + 4 + 4 * count & 0xFFFF, 0)
    out.data += struct.pack("<I", count)
    entry = len(out)
    out.data += bytes(4 * count)
    for element in array:
        # The byte in front of an element is its type; padding may come between this one and it.
        out.byte(PADDING)
        at = write_attribute(out, element, serialize)
        out.data[out.index(at) - 1] = attribute_type(element)
        struct.pack_into("<I", out.data, out.index(entry), at - offset)
        entry += 4
    struct.pack_into("<I", out.data, out.index(offset) + 4, len(out) - offset)
    return offset


def _symbol_ref(out: Writer, symbol: SymbolRefAttr, serialize: SerializeUnit) -> int:
    offset = len(out)
    number, module = serialize(symbol)
    names = [_bytes(name.data) for name in (symbol.root_reference, *symbol.nested_references)]
    text = _bytes(module)
    out.vbr(number)
    out.vbr(len(names[0]))
    out.vbr(len(names) - 1)
    for name in names[1:]:
        out.vbr(len(name))
    out.vbr(len(text))
    out.data += b"".join(names) + text + b"\0"
    return offset


def _alignment(attribute: Attribute) -> int:
    match attribute:
        case IntegerAttr(type=IntegerType() as type):
            # One bit divided by eight is none, which any other alignment exceeds.
            return type.width.data // 8
        case FloatAttr():
            return attribute.type.bitwidth // 8
        case StringAttr():
            return 4
        case ShapeAttr():
            return 1 if attribute.shape is None else 8
        case DenseIntOrFPElementsAttr():
            return _TENSOR_ALIGNMENT
        case ArrayAttr():
            return max(8, *map(_alignment, attribute.data)) if attribute.data else 8
    return 1
