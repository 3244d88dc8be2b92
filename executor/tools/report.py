"""`bef-run --report`: what a program has done, as one page of HTML that needs nothing else, not even a network.

The page is ``report_page/page.html``, with its style and script put in, and with what `report_data` has worked out.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path

from tfrt.executor.runtime.events import EventTrace
from tfrt.executor.support.diagnostics import SourceLookup
from tfrt.executor.support.spans import Span
from tfrt.executor.tools.report_data import report_data

_PAGE = Path(__file__).parent / "report_page"


def report(events: EventTrace, spans: Sequence[Span], title: str, source: SourceLookup) -> str:
    """The page.

    Args:
        events: of kernels, at least.
        spans: what else has been done meanwhile; functions are bound when they are first called.
        title: what has run.
        source: the text of a source file, by its name in locations; None where it is not at hand.
    """
    data = json.dumps(report_data(events, spans, title, source), separators=(",", ":"), ensure_ascii=False)
    parts = {
        "TITLE": html.escape(title),
        "STYLE": _read("style.css"),
        "SCRIPT": _read("script.js"),
        # Nothing in it may end the element that it is in.
        "DATA": data.replace("<", "\\u003c"),
    }
    page = _read("page.html")
    for name, text in parts.items():
        before, found, after = page.partition(f"{{{{{name}}}}}")
        assert found, name
        page = before + text + after
    return page


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
