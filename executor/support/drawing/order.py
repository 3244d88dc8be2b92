"""In which order a row's vertices stand, and where: near those that they are connected to, with few crossings.

Lines that go down several rows have a place in each of these. Orders are found by barycenters, going down and up the
rows (Sugiyama, Tagawa and Toda, 1981); places are those that are nearest to the neighbours' on average and do not
overlap, found by pooling (isotonic regression), row by row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tfrt.executor.support.drawing.lanes import Lanes
from tfrt.executor.support.drawing.rows import GAP, Rows

LANE_GAP = 28.0
"""Between two columns."""

_LINE = 10.0
"""The room that a line has which goes down through a row."""

_ORDERINGS = 4
_PLACINGS = 6

_STRAIGHT = 8.0
"""How much more it counts that a line goes straight down than that a vertex is in the middle of its neighbours."""

_PASSING = 0.2
"""How much it counts for a vertex where a line from or to far away is, rather than a neighbour."""


@dataclass(slots=True)
class Places:
    """Where everything is, from left to right.

    Attributes:
        centers: of vertices, and then of the places of lines.
        passing: for each line, its places in the rows between its ends, from top to bottom.
        lanes: the left edge and the width of each column.
    """

    centers: list[float]
    passing: list[list[int]]
    lanes: list[tuple[float, float]]


@dataclass(slots=True)
class _Items:
    """Vertices, and then places of lines, in rows, with what each is connected to above and below."""

    rows: list[list[int]]
    lanes: list[int]
    widths: list[float]
    above: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    below: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    first_line: int = 0

    def connect(self, upper: int, lower: int) -> None:
        if lower not in self.below[upper]:
            self.below[upper].append(lower)
            self.above[lower].append(upper)


def place(rows: Rows, lanes: Lanes, widths: Sequence[float]) -> Places:
    """See the module docstring.

    Args:
        widths: of the vertices.
    """
    items = _Items([list(row) for row in rows.rows], list(lanes.of_vertex), list(widths))
    items.first_line = len(widths)
    passing = _add_lines(items, rows)
    _sort(items)
    centers = [0.0] * len(items.widths)
    extents = [_place_lane(items, lane, centers) for lane in range(max(items.lanes, default=0) + 1)]
    left = 0.0
    found = []
    for lane, width in enumerate(extents):
        found.append((left, width))
        for item, of_item in enumerate(items.lanes):
            if of_item == lane:
                centers[item] += left
        left += width + LANE_GAP
    return Places(centers, passing, found)


def _add_lines(items: _Items, rows: Rows) -> list[list[int]]:
    """Give lines their places; lines of one value share theirs."""
    shared: dict[tuple[int, str, int, int], int] = {}
    passing = []
    for line in rows.lines:
        lane, upper, found = items.lanes[line.target], line.source, []
        for row in range(rows.row_of[line.source] + 1, rows.row_of[line.target]):
            key = (line.source, line.name, lane, row)
            if key not in shared:
                shared[key] = len(items.widths)
                items.widths.append(_LINE)
                items.lanes.append(lane)
                items.rows[row].append(shared[key])
            items.connect(upper, shared[key])
            upper = shared[key]
            found.append(upper)
        items.connect(upper, line.target)
        passing.append(found)
    return passing


def _sort(items: _Items) -> None:
    """Order each row by columns, and then by the middle of the neighbours."""
    position: dict[int, float] = {}

    def number(row: list[int]) -> None:
        # From 0 to 1, since rows are not equally long.
        for index, item in enumerate(row):
            position[item] = (index + 0.5) / len(row)

    for row in items.rows:
        row.sort(key=lambda item: items.lanes[item])
        number(row)
    for _ in range(_ORDERINGS):
        for rows, neighbours in ((items.rows, items.above), (items.rows[::-1], items.below)):
            for row in rows:
                middle = {item: _mean([position[n] for n in neighbours.get(item, ())], position[item]) for item in row}
                row.sort(key=lambda item: (items.lanes[item], middle[item]))
                number(row)


def _place_lane(items: _Items, lane: int, centers: list[float]) -> float:
    """Find the centers of a column's items, from its left edge; returns its width.

    What is not connected stands side by side, as far to the left as there is room.
    """
    lengths: dict[int, float] = {}
    for rows in _parts(items, lane):
        _place_part(items, rows, centers)
        shift = 0.0
        for number, row in rows.items():
            left = centers[row[0]] - items.widths[row[0]] / 2
            shift = max(shift, lengths.get(number, -GAP) + GAP - left)
        for number, row in rows.items():
            for item in row:
                centers[item] += shift
            lengths[number] = centers[row[-1]] + items.widths[row[-1]] / 2
    return max(lengths.values(), default=0.0)


def _parts(items: _Items, lane: int) -> list[dict[int, list[int]]]:
    """The rows of each part of a column that is connected, by their numbers."""
    part_of: dict[int, int] = {}
    for row in items.rows:
        for start in row:
            if start in part_of or items.lanes[start] != lane:
                continue
            part_of[start] = start
            waiting = [start]
            while waiting:
                item = waiting.pop()
                for near in (*items.above.get(item, ()), *items.below.get(item, ())):
                    if near not in part_of and items.lanes[near] == lane:
                        part_of[near] = start
                        waiting.append(near)
    found: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, row in enumerate(items.rows):
        for item in row:
            if items.lanes[item] == lane:
                found[part_of[item]][number].append(item)
    return list(found.values())


def _place_part(items: _Items, rows: dict[int, list[int]], centers: list[float]) -> None:
    """Find the centers of what is connected, from its left edge."""
    for row in rows.values():
        left = 0.0
        for item in row:
            centers[item] = left + items.widths[item] / 2
            left += items.widths[item] + GAP
    members = {item for row in rows.values() for item in row}
    within = [
        {item: [near for near in neighbours.get(item, ()) if near in members] for item in members}
        for neighbours in (items.above, items.below)
    ]
    downwards = [rows[number] for number in sorted(rows)]
    for number in range(_PLACINGS):
        upwards = number % 2
        for row in downwards[::-1] if upwards else downwards:
            _place_row(row, items, within[upwards], centers)
    left = min(centers[row[0]] - items.widths[row[0]] / 2 for row in downwards)
    for item in members:
        centers[item] -= left


def _place_row(row: list[int], items: _Items, neighbours: dict[int, list[int]], centers: list[float]) -> None:
    """Move a row's items to where they are wanted, as far as they do not overlap."""
    # Without the room that those before it take, each may be anywhere that is not left of the one before.
    offset, previous = 0.0, None
    blocks: list[tuple[float, float, list[int]]] = []
    offsets: dict[int, float] = {}
    for item in row:
        if previous is not None:
            between = GAP if item < items.first_line or previous < items.first_line else 0.0
            offset += (items.widths[previous] + items.widths[item]) / 2 + between
        previous = item
        offsets[item] = offset
        near = neighbours[item]
        # What merely comes by does not draw a vertex aside.
        pulls = [_PASSING if n >= items.first_line else 1.0 for n in near]
        pulled = sum(pull * centers[n] for pull, n in zip(pulls, near, strict=True))
        wanted = (pulled / sum(pulls) if near else centers[item]) - offset
        weight = 0.01 if not near else _STRAIGHT if item >= items.first_line else 1.0
        block = (wanted, weight, [item])
        while blocks and blocks[-1][0] >= block[0]:
            before = blocks.pop()
            weight = before[1] + block[1]
            block = ((before[0] * before[1] + block[0] * block[1]) / weight, weight, before[2] + block[2])
        blocks.append(block)
    for wanted, _, members in blocks:
        for item in members:
            centers[item] = wanted + offsets[item]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
