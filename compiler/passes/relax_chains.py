"""`relax-chains`: what commutes with the effects before it does not wait for them."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.traits import IsTerminator

from tfrt.compiler.passes.shared.fold import is_in_sync_function
from tfrt.dialects.shared.ops import ops_of
from tfrt.dialects.shared.traits import MakesTensor, SetsElements
from tfrt.dialects.tfrt.chain import MergeChainsOp
from tfrt.dialects.tfrt.types import CHAIN


@dataclass(frozen=True)
class RelaxChains(ModulePass):
    """Ops that set the elements of a new tensor for the first time no longer wait for the effects before them.

    They take the chain from which these effects started, and a `tfrt.merge.chains` makes everything that came after
    them still come after both. If an effect before fails, the elements are now set nevertheless: nobody can see it, for
    whoever looks at the tensor comes after, and elements of a tensor that have not been set may be anything. The op
    itself must not be able to fail: it fits the tensor, which is made in the same block. Which ops are of this kind is
    declared with them (the traits `SetsElements` and `MakesTensor`).

    This pays on several threads, where setting elements or the effects before take long. It costs a kernel each time,
    and functions lose their plans and `schedule`, which need ordered effects; so no optimisation level includes it.
    """

    name = "relax-chains"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        blocks = [block for inner in op.walk() for region in inner.regions for block in region.blocks]
        for block in blocks:
            if block.last_op is not None and not is_in_sync_function(block.last_op):
                _relax(block)


def _relax(block: Block) -> None:
    starts: dict[SSAValue, SSAValue] = {}
    """For each chain, the one before it that all chains between the two come from."""
    for op in ops_of(block):
        before = [operand for operand in op.operands if operand.type == CHAIN]
        found = {starts.get(chain, chain) for chain in before}
        start = found.pop() if len(found) == 1 else None
        for result in op.results:
            if result.type == CHAIN:
                starts[result] = result if start is None else start
        if start is not None and start is not before[0] and _commutes(op):
            merged = _start_from(op, start)
            starts[merged] = start


def _commutes(op: Operation) -> bool:
    """Whether an op commutes with everything before it, and cannot fail."""
    sets = op.get_trait(SetsElements)
    if sets is None:
        return False
    tensor = op.operands[0]
    maker = tensor.owner
    if not isinstance(maker, Operation) or maker.parent is not op.parent:
        return False
    makes = maker.get_trait(MakesTensor)
    if makes is None or makes.element != sets.element or not sets.cannot_fail(op, makes.element_count(maker)):
        return False
    later = _that_come_after(op)
    others = [use.operation for use in tensor.uses if use.operation is not op]
    return all(other in later or other.has_trait(IsTerminator) for other in others)


def _that_come_after(op: Operation) -> set[Operation]:
    """The ops of the same block that need a result of `op`, directly or through others."""
    found: set[Operation] = set()
    waiting = [op]
    while waiting:
        for result in waiting.pop().results:
            users = {use.operation for use in result.uses if use.operation.parent is op.parent} - found
            found |= users
            waiting.extend(users)
    return found


def _start_from(op: Operation, start: SSAValue) -> SSAValue:
    """Let an op with one chain wait for `start` instead; returns the chain that is ready when its own used to be."""
    tensor, chain = op.operands
    (done,) = op.results
    op.operands = [tensor, start]
    # Where both are errors, what waits for several operands gets the last one, as the op did.
    merge = MergeChainsOp(operands=[[done, chain]], result_types=[CHAIN])
    merge.location = op.location
    Rewriter.insert_op(merge, InsertPoint.after(op))
    for use in list(done.uses):
        if use.operation is not merge:
            use.operation.operands[use.index] = merge.chain
    return merge.chain
