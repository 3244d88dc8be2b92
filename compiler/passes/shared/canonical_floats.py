"""Comparisons of floats in total order after -0 and NaN have been replaced, as JAX compares them.

Such floats compare as numbers do, but for NaN, which is the greatest. Comparisons of numbers say that, too, and of what
the floats were before: nothing has to be replaced, and these are ones that vectors have.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign

from xdsl.ir import Attribute, Operation, SSAValue

from tfrt.compiler.passes.shared.source_insertion import insert_before
from tfrt.compiler.passes.shared.source_values import maker, sizes_of, splat_of
from tfrt.dialects.shared.ops import operands_of, result_of
from tfrt.dialects.stablehlo.attributes import ComparisonDirection, ComparisonType

_WORD = ComparisonDirection.new
_AT_MOST: dict[Attribute, tuple[int, int, bool]] = {
    _WORD("LE"): (0, 1, False),
    _WORD("GE"): (1, 0, False),
    _WORD("LT"): (1, 0, True),
    _WORD("GT"): (0, 1, True),
}
"""By directions: which operand is at most which other one, and whether that is not so."""


def compare_as_numbers(op: Operation) -> Sequence[SSAValue] | None:
    """What a comparison of tensors in total order gives, where both are made canonical.

    Comparators of sorts, which compare single elements, stay as they are.
    """
    if op.properties.get("compare_type") != _TOTAL or not sizes_of(result_of(op)):
        return None
    direction = _AT_MOST.get(op.properties["comparison_direction"])
    if direction is None:
        return None
    sides = [_before_replacing(operand) for operand in operands_of(op)]
    type = result_of(op).type
    left, right, is_negated = sides[direction[0]], sides[direction[1]], direction[2]
    if left is None or right is None:
        return None

    def compared(word: str, a: SSAValue, b: SSAValue) -> SSAValue:
        properties = {"comparison_direction": _WORD(word), "compare_type": _AS_NUMBERS}
        return insert_before(op, "stablehlo.compare", [a, b], properties, type)

    at_most = compared("LE", left, right)
    found = insert_before(op, "stablehlo.or", [at_most, compared("NE", right, right)], {}, type)
    return [insert_before(op, "stablehlo.not", [found], {}, type) if is_negated else found]


_TOTAL, _AS_NUMBERS = ComparisonType.new("TOTALORDER"), ComparisonType.new("FLOAT")


def _before_replacing(value: SSAValue) -> SSAValue | None:
    """What a value was before its -0 and NaN were replaced by 0 and one NaN; itself, where it is a constant that is
    neither; None of any other value."""
    number = splat_of(value)
    if number is not None:
        return value if number > 0 or number < 0 or copysign(1, number) > 0 else None
    without_nan = _replaced(value, "NE")
    if without_nan is None or without_nan[2] == without_nan[2] or copysign(1, without_nan[2]) < 0:
        return None
    without_zero = _replaced(without_nan[1], "EQ")
    if without_zero is None or without_zero[2] != 0 or copysign(1, without_zero[2]) < 0:
        return None
    source = without_zero[1]
    return source if without_zero[0] is source and without_nan[0] is source else None


def _replaced(value: SSAValue, direction: str) -> tuple[SSAValue, SSAValue, float] | None:
    """The tensor that is compared, the one whose elements are replaced, and the number that takes their place, where
    the comparison, with 0 or with the tensor itself, holds."""
    chosen = maker(value, "stablehlo.select")
    if chosen is None:
        return None
    mask, number, kept = operands_of(chosen)
    compared, replacing = maker(mask, "stablehlo.compare"), splat_of(number)
    if compared is None or replacing is None or compared.properties["comparison_direction"] != _WORD(direction):
        return None
    if compared.properties.get("compare_type", _AS_NUMBERS) != _AS_NUMBERS:
        return None
    tensor, other = operands_of(compared)
    if (tensor is not other) if direction == "NE" else splat_of(other) != 0:
        return None
    return tensor, kept, replacing
