"""Sorts of which only the first elements are used, as frameworks write `top_k`."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import IntegerType, i32
from xdsl.ir import Operation, SSAValue

from tfrt.compiler.passes.shared.source_values import counted_dimension, element_type_of, maker, sizes_of
from tfrt.dialects.chlo import TopKOp
from tfrt.dialects.shared.interning import integer_attribute, tensor_type
from tfrt.dialects.shared.ops import make_op, operand_of, operands_of, put_before, replace_op
from tfrt.dialects.stablehlo.attributes import ComparisonDirection, ComparisonType
from tfrt.dialects.stablehlo.directives import numbers_of
from tfrt.dialects.stablehlo.reductions import SortOp
from tfrt.dialects.stablehlo.shapes import integer_of


def take_first_elements(sort: SortOp) -> None:
    """Put `chlo.top_k` in place of a sort of values and their places, greatest values first, if only slices of its
    results are used that begin with the first element."""
    if len(sort.inputs) != 2 or sort.parent is None:
        return
    values, places = operands_of(sort)
    shape = sizes_of(values)
    last = len(shape) - 1
    if last < 0 or -1 in shape or integer_of(sort.dimension, -1) not in (last, -1):
        return
    if element_type_of(places) != i32 or counted_dimension(places) != last or not _is_greatest_first(sort):
        return
    counts = [_taken(use.operation, result, last) for result in sort.results for use in result.uses]
    if not counts or None in counts:
        return
    count = max(each for each in counts if each is not None)
    sizes = (*shape[:-1], count)
    types = [tensor_type(element_type_of(values), sizes), tensor_type(i32, sizes)]
    made = make_op(TopKOp, [values], types, properties={"k": integer_attribute(count)}, location=sort.location)
    put_before(made, sort)
    # Slices of all that is there are dropped later.
    replace_op(sort, made.results)


def _is_greatest_first(sort: SortOp) -> bool:
    """Whether the comparator compares no more than the first operand's elements, floats in total order."""
    block = sort.comparator.block
    left, right = block.args[0], block.args[1]
    assert block.last_op is not None
    compared = maker(operand_of(block.last_op, 0), "stablehlo.compare")
    if compared is None or compared.parent is not block:
        return False
    is_integer = isinstance(element_type_of(left), IntegerType)
    if not is_integer and compared.properties.get("compare_type") != ComparisonType.new("TOTALORDER"):
        return False
    direction = compared.properties["comparison_direction"]
    sides: Iterable[SSAValue] = operands_of(compared)
    return (direction == ComparisonDirection.new("GT") and tuple(sides) == (left, right)) or (
        direction == ComparisonDirection.new("LT") and tuple(sides) == (right, left)
    )


def _taken(op: Operation, value: SSAValue, last: int) -> int | None:
    """How many of the first elements of all lines along the last dimension a slice takes; None of what is none."""
    if op.name != "stablehlo.slice":
        return None
    start, limit, steps = (numbers_of(op.properties[name]) for name in ("start_indices", "limit_indices", "strides"))
    is_first = not any(start) and limit[:last] == sizes_of(value)[:last] and set(steps) == {1}
    return limit[last] if is_first else None
