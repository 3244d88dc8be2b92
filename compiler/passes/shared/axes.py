"""Dimensions of values as products of axes, which stay what they are where values are reshaped and transposed.

A value's layout has for each dimension the axes that it is made of, the outermost first; a dimension of size 1 has
none. Reshapes may take axes apart: layouts that were made before that are `resolved`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Axis:
    """What one index runs over."""

    size: int


Layout = tuple[tuple[Axis, ...], ...]


@dataclass
class Axes:
    """Axes, some of which have been taken apart.

    Attributes:
        parts: what those are made of, the outer part first.
    """

    parts: dict[Axis, tuple[Axis, Axis]] = field(default_factory=dict)

    def copy(self) -> Axes:
        """The same, for what may come to nothing."""
        return Axes(dict(self.parts))

    def resolved(self, layout: Sequence[Iterable[Axis]]) -> Layout:
        """A layout of axes that are whole."""
        return tuple([self.whole(dimension) for dimension in layout])

    def whole(self, axes: Iterable[Axis]) -> tuple[Axis, ...]:
        """The axes that some are made of."""
        found: list[Axis] = []
        for axis in axes:
            parts = self.parts.get(axis)
            found += [axis] if parts is None else self.whole(parts)
        return tuple(found)

    def reshaped(self, layout: Sequence[Iterable[Axis]], sizes: Sequence[int]) -> Layout | None:
        """The layout of a value that has other sizes, if its dimensions can be made of parts of axes."""
        rest = list(reversed([axis for dimension in self.resolved(layout) for axis in dimension]))
        found: list[tuple[Axis, ...]] = []
        for size in sizes:
            dimension: list[Axis] = []
            while size != 1:
                if not rest:
                    return None
                axis = rest.pop()
                if size % axis.size == 0:
                    size //= axis.size
                elif axis.size % size == 0:
                    outer, inner = Axis(size), Axis(axis.size // size)
                    self.parts[axis] = outer, inner
                    rest.append(inner)
                    axis, size = outer, 1
                else:
                    return None
                dimension.append(axis)
            found.append(tuple(dimension))
        return None if rest else tuple(found)


def layout_of(sizes: Iterable[int]) -> Layout:
    """A layout of axes of its own, one for each dimension."""
    return tuple([() if size == 1 else (Axis(size),) for size in sizes])


def transposed(layout: Layout, permutation: Sequence[int]) -> Layout:
    """The layout of what gives this one when it is transposed."""
    found = dict(zip(permutation, layout, strict=True))
    return tuple([found[d] for d in range(len(layout))])


def narrowed(layout: Layout, dims: Sequence[int], sizes: Sequence[int]) -> Layout:
    """The layout of what gives this one when it is repeated, as by `stablehlo.broadcast_in_dim`."""
    return tuple([() if size == 1 else layout[dim] for dim, size in zip(dims, sizes, strict=True)])
