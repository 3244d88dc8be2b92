"""Which shapes broadcast so that arrays of them can be worked on a block of rows at a time."""

from __future__ import annotations

from collections.abc import Sequence

Shape = tuple[int, ...]


def is_row(shape: Shape, result: Shape) -> bool:
    """Whether an array of `shape` is the same for all rows of a result: a scalar, or broadcast along the first
    dimensions, and so small enough to be kept in the cache.
    """
    row = without_leading_ones(shape)
    inner = result[len(result) - len(row) :]
    return len(row) < max(1, len(result)) and all(size in (1, whole) for size, whole in zip(row, inner, strict=True))


def cut_at(shapes: Sequence[Shape], result: Shape) -> int:
    """How many dimensions of a result, at most, can be gone through in blocks, so that each array has all of them or is
    the same for all of them; 0 where there are none.
    """
    wide = [with_leading_ones(shape, len(result)) for shape in shapes]
    for place in range(len(result), 0, -1):
        if all(shape[:place] == result[:place] or not any(size != 1 for size in shape[:place]) for shape in wide):
            return place
    return 0


def with_leading_ones(shape: Shape, rank: int) -> Shape:
    """The shape with as many dimensions at least, as it broadcasts by numpy's rules."""
    return (1,) * (rank - len(shape)) + shape


def without_leading_ones(shape: Shape) -> Shape:
    """The shape from its first size that is not 1."""
    first = next((number for number, size in enumerate(shape) if size != 1), len(shape))
    return shape[first:]
