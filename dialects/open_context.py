"""An xDSL context in which some dialects are open: their unknown ops and types are kept, not refused."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.context import Context
from xdsl.dialects.builtin import UnregisteredAttr, UnregisteredOp
from xdsl.ir import Operation, TypeAttribute

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
        known = super().get_optional_type(name)
        if known is not None or name.partition(".")[0] not in OPEN_TO_UNKNOWN_TYPES:
            return known
        unknown = UnregisteredAttr.with_name_and_type(name, True)
        assert issubclass(unknown, TypeAttribute)
        self._loaded_types[name] = unknown
        return unknown

    def clone(self) -> OpenContext:
        return OpenContext(
            self.allow_unregistered,
            self._loaded_dialects.copy(),
            self._loaded_ops.copy(),
            self._loaded_attrs.copy(),
            self._loaded_types.copy(),
            self._registered_dialects.copy(),
        )
