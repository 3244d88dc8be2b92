"""What is known of an attention before its arrays are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mask:
    """What changes scores.

    Attributes:
        shape: the mask's.
        fill: what scores are where a mask of booleans is false; None for a mask of floats, which is added.
    """

    shape: Shape
    fill: float | None = None


@dataclass(frozen=True, slots=True)
class Attention:
    """The sizes of an attention.

    Attributes:
        batch: those of the leading dimensions, some of which may be 1 for keys and values.
        keys, values: how many keys each part has, and how many values.
        leading: the leading dimensions of the parts of keys, and then of values.
        masks: in the order in which they are used.
        zeroes_nan: whether shares that are not numbers are zero.
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
    masks: tuple[Mask, ...] = ()
    zeroes_nan: bool = False

    @property
    def result(self) -> Shape:
        """The shape of the result."""
        return (*self.batch, self.queries, self.width)

    @property
    def count(self) -> int:
        """How many keys there are."""
        return sum(self.keys)
