"""`stablehlo-unroll`: loops of elementwise ops that run a few times become copies of what they run."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter

from tfrt.compiler.passes.shared.source_values import has_known_sizes, sizes_of, trip_count
from tfrt.compiler.passes.shared.splice import insert_body
from tfrt.dialects.shared.ops import ops_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.dialects.stablehlo.control_flow import WhileOp
from tfrt.executor.declarations.op_registry import CPU_OPS


@dataclass(frozen=True)
class StablehloUnroll(ModulePass):
    """Puts copies of its body in place of a `stablehlo.while` that counts from one constant up to another, and does
    nothing but elementwise ops and views.

    So random bits of JAX's become one chain. Loops on small arrays stay, for which that gains little. None of these ops
    can fail. Inner loops come first. Ops keep the locations that they have in the body.

    Args:
        threshold: the most ops that the copies of a loop may have together.
    """

    name = "stablehlo-unroll"

    threshold: int = 512

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for loop in reversed([inner for inner in ops_in(op) if type(inner) is WhileOp]):
            self._unroll(loop)

    def _unroll(self, loop: WhileOp) -> None:
        *body, _ = ops_of(loop.body.block)
        if not any(_is_large(value) for value in loop.operands) or not all(map(_is_plain, body)):
            return
        count = trip_count(loop)
        if count is None or count * len(body) > self.threshold:
            return
        rewriter = PatternRewriter(loop)
        values: list[SSAValue] = list(loop.operands)
        for _ in range(count):
            values = insert_body(loop, loop.body.clone().block, values, rewriter)
        rewriter.replace(loop, [], values)


_LEAST_ELEMENTS = 1 << 12
"""For fewer, to compile the copies takes longer than they ever save."""


def _is_large(value: SSAValue) -> bool:
    # A loop may carry a token, too, or a tensor of an unknown rank.
    is_ranked = isinstance(value.type, TensorType)
    return is_ranked and has_known_sizes(value) and prod(sizes_of(value)) >= _LEAST_ELEMENTS


_VIEWS = frozenset(
    f"stablehlo.{name}" for name in ("bitcast_convert", "broadcast_in_dim", "constant", "iota", "reshape", "slice")
)


def _is_plain(op: Operation) -> bool:
    """Whether an op is elementwise, or gives parts or copies of what there is."""
    if op.regions or op.name in _VIEWS:
        return not op.regions
    entry = CPU_OPS.get(op.name)
    return entry is not None and (entry.elementwise is not None or entry.by_element)
