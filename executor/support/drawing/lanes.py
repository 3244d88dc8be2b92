"""Which column each stream has. Streams that are never in the same rows may share one.

What takes nothing, as a constant, is where its value is taken, whatever its stream. A stream of a single other vertex
has no column of its own either: that vertex is where its operands are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tfrt.executor.support.drawing.graph import Graph
from tfrt.executor.support.drawing.rows import Rows


@dataclass(frozen=True, slots=True)
class Lanes:
    """The columns of a graph.

    Attributes:
        of_vertex: the column of each vertex, from left to right.
        streams: for each stream with a column: its number, the column, and its first and last row; none where there is
            only one stream.
    """

    of_vertex: list[int]
    streams: list[tuple[int, int, int, int]]


def assign(graph: Graph, rows: Rows) -> Lanes:
    """See the module docstring."""
    stream_of = _streams(graph)
    extents: dict[int, list[int]] = {}
    for vertex, stream in enumerate(stream_of):
        row = rows.row_of[vertex]
        extent = extents.setdefault(stream, [row, row])
        extent[0], extent[1] = min(extent[0], row), max(extent[1], row)
    ends: list[int] = []
    lane_of: dict[int, int] = {}
    # Of those that begin in one row, the one that goes on longest comes first.
    for stream in sorted(extents, key=lambda stream: (extents[stream][0], -extents[stream][1])):
        first, last = extents[stream]
        lane = next((lane for lane, end in enumerate(ends) if end < first), len(ends))
        ends[lane : lane + 1] = [last]
        lane_of[stream] = lane
    found = [(stream, lane_of[stream], first, last) for stream, (first, last) in extents.items()]
    return Lanes([lane_of[stream] for stream in stream_of], found if len(found) > 1 else [])


def _streams(graph: Graph) -> list[int]:
    """The stream in whose column each vertex is."""
    taking = {edge.target for edge in graph.edges} | {value.target for value in graph.outer}
    own = [vertex.stream if number in taking else None for number, vertex in enumerate(graph.vertices)]
    counts = Counter(stream for stream in own if stream is not None)
    found = [None if stream is None or counts[stream] < 2 else stream for stream in own]
    # From the last to the first, so that what takes nothing gets its users' columns.
    for edge in sorted(graph.edges, key=lambda edge: (-edge.source, edge.target)):
        if found[edge.source] is None and edge.source not in taking:
            found[edge.source] = found[edge.target]
    for edge in sorted(graph.edges, key=lambda edge: (edge.target, edge.source)):
        if found[edge.target] is None:
            found[edge.target] = found[edge.source]
    (rest, _), *_ = counts.most_common(1) or [(0, 0)]
    return [rest if stream is None else stream for stream in found]
