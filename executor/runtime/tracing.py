"""A trace of what a program does as text: scopes that begin and end, `bef-run --enable_tracing`.

`events.py` has what happens when, and where.

At the level ``default`` there is one scope for the run, one for each function that is run from outside and two for
each op of the core runtime: its call and, within it or later, its work. At ``verbose`` there is one for its metadata
function, too, at ``debug`` one for each kernel; and an op's work says what it works on. As in the reference
implementation, a kernel's or op's scope ends when its function returns, which may be before its results are there.
Source of names and text: ``lib/core_runtime/core_runtime.cc``, ``lib/core_runtime/dispatch_utils.cc`` and
``lib/tracing/debug_tracing_sink.cc`` in tensorflow/runtime.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tfrt.executor.runtime.observer import Call, Place, RunWhenReady

LEVELS = ("none", "default", "verbose", "debug")


class Trace:
    """Collects the lines of a trace; programs on a host with a trace of kernels run kernel by kernel."""

    def __init__(self, level: str):
        self._level = LEVELS.index(level)
        # Appending is atomic: threads trace kernels at the same time.
        self._lines: list[str] = []

    @property
    def has_kernels(self) -> bool:
        """Whether kernels are traced."""
        return self.has("debug")

    def has(self, level: str) -> bool:
        """Whether scopes of that level are traced."""
        return self._level >= LEVELS.index(level)

    @contextmanager
    def scope(self, name: str, level: str = "default") -> Iterator[None]:
        """A scope of that level."""
        if not self.has(level):
            yield
            return
        self._lines.append(f"Scope:{name}\n")
        try:
            yield
        finally:
            self._lines.append("End Scope\n")

    def watched(self, call: Call, place: Place, run_when_ready: RunWhenReady) -> Call:
        """`call`, a kernel, in a scope of its own; see `tfrt.executor.runtime.observer.Observer`."""

        def run(*operands: Any, **keywords: Any) -> Any:
            with self.scope(place.kernel):
                return call(*operands, **keywords)

        return run

    def text(self) -> str:
        """The trace so far."""
        return "".join(self._lines)
