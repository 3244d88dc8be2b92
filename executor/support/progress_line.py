"""Progress of a command line, as a line at the bottom of the terminal; needs the package rich (``tfrt[progress]``).

It appears after `PATIENCE` seconds of silence, on the standard error, and goes away before anything else is written:
what a program prints is never touched. Nothing is shown where the standard error is no terminal, or rich is missing.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from tfrt.executor.support.progress import Progress, telling

PATIENCE = 1.0
"""Seconds without output after which the line appears."""


def add_progress_option(parser: argparse.ArgumentParser) -> None:
    """The option of a command line that shows progress."""
    parser.add_argument(
        "--no-progress", "--quiet", dest="progress", action="store_false",
        help="show no progress on the terminal, which is shown of what takes long (with rich: tfrt[progress])",
    )  # fmt: skip


@contextmanager
def progress_line(is_wanted: bool) -> Iterator[None]:
    """Show how far what this thread does meanwhile is, if that is wanted and can be."""
    if not (is_wanted and sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and _has_rich()):
        yield
        return
    line = _Line(sys.stderr)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Writer(sys.stdout, line), _Writer(sys.stderr, line)
    threading.Thread(target=line.watch, name="tfrt-progress", daemon=True).start()
    try:
        with telling(line.tell):
            yield
    finally:
        line.close()
        sys.stdout, sys.stderr = before


def _has_rich() -> bool:
    return importlib.util.find_spec("rich") is not None


class _Line:
    """The line: what is being done, how far that is, and for how long it has been going on."""

    def __init__(self, stream: IO[str]):
        self._stream = stream
        # Who shows it may be interrupted by a signal's handler that writes.
        self._lock = threading.RLock()
        self._is_over = threading.Event()
        self._latest: Progress | None = None
        self._shown: Any = None
        self._since = self._quiet_since = time.monotonic()

    def tell(self, progress: Progress) -> None:
        """A step begins."""
        with self._lock:
            self._latest = progress
            if self._shown is not None:
                self._update()

    def make_room(self) -> None:
        """Something is about to be written."""
        with self._lock:
            self._quiet_since = time.monotonic()
            shown, self._shown = self._shown, None
            if shown is not None:
                shown.stop()

    def watch(self) -> None:
        """Show the line whenever nothing has been written for some time."""
        while not self._is_over.wait(0.1):
            with self._lock:
                is_quiet = time.monotonic() - self._quiet_since >= PATIENCE
                if is_quiet and self._shown is None and self._latest is not None and not self._is_over.is_set():
                    self._show()

    def close(self) -> None:
        """Show nothing any more."""
        self._is_over.set()
        self.make_room()

    def _show(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._shown = Bar(
            *columns,
            TimeElapsedColumn(),
            console=_console(self._stream),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._shown.add_task("", total=None)
        # As long as it has been going on, not since the line was shown.
        self._shown.tasks[0].start_time -= time.monotonic() - self._since
        self._update()
        self._shown.start()

    def _update(self) -> None:
        latest = self._latest
        assert latest is not None
        what = latest.what.replace("[", r"\[")
        self._shown.update(0, description=what, completed=latest.done, total=latest.total)


def _console(stream: IO[str]) -> Any:
    """Rich's console, which leaves the cursor as it is: a process that is ended at once could not bring it back."""
    from rich.console import Console

    class Plain(Console):
        def show_cursor(self, show: bool = True) -> bool:
            return False

    return Plain(file=stream)


class _Writer:
    """A standard stream that makes room before it is written to; else it is as the stream."""

    def __init__(self, stream: IO[str], line: _Line):
        self._stream = stream
        self._line = line

    def write(self, text: str) -> int:
        self._line.make_room()
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
