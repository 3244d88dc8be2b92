"""What is found out once of attributes and types. They never change, and a program has few of them in many places.

To hash one takes as long as its parts are many, so here they are told apart by being one object or not; the front end
and `integers` of StableHLO's directives give one object wherever a text says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache, wraps
from struct import pack, unpack
from typing import Any, TypeVar

from xdsl.dialects.builtin import (
    ArrayAttr,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    MemRefType,
    StringAttr,
    TensorType,
    f64,
    i64,
)
from xdsl.ir import Attribute, Data

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")
_Data = TypeVar("_Data", bound=Data[Any])

_MOST_KEPT = 4096


def once_each(find: Callable[[_Given], _Found]) -> Callable[[_Given], _Found]:
    """`find`, which is asked once for each object. It keeps some thousands of these, so they should be small."""
    known: dict[int, tuple[_Given, _Found]] = {}

    @wraps(find)
    def found(given: _Given) -> _Found:
        entry = known.get(id(given))
        if entry is None:
            if len(known) >= _MOST_KEPT:
                known.clear()
            # What was given is kept, so that its id is not used again.
            entry = known[id(given)] = given, find(given)
        return entry[1]

    return found


def once_all(find: Callable[[tuple[Attribute, ...]], _Found]) -> Callable[[Iterable[Attribute]], _Found]:
    """The same for several attributes in a row."""
    known: dict[tuple[int, ...], tuple[tuple[Attribute, ...], _Found]] = {}

    @wraps(find)
    def found(attributes: Iterable[Attribute]) -> _Found:
        given = tuple(attributes)
        key = tuple(map(id, given))
        entry = known.get(key)
        if entry is None:
            if len(known) >= _MOST_KEPT:
                known.clear()
            entry = known[key] = given, find(given)
        return entry[1]

    return found


@once_all
def array_attribute(elements: tuple[Attribute, ...]) -> ArrayAttr[Attribute]:
    """The attribute of several others, one object for the same ones."""
    return ArrayAttr(elements)


@lru_cache(maxsize=_MOST_KEPT)
def tensor_type(element: Attribute, sizes: tuple[int, ...]) -> TensorType[Attribute]:
    """The type of tensors without an encoding, one object for each."""
    return TensorType(element, sizes)


@lru_cache(maxsize=_MOST_KEPT)
def memref_type(element: Attribute, sizes: tuple[int, ...]) -> MemRefType[Attribute]:
    """The type of memory without a layout, one object for each."""
    return MemRefType(element, sizes)


@lru_cache(maxsize=_MOST_KEPT)
def data_attribute(kind: type[_Data], data: Hashable) -> _Data:
    """The attribute of a class that holds nothing but that, one object for each."""
    return kind.new(data)


@lru_cache(maxsize=_MOST_KEPT)
def string_attribute(value: str) -> StringAttr:
    """The attribute of a string, one object for each."""
    return StringAttr(value)


@lru_cache(maxsize=_MOST_KEPT)
def integer_attribute(value: int) -> IntegerAttr:
    """The attribute of a number of type `i64`, one object for each."""
    return IntegerAttr(int(value), i64)


def double_attribute(value: float) -> FloatAttr[Float64Type]:
    """The attribute of a number of type `f64`, one object for each, bit for bit."""
    return _double(pack("d", value))


@lru_cache(maxsize=_MOST_KEPT)
def _double(bits: bytes) -> FloatAttr[Float64Type]:
    (value,) = unpack("d", bits)
    return FloatAttr(value, f64)


class Identities:
    """Numbers for attributes, the same one for all that are equal."""

    __slots__ = ("_by_object", "_by_value")

    def __init__(self) -> None:
        self._by_object: dict[int, tuple[Attribute, int]] = {}
        self._by_value: dict[Attribute, int] = {}

    def of(self, attribute: Attribute) -> int:
        """The attribute's number."""
        entry = self._by_object.get(id(attribute))
        if entry is None:
            number = self._by_value.setdefault(attribute, len(self._by_value))
            # The attribute is kept, so that its id is not used again.
            entry = self._by_object[id(attribute)] = attribute, number
        return entry[1]
