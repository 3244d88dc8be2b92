"""Rewrites of `tfrt` ops that always pay off."""

from __future__ import annotations

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from tfrt.dialects.tfrt.chain import MergeChainsOp


class DropSharedChains(RewritePattern):
    """Merging is for chains that nothing else waits for: a chain with other users is dropped from the merge.

    Where every input has other users, the first one stands for the result.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MergeChainsOp, rewriter: PatternRewriter) -> None:
        own = [value for value in op.inputs if value.has_one_use()]
        if not op.inputs or len(own) == len(op.inputs):
            return
        if not own:
            rewriter.replace(op, [], [op.inputs[0]])
            return
        merged = MergeChainsOp(operands=[own], result_types=[op.chain.type], attributes=op.attributes)
        merged.location = op.location
        rewriter.replace(op, merged)
