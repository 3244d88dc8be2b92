"""Going through ops, where nothing changes on the way, and asking their classes what is the same for all of a kind."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeGuard

from xdsl.dialects.builtin import UnregisteredOp
from xdsl.ir import Operation
from xdsl.irdl import IRDLOperation
from xdsl.traits import OpTrait

from tfrt.dialects.shared.ops import blocks_of, ops_of


def ops_in(root: Operation) -> list[Operation]:
    """An op and all inside of it, in the order of the text. xDSL's `walk` takes several times as long."""
    found = [root]
    _add_inner(root, found)
    return found


def _add_inner(root: Operation, found: list[Operation]) -> None:
    for region in root.regions:
        for block in blocks_of(region):
            for op in ops_of(block):
                found.append(op)
                if op.regions:
                    _add_inner(op, found)


def is_defined(kind: type[Operation]) -> TypeGuard[type[IRDLOperation]]:
    """Whether a dialect defines a class of ops in xDSL's way.

    `issubclass` would ask all classes of ops that there are, and keep what each says about each that is none of them.
    """
    return IRDLOperation in kind.__mro__


def is_unregistered(op: Operation) -> TypeGuard[UnregisteredOp]:
    """Whether no dialect defines an op; as `isinstance`, which asks all classes of such ops."""
    return UnregisteredOp in type(op).__mro__


@lru_cache(maxsize=4096)
def has_trait(kind: type[Operation], trait: type[OpTrait], *, if_unregistered: bool = True) -> bool:
    """Whether ops of a class have a trait; what is said of those that no dialect defines is up to the caller."""
    return kind.has_trait(trait, value_if_unregistered=if_unregistered)
