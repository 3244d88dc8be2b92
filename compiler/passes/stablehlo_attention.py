"""`stablehlo-attention`: two products with a softmax between become one op."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, ModuleOp, TensorType, f32, f64, i64
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.source_patterns import insert_before, maker, sizes_of, splat_of
from tfrt.dialects.nn import AttentionOp
from tfrt.dialects.stablehlo.attributes import DotAttr, DotDimensionNumbers
from tfrt.dialects.stablehlo.directives import integers, numbers_of
from tfrt.dialects.stablehlo.linear_algebra import DotGeneralOp


@dataclass(frozen=True)
class StablehloAttention(ModulePass):
    """Makes `nn.attention` of ``softmax(query keys^T scale + mask) values``, where the scale is a number and nothing
    else reads what lies between.

    Scores are then never in memory as a whole. Operands are transposed, which costs nothing, to where the op wants
    their dimensions. Keys and values that are concatenated, as those of a cache and new ones are, stay apart. Products
    and sums are rounded otherwise.
    """

    name = "stablehlo-attention"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for product in [inner for inner in op.walk() if isinstance(inner, DotGeneralOp)]:
            for side in (0, 1):
                if _fuse(product, side):
                    break


@dataclass(frozen=True)
class _Scores:
    """What is under a softmax: the product of queries and keys, which is scaled, then masked."""

    product: DotGeneralOp
    scale: float
    mask: SSAValue | None


def _fuse(product: DotGeneralOp, side: int) -> bool:
    """Put an attention in place of the product of a softmax, the operand of that number, and of values."""
    shares = maker(product.operands[side], "nn.softmax")
    rank = len(sizes_of(product.operands[side]))
    if shares is None or shares.properties["dimension"].value.data != rank - 1 or not _has_one_user(shares):  # type: ignore[attr-defined]
        return False
    shares_numbers, values_numbers = _sides(product, side)
    scores = _scores(shares.operands[0])
    if scores is None or not _is_plain(product):
        return False
    batch = rank - 2
    query_numbers, keys_numbers = _sides(scores.product, 0)
    query, keys, values = *scores.product.operands, product.operands[1 - side]
    if shares_numbers != (tuple(range(batch)), (rank - 1,)) or any(
        len(sizes_of(value)) != rank or len(numbers[0]) != batch or len(numbers[1]) != 1
        for value, numbers in ((query, query_numbers), (keys, keys_numbers), (values, values_numbers))
    ):
        return False
    query_order = _order(rank, query_numbers, contracted_last=True)
    keys_order = _order(rank, keys_numbers, contracted_last=True)
    values_order = _order(rank, values_numbers, contracted_last=False)
    key_parts = [_transposed(product, part, keys_order) for part in _parts(keys, keys_order[-2])]
    value_parts = [_transposed(product, part, values_order) for part in _parts(values, values_order[-2])]
    masks = [] if scores.mask is None else [_narrow(product, scores.mask)]
    operands = [_transposed(product, query, query_order), *key_parts, *value_parts, *masks]
    shape = [*sizes_of(operands[0])[:-1], sizes_of(value_parts[0])[-1]]
    assert isinstance(query.type, TensorType) and product.parent is not None
    made = AttentionOp.create(
        operands=operands,
        properties={
            "key_parts": IntegerAttr(len(key_parts), i64),
            "value_parts": IntegerAttr(len(value_parts), i64),
            "scale": FloatAttr(scores.scale, f64),
        },
        result_types=[TensorType(query.type.element_type, shape)],
    )
    made.location = product.location
    product.parent.insert_op_before(made, product)
    # Where values came first, so does their last dimension.
    order = list(range(rank)) if side == 0 else [*range(batch), rank - 1, rank - 2]
    product.result.replace_all_uses_with(_transposed(product, made.result, order))
    for gone in (product, shares):
        gone.detach()
        gone.erase()
    return True


def _sides(product: DotGeneralOp, first: int) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """The batching and the contracting dimensions of an operand, and of the other one."""
    assert isinstance(product.dot_dimension_numbers, DotAttr)
    numbers: DotDimensionNumbers = product.dot_dimension_numbers.data
    sides = (
        (tuple(numbers.lhs_batching_dimensions), tuple(numbers.lhs_contracting_dimensions)),
        (tuple(numbers.rhs_batching_dimensions), tuple(numbers.rhs_contracting_dimensions)),
    )
    return sides[first], sides[1 - first]


def _is_plain(product: DotGeneralOp) -> bool:
    """Whether shapes are known, and all is of one type, in which sums are taken, too."""
    types = {value.type.element_type for value in (*product.operands, product.result)}
    sizes = [size for value in (*product.operands, product.result) for size in sizes_of(value)]
    return types <= {f32} | {f64} and len(types) == 1 and min(sizes, default=1) > 0


def _has_one_user(op: Operation) -> bool:
    return len({use.operation for use in op.results[0].uses}) == 1


def _scores(value: SSAValue) -> _Scores | None:
    """What a value is, if it is scores."""
    scale, mask = 1.0, None
    while not isinstance(op := value.owner, DotGeneralOp):
        if not isinstance(op, Operation) or not _has_one_user(op):
            return None
        found = _scaled(op)
        if found is not None:
            value, scale = found[0], scale * found[1]
        elif op.name == "stablehlo.add" and mask is None and scale == 1:
            value, mask = op.operands if _leads_to_product(op.operands[0]) else reversed(op.operands)
        else:
            return None
    return _Scores(op, scale, mask) if _has_one_user(op) and _is_plain(op) else None


def _scaled(op: Operation) -> tuple[SSAValue, float] | None:
    """What an op multiplies by a number, or divides by it, and by what it multiplies."""
    if op.name not in ("stablehlo.multiply", "stablehlo.divide"):
        return None
    orders = [tuple(op.operands)] + ([tuple(op.operands)[::-1]] if op.name == "stablehlo.multiply" else [])
    for value, other in orders:
        number = splat_of(other)
        if number is None or number == 0:
            continue
        return value, float(number) if op.name == "stablehlo.multiply" else 1 / float(number)
    return None


def _leads_to_product(value: SSAValue) -> bool:
    while not isinstance(op := value.owner, DotGeneralOp):
        found = _scaled(op) if isinstance(op, Operation) else None
        if found is None:
            return False
        value = found[0]
    return True


def _order(rank: int, numbers: tuple[tuple[int, ...], tuple[int, ...]], *, contracted_last: bool) -> list[int]:
    """The order of an operand's dimensions in which the batching ones come first."""
    batching, contracting = numbers
    free = [d for d in range(rank) if d not in (*batching, *contracting)]
    return [*batching, *free, *contracting] if contracted_last else [*batching, *contracting, *free]


def _parts(value: SSAValue, dimension: int) -> Sequence[SSAValue]:
    """What a value is one after the other, along a dimension."""
    made = maker(value, "stablehlo.concatenate")
    if made is None or made.properties["dimension"].value.data != dimension:  # type: ignore[attr-defined]
        return [value]
    sizes = [size for part in made.operands for size in sizes_of(part)]
    return list(made.operands) if _has_one_user(made) and min(sizes) > 0 else [value]


def _transposed(before: Operation, value: SSAValue, order: Sequence[int]) -> SSAValue:
    if list(order) == list(range(len(order))):
        return value
    assert isinstance(value.type, TensorType)
    sizes = sizes_of(value)
    type = TensorType(value.type.element_type, [sizes[d] for d in order])
    return insert_before(before, "stablehlo.transpose", [value], {"permutation": integers(order)}, type)


def _narrow(before: Operation, mask: SSAValue) -> SSAValue:
    """A mask before it was repeated, with dimensions of size 1 instead."""
    made = maker(mask, "stablehlo.broadcast_in_dim")
    if made is None:
        return mask
    (narrow,), shape = made.operands, sizes_of(mask)
    dims = numbers_of(made.properties["broadcast_dimensions"])
    if list(dims) != sorted(dims):
        return mask
    known = dict(zip(dims, sizes_of(narrow), strict=True))
    assert isinstance(mask.type, TensorType)
    type = TensorType(mask.type.element_type, [known.get(d, 1) for d in range(len(shape))])
    return insert_before(before, "stablehlo.reshape", [narrow], {}, type)
