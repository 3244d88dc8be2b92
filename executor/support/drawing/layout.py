"""Where everything of a graph is: boxes of vertices, lines, columns of streams, and the graphs within boxes.

Lengths are in pixels; the font is one whose letters are equally wide. Within a row boxes stand at the top, and lines
only bend between rows, so no line crosses a box.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tfrt.executor.support.drawing.graph import COLUMNS, Edge, Graph, Vertex, columns_of, elided
from tfrt.executor.support.drawing.lanes import assign
from tfrt.executor.support.drawing.order import place
from tfrt.executor.support.drawing.rows import GAP, Rows, arrange

LETTER = 7.3
"""The width of a letter of 12 pixels."""

LINE_HEIGHT = 16.0
PADDING = 10.0
WIDTH = 1100.0
"""How wide a row of boxes is at most, unless one of them alone is wider."""

_BETWEEN_ROWS = 30.0
_HEADER = 24.0
_LANE_HEADER = 18.0
_SIGNATURE = 110
"""Characters of a signature that are shown."""


@dataclass(frozen=True, slots=True)
class Box:
    """A vertex, in its graph's coordinates.

    Attributes:
        lines: what is written in it.
        named: below that, the values that it takes without a line, as far as they fit: names, and who makes them.
        bodies: graphs within it, with their places in the same coordinates.
    """

    vertex: Vertex
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    named: tuple[tuple[str, int | None], ...]
    bodies: tuple[tuple[float, float, Layout], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A value on its way: straight down between the points of a pair, and bent from one pair to the next."""

    edge: Edge
    pairs: tuple[tuple[tuple[float, float], tuple[float, float]], ...]


@dataclass(frozen=True, slots=True)
class Band:
    """The column of a stream."""

    stream: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph, from its upper left corner; `header` is what is written at the top."""

    graph: Graph
    width: float
    height: float
    header: tuple[str, ...]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    bands: tuple[Band, ...]


def lay_out(graph: Graph, most: float = WIDTH) -> Layout:
    """See the module docstring.

    Args:
        most: how wide rows may be.
    """
    bodies = [_pack([lay_out(body, most) for body in vertex.bodies], most) for vertex in graph.vertices]
    widths = [_width(vertex, packed[0]) for vertex, packed in zip(graph.vertices, bodies, strict=True)]
    rows = arrange(graph, widths, most)
    named = [_fitting(rows.named.get(number, {})) for number in range(len(widths))]
    written = [
        (1 + len(vertex.details) + bool(names)) * LINE_HEIGHT + PADDING
        for vertex, names in zip(graph.vertices, named, strict=True)
    ]
    for number, names in enumerate(named):
        widths[number] = max(widths[number], _text_width(reference_text(names)) + 2 * PADDING)
    heights = [high + (packed[1] + PADDING if packed[2] else 0) for high, packed in zip(written, bodies, strict=True)]
    lanes = assign(graph, rows)
    places = place(rows, lanes, widths)
    header = _header(graph)
    top = _HEADER + (len(header) - 1) * LINE_HEIGHT + (_LANE_HEADER if lanes.streams else 0) + PADDING / 2
    tops, bottoms = _vertical(rows, heights, top)
    boxes = []
    for number, vertex in enumerate(graph.vertices):
        x, y = places.centers[number] - widths[number] / 2 + PADDING, tops[rows.row_of[number]]
        inner = tuple((x + PADDING + dx, y + written[number] + dy, layout) for dx, dy, layout in bodies[number][2])
        lines = (vertex.label, *vertex.details)
        boxes.append(Box(vertex, x, y, widths[number], heights[number], lines, named[number], inner))
    bands = [
        Band(
            stream,
            places.lanes[lane][0] + PADDING / 2,
            tops[first] - _LANE_HEADER,
            places.lanes[lane][1] + PADDING,
            bottoms[last] - tops[first] + _LANE_HEADER + PADDING / 2,
        )
        for stream, lane, first, last in lanes.streams
    ]
    drawn = _lines(rows, places.passing, places.centers, boxes, tops, bottoms)
    right = max((box.x + box.width for box in boxes), default=0.0)
    widest = max([right, *(band.x + band.width for band in bands), *(_text_width(t) + PADDING for t in header)])
    height = (bottoms[-1] if bottoms else top) + PADDING + (LINE_HEIGHT if graph.left_out else 0)
    return Layout(graph, widest + PADDING, height, header, tuple(boxes), drawn, tuple(bands))


def lay_out_all(graphs: Sequence[Graph], most: float = WIDTH) -> tuple[float, float, list[tuple[float, float, Layout]]]:
    """Graphs beside and below one another: the width and the height of all, and where each is."""
    return _pack([lay_out(graph, most) for graph in graphs], most)


def _pack(layouts: Sequence[Layout], most: float) -> tuple[float, float, list[tuple[float, float, Layout]]]:
    """Put them in rows, in their order."""
    x = y = widest = height = 0.0
    placed = []
    for layout in layouts:
        if x and x + layout.width > most:
            x, y = 0.0, y + height + GAP / 2
            height = 0.0
        placed.append((x, y, layout))
        widest, height = max(widest, x + layout.width), max(height, layout.height)
        x += layout.width + GAP / 2
    return widest, y + height, placed


def _width(vertex: Vertex, of_bodies: float) -> float:
    texts = [_text_width(line) for line in (vertex.label, *vertex.details)]
    return max(*texts, of_bodies, 2 * LETTER) + 2 * PADDING


def _text_width(text: str) -> float:
    return columns_of(text) * LETTER


def _fitting(named: Mapping[str, int | None]) -> tuple[tuple[str, int | None], ...]:
    """The values of a vertex that come without a line, as far as there is room; then that there are more."""
    found: list[tuple[str, int | None]] = []
    for value in named.items():
        if columns_of(reference_text([*found, value])) > COLUMNS - 2:
            return (*found, ("…", None))
        found.append(value)
    return tuple(found)


def reference_text(named: Sequence[tuple[str, int | None]]) -> str:
    """What stands in a box for such values."""
    return f"↑ {' '.join(name for name, _ in named)}" if named else ""


def _header(graph: Graph) -> tuple[str, ...]:
    """The name and the signature, in one line where that is short."""
    signature = elided(graph.signature, _SIGNATURE)
    if len(graph.name) + len(signature) <= 60 or not signature:
        return (f"{graph.name}{signature}",)
    return (graph.name, signature)


def _vertical(rows: Rows, heights: Sequence[float], top: float) -> tuple[list[float], list[float]]:
    """The upper and the lower edge of each row."""
    tops, bottoms = [], []
    for row in rows.rows:
        tops.append(top)
        bottoms.append(top + max((heights[vertex] for vertex in row), default=0.0))
        top = bottoms[-1] + _BETWEEN_ROWS
    return tops, bottoms


def _lines(
    rows: Rows,
    passing: Sequence[Sequence[int]],
    centers: Sequence[float],
    boxes: Sequence[Box],
    tops: Sequence[float],
    bottoms: Sequence[float],
) -> tuple[Line, ...]:
    """The lines; those that lead to one box end side by side, in the order in which they come."""
    arriving: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for number, (edge, through) in enumerate(zip(rows.lines, passing, strict=True)):
        arriving[edge.target].append((centers[through[-1] if through else edge.source], number))
    ends: dict[int, float] = {}
    for target, lines in arriving.items():
        box, count = boxes[target], len(lines)
        step = min(18.0, (box.width - 2 * PADDING) / max(1, count - 1))
        for index, (_, number) in enumerate(sorted(lines)):
            ends[number] = box.x + box.width / 2 + (index - (count - 1) / 2) * step
    found = []
    for number, (edge, through) in enumerate(zip(rows.lines, passing, strict=True)):
        source, row = boxes[edge.source], rows.row_of[edge.source]
        x = source.x + source.width / 2
        pairs = [((x, source.y + source.height), (x, bottoms[row]))]
        for passed in through:
            row += 1
            x = centers[passed] + PADDING
            pairs.append(((x, tops[row]), (x, bottoms[row])))
        end = (ends[number], boxes[edge.target].y)
        found.append(Line(edge, (*pairs, (end, end))))
    return tuple(found)
