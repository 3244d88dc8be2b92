"""Rewrite patterns that keep locations."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.ir import Operation
from xdsl.pattern_rewriter import GreedyRewritePatternApplier, PatternRewriter, PatternRewriteWalker, RewritePattern


@dataclass
class KeepLocations(RewritePattern):
    """Applies a pattern; ops that it inserts without a location get that of the op it matched."""

    pattern: RewritePattern

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        location = op.location
        inserted: list[Operation] = []
        rewriter.operation_insertion_handler.append(inserted.append)
        self.pattern.match_and_rewrite(op, rewriter)
        # The rewriter is the same for all ops.
        rewriter.operation_insertion_handler.pop()
        for root in inserted:
            for new in root.walk():
                if isinstance(new.location, UnknownLoc):
                    new.location = location


def apply_patterns(module: ModuleOp, *patterns: RewritePattern) -> bool:
    """Apply patterns to all ops of a module, in place, until none applies; whether any has.

    Ops that a pattern inserts without a location get that of the op that it matched.
    """
    applier = GreedyRewritePatternApplier(list(patterns), dce_enabled=False)
    return PatternRewriteWalker(KeepLocations(applier)).rewrite_module(module)
