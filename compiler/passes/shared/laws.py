"""Laws of arithmetic, applied: what the kernels declare, see `tfrt.executor.declarations.laws`.

Casts there and back have none, for on the way they round. A product with a power of two stays one: there is no op that
shifts, and shifting is no faster in Python.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType
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
from tfrt.executor.declarations.laws import Law, Nested, Number, Pattern, Ready, Ring, Variable, values_of

_Bound = dict[str | Nested, SSAValue]
"""The values that letters, and patterns in parentheses, stand for."""


@dataclass
class ApplyLaws(RewritePattern):
    """Replaces an op by what it always gives for its operands: one of them, another op's result, or a constant."""

    known: Infallible = field(default_factory=dict)

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        kernel = BUILTIN.get(name_of(op)) if op.operands and op.results and not op.regions else None
        if kernel is None or not kernel.laws:
            return
        constants = [constant_value(operand) for operand in op.operands]
        for law in values_of(kernel.laws, has_constants=any(found is not None for found in constants)):
            bound = _match(law, op, constants)
            if bound is None:
                continue
            if isinstance(law.result, Number):
                found = self._number(law.result, op)
                if found is not None:
                    rewriter.replace(op, found)
                    return
                continue
            assert isinstance(law.result, Variable | Nested)
            value = bound[law.result.name if isinstance(law.result, Variable) else law.result]
            if self._may_be(value, law, op):
                rewriter.replace(op, [], [value, *(None for _ in op.results[1:])])
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


def _match(law: Law, op: Operation, constants: Sequence[float | None]) -> _Bound | None:
    """What the patterns of a law stand for in `op`, whose operands are these constants; None where they do not fit."""
    if len(law.operands) != len(constants):
        return None
    # Most ops fit no law, and constants are found out already.
    for pattern, found in zip(law.operands, constants, strict=True):
        if type(pattern) is Number and (found is None or not _is(found, pattern.value)):
            return None
    bound: _Bound = {}
    fits = all(_fits(pattern, value, op, bound) for pattern, value in zip(law.operands, op.operands, strict=True))
    return bound if fits else None


def _fits(pattern: Pattern, value: SSAValue, op: Operation, bound: _Bound) -> bool:
    """Whether a value is what a pattern, which is no number, says."""
    match pattern:
        case Variable(name):
            return bound.setdefault(name, value) is value
        case Nested(operands):
            inner = value.owner
            if not isinstance(inner, Operation) or name_of(inner) != name_of(op):
                return False
            bound[pattern] = value
            pairs = zip(operands, inner.operands, strict=False)
            return len(operands) == len(inner.operands) and all(_fits(p, v, op, bound) for p, v in pairs)
        case Ready():
            return isinstance(value.owner, Operation) and not value.owner.operands and is_pure(value.owner)
    return True


def _is(found: float, number: float) -> bool:
    """Whether a constant is that number, and not only equal to it as zeros of both signs are."""
    return found == number and math.copysign(1, found) == math.copysign(1, number)


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
    if isinstance(type, IntegerType):
        return IntegerAttr(int(value), type)
    assert isinstance(type, AnyFloat)
    return FloatAttr(value, type)
