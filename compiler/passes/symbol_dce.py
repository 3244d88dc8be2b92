"""`symbol-dce`: removes functions that nobody can call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation
from xdsl.passes import ModulePass

from tfrt.dialects.shared.interning import once_each
from tfrt.dialects.shared.walking import ops_in


@dataclass(frozen=True)
class SymbolDce(ModulePass):
    """Removes private functions that no other one refers to; hosts find all others by name."""

    name = "symbol-dce"
    anchor = "builtin.module"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = functions_of(op)
        erase_unused(op, {name for name, function in functions.items() if is_private(function)})


def erase_unused(module: ModuleOp, candidates: Set[str]) -> None:
    """Remove those of the candidates, functions of `module`, that none of its other functions leads to."""
    if not candidates:
        return
    functions = functions_of(module)
    waiting = [name for name in functions if name not in candidates]
    waiting += [name for other in module.ops if not isinstance(other, FuncOp) for name in names_in(other)]
    used: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in functions and name not in used:
            used.add(name)
            waiting.extend(names_in(functions[name]))
    for name, function in functions.items():
        if name not in used:
            function.detach()
            function.erase()


def functions_of(module: ModuleOp) -> dict[str, FuncOp]:
    """The module's functions by name."""
    return {op.sym_name.data: op for op in module.ops if isinstance(op, FuncOp)}


def names_in(root: Operation) -> Iterator[str]:
    """The symbols that an op, and those inside it, refer to."""
    for op in ops_in(root):
        for attribute in (*op.attributes.values(), *op.properties.values()):
            if _may_name(attribute.__class__):
                yield from _names(attribute)


@cache
def _may_name(kind: type[Attribute]) -> bool:
    """Whether symbols may be in attributes of a class."""
    return issubclass(kind, (SymbolRefAttr, ArrayAttr, DictionaryAttr))


@once_each
def _names(attribute: Attribute) -> Sequence[str]:
    match attribute:
        case SymbolRefAttr():
            return [attribute.root_reference.data]
        case ArrayAttr():
            items: Iterable[Attribute] = attribute.data
        case DictionaryAttr():
            items = attribute.data.values()
        case _:
            return []
    return [name for item in items if _may_name(item.__class__) for name in _names(item)]


def is_private(function: FuncOp) -> bool:
    return function.sym_visibility == StringAttr("private") and bool(function.body.blocks)
