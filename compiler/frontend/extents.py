"""How large attributes are when they are spelled out, which those that aliases are made of share their parts.

Aliases that use each other twice stand for twice as much with each step: forty of them would be a billion types, which
everything that prints, hashes or compares them would go through.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr
from xdsl.ir import Attribute, ParametrizedAttribute

_LEAST_LIMIT = 10_000
_NONE: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Extent:
    """How many attributes and types there are in one, and how many brackets they nest in."""

    size: int
    depth: int


class Extents:
    """The extents of attributes, each measured once."""

    def __init__(self) -> None:
        # An attribute is kept with its extent, so that its id stays its own.
        self._known: dict[int, tuple[Extent, Attribute]] = {}
        self._written = 0

    @property
    def limit(self) -> int:
        """The largest size that is no explosion: some thousands, and a few times what is spelled in the text."""
        return max(_LEAST_LIMIT, 4 * self._written)

    def of(self, attribute: Attribute) -> Extent:
        known = self._known.get(id(attribute))
        if known is None:
            parts = _parts(attribute)
            inner = [self.of(part) for part in parts]
            self._written += 1 + len(parts)
            depth = max((extent.depth for extent in inner), default=-1) + 1
            known = (Extent(1 + sum(extent.size for extent in inner), depth), attribute)
            self._known[id(attribute)] = known
        return known[0]


def _parts(attribute: Attribute) -> tuple[Attribute, ...]:
    """What stands in the brackets of an attribute. Lists that are part of a type or location have none of their own."""
    match attribute:
        case ParametrizedAttribute():
            lists = [part.data if isinstance(part, ArrayAttr) else (part,) for part in attribute.parameters]
            return sum(lists, _NONE)
        case ArrayAttr():
            return attribute.data
        case DictionaryAttr():
            return tuple(attribute.data.values())
    return _NONE
