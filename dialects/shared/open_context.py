"""An xDSL context in which some dialects are open: their unknown ops and types are kept, not refused.

Dialects that are not registered are looked for with `find`, which for all of TFRT's contexts finds those of installed
packages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import fields
from functools import cache
from typing import NamedTuple, TypeVar

from xdsl.context import Context
from xdsl.dialects.builtin import UnregisteredAttr, UnregisteredOp
from xdsl.ir import Attribute, Dialect, Operation, TypeAttribute

from tfrt.dialects.shared.definitions import OpenDialect
from tfrt.dialects.shared.interning import once_each

_Found = TypeVar("_Found")


class OpenContext(Context):
    """Looks names up as any xDSL context does; where the dialect is open, an unknown name is unregistered."""

    find: Callable[[str], Callable[[], Dialect] | None] | None = None
    """What finds further dialects by name."""

    def knows_dialect_of(self, name: str) -> bool:
        """Whether there is the dialect that a name begins with."""
        dialect, dot, _ = name.partition(".")
        return bool(dot) and self.knows(dialect)

    def knows(self, dialect: str) -> bool:
        """Whether there is a dialect of that name."""
        if dialect in self._registered_dialects:
            return True
        found = None if self.find is None else self.find(dialect)
        if found is not None:
            self.register_dialect(dialect, found)
        return found is not None

    def is_open(self, name: str) -> bool:
        """Whether the dialect that a name begins with keeps ops and types that it does not define."""
        dialect = name.partition(".")[0]
        return self.knows_dialect_of(name) and isinstance(self.get_optional_dialect(dialect), OpenDialect)

    def get_optional_op(self, name: str, *, dialect_stack: Sequence[str] = ()) -> type[Operation] | None:
        self.knows_dialect_of(name)
        known = super().get_optional_op(name, dialect_stack=dialect_stack)
        return _unregistered_op(name) if known is None and self.is_open(name) else known

    def get_optional_type(self, name: str) -> type[TypeAttribute] | None:
        known: type[Attribute] | None = self._defined(super().get_optional_type, name)
        if known is None and (self.allow_unregistered or self.is_open(name)):
            known = unregistered_attribute(name, is_type=True)
        assert known is None or issubclass(known, TypeAttribute)
        return known

    def get_optional_attr(self, name: str) -> type[Attribute] | None:
        known: type[Attribute] | None = self._defined(super().get_optional_attr, name)
        return unregistered_attribute(name, is_type=False) if known is None and self.allow_unregistered else known

    def load_registered_dialect(self, name: str) -> None:
        """As any xDSL context does, but all that a dialect defines at once, unless there is any of it already."""
        make = self._registered_dialects.get(name)
        defined = None if make is None else _defined_in(dialect := make())
        if defined is None or not (
            defined.ops.keys().isdisjoint(self._loaded_ops)
            and defined.types.keys().isdisjoint(self._loaded_types)
            and defined.attributes.keys().isdisjoint(self._loaded_attrs)
        ):
            super().load_registered_dialect(name)
            return
        self._loaded_dialects[dialect.name] = dialect
        self._loaded_ops.update(defined.ops)
        self._loaded_types.update(defined.types)
        self._loaded_attrs.update(defined.attributes)

    def clone(self) -> OpenContext:
        same = OpenContext(*(copy(getattr(self, field.name)) for field in fields(self)))
        same.find = self.find
        return same

    def _defined(self, look_up: Callable[[str], _Found | None], name: str) -> _Found | None:
        """What a dialect defines under a name. Where unknown ones are allowed, xDSL makes a class for each context."""
        self.knows_dialect_of(name)
        allowed, self.allow_unregistered = self.allow_unregistered, False
        try:
            return look_up(name)
        finally:
            self.allow_unregistered = allowed


class _Defined(NamedTuple):
    """What a dialect defines, by name."""

    ops: dict[str, type[Operation]]
    types: dict[str, type[TypeAttribute]]
    attributes: dict[str, type[Attribute]]


@once_each
def _defined_in(dialect: Dialect) -> _Defined | None:
    """What a dialect defines; None where it has something twice, which is for xDSL to say."""
    ops, attributes = [*dialect.operations], [*dialect.attributes]
    found = _Defined(
        {each.name: each for each in ops},
        {each.name: each for each in attributes if issubclass(each, TypeAttribute)},
        {each.name: each for each in attributes if not issubclass(each, TypeAttribute)},
    )
    is_clear = len(found.ops) == len(ops) and len(found.types) + len(found.attributes) == len(attributes)
    return found if is_clear else None


@cache
def unregistered_attribute(name: str, *, is_type: bool) -> type[UnregisteredAttr]:
    """The class of an attribute or type that no dialect defines.

    There is one class for each name, so that what different contexts read compares equal.
    """
    return UnregisteredAttr.with_name_and_type(name, is_type)


@cache
def _unregistered_op(name: str) -> type[Operation]:
    return UnregisteredOp.with_name(name)
