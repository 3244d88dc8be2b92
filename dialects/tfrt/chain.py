"""Chains: the values that order side effects."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from xdsl.ir import Block, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.traits import HasCanonicalizationPatternsTrait, Pure

from tfrt.dialects.shared.traits import FixedCost
from tfrt.dialects.tfrt.types import CHAIN

_MAX_LOOKED_AT = 200
"""Ops that are looked at for each chain, to find out which others it comes after."""


class MergeChainsCanonicalizations(HasCanonicalizationPatternsTrait):
    """Drops chains that something else orders anyway."""

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        return (DropImpliedChains(),)


@irdl_op_definition
class NewChainOp(IRDLOperation):
    """A chain that is ready at once."""

    name = "tfrt.new.chain"
    chain = result_def(CHAIN)
    traits = traits_def(Pure())
    assembly_format = "attr-dict"


@irdl_op_definition
class MergeChainsOp(IRDLOperation):
    """A chain that is ready when all the inputs are, which need not be chains."""

    name = "tfrt.merge.chains"
    inputs = var_operand_def()
    chain = result_def(CHAIN)
    traits = traits_def(Pure(), FixedCost(1), MergeChainsCanonicalizations())
    assembly_format = "$inputs attr-dict `:` type($inputs)"


class DropImpliedChains(RewritePattern):
    """Drops what a merged chain need not wait for: new chains, chains given twice, and whatever another one waits for.

    A chain that is an error makes those that wait for it errors, so nobody can tell.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MergeChainsOp, rewriter: PatternRewriter) -> None:
        inputs = list(dict.fromkeys(value for value in op.inputs if not isinstance(value.owner, NewChainOp)))
        implied = _waited_for(inputs, op.parent)
        inputs = [value for value in inputs if value not in implied]
        if len(inputs) == 1 and inputs[0].type == CHAIN:
            rewriter.replace(op, [], inputs)
        elif len(inputs) < len(op.inputs) or not inputs:
            simpler: Operation = NewChainOp(result_types=[CHAIN])
            if inputs:
                simpler = MergeChainsOp(operands=[inputs], result_types=[CHAIN], attributes=op.attributes)
            simpler.location = op.location
            rewriter.replace(op, simpler)


def _waited_for(values: Sequence[SSAValue], block: Block | None) -> set[SSAValue]:
    """What values of a block are computed from, as far as that can be found out soon."""
    found: set[SSAValue] = set()
    seen: set[Operation] = set()
    waiting = deque(value.owner for value in values)
    most = _MAX_LOOKED_AT * len(values)
    while waiting and len(seen) < most:
        op = waiting.popleft()
        if isinstance(op, Block) or op in seen or op.parent is not block:
            continue
        seen.add(op)
        found.update(op.operands)
        waiting.extend(operand.owner for operand in op.operands)
    return found
