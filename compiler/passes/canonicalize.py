"""`canonicalize`: rewrites that always pay off, constant folding and dead code, without losing locations."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Region
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriterListener,
    PatternRewriteWalker,
    RewritePattern,
)
from xdsl.transforms.canonicalize import CanonicalizationRewritePattern

from tfrt.compiler.passes.dce import erase_dead_ops
from tfrt.compiler.passes.shared.control import KnownBranch, KnownTripCount
from tfrt.compiler.passes.shared.fold import FoldConstants
from tfrt.compiler.passes.shared.laws import ApplyLaws
from tfrt.compiler.passes.shared.purity import Infallible
from tfrt.compiler.passes.shared.regroup import RegroupConstants
from tfrt.compiler.passes.shared.rewriting import KeepLocations


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
            ApplyLaws(known),
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
