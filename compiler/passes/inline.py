"""`inline`: functions in place of their calls."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter

from tfrt.compiler.frontend.lexer import MAX_NESTING
from tfrt.compiler.passes.shared.fold import is_in_sync_function
from tfrt.compiler.passes.shared.purity import Infallible
from tfrt.compiler.passes.shared.splice import can_splice, splice
from tfrt.compiler.passes.symbol_dce import erase_unused, functions_of, is_private, names_in
from tfrt.dialects.shared.bodies import control_of, functions_run_by
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.runs import Control


@dataclass(frozen=True)
class Inline(ModulePass):
    """Puts the bodies of small functions in place of `tfrt.call`s, the callee's callees first.

    Recursive functions are left alone, calls whose regions would nest deeper than text may, and calls where an error
    would no longer stop all that the function does; see `tfrt.compiler.passes.shared.splice`. Ops keep the locations
    that they have in the function. Private functions whose calls are all gone are removed.

    Args:
        threshold: the most ops that a function may have, those in its regions included.
    """

    name = "inline"
    anchor = "builtin.module"

    threshold: int = 30

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = functions_of(op)
        if len(functions) < 2:
            return
        order, recursive = callees_first(functions)
        extents: dict[str, Extent] = {}
        known: Infallible = {}
        inlined: set[str] = set()
        for name in order:
            for call in _calls(functions[name]):
                (callee,) = functions_run_by(call)
                if callee not in functions or callee in recursive or is_in_sync_function(call):
                    continue
                if self._inline(call, functions[callee], extents, known):
                    inlined.add(callee)
        erase_unused(op, {name for name in inlined if is_private(functions[name])})

    def _inline(self, call: Operation, callee: FuncOp, extents: dict[str, Extent], known: Infallible) -> bool:
        """Inline a call of a function that changes no more, whose extent is kept in `extents`, if that may be done."""
        if len(callee.body.blocks) != 1 or "tfrt.sync" in callee.attributes:
            return False
        name = callee.sym_name.data
        if name not in extents:
            extents[name] = extent_of(callee)
        extent = extents[name]
        if extent.size > self.threshold or depth_of(call) + extent.depth > MAX_NESTING:
            return False
        if not can_splice(callee.body.block, call.operands, known):
            return False
        splice(call, callee.body.clone().block, call.operands, PatternRewriter(call))
        return True


@dataclass(frozen=True)
class Extent:
    """How many ops a function has, those in its regions included, and how deep these nest."""

    size: int
    depth: int


def extent_of(function: FuncOp) -> Extent:
    size, depths = -2, dict[Operation | None, int]()
    for op in ops_in(function):
        size += 1
        depths[op] = depths.get(op.parent_op(), 0) + 1
    return Extent(size, max(depths.values()))


def depth_of(op: Operation) -> int:
    """How many ops are around `op`."""
    depth, parent = 0, op.parent_op()
    while parent is not None:
        depth, parent = depth + 1, parent.parent_op()
    return depth


def _calls(function: FuncOp) -> list[Operation]:
    return [op for op in ops_in(function) if control_of(op) is Control.CALL and not op.regions]


def callees_first(functions: dict[str, FuncOp]) -> tuple[list[str], frozenset[str]]:
    """The functions in an order in which each comes after those that it refers to, and those in a cycle of references.

    Functions in a cycle come last. (This is Kosaraju's algorithm for strongly connected components.)
    """
    refers = {name: [n for n in names_in(function) if n in functions] for name, function in functions.items()}
    referred: dict[str, list[str]] = {name: [] for name in functions}
    for name, others in refers.items():
        for other in others:
            referred[other].append(name)
    order: list[str] = []
    seen: set[str] = set()
    for name in functions:
        order += _post_order(name, refers, seen)
    recursive = {name for name, others in refers.items() if name in others}
    seen = set()
    for name in reversed(order):
        component = _post_order(name, referred, seen)
        if len(component) > 1:
            recursive.update(component)
    # Inlining into functions in a cycle comes last, for these are left alone when they are called.
    return [name for name in order if name not in recursive] + [n for n in functions if n in recursive], frozenset(
        recursive
    )


def _post_order(start: str, edges: dict[str, list[str]], seen: set[str]) -> list[str]:
    """What can be reached from `start` and is not in `seen` yet, each after what it reaches."""
    if start in seen:
        return []
    seen.add(start)
    order: list[str] = []
    open_edges = [(start, iter(edges[start]))]
    while open_edges:
        name, others = open_edges[-1]
        other = next((n for n in others if n not in seen), None)
        if other is None:
            order.append(name)
            open_edges.pop()
        else:
            seen.add(other)
            open_edges.append((other, iter(edges[other])))
    return order
