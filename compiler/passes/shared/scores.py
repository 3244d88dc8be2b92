"""Recognising attention: what lies between a product of shares and values, and that of queries and keys.

On the way back from shares to the product that scores are, dimensions are followed as axes (`axes.py`), through
whatever transposes and reshapes them. The softmax is passed once, before and after it anything that is done element by
element with numbers or with arrays that do not depend on scores: masks, biases, scales.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import bf16, f16, f32, f64
from xdsl.ir import Operation, SSAValue

from tfrt.compiler.passes.shared.axes import Axes, Axis, Layout, narrowed, transposed
from tfrt.compiler.passes.shared.layers import of_row, reduced, without_one
from tfrt.compiler.passes.shared.source_values import element_type_of, maker, sizes_of, splat_of
from tfrt.dialects.shared.ops import operand_of, operands_of, result_of
from tfrt.dialects.stablehlo.attributes import ComparisonDirection
from tfrt.dialects.stablehlo.directives import number_of, numbers_of
from tfrt.dialects.stablehlo.linear_algebra import DotGeneralOp


@dataclass(frozen=True)
class Operand:
    """A value, and the axes of its dimensions."""

    value: SSAValue
    layout: Layout


@dataclass(frozen=True)
class Change:
    """What is done to scores or shares.

    Attributes:
        name: see `tfrt.executor.declarations.nn_shapes.CHANGES`.
        mask: an array that it is done with; its own last dimensions are those of scores.
        number: the number that it is done with, or that is put where a mask of booleans is false.
        is_inverted: whether that is where it is true.
    """

    name: str
    mask: Operand | None = None
    number: float | None = None
    is_inverted: bool = False


@dataclass(frozen=True)
class Found:
    """What has been seen on the way from shares to scores.

    Attributes:
        scores, shares: changes, the one that comes first, first.
        keys: the axes along which the softmax is; None before it was passed.
        order: all axes of what the softmax is of, as they lie there.
        guarded: scores, with the axes of their rows, where rows of nothing but negative infinity have no shares.
        columns: where the softmax has one more column than there are keys, these, and the place of the first one.
        sink: that column.
        is_bounded: whether shares must not be infinite.
    """

    axes: Axes
    shares: tuple[Change, ...] = ()
    scores: tuple[Change, ...] = ()
    keys: tuple[Axis, ...] | None = None
    order: tuple[Axis, ...] = ()
    guarded: tuple[SSAValue, tuple[Axis, ...]] | None = None
    columns: tuple[tuple[Axis, ...], int] | None = None
    sink: Operand | None = None
    is_bounded: bool = False

    def with_change(self, change: Change) -> Found:
        """With what is done before all that was seen at this side of the softmax."""
        if self.keys is None:
            return replace(self, shares=(change, *self.shares))
        return replace(self, scores=(change, *self.scores))


@dataclass(frozen=True)
class Scores:
    """The product that scores are of, and the layout of its result.

    Attributes:
        scale: what it is multiplied by before it is changed.
    """

    product: DotGeneralOp
    layout: Layout
    scale: float
    found: Found


_MOST_OPS = 200
"""How many ops are looked at on the way, for sums could be of scores on either side."""


def scores_of(shares: Operand, axes: Axes) -> Iterator[Scores]:
    """What shares may be made of, as far as nothing else reads what lies between."""
    return _Way().back(shares.value, shares.layout, Found(axes))


@dataclass
class _Way:
    left: int = _MOST_OPS

    def back(self, value: SSAValue, layout: Layout, found: Found, users: int = 1) -> Iterator[Scores]:
        """What a value may be made of that so many ops read."""
        op = value.owner
        self.left -= 1
        if not isinstance(op, Operation) or op.regions or self.left < 0 or not _is_plain(value):
            return
        if len({use.operation for use in result_of(op).uses}) != users:
            return
        if isinstance(op, DotGeneralOp):
            if found.keys is not None and (found.columns is None or found.sink is not None):
                scale, changes = _scaled(found.scores)
                yield Scores(op, layout, scale, replace(found, scores=changes))
        elif op.name == "stablehlo.reshape" or (op.name == "stablehlo.broadcast_in_dim" and _is_reshape(op)):
            found = replace(found, axes=found.axes.copy())
            within = found.axes.reshaped(layout, sizes_of(operand_of(op, 0)))
            if within is not None:
                yield from self.back(operand_of(op, 0), within, found)
        elif op.name == "stablehlo.transpose":
            within = transposed(layout, numbers_of(op.properties["permutation"]))
            yield from self.back(operand_of(op, 0), within, found)
        elif op.name == "stablehlo.convert":
            if f64 not in (element_type_of(value), element_type_of(operand_of(op, 0))):
                yield from self.back(operand_of(op, 0), layout, found)
        elif op.name == "nn.softmax":
            yield from self._softmax(op, layout, found)
        elif op.name == "stablehlo.slice":
            yield from self._slice(op, layout, found)
        elif op.name == "stablehlo.concatenate":
            yield from self._concatenate(op, layout, found)
        elif op.name == "stablehlo.select" and (guard := self._guard(op, layout, found)) is not None:
            yield from guard
        elif not found.is_bounded or found.keys is not None:
            for inner, change in _changes(op, layout):
                yield from self.back(inner, layout, found.with_change(change))

    def _softmax(self, op: Operation, layout: Layout, found: Found) -> Iterator[Scores]:
        layout = found.axes.resolved(layout)
        keys, users = layout[number_of(op.properties["dimension"])], 1
        if found.keys is not None or (found.columns is not None and found.axes.whole(found.columns[0]) != keys):
            return
        if found.guarded is not None:
            scores, along = found.guarded
            if scores is not operand_of(op, 0) or found.axes.whole(along) != keys:
                return
            users = 2
        order = tuple([axis for axes in layout for axis in axes])
        yield from self.back(operand_of(op, 0), layout, replace(found, keys=keys, order=order), users)

    def _slice(self, op: Operation, layout: Layout, found: Found) -> Iterator[Scores]:
        """Shares without those of a column that is the first or the last one."""
        before, after = sizes_of(operand_of(op, 0)), sizes_of(result_of(op))
        cut = [d for d in range(len(after)) if before[d] != after[d]]
        strides = numbers_of(op.properties["strides"])
        if found.keys is not None or found.columns is not None or len(cut) != 1 or set(strides) != {1}:
            return
        (dim,) = cut
        if before[dim] == after[dim] + 1 and after[dim] > 1:
            columns = layout[dim], numbers_of(op.properties["start_indices"])[dim]
            yield from self.back(operand_of(op, 0), layout, replace(found, columns=columns))

    def _concatenate(self, op: Operation, layout: Layout, found: Found) -> Iterator[Scores]:
        """Scores and that column."""
        if found.keys is None or found.columns is None or found.sink is not None or found.scores:
            return
        dim = number_of(op.properties["dimension"])
        parts = list(operands_of(op))
        if len(parts) != 2 or found.axes.whole(layout[dim]) != found.axes.whole(found.columns[0]):
            return
        scores, sink = parts[::-1] if found.columns[1] else parts
        if sizes_of(sink)[dim] != 1:
            return
        column = Operand(sink, tuple([() if d == dim else axes for d, axes in enumerate(layout)]))
        yield from self.back(scores, layout, replace(found, sink=column))

    def _guard(self, op: Operation, layout: Layout, found: Found) -> Iterator[Scores] | None:
        """Values that are no numbers, infinite shares and shares of rows that are masked as a whole, where others are
        chosen in their place."""
        asked, *branches = operands_of(op)
        for value, other, is_other in ((branches[1], branches[0], True), (branches[0], branches[1], False)):
            number = splat_of(other)
            if number is None or number != number:
                continue
            compared = maker(asked, "stablehlo.compare")
            if compared is not None and value in operands_of(compared) and len({*result_of(compared).uses}) == 1:
                limit = next((o for o in operands_of(compared) if o is not value), value)
                is_equal = compared.properties["comparison_direction"] == ComparisonDirection.new("EQ")
                is_unequal = compared.properties["comparison_direction"] == ComparisonDirection.new("NE")
                if limit is value and (is_unequal if is_other else is_equal):
                    change = Change("replace_nan", None, float(number))
                    return self.back(value, layout, found.with_change(change), 2)
                at = splat_of(limit)
                if found.keys is None and at is not None and abs(at) == float("inf") and is_equal and is_other:
                    return self.back(value, layout, replace(found, is_bounded=True), 2)
            if number == 0 and found.keys is None and found.guarded is None:
                for dim in range(len(layout)):
                    scores = _masked(asked, dim, is_other)
                    if scores is not None:
                        return self.back(value, layout, replace(found, guarded=(scores, layout[dim])))
        return None


def _masked(value: SSAValue, dimension: int, is_true: bool) -> SSAValue | None:
    """What a value says of that all of each of its rows are negative infinity, or that they are not."""
    wide = _opposite(value)
    if wide is not None:
        value, is_true = wide, not is_true
    row = of_row(value, dimension)
    while row is not None and (inner := _opposite(row)) is not None:
        row, is_true = without_one(inner), not is_true
    if row is None:
        return None
    each = reduced(row, "stablehlo.and" if is_true else "stablehlo.or", dimension, is_true)
    if each is None:
        return None
    if (inner := _opposite(each)) is not None:
        each, is_true = inner, not is_true
    compared = maker(each, "stablehlo.compare")
    if compared is None or splat_of(operand_of(compared, 1)) != -float("inf"):
        return None
    direction = ComparisonDirection.new("EQ" if is_true else "NE")
    return operand_of(compared, 0) if compared.properties["comparison_direction"] == direction else None


def _opposite(value: SSAValue) -> SSAValue | None:
    made = maker(value, "stablehlo.not")
    return None if made is None else operand_of(made, 0)


def _is_reshape(op: Operation) -> bool:
    """Whether a `stablehlo.broadcast_in_dim` repeats nothing, and leaves dimensions in order."""
    dims = numbers_of(op.properties["broadcast_dimensions"])
    sizes = [size for size in sizes_of(operand_of(op, 0)) if size != 1]
    return list(dims) == sorted(dims) and sizes == [size for size in sizes_of(result_of(op)) if size != 1]


_COMMUTATIVE = ("add", "multiply", "maximum", "minimum")
_BINARY = (*_COMMUTATIVE, "subtract", "divide")


def _changes(op: Operation, layout: Layout) -> Iterator[tuple[SSAValue, Change]]:
    """What an op may be that changes scores or shares, and which of its operands these are."""
    name = op.name.removeprefix("stablehlo.")
    if name == "tanh":
        yield operand_of(op, 0), Change("tanh")
    elif name == "negate":
        yield operand_of(op, 0), Change("multiply", None, -1.0)
    elif name == "select":
        kept, *branches = operands_of(op)
        mask = Operand(kept, layout if sizes_of(kept) else ())
        for is_inverted in (False, True):
            inner, other = branches[::-1] if is_inverted else branches
            fill = splat_of(other)
            if fill is not None and fill == fill:
                yield inner, Change("select", mask, float(fill), is_inverted)
    elif name in _BINARY:
        lhs, rhs = operands_of(op)
        for inner, other in ((lhs, rhs), (rhs, lhs)) if name in _COMMUTATIVE else ((lhs, rhs),):
            number = splat_of(other)
            if number is not None and number == number:
                yield inner, Change(name, None, float(number))
            elif number is None and other is not inner:
                yield inner, Change(name, Operand(other, layout))


def _scaled(changes: Sequence[Change]) -> tuple[float, tuple[Change, ...]]:
    """What changes multiply by before all else, and the others; numbers that have been chosen are multiplied, too."""
    scale, rest = 1.0, list[Change]()
    for change in changes:
        factor = _factor(change.name, change.number) if change.mask is None else None
        if factor is None or any(other.name != "select" for other in rest):
            rest.append(change)
            continue
        scale *= factor
        rest = [replace(other, number=(other.number or 0.0) * factor) for other in rest]
    return scale, tuple(rest)


def _factor(name: str, number: float | None) -> float | None:
    """What it is to multiply by a number, or to divide by it, if that is a scale."""
    if name not in ("multiply", "divide") or number is None or number == 0 or number - number != 0:
        return None
    return number if name == "multiply" else 1 / number


def source_of(operand: Operand, axes: Axes, *, scales: bool) -> tuple[Operand, float]:
    """What an operand was before it was repeated, transposed and converted, and what it has been multiplied by.

    Args:
        scales: whether it may have been.
    """
    value, layout, scale = operand.value, operand.layout, 1.0
    while isinstance(op := value.owner, Operation):
        scaled = _scaling(op) if scales else None
        if scaled is not None:
            value, scale = scaled[0], scale * scaled[1]
        elif op.name == "stablehlo.transpose":
            value, layout = operand_of(op, 0), transposed(layout, numbers_of(op.properties["permutation"]))
        elif op.name == "stablehlo.convert" and _widens(op):
            value = operand_of(op, 0)
        elif op.name == "stablehlo.broadcast_in_dim":
            dims = numbers_of(op.properties["broadcast_dimensions"])
            narrow = [
                1 if size != sizes_of(value)[dim] else size
                for dim, size in zip(dims, sizes_of(operand_of(op, 0)), strict=True)
            ]
            value, layout = operand_of(op, 0), narrowed(layout, dims, narrow)
        elif op.name == "stablehlo.reshape" and _is_repeated(operand_of(op, 0)):
            within = axes.reshaped(layout, sizes_of(operand_of(op, 0)))
            if within is None:
                break
            value, layout = operand_of(op, 0), within
        else:
            break
    return Operand(value, axes.resolved(layout)), scale


def _is_repeated(value: SSAValue) -> bool:
    """Whether something is repeated, perhaps before it is reshaped and transposed."""
    while (made := maker(value, "stablehlo.reshape", "stablehlo.transpose")) is not None:
        value = operand_of(made, 0)
    wide = maker(value, "stablehlo.broadcast_in_dim")
    return wide is not None and not _is_reshape(wide)


def _scaling(op: Operation) -> tuple[SSAValue, float] | None:
    """What an op that nobody else needs multiplies by a number, or divides by it, and by what it multiplies."""
    if len({use.operation for use in result_of(op).uses}) != 1:
        return None
    for inner, change in _changes(op, ()):
        factor = _factor(change.name, change.number)
        if factor is not None and change.mask is None:
            return inner, factor
    return None


def _widens(op: Operation) -> bool:
    """Whether a conversion makes singles of halves, which attention computes in anyway."""
    return element_type_of(operand_of(op, 0)) in (f16, bf16) and element_type_of(result_of(op)) == f32


def _is_plain(value: SSAValue) -> bool:
    """Whether a value's shape is known, and it has floats."""
    return element_type_of(value) in (f16, bf16, f32, f64) and min(sizes_of(value), default=1) > 0
