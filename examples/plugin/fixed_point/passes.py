"""Rewrites of fixed-point arithmetic. All are exact: a shift gives the same integer as the product that it replaces."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i32
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from fixed_point.dialect import Q16, ConstantOp, MultiplyOp, ShiftOp
from tfrt.ir import apply_patterns, is_returned_by_sync_function


def power_of_two(value: SSAValue) -> int | None:
    """The exponent of a constant that is a power of two, or None."""
    if not isinstance(value.owner, ConstantOp):
        return None
    number = round(value.owner.value.value.data * 65536)
    return number.bit_length() - 17 if number > 0 and number & (number - 1) == 0 else None


class MultiplyByOne(RewritePattern):
    """``x * 1`` is ``x``; but a synchronous function may not return an argument."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        is_product = isinstance(op, MultiplyOp) and power_of_two(op.operands[1]) == 0
        if is_product and not is_returned_by_sync_function(op):
            rewriter.replace(op, [], [op.operands[0]])


class MultiplyByPowerOfTwo(RewritePattern):
    """``x * 2^n`` is ``x`` shifted by ``n`` bits."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if not isinstance(op, MultiplyOp) or (bits := power_of_two(op.operands[1])) is None:
            return
        attributes = {"bits": IntegerAttr(bits, i32)}
        rewriter.replace(op, ShiftOp.create(operands=[op.operands[0]], attributes=attributes, result_types=[Q16]))


@dataclass(frozen=True)
class FixedShift(ModulePass):
    """Products of fixed-point numbers and powers of two become shifts."""

    name = "fixed-shift"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, MultiplyByOne(), MultiplyByPowerOfTwo())
