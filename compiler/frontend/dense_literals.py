"""Dense values and arrays of elements to xDSL attributes.

The rules about what fits which type are MLIR's. Each function raises `SyntaxFailure` at the literal that is wrong.
"""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from math import prod
from typing import Any

from xdsl.dialects.builtin import (
    AnyFloat,
    ArrayAttr,
    BytesAttr,
    ComplexType,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    DenseResourceAttr,
    IndexType,
    IntegerType,
    ShapedType,
    Signedness,
    StringAttr,
    TensorType,
    UnregisteredAttr,
    VectorType,
    i1,
)
from xdsl.ir import Attribute

from tfrt.compiler.float_bits import pack
from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.compiler.frontend.lexer import Token, Uncopied
from tfrt.compiler.frontend.number_lists import NumberList
from tfrt.compiler.frontend.number_literals import number_value
from tfrt.compiler.frontend.string_literals import unescape
from tfrt.dialects.tf_type import STRING, StringsAttr

MAX_DENSE_BYTES = 1 << 30
"""xDSL stores every element, so a splat of a huge shape would take memory in proportion."""

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
    return number_value(value, type)


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
