"""Loops that halve what is left of a sorted line, as JAX writes `searchsorted`."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.dialects.builtin import BoolAttr
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.traits import Pure

from tfrt.compiler.emitter.attributes import dtype_of
from tfrt.compiler.passes.shared.source_values import (
    element_type_of,
    is_integer,
    maker,
    sizes_of,
    splat_of,
    trip_count,
)
from tfrt.dialects.nn import SearchOp
from tfrt.dialects.shared.ops import (
    erase_op,
    make_op,
    operand_of,
    operands_of,
    ops_of,
    put_before,
    replace_op,
    replace_uses,
    result_of,
)
from tfrt.dialects.shared.walking import has_trait
from tfrt.dialects.stablehlo.attributes import ComparisonDirection, ComparisonType, GatherAttr
from tfrt.dialects.stablehlo.control_flow import WhileOp
from tfrt.dialects.stablehlo.directives import numbers_of

_MOST_NUMBERS, _LONGEST = 1 << 11, 1 << 16
"""More numbers a loop finds sooner, at once and without a branch for each; and whether a longer line is sorted takes
longer to see than to search it."""


def take_search(loop: WhileOp) -> None:
    """Put `nn.search` in place of a loop that halves what is left of a line until each number has its place there."""
    block = loop.body.block
    given = block.last_op
    if loop.parent is None or given is None or not all(has_trait(op.__class__, Pure) for op in ops_of(block)[:-1]):
        return
    for high, value in enumerate(operands_of(given)):
        if loop.outputs[high].uses and maker(value, "stablehlo.select") is not None:
            found = _search(loop, block, given, high)
            others = [result for result in loop.outputs if result is not loop.outputs[high]]
            if found is not None and not any(result.uses for result in others):
                _replace(loop, high, found)
            return


@dataclass(frozen=True)
class _Search:
    """What is searched, for what, and whether behind what is equal."""

    line: SSAValue
    numbers: SSAValue
    after: bool


def _search(loop: WhileOp, block: Block, given: Operation, high: int) -> _Search | None:
    """The search whose upper ends are the value that a loop carries by this number."""
    chosen = maker(operand_of(given, high), "stablehlo.select")
    if chosen is None:
        return None
    is_first, middle, end = operands_of(chosen)
    step = maker(middle, "stablehlo.add")
    if step is None or end is not block.args[high]:
        return None
    low_end, half = operands_of(step)
    if not isinstance(low_end, BlockArgument) or low_end.block is not block or not is_integer(end):
        return None
    low = low_end.index
    other = maker(operand_of(given, low), "stablehlo.select")
    if other is None or tuple(operands_of(other)) != (is_first, low_end, middle) or not _is_half(half, low_end, end):
        return None
    compared = _comparison(is_first)
    if compared is None:
        return None
    element, number, after = compared
    line, numbers = _gathered(element, middle, loop, block), _outside(number, loop, block)
    if line is None or numbers is None:
        return None
    (size,) = sizes_of(line)
    shape = sizes_of(numbers)
    if not 0 < size <= _LONGEST or -1 in shape or not shape or prod(shape) > _MOST_NUMBERS:
        return None
    ends = splat_of(operand_of(loop, low)), splat_of(operand_of(loop, high))
    is_whole = ends == (0, size) and trip_count(loop) == size.bit_length()
    return _Search(line, numbers, after) if is_whole and _is_searched(line) else None


def _is_half(value: SSAValue, low: SSAValue, high: SSAValue) -> bool:
    divided = maker(value, "stablehlo.divide")
    if divided is None or splat_of(operand_of(divided, 1)) != 2:
        return False
    width = maker(operand_of(divided, 0), "stablehlo.subtract")
    return width is not None and tuple(operands_of(width)) == (high, low)


def _comparison(value: SSAValue) -> tuple[SSAValue, SSAValue, bool] | None:
    """What compares an element with a number: these, and whether it asks if the element is greater, and not if it is
    no less. NaN are greater than all else and equal."""
    negated = maker(value, "stablehlo.not")
    if negated is not None:
        sides = _at_most(operand_of(negated, 0))
        return None if sides is None else (sides[0], sides[1], True)
    sides = _at_most(value)
    if sides is not None:
        return sides[1], sides[0], False
    compared = maker(value, "stablehlo.compare")
    if compared is None or not is_integer(operand_of(compared, 0)):
        return None
    left, right = operands_of(compared)
    direction = compared.properties["comparison_direction"]
    if direction == _WORD("LT"):
        return right, left, True
    return (left, right, True) if direction == _WORD("GT") else None


def _at_most(value: SSAValue) -> tuple[SSAValue, SSAValue] | None:
    """The two values of which the first is at most the other one; see `canonical_floats`."""
    both = maker(value, "stablehlo.or")
    compared = maker(value if both is None else operand_of(both, 0), "stablehlo.compare")
    if compared is None or compared.properties.get("compare_type") == _TOTAL:
        return None
    left, right = operands_of(compared)
    if compared.properties["comparison_direction"] == _WORD("GE"):
        left, right = right, left
    elif compared.properties["comparison_direction"] != _WORD("LE"):
        return None
    if both is None:
        return (left, right) if is_integer(left) else None
    nan = maker(operand_of(both, 1), "stablehlo.compare")
    is_nan = nan is not None and nan.properties["comparison_direction"] == _WORD("NE")
    return (left, right) if nan is not None and is_nan and tuple(operands_of(nan)) == (right, right) else None


_WORD, _TOTAL = ComparisonDirection.new, ComparisonType.new("TOTALORDER")


def _gathered(value: SSAValue, places: SSAValue, loop: WhileOp, block: Block) -> SSAValue | None:
    """The line of which a value has the elements at these places."""
    while (same := maker(value, "stablehlo.reshape")) is not None:
        value = operand_of(same, 0)
    gather = maker(value, "stablehlo.gather")
    if gather is None:
        return None
    line, vectors = operands_of(gather)
    numbers = gather.properties["dimension_numbers"]
    assert isinstance(numbers, GatherAttr)
    rank = len(sizes_of(places))
    wide = maker(vectors, "stablehlo.broadcast_in_dim", "stablehlo.reshape")
    if wide is None or operand_of(wide, 0) is not places or sizes_of(vectors) != (*sizes_of(places), 1):
        return None
    is_in_order = wide.name == "stablehlo.reshape" or numbers_of(wide.properties["broadcast_dimensions"]) == tuple(
        range(rank)
    )
    along = tuple(numbers.data.start_index_map) == (0,) and numbers.data.index_vector_dim == rank
    if len(sizes_of(line)) != 1 or not along or not is_in_order:
        return None
    return _outside(line, loop, block)


def _outside(value: SSAValue, loop: WhileOp, block: Block) -> SSAValue | None:
    """What a value of a loop's body is in all iterations, as it is around the loop."""
    if isinstance(value, BlockArgument) and value.block is block:
        assert block.last_op is not None
        same = operand_of(block.last_op, value.index) is value
        return operand_of(loop, value.index) if same else None
    inside: Operation | Block | None = value.owner if isinstance(value.owner, Operation) else value.owner.parent_op()
    return None if inside is not None and loop.is_ancestor(inside) else value


def _is_searched(line: SSAValue) -> bool:
    """Whether numpy searches elements of a type."""
    dtype = dtype_of(element_type_of(line))
    return dtype is not None and dtype.numpy.isbuiltin == 1 and dtype.numpy.kind in "iuf"


def _replace(loop: WhileOp, high: int, found: _Search) -> None:
    result = loop.outputs[high]
    users = [use.operation for use in result.uses]
    converted = {result_of(op).type for op in users if op.name == "stablehlo.convert" and is_integer(result_of(op))}
    # Places become numbers of the type that they are used as.
    is_converted = len(converted) == 1 and all(op.name == "stablehlo.convert" for op in users)
    types = list(converted) if is_converted else [result.type]
    properties = {"after": BoolAttr.from_bool(True)} if found.after else {}
    made = make_op(SearchOp, [found.line, found.numbers], types, properties=properties, location=loop.location)
    put_before(made, loop)
    if is_converted:
        for op in users:
            replace_op(op, made.results)
    else:
        replace_uses(result, made.result)
    erase_op(loop)
