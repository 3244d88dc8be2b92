"""Chrome's trace event format, which Perfetto (https://ui.perfetto.dev) and ``chrome://tracing`` open.

A file is one JSON object, with one event a line. Events that take time are *slices* on the track of a thread, where one
that begins within another ends within it; what may overlap is a *track of its own*. Times are nanoseconds since the
trace began; the file has them in microseconds, with three decimals, so nothing is lost in a trace of less than
three months.
Source of the format: "Trace Event Format", the document of the Chromium project.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from tfrt.executor.support.spans import Span

_AT_ONCE = 10_000
"""Events in a piece of the file."""


class ChromeTrace:
    """Collects events and gives the file's text.

    Args:
        process: the number of the process.
        start: when the trace began; all times are since then in the file.
    """

    def __init__(self, process: int, name: str, start: int):
        self._pid = f'"pid":{process}'
        self._start = start
        self._events: list[tuple[int, int, str]] = []
        self._head = [f'{{"ph":"M",{self._pid},"name":"process_name","args":{{"name":{json.dumps(name)}}}}}']

    def name_thread(self, thread: int, name: str) -> None:
        """Say what a thread is called."""
        self._head.append(
            f'{{"ph":"M",{self._pid},"tid":{thread},"name":"thread_name","args":{{"name":{json.dumps(name)}}}}}'
        )

    def slice(self, thread: int, start: int, end: int, what: str, details: str = "") -> None:
        """Something that a thread did.

        Args:
            what: name and category, from `label`.
            details: members of a JSON object, such as ``"stream":3``.
        """
        arguments = f',"args":{{{details}}}' if details else ""
        began, took = (start - self._start) / 1000, (end - start) / 1000
        text = f'{{"ph":"X",{self._pid},"tid":{thread},"ts":{began:.3f},"dur":{took:.3f},{what}{arguments}}}'
        # Of those that begin together the one that ends last is around the others.
        self._events.append((start, -end, text))

    def flow(self, number: int, source: tuple[int, int, int], target: tuple[int, int, int], what: str) -> None:
        """An arrow from a slice to another, each given as its thread, start and end."""
        # Right after its slice, before any that begins at the same time within that.
        thread, start, end = source
        ts = (start - self._start) / 1000
        text = f'{{"ph":"s",{self._pid},"tid":{thread},"ts":{ts:.3f},"id":{number},{what}}}'
        self._events.append((start, -end, text))
        thread, start, end = target
        ts = (start - self._start) / 1000
        text = f'{{"ph":"f",{self._pid},"tid":{thread},"ts":{ts:.3f},"id":{number},{what},"bp":"e"}}'
        self._events.append((start, -end, text))

    def on_own_track(self, number: int, start: int, end: int, what: str, details: str = "") -> None:
        """Something that no thread did as a whole: those of a number and category share a track."""
        arguments = f',"args":{{{details}}}' if details else ""
        begins = f'{{"ph":"b",{self._pid},"id":{number},"ts":{self._time(start)},{what}{arguments}}}'
        ends = f'{{"ph":"e",{self._pid},"id":{number},"ts":{self._time(end)},{what}}}'
        self._events.append((start, -end, begins))
        self._events.append((end, 0, ends))

    def counter(self, name: str, unit: str, values: Iterable[tuple[int, int]]) -> None:
        """A number over time: moments, and the value from then on."""
        head = f'{{"ph":"C",{self._pid},"name":{json.dumps(name)},'
        for moment, value in values:
            text = f'{head}"ts":{self._time(moment)},"args":{{{json.dumps(unit)}:{value}}}}}'
            self._events.append((moment, 0, text))

    def spans(self, spans: Iterable[Span]) -> None:
        """Slices of what has been told as spans."""
        names: dict[int, str] = {}
        for span in spans:
            names.setdefault(span.thread, span.thread_name)
            self.slice(span.thread, span.start, span.end, label(span.name, span.category), members(span.details))
        for thread, name in names.items():
            self.name_thread(thread, name)

    def text(self) -> Iterator[str]:
        """The file, in pieces."""
        # Stable, and by two numbers only: what belongs right after something stays there.
        self._events.sort(key=itemgetter(0, 1))
        yield '{"displayTimeUnit":"ns","traceEvents":[\n' + ",\n".join(dict.fromkeys(self._head))
        for first in range(0, len(self._events), _AT_ONCE):
            yield "".join([f",\n{text}" for _, _, text in self._events[first : first + _AT_ONCE]])
        yield "\n]}\n"

    def _time(self, moment: int) -> str:
        return f"{(moment - self._start) / 1000:.3f}"


def label(name: str, category: str) -> str:
    """Name and category as members of an event."""
    return f'"name":{json.dumps(name)},"cat":{json.dumps(category)}'


def members(details: Mapping[str, Any]) -> str:
    """The members of a JSON object."""
    return json.dumps(details, separators=(",", ":"))[1:-1]
