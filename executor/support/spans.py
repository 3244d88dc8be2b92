"""Spans: what took how long, told by whoever does it to whoever collects it.

Nobody collects them, as a rule; then a span costs a look at a variable. They are for steps of milliseconds (a pass of
the compiler, a file that is read), not for kernels.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """What has been done from `start` to `end`, in nanoseconds of ``time.perf_counter_ns``, on a thread.

    Attributes:
        thread: its number, as the system has it.
        details: what else is to be known, as JSON has values.
    """

    name: str
    category: str
    start: int
    end: int
    thread: int
    thread_name: str
    details: dict[str, Any] = field(default_factory=dict)


_collectors: tuple[list[Span], ...] = ()


@contextmanager
def span(name: str, category: str, **details: Any) -> Iterator[None]:
    """Say what is done meanwhile. It is told when it ends, even if by an exception."""
    collectors = _collectors
    if not collectors:
        yield
        return
    start = time.perf_counter_ns()
    try:
        yield
    finally:
        end = time.perf_counter_ns()
        thread = threading.current_thread()
        told = Span(name, category, start, end, threading.get_native_id(), thread.name, details)
        for spans in collectors:
            spans.append(told)


@contextmanager
def collected() -> Iterator[list[Span]]:
    """The spans that end in this process meanwhile, on whatever thread."""
    global _collectors
    spans: list[Span] = []
    _collectors = (*_collectors, spans)
    try:
        yield spans
    finally:
        _collectors = tuple(other for other in _collectors if other is not spans)
