"""What is told of values of StableHLO's programs by their types, and by the ops that make them."""

from __future__ import annotations

from xdsl.dialects.builtin import BytesAttr, DenseIntOrFPElementsAttr, IntegerType, TensorType
from xdsl.ir import Attribute, BlockArgument, Operation, OpResult, SSAValue

from tfrt.dialects.shared.interning import once_each, tensor_type
from tfrt.dialects.shared.ops import operand_of, operands_of, type_of
from tfrt.dialects.shared.tensor_types import element_of
from tfrt.dialects.stablehlo.attributes import ComparisonDirection
from tfrt.dialects.stablehlo.directives import number_of, numbers_of


def sizes_of(value: SSAValue) -> tuple[int, ...]:
    """The shape of a tensor, -1 for sizes that are not known."""
    return sizes_of_type(type_of(value))


@once_each
def sizes_of_type(type: Attribute) -> tuple[int, ...]:
    """The same of a tensor's type."""
    assert isinstance(type, TensorType)
    return tuple(type.get_shape())


def element_type_of(value: SSAValue) -> Attribute:
    """The type of a tensor's elements."""
    return element_of(type_of(value))


def has_known_sizes(value: SSAValue) -> bool:
    """Whether a tensor's type says all sizes."""
    return min(sizes_of(value), default=0) >= 0


def maker(value: SSAValue, *names: str) -> Operation | None:
    """The op that makes a value, if it has one of these names."""
    # `isinstance` would ask abstract classes.
    return value.op if type(value) is OpResult and value.op.name in names else None


def counted_dimension(value: SSAValue) -> int | None:
    """The dimension along which each element is its own index, if there is one."""
    made = maker(value, "stablehlo.iota")
    if made is not None:
        return number_of(made.properties["iota_dimension"])
    made = maker(value, "stablehlo.broadcast_in_dim")
    inner = None if made is None else counted_dimension(operand_of(made, 0))
    if made is None or inner is None:
        return None
    dims = numbers_of(made.properties["broadcast_dimensions"])
    same = sizes_of(operand_of(made, 0))[inner] == sizes_of(value)[dims[inner]]
    return dims[inner] if same else None


def constant_of(value: SSAValue) -> DenseIntOrFPElementsAttr | None:
    """The elements of a value that is a constant."""
    made = maker(value, "stablehlo.constant")
    found = None if made is None else made.properties["value"]
    return found if type(found) is DenseIntOrFPElementsAttr else None


def is_everywhere(value: SSAValue) -> bool:
    """Whether a value costs nothing to make anew: a constant, or one that is repeated."""
    while (wide := maker(value, "stablehlo.broadcast_in_dim")) is not None:
        value = operand_of(wide, 0)
    return maker(value, "stablehlo.constant") is not None


def splat_of(value: SSAValue) -> int | float | None:
    """The number that all elements of a value are, of a constant or what is broadcast from one."""
    while type(value) is OpResult:
        made = value.op
        if made.name == "stablehlo.constant":
            elements = made.properties["value"]
            if type(elements) is not DenseIntOrFPElementsAttr:
                return None
            is_small = len(elements.data.data) <= _MOST_REMEMBERED
            return _known_number_in(elements) if is_small else _number_in(elements)
        if made.name not in _REPEATING:
            return None
        value = operands_of(made)[0]
    return None


def _number_in(elements: DenseIntOrFPElementsAttr) -> int | float | None:
    """The number that all elements are."""
    found = next(iter(elements.iter_values()), None) if _same_everywhere(elements) else None
    return found if isinstance(found, int | float) else None


_known_number_in = once_each(_number_in)

_MOST_REMEMBERED = 64
"""Constants of more bytes are looked at each time, and not kept."""

_REPEATING = frozenset(("stablehlo.broadcast_in_dim", "stablehlo.reshape"))


def _same_everywhere(elements: DenseIntOrFPElementsAttr) -> bool:
    data = elements.data.data
    size = len(data) // max(1, len(elements))
    return len(elements) > 0 and data == data[:size] * (len(data) // max(1, size))


def repeated_number(elements: DenseIntOrFPElementsAttr) -> DenseIntOrFPElementsAttr | None:
    """The one element that all are, as an attribute of no dimensions."""
    if not _same_everywhere(elements):
        return None
    data = elements.data.data
    one = BytesAttr(data[: len(data) // len(elements)])
    return DenseIntOrFPElementsAttr.new([tensor_type(elements.get_element_type(), ()), one])


_MOST_TRIPS = 2**31 - 1


def trip_count(loop: Operation) -> int | None:
    """How often a `stablehlo.while` runs, where it counts from one constant up to another in equal steps."""
    condition, body = (region.block for region in loop.regions)
    asked, given = condition.last_op, body.last_op
    assert asked is not None and given is not None
    compared = maker(operand_of(asked, 0), "stablehlo.compare")
    if compared is None or compared.parent is not condition:
        return None
    counter, limit = operands_of(compared)
    if not isinstance(counter, BlockArgument) or counter.block is not condition or not is_integer(counter):
        return None
    place, direction = counter.index, compared.properties["comparison_direction"]
    stepped = maker(operand_of(given, place), "stablehlo.add")
    if stepped is None or not isinstance(direction, ComparisonDirection) or direction.data not in ("LT", "LE"):
        return None
    operands = list(stepped.operands)
    if body.args[place] not in operands:
        return None
    operands.remove(body.args[place])
    start, end, step = splat_of(operand_of(loop, place)), splat_of(limit), splat_of(operands[0])
    if not (isinstance(start, int) and isinstance(end, int) and isinstance(step, int) and step > 0):
        return None
    last = end if direction.data == "LE" else end - 1
    trips = max(0, (last - start) // step + 1)
    # Where the counter would overflow, it does not count.
    bits = counter.type.element_type.bitwidth - 1
    return trips if trips <= _MOST_TRIPS and start + trips * step < 1 << bits else None


def is_integer(value: SSAValue) -> bool:
    """Whether a value is a tensor of integers, which booleans are not."""
    return _has_integers(type_of(value))


@once_each
def _has_integers(type: Attribute) -> bool:
    return (
        isinstance(type, TensorType) and isinstance(type.element_type, IntegerType) and type.element_type.bitwidth > 1
    )


def have_one_type(a: SSAValue, b: SSAValue) -> bool:
    """Whether the types of two values are equal, which they mostly show by being one object, or by their shapes."""
    one, other = type_of(a), type_of(b)
    if one is other:
        return True
    if type(one) is TensorType and type(other) is TensorType and sizes_of_type(one) != sizes_of_type(other):
        return False
    return one == other
