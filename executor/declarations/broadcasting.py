"""Which shapes broadcast so that arrays of them can be worked on a block of rows at a time."""

from __future__ import annotations

Shape = tuple[int, ...]


def is_row(shape: Shape, result: Shape) -> bool:
    """Whether an array of `shape` is the same for all rows of a result: a scalar, or broadcast along the first
    dimensions, and so small enough to be kept in the cache.
    """
    row = without_leading_ones(shape)
    inner = result[len(result) - len(row) :]
    return len(row) < max(1, len(result)) and all(size in (1, whole) for size, whole in zip(row, inner, strict=True))


def without_leading_ones(shape: Shape) -> Shape:
    """The shape from its first size that is not 1."""
    first = next((number for number, size in enumerate(shape) if size != 1), len(shape))
    return shape[first:]
