"""Identities of integer arithmetic: ``x + 0``, ``x * 1``, ``x - x`` and the like.

Only where the result is there just when an operand is: ``x * 0`` stays, for where ``x`` is an error, so is the product.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from tfrt.compiler.passes.fold import constant_value
from tfrt.compiler.passes.purity import name_of

_Found = SSAValue | None


def _neutral(neutral: int, *, either: bool) -> Callable[[SSAValue, SSAValue], _Found]:
    def find(lhs: SSAValue, rhs: SSAValue) -> _Found:
        if constant_value(rhs) == neutral:
            return lhs
        return rhs if either and constant_value(lhs) == neutral else None

    return find


def _conjunction(lhs: SSAValue, rhs: SSAValue) -> _Found:
    return lhs if lhs is rhs else _neutral(True, either=True)(lhs, rhs)


_IDENTITIES: dict[str, Callable[[SSAValue, SSAValue], _Found]] = {"tfrt.and.i1": _conjunction}
for _suffix in ("i32", "i64"):
    _IDENTITIES[f"tfrt.add.{_suffix}"] = _neutral(0, either=True)
    _IDENTITIES[f"tfrt.minus.{_suffix}"] = _neutral(0, either=False)
    _IDENTITIES[f"tfrt.mul.{_suffix}"] = _neutral(1, either=True)


class Identities(RewritePattern):
    """Replaces an op that gives one of its operands."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        find = _IDENTITIES.get(name_of(op))
        if find is None or len(op.operands) != 2 or len(op.results) != 1:
            return
        found = find(op.operands[0], op.operands[1])
        if found is not None and found.type == op.results[0].type:
            rewriter.replace(op, [], [found])
