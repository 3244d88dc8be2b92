"""`unroll`: loops that run a few times become copies of what they run."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter

from tfrt.compiler.passes.shared.fold import constant_value, is_in_sync_function
from tfrt.compiler.passes.shared.purity import Infallible
from tfrt.compiler.passes.shared.splice import can_splice, insert_body
from tfrt.dialects.shared.bodies import control_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.runs import Control


@dataclass(frozen=True)
class Unroll(ModulePass):
    """Puts copies of its region in place of a `tfrt.repeat.i32` that runs a known, small number of times.

    Inner loops come first. Loops are left alone where an error would no longer stop all that they do; see
    `tfrt.compiler.passes.shared.splice`. Ops keep the locations that they have in the region.

    Args:
        threshold: the most ops that the copies of a loop may have together, those in their regions included.
    """

    name = "unroll"

    threshold: int = 30

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        known: Infallible = {}
        for inner in reversed(ops_in(op)):
            if control_of(inner) is Control.REPEAT and inner.regions:
                self._unroll(inner, known)

    def _unroll(self, loop: Operation, known: Infallible) -> None:
        count = constant_value(loop.operands[0])
        if count is None or count < 1 or count * _size(loop) > self.threshold or is_in_sync_function(loop):
            return
        # Only the first iteration waits for the operands. Later ones are given its results, which need all operands
        # that may be errors, too, so what holds for the first one holds for all.
        (region,) = loop.regions
        if not can_splice(region.block, loop.operands[1:], known):
            return
        rewriter = PatternRewriter(loop)
        values: list[SSAValue] = list(loop.operands[1:])
        for _ in range(int(count)):
            values = insert_body(loop, region.clone().block, values, rewriter)
        rewriter.replace(loop, [], values)


def _size(loop: Operation) -> int:
    """How many ops a copy of the loop's region has; returning is none."""
    return sum(1 for _ in loop.walk()) - 2
