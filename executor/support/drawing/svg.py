"""Pictures of graphs as SVG: one text that needs nothing else, light or dark as the reader's system is.

Within a page of HTML the picture has the page's colours: its text's, which everything else is a shade of.
"""

from __future__ import annotations

import html
import zlib
from collections.abc import Iterator, Sequence

from tfrt.executor.support.drawing.graph import Graph, columns_of
from tfrt.executor.support.drawing.layout import (
    LETTER,
    LINE_HEIGHT,
    PADDING,
    WIDTH,
    Band,
    Box,
    Layout,
    Line,
    lay_out_all,
    reference_text,
)

_MARGIN = 12.0

_STYLE = """
.tfrt-graph{--tg-text:currentColor;--tg-soft:color-mix(in srgb,currentColor 68%,transparent);
--tg-line:color-mix(in srgb,currentColor 30%,transparent);--tg-box:color-mix(in srgb,currentColor 5%,transparent);
--tg-lane:color-mix(in srgb,currentColor 4%,transparent);--tg-mark:color-mix(in srgb,#2f78c4 75%,currentColor);
font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.tfrt-graph.tg-alone{--tg-text:#1b1b1f;--tg-soft:#565a62;--tg-line:#b9bec8;--tg-box:#ffffff;--tg-lane:#eef2f8;
--tg-mark:#1f5f9e;background:#f7f8fa;color:#1b1b1f}
@media (prefers-color-scheme:dark){.tfrt-graph.tg-alone{--tg-text:#e9eaee;--tg-soft:#a6abb5;--tg-line:#545b67;
--tg-box:#22262d;--tg-lane:#1d222a;--tg-mark:#8fbdec;background:#16181c;color:#e9eaee}}
.tfrt-graph text{fill:var(--tg-text);white-space:pre}
.tfrt-graph .tg-name{font-weight:600}
.tfrt-graph .tg-more,.tfrt-graph .tg-stream{fill:var(--tg-soft)}
.tfrt-graph .tg-graph>rect{fill:none;stroke:var(--tg-line)}
.tfrt-graph .tg-lane{fill:var(--tg-lane);stroke:none}
.tfrt-graph .tg-face{fill:var(--tg-box);stroke:var(--tg-soft)}
.tfrt-graph .tg-argument .tg-face{stroke:var(--tg-mark);stroke-width:2}
.tfrt-graph .tg-constant .tg-face{stroke-dasharray:1 2}
.tfrt-graph .tg-line{fill:none;stroke:var(--tg-soft)}
.tfrt-graph .tg-order{stroke-dasharray:4 3}
.tfrt-graph .tg-head{fill:var(--tg-soft)}
.tfrt-graph a text{fill:var(--tg-mark);text-decoration:underline}
.tfrt-graph .tg-box:target>g>.tg-face{stroke:var(--tg-mark);stroke-width:3}
"""


def svg(graphs: Sequence[Graph], title: str, *, alone: bool = True, most: float = WIDTH) -> str:
    """A picture of graphs, beside and below one another.

    Args:
        title: what is shown, for those who do not see it.
        alone: whether it is a file of its own, which has a background.
        most: how wide rows of boxes may be, in pixels.
    """
    width, height, placed = lay_out_all(graphs, most)
    # Names within a page are everybody's.
    prefix = f"tg{zlib.crc32(repr((title, graphs)).encode('utf-8', 'surrogatepass')):08x}"
    width, height = width + 2 * _MARGIN, height + 2 * _MARGIN
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tfrt-graph{" tg-alone" if alone else ""}" role="group"'
        f' aria-label="{_escaped(title)}" width="{_n(width)}" height="{_n(height)}"'
        f' viewBox="0 0 {_n(width)} {_n(height)}">',
        f"<title>{_escaped(title)}</title>",
        f"<style>{_STYLE}</style>",
    ]
    body = [
        line
        for number, (x, y, layout) in enumerate(placed)
        for line in _graph(layout, x + _MARGIN, y + _MARGIN, f"{prefix}-{number}")
    ]
    return "\n".join([*head, *body, "</svg>"]) + "\n"


def _graph(layout: Layout, x: float, y: float, name: str) -> Iterator[str]:
    """A graph whose vertices are called ``{name}-{number}``."""
    yield f'<g class="tg-graph" transform="translate({_n(x)},{_n(y)})">'
    yield f'<rect width="{_n(layout.width)}" height="{_n(layout.height)}" rx="8"/>'
    yield "<g>"
    if layout.graph.title:
        yield f"<title>{_escaped(layout.graph.title)}</title>"
    for number, text in enumerate(layout.header):
        yield _text(PADDING, 17 + number * LINE_HEIGHT, text, "" if number else "tg-name")
    yield "</g>"
    yield from map(_band, layout.bands)
    yield from map(_line, layout.lines)
    for number, box in enumerate(layout.boxes):
        yield from _box(box, number, name)
    if layout.graph.left_out:
        yield _text(PADDING, layout.height - 8, f"… and {layout.graph.left_out} more", "tg-more")
    yield "</g>"


def _band(band: Band) -> str:
    rect = _rect(band.x, band.y, band.width, band.height, 4, ' class="tg-lane"')
    return rect + _text(band.x + 6, band.y + 13, f"stream {band.stream}", "tg-stream")


def _line(line: Line) -> str:
    parts, last = [], None
    for (x, upper), (_, lower) in line.pairs:
        if last is None:
            parts.append(f"M{_n(x)} {_n(upper)}")
        else:
            middle = (last[1] + upper) / 2
            parts.append(f"C{_n(last[0])} {_n(middle)} {_n(x)} {_n(middle)} {_n(x)} {_n(upper)}")
        if lower != upper:
            parts.append(f"V{_n(lower)}")
        last = (x, lower)
    assert last is not None
    kind = "tg-line tg-order" if line.edge.is_order else "tg-line"
    head = f"M{_n(last[0])} {_n(last[1])}l-3.5 -7h7z"
    title = f"<title>{_escaped(line.edge.name)}</title>" if line.edge.name else ""
    return f'<g><path class="{kind}" d="{"".join(parts)}"/><path class="tg-head" d="{head}"/>{title}</g>'


def _box(box: Box, number: int, name: str) -> Iterator[str]:
    round = 4 if box.vertex.kind == "op" else min(box.height, LINE_HEIGHT + PADDING) / 2
    yield f'<g class="tg-box tg-{box.vertex.kind}" id="{name}-{number}">'
    # What is within it has titles of its own.
    yield "<g>"
    if box.vertex.title:
        yield f"<title>{_escaped(box.vertex.title)}</title>"
    yield _rect(box.x, box.y, box.width, box.height, round, ' class="tg-face"')
    for at, text in enumerate(box.lines):
        yield _text(box.x + PADDING, _baseline(box, at), text, "tg-more" if at else "tg-name")
    if box.named:
        yield from _references(box, name)
    yield "</g>"
    for at, (x, y, layout) in enumerate(box.bodies):
        yield from _graph(layout, x, y, f"{name}-{number}-{at}")
    yield "</g>"


def _baseline(box: Box, line: int) -> float:
    return box.y + PADDING / 2 + 12 + line * LINE_HEIGHT


def _references(box: Box, name: str) -> Iterator[str]:
    """The values that come without lines; each leads to where it is made."""
    y = _baseline(box, len(box.lines))
    yield _text(box.x + PADDING, y, "↑", "tg-more")
    for number, (value, source) in enumerate(box.named):
        before = columns_of(reference_text(box.named[:number])) if number else 1
        text = _text(box.x + PADDING + (before + 1) * LETTER, y, value, "tg-more")
        yield text if source is None else f'<a href="#{name}-{source}">{text}</a>'


def _rect(x: float, y: float, width: float, height: float, round: float, more: str = "") -> str:
    at = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
    return f'<rect {at} rx="{_n(round)}"{more}/>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text x="{_n(x)}" y="{_n(y)}"{of_kind}>{_escaped(text)}</text>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _escaped(text: str) -> str:
    """For text and attributes. What XML cannot hold, as control characters, is replaced."""
    kept = "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
    return html.escape(kept)
