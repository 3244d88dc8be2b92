"""Regrouping of integer constants: ``(x + 1) - 3`` becomes ``x - 2``.

Integers wrap around, so that regrouping is exact; it is not for floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr, IntegerType, i32, i64
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.fold import constant, constant_value, is_returned_by_sync_function
from tfrt.compiler.passes.purity import name_of

_KINDS = {f"tfrt.{kind}.{type}": (kind, type) for kind in ("add", "minus", "mul", "equal") for type in (i32, i64)}


@dataclass(frozen=True)
class _Linear:
    """``factor * value + offset``, as an op of that kind computes it."""

    kind: str
    type: IntegerType
    value: SSAValue
    factor: int
    offset: int


class RegroupConstants(RewritePattern):
    """Two integer ops with a constant each become one, where nobody else needs the result between them.

    So do two subtractions from constants, which negate twice, and a comparison for equality of such a result with
    a constant. An order does not survive that an integer wraps around, so the other comparisons stay.
    """

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        outer = _linear(op)
        inner_op = None if outer is None else outer.value.owner
        if outer is None or not isinstance(inner_op, Operation) or outer.value.has_more_than_one_use():
            return
        inner = _linear(inner_op)
        if inner is None or inner.kind == "equal" or inner.type != outer.type or is_returned_by_sync_function(op):
            return
        found = _equality(op, outer, inner) if outer.kind == "equal" else _composed(op, inner_op, outer, inner)
        if isinstance(found, SSAValue):
            rewriter.replace(op, [], [found])
        elif found is not None:
            _rewrite(op, inner_op, found, outer.type, rewriter)


_Operand = SSAValue | int
_New = tuple[Operation, _Operand, _Operand]
"""An op to copy, and the copy's operands; integers are constants to make."""


def _linear(op: Operation) -> _Linear | None:
    """The op's result as a function of its only operand that is no constant.

    For an equality it is the difference that is compared with zero.
    """
    known = _KINDS.get(name_of(op))
    if known is None or len(op.operands) != 2 or len(op.results) != 1:
        return None
    lhs, rhs = op.operands
    left, right = constant_value(lhs), constant_value(rhs)
    if (left is None) == (right is None) or lhs.type != known[1]:
        return None
    value, number = (rhs, int(left)) if left is not None else (lhs, int(right or 0))
    match known[0]:
        case "add":
            return _Linear(*known, value, 1, number)
        case "mul":
            return _Linear(*known, value, number, 0)
        case "minus" if left is not None:
            return _Linear(*known, value, -1, number)
        case _:
            return _Linear(*known, value, 1, -number)


def _composed(op: Operation, inner_op: Operation, outer: _Linear, inner: _Linear) -> _New | SSAValue | None:
    value, factor = inner.value, outer.factor * inner.factor
    offset = outer.factor * inner.offset + outer.offset
    if (factor, offset) == (1, 0):
        return value
    return next(_forms(((outer.kind, op), (inner.kind, inner_op)), value, factor, offset), None)


def _forms(templates: Iterable[tuple[str, Operation]], value: SSAValue, factor: int, offset: int) -> Iterator[_New]:
    """The single ops that compute ``factor * value + offset``, of the kinds that there are."""
    for kind, template in templates:
        match kind, factor, offset:
            case "add", 1, _:
                yield template, value, offset
            case "minus", 1, _:
                yield template, value, -offset
            case "minus", -1, _:
                yield template, offset, value
            case "mul", _, 0:
                yield template, value, factor


def _equality(op: Operation, outer: _Linear, inner: _Linear) -> _New | None:
    """The comparison, of a sum or difference with a constant, by one with another constant."""
    # Only the factors 1 and -1 are their own inverses.
    return (op, inner.value, -inner.factor * (inner.offset + outer.offset)) if abs(inner.factor) == 1 else None


def _rewrite(op: Operation, inner: Operation, new: _New, type: IntegerType, rewriter: PatternRewriter) -> None:
    template, *given = new
    (number,) = (operand for operand in given if isinstance(operand, int))
    made = constant(IntegerAttr(_wrap(number, type.width.data), type), type)
    copy = template.clone()
    copy.operands = [made.results[0] if isinstance(operand, int) else operand for operand in given]
    copy.location = fuse([inner.location, op.location])
    rewriter.replace(op, [made, copy], copy.results)


def _wrap(number: int, bits: int) -> int:
    half = 1 << bits - 1
    return (number + half) % (2 * half) - half
