"""What is known of a product of tensors before its arrays are: as which matrices they are multiplied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

Axes = Sequence[int]


@dataclass(frozen=True, slots=True)
class Contraction:
    """How to multiply two arrays of known shapes: as matrices ``batches x rows x inner`` and
    ``batches x inner x columns``.

    Attributes:
        lhs_axes: the order of the one operand's axes in which batches come first and the inner ones last.
        rhs_axes: that of the other's, in which the inner ones come before the rest.
        shape: the result's.
    """

    lhs_axes: tuple[int, ...]
    rhs_axes: tuple[int, ...]
    batches: tuple[int, ...]
    rows: int
    inner: int
    columns: int
    shape: tuple[int, ...]

    @property
    def is_of_matrices(self) -> bool:
        """Whether it is the product of two matrices, each transposed perhaps, that have elements."""
        return len(self.lhs_axes) == len(self.rhs_axes) == len(self.shape) == 2 and not self.batches and self.inner > 0

    @property
    def has_rows_of_matrix(self) -> bool:
        """Whether it multiplies a vector, or each row of an array of more dimensions than two, by a matrix, transposed
        perhaps, as the layers of networks for batches of sequences do."""
        rank, is_in_order = len(self.lhs_axes), self.lhs_axes == (*range(len(self.lhs_axes)),)
        # One axis of each is summed along.
        is_layer = len(self.rhs_axes) == 2 and len(self.shape) == rank != 2 and not self.batches
        return is_layer and is_in_order and self.inner > 0

    @property
    def has_vector(self) -> bool:
        """Whether it is the product of a vector and a matrix, or of a matrix, transposed perhaps, and a vector."""
        ranks = len(self.lhs_axes) + len(self.rhs_axes)
        return ranks == 3 and len(self.shape) == 1 and not self.batches and self.inner > 0

    @property
    def ends_in_columns(self) -> bool:
        """Whether the result's last dimension is part of the matrices' rows, which may then be taken one by one."""
        return bool(self.shape) and self.columns % max(1, self.shape[-1]) == 0


def contraction(
    lhs: tuple[int, ...], rhs: tuple[int, ...], batch: tuple[Axes, Axes], summed: tuple[Axes, Axes]
) -> Contraction:
    """How to sum products along the axes `summed`, for each element of the axes `batch`; pairs, of `lhs` and `rhs`.

    The result has the axes of batches, then what is left of `lhs`, then what is left of `rhs`.
    """
    free_left = [axis for axis in range(len(lhs)) if axis not in batch[0] and axis not in summed[0]]
    free_right = [axis for axis in range(len(rhs)) if axis not in batch[1] and axis not in summed[1]]
    # In which order sums are taken is free; in that of the larger operand's axes it needs no copy.
    guide = summed[1] if prod(rhs) >= prod(lhs) else summed[0]
    order = sorted(range(len(guide)), key=guide.__getitem__)
    sizes = [lhs[axis] for axis in free_left], [rhs[axis] for axis in free_right]
    batches = tuple(lhs[axis] for axis in batch[0])
    return Contraction(
        lhs_axes=(*batch[0], *free_left, *(summed[0][i] for i in order)),
        rhs_axes=(*batch[1], *(summed[1][i] for i in order), *free_right),
        batches=batches,
        rows=prod(sizes[0]),
        inner=prod(lhs[axis] for axis in summed[0]),
        columns=prod(sizes[1]),
        shape=(*batches, *sizes[0], *sizes[1]),
    )
