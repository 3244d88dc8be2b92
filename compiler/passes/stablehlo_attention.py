"""`stablehlo-attention`: two products with a softmax between become one op."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, BoolAttr, FloatAttr, IntegerAttr, ModuleOp, TensorType, f64, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.scores import (
    Factor,
    Scores,
    factor_of,
    has_one_user,
    is_plain,
    repeated_by,
    scores_of,
    shared_by,
    without_guard,
)
from tfrt.compiler.passes.shared.source_patterns import insert_before, maker, sizes_of
from tfrt.dialects.nn import AttentionOp
from tfrt.dialects.stablehlo.attributes import DotAttr, DotDimensionNumbers
from tfrt.dialects.stablehlo.directives import integers
from tfrt.dialects.stablehlo.linear_algebra import DotGeneralOp


@dataclass(frozen=True)
class StablehloAttention(ModulePass):
    """Makes `nn.attention` of ``softmax(query keys^T scale + mask) values``, where the scale is a number and nothing
    else reads what lies between.

    A mask is added, or it is the first operand of a `stablehlo.select` of scores and a number; there may be several.
    Queries and keys may be scaled before they are multiplied, and shares that are not numbers be made zero. Keys and
    values that several heads share, repeated for each or multiplied by queries in groups, are not repeated.

    Scores are then never in memory as a whole. Operands are transposed, which costs nothing, to where the op wants
    their dimensions. Keys and values that are concatenated, as those of a cache and new ones are, stay apart. Products
    and sums are rounded otherwise.
    """

    name = "stablehlo-attention"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for product in [inner for inner in op.walk() if isinstance(inner, DotGeneralOp)]:
            for side in (0, 1):
                found = _recognized(product, side)
                if found is not None:
                    _Rewriter(found).rewrite()
                    break


@dataclass(frozen=True)
class _Side:
    """An operand of a product: which of its dimensions are which."""

    batching: tuple[int, ...]
    contracting: tuple[int, ...]
    free: tuple[int, ...]


@dataclass(frozen=True)
class _Found:
    """An attention. Its scores have a dimension for keys, which is the last, and others: those that keys have too, and
    those of queries.

    Attributes:
        product: that of shares and values, the operand `side` being the shares.
        softmax: the op.
        guard: what makes shares zero that are not numbers.
        query, keys, values: the operands, and for each dimension of the scores that they have, which one it is.
        depths: the last dimensions of the three.
    """

    product: DotGeneralOp
    side: int
    softmax: Operation
    guard: Operation | None
    scores: Scores
    query: Factor
    keys: Factor
    values: Factor
    of_query: Mapping[int, int]
    of_keys: Mapping[int, int]
    of_values: Mapping[int, int]
    depths: tuple[int, int, int]

    @property
    def rank(self) -> int:
        return len(sizes_of(self.softmax.operands[0]))


def _recognized(product: DotGeneralOp, side: int) -> _Found | None:
    shares_value, guard = without_guard(product.operands[side])
    softmax = maker(shares_value, "nn.softmax")
    last = len(sizes_of(shares_value)) - 1
    if softmax is None or softmax.properties["dimension"].value.data != last or not is_plain(product):  # type: ignore[attr-defined]
        return None
    if guard is None and not has_one_user(softmax):
        return None
    scores = scores_of(softmax.operands[0])
    if scores is None:
        return None
    shares, values = _sides(product, side)
    if shares.contracting != (last,) or len(values.free) != 1:
        return None
    which = _which_are_keys(scores, last)
    if which is None:
        return None
    query, keys = _sides(scores.product, which)
    of_query, of_keys = _places(scores, query, keys, which)
    if sorted(shares.batching) != sorted(of_keys.keys() - {last}) or len(keys.free) != 1 or len(query.contracting) != 1:
        return None
    lhs, rhs = _operands(scores.product, which)
    weighted = factor_of(product.operands[1 - side])
    if weighted.scale != 1:
        weighted = Factor(product.operands[1 - side], tuple(range(len(sizes_of(product.operands[1 - side])))))
    return _Found(
        product=product,
        side=side,
        softmax=softmax,
        guard=guard,
        scores=scores,
        query=factor_of(lhs),
        keys=factor_of(rhs),
        values=weighted,
        of_query=of_query,
        of_keys=of_keys,
        of_values={**dict(zip(shares.batching, values.batching, strict=True)), last: values.contracting[0]},
        depths=(query.contracting[0], keys.contracting[0], values.free[0]),
    )


def _operands(product: DotGeneralOp, first: int) -> tuple[SSAValue, SSAValue]:
    return product.operands[first], product.operands[1 - first]


def _sides(product: DotGeneralOp, first: int) -> tuple[_Side, _Side]:
    """The dimensions of an operand, and of the other one."""
    assert isinstance(product.dot_dimension_numbers, DotAttr)
    numbers: DotDimensionNumbers = product.dot_dimension_numbers.data
    given = [
        (tuple(numbers.lhs_batching_dimensions), tuple(numbers.lhs_contracting_dimensions)),
        (tuple(numbers.rhs_batching_dimensions), tuple(numbers.rhs_contracting_dimensions)),
    ]
    sides = []
    for operand, (batching, contracting) in zip(product.operands, given, strict=True):
        free = tuple(d for d in range(len(sizes_of(operand))) if d not in (*batching, *contracting))
        sides.append(_Side(batching, contracting, free))
    return sides[first], sides[1 - first]


def _which_are_keys(scores: Scores, last: int) -> int | None:
    """The operand of the product of scores that queries are, if the other one is keys."""
    lhs, rhs = _sides(scores.product, 0)
    place = scores.order[last] - len(lhs.batching)
    if len(rhs.free) == 1 and place == len(lhs.free):
        return 0
    return 1 if len(lhs.free) == 1 and place == 0 else None


def _places(scores: Scores, query: _Side, keys: _Side, which: int) -> tuple[dict[int, int], dict[int, int]]:
    """For each dimension of the scores, the one of queries, and of keys, that it is."""
    free = [*query.free, None] if which == 0 else [None, *query.free]
    of_query = dict(enumerate([*query.batching, *free]))
    of_keys = dict(enumerate(keys.batching))
    of_keys[next(d for d, place in enumerate(of_query.values()) if place is None)] = keys.free[0]
    order = {of: d for d, of in enumerate(scores.order)}
    return (
        {order[d]: place for d, place in of_query.items() if place is not None},
        {order[d]: place for d, place in of_keys.items()},
    )


@dataclass(frozen=True)
class _Axis:
    """A dimension of scores, or a part of one that stands for heads which share keys.

    Attributes:
        dim: of the scores.
        part: 0 for the whole, or for groups of heads; 1 for the heads of a group.
    """

    dim: int
    size: int
    part: int = 0


class _Rewriter:
    def __init__(self, found: _Found):
        self.found = found
        last, sizes = found.rank - 1, sizes_of(found.softmax.operands[0])
        self._last = last
        self._keys, self._values, self._split, self._group = self._shared()
        batch, queries = [], []
        for dim in range(last):
            if dim == self._split:
                batch.append(_Axis(dim, sizes[dim] // self._group))
                queries.append(_Axis(dim, self._group, 1))
            elif dim in found.of_keys:
                batch.append(_Axis(dim, sizes[dim]))
            else:
                queries.append(_Axis(dim, sizes[dim]))
        # Of several dimensions of queries the longest one stays; keys are repeated along the others, at no cost.
        queries = [axis for axis in queries if axis.size > 1]
        self._row = max(queries, key=lambda axis: axis.size) if queries else _Axis(-1, 1)
        self._axes = [*batch, *[axis for axis in queries if axis is not self._row], self._row]

    def _shared(self) -> tuple[SSAValue, SSAValue, int | None, int]:
        """Keys and values before several heads were given the same, which dimension these are, and how many share."""
        found = self.found
        for dim in found.of_keys:
            if dim == self._last:
                continue
            keys = shared_by(found.keys.value, found.keys.order[found.of_keys[dim]])
            values = shared_by(found.values.value, found.values.order[found.of_values[dim]])
            if keys is None or values is None or keys[1] != values[1]:
                continue
            narrow = [
                self._with_fewer(factor, source, factor.order[places[dim]], keys[1])
                for factor, source, places in (
                    (found.keys, keys[0], found.of_keys),
                    (found.values, values[0], found.of_values),
                )
            ]
            return narrow[0], narrow[1], dim, keys[1]
        return found.keys.value, found.values.value, None, 1

    def _with_fewer(self, factor: Factor, source: SSAValue, dim: int, group: int) -> SSAValue:
        sizes = list(sizes_of(factor.value))
        sizes[dim] //= group
        return self._reshaped(source, sizes)

    def rewrite(self) -> None:
        found, product = self.found, self.found.product
        query, keys, values = found.query, found.keys, found.values
        first = self._arranged(query.value, self._through(query, found.of_query), [query.order[found.depths[0]]])
        parts = [
            [
                self._arranged(part, self._through(factor, places), [key_dim, factor.order[depth]], of_queries=False)
                for part in _parts(value, key_dim)
            ]
            for factor, value, places, depth, key_dim in (
                (keys, self._keys, found.of_keys, found.depths[1], keys.order[found.of_keys[self._last]]),
                (values, self._values, found.of_values, found.depths[2], values.order[found.of_values[self._last]]),
            )
        ]
        masks, fills = self._masks()
        properties: dict[str, Attribute] = {
            "key_parts": IntegerAttr(len(parts[0]), i64),
            "value_parts": IntegerAttr(len(parts[1]), i64),
            "scale": FloatAttr(found.scores.scale * query.scale * keys.scale, f64),
        }
        if fills:
            properties["fills"] = ArrayAttr([FloatAttr(fill, f64) for fill in fills])
        if found.guard is not None:
            properties["zeroes_nan"] = BoolAttr.from_bool(True)
        sizes = [*sizes_of(first)[:-1], sizes_of(parts[1][0])[-1]]
        made = AttentionOp.create(
            operands=[first, *parts[0], *parts[1], *masks],
            properties=properties,
            result_types=[TensorType(_element(first), sizes)],
        )
        made.location = product.location
        assert product.parent is not None
        product.parent.insert_op_before(made, product)
        product.result.replace_all_uses_with(self._as_product(made.result))
        product.detach()
        product.erase()

    def _masks(self) -> tuple[list[SSAValue], list[float]]:
        """The masks as operands, and the numbers that those of booleans put."""
        masks, fills = [], []
        for mask in self.found.scores.masks:
            narrow, places = repeated_by(mask.value, mask.order)
            if mask.fill is not None:
                fills.append(mask.fill)
            if mask.is_inverted:
                narrow = insert_before(self.found.product, "stablehlo.not", [narrow], {}, narrow.type)
            *of_axes, of_keys = places
            known = {dim: place for dim, place in enumerate(of_axes) if place is not None}
            masks.append(self._arranged(narrow, known, [of_keys]))
        return masks, fills

    def _through(self, factor: Factor, places: Mapping[int, int]) -> dict[int, int]:
        """For each dimension of the scores but the last, the one of a factor's value."""
        return {dim: factor.order[place] for dim, place in places.items() if dim != self._last}

    def _arranged(
        self, value: SSAValue, places: Mapping[int, int], trailing: Sequence[int | None], *, of_queries: bool = True
    ) -> SSAValue:
        """A value with the axes in order, 1 for those that it does not have, and then `trailing` dimensions.

        Args:
            places: for dimensions of the scores, those of the value.
            of_queries: whether it has queries, too, and for each head something of its own.
        """
        dims = {place: dim for dim, place in places.items()}
        sizes: list[int] = []
        position: dict[tuple[int, int], int] = {}
        moved: dict[int, int] = {}
        for place, size in enumerate(sizes_of(value)):
            moved[place] = len(sizes)
            if place in dims:
                position[dims[place], 0] = len(sizes)
            if place in dims and dims[place] == self._split and of_queries:
                sizes.append(size // self._group)
                position[dims[place], 1] = len(sizes)
                size = self._group
            sizes.append(size)
        value = self._reshaped(value, sizes)
        axes = self._axes if of_queries else self._axes[:-1]
        kept = [position[axis.dim, axis.part] for axis in axes if (axis.dim, axis.part) in position]
        last = [moved[place] for place in trailing if place is not None]
        ones = [place for place in range(len(sizes)) if place not in (*kept, *last)]
        value = self._transposed(value, [*ones, *kept, *last])
        shape = [axis.size if (axis.dim, axis.part) in position else 1 for axis in axes]
        return self._reshaped(value, [*shape, *[1 if place is None else sizes[moved[place]] for place in trailing]])

    def _as_product(self, result: SSAValue) -> SSAValue:
        """The attention's result with the dimensions of the product of shares and values."""
        product, side = self.found.product, self.found.side
        shares, _ = _sides(product, side)
        order = [*shares.batching, *shares.free, None] if side == 0 else [*shares.batching, None, *shares.free]
        places = []
        for dim in order:
            if dim is None:
                places.append(len(self._axes))
            else:
                places += [place for place, axis in enumerate(self._axes) if axis.dim == dim]
        ones = [place for place in range(len(self._axes) + 1) if place not in places]
        return self._reshaped(self._transposed(result, [*ones, *places]), sizes_of(product.result))

    def _transposed(self, value: SSAValue, order: Sequence[int]) -> SSAValue:
        sizes = sizes_of(value)
        if sorted(order) == list(order):
            return value
        if [d for d in order if sizes[d] != 1] == [d for d in range(len(order)) if sizes[d] != 1]:
            return self._reshaped(value, [sizes[d] for d in order])
        type = TensorType(_element(value), [sizes[d] for d in order])
        return insert_before(self.found.product, "stablehlo.transpose", [value], {"permutation": integers(order)}, type)

    def _reshaped(self, value: SSAValue, sizes: Sequence[int]) -> SSAValue:
        if tuple(sizes) == sizes_of(value):
            return value
        return insert_before(self.found.product, "stablehlo.reshape", [value], {}, TensorType(_element(value), sizes))


def _element(value: SSAValue) -> Attribute:
    assert isinstance(value.type, TensorType)
    element: Attribute = value.type.element_type
    return element


def _parts(value: SSAValue, dimension: int) -> Sequence[SSAValue]:
    """What a value is one after the other, along a dimension."""
    made = maker(value, "stablehlo.concatenate")
    if made is None or made.properties["dimension"].value.data != dimension:  # type: ignore[attr-defined]
        return [value]
    sizes = [size for part in made.operands for size in sizes_of(part)]
    return list(made.operands) if has_one_user(made) and min(sizes) > 0 else [value]
