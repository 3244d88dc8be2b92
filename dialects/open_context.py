"""An xDSL context in which some dialects are open: their unknown ops and types are kept, not refused."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from xdsl.context import Context
from xdsl.dialects.builtin import UnregisteredAttr, UnregisteredOp
from xdsl.ir import Attribute, Operation, TypeAttribute

from tfrt.dialects import OPEN_TO_UNKNOWN_OPS, OPEN_TO_UNKNOWN_TYPES


class OpenContext(Context):
    """Looks names up as any xDSL context does; where the dialect is open, an unknown name is unregistered."""

    def get_optional_op(self, name: str, *, dialect_stack: Sequence[str] = ()) -> type[Operation] | None:
        known = super().get_optional_op(name, dialect_stack=dialect_stack)
        if known is not None or name.partition(".")[0] not in OPEN_TO_UNKNOWN_OPS:
            return known
        unknown = UnregisteredOp.with_name(name)
        self._loaded_ops[name] = unknown
        return unknown

    def get_optional_type(self, name: str) -> type[TypeAttribute] | None:
        if name not in self._loaded_types and self._is_unknown(name, OPEN_TO_UNKNOWN_TYPES):
            unknown = unregistered_attribute(name, is_type=True)
            assert issubclass(unknown, TypeAttribute)
            return unknown
        return super().get_optional_type(name)

    def get_optional_attr(self, name: str) -> type[Attribute] | None:
        if name not in self._loaded_attrs and self._is_unknown(name, frozenset()):
            return unregistered_attribute(name, is_type=False)
        return super().get_optional_attr(name)

    def _is_unknown(self, name: str, open_dialects: frozenset[str]) -> bool:
        """Whether `name`, which is not loaded, is to be kept as an unregistered one."""
        dialect = name.partition(".")[0]
        if not (self.allow_unregistered or dialect in open_dialects):
            return False
        loaded = dialect in self._loaded_dialects
        return loaded or dialect not in self._registered_dialects

    def clone(self) -> OpenContext:
        return OpenContext(
            self.allow_unregistered,
            self._loaded_dialects.copy(),
            self._loaded_ops.copy(),
            self._loaded_attrs.copy(),
            self._loaded_types.copy(),
            self._registered_dialects.copy(),
        )


@cache
def unregistered_attribute(name: str, *, is_type: bool) -> type[UnregisteredAttr]:
    """The class of an attribute or type that no dialect defines.

    There is one class for each name, so that what different contexts read compares equal.
    """
    return UnregisteredAttr.with_name_and_type(name, is_type)
