"""Regrouping of integer constants: ``(x + 1) - 3`` becomes ``x - 2``.

Integers wrap around, so that regrouping is exact; it is not for floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import IntegerAttr, IntegerType
from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.fold import constant, constant_value, is_returned_by_sync_function
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.declarations.laws import ring_of


@dataclass(frozen=True)
class _Linear:
    """``factor * value + offset``, as an op computes it whose arithmetic is that of the `kind`; see `Ring`."""

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
        total = _linear(op)
        if total is None or is_returned_by_sync_function(op):
            return
        if not op.results[0].uses or _will_be_merged(op, total):
            return
        templates = {total.kind: op}
        merged = [op]
        found: _New | SSAValue | None = None
        while (inner_op := _inner_op(total)) is not None and (inner := _linear(inner_op)) is not None:
            templates.setdefault(inner.kind, inner_op)
            joined = _joined(total, inner, templates)
            if joined is None:
                break
            total, found = joined
            merged.append(inner_op)
            if isinstance(found, SSAValue):
                rewriter.replace(op, [], [found])
                return
        if found is not None and not isinstance(found, SSAValue):
            _rewrite(op, merged, found, total.type, rewriter)


def _will_be_merged(op: Operation, inner: _Linear) -> bool:
    """Whether an op that uses this one can take it in. The last of several does, and joins their locations once."""
    user = next(iter(op.results[0].uses)).operation
    outer = _linear(user)
    if outer is None or _inner_op(outer) is not op or is_returned_by_sync_function(user):
        return False
    return _joined(outer, inner, {outer.kind: user, inner.kind: op}) is not None


def _inner_op(outer: _Linear) -> Operation | None:
    """The op that gives the operand, if nobody else needs it."""
    op = outer.value.owner
    return op if isinstance(op, Operation) and not outer.value.has_more_than_one_use() else None


_Operand = SSAValue | int
_New = tuple[Operation, _Operand, _Operand]
"""An op to copy, and the copy's operands; integers are constants to make."""


def _linear(op: Operation) -> _Linear | None:
    """The op's result as a function of its only operand that is no constant.

    For an equality it is the difference that is compared with zero.
    """
    if len(op.operands) != 2 or len(op.results) != 1 or not isinstance(type := op.operands[0].type, IntegerType):
        return None
    lhs, rhs = op.operands
    left, right = constant_value(lhs), constant_value(rhs)
    if (left is None) == (right is None):
        return None
    kernel = BUILTIN.get(name_of(op))
    ring = None if kernel is None else ring_of(kernel.laws)
    if ring is None or ring.bits != type.width.data:
        return None
    value, number = (rhs, int(left)) if left is not None else (lhs, int(right or 0))
    kind = ring.operator
    match kind:
        case "+":
            return _Linear(kind, type, value, 1, number)
        case "*":
            return _Linear(kind, type, value, number, 0)
        case "-" if left is not None:
            return _Linear(kind, type, value, -1, number)
        case _:
            return _Linear(kind, type, value, 1, -number)


def _joined(
    outer: _Linear, inner: _Linear, templates: Mapping[str, Operation]
) -> tuple[_Linear, _New | SSAValue] | None:
    """Both as one, and the op that computes it, which is like one of the templates, or a value that is the same."""
    if inner.kind == "==" or inner.type != outer.type:
        return None
    bits = inner.type.width.data
    if outer.kind == "==":
        # Only the factors 1 and -1 are their own inverses.
        if abs(inner.factor) != 1:
            return None
        offset = _wrap(inner.factor * (inner.offset + outer.offset), bits)
        total = replace(outer, value=inner.value, offset=offset)
        return total, (templates["=="], inner.value, -offset)
    factor = _wrap(outer.factor * inner.factor, bits)
    offset = _wrap(outer.factor * inner.offset + outer.offset, bits)
    total = _Linear(outer.kind, outer.type, inner.value, factor, offset)
    if (factor, offset) == (1, 0):
        return total, inner.value
    form = next(_forms(templates.items(), inner.value, factor, offset), None)
    return None if form is None else (total, form)


def _forms(templates: Iterable[tuple[str, Operation]], value: SSAValue, factor: int, offset: int) -> Iterator[_New]:
    """The single ops that compute ``factor * value + offset``, of the kinds that there are."""
    for kind, template in templates:
        match kind, factor, offset:
            case "+", 1, _:
                yield template, value, offset
            case "-", 1, _:
                yield template, value, -offset
            case "-", -1, _:
                yield template, offset, value
            case "*", _, 0:
                yield template, value, factor


def _rewrite(
    op: Operation, merged: Sequence[Operation], new: _New, type: IntegerType, rewriter: PatternRewriter
) -> None:
    """Put the new op in place of `op`; it stands for all that are merged, the last one first."""
    template, *given = new
    (number,) = (operand for operand in given if isinstance(operand, int))
    made = constant(IntegerAttr(_wrap(number, type.width.data), type), type)
    copy = template.clone()
    copy.operands = [made.results[0] if isinstance(operand, int) else operand for operand in given]
    copy.location = fuse(each.location for each in reversed(merged))
    rewriter.replace(op, [made, copy], copy.results)


def _wrap(number: int, bits: int) -> int:
    half = 1 << bits - 1
    return (number + half) % (2 * half) - half
