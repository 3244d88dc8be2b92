"""What `arguments` and `metadata` say of arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, IntegerType, MemRefType, StringAttr, UnrankedMemRefType, i64
from xdsl.ir import Attribute
from xdsl.irdl import AnyOf, BaseAttr, IRDLOperation

from tfrt.dialects.shared.interning import integer_attribute, once_all, once_each
from tfrt.dialects.shared.verification import fail

ARRAY = AnyOf((BaseAttr(MemRefType), BaseAttr(UnrankedMemRefType)))
"""An array, of a rank that may not be known."""


@once_all
def metadata_attribute(types: Sequence[Attribute]) -> ArrayAttr:
    """What `arguments` and `metadata` say of arrays of these types."""
    return ArrayAttr([_of_type(type) for type in types])


@once_each
def _of_type(type: Attribute) -> ArrayAttr:
    if isinstance(type, UnrankedMemRefType):
        return ArrayAttr([type.element_type, StringAttr("*")])
    if isinstance(type, IntegerType):
        return ArrayAttr([type])
    if not isinstance(type, MemRefType):
        return ArrayAttr([])
    return ArrayAttr([type.element_type, *map(integer_attribute, type.get_shape())])


@once_each
def is_number(type: Attribute) -> bool:
    """Whether what has a type is a number, not an array."""
    return isinstance(type, IntegerType)


def check_metadata(op: IRDLOperation, name: str, attribute: ArrayAttr, types: Iterable[Attribute]) -> None:
    """Refuse an op whose attribute of that name says something else of its arrays."""
    expected = metadata_attribute(types)
    if attribute is not expected and attribute != expected:
        fail(op, f"attribute '{name}' must say the types of the arrays: {expected}")


def is_index(attribute: Attribute) -> bool:
    """Whether an attribute is a number from 0 on."""
    if type(attribute) is not IntegerAttr:
        return False
    return (attribute.type is i64 or attribute.type == i64) and attribute.value.data >= 0
