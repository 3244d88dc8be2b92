"""What is known of an attention before its arrays are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

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


@dataclass(frozen=True)
class Attention:
    """The sizes of an attention. What follows from them is found out once.

    Attributes:
        batch: those of the leading dimensions, some of which may be 1 for keys and values.
        keys, values: how many keys each part has, and how many values.
        leading: the leading dimensions of the parts of keys, and then of values.
        scores, shares: what is done to scores and to shares, in order.
        sink: the shape of what each row of scores has one more of, which nothing is mixed by, if there is such.
        zeroes_masked: whether shares are zero where all scores of a row are negative infinity.
        order: that of the result's dimensions, where it is another one than that of `made`; the last one is the last.
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
    order: tuple[int, ...] = ()

    @property
    def made(self) -> Shape:
        """The leading dimensions, queries, and the width."""
        return (*self.batch, self.queries, self.width)

    @cached_property
    def result(self) -> Shape:
        """The shape of the result: that of `made`, in order."""
        made = self.made
        return tuple([made[dimension] for dimension in self.order]) if self.order else made

    @property
    def places(self) -> tuple[int, ...]:
        """Which dimension of the result each of `made` is."""
        return tuple([self.order.index(n) for n in range(len(self.order))]) or tuple(range(len(self.batch) + 2))

    @cached_property
    def count(self) -> int:
        """How many keys there are."""
        return sum(self.keys)

    @cached_property
    def masked(self) -> tuple[Change, ...]:
        """The changes that take an array each, in the arrays' order."""
        return tuple(change for change in (*self.scores, *self.shares) if change.mask is not None)

    @cached_property
    def masks(self) -> tuple[Shape, ...]:
        """The shapes of all arrays after keys and values: those of changes, and the sink's."""
        shapes = [change.mask for change in self.masked if change.mask is not None]
        return (*shapes, *([] if self.sink is None else [self.sink]))

    @cached_property
    def columns(self) -> int:
        """How many scores a query has: one for each key, and perhaps the sink's."""
        return self.count + (self.sink is not None)

    @cached_property
    def factor(self) -> Any:
        """What scores are multiplied by, as a number of their type."""
        return self.dtype.type(self.scale)

    @cached_property
    def scales_query(self) -> bool:
        """Whether not scores are scaled, but the query, which has fewer elements."""
        return self.scale != 1 and self.depth <= self.count

    @cached_property
    def places_of_keys(self) -> tuple[tuple[Any, slice], ...]:
        """Where in the last dimension scores of each part of the keys are."""
        return _places(self.keys)

    @cached_property
    def places_of_values(self) -> tuple[tuple[Any, slice], ...]:
        """The same of each part of the values."""
        return _places(self.values)


def _places(sizes: tuple[int, ...]) -> tuple[tuple[Any, slice], ...]:
    return tuple([(..., slice(*ends)) for ends in pairwise(accumulate(sizes, initial=0))])
