"""Branches and loops whose way is known at compile time."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects.builtin import SymbolRefAttr
from xdsl.ir import Attribute, Operation, Region
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from tfrt.compiler.passes.shared.fold import constant_value
from tfrt.compiler.passes.shared.purity import Infallible, forget_values_in
from tfrt.compiler.passes.shared.splice import can_splice, splice
from tfrt.dialects.shared.bodies import control_of, functions_run_by
from tfrt.dialects.tfrt.control_flow import CallOp
from tfrt.executor.declarations.runs import Control


@dataclass
class KnownBranch(RewritePattern):
    """A branch becomes the region that it chooses, or a call of the function."""

    known: Infallible = field(default_factory=dict)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        control = control_of(op)
        if control not in (Control.BRANCH, Control.CASE):
            return
        chosen = constant_value(op.operands[0])
        if chosen is None:
            return
        functions = functions_run_by(op)
        # An index out of range means the last one.
        count = len(op.regions or functions)
        number = int(not chosen) if control is Control.BRANCH else int(chosen) if 0 <= chosen < count else -1
        if op.regions:
            _splice_region(op, op.regions[number], rewriter, self.known)
        else:
            _call(op, functions[number], rewriter)


@dataclass
class KnownTripCount(RewritePattern):
    """A loop that runs never gives its operands, and one that runs once its region's results."""

    known: Infallible = field(default_factory=dict)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        control = control_of(op)
        if control not in (Control.REPEAT, Control.WHILE):
            return
        count = constant_value(op.operands[0])
        if count is None:
            return
        if control is Control.WHILE:
            runs = bool(count)
        else:
            runs = count > 0
            if count == 1 and op.regions:
                _splice_region(op, op.regions[0], rewriter, self.known)
                return
        # Every result of a loop waits for all operands and fails with any of them.
        if not runs and len(op.operands) == 2 and len(op.results) == 1:
            rewriter.replace(op, [], [op.operands[1]])


def _splice_region(op: Operation, region: Region, rewriter: PatternRewriter, known: Infallible) -> None:
    body = region.block
    if can_splice(body, op.operands[1:], known):
        # Values that depend on arguments of a branch were no errors as long as it was one.
        forget_values_in(body, known)
        splice(op, body, op.operands[1:], rewriter)


def _call(op: Operation, function: str, rewriter: PatternRewriter) -> None:
    attributes = {"callee": SymbolRefAttr(function), **_others(op)}
    rewriter.replace(op, CallOp.create(operands=op.operands[1:], result_types=op.result_types, attributes=attributes))


def _others(op: Operation) -> dict[str, Attribute]:
    """The op's attributes that are not part of its own form, such as a cost."""
    return {name: value for name, value in op.attributes.items() if name.startswith("_")}
