"""`stablehlo-inline`: functions of frameworks' programs in place of their calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter

from tfrt.compiler.frontend.lexer import MAX_NESTING
from tfrt.compiler.passes.inline import callees_first, depth_of, extent_of
from tfrt.compiler.passes.shared.source_ops import callee_of
from tfrt.compiler.passes.shared.splice import splice
from tfrt.compiler.passes.symbol_dce import erase_unused, functions_of, is_private
from tfrt.dialects.shared.walking import ops_in


@dataclass(frozen=True)
class StablehloInline(ModulePass):
    """Puts the bodies of private functions in place of `func.call`s and `stablehlo.composite`s, callees first.

    Inlined are small functions, and those that are called once. Recursive ones are left alone, and calls whose regions
    would nest deeper than text may. Ops keep the locations that they have in the function. Private functions whose
    calls are all gone are removed.

    Args:
        threshold: the most ops that a function that is called several times may have, those in its regions included.
    """

    name = "stablehlo-inline"
    anchor = "builtin.module"

    threshold: int = 60

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = functions_of(op)
        if len(functions) < 2:
            return
        order, recursive = callees_first(functions)
        calls = {name: [c for c in ops_in(functions[name]) if callee_of(c) is not None] for name in order}
        references = Counter(callee_of(call) for found in calls.values() for call in found)
        inlined: set[str] = set()
        for name in order:
            for call in calls[name]:
                callee = callee_of(call)
                if (
                    callee is None
                    or callee not in functions
                    or callee in recursive
                    or not functions[callee].body.blocks
                ):
                    continue
                if self._inline(call, functions[callee], is_only_call=references[callee] == 1):
                    inlined.add(callee)
        erase_unused(op, {name for name in inlined if is_private(functions[name])})

    def _inline(self, call: Operation, callee: FuncOp, *, is_only_call: bool) -> bool:
        extent = extent_of(callee)
        if extent.size > self.threshold and not (is_only_call and is_private(callee)):
            return False
        if depth_of(call) + extent.depth > MAX_NESTING or len(callee.body.blocks) != 1:
            return False
        splice(call, callee.body.clone().block, call.operands, PatternRewriter(call))
        return True
