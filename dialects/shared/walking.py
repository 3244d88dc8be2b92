"""Going through ops, where nothing changes on the way, and asking their classes what is the same for all of a kind."""

from __future__ import annotations

from functools import lru_cache

from xdsl.ir import Operation
from xdsl.traits import OpTrait


def ops_in(root: Operation) -> list[Operation]:
    """An op and all inside of it, in the order of the text. xDSL's `walk` takes several times as long."""
    found = [root]
    _add_inner(root, found)
    return found


def _add_inner(root: Operation, found: list[Operation]) -> None:
    for region in root.regions:
        for block in region.blocks:
            op = block.first_op
            while op is not None:
                found.append(op)
                if op.regions:
                    _add_inner(op, found)
                op = op.next_op


@lru_cache(maxsize=4096)
def has_trait(kind: type[Operation], trait: type[OpTrait], *, if_unregistered: bool = True) -> bool:
    """Whether ops of a class have a trait; what is said of those that no dialect defines is up to the caller."""
    return kind.has_trait(trait, value_if_unregistered=if_unregistered)
