"""Writing attributes: which of them BEF can hold, how each is stored, and where it ends up.

The layouts are those that `tfrt.executor.bef.attribute_values` reads.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import Any, NamedTuple

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

_INTEGER_BYTES = {1: 1, 8: 1, 16: 2, 32: 4, 64: 8}
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
    is_known = isinstance(type, IntegerType) and type.width.data in _INTEGER_BYTES
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


class AttributeWriter:
    """Writes attributes of a module, which keeps them: what has been found out of one is known by its identity.

    Attributes:
        out: where they are written.
        kind_of: gives the type byte of an attribute.
        serialize: see `SerializeUnit`.
        put: appends the elements of a dense attribute.
    """

    def __init__(
        self,
        out: Writer,
        kind_of: Callable[[Attribute], int],
        serialize: SerializeUnit,
        put: Callable[[bytes], None] | None = None,
    ):
        self.out = out
        self.kind_of = kind_of
        self.serialize = serialize
        self.put = put
        self._alignments: dict[int, int] = {}

    def write(self, attribute: Attribute) -> int:
        """Append an attribute that BEF can hold and return its offset."""
        return _form_of(attribute.__class__).write(self, attribute)

    def alignment_of(self, attribute: Attribute) -> int:
        """The alignment of an attribute in an array."""
        alignment = _form_of(attribute.__class__).alignment
        if isinstance(alignment, int):
            return alignment
        found = self._alignments.get(id(attribute))
        if found is None:
            found = self._alignments[id(attribute)] = alignment(self, attribute)
        return found

    def scalar(self, attribute: Attribute) -> int:
        """Write a number, or the type byte of an element type."""
        out, data = self.out, _scalar_bytes(attribute)
        out.align(len(data))
        offset = len(out)
        out.data += data
        return offset

    def string(self, attribute: StringAttr) -> int:
        data = _bytes(attribute.data)
        offset = _counted(self.out, len(data), 1)
        self.out.data += data
        return offset

    def shape(self, attribute: ShapeAttr) -> int:
        dimensions = attribute.shape
        if dimensions is None:
            return _counted(self.out, 0, 1)
        prefix = _HEADER.size + 4
        offset = _header(self.out, 8, 0, prefix, prefix + 8 * len(dimensions))
        self.out.data += struct.pack(f"<I{len(dimensions)}q", len(dimensions), *dimensions)
        return offset

    def dense(self, attribute: DenseIntOrFPElementsAttr) -> int:
        type = attribute.type
        assert isinstance(type, TensorType | VectorType)
        shape = list(type.get_shape())
        dtype = _dtype_by_spelling(type.element_type)
        assert dtype is not None
        data = dense_bytes(attribute)
        elements = DENSE_HEADER.least_bytes + 8 * len(shape)
        offset = _header(self.out, _TENSOR_ALIGNMENT, dtype, elements & 0xFFFF, elements + len(data))
        self.out.data += struct.pack(f"<III{len(shape)}q", elements, prod(shape), len(shape), *shape)
        if self.put is None:
            self.out.data += data
        else:
            self.put(data)
        return offset

    def array(self, attribute: ArrayAttr[Attribute]) -> int:
        if self.kind_of(attribute) == AttributeType.AGGREGATE:
            return self._aggregate(attribute.data)
        elements = attribute.data
        offset = _counted(self.out, len(elements), self.alignment_of(elements[0]) if elements else 1)
        # They are of one size, by which they are aligned.
        self.out.data += b"".join(map(_scalar_bytes, elements))
        return offset

    def _aggregate(self, elements: Sequence[Attribute]) -> int:
        out, count = self.out, len(elements)
        alignment = max(4, *map(self.alignment_of, elements))
        offset = _header(out, alignment, 0, _HEADER.size + 4 + 4 * count & 0xFFFF, 0)
        out.data += count.to_bytes(4, "little")
        entry = len(out)
        out.data += bytes(4 * count)
        for element in elements:
            # The byte in front of an element is its type; padding may come between this one and it.
            out.byte(PADDING)
            at = self.write(element)
            out.data[out.index(at) - 1] = self.kind_of(element)
            _WORD.pack_into(out.data, out.index(entry), at - offset)
            entry += 4
        _WORD.pack_into(out.data, out.index(offset) + 4, len(out) - offset)
        return offset

    def symbol(self, attribute: SymbolRefAttr) -> int:
        out = self.out
        offset = len(out)
        number, module = self.serialize(attribute)
        names = [_bytes(name.data) for name in (attribute.root_reference, *attribute.nested_references)]
        text = _bytes(module)
        out.vbr(number)
        out.vbr(len(names[0]))
        out.vbr(len(names) - 1)
        for name in names[1:]:
            out.vbr(len(name))
        out.vbr(len(text))
        out.data += b"".join(names) + text + b"\0"
        return offset


_WORD = struct.Struct("<I")


class _Form(NamedTuple):
    """How attributes of a class are written, and how they are aligned in arrays: by how much, or what finds that."""

    write: Callable[[AttributeWriter, Any], int]
    alignment: int | Callable[[AttributeWriter, Any], int]


def _integer_alignment(writer: AttributeWriter, attribute: IntegerAttr) -> int:
    # One bit divided by eight is none, which any other alignment exceeds.
    return attribute.type.width.data // 8 if isinstance(attribute.type, IntegerType) else 1


def _float_alignment(writer: AttributeWriter, attribute: FloatAttr) -> int:
    return attribute.type.bitwidth // 8


def _shape_alignment(writer: AttributeWriter, attribute: ShapeAttr) -> int:
    return 1 if attribute.shape is None else 8


def _array_alignment(writer: AttributeWriter, attribute: ArrayAttr[Attribute]) -> int:
    return max(8, *map(writer.alignment_of, attribute.data)) if attribute.data else 8


_FORMS: dict[type, _Form] = {
    IntegerAttr: _Form(AttributeWriter.scalar, _integer_alignment),
    FloatAttr: _Form(AttributeWriter.scalar, _float_alignment),
    StringAttr: _Form(AttributeWriter.string, 4),
    ShapeAttr: _Form(AttributeWriter.shape, _shape_alignment),
    DenseIntOrFPElementsAttr: _Form(AttributeWriter.dense, _TENSOR_ALIGNMENT),
    ArrayAttr: _Form(AttributeWriter.array, _array_alignment),
    SymbolRefAttr: _Form(AttributeWriter.symbol, 1),
}

_TYPE_FORM = _Form(AttributeWriter.scalar, 1)


@cache
def _form_of(kind: type[Attribute]) -> _Form:
    """That of the first class that one is of; element types have none."""
    return next((form for known, form in _FORMS.items() if issubclass(kind, known)), _TYPE_FORM)


def _scalar_bytes(attribute: Attribute) -> bytes:
    """A number, or the type byte of an element type."""
    match attribute:
        case IntegerAttr(type=IntegerType() as type):
            width = type.width.data
            value = attribute.value.data & (1 << width) - 1
            return value.to_bytes(_INTEGER_BYTES[width], "little")
        case FloatAttr():
            return to_bits(attribute.value.data, attribute.type).to_bytes(attribute.type.size, "little")
    dtype = dtype_of(attribute)
    assert dtype is not None  # or BEF could not hold it
    return bytes([dtype])


def _bytes(text: str) -> bytes:
    """A text as its source had it: what is not UTF-8 there is kept as surrogates."""
    return text.encode("utf-8", "surrogateescape")


def _counted(out: Writer, count: int, alignment: int) -> int:
    """The count in front of an array's or a string's elements, which are aligned, and not the count."""
    if alignment <= 4:
        out.align(4)
    else:
        out.align(alignment, prefix=4)
    offset = len(out)
    out.data += count.to_bytes(4, "little")
    return offset


def _header(out: Writer, alignment: int, dtype: int, prefix: int, size: int) -> int:
    out.align(alignment, prefix=prefix)
    offset = len(out)
    out.data += _HEADER.pack(alignment, dtype, prefix, size)
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
