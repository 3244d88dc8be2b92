"""Recording what happens on all hosts of this process; `tfrt.trace` is this, and writes a file of it.

While nobody records, nothing is wrapped: hosts and functions are told when a trace begins, and when it is over, and
functions then find out anew how they run. A call that is under way at such a moment goes on as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from tfrt.executor.engines.program import loaded
from tfrt.executor.runtime.events import EventTrace
from tfrt.executor.runtime.host_context import hosts
from tfrt.executor.runtime.observer import tracing
from tfrt.executor.support import cli
from tfrt.executor.support.collector import collector_relaxed
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.spans import Span, collected


@contextmanager
def recording(events: EventTrace) -> Iterator[EventTrace]:
    """Record events of this process meanwhile.

    Raises:
        UsageError: they are being recorded already.
    """
    if tracing.events is not None:
        raise UsageError("there is a trace already: one at a time can be made in a process")
    tracing.events = events
    try:
        _tell(events)
        yield events
    finally:
        tracing.events = None
        _tell(None)


@contextmanager
def traced(path: str | os.PathLike[str] | None, level: str) -> Iterator[EventTrace]:
    """See `tfrt.trace`."""
    events = EventTrace(level)
    with ExitStack() as afterwards, collected() as spans, recording(events):
        if path is not None:
            afterwards.callback(write_trace, os.fspath(path), events, spans)
        yield events


def write_trace(path: str, events: EventTrace, spans: Sequence[Span]) -> None:
    """Write a file of Chrome's trace events.

    Raises:
        UsageError: it cannot be written.
    """
    from tfrt.executor.runtime.trace_file import trace_file

    with collector_relaxed():
        if path == "-":
            cli.write_text(path, "".join(trace_file(events, spans)))
            return
        cli.write_chunks(path, (piece.encode("utf-8", "surrogateescape") for piece in trace_file(events, spans)))


def _tell(events: EventTrace | None) -> None:
    for host in list(hosts):
        host.watch(events)
    for program in list(loaded):
        program.run_anew()
