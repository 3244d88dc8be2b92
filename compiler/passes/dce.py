"""`dce`: removes ops that nobody would miss."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.purity import is_pure
from tfrt.dialects.shared.ops import erase_op, is_used, ops_of


@dataclass(frozen=True)
class Dce(ModulePass):
    """Removes pure ops whose results nobody uses. Ops that may fail stay, for their failing is reported."""

    name = "dce"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        erase_dead_ops(op)


def erase_dead_ops(root: Operation) -> None:
    """Remove the pure ops inside `root` whose results nobody uses."""
    # Users come after what they use, so going backwards finds all in one go.
    for region in root.regions:
        for block in region.blocks:
            for op in reversed(ops_of(block)):
                if op.results and not is_used(op) and is_pure(op):
                    erase_op(op)
                elif op.regions:
                    erase_dead_ops(op)
