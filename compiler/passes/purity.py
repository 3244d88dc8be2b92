"""What passes may assume about an op: whether anybody can tell when, or how often, it runs.

A failure can be seen, for it is reported even where nobody uses the result; so an op that may fail is not pure here.
What the dialects do not say (ops in generic form need no definition), the kernels do: those with an inline expression
have no effects and never fail.
"""

from __future__ import annotations

from collections.abc import Container
from itertools import chain

from xdsl.dialects.builtin import UnregisteredOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.traits import IsTerminator, Pure

from tfrt.dialects.tfrt.control_flow import IfOp
from tfrt.dialects.tfrt.types import CHAIN, SCALARS
from tfrt.executor.kernel_registry import BUILTIN

_PLAIN_TYPES = frozenset((*SCALARS.values(), CHAIN))


def is_pure(op: Operation) -> bool:
    """Whether running `op` has no effects, sees none, and cannot fail."""
    # Dialects call ops pure that make memory, which programs write into, or that may fail to make it.
    if op.has_trait(Pure, value_if_unregistered=False) and all(type in _PLAIN_TYPES for type in op.result_types):
        return True
    if op.regions or op.successors or op.has_trait(IsTerminator, value_if_unregistered=False):
        return False
    kernel = BUILTIN.get(name_of(op))
    return kernel is not None and (kernel.inline is not None or kernel.constant)


def name_of(op: Operation) -> str:
    """The op's name, also where no dialect defines it."""
    return op.op_name.data if isinstance(op, UnregisteredOp) else op.name


def cannot_fail(value: SSAValue, strict: Container[Block] = ()) -> bool:
    """Whether a value is surely no error: pure ops have made it from nothing, or from such values.

    Arguments of a branch's regions and of `strict` blocks are no errors: those do not run otherwise.
    """
    waiting, seen = [value], set[SSAValue]()
    while waiting:
        found = waiting.pop()
        if found in seen:
            continue
        seen.add(found)
        if found.owner in strict or (isinstance(found.owner, Block) and isinstance(found.owner.parent_op(), IfOp)):
            continue
        if not isinstance(found.owner, Operation) or not is_pure(found.owner):
            return False
        waiting.extend(found.owner.operands)
    return True


def arguments_behind(block: Block) -> dict[Operation, tuple[int, ...]]:
    """For each op of a block, the block's arguments without which it does not run, by their numbers.

    Where several of them are errors, the op's results are the first of these: an op passes on its last operand's error.
    """
    behind: dict[Operation, tuple[int, ...]] = {}
    for op in block.ops:
        found = (arguments_of(operand, block, behind) for operand in reversed(op.operands))
        behind[op] = tuple(dict.fromkeys(chain.from_iterable(found)))
    return behind


def arguments_of(value: SSAValue, block: Block, behind: dict[Operation, tuple[int, ...]]) -> tuple[int, ...]:
    """The block's arguments without which there is no such value; see `arguments_behind`."""
    if isinstance(value, BlockArgument):
        return (value.index,) if value.block is block else ()
    return behind.get(value.owner, ()) if isinstance(value.owner, Operation) else ()
