"""`canonicalize`: rewrites that always pay off, constant folding and dead code, without losing locations."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
)
from xdsl.transforms.canonicalize import CanonicalizationRewritePattern
from xdsl.transforms.dead_code_elimination import region_dce


@dataclass
class KeepLocations(RewritePattern):
    """Applies a pattern; ops that it inserts without a location get that of the op it matched."""

    pattern: RewritePattern

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        location = op.location
        inserted: list[Operation] = []
        rewriter.operation_insertion_handler.append(inserted.append)
        self.pattern.match_and_rewrite(op, rewriter)
        for root in inserted:
            for new in root.walk():
                if isinstance(new.location, UnknownLoc):
                    new.location = location


@dataclass(frozen=True)
class Canonicalize(ModulePass):
    """xDSL's ``canonicalize`` with located results."""

    name = "canonicalize"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        patterns = GreedyRewritePatternApplier([CanonicalizationRewritePattern()], ctx=ctx, folding_enabled=True)
        PatternRewriteWalker(KeepLocations(patterns), post_walk_func=region_dce).rewrite_module(op)
