"""Simplifications of arithmetic, comparisons and selections of StableHLO, as `source_patterns` has those of other ops.

Results stay the same bit for bit, for the dividends, bounds and zeros of both signs that there are.
"""

from __future__ import annotations

import math

from xdsl.dialects.builtin import i1
from xdsl.ir import Operation, SSAValue

from tfrt.compiler.passes.shared.source_insertion import Replacement, insert_before, new_like
from tfrt.compiler.passes.shared.source_values import (
    element_type_of,
    have_one_type,
    is_integer,
    maker,
    sizes_of,
    splat_of,
)
from tfrt.dialects.shared.ops import operand_of, operands_of, result_of, type_of
from tfrt.dialects.stablehlo.attributes import ComparisonDirection, ComparisonType


def clamped(op: Operation) -> Replacement:
    """The lesser of a constant and of the greater of another one and a value, or the other way round: one op."""
    outer = _bounded(op)
    made = None if outer is None else maker(outer[0], *_BOUNDS)
    inner = None if made is None or made.name == op.name else _bounded(made)
    if outer is None or inner is None:
        return None
    low, high = (inner[1], outer[1]) if op.name == "stablehlo.minimum" else (outer[1], inner[1])
    low_number, high_number = splat_of(low), splat_of(high)
    assert low_number is not None and high_number is not None
    # Where they cross, it counts which comes last.
    if op.name == "stablehlo.maximum" and not low_number <= high_number:
        return None
    return new_like(op, "stablehlo.clamp", [low, inner[0], high], {})


_BOUNDS = ("stablehlo.maximum", "stablehlo.minimum")


def _bounded(op: Operation) -> tuple[SSAValue, SSAValue] | None:
    """A value and the constant that it is bounded by. Of zeros of both signs, the one that comes last is the result."""
    lhs, rhs = operands_of(op)
    for value, bound in ((lhs, rhs), (rhs, lhs)):
        number = splat_of(bound)
        if number is not None and (number or is_integer(value)) and have_one_type(value, result_of(op)):
            return value, bound
    return None


def what_is_left(op: Operation) -> Replacement:
    """What is left of integers whose quotients are there already: less these times the divisor, by zero, too."""
    dividend, divisor = operands_of(op)
    if not is_integer(dividend):
        return None
    for use in dividend.uses:
        other = use.operation
        is_same = other.name == "stablehlo.divide" and operands_of(other) == (dividend, divisor)
        if is_same and other.parent is op.parent and other.is_before_in_block(op):
            taken = insert_before(op, "stablehlo.multiply", [result_of(other), divisor], {}, type_of(dividend))
            return new_like(op, "stablehlo.subtract", [dividend, taken], {})
    return None


def truth(op: Operation) -> Replacement:
    """A comparison of truth values that are known to be false or true."""
    for value, known in (operands_of(op), operands_of(op)[::-1]):
        number = splat_of(known) if element_type_of(value) == i1 else None
        if number is not None and _direction(op) == ("EQ" if number else "NE"):
            return [value]
    return None


def is_not_zero(op: Operation) -> Replacement:
    """That a number is less, or greater, than zero, and not zero."""
    for value, other in (operands_of(op), operands_of(op)[::-1]):
        order, unequal = maker(value, "stablehlo.compare"), maker(other, "stablehlo.compare")
        if order is None or unequal is None or operand_of(order, 0) is not operand_of(unequal, 0):
            continue
        if not (_is_compared_with_zero(order) and _is_compared_with_zero(unequal) and _has_usual_order(order)):
            continue
        if _direction(order) in ("LT", "GT") and _direction(unequal) == "NE":
            return [value]
    return None


def chosen_of_one_and_zero(op: Operation) -> Replacement:
    """One where something is true, and zero elsewhere, which is a conversion."""
    chooser, on_true, on_false = operands_of(op)
    zero = splat_of(on_false)
    if splat_of(on_true) != 1 or zero != 0 or math.copysign(1, zero) < 0 or sizes_of(chooser) != sizes_of(on_true):
        return None
    return new_like(op, "stablehlo.convert", [chooser], {})


def _direction(compared: Operation) -> str:
    direction = compared.properties["comparison_direction"]
    assert isinstance(direction, ComparisonDirection)
    return direction.data


def _is_compared_with_zero(compared: Operation) -> bool:
    return splat_of(operand_of(compared, 1)) == 0


def _has_usual_order(compared: Operation) -> bool:
    """Whether zeros of both signs are equal."""
    kind = compared.properties.get("compare_type")
    return not (isinstance(kind, ComparisonType) and kind.data == "TOTALORDER")
