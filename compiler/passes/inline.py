"""`inline`: functions in place of their calls."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter

from tfrt.compiler.passes.fold import is_in_sync_function
from tfrt.compiler.passes.splice import can_splice, splice
from tfrt.compiler.passes.symbol_dce import functions_of, names_in
from tfrt.dialects.tfrt.control_flow import CallOp


@dataclass(frozen=True)
class Inline(ModulePass):
    """Puts the bodies of small functions in place of `tfrt.call`s, the callee's callees first.

    Recursive functions are left alone, and calls where an error would no longer stop all that the function does; see
    `tfrt.compiler.passes.splice`. Ops keep the locations that they have in the function.

    Args:
        threshold: the most ops that a function may have, those in its regions included.
    """

    name = "inline"

    threshold: int = 30

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = functions_of(op)
        recursive = _recursive(functions)
        done: set[str] = set()

        def visit(name: str) -> None:
            # Functions without cycles among them form no infinite descent.
            if name in done or name in recursive:
                return
            done.add(name)
            for call in _calls(functions[name]):
                visit(_callee(call))
                self._inline(call, functions, recursive)

        for name in functions:
            visit(name)
        for name in recursive:
            for call in _calls(functions[name]):
                self._inline(call, functions, recursive)

    def _inline(self, call: CallOp, functions: dict[str, FuncOp], recursive: frozenset[str]) -> None:
        callee = functions.get(_callee(call))
        if callee is None or _callee(call) in recursive or len(callee.body.blocks) != 1:
            return
        if is_in_sync_function(call) or "tfrt.sync" in callee.attributes:
            return
        if sum(1 for _ in callee.walk()) - 2 > self.threshold or not can_splice(callee.body.block, call.operands):
            return
        splice(call, callee.body.clone().block, call.operands, PatternRewriter(call))


def _calls(function: FuncOp) -> list[CallOp]:
    return [op for op in function.walk() if isinstance(op, CallOp)]


def _callee(call: Operation) -> str:
    callee = call.attributes["callee"]
    assert isinstance(callee, SymbolRefAttr)
    return callee.root_reference.data


def _recursive(functions: dict[str, FuncOp]) -> frozenset[str]:
    """The functions that may come to call themselves, by whatever op."""
    refers = {name: [n for n in names_in(function) if n in functions] for name, function in functions.items()}
    found = set()
    for name in functions:
        waiting, seen = list(refers[name]), set[str]()
        while waiting:
            other = waiting.pop()
            if other not in seen:
                seen.add(other)
                waiting.extend(refers[other])
        if name in seen:
            found.add(name)
    return frozenset(found)
