"""Which op a symbol names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Operation

from tfrt.dialects.shared.ops import ops_of

_tables: ContextVar[dict[Operation, dict[str, Operation]] | None] = ContextVar("symbol tables", default=None)


@contextmanager
def shared_symbol_tables() -> Iterator[None]:
    """Go through each module once for all look-ups inside. Modules must keep their symbols meanwhile.

    Without, each look-up goes through the module.
    """
    token = _tables.set({} if (shared := _tables.get()) is None else shared)
    try:
        yield
    finally:
        _tables.reset(token)


def symbols_of(module: Operation) -> Mapping[str, Operation]:
    """The ops in the body of `module` by their names; the first one where several have the same.

    Unlike xDSL's symbol tables, this makes sense of modules and functions that do not verify.
    """
    tables = _tables.get()
    table = None if tables is None else tables.get(module)
    if table is None:
        table = {}
        for op in (op for region in module.regions for block in region.blocks for op in ops_of(block)):
            name = op.get_attr_or_prop("sym_name")
            if isinstance(name, StringAttr):
                table.setdefault(name.data, op)
        if tables is not None:
            tables[module] = table
    return table


def find_symbol(op: Operation, name: str) -> Operation | None:
    """The op of that name in the nearest module around `op`."""
    module: Operation | None = op
    while module is not None and not isinstance(module, ModuleOp):
        module = module.parent_op()
    return None if module is None else symbols_of(module).get(name)
