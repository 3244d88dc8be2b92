"""Laws of arithmetic, applied: what the kernels declare, see `tfrt.executor.declarations.laws`.

Casts there and back have none, for on the way they round. A product with a power of two stays one: there is no op that
shifts, and shifting is no faster in Python.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern

from tfrt.compiler.passes.shared.fold import (
    constant,
    constant_value,
    is_in_sync_function,
    is_returned_by_sync_function,
)
from tfrt.compiler.passes.shared.purity import Infallible, cannot_fail, is_pure, name_of
from tfrt.dialects.tfrt.constants import CONSTANT_OF_TYPE
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.declarations.laws import Law, Nested, Number, Pattern, Ready, Ring, Variable, read_law

_Bound = dict[Pattern, SSAValue]
"""The values that letters, and patterns in parentheses, stand for."""


def laws_of(op: Operation) -> Sequence[Law]:
    """The laws that the op's kernel declares."""
    kernel = BUILTIN.get(name_of(op))
    return () if kernel is None else [read_law(law) for law in kernel.laws]


def ring_of(op: Operation) -> Ring | None:
    """The integer arithmetic that the op's kernel declares it to be."""
    return next((law.result for law in laws_of(op) if isinstance(law.result, Ring)), None)


@dataclass
class ApplyLaws(RewritePattern):
    """Replaces an op by what it always gives for its operands: one of them, another op's result, or a constant."""

    known: Infallible = field(default_factory=dict)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if op.regions or not op.operands or not op.results:
            return
        for law in laws_of(op):
            bound = _match(law, op)
            if bound is None:
                continue
            if isinstance(law.result, Number):
                found = self._number(law.result, op)
                if found is not None:
                    rewriter.replace(op, found)
                    return
            elif isinstance(law.result, Variable | Nested) and self._may_be(bound[law.result], law, op):
                rewriter.replace(op, [], [bound[law.result], *(None for _ in op.results[1:])])
                return

    def _may_be(self, value: SSAValue, law: Law, op: Operation) -> bool:
        """Whether a value may stand in place of the first result."""
        # A remainder, the second result of an integer division, would be there even where the operand is an error.
        if any(result.uses for result in op.results[1:]) or value.type != op.results[0].type:
            return False
        dropped = _letters(*law.operands) - _letters(law.result)
        operands = [o for o, pattern in zip(op.operands, law.operands, strict=True) if dropped & _letters(pattern)]
        return not is_returned_by_sync_function(op) and all(cannot_fail(o, known=self.known) for o in operands)

    def _number(self, number: Number, op: Operation) -> Operation | None:
        """The constant in place of an op, whose result would be an error where an operand is one."""
        type = op.results[0].type
        attribute = _attribute(number.value, type) if len(op.results) == 1 else None
        if attribute is None or is_in_sync_function(op):
            return None
        if not all(cannot_fail(operand, known=self.known) for operand in op.operands):
            return None
        return constant(attribute, type)


def _match(law: Law, op: Operation) -> _Bound | None:
    """What the patterns of a law stand for in `op`; None where they do not fit."""
    if isinstance(law.result, Ring) or len(law.operands) != len(op.operands):
        return None
    bound: _Bound = {}
    fits = all(_fits(pattern, value, op, bound) for pattern, value in zip(law.operands, op.operands, strict=True))
    return bound if fits else None


def _fits(pattern: Pattern, value: SSAValue, op: Operation, bound: _Bound) -> bool:
    match pattern:
        case Number(number):
            return _is(value, number)
        case Ready():
            return isinstance(value.owner, Operation) and not value.owner.operands and is_pure(value.owner)
        case Nested(operands):
            inner = value.owner
            if not isinstance(inner, Operation) or name_of(inner) != name_of(op):
                return False
            bound[pattern] = value
            pairs = zip(operands, inner.operands, strict=False)
            return len(operands) == len(inner.operands) and all(_fits(p, v, op, bound) for p, v in pairs)
    return bound.setdefault(pattern, value) is value


def _is(value: SSAValue, number: float) -> bool:
    """Whether a value is that number, and not only equal to it as zeros of both signs are."""
    found = constant_value(value)
    return found is not None and found == number and math.copysign(1, found) == math.copysign(1, number)


def _letters(*patterns: Pattern | Ring) -> set[Pattern]:
    found: set[Pattern] = set()
    for pattern in patterns:
        found.update(pattern.operands if isinstance(pattern, Nested) else ())
        if isinstance(pattern, Variable):
            found.add(pattern)
    return found


def _attribute(value: float, type: Attribute) -> Attribute | None:
    if type not in CONSTANT_OF_TYPE:
        return None
    return IntegerAttr(int(value), type) if isinstance(type, IntegerType) else FloatAttr(value, type)  # type: ignore[call-overload]
