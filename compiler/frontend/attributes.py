"""Literals to xDSL attributes: numbers, strings, shaped types, dense values.

The rules about what fits which type are MLIR's. Each function raises `SyntaxFailure` at the literal that is
wrong.
"""

from __future__ import annotations

import math
import re
from binascii import unhexlify
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from math import prod
from typing import Any, Literal

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AnyFloat,
    ArrayAttr,
    BFloat16Type,
    BytesAttr,
    ComplexType,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DenseResourceAttr,
    Float4E2M1FNType,
    Float6E2M3FNType,
    Float6E3M2FNType,
    Float8E3M4Type,
    Float8E4M3B11FNUZType,
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E4M3Type,
    Float8E5M2FNUZType,
    Float8E5M2Type,
    Float8E8M0FNUType,
    Float16Type,
    Float32Type,
    FloatTF32Type,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneType,
    ShapedType,
    Signedness,
    StringAttr,
    TensorType,
    UnrankedMemRefType,
    UnrankedTensorType,
    UnregisteredAttr,
    VectorType,
    bf16,
    f16,
    f32,
    f64,
    i1,
    i8,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from tfrt.compiler.float_bits import float_attribute, from_bits, pack
from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.compiler.frontend.lexer import Token, Uncopied
from tfrt.compiler.frontend.number_lists import NumberList
from tfrt.dialects.shared import interning
from tfrt.dialects.tf_type import STRING, StringsAttr

MAX_ALIAS_DEPTH = 50
MAX_DENSE_BYTES = 1 << 30
"""xDSL stores every element, so a splat of a huge shape would take memory in proportion."""

_MAX_INTEGER_WIDTH = (1 << 24) - 1
_MAX_LITERAL_DIGITS = 4000
_INTEGER_TYPE = re.compile(r"(i|si|ui)([0-9]+)")
_ESCAPE = re.compile(r"\\(?:([nt\"\\])|([0-9A-Fa-f]{2})|.)", re.DOTALL)
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_SIGNEDNESS = {"i": Signedness.SIGNLESS, "si": Signedness.SIGNED, "ui": Signedness.UNSIGNED}
_NAMED_TYPES: dict[str, Attribute] = {
    "f16": f16,
    "bf16": bf16,
    "f32": f32,
    "f64": f64,
    **{f"i{type.width.data}": type for type in (i1, i8, i16, i32, i64)},
    "index": IndexType(),
    "none": NoneType(),
    **{
        type.name: type()
        for type in (
            Float4E2M1FNType,
            Float6E2M3FNType,
            Float6E3M2FNType,
            Float8E3M4Type,
            Float8E4M3B11FNUZType,
            Float8E4M3FNType,
            Float8E4M3FNUZType,
            Float8E4M3Type,
            Float8E5M2FNUZType,
            Float8E5M2Type,
            Float8E8M0FNUType,
            FloatTF32Type,
        )
    },
}


def scalar_type(word: str) -> Attribute | None:
    """The builtin type that a word names by itself: `i32`, `ui8`, `bf16`, `index`, `none`."""
    named = _NAMED_TYPES.get(word)
    if named is not None:
        return named
    return _integer_type(word)


@lru_cache(maxsize=1024)
def _integer_type(word: str) -> IntegerType | None:
    match = _INTEGER_TYPE.fullmatch(word)
    if match is None or len(match.group(2)) > 8 or not 1 <= int(match.group(2)) <= _MAX_INTEGER_WIDTH:
        return None
    return IntegerType(int(match.group(2)), _SIGNEDNESS[match.group(1)])


# Numbers


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
    value = _number_value(token, type)
    if isinstance(type, (IntegerType, IndexType)):
        return IntegerAttr(value, type)
    assert isinstance(type, AnyFloat)
    return float_attribute(value, type)


def _number_value(token: Token, type: Attribute) -> Any:
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


# Strings and names


def unescape(token: Token) -> str:
    """The contents of a string literal, with `\\n`, `\\t`, `\\"`, `\\\\` and two hexadecimal digits replaced.

    Hexadecimal escapes are bytes; together they are read as UTF-8, and bytes that are not stay surrogate
    escapes.
    """
    body = token[1][1:-1]
    if "\\" not in body:
        return body
    return _unescape(body, token[2] + 1)


def _unescape(body: str, offset: int) -> str:
    result = bytearray()
    position = 0
    for match in _ESCAPE.finditer(body):
        result += body[position : match.start()].encode("utf-8", "surrogateescape")
        simple, digits = match.groups()
        if simple is not None:
            result += _SIMPLE_ESCAPES[simple].encode()
        elif digits is not None:
            result.append(int(digits, 16))
        else:
            raise SyntaxFailure(offset + match.start(), "unknown escape in string literal")
        position = match.end()
    result += body[position:].encode("utf-8", "surrogateescape")
    return result.decode("utf-8", "surrogateescape")


def symbol_name(token: Token) -> str:
    """The name in `@name` or `@"any name"`."""
    text = token[1][1:]
    if not text.startswith('"'):
        return text
    return _unescape(text[1:-1], token[2] + 2)


def attribute_name(token: Token) -> str:
    if token[0] != "STRING":
        name: str = token[1]
        return name
    name = unescape(token)
    if not name:
        raise SyntaxFailure(token[2], "expected valid attribute name")
    return name


# Types


def tensor_type(
    offset: int, shape: tuple[str, ...] | None, element: Attribute, encoding: Attribute | None
) -> Attribute:
    """`tensor<2x?xf32>` or, for shape None, `tensor<*xf32>`."""
    if shape is None:
        if encoding is not None:
            raise SyntaxFailure(offset, "cannot apply encoding to unranked tensor")
        return UnrankedTensorType(element)
    sizes = _dimensions(offset, shape)
    return interning.tensor_type(element, tuple(sizes)) if encoding is None else TensorType(element, sizes, encoding)


@lru_cache(maxsize=1024)
def shaped_type(text: str) -> Attribute | Literal[False]:
    """The type that is spelled `tensor<2x3xf32>` or `memref<…>`, without unknown sizes; False for what is none.

    All that spell it alike get one object.
    """
    kind, _, inner = text[:-1].partition("<")
    *shape, word = inner.split("x") if "index" not in inner else (*inner.split("x")[:-2], "index")
    element = scalar_type(word)
    if element is None:
        return False
    try:
        sizes = _dimensions(0, tuple(shape))
        return interning.tensor_type(element, tuple(sizes)) if kind == "tensor" else MemRefType(element, sizes)
    except (SyntaxFailure, VerifyException):
        return False


def vector_type(offset: int, shape: tuple[str, ...] | None, element: Attribute) -> Attribute:
    if shape is None or "?" in shape:
        raise SyntaxFailure(offset, "expected a vector type with known dimensions")
    if not isinstance(element, (IntegerType, IndexType, AnyFloat)):
        raise SyntaxFailure(offset, "vector elements must be int/index/float type")
    dimensions = _dimensions(offset, shape)
    if 0 in dimensions:
        raise SyntaxFailure(offset, "vector types must have positive constant sizes")
    return VectorType(element, dimensions)


def complex_type(offset: int, element: Attribute) -> Attribute:
    if not isinstance(element, (IntegerType, AnyFloat)):
        raise SyntaxFailure(offset, "invalid element type for complex")
    return ComplexType(element)


def memref_type(offset: int, shape: tuple[str, ...] | None, element: Attribute) -> Attribute:
    if shape is None:
        return UnrankedMemRefType.from_type(element)
    return MemRefType(element, _dimensions(offset, shape))


def _dimensions(offset: int, shape: tuple[str, ...]) -> list[int]:
    dimensions = []
    for text in shape:
        if text != "?" and (not text.isdecimal() or len(text) > 19 or int(text) >= 1 << 63):
            raise SyntaxFailure(offset, "invalid dimension")
        dimensions.append(DYNAMIC_INDEX if text == "?" else int(text))
    return dimensions


# Dense values

Nested = Any
"""A scalar token, a `("COMPLEX", (re, im))` pair, a string token (hex blob), a list of these, or None."""


def dense(value: Nested, type: Attribute, offset: int) -> Attribute:
    """`dense<value> : type`: nothing, one value for all elements, nested lists, or the elements' bytes in
    hex.
    """
    if isinstance(type, TensorType) and _holds_strings(type):
        return _strings(value, type, offset)
    type, element, count = _dense_type(type, _offset_of(value, offset))
    shape = type.get_shape()
    if isinstance(value, tuple) and isinstance(value[1], NumberList):
        data = value[1].elements(shape, element)
        if data is not None:
            return DenseIntOrFPElementsAttr(type, BytesAttr(data))
        value = value[1].tokens()
    if isinstance(value, tuple) and value[0] == "STRING":
        return DenseIntOrFPElementsAttr(type, BytesAttr(_hex_blob(value, element, count)))
    if value is None or value == []:
        if count:
            what = "parsed zero elements" if value is None else "inferred shape of elements literal ([0])"
            raise SyntaxFailure(_offset_of(value, offset), f"{what}, but type ({type}) expected at least 1")
        return DenseIntOrFPElementsAttr(type, BytesAttr(b""))
    if not isinstance(value, list):
        data = pack((_element(value, element, offset),), element)
        return DenseIntOrFPElementsAttr(type, BytesAttr(data * count))
    found = _shape_of(value, offset)
    if found != tuple(shape):
        raise SyntaxFailure(
            _offset_of(value, offset),
            f"inferred shape of elements literal ({list(found)}) does not match type ({list(shape)})",
        )
    elements = [_element(leaf, element, offset) for leaf in _leaves(value)]
    return DenseIntOrFPElementsAttr(type, BytesAttr(pack(elements, element)))


def _holds_strings(type: TensorType[Any]) -> bool:
    return isinstance(type.element_type, UnregisteredAttr) and type.element_type.attr_name.data == STRING


def _strings(value: Nested, type: TensorType[Any], offset: int) -> Attribute:
    """`dense<value>` of a type whose elements are strings."""
    shape = tuple(type.get_shape())
    if any(d < 0 for d in shape):
        raise SyntaxFailure(offset, "elements literal type must have static shape")
    is_list = isinstance(value, list)
    found = _shape_of(value, offset) if is_list else shape
    leaves = [] if value is None else list(_leaves(value))
    if found != shape or (len(leaves) not in (1, prod(shape)) if not is_list else len(leaves) != prod(shape)):
        raise SyntaxFailure(
            _offset_of(value, offset),
            f"inferred shape of elements literal ({list(found)}) does not match type ({list(shape)})",
        )
    for leaf in leaves:
        if leaf[0] != "STRING":
            raise SyntaxFailure(_offset_of(leaf, offset), "expected string")
    return StringsAttr(ArrayAttr([StringAttr(unescape(leaf)) for leaf in leaves]), type)


def _dense_type(type: Attribute, offset: int) -> tuple[TensorType[Any] | VectorType[Any], Any, int]:
    """`type`, which must be one of dense values, its element type, and how many elements it has."""
    if not isinstance(type, (TensorType, VectorType)):
        raise SyntaxFailure(offset, "elements literal must be a shaped type")
    shape = type.get_shape()
    if any(d < 0 for d in shape):
        raise SyntaxFailure(offset, "elements literal type must have static shape")
    element = type.get_element_type()
    count = prod(shape)
    if not isinstance(element, (IntegerType, IndexType, AnyFloat, ComplexType)):
        raise SyntaxFailure(offset, "expected elements of integer, index, float or complex type")
    if isinstance(element, IntegerType) and element.bitwidth > 64:
        raise SyntaxFailure(offset, "dense elements of more than 64 bits are not supported")
    if count * element.compile_time_size > MAX_DENSE_BYTES:
        raise SyntaxFailure(offset, f"dense elements take more than {MAX_DENSE_BYTES} bytes")
    return type, element, count


def resource_blob(key: str, token: Token) -> bytes:
    """The bytes of a resource: hexadecimal digits in the text, of which the first four bytes are an alignment."""
    what = f"expected hex string blob for key '{key}'"
    blob = hex_bytes(token) if token[0] == "STRING" else None
    if blob is None:
        raise SyntaxFailure(token[2], what)
    if len(blob) < 4:
        raise SyntaxFailure(token[2], f"{what} to encode alignment in first 4 bytes")
    alignment = int.from_bytes(blob[:4], "little")
    if alignment & (alignment - 1):
        raise SyntaxFailure(
            token[2], f"{what} to encode alignment in first 4 bytes, but got non-power-of-2 value: {alignment}"
        )
    return blob[4:]


def dense_resource(key: str, blob: bytes | None, type: Attribute, offset: int) -> Attribute:
    """`dense_resource<key> : type`: the dense attribute of the same value where the text has the bytes.

    Tools leave large blobs out when they print; such an attribute keeps its key and has no value.
    """
    if not isinstance(type, ShapedType):
        raise SyntaxFailure(offset, "`dense_resource` expected a shaped type")
    if blob is None:
        return DenseResourceAttr.from_params(key, type)
    shaped, element, count = _dense_type(type, offset)
    if len(blob) != count * element.compile_time_size:
        raise SyntaxFailure(offset, f"resource '{key}' has {len(blob)} bytes, which is no value of type {type}")
    if element == i1:
        blob = bytes(blob).translate(_TRUE)
    return DenseIntOrFPElementsAttr(shaped, BytesAttr(blob))


def typed_array(type: Attribute, values: Sequence[Nested], offset: int) -> Attribute:
    """`array<i32: 1, 2>`."""
    if not isinstance(type, (IntegerType, AnyFloat)):
        raise SyntaxFailure(offset, "element type must be an integer or float type")
    if isinstance(type, IntegerType) and type.bitwidth not in (1, 8, 16, 32, 64):
        raise SyntaxFailure(offset, "element type bitwidth must be 1, 8, 16, 32 or 64")
    elements = [_element(value, type, offset) for value in values]
    if isinstance(type, IntegerType):
        return _integer_array(type, tuple(elements))
    return DenseArrayBase(type, BytesAttr(pack(elements, type)))


@lru_cache(maxsize=1024)
def _integer_array(type: IntegerType, elements: tuple[int, ...]) -> Attribute:
    return DenseArrayBase.from_list(type, elements)


def _element(value: Nested, type: Attribute, offset: int) -> Any:
    if isinstance(type, ComplexType):
        if isinstance(value, tuple) and value[0] == "COMPLEX":
            return tuple(_element(part, type.element_type, offset) for part in value[1])
        raise SyntaxFailure(_offset_of(value, offset), "expected '(' in complex element")
    if value[0] in ("TRUE", "FALSE"):
        if type != i1:
            raise SyntaxFailure(value[2], "expected i1 type for 'true' or 'false' values")
        return -1 if value[0] == "TRUE" else 0
    if value[0] in ("COMPLEX", "STRING"):
        raise SyntaxFailure(_offset_of(value, offset), "expected element literal of primitive type")
    return _number_value(value, type)


def _shape_of(value: list[Nested], offset: int) -> tuple[int, ...]:
    inner = {_shape_of(item, offset) if isinstance(item, list) else () for item in value}
    if len(inner) > 1:
        raise SyntaxFailure(
            _offset_of(value, offset), "tensor literal is invalid; ranks are not consistent between elements"
        )
    return (len(value), *(inner.pop() if inner else ()))


def _leaves(value: Nested) -> Iterator[Nested]:
    if not isinstance(value, list):
        yield value
        return
    for item in value:
        yield from _leaves(item)


def hex_bytes(token: Token) -> bytes | None:
    """The bytes that a string of `0x` and pairs of hexadecimal digits spells; None for other strings."""
    text = token[1]
    # Not bytes.fromhex, which passes over spaces.
    try:
        if isinstance(text, Uncopied):
            return b"".join(map(unhexlify, text.parts(3, 1, _DIGITS_AT_ONCE)))
        return unhexlify(text[3:-1]) if text.startswith('"0x') else None
    except ValueError:
        return None


_DIGITS_AT_ONCE = 1 << 20


def _hex_blob(token: Token, element: Any, count: int) -> bytes:
    data = hex_bytes(token)
    if data is None:
        raise SyntaxFailure(token[2], "expected string containing hex digits starting with `0x`")
    size = element.compile_time_size
    if isinstance(element, IntegerType) and element.bitwidth == 1:
        return _packed_bits(token, data, count)
    if isinstance(element, IntegerType) and element.bitwidth < 8:
        data = data.translate(_small_integers(element))
    elif isinstance(element, AnyFloat) and element.bitwidth < 8:
        data = data.translate(bytes(byte & (1 << element.bitwidth) - 1 for byte in range(256)))
    if len(data) == size and count:
        return data * count
    if len(data) != size * count:
        raise SyntaxFailure(token[2], "elements hex data size is invalid for provided type")
    return data


@cache
def _small_integers(type: IntegerType) -> bytes:
    """What each byte is, of which only the lowest bits count, in memory."""
    mask = (1 << type.bitwidth) - 1
    half = 0 if type.signedness.data is Signedness.UNSIGNED else 1 << type.bitwidth - 1
    return bytes(((byte & mask) ^ half) - half & 0xFF for byte in range(256))


_TRUE = b"\0" + b"\xff" * 255
"""What each byte of booleans is in memory: IR spells a true one with all bits set."""


def _packed_bits(token: Token, data: bytes, count: int) -> bytes:
    """MLIR has packed i1 elements eight to a byte, lowest bit first, or has one in each byte.

    A byte of all ones or zeros is a splat.
    """
    if len(data) == count > 1:
        return data.translate(_TRUE)
    if len(data) == 1 and data[0] in (0, 255):
        return (b"\xff" if data[0] else b"\0") * count
    if len(data) != (count + 7) // 8:
        raise SyntaxFailure(token[2], "elements hex data size is invalid for provided type")
    return b"".join(b"\xff" if data[i >> 3] >> (i & 7) & 1 else b"\0" for i in range(count))


def _offset_of(value: Nested, default: int) -> int:
    if isinstance(value, tuple):
        return _offset_of(value[1][0], default) if value[0] == "COMPLEX" else value[2]
    if isinstance(value, list):
        return _offset_of(value[0], default) if value else default
    return default
