"""Simplifications of ops of StableHLO: functions of an op that return the values in its place, or None.

Those that are made on the way are inserted before the op. Floating-point results stay the same bit for bit, the sign of
zeros included, but for the order in which products sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from xdsl.dialects.builtin import (
    AnyFloat,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerType,
    TensorType,
)
from xdsl.ir import Attribute, Operation, SSAValue

from tfrt.compiler.passes.shared.canonical_floats import compare_as_numbers
from tfrt.compiler.passes.shared.elementwise_patterns import (
    chosen_of_one_and_zero,
    clamped,
    is_not_zero,
    truth,
    what_is_left,
)
from tfrt.compiler.passes.shared.source_insertion import Replacement, insert_before, new_like
from tfrt.compiler.passes.shared.source_values import (
    constant_of,
    element_type_of,
    has_known_sizes,
    have_one_type,
    is_integer,
    maker,
    sizes_of,
    splat_of,
)
from tfrt.compiler.runtime_values import dense_attribute
from tfrt.dialects.shared.interning import data_attribute, tensor_type
from tfrt.dialects.shared.ops import operand_of, operands_of, result_of
from tfrt.dialects.stablehlo.attributes import DotAttr, DotDimensionNumbers
from tfrt.dialects.stablehlo.directives import integers, number_of, numbers_of


def _unchanged(op: Operation) -> Replacement:
    """A reshape, conversion, slice, … to the type that its operand has."""
    operand = operand_of(op, 0)
    return [operand] if have_one_type(operand, result_of(op)) else None


def _reshape(op: Operation) -> Replacement:
    operand = operand_of(op, 0)
    before = maker(operand, "stablehlo.reshape")
    if before is not None:
        return new_like(op, op.name, [operand_of(before, 0)], {})
    elements = constant_of(operand)
    if elements is None or not has_known_sizes(result_of(op)):
        return None
    value = DenseIntOrFPElementsAttr.new([result_of(op).type, elements.data])
    return new_like(op, "stablehlo.constant", [], {"value": value})


def _transpose(op: Operation) -> Replacement:
    permutation = numbers_of(op.properties["permutation"])
    if permutation == tuple(range(len(permutation))):
        return [operand_of(op, 0)]
    before = maker(operand_of(op, 0), "stablehlo.transpose")
    if before is not None:
        first = numbers_of(before.properties["permutation"])
        return new_like(
            op, op.name, [operand_of(before, 0)], {"permutation": integers([first[d] for d in permutation])}
        )
    product = maker(operand_of(op, 0), "stablehlo.dot_general")
    if product is not None:
        return _transpose_of_product(op, product, permutation)
    before = maker(operand_of(op, 0), "stablehlo.reshape")
    places = None if before is None else _without_ones(sizes_of(operand_of(before, 0)), sizes_of(operand_of(op, 0)))
    if before is None or places is None:
        return None
    # Ones are put in last, so that what is before and after them meets.
    order = [places.index(d) for d in permutation if d in places]
    return new_like(op, "stablehlo.reshape", [_transposed(op, operand_of(before, 0), order)], {})


def _transpose_of_product(op: Operation, product: Operation, permutation: Sequence[int]) -> Replacement:
    """The product with its sides exchanged, as gradients of matrices are written, where nothing else needs it; but rows
    by a matrix stay that."""
    numbers = product.properties["dot_dimension_numbers"]
    assert isinstance(numbers, DotAttr)
    data: DotDimensionNumbers = numbers.data
    lhs, rhs = operands_of(product)
    if data.lhs_batching_dimensions or element_type_of(lhs) != element_type_of(rhs):
        return None
    count = len(data.lhs_contracting_dimensions)
    left, right = len(sizes_of(lhs)), len(sizes_of(rhs))
    first = list(range(left - count))
    is_exchanged = list(permutation) == [*range(len(first), len(permutation)), *first]
    are_rows = sorted(data.lhs_contracting_dimensions) == list(range(left))[left - count :]
    become_rows = sorted(data.rhs_contracting_dimensions) == list(range(right))[right - count :]
    if (
        not is_exchanged
        or (are_rows and not become_rows)
        or len({use.operation for use in result_of(product).uses}) > 1
    ):
        return None
    found = DotDimensionNumbers((), (), data.rhs_contracting_dimensions, data.lhs_contracting_dimensions)
    properties = {**product.properties, "dot_dimension_numbers": data_attribute(DotAttr, found)}
    return new_like(op, product.name, [rhs, lhs], properties)


def transpose_of_ones(op: Operation) -> Replacement:
    """A transpose that only moves dimensions of size 1 as a reshape."""
    sizes, permutation = sizes_of(operand_of(op, 0)), numbers_of(op.properties["permutation"])
    moved = [d for d in permutation if sizes[d] != 1]
    if moved != sorted(moved) or any(size < 0 for size in sizes):
        return None
    return [_reshaped(op, operand_of(op, 0), sizes_of(result_of(op)))]


def _transposed(op: Operation, value: SSAValue, order: Sequence[int]) -> SSAValue:
    """A value with its dimensions in another order, before an op."""
    before = maker(value, "stablehlo.transpose")
    if before is not None:
        first = numbers_of(before.properties["permutation"])
        value, order = operand_of(before, 0), [first[d] for d in order]
    if list(order) == list(range(len(order))):
        return value
    sizes = sizes_of(value)
    type = tensor_type(element_type_of(value), tuple([sizes[d] for d in order]))
    return insert_before(op, "stablehlo.transpose", [value], {"permutation": integers(order)}, type)


def _groups(wide: tuple[int, ...], narrow: tuple[int, ...]) -> list[list[int]] | None:
    """Which dimensions of a shape become each one of another by a reshape, if it only puts some together."""
    found: list[list[int]] = []
    rest = list(range(len(wide)))
    for size in narrow:
        group = [rest.pop(0)] if rest else []
        product = wide[group[0]] if group else 1
        while rest and product < size:
            group.append(rest.pop(0))
            product *= wide[group[-1]]
        if product != size or size < 1:
            return None
        found.append(group)
    return None if rest else found


def _reshape_of_transpose(op: Operation) -> Replacement:
    """Dimensions that are taken apart after they were moved are so before that, where they may have been put
    together."""
    moved = maker(operand_of(op, 0), "stablehlo.transpose")
    if moved is None:
        return None
    sizes, after = sizes_of(result_of(op)), sizes_of(result_of(moved))
    groups = _groups(sizes, after)
    if groups is None or _without_ones(after, sizes) is not None:
        return None
    permutation = numbers_of(moved.properties["permutation"])
    dims = [place for d in range(len(permutation)) for place in groups[permutation.index(d)]]
    value = _reshaped(op, operand_of(moved, 0), [sizes[d] for d in dims])
    return [_transposed(op, value, [dims.index(d) for d in range(len(sizes))])]


def _reshaped(op: Operation, value: SSAValue, sizes: Sequence[int]) -> SSAValue:
    """A value in another shape, before an op."""
    before = maker(value, "stablehlo.reshape")
    value = value if before is None else operand_of(before, 0)
    if sizes_of(value) == tuple(sizes):
        return value
    return insert_before(op, "stablehlo.reshape", [value], {}, tensor_type(element_type_of(value), tuple(sizes)))


def _broadcast(op: Operation) -> Replacement:
    (operand,) = operands_of(op)
    dims = numbers_of(op.properties["broadcast_dimensions"])
    if dims == tuple(range(len(dims))) and have_one_type(operand, result_of(op)):
        return [operand]
    before = maker(operand, "stablehlo.broadcast_in_dim")
    if before is not None:
        first = numbers_of(before.properties["broadcast_dimensions"])
        composed = {"broadcast_dimensions": integers([dims[d] for d in first])}
        return new_like(op, op.name, [operand_of(before, 0)], composed)
    before = maker(operand, "stablehlo.reshape")
    if before is None:
        return None
    places = _without_ones(sizes_of(operand_of(before, 0)), sizes_of(operand))
    if places is None:
        return None
    return new_like(
        op, op.name, [operand_of(before, 0)], {"broadcast_dimensions": integers([dims[place] for place in places])}
    )


def _without_ones(shape: tuple[int, ...], with_ones: tuple[int, ...]) -> list[int] | None:
    """Where the dimensions of a shape are in another that has more of size 1, if it differs in nothing else."""
    places: list[int] = []
    for place, size in enumerate(with_ones):
        if len(places) < len(shape) and size == shape[len(places)] and size >= 0:
            places.append(place)
        elif size != 1:
            return None
    return places if len(places) == len(shape) else None


def _convert(op: Operation) -> Replacement:
    unchanged = _unchanged(op)
    before = maker(operand_of(op, 0), "stablehlo.convert")
    if unchanged is not None or before is None:
        return unchanged
    source, middle = operand_of(before, 0).type, operand_of(op, 0).type
    assert isinstance(source, TensorType) and isinstance(middle, TensorType)
    if not _holds(middle.element_type, source.element_type):
        return None
    return new_like(op, op.name, operands_of(before), {})


def _holds(wide: Attribute, narrow: Attribute) -> bool:
    """Whether one type has all values of another of its kind."""
    if isinstance(wide, IntegerType) and isinstance(narrow, IntegerType):
        same = wide.signedness == narrow.signedness and narrow.bitwidth > 1
        return same and wide.bitwidth >= narrow.bitwidth
    floats = {16: ("f16", "bf16"), 32: ("f32",), 64: ("f64",)}
    if not isinstance(wide, AnyFloat) or not isinstance(narrow, AnyFloat):
        return False
    known = wide.name in floats.get(wide.bitwidth, ()) and narrow.name in floats.get(narrow.bitwidth, ())
    return known and wide.bitwidth > narrow.bitwidth


def _slice(op: Operation) -> Replacement:
    return _unchanged(op) if has_known_sizes(operand_of(op, 0)) else None


def _concatenate(op: Operation) -> Replacement:
    return [operand_of(op, 0)] if len(operands_of(op)) == 1 else None


def _pad(op: Operation) -> Replacement:
    names = ("edge_padding_low", "edge_padding_high", "interior_padding")
    return [operand_of(op, 0)] if not any(n for name in names for n in numbers_of(op.properties[name])) else None


def _select(op: Operation) -> Replacement:
    chooser, on_true, on_false = operands_of(op)
    if on_true is on_false:
        return [on_true]
    known = splat_of(chooser)
    return None if known is None else [on_true if known else on_false]


def _with_neutral(right: float, *, left: bool, floats: bool = True) -> Callable[[Operation], Replacement]:
    """An op whose result is the other operand where one is this number: the right one, or either."""

    def simplify(op: Operation) -> Replacement:
        lhs, rhs = operands_of(op)
        if not floats and not is_integer(lhs):
            return None
        if splat_of(rhs) == right and have_one_type(lhs, result_of(op)):
            return [lhs]
        if left and splat_of(lhs) == right and have_one_type(rhs, result_of(op)):
            return [rhs]
        return None

    return simplify


def _tuple_element(op: Operation) -> Replacement:
    made = maker(operand_of(op, 0), "stablehlo.tuple")
    return None if made is None else [operand_of(made, number_of(op.properties["index"]))]


def _barrier(op: Operation) -> Replacement:
    return list(operands_of(op))


def _dot_general(op: Operation) -> Replacement:
    """Transposed operands: dimension numbers of what is transposed, where the result's dimensions keep their order."""
    numbers = op.properties["dot_dimension_numbers"]
    assert isinstance(numbers, DotAttr)
    data: DotDimensionNumbers = numbers.data
    sides = [
        [data.lhs_batching_dimensions, data.lhs_contracting_dimensions],
        [data.rhs_batching_dimensions, data.rhs_contracting_dimensions],
    ]
    operands = list(operands_of(op))
    for side in (0, 1):
        transposed = maker(operands[side], "stablehlo.transpose")
        if transposed is None:
            continue
        permutation = numbers_of(transposed.properties["permutation"])
        used = {*sides[side][0], *sides[side][1]}
        free = [permutation[d] for d in range(len(permutation)) if d not in used]
        if free == sorted(free):
            operands[side] = operand_of(transposed, 0)
            sides[side] = [tuple(permutation[d] for d in dims) for dims in sides[side]]
    if operands == list(operands_of(op)):
        return _product_of_rows(op, data)
    found = DotDimensionNumbers(sides[0][0], sides[1][0], sides[0][1], sides[1][1])
    return new_like(op, op.name, operands, {**op.properties, "dot_dimension_numbers": data_attribute(DotAttr, found)})


def _product_of_rows(op: Operation, numbers: DotDimensionNumbers) -> Replacement:
    """A product of rows and a matrix, for one that sums along several dimensions, or gives several: those that lie
    together are one."""
    lhs, rhs = operands_of(op)
    rows, matrix = sizes_of(lhs), sizes_of(rhs)
    pairs = sorted(zip(numbers.lhs_contracting_dimensions, numbers.rhs_contracting_dimensions, strict=True))
    count = len(pairs)
    if numbers.lhs_batching_dimensions or not pairs or min(*rows, *matrix) < 1 or len(matrix) == count:
        return None
    if (count == 1 and len(matrix) == 2) or [left for left, _ in pairs] != list(range(len(rows)))[-count:]:
        return None
    first = pairs[0][1]
    if [right for _, right in pairs] != list(range(first, first + count)) or first not in (0, len(matrix) - count):
        return None
    inner, kept = prod(rows[-count:]), rows[: len(rows) - count]
    columns = prod(matrix) // inner
    flat = [inner, columns] if first == 0 else [columns, inner]
    properties = {
        **op.properties,
        "dot_dimension_numbers": data_attribute(DotAttr, DotDimensionNumbers((), (), (len(kept),), (int(first > 0),))),
    }
    operands = [_reshaped(op, lhs, [*kept, inner]), _reshaped(op, rhs, flat)]
    type = tensor_type(element_type_of(result_of(op)), (*kept, columns))
    product = insert_before(op, op.name, operands, properties, type)
    return [_reshaped(op, product, sizes_of(result_of(op)))]


def _bias_of_product(op: Operation) -> Replacement:
    """What is the same for all rows of a product is added before its columns become several dimensions, so that it is
    done with the product."""
    for side in (0, 1):
        apart = maker(operand_of(op, side), "stablehlo.reshape")
        product = None if apart is None else maker(operand_of(apart, 0), "stablehlo.dot_general")
        wide = None if product is None else maker(operand_of(op, 1 - side), *_BROADCAST)
        if apart is None or wide is None or product is None:
            continue
        result = sizes_of(result_of(op))
        (bias,), dims = operands_of(wide), numbers_of(wide.properties["broadcast_dimensions"])
        flat, sizes = sizes_of(result_of(product)), sizes_of(bias)
        if (
            len(flat) >= len(result)
            or not sizes
            or dims != tuple(range(len(result)))[-len(sizes) :]
            or sizes != result[-len(sizes) :]
        ):
            continue
        if prod(sizes) != flat[-1] or len({use.operation for use in result_of(apart).uses}) != 1:
            continue
        type = result_of(product).type
        row = {"broadcast_dimensions": integers([len(flat) - 1])}
        wide_row = insert_before(op, _BROADCAST[0], [_reshaped(op, bias, [flat[-1]])], row, type)
        operands = [result_of(product), wide_row][:: 1 if side == 0 else -1]
        return [_reshaped(op, insert_before(op, op.name, operands, op.properties, type), result)]
    return None


_BROADCAST = ("stablehlo.broadcast_in_dim",)


def _batch_norm_inference(op: Operation) -> Replacement:
    """The steps that the kernel takes (`kernels/numerics/normalization.py`): those for each element may be done with
    what stands before it, and those for each feature once where they are of constants."""
    operand, scale, offset, mean, variance = operands_of(op)
    wide, narrow = operand.type, variance.type
    assert isinstance(wide, TensorType) and isinstance(narrow, TensorType)
    epsilon, feature = op.properties["epsilon"], number_of(op.properties["feature_index"])
    assert isinstance(epsilon, FloatAttr)
    dtype = {"f32": np.float32, "f64": np.float64}.get(wide.element_type.name)
    if dtype is None or not wide.has_static_shape():
        return None

    def made(name: str, operands: Sequence[SSAValue], type: Attribute, **properties: Attribute) -> SSAValue:
        return insert_before(op, name, operands, properties, type)

    def repeated(vector: SSAValue) -> SSAValue:
        places = integers([feature])
        return made("stablehlo.broadcast_in_dim", [vector], wide, broadcast_dimensions=places)

    splat = np.full(narrow.get_shape(), epsilon.value.data, dtype)
    added = made("stablehlo.constant", [], narrow, value=dense_attribute(splat, narrow))
    spread = made("stablehlo.sqrt", [made("stablehlo.add", [variance, added], narrow)], narrow)
    if epsilon.value.data > 0:
        factor = made("stablehlo.divide", [scale, spread], narrow)
        scaled = made("stablehlo.multiply", [operand, repeated(factor)], wide)
        moved = made("stablehlo.multiply", [mean, factor], narrow)
        added = made("stablehlo.subtract", [offset, moved], narrow)
        return [made("stablehlo.add", [scaled, repeated(added)], wide)]
    centered = made("stablehlo.subtract", [operand, repeated(mean)], wide)
    divided = made("stablehlo.divide", [centered, repeated(spread)], wide)
    scaled = made("stablehlo.multiply", [divided, repeated(scale)], wide)
    return [made("stablehlo.add", [scaled, repeated(offset)], wide)]


_add_nothing = _with_neutral(0, left=True, floats=False)
_all_of = _with_neutral(-1, left=True)
_no_lower_bound = _with_neutral(-float("inf"), left=True)
_no_upper_bound = _with_neutral(float("inf"), left=True)

PATTERNS: dict[str, Callable[[Operation], Replacement]] = {
    "stablehlo.add": lambda op: _add_nothing(op) or _bias_of_product(op),
    "stablehlo.and": lambda op: _all_of(op) or is_not_zero(op),
    "stablehlo.batch_norm_inference": _batch_norm_inference,
    "stablehlo.broadcast_in_dim": _broadcast,
    "stablehlo.compare": lambda op: truth(op) or compare_as_numbers(op),
    "stablehlo.concatenate": _concatenate,
    "stablehlo.convert": _convert,
    "stablehlo.divide": _with_neutral(1, left=False),
    "stablehlo.dot_general": _dot_general,
    "stablehlo.get_tuple_element": _tuple_element,
    "stablehlo.maximum": lambda op: _no_lower_bound(op) or clamped(op),
    "stablehlo.minimum": lambda op: _no_upper_bound(op) or clamped(op),
    "stablehlo.multiply": _with_neutral(1, left=True),
    "stablehlo.optimization_barrier": _barrier,
    "stablehlo.pad": _pad,
    "stablehlo.or": _with_neutral(0, left=True),
    "stablehlo.remainder": what_is_left,
    "stablehlo.reshape": lambda op: _unchanged(op) or _reshape(op) or _reshape_of_transpose(op),
    "stablehlo.select": lambda op: _select(op) or chosen_of_one_and_zero(op),
    "stablehlo.slice": _slice,
    "stablehlo.subtract": _with_neutral(0, left=False, floats=False),
    "stablehlo.transpose": _transpose,
}
"""By ops' names."""
