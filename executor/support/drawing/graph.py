"""What is drawn: a function or a region as a graph of what computes what; regions are within the vertex that runs them.

Whoever knows programs makes graphs of them: the compiler of its IR, the executor of what it has loaded.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["op", "argument", "constant"]

COLUMNS = 40
"""Characters of a line in a picture; what is longer is elided there, and whole in the title."""


@dataclass(frozen=True, slots=True)
class Vertex:
    """An op, an argument or a constant.

    Attributes:
        label: what it is called.
        details: further lines, such as names and types of what it makes.
        title: all that is known of it, which is shown when it is pointed at.
        stream: the stream that it runs in, where that is known.
        bodies: its regions.
    """

    label: str
    details: tuple[str, ...] = ()
    title: str = ""
    kind: Kind = "op"
    stream: int | None = None
    bodies: tuple[Graph, ...] = ()


class Edge(NamedTuple):
    """A value, from the vertex that makes it to one that takes it.

    Attributes:
        source, target: numbers of vertices.
        is_order: whether it only says what comes first, as a chain does.
    """

    source: int
    target: int
    name: str
    is_order: bool = False


class Outer(NamedTuple):
    """A value that a vertex takes from outside of its graph."""

    target: int
    name: str


@dataclass(frozen=True, slots=True)
class Graph:
    """A function or a region.

    Attributes:
        name: such as ``@main``, or what a region is for.
        signature: arguments and results, with types.
        title: what else is known of it.
        vertices: in the program's order.
        left_out: how many more there are, which are not drawn.
    """

    name: str
    signature: str
    title: str
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    outer: tuple[Outer, ...] = ()
    left_out: int = 0

    def beginning(self, most: int) -> Graph:
        """The graph with its first `most` vertices; those within vertices do not count."""
        if len(self.vertices) <= most:
            return self
        edges = tuple(edge for edge in self.edges if edge.source < most and edge.target < most)
        outer = tuple(value for value in self.outer if value.target < most)
        left_out = self.left_out + len(self.vertices) - most
        return Graph(self.name, self.signature, self.title, self.vertices[:most], edges, outer, left_out)


def elided(text: str, columns: int = COLUMNS) -> str:
    """`text` in one line of at most so many columns."""
    line = " ".join(text.split())
    if columns_of(line) <= columns:
        return line
    while columns_of(line) > columns - 1:
        line = line[:-1]
    return f"{line.rstrip()}…"


def columns_of(text: str) -> int:
    """How wide a text is in a font whose letters are equally wide."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
