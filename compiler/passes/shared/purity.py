"""What passes may assume about an op: whether anybody can tell when, or how often, it runs.

A failure can be seen, for it is reported even where nobody uses the result; so an op that may fail is not pure here.
What the dialects do not say (ops in generic form need no definition), the kernels do: those with an inline expression
have no effects and never fail.
"""

from __future__ import annotations

from collections.abc import Container

from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import IsTerminator, Pure

from tfrt.dialects.shared.bodies import control_of
from tfrt.dialects.shared.walking import is_unregistered
from tfrt.dialects.tfrt.types import CHAIN, SCALARS
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.declarations.runs import Control

_PLAIN_TYPES = frozenset((*SCALARS.values(), CHAIN))


def is_pure(op: Operation) -> bool:
    """Whether running `op` has no effects, sees none, and cannot fail."""
    # Dialects call ops pure that make memory, which programs write into, or that may fail to make it.
    if op.has_trait(Pure, value_if_unregistered=False) and all(type in _PLAIN_TYPES for type in op.result_types):
        return True
    if op.regions or op.successors or op.has_trait(IsTerminator, value_if_unregistered=False):
        return False
    kernel = BUILTIN.get(name_of(op))
    return kernel is not None and kernel.never_fails


def name_of(op: Operation) -> str:
    """The op's name, also where no dialect defines it."""
    return op.op_name.data if is_unregistered(op) else op.name


def cannot_fail(value: SSAValue, strict: Container[Block] = (), known: Infallible | None = None) -> bool:
    """Whether a value is surely no error: pure ops have made it from nothing, or from such values.

    Arguments of a branch's regions and of `strict` blocks are no errors: those do not run otherwise.

    Args:
        known: what is known already; takes what is found out, so that each value is looked at once. With the same one,
            `strict` must be the same.
    """
    known = {} if known is None else known
    waiting = [value]
    asked: set[SSAValue] = set()
    while waiting:
        found = waiting[-1]
        owner = found.owner
        if found in asked:
            asked.remove(found)
            known[found] = all(known[operand] for operand in owner.operands)  # type: ignore[union-attr]
        elif found not in known:
            if isinstance(owner, Block):
                known[found] = owner in strict or control_of(owner.parent_op()) is Control.BRANCH
            elif known.setdefault(found, is_pure(owner)) and owner.operands:
                # Looked at again when these are known.
                asked.add(found)
                waiting.extend(operand for operand in owner.operands if operand not in known)
                continue
        waiting.pop()
    return known[value]


Infallible = dict[SSAValue, bool]
"""Of some values, whether they surely are no errors."""


def forget_values_in(block: Block, known: Infallible) -> None:
    """Forget what is known of values in a block that will stand somewhere else."""
    for op in block.walk():
        for value in (*op.results, *(argument for region in op.regions for b in region.blocks for argument in b.args)):
            known.pop(value, None)
