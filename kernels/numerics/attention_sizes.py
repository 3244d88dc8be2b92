"""What is known of an attention before its arrays are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Shape = tuple[int, ...]

LEAST_SHARE = 2.0**-116
"""Shares of less than that of the greatest one of a row of singles are zero. Where masks are such numbers as -100, they
would be denormal numbers, with which processors take a hundred times as long."""


@dataclass(frozen=True, slots=True)
class Change:
    """What changes scores, or shares.

    Attributes:
        name: what is done, one of `tfrt.executor.declarations.nn_shapes.CHANGES`.
        mask: the shape of the array that it is done with, if there is one.
        number: the number that it is done with, or that is put where a mask of booleans is false.
    """

    name: str
    mask: Shape | None = None
    number: float | None = None

    @property
    def is_chosen(self) -> bool:
        """Whether the mask is one of booleans."""
        return self.name == "select"


@dataclass(frozen=True, slots=True)
class Attention:
    """The sizes of an attention.

    Attributes:
        batch: those of the leading dimensions, some of which may be 1 for keys and values.
        keys, values: how many keys each part has, and how many values.
        leading: the leading dimensions of the parts of keys, and then of values.
        scores, shares: what is done to scores and to shares, in order.
        sink: the shape of what each row of scores has one more of, which nothing is mixed by, if there is such.
        zeroes_masked: whether shares are zero where all scores of a row are negative infinity.
    """

    batch: Shape
    queries: int
    depth: int
    width: int
    keys: tuple[int, ...]
    values: tuple[int, ...]
    leading: tuple[Shape, ...]
    scale: float
    dtype: np.dtype
    scores: tuple[Change, ...] = ()
    shares: tuple[Change, ...] = ()
    sink: Shape | None = None
    zeroes_masked: bool = False

    @property
    def result(self) -> Shape:
        """The shape of the result."""
        return (*self.batch, self.queries, self.width)

    @property
    def count(self) -> int:
        """How many keys there are."""
        return sum(self.keys)

    @property
    def masked(self) -> tuple[Change, ...]:
        """The changes that take an array each, in the arrays' order."""
        return tuple(change for change in (*self.scores, *self.shares) if change.mask is not None)

    @property
    def masks(self) -> tuple[Shape, ...]:
        """The shapes of all arrays after keys and values: those of changes, and the sink's."""
        shapes = [change.mask for change in self.masked if change.mask is not None]
        return (*shapes, *([] if self.sink is None else [self.sink]))
