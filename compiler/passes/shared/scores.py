"""Recognising what is under a softmax: a product of queries and keys that is scaled and masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import f32, f64
from xdsl.ir import Operation, SSAValue

from tfrt.compiler.passes.shared.source_patterns import maker, sizes_of, splat_of
from tfrt.dialects.stablehlo.attributes import ComparisonDirection
from tfrt.dialects.stablehlo.directives import numbers_of
from tfrt.dialects.stablehlo.linear_algebra import DotGeneralOp


@dataclass(frozen=True)
class Mask:
    """What changes scores.

    Attributes:
        value: it has the product's dimensions.
        order: for each dimension of the scores, the one of `value`.
        fill: what scores are where a mask of booleans is false; None for one of floats, which is added.
        is_inverted: whether that is where it is true.
    """

    value: SSAValue
    order: tuple[int, ...]
    fill: float | None = None
    is_inverted: bool = False


@dataclass(frozen=True)
class Scores:
    """A product of queries and keys, which is scaled and then masked.

    Attributes:
        order: for each dimension of the scores, the one of the product's result.
        masks: the one that comes first, first.
    """

    product: DotGeneralOp
    scale: float
    order: tuple[int, ...]
    masks: tuple[Mask, ...] = ()


_MOST_MASKS = 4


def scores_of(value: SSAValue) -> Scores | None:
    """What a value is, if it is scores that nothing else reads."""
    return _scores(value, tuple(range(len(sizes_of(value)))), _MOST_MASKS)


def _scores(value: SSAValue, order: tuple[int, ...], masks: int) -> Scores | None:
    """The same of a value whose dimensions are those of the scores in another order."""
    op = value.owner
    if not isinstance(op, Operation) or not has_one_user(op) or op.regions:
        return None
    if isinstance(op, DotGeneralOp):
        return Scores(op, 1.0, order) if is_plain(op) else None
    if op.name == "stablehlo.transpose":
        permutation = numbers_of(op.properties["permutation"])
        return _scores(op.operands[0], tuple(permutation[d] for d in order), masks)
    scaled = scaled_by(op)
    if scaled is not None:
        found = _scores(scaled[0], order, masks)
        return None if found is None else _times(found, scaled[1])
    if op.name == "stablehlo.add" and masks:
        for inner, mask in (op.operands, op.operands[::-1]):
            found = _scores(inner, order, masks - 1)
            if found is not None:
                return replace(found, masks=(*found.masks, Mask(mask, order)))
    if op.name == "stablehlo.select" and masks:
        kept, *branches = op.operands
        for is_inverted in (False, True):
            inner, other = branches[::-1] if is_inverted else branches
            fill = splat_of(other)
            found = None if fill is None or fill != fill else _scores(inner, order, masks - 1)
            if found is not None and fill is not None:
                return replace(found, masks=(*found.masks, Mask(kept, order, float(fill), is_inverted)))
    return None


def _times(scores: Scores, scale: float) -> Scores | None:
    """Scores that are scaled once more, where what has been added to them need not be."""
    if any(mask.fill is None for mask in scores.masks):
        return None
    masks = tuple(replace(mask, fill=(mask.fill or 0.0) * scale) for mask in scores.masks)
    return replace(scores, scale=scores.scale * scale, masks=masks)


def scaled_by(op: Operation) -> tuple[SSAValue, float] | None:
    """What an op multiplies by a number, or divides by it, and by what it multiplies."""
    if op.name not in ("stablehlo.multiply", "stablehlo.divide"):
        return None
    orders = [tuple(op.operands)] + ([tuple(op.operands)[::-1]] if op.name == "stablehlo.multiply" else [])
    for value, other in orders:
        number = splat_of(other)
        if number is None or number == 0 or number - number != 0:
            continue
        return value, float(number) if op.name == "stablehlo.multiply" else 1 / float(number)
    return None


@dataclass(frozen=True)
class Factor:
    """An operand of a product.

    Attributes:
        value: it, before it was scaled and transposed.
        order: for each dimension of the operand, the one of `value`.
        scale: what it is multiplied by.
    """

    value: SSAValue
    order: tuple[int, ...]
    scale: float = 1.0


def factor_of(value: SSAValue) -> Factor:
    """What an operand of a product is made of, as far as nothing else needs what lies between."""
    order, scale = tuple(range(len(sizes_of(value)))), 1.0
    while isinstance(op := value.owner, Operation):
        scaled = scaled_by(op) if has_one_user(op) else None
        if scaled is not None:
            value, scale = scaled[0], scale * scaled[1]
        elif op.name == "stablehlo.transpose":
            permutation = numbers_of(op.properties["permutation"])
            value, order = op.operands[0], tuple(permutation[d] for d in order)
        else:
            break
    return Factor(value, order, scale)


def shared_by(value: SSAValue, dim: int) -> tuple[SSAValue, int] | None:
    """What a dimension of a value repeats: what has fewer elements along it, each of them so many times in a row."""
    sizes, together = sizes_of(value), maker(value, "stablehlo.reshape")
    wide = maker(value if together is None else together.operands[0], "stablehlo.broadcast_in_dim")
    if wide is None:
        return None
    source, dims = wide.operands[0], numbers_of(wide.properties["broadcast_dimensions"])
    if list(dims) != sorted(dims):
        return None
    repeated = sizes_of(wide.results[0])
    known = dict(zip(dims, sizes_of(source), strict=True))
    narrow = [known.get(d, 1) for d in range(len(repeated))]
    place = dim if together is None else dim + 1
    if together is not None and (
        len(repeated) != len(sizes) + 1
        or (*repeated[:dim], repeated[dim] * repeated[place], *repeated[place + 1 :]) != sizes
    ):
        return None
    if narrow[place] != 1 or repeated[place] == 1:
        return None
    if any(narrow[d] != repeated[d] for d in range(len(repeated)) if d != place):
        return None
    return source, repeated[place]


def has_one_user(op: Operation) -> bool:
    """Whether one other op reads the result."""
    return len({use.operation for use in op.results[0].uses}) == 1


def is_plain(product: DotGeneralOp) -> bool:
    """Whether shapes are known, and all is of one type, in which sums are taken, too."""
    types = {value.type.element_type for value in (*product.operands, product.result)}
    sizes = [size for value in (*product.operands, product.result) for size in sizes_of(value)]
    return types <= {f32} | {f64} and len(types) == 1 and min(sizes, default=1) > 0


def without_guard(value: SSAValue) -> tuple[SSAValue, Operation | None]:
    """Shares before those that are not numbers were made zero, and the op that does so, if there is one."""
    chosen = maker(value, "stablehlo.select")
    if chosen is None:
        return value, None
    compared, zero, shares = chosen.operands
    asked = maker(compared, "stablehlo.compare")
    if asked is None or splat_of(zero) != 0 or set(asked.operands) != {shares} or not has_one_user(chosen):
        return value, None
    users = {use.operation for use in shares.uses}
    is_unequal = asked.properties["comparison_direction"] == ComparisonDirection.new("NE")
    return (shares, chosen) if is_unequal and users == {chosen, asked} and has_one_user(asked) else (value, None)


def repeated_by(value: SSAValue, order: Sequence[int]) -> tuple[SSAValue, list[int | None]]:
    """What a mask repeats, and for each dimension of the scores the one of that; None where it is repeated."""
    places: list[int | None] = list(order)
    while (wide := maker(value, "stablehlo.broadcast_in_dim")) is not None:
        source, dims = wide.operands[0], numbers_of(wide.properties["broadcast_dimensions"])
        sizes = sizes_of(source)
        kept = {dim: place for place, dim in enumerate(dims) if sizes[place] == sizes_of(value)[dim]}
        places = [None if place is None else kept.get(place) for place in places]
        value = source
    # A mask that is no array of the scores' dimensions, as that of a `select` may be, is the same everywhere.
    return value, [place if place is not None and place < len(sizes_of(value)) else None for place in places]
