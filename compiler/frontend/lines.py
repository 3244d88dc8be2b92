"""Lines of text that say the same of other values: they are read once.

Programs consist of few kinds of ops, and say the same thing of many values. A line that holds an op and nothing else is
looked up by what it says beside the values' names. The first of a kind is read as any text; those that follow are made
like it, and its tokens, rules and attributes are theirs, too.

This is for texts that are right. Where anything is unexpected, be it a mistake or what only looks like an op by itself,
`NotByLine` is raised, or a mistake reported, and the whole text is read once more without this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Attribute, Operation, Region

PATTERN = r"%(?:[0-9]+|[A-Za-z_$.\-][\w$.\-]*)\x20=\x20[a-z_]\w*\.[^\n{}^\#!\"/]{1,500}+(?=\n(?!\x20*(?:[:,<(\[{]|->)))"
"""An op of one result that ends with its line, without regions, aliases, strings and comments."""

_NAMES = re.compile(r"(%(?:[0-9]+|[A-Za-z_$.\-][\w$.\-]*))", re.ASCII)


class NotByLine(Exception):
    """A text is to be read without looking at lines."""


class LikeOp(NamedTuple):
    """What ops of lines of a kind have in common.

    Attributes:
        operands: for each, which of the names in the line it is, and its type.
        regions: what the line does not spell; each op gets copies.
        location: None where it is the op's place in the text.
    """

    op_class: type[Operation]
    operands: Sequence[tuple[int, Attribute]]
    result_types: Sequence[Attribute]
    attributes: Mapping[str, Attribute]
    properties: Mapping[str, Attribute]
    regions: Sequence[Region]
    location: LocationAttr | None


@dataclass(slots=True)
class LineKind:
    """Lines that differ in names only.

    Attributes:
        tokens: those of the first of them.
        comes_again: whether there are others.
        is_alike: whether the ops of others are made like its op.
        op: what these have in common, once that op has been made.
    """

    tokens: Any
    nesting: int
    comes_again: bool = False
    is_alike: bool | None = None
    op: LikeOp | None = None


class Line(NamedTuple):
    """A line of the text, from one offset to another, and the names in it, of which the first is defined."""

    kind: LineKind
    names: Sequence[str]
    start: int
    end: int

    def offsets(self, text: str) -> list[int]:
        """Where in the text each name is."""
        return [match.start() for match in _NAMES.finditer(text, self.start, self.end)]


def parts_of(line: str) -> tuple[tuple[str, ...], list[str]]:
    """What a line says beside names, and the names."""
    parts = _NAMES.split(line)
    return tuple(parts[2::2]), parts[1::2]
