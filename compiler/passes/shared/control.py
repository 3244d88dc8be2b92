"""Branches and loops whose way is known at compile time."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects.builtin import ArrayAttr, SymbolRefAttr
from xdsl.ir import Attribute, Operation, Region
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from tfrt.compiler.passes.shared.fold import constant_value
from tfrt.compiler.passes.shared.purity import Infallible, forget_values_in
from tfrt.compiler.passes.shared.splice import can_splice, splice
from tfrt.dialects.tfrt.control_flow import CallOp, CaseOp, CondOp, IfOp, RepeatI32Op, WhileOp


@dataclass
class KnownBranch(RewritePattern):
    """`tfrt.cond` and `tfrt.case` become calls, `tfrt.if` its region."""

    known: Infallible = field(default_factory=dict)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if not isinstance(op, IfOp | CondOp | CaseOp):
            return
        chosen = constant_value(op.operands[0])
        if chosen is None:
            return
        match op:
            case IfOp():
                _splice_region(op, op.then_region if chosen else op.else_region, rewriter, self.known)
            case CondOp():
                _call(op, op.attributes["a_true_fn" if chosen else "b_false_fn"], rewriter)
            case CaseOp():
                assert isinstance(op.branches, ArrayAttr)
                branches = op.branches.data
                # An index out of range means the last one.
                _call(op, branches[int(chosen) if 0 <= chosen < len(branches) else -1], rewriter)


@dataclass
class KnownTripCount(RewritePattern):
    """A loop that runs never gives its operands, and one that runs once its region's results."""

    known: Infallible = field(default_factory=dict)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if not isinstance(op, RepeatI32Op | WhileOp):
            return
        count = constant_value(op.operands[0])
        if count is None:
            return
        if isinstance(op, WhileOp):
            runs = bool(count)
        else:
            runs = count > 0
            if count == 1:
                _splice_region(op, op.region, rewriter, self.known)
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


def _call(op: Operation, callee: Attribute, rewriter: PatternRewriter) -> None:
    if isinstance(callee, SymbolRefAttr):
        call = CallOp.create(
            operands=op.operands[1:], result_types=op.result_types, attributes={"callee": callee, **_others(op)}
        )
        rewriter.replace(op, call)


def _others(op: Operation) -> dict[str, Attribute]:
    """The op's attributes that are not part of its own form, such as a cost."""
    return {name: value for name, value in op.attributes.items() if name.startswith("_")}
