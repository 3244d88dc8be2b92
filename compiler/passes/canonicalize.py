"""`canonicalize`: rewrites that always pay off, constant folding and dead code, without losing locations."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnregisteredOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, Region
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriterListener,
    PatternRewriteWalker,
    RewritePattern,
)
from xdsl.traits import HasCanonicalizationPatternsTrait, HasFolder, IsTerminator
from xdsl.transforms.canonicalize import CanonicalizationRewritePattern

from tfrt.compiler.passes.dce import erase_dead_ops
from tfrt.compiler.passes.shared.control import KnownBranch, KnownTripCount
from tfrt.compiler.passes.shared.fold import FoldConstants, may_be_folded
from tfrt.compiler.passes.shared.laws import ApplyLaws
from tfrt.compiler.passes.shared.purity import Infallible
from tfrt.compiler.passes.shared.regroup import RegroupConstants
from tfrt.compiler.passes.shared.rewriting import KeepLocations
from tfrt.dialects.shared.bodies import runs_code
from tfrt.dialects.shared.walking import has_trait, ops_in
from tfrt.executor.declarations.kernel_registry import BUILTIN


class _Kinds(dict[type[Operation], bool]):
    """Whether a pattern is about ops of a class, as kernels are now.

    None is about kernels on arrays, which many programs consist of.
    """

    def __missing__(self, kind: type[Operation]) -> bool:
        found = self[kind] = _may_change(kind)
        return found


def _may_change(kind: type[Operation]) -> bool:
    if issubclass(kind, UnregisteredOp) or runs_code(kind):
        return True
    if has_trait(kind, HasCanonicalizationPatternsTrait) or has_trait(kind, HasFolder):
        return True
    if issubclass(kind, (ModuleOp, FuncOp)) or has_trait(kind, IsTerminator):
        return False
    kernel = BUILTIN.get(kind.name)
    return kernel is not None and (bool(kernel.laws) or may_be_folded(kernel))


@dataclass(frozen=True)
class _OfInterest(RewritePattern):
    """Applies a pattern to ops that it may be about."""

    pattern: RewritePattern
    kinds: _Kinds

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        if self.kinds[op.__class__]:
            self.pattern.match_and_rewrite(op, rewriter)


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

        kinds = _Kinds()
        if any(kinds[inner.__class__] for inner in ops_in(op)):
            pattern = _OfInterest(KeepLocations(applier), kinds)
            PatternRewriteWalker(pattern, post_walk_func=end_walk).rewrite_module(op)
        erase_dead_ops(op)
