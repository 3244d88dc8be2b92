"""Recognising layers in what frameworks spell out: the value that a softmax or a normalization is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects.builtin import bf16, f16, f32
from xdsl.ir import Operation, SSAValue

from tfrt.compiler.passes.shared.source_values import element_type_of, has_known_sizes, maker, sizes_of, splat_of
from tfrt.dialects.shared.ops import operand_of, operands_of, result_of
from tfrt.dialects.stablehlo.directives import numbers_of
from tfrt.dialects.stablehlo.reductions import ReduceOp


@dataclass(frozen=True)
class Layer:
    """A layer that works along one dimension of a value."""

    value: SSAValue
    dimension: int
    epsilon: float = 0.0


def softmax_of(quotient: Operation) -> Layer | None:
    """What a `stablehlo.divide` is the softmax of: exponentials of differences to the maximum, over their sum, which of
    halves may be taken in single precision."""
    exponentials = maker(operand_of(quotient, 0), "stablehlo.exponential")
    difference = None if exponentials is None else maker(operand_of(exponentials, 0), "stablehlo.subtract")
    if exponentials is None or difference is None:
        return None
    value, shift = difference.operands
    for dimension in range(len(sizes_of(value))):
        total = of_row(operand_of(quotient, 1), dimension)
        greatest = of_row(shift, dimension)
        if total is None or greatest is None:
            continue
        summed = reduced(_as_halves(total), "stablehlo.add", dimension, 0.0)
        if summed is None or _as_halves(summed) is not result_of(exponentials):
            continue
        if _is_greatest(greatest, value, dimension) or _is_greatest_transposed(greatest, value, dimension):
            return Layer(_before_shift(value, dimension), dimension)
    return None


def _as_halves(value: SSAValue) -> SSAValue:
    """A value before it was made halves of singles, or singles of halves."""
    made = maker(value, "stablehlo.convert")
    types = set() if made is None else {element_type_of(value), element_type_of(operand_of(made, 0))}
    return operand_of(made, 0) if made is not None and types in ({f16, f32}, {bf16, f32}) else value


def _before_shift(value: SSAValue, dimension: int) -> SSAValue:
    """A value before the maximum of each row was taken away, which a softmax does itself."""
    made = maker(value, "stablehlo.subtract")
    greatest = None if made is None else of_row(operand_of(made, 1), dimension)
    if made is None or greatest is None or not _is_greatest(greatest, operand_of(made, 0), dimension):
        return value
    return operand_of(made, 0)


def _is_greatest(greatest: SSAValue, value: SSAValue, dimension: int) -> bool:
    """Whether something is the maximum of a value along a dimension."""
    return reduced(_without_guard(greatest), "stablehlo.maximum", dimension, -float("inf")) is value


def _is_greatest_transposed(greatest: SSAValue, value: SSAValue, dimension: int) -> bool:
    """The same where both are transposed after the maximum was taken, as vectorised functions do it."""
    moved, wide = maker(greatest, "stablehlo.transpose"), maker(value, "stablehlo.transpose")
    if moved is None or wide is None:
        return False
    order = numbers_of(wide.properties["permutation"])
    along = order[dimension]
    kept = tuple(d - (d > along) for d in order if d != along)
    return kept == numbers_of(moved.properties["permutation"]) and _is_greatest(
        operand_of(moved, 0), operand_of(wide, 0), along
    )


def normalization_of(op: Operation) -> Layer | None:
    """What a `stablehlo.multiply` by an `rsqrt`, or a `stablehlo.divide` by a `sqrt`, normalizes."""
    root = "stablehlo.sqrt" if op.name == "stablehlo.divide" else "stablehlo.rsqrt"
    orders = (
        [tuple(operands_of(op))]
        if op.name == "stablehlo.divide"
        else [tuple(operands_of(op)), tuple(operands_of(op))[::-1]]
    )
    for centred, scale in orders:
        value = maker(centred, "stablehlo.subtract")
        for dimension in range(len(sizes_of(centred))) if value is not None else ():
            assert value is not None
            x = operand_of(value, 0)
            narrow = of_row(scale, dimension)
            rooted = None if narrow is None else maker(narrow, root)
            if rooted is None or not _is_centred(centred, x, dimension):
                continue
            for variance, epsilon in _sums(operand_of(rooted, 0)):
                if _is_variance(variance, x, dimension):
                    return Layer(x, dimension, epsilon)
    return None


def of_row(value: SSAValue, dimension: int) -> SSAValue | None:
    """What is repeated along a dimension, one number for each row."""
    made = maker(value, "stablehlo.broadcast_in_dim")
    if made is None:
        return None
    (narrow,) = operands_of(made)
    shape, dims = sizes_of(value), numbers_of(made.properties["broadcast_dimensions"])
    others = tuple(d for d in range(len(shape)) if d != dimension)
    if dims == others and sizes_of(narrow) == tuple(shape[d] for d in others):
        return without_one(narrow)
    one = tuple(1 if d == dimension else size for d, size in enumerate(shape))
    return without_one(narrow) if dims == tuple(range(len(shape))) and sizes_of(narrow) == one else None


def without_one(value: SSAValue) -> SSAValue:
    """A value before dimensions of size 1 were put in."""
    made = maker(value, "stablehlo.broadcast_in_dim", "stablehlo.reshape")
    if made is None or not has_known_sizes(operand_of(made, 0)):
        return value
    before = sizes_of(operand_of(made, 0))
    same = [size for size in sizes_of(value) if size != 1] == [size for size in before if size != 1]
    dims = numbers_of(made.properties.get("broadcast_dimensions"))
    return operand_of(made, 0) if before and same and list(dims) == sorted(dims) else value


def _without_guard(value: SSAValue) -> SSAValue:
    """A maximum without that of it and negative infinity, which frameworks take once more."""
    made = maker(value, "stablehlo.maximum")
    for guard, other in (operands_of(made), operands_of(made)[::-1]) if made is not None else ():
        if splat_of(guard) == -float("inf"):
            return other
    return value


def reduced(value: SSAValue, op: str, dimension: int, init: float) -> SSAValue | None:
    """What a value is the reduction of, by that op, along that dimension."""
    made = without_one(value).owner
    if not isinstance(made, ReduceOp) or len(made.inputs) != 1 or numbers_of(made.dimensions) != (dimension,):
        return None
    block = made.body.block
    first = block.first_op
    if first is None or [inner.name for inner in block.ops] != [op, "stablehlo.return"]:
        return None
    start = splat_of(made.init_values[0])
    if set(operands_of(first)) != set(block.args) or start is None:
        return None
    # A truth value may be spelled as either of two numbers.
    return made.inputs[0] if (bool(start) if isinstance(init, bool) else start) == init else None


def _mean(value: SSAValue, dimension: int) -> SSAValue | None:
    """What a value is the mean of, along that dimension."""
    made = maker(value, "stablehlo.divide", "stablehlo.multiply")
    if made is None:
        return None
    total, count = operands_of(made)
    number = splat_of(count)
    of = reduced(total, "stablehlo.add", dimension, 0.0)
    if of is None or number is None:
        return None
    size = sizes_of(of)[dimension]
    share = 1 / number if made.name == "stablehlo.multiply" and number else number
    return of if abs(share - size) <= 1e-6 * size else None


def _is_centred(value: SSAValue, x: SSAValue, dimension: int) -> bool:
    """Whether a value is `x` less its mean."""
    made = maker(value, "stablehlo.subtract")
    mean = None if made is None or operand_of(made, 0) is not x else of_row(operand_of(made, 1), dimension)
    return mean is not None and _mean(mean, dimension) is x


def _squared(value: SSAValue) -> SSAValue | None:
    made = maker(value, "stablehlo.multiply", "chlo.square")
    return operand_of(made, 0) if made is not None and len(set(operands_of(made))) == 1 else None


def _is_variance(value: SSAValue, x: SSAValue, dimension: int) -> bool:
    """Whether a value is the variance of `x`: the mean of squares of what is centred, or of squares less the mean's."""
    squares = _mean(value, dimension)
    if squares is not None:
        centred = _squared(squares)
        return centred is not None and _is_centred(centred, x, dimension)
    made = maker(value, "stablehlo.maximum")
    if made is not None and splat_of(operand_of(made, 0)) == 0:
        value = operand_of(made, 1)
    made = maker(value, "stablehlo.subtract")
    if made is None:
        return False
    of_squares, mean = _mean(operand_of(made, 0), dimension), _squared(operand_of(made, 1))
    if of_squares is None or mean is None:
        return False
    return _squared(of_squares) is x and _mean(without_one(mean), dimension) is x


def _sums(value: SSAValue) -> Iterator[tuple[SSAValue, float]]:
    """A value as a sum of something and a constant."""
    made = maker(value, "stablehlo.add")
    for one, other in (operands_of(made), made.operands[::-1]) if made is not None else ():
        number = splat_of(other)
        if number is not None:
            yield one, float(number)
