"""Which row each vertex is in: below all that it takes values from, in rows that are no wider than wanted.

Vertices that take nothing, as arguments and constants, are just above the first that takes their value. Values that
come from far above, and those of very many, are not drawn as lines: whoever takes them names them.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tfrt.executor.support.drawing.graph import Edge, Graph

FAR = 6
"""Rows that a line goes down at most."""

MANY = 8
"""Who takes a value, beyond which lines only lead to those that are near; twice as many values lead to one vertex."""

GAP = 24.0
"""Between two vertices of a row."""

_LEAST_WIDTH = 40.0
"""A row with less room than this is full."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a graph.

    Attributes:
        rows: numbers of vertices, from top to bottom, in the program's order.
        row_of: the row of each vertex.
        lines: the edges that are drawn, each once; all lead down.
        named: for each vertex, the values that it takes without a line: their names, and who makes them (None for
            those from outside).
    """

    rows: list[list[int]]
    row_of: list[int]
    lines: list[Edge]
    named: dict[int, dict[str, int | None]]


def arrange(graph: Graph, widths: Sequence[float], most: float) -> Rows:
    """See the module docstring.

    Args:
        widths: of the vertices.
        most: how wide a row may be; a vertex that is wider has one of its own.
    """
    edges = list(dict.fromkeys(edge for edge in graph.edges if edge.source != edge.target))
    order = _in_order(len(widths), edges)
    at = {vertex: number for number, vertex in enumerate(order)}
    # What leads back, in graphs with circles, is no line.
    down = [edge for edge in edges if at[edge.source] < at[edge.target]]
    unused = {edge.source for edge in down} ^ set(order)
    first = [vertex for vertex in order if vertex in unused and graph.vertices[vertex].kind == "argument"]
    streams = [vertex.stream for vertex in graph.vertices]
    rows = _rows([vertex for vertex in order if vertex not in first], first, down, widths, streams, most)
    row_of = [0] * len(widths)
    for number, row in enumerate(rows):
        for vertex in row:
            row_of[vertex] = number
    lines = _near(down, row_of)
    named: dict[int, dict[str, int | None]] = defaultdict(dict)
    drawn = set(lines)
    for edge in edges:
        if edge not in drawn:
            named[edge.target][edge.name] = edge.source
    for value in graph.outer:
        named[value.target][value.name] = None
    return Rows(rows, row_of, lines, dict(named))


def _in_order(count: int, edges: Sequence[Edge]) -> list[int]:
    """All vertices, each after those that it takes values from, as near to the program's order as that allows."""
    waits = [0] * count
    users: list[list[int]] = [[] for _ in range(count)]
    for edge in edges:
        users[edge.source].append(edge.target)
        waits[edge.target] += 1
    ready = [vertex for vertex in range(count) if not waits[vertex]]
    found: list[int] = []
    is_found = [False] * count
    # Where there is a circle, the first vertex of the program that is left begins it.
    rest = iter(range(count))
    while len(found) < count:
        if not ready:
            ready.append(next(vertex for vertex in rest if not is_found[vertex]))
        vertex = heapq.heappop(ready)
        if is_found[vertex]:
            continue
        is_found[vertex] = True
        found.append(vertex)
        for user in users[vertex]:
            waits[user] -= 1
            if not waits[user] and not is_found[user]:
                heapq.heappush(ready, user)
    return found


def _rows(
    order: Sequence[int],
    first: Sequence[int],
    edges: Sequence[Edge],
    widths: Sequence[float],
    streams: Sequence[int | None],
    most: float,
) -> list[list[int]]:
    """The rows of the vertices of `order`, with others that are to be in the first rows."""
    taking = {edge.target for edge in edges}
    sources = {edge.source for edge in edges} - taking
    levels = _levels([vertex for vertex in order if vertex not in sources], edges, widths, streams, most)
    level_of = {vertex: number for number, level in enumerate(levels) for vertex in level}
    first_use: dict[int, int] = {}
    for edge in edges:
        if edge.source in sources:
            first_use[edge.source] = min(first_use.get(edge.source, len(levels)), level_of[edge.target])
    above: list[list[int]] = [[] for _ in levels] or [[]]
    above[0] += first
    for vertex in order:
        if vertex in sources:
            above[first_use[vertex]].append(vertex)
    rows: list[list[int]] = []
    for vertices, level in zip_longest(above, levels):
        _add_below(rows, vertices, widths, most)
        rows += [level] if level else []
    return rows


def _levels(
    order: Sequence[int], edges: Sequence[Edge], widths: Sequence[float], streams: Sequence[int | None], most: float
) -> list[list[int]]:
    """The rows of those vertices that do not only give, each below all that it takes values from.

    Of several streams, whose columns stand side by side, each has half a row at most.
    """
    above: dict[int, list[int]] = defaultdict(list)
    for edge in edges:
        above[edge.target].append(edge.source)
    room = most / 2 if len(set(streams)) > 1 else most
    levels: list[list[int]] = []
    used: list[float] = []
    used_by: dict[tuple[int, int | None], float] = defaultdict(lambda: -GAP)

    def is_full(level: int, stream: int | None, wide: float) -> bool:
        of_stream = used_by[level, stream]
        return used[level] + wide > most or (of_stream > 0 and of_stream + wide > room)

    level_of: dict[int, int] = {}
    # For each stream, the first level that is not full.
    least: dict[int | None, int] = defaultdict(int)
    for vertex in order:
        wide, stream = GAP + widths[vertex], streams[vertex]
        level = max((level_of[v] + 1 for v in above[vertex] if v in level_of), default=0)
        level = max(level, least[stream])
        while level < len(levels) and is_full(level, stream, wide):
            level += 1
        if level == len(levels):
            levels.append([])
            used.append(-GAP)
        levels[level].append(vertex)
        used[level] += wide
        used_by[level, stream] += wide
        level_of[vertex] = level
        while least[stream] < len(levels) and is_full(least[stream], stream, GAP + _LEAST_WIDTH):
            least[stream] += 1
    return levels


def _add_below(rows: list[list[int]], vertices: Sequence[int], widths: Sequence[float], most: float) -> None:
    """Put vertices at the end of the last row, and below it into rows of their own as far as they do not fit."""
    used = most if not rows else sum(widths[vertex] + GAP for vertex in rows[-1])
    for vertex in vertices:
        if not rows or used + widths[vertex] > most:
            rows.append([])
            used = 0
        rows[-1].append(vertex)
        used += widths[vertex] + GAP


def _near(edges: Sequence[Edge], row_of: Sequence[int]) -> list[Edge]:
    """The edges that are drawn as lines."""
    users = Counter((edge.source, edge.name) for edge in edges)
    takes = Counter(edge.target for edge in edges)
    found = []
    for edge in edges:
        is_many = users[edge.source, edge.name] > MANY or takes[edge.target] > 2 * MANY
        if row_of[edge.target] - row_of[edge.source] <= (1 if is_many else FAR):
            found.append(edge)
    return found
