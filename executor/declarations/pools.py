"""Pools of images: what an op says of itself that combines the elements of windows which lie side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, prod

NEUTRAL = {"add": 0.0, "maximum": -inf, "fmax": -inf, "minimum": inf}
"""The functions that combine elements, by numpy's names, and what changes nothing: `maximum` and `minimum` give NaN
where an element is NaN, `fmax` leaves NaN out."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Windows over arrays (batch, a dimension for each size, channel): they begin at the first element, neither overlap
    nor leave gaps, and what is left at the end of a dimension is in none.

    Attributes:
        function: combines a window's elements, one of `NEUTRAL`.
        sizes: those of windows, dimension by dimension.
        divisors: by what sums are divided then, one after the other.
    """

    function: str
    sizes: tuple[int, ...]
    divisors: tuple[float, ...] = ()

    @property
    def taps(self) -> int:
        """How many elements a window has."""
        return prod(self.sizes)

    def counts(self, extents: tuple[int, ...]) -> tuple[int, ...]:
        """How many windows there are along dimensions of these extents."""
        return tuple([extent // size for extent, size in zip(extents, self.sizes, strict=True)])


def pool_of(
    function: str,
    sizes: Sequence[int],
    strides: Sequence[int],
    padding: Sequence[int] = (),
    divisors: Sequence[float] = (),
) -> Pool | None:
    """The pool that windows are over the dimensions between the first and the last of an array with its channels last,
    or None where they are none.

    Args:
        sizes: those of windows along all dimensions; so are `strides`, and `padding`, numbers of any order.
    """
    ends = {sizes[0], sizes[-1], strides[0], strides[-1]}
    if function not in NEUTRAL or len(sizes) < 3 or ends != {1} or any(padding) or tuple(sizes) != tuple(strides):
        return None
    found = Pool(function, tuple(sizes[1:-1]), tuple(divisors))
    return found if found.taps > 1 else None
