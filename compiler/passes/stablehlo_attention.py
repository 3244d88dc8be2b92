"""`stablehlo-attention`: two products with a softmax between become one op."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import BoolAttr, ModuleOp, f32, f64, i1
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.axes import Axes, Axis, Layout, layout_of
from tfrt.compiler.passes.shared.scores import Found, Operand, Scores, scores_of, source_of
from tfrt.compiler.passes.shared.source_insertion import insert_before
from tfrt.compiler.passes.shared.source_values import element_type_of, maker, sizes_of
from tfrt.dialects.nn import AttentionOp, changes_attribute
from tfrt.dialects.shared.interning import double_attribute, integer_attribute, tensor_type
from tfrt.dialects.shared.ops import erase_op, make_op, operands_of, put_before, replace_op, result_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.dialects.stablehlo.attributes import DotAttr, DotDimensionNumbers
from tfrt.dialects.stablehlo.directives import integers, number_of, numbers_of
from tfrt.dialects.stablehlo.linear_algebra import DotGeneralOp
from tfrt.dialects.stablehlo.shapes import TransposeOp
from tfrt.executor.declarations.nn_shapes import can_be_mixed


@dataclass(frozen=True)
class StablehloAttention(ModulePass):
    """Makes `nn.attention` of ``softmax(query keys^T scale + mask) values``, where nothing else reads what lies
    between.

    What is done to scores and to shares, element by element, may be several of these: sums, differences, products and
    quotients with numbers and with arrays that do not depend on scores (biases, masks of numbers, a scale for each
    head), numbers that a mask of booleans chooses, bounds, hyperbolic tangents, and numbers in place of NaN. Rows that
    are masked as a whole may have no shares, and a softmax one more column than there are keys.

    Dimensions may come in any order, and be taken apart or put together on the way: each is followed through
    `stablehlo.transpose` and `stablehlo.reshape`. Queries and keys may be scaled before they are multiplied. Keys and
    values that several heads share, repeated for each or multiplied by queries in groups, are not repeated. Elements
    may be halves, singles or both; what lies between is singles.

    Scores are then never in memory as a whole. Operands are transposed, which costs nothing, to where the op wants
    their dimensions, and the op gives the result's in the order in which they are wanted, also by a
    `stablehlo.transpose` that alone reads it, unless they are taken apart or put together. Keys and values that are
    concatenated, as those of a cache and new ones are, stay apart. Products and sums are rounded otherwise.
    """

    name = "stablehlo-attention"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        ops = ops_in(op)
        behind = _behind([each for each in ops if each.name == "nn.softmax"])
        for product in [each for each in ops if type(each) is DotGeneralOp and id(each) in behind]:
            found = _recognized(product)
            if found is not None:
                _Rewriter(found).rewrite()


def _behind(ops: Iterable[Operation]) -> set[int]:
    """The identities of ops that what some ops give gets to, as far as to products and what has regions."""
    found: set[int] = set()
    waiting = list(ops)
    while waiting:
        for result in waiting.pop().results:
            for use in result.uses:
                user = use.operation
                if id(user) not in found:
                    found.add(id(user))
                    if type(user) is not DotGeneralOp and not user.regions:
                        waiting.append(user)
    return found


@dataclass(frozen=True)
class _Attention:
    """An attention.

    Attributes:
        product: that of shares and values, where the attention comes.
        end: what gives its result: the product, or what alone reads this and transposes it.
        result: the axes of what that gives.
        query, keys, values: the operands.
        depth: axes along which queries and keys are multiplied.
        width: axes of values that queries do not have.
        masks: what scores, and then shares, are changed with.
        sink: one more score for each row.
        keys_along: the axes along which the softmax is.
        scores: all axes of scores, as they lie there.
        scale: what scores are multiplied by before all else.
    """

    product: DotGeneralOp
    end: Operation
    result: Layout
    query: Operand
    keys: Operand
    values: Operand
    depth: tuple[Axis, ...]
    width: tuple[Axis, ...]
    masks: tuple[Operand, ...]
    sink: Operand | None
    keys_along: tuple[Axis, ...]
    scores: tuple[Axis, ...]
    scale: float
    found: Found


def _recognized(product: DotGeneralOp) -> _Attention | None:
    """The attention that ends in a product."""
    axes = Axes()
    for side in (0, 1):
        result, operands, between = _layouts(product)
        for scores in scores_of(operands[side], axes):
            found = _attention(product, result, operands[1 - side], between, scores)
            if found is not None:
                return found
    return None


def _layouts(
    product: DotGeneralOp, result: Layout | None = None
) -> tuple[Layout, tuple[Operand, Operand], tuple[Axis, ...]]:
    """The layouts of a product's result, which may be known, and of its operands, and the axes along which they are
    multiplied."""
    assert isinstance(product.dot_dimension_numbers, DotAttr)
    numbers: DotDimensionNumbers = product.dot_dimension_numbers.data
    if result is None:
        result = layout_of(sizes_of(product.result))
    lhs, rhs = operands_of(product)
    lhs_contracting = tuple(numbers.lhs_contracting_dimensions)
    between = layout_of([sizes_of(lhs)[d] for d in lhs_contracting])
    batching, given = len(numbers.lhs_batching_dimensions), iter(result[len(numbers.lhs_batching_dimensions) :])
    found = []
    for value, of_batch, of_sums in (
        (lhs, numbers.lhs_batching_dimensions, lhs_contracting),
        (rhs, numbers.rhs_batching_dimensions, numbers.rhs_contracting_dimensions),
    ):
        known = dict(zip(of_batch, result[:batching], strict=True)) | dict(zip(of_sums, between, strict=True))
        rank = len(sizes_of(value))
        found.append(Operand(value, tuple([known[d] if d in known else next(given) for d in range(rank)])))
    return result, (found[0], found[1]), tuple([axis for each in between for axis in each])


def _attention(
    product: DotGeneralOp, result: Layout, values: Operand, between: tuple[Axis, ...], scores: Scores
) -> _Attention | None:
    """The attention of which shares and values, and queries and keys, are multiplied; None where it is none."""
    found = scores.found
    axes = found.axes.copy()
    _, sides, depth = _layouts(scores.product, scores.layout)
    assert found.keys is not None
    along = set(axes.whole(found.keys))
    if set(axes.whole(between)) != along:
        return None
    # Keys have the axes along which the softmax is, and queries do not.
    queries = [number for number in (0, 1) if not along & set(_flat(axes.resolved(sides[number].layout)))]
    if not queries or not along <= set(_flat(axes.resolved(sides[1 - queries[0]].layout))):
        return None
    query, query_scale = source_of(sides[queries[0]], axes, scales=True)
    keys, keys_scale = source_of(sides[1 - queries[0]], axes, scales=True)
    values, _ = source_of(values, axes, scales=False)
    given = [change.mask for change in (*found.scores, *found.shares) if change.mask is not None]
    masks, sinks = (
        [source_of(mask, axes, scales=False)[0] for mask in of] for of in (given, [found.sink] if found.sink else [])
    )
    elements = [element_type_of(each.value) for each in (query, keys, values, *masks, *sinks)]
    if not can_be_mixed([str(each) for each in (*elements, element_type_of(product.result)) if each != i1]):
        return None

    def resolved(operand: Operand) -> Operand:
        return Operand(operand.value, axes.resolved(operand.layout))

    # All that may take axes apart has been done.
    order = axes.whole(found.order)
    end, result = _end_of(product, axes.resolved(result))
    has = set(_flat(axes.resolved(values.layout)))
    return _Attention(
        product,
        end,
        result,
        resolved(query),
        resolved(keys),
        resolved(values),
        axes.whole(depth),
        tuple([axis for axis in _flat(result) if axis in has and axis not in order]),
        tuple(map(resolved, masks)),
        resolved(sinks[0]) if sinks else None,
        axes.whole(found.keys),
        order,
        scores.scale * query_scale * keys_scale,
        found,
    )


def _end_of(product: DotGeneralOp, result: Layout) -> tuple[Operation, Layout]:
    """What gives the result in another order, or the product, and the layout of what it gives."""
    uses = list(product.result.uses)
    user = uses[0].operation if len(uses) == 1 else None
    if type(user) is not TransposeOp:
        return product, result
    return user, tuple([result[dimension] for dimension in numbers_of(user.permutation)])


def _flat(layout: Iterable[Iterable[Axis]]) -> list[Axis]:
    return [axis for dimension in layout for axis in dimension]


Group = tuple[Axis, ...]


class _Rewriter:
    """Puts `nn.attention` in an attention's place.

    Its leading dimensions are groups of axes: those that keys or values have, then others of queries; the longest group
    of these is the dimension of queries.
    """

    def __init__(self, found: _Attention):
        self.found = found
        of_keys = {*_flat(found.keys.layout), *_flat(found.values.layout)}
        batch = [axis for axis in found.scores if axis in of_keys and axis not in found.keys_along]
        of_queries = {axis for axis in found.scores if axis not in of_keys}
        queries = self._together([axis for axis in _flat(found.query.layout) if axis in of_queries])
        self._row: Group = max(queries, key=_size, default=())
        self._groups: list[Group] = [*[(axis,) for axis in batch], *[g for g in queries if g is not self._row]]

    def _together(self, axes: Sequence[Axis]) -> list[Group]:
        """Axes of queries in groups that lie together in all arrays."""
        found = self.found
        others = [_flat(each.layout) for each in (*found.masks, found.sink) if each is not None]
        both = [_flat(found.query.layout), _flat(found.result)]
        groups: list[Group] = []
        for axis in axes:
            before = groups[-1][-1] if groups else axis
            if all(_are_neighbours(before, axis, each) for each in both) and all(
                _are_neighbours(before, axis, each) or not {before, axis} & set(each) for each in others
            ):
                groups[-1] = (*groups[-1], axis)
                continue
            groups.append((axis,))
        return groups

    def rewrite(self) -> None:
        found, product = self.found, self.found.product
        query = self._converted(self._arranged(found.query, [*self._groups, self._row, found.depth], len(self._groups)))
        parts = [
            [
                self._arranged(Operand(part, operand.layout), [*self._groups, self.found.keys_along, last])
                for part in self._parts(operand)
            ]
            for operand, last in ((found.keys, found.depth), (found.values, found.width))
        ]
        properties: dict[str, Attribute] = {
            "key_parts": integer_attribute(len(parts[0])),
            "value_parts": integer_attribute(len(parts[1])),
            "scale": double_attribute(found.scale),
        }
        for name, changes in (("scores", found.found.scores), ("shares", found.found.shares)):
            if changes:
                properties[name] = changes_attribute((change.name, change.number) for change in changes)
        if found.sink is not None:
            properties["has_sink"] = BoolAttr.from_bool(True)
        if found.found.guarded is not None:
            properties["zeroes_masked"] = BoolAttr.from_bool(True)
        order = self._order()
        if order != sorted(order):
            properties["order"] = integers(order)
        sizes = [*sizes_of(query)[:-1], _size(found.width)]
        made = make_op(
            AttentionOp,
            [query, *parts[0], *parts[1], *self._arranged_masks()],
            [tensor_type(element_type_of(query), tuple([sizes[dimension] for dimension in order]))],
            properties=properties,
            location=product.location,
        )
        put_before(made, product)
        replace_op(found.end, [self._as_end(made.result, order)])
        if found.end is not product:
            erase_op(product)

    def _order(self) -> list[int]:
        """The order of the op's dimensions in the result, or their own where that takes some apart."""
        groups, wanted = [*self._groups, self._row, self.found.width], _flat(self.found.result)
        own, last = list(range(len(groups))), len(groups) - 1
        if not all(groups):
            return own
        order = [*sorted(own[:last], key=lambda number: wanted.index(groups[number][0])), last]
        return order if [axis for number in order for axis in groups[number]] == wanted else own

    def _converted(self, query: SSAValue) -> SSAValue:
        """The query with an element type that holds what the product does."""
        element = element_type_of(self.found.product.result)
        if element_type_of(query) in (element, f32, f64):
            return query
        return self._as(query, f32 if element != f32 else element)

    def _as(self, value: SSAValue, element: Attribute) -> SSAValue:
        if element_type_of(value) == element:
            return value
        return insert_before(
            self.found.product, "stablehlo.convert", [value], {}, tensor_type(element, sizes_of(value))
        )

    def _arranged_masks(self) -> list[SSAValue]:
        """The masks as operands, and the sink."""
        found, made = self.found, list[SSAValue]()
        changes = [change for change in (*found.found.scores, *found.found.shares) if change.mask is not None]
        for mask, change in zip(found.masks, changes, strict=True):
            value = mask.value
            if change.is_inverted:
                value = insert_before(found.product, "stablehlo.not", [value], {}, value.type)
            made.append(self._arranged(Operand(value, mask.layout), [*self._groups, self._row, found.keys_along]))
        if found.sink is not None:
            made.append(self._arranged(found.sink, [*self._groups, self._row, ()]))
        return made

    def _parts(self, operand: Operand) -> Sequence[SSAValue]:
        """What a value is one after the other, along keys."""
        made = maker(operand.value, "stablehlo.concatenate")
        if made is None or len({use.operation for use in result_of(made).uses}) != 1 or len(self.found.keys_along) != 1:
            return [operand.value]
        dimension = number_of(made.properties["dimension"])
        sizes = [size for part in operands_of(made) for size in sizes_of(part)]
        is_along = operand.layout[dimension] == self.found.keys_along
        return list(operands_of(made)) if is_along and min(sizes) > 0 else [operand.value]

    def _arranged(self, operand: Operand, groups: Sequence[Group], whole: int = 0) -> SSAValue:
        """A value with a dimension for each group of axes, of size 1 where it has none of them.

        Args:
            whole: of so many groups it has all axes.
        """
        layout = operand.layout
        has = _flat(layout)
        sizes = {axis: axis.size for axis in has}
        # Parts of what is concatenated have other sizes along keys.
        for axes, size in zip(layout, sizes_of(operand.value), strict=True):
            if axes == self.found.keys_along and len(axes) == 1:
                sizes[axes[0]] = size
        value = self._reshaped(operand.value, [sizes[axis] for axis in has])
        order = [axis for group in groups for axis in group if axis in sizes]
        assert sorted(map(id, order)) == sorted(map(id, has))
        value = self._transposed(value, [has.index(axis) for axis in order])
        given = set(order)
        partly = [n for n, group in enumerate(groups) if (n < whole or given & set(group)) and not given >= set(group)]
        if partly:
            wide = [a for n, group in enumerate(groups) for a in group if a in sizes or n in partly]
            dims = integers([wide.index(axis) for axis in order])
            type = tensor_type(element_type_of(value), tuple([sizes.get(axis, axis.size) for axis in wide]))
            value = insert_before(
                self.found.product, "stablehlo.broadcast_in_dim", [value], {"broadcast_dimensions": dims}, type
            )
            sizes |= {axis: axis.size for axis in wide if axis not in sizes}
        return self._reshaped(value, [prod(sizes.get(axis, 1) for axis in group) for group in groups])

    def _as_end(self, result: SSAValue, order: Sequence[int]) -> SSAValue:
        """The attention's result, whose dimensions are in order, as what it takes the place of."""
        found, groups = self.found, [*self._groups, self._row, self.found.width]
        has = [axis for number in order for axis in groups[number]]
        value = self._reshaped(result, [axis.size for axis in has])
        value = self._transposed(value, [has.index(axis) for axis in _flat(found.result)])
        end = result_of(found.end)
        return self._as(self._reshaped(value, sizes_of(end)), element_type_of(end))

    def _transposed(self, value: SSAValue, order: Sequence[int]) -> SSAValue:
        if sorted(order) == list(order):
            return value
        sizes = sizes_of(value)
        type = tensor_type(element_type_of(value), tuple([sizes[d] for d in order]))
        return insert_before(self.found.product, "stablehlo.transpose", [value], {"permutation": integers(order)}, type)

    def _reshaped(self, value: SSAValue, sizes: Sequence[int]) -> SSAValue:
        if tuple(sizes) == sizes_of(value):
            return value
        type = tensor_type(element_type_of(value), tuple(sizes))
        return insert_before(self.found.product, "stablehlo.reshape", [value], {}, type)


def _size(group: Group) -> int:
    return prod(axis.size for axis in group)


def _are_neighbours(one: Axis, other: Axis, axes: Sequence[Axis]) -> bool:
    """Whether one axis lies right before another."""
    return one in axes and other in axes and axes.index(other) == axes.index(one) + 1
