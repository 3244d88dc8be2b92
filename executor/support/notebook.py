"""How objects show themselves in notebooks: as HTML with the page's own colours, and never by an exception.

Whatever comes from a program is escaped. Notebooks show what ``_repr_html_`` returns, and the ``repr`` where that is
None.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence

_STYLE = """
.tfrt-view{font-size:13px;line-height:1.45;max-width:100%}
.tfrt-view p{margin:.2em 0}
.tfrt-view .tv-soft{opacity:.72}
.tfrt-view table{border-collapse:collapse;margin:.4em 0;width:auto}
.tfrt-view th,.tfrt-view td{text-align:left!important;vertical-align:top;padding:.15em .8em .15em 0!important}
.tfrt-view td.tv-number{text-align:right!important;font-variant-numeric:tabular-nums}
.tfrt-view code,.tfrt-view pre{font:12px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
background:none;color:inherit;padding:0}
.tfrt-view code{white-space:normal;overflow-wrap:anywhere}
.tfrt-view pre{margin:.3em 0;overflow:auto;max-height:24em;white-space:pre}
.tfrt-view .tv-scroll{overflow:auto;max-height:40em}
.tfrt-view summary{cursor:pointer}
"""


def shown(make: Callable[[], Iterable[str]], of: object) -> str | None:
    """The HTML that `make` gives in pieces; None where anything goes wrong, as with an object that is half made.

    Args:
        of: the object that is shown.
    """
    try:
        pieces = "\n".join(make())
    except Exception:
        return None
    return f'<div class="tfrt-view" data-kind="{type(of).__name__}">\n<style>{_STYLE}</style>\n{pieces}\n</div>'


def escaped(text: object) -> str:
    """Text within HTML; what HTML cannot hold is replaced."""
    return html.escape(str(text).encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}"))


def code(text: object) -> str:
    """Text of a program."""
    return f"<code>{escaped(text)}</code>"


def soft(text: object) -> str:
    """What matters less."""
    return f'<span class="tv-soft">{escaped(text)}</span>'


def table(head: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """A table; cells are HTML, or numbers."""
    titles = "".join(f"<th>{escaped(title)}</th>" for title in head)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{f'<thead><tr>{titles}</tr></thead>' if head else ''}<tbody>\n{body}\n</tbody></table>"


def _cell(cell: str | int) -> str:
    return f'<td class="tv-number">{cell:,}</td>' if isinstance(cell, int) else f"<td>{cell}</td>"


def folded(title: str, content: str, *, is_open: bool = False) -> str:
    """HTML that is there when somebody wants it."""
    return f"<details{' open' if is_open else ''}><summary>{escaped(title)}</summary>\n{content}\n</details>"


def lines(text: Sequence[str], first: int, most: int, marked: int | None = None) -> str:
    """Lines of a source with their numbers, the first one's being `first`; at most so many.

    Args:
        marked: the number of the line that matters.
    """
    width = len(str(first + len(text)))
    mark = {marked: "> "} if marked is not None else {}
    other = "  " if mark else ""
    shown_lines = [
        f"{mark.get(number, other)}{number:>{width}}  {line}" for number, line in enumerate(text[:most], first)
    ]
    if len(text) > most:
        shown_lines.append(f"… and {len(text) - most} more lines")
    return f"<pre>{escaped(chr(10).join(shown_lines))}</pre>"
