"""Results of scalar arithmetic that do not depend on its operand: ``x * 0``, ``x - x``, ``x <= x``.

Only where ``x`` cannot be an error, as the arguments of a branch's regions cannot: else the result would be one, too.
Floats have none of these: infinity times zero, and any comparison of NaN with itself, are exceptions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from xdsl.dialects.builtin import IntegerAttr, IntegerType, i1, i32, i64
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from tfrt.compiler.passes.shared.fold import constant, constant_value, is_in_sync_function
from tfrt.compiler.passes.shared.purity import Infallible, cannot_fail, name_of

_Find = Callable[[SSAValue, SSAValue], int | None]


def _absorbing(element: int) -> _Find:
    return lambda lhs, rhs: element if element in (constant_value(lhs), constant_value(rhs)) else None


def _difference(lhs: SSAValue, rhs: SSAValue) -> int | None:
    return 0 if lhs is rhs else None


def _equal(lhs: SSAValue, rhs: SSAValue) -> int | None:
    return 1 if lhs is rhs else None


def _lessequal(type: IntegerType) -> _Find:
    least = -(1 << type.width.data - 1)

    def find(lhs: SSAValue, rhs: SSAValue) -> int | None:
        return 1 if lhs is rhs or constant_value(lhs) == least or constant_value(rhs) == -least - 1 else None

    return find


_RESULTS: dict[str, tuple[_Find, IntegerType]] = {"tfrt.and.i1": (_absorbing(0), i1)}
for _suffix, _type in (("i32", i32), ("i64", i64)):
    _RESULTS[f"tfrt.mul.{_suffix}"] = (_absorbing(0), _type)
    _RESULTS[f"tfrt.minus.{_suffix}"] = (_difference, _type)
    _RESULTS[f"tfrt.equal.{_suffix}"] = (_equal, i1)
    _RESULTS[f"tfrt.lessequal.{_suffix}"] = (_lessequal(_type), i1)


@dataclass
class Absorption(RewritePattern):
    """Replaces an op by a constant where its result does not depend on its operands."""

    known: Infallible = field(default_factory=dict)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        find, type = _RESULTS.get(name_of(op), (None, i1))
        if find is None or len(op.operands) != 2 or len(op.results) != 1 or op.results[0].type != type:
            return
        found = find(op.operands[0], op.operands[1])
        if found is None or is_in_sync_function(op):
            return
        if all(cannot_fail(operand, known=self.known) for operand in op.operands):
            rewriter.replace(op, constant(IntegerAttr(found, type), type))
