"""Types that words name, and shaped ones, to xDSL attributes.

The rules about what fits which type are MLIR's. Each function raises `SyntaxFailure` at the literal that is wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AnyFloat,
    ComplexType,
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
    IndexType,
    IntegerType,
    MemRefType,
    NoneType,
    Signedness,
    TensorType,
    UnrankedMemRefType,
    UnrankedTensorType,
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

from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.dialects.shared import interning

_MAX_INTEGER_WIDTH = (1 << 24) - 1
_INTEGER_TYPE = re.compile(r"(i|si|ui)([0-9]+)")
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
        sizes = tuple(_dimensions(0, tuple(shape)))
        return (interning.tensor_type if kind == "tensor" else interning.memref_type)(element, sizes)
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
