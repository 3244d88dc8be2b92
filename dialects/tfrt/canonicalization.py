"""Rewrites of `tfrt` ops that always pay off."""

from __future__ import annotations

from xdsl.ir import Block, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from tfrt.dialects.tfrt.chain import MergeChainsOp, NewChainOp
from tfrt.dialects.tfrt.types import CHAIN

_MAX_LOOKED_AT = 200
"""Ops that are looked at to find out whether one chain comes after another."""


class DropImpliedChains(RewritePattern):
    """Drops what a merged chain need not wait for: new chains, chains given twice, and whatever another one waits for.

    A chain that is an error makes those that wait for it errors, so nobody can tell.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MergeChainsOp, rewriter: PatternRewriter) -> None:
        inputs = list(dict.fromkeys(value for value in op.inputs if not isinstance(value.owner, NewChainOp)))
        for value in list(inputs):
            others = [other for other in inputs if other is not value]
            if any(_comes_after(other, value) for other in others):
                inputs = others
        if len(inputs) == 1 and inputs[0].type == CHAIN:
            rewriter.replace(op, [], inputs)
        elif len(inputs) < len(op.inputs) or not inputs:
            simpler: Operation = NewChainOp(result_types=[CHAIN])
            if inputs:
                simpler = MergeChainsOp(operands=[inputs], result_types=[CHAIN], attributes=op.attributes)
            simpler.location = op.location
            rewriter.replace(op, simpler)


def _comes_after(value: SSAValue, other: SSAValue) -> bool:
    """Whether `value` is computed from `other`, as far as that can be found out soon."""
    block = other.owner if isinstance(other.owner, Block) else other.owner.parent
    waiting, seen = [value], set[Operation]()
    while waiting and len(seen) < _MAX_LOOKED_AT:
        op = waiting.pop().owner
        if isinstance(op, Block) or op in seen or op.parent is not block:
            continue
        if other in op.operands:
            return True
        seen.add(op)
        waiting.extend(op.operands)
    return False
