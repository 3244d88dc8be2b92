"""`canonicalize`: rewrites that always pay off, constant folding and dead code, without losing locations."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.ir import Operation, Region
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriterListener,
    PatternRewriteWalker,
    RewritePattern,
)
from xdsl.transforms.canonicalize import CanonicalizationRewritePattern

from tfrt.compiler.passes.dce import erase_dead_ops
from tfrt.compiler.passes.shared.absorption import Absorption
from tfrt.compiler.passes.shared.control import KnownBranch, KnownTripCount
from tfrt.compiler.passes.shared.fold import FoldConstants
from tfrt.compiler.passes.shared.identities import Identities
from tfrt.compiler.passes.shared.purity import Infallible
from tfrt.compiler.passes.shared.regroup import RegroupConstants


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


@dataclass(frozen=True)
class Canonicalize(ModulePass):
    """Folds constants, drops identities and branches that are never taken, simplifies chains, and removes dead ops.

    Integer ops with constants that follow one another become one. Beside these it
    applies the canonicalization patterns of every dialect.
    """

    name = "canonicalize"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        # Found out anew in each walk.
        known: Infallible = {}
        patterns: list[RewritePattern] = [
            CanonicalizationRewritePattern(),
            FoldConstants(),
            Identities(),
            Absorption(known),
            RegroupConstants(),
            KnownBranch(known),
            KnownTripCount(known),
        ]
        # Ops that are pure to xDSL may fail; what is dead to us is erased below.
        applier = GreedyRewritePatternApplier(patterns, ctx=ctx, folding_enabled=True, dce_enabled=False)

        def end_walk(region: Region, listener: PatternRewriterListener) -> bool:
            known.clear()
            return False

        PatternRewriteWalker(KeepLocations(applier), post_walk_func=end_walk).rewrite_module(op)
        erase_dead_ops(op)
