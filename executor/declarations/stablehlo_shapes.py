"""Which shapes the results of StableHLO's ops have, and what the shapes of operands must be.

Plain functions of shapes and attributes, for verifiers of programs and for metadata functions of kernels alike. A shape
is a tuple of sizes; a size that is not known before the program runs is None, and fits any other. What breaks a
constraint of the specification raises a `ShapeError`, which names it. The ops whose shapes take more than a few lines
are in `stablehlo_window_shapes`.

Source of the semantics: the constraints of each op in `docs/spec.md` of StableHLO.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import cast

from tfrt.executor.support.errors import InvalidArgumentError

Dim = int | None
Shape = tuple[Dim, ...]
Dims = Sequence[int]


class ShapeError(InvalidArgumentError):
    """A constraint of the specification does not hold; the message begins with its number, as in ``(C3)``."""

    def __init__(self, constraint: str, message: str):
        super().__init__(f"({constraint}) {message}")


def require(holds: bool, constraint: str, message: str) -> None:
    """Raise a `ShapeError` unless a constraint holds."""
    if not holds:
        raise ShapeError(constraint, message)


def fits(a: Dim, b: Dim) -> bool:
    """Whether two sizes may be equal."""
    return a is None or b is None or a == b


def compatible(a: Shape, b: Shape) -> bool:
    """Whether two shapes may be equal."""
    return len(a) == len(b) and all(map(fits, a, b))


def spelled(shape: Shape) -> str:
    """A shape in messages: ``[2, ?]``."""
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"


def known(shape: Shape) -> tuple[int, ...]:
    """A shape that follows from others all of whose sizes are known, so that its own are, too."""
    return cast(tuple[int, ...], shape)


def merged(shapes: Sequence[Shape]) -> Shape:
    """The shape that compatible shapes stand for: each size where one of them knows it."""
    return tuple(next((size for size in sizes if size is not None), None) for sizes in zip(*shapes, strict=True))


def require_axes(axes: Dims, rank: int, constraint: str, name: str) -> None:
    """Each of `axes` is a dimension of something of this rank."""
    for axis in axes:
        require(0 <= axis < rank, constraint, f"expects {name} in [0, {rank}), but got {axis}")


def require_unique(values: Dims, constraint: str, name: str) -> None:
    """No value occurs twice."""
    require(len(set(values)) == len(values), constraint, f"expects {name} to be unique, but got {list(values)}")


def require_sorted(values: Dims, constraint: str, name: str) -> None:
    """Values rise."""
    require(list(values) == sorted(values), constraint, f"expects {name} to be sorted, but got {list(values)}")


def require_count(found: int, expected: int, constraint: str, name: str, what: str) -> None:
    """A list has as many elements as something else."""
    require(found == expected, constraint, f"expects as many {name} as {what}, {expected}, but got {found}")


def require_same(shapes: Sequence[Shape], constraint: str, name: str) -> Shape:
    """All shapes may be the same, which is returned."""
    for shape in shapes:
        require(
            all(compatible(shape, other) for other in shapes),
            constraint,
            f"expects {name} of one shape, but got {', '.join(map(spelled, shapes))}",
        )
    return merged(shapes)


def elements(shape: Shape) -> Dim:
    """How many elements there are."""
    return 0 if 0 in shape else None if None in shape else prod(size for size in shape if size is not None)


def broadcast_in_dim(operand: Shape, dims: Dims, result: Shape) -> None:
    """What `broadcast_in_dim` demands of its operand and the result it shall give."""
    require_count(len(dims), len(operand), "C2", "broadcast_dimensions", "dimensions of the operand")
    require_axes(dims, len(result), "C3", "broadcast_dimensions")
    require_unique(dims, "C4", "broadcast_dimensions")
    for i, (size, axis) in enumerate(zip(operand, dims, strict=True)):
        require(
            size in (1, None) or fits(size, result[axis]),
            "C5",
            f"expects dimension {i} of the operand to be 1 or the size of dimension {axis} of the result,"
            f" {result[axis]}, but got {size}",
        )


def repetition(sizes: Dims, times: Dims) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape in which each element of an array stands as many times beside itself along its dimension, before the
    two are one, and where dimensions are in it: what ``broadcast_in_dim`` takes."""
    pairs = [(size, n) if n > 1 else (size,) for size, n in zip(sizes, times, strict=True)]
    places = [sum(map(len, pairs[:d])) for d in range(len(pairs))]
    return tuple(part for pair in pairs for part in pair), tuple(places)


def broadcast(operand: Shape, sizes: Dims) -> Shape:
    """The shape of the deprecated `broadcast`."""
    for size in sizes:
        require(size >= 0, "C2", f"expects broadcast_sizes of at least 0, but got {size}")
    return (*sizes, *operand)


def widened(shape: Shape, other: Shape, dims: Dims | None) -> Shape:
    """A shape with dimensions of size 1 put in, so that it has as many as another one that it is broadcast with: those
    that it has become the last ones, or `dims`."""
    missing = len(other) - len(shape)
    if missing <= 0:
        return shape
    if dims is None:
        return (*[1] * missing, *shape)
    wide: list[Dim] = [1] * len(other)
    for size, dim in zip(shape, dims, strict=True):
        wide[dim] = size
    return tuple(wide)


def broadcast_shapes(lhs: Shape, rhs: Shape, dims: Dims | None = None) -> Shape:
    """The shape of two that are broadcast: as numpy does it, or with the dimensions of the smaller one as `dims`."""
    if dims is not None and len(lhs) != len(rhs):
        small, large = sorted((lhs, rhs), key=len)
        require(
            len(dims) == len(small) and list(dims) == sorted(set(dims)) and all(0 <= d < len(large) for d in dims),
            "C1",
            f"expects broadcast_dimensions for each of {len(small)} dimensions, rising, in [0, {len(large)}), but got"
            f" {list(dims)}",
        )
    pairs = zip(widened(lhs, rhs, dims), widened(rhs, lhs, dims), strict=True)
    return tuple(_broadcast_size(a, b, lhs, rhs) for a, b in pairs)


def _broadcast_size(a: Dim, b: Dim, lhs: Shape, rhs: Shape) -> Dim:
    if a == 1 or a == b:
        return b
    if b == 1:
        return a
    # One that is not known is the other one or 1.
    require(
        a is None or b is None,
        "C1",
        f"expects shapes that can be broadcast, but got {spelled(lhs)} and {spelled(rhs)}",
    )
    return b if a is None else a


def reshape(operand: Shape, result: Shape) -> None:
    """What `reshape` demands."""
    before, after = elements(operand), elements(result)
    require(
        fits(before, after),
        "C2",
        f"expects as many elements in the result as in the operand, {before}, but got {after}",
    )


def iota(shape: Shape, dimension: int) -> None:
    """What `iota` demands of the result that it shall give."""
    require_axes([dimension], len(shape), "C1", "iota_dimension")


def concatenate(inputs: Sequence[Shape], dimension: int) -> Shape:
    """The shape of `concatenate`."""
    require(bool(inputs), "C3", "expects at least one operand")
    rank = len(inputs[0])
    require_axes([dimension], rank, "C4", "dimension")
    rests = [shape[:dimension] + shape[dimension + 1 :] for shape in inputs]
    require(
        all(len(shape) == rank for shape in inputs) and all(compatible(a, b) for a in rests for b in rests[:1]),
        "C2",
        f"expects operands of one shape but for dimension {dimension}, but got {', '.join(map(spelled, inputs))}",
    )
    rest = merged(rests)
    sizes = [shape[dimension] for shape in inputs]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    return (*rest[:dimension], total, *rest[dimension:])


def transpose(operand: Shape, permutation: Dims) -> Shape:
    """The shape of `transpose`."""
    rank = len(operand)
    require(
        sorted(permutation) == list(range(rank)),
        "C2",
        f"expects a permutation of the numbers below {rank}, but got {list(permutation)}",
    )
    return tuple(operand[axis] for axis in permutation)


def reverse(operand: Shape, dimensions: Dims) -> Shape:
    """The shape of `reverse`."""
    require_unique(dimensions, "C2", "dimensions")
    require_axes(dimensions, len(operand), "C3", "dimensions")
    return operand


def static_slice(operand: Shape, starts: Dims, limits: Dims, strides: Dims) -> Shape:
    """The shape of `slice`."""
    rank = len(operand)
    for name, values in (("start_indices", starts), ("limit_indices", limits), ("strides", strides)):
        require_count(len(values), rank, "C2", name, "dimensions of the operand")
    for i, (size, start, limit, stride) in enumerate(zip(operand, starts, limits, strides, strict=True)):
        require(
            0 <= start <= limit and (size is None or limit <= size),
            "C3",
            f"expects 0 <= start <= limit <= {'?' if size is None else size} in dimension {i}, but got {start}:{limit}",
        )
        require(stride > 0, "C4", f"expects strides of at least 1, but got {stride} in dimension {i}")
    return tuple(-((start - limit) // stride) for start, limit, stride in zip(starts, limits, strides, strict=True))


def dynamic_slice(operand: Shape, start_count: int, sizes: Dims) -> Shape:
    """The shape of `dynamic_slice`."""
    require_count(start_count, len(operand), "C2", "start_indices", "dimensions of the operand")
    require_count(len(sizes), len(operand), "C2", "slice_sizes", "dimensions of the operand")
    for i, (size, whole) in enumerate(zip(sizes, operand, strict=True)):
        require(
            size >= 0 and (whole is None or size <= whole),
            "C4",
            f"expects slice_sizes from 0 to {'?' if whole is None else whole} in dimension {i}, but got {size}",
        )
    return tuple(sizes)


def dynamic_update_slice(operand: Shape, update: Shape, start_count: int) -> Shape:
    """The shape of `dynamic_update_slice`."""
    require_count(len(update), len(operand), "C3", "dimensions of the update", "dimensions of the operand")
    require_count(start_count, len(operand), "C4", "start_indices", "dimensions of the operand")
    for i, (size, whole) in enumerate(zip(update, operand, strict=True)):
        require(
            size is None or whole is None or size <= whole,
            "C6",
            f"expects an update of at most {whole} in dimension {i}, but got {size}",
        )
    return operand


def pad(operand: Shape, low: Dims, high: Dims, interior: Dims) -> Shape:
    """The shape of `pad`."""
    for name, values in (("edge_padding_low", low), ("edge_padding_high", high), ("interior_padding", interior)):
        require_count(len(values), len(operand), "C2", name, "dimensions of the operand")
    shape: list[Dim] = []
    for i, size in enumerate(operand):
        require(interior[i] >= 0, "C3", f"expects interior_padding of at least 0, but got {interior[i]}")
        padded = None if size is None else size + low[i] + max(size - 1, 0) * interior[i] + high[i]
        require(
            padded is None or padded >= 0,
            "C4",
            f"expects a result of at least size 0 in dimension {i}, but got {padded}",
        )
        shape.append(padded)
    return tuple(shape)


def select(pred: Shape, on_true: Shape, on_false: Shape) -> Shape:
    """The shape of `select`."""
    shape = require_same([on_true, on_false], "C2", "on_true and on_false")
    require(
        not pred or compatible(pred, shape),
        "C1",
        f"expects pred to be a scalar or of shape {spelled(shape)}, but got {spelled(pred)}",
    )
    return shape


def clamp(low: Shape, operand: Shape, high: Shape) -> Shape:
    """The shape of `clamp`."""
    for constraint, name, bound in (("C1", "min", low), ("C2", "max", high)):
        require(
            not bound or compatible(bound, operand),
            constraint,
            f"expects {name} to be a scalar or of shape {spelled(operand)}, but got {spelled(bound)}",
        )
    return operand


def reduce(inputs: Sequence[Shape], init_values: Sequence[Shape], dimensions: Dims) -> Shape:
    """The shape of each result of `reduce`."""
    require(
        bool(inputs) and len(inputs) == len(init_values),
        "C3",
        f"expects as many init_values as inputs, at least one, but got {len(inputs)} inputs and {len(init_values)}",
    )
    shape = require_same(inputs, "C1", "inputs")
    require_axes(dimensions, len(shape), "C4", "dimensions")
    require_unique(dimensions, "C5", "dimensions")
    return tuple(size for i, size in enumerate(shape) if i not in dimensions)


def map_elements(inputs: Sequence[Shape], dimensions: Dims) -> Shape:
    """The shape of `map`."""
    require(bool(inputs), "C2", "expects at least one operand")
    shape = require_same(inputs, "C1", "inputs")
    require(
        list(dimensions) == list(range(len(shape))),
        "C3",
        f"expects dimensions to be {list(range(len(shape)))}, but got {list(dimensions)}",
    )
    return shape


def sort(inputs: Sequence[Shape], dimension: int) -> Shape:
    """The shape of each result of `sort`."""
    require(bool(inputs), "C1", "expects at least one operand")
    shape = require_same(inputs, "C3", "inputs")
    rank = len(shape)
    require(-rank <= dimension < rank, "C4", f"expects dimension in [{-rank}, {rank}), but got {dimension}")
    return shape


def cholesky(a: Shape) -> Shape:
    """The shape of `cholesky`."""
    require(len(a) >= 2, "C2", f"expects matrices, of rank 2 or more, but got rank {len(a)}")
    require(fits(a[-2], a[-1]), "C3", f"expects square matrices, but got {spelled(a[-2:])}")
    return a


def triangular_solve(a: Shape, b: Shape, *, left_side: bool) -> Shape:
    """The shape of `triangular_solve`."""
    require(len(a) == len(b) >= 2, "C2", f"expects operands of one rank, 2 or more, but got {len(a)} and {len(b)}")
    require(
        compatible(a[:-2], b[:-2]), "C3", f"expects the same batches, but got {spelled(a[:-2])} and {spelled(b[:-2])}"
    )
    side = b[-2] if left_side else b[-1]
    require(
        fits(a[-2], a[-1]) and fits(a[-1], side),
        "C3",
        f"expects square matrices of the size of b's {'rows' if left_side else 'columns'}, {side}, but got"
        f" {spelled(a[-2:])}",
    )
    return b


def batch_norm(operand: Shape, vectors: Sequence[Shape], feature_index: int) -> Dim:
    """How many features there are, which each of `vectors` must have."""
    require_axes([feature_index], len(operand), "C1", "feature_index")
    features = operand[feature_index]
    for i, vector in enumerate(vectors):
        require(
            len(vector) == 1 and fits(vector[0], features),
            f"C{3 + i}",
            f"expects one value for each of {features} features, but got a tensor of shape {spelled(vector)}",
        )
    return features
