"""What regions of StableHLO's ops must take and give."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import AnyFloat, ComplexType, IntegerType, TensorType, i1
from xdsl.ir import Attribute, Operation, Region

from tfrt.dialects.shared.interning import tensor_type
from tfrt.dialects.shared.tensor_types import agree, element_of, kind_of, quoted
from tfrt.dialects.shared.verification import fail

PREDICATE = TensorType(i1, [])


def given_types(op: Operation, region: Region) -> Sequence[Attribute]:
    """The types of what `region` returns; refuses `op` unless the region is one block that ends in a return."""
    if len(region.blocks) != 1:
        fail(op, f"expects regions of one block, but got {len(region.blocks)}")
    last = region.block.last_op
    if last is None or last.name != "stablehlo.return":
        fail(op, "expects regions that end in 'stablehlo.return'")
    return last.operand_types


def require_signature(
    op: Operation,
    constraint: str,
    name: str,
    region: Region,
    taken: Sequence[Attribute],
    given: Sequence[Attribute],
) -> None:
    """Refuse `op` unless its region `name` takes and returns values of these types."""
    returned = given_types(op, region)
    found = [argument.type for argument in region.block.args]
    if not _all_agree(found, taken):
        fail(op, f"({constraint}) expects {name} to take ({quoted(taken)}), but it takes ({quoted(found)})")
    if not _all_agree(returned, given):
        fail(op, f"({constraint}) expects {name} to return ({quoted(given)}), but it returns ({quoted(returned)})")


def require_reducer(
    op: Operation, constraint: str, name: str, region: Region, operands: Sequence[Attribute]
) -> Sequence[Attribute]:
    """Refuse `op` unless its region takes two scalars for each tensor, and returns one, of a type that the tensor's
    elements can be promoted to. Returns the element types of what it returns.
    """
    scalars = [_promoted(region, i, element_of(type)) for i, type in enumerate(operands)]
    require_signature(op, constraint, name, region, [*scalars, *scalars], scalars)
    return [element_of(type) for type in scalars]


def _promoted(region: Region, index: int, element: Attribute) -> Attribute:
    """The scalar type that a region has in place of an element type: its own where that can hold the elements."""
    block = region.blocks.first
    if block is not None and index < len(block.args):
        own = block.args[index].type
        if isinstance(own, TensorType) and own.get_num_dims() == 0 and _is_promotable(element, own.element_type):
            return own
    return tensor_type(element, ())


def _is_promotable(element: Attribute, other: Attribute) -> bool:
    if isinstance(element, ComplexType) and isinstance(other, ComplexType):
        return _is_promotable(element.element_type, other.element_type)
    if isinstance(element, IntegerType) and isinstance(other, IntegerType):
        same = kind_of(element) == kind_of(other) and element.signedness == other.signedness
        return same and element.bitwidth <= other.bitwidth
    return isinstance(element, AnyFloat) and isinstance(other, AnyFloat) and element.bitwidth <= other.bitwidth


def _all_agree(found: Sequence[Attribute], wanted: Sequence[Attribute]) -> bool:
    return len(found) == len(wanted) and all(agree(a, b) for a, b in zip(found, wanted, strict=True))
