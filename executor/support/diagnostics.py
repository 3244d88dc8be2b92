"""One diagnostic, and how it is shown: ``file:line:col: error: message``, the source line, a caret.

Both halves use it: the compiler for mistakes in a program's text, the executor for kernels that fail.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tfrt.executor.support.files import read_source, resolve_below
from tfrt.executor.support.location import Location, UnknownLocation, position

Severity = Literal["error", "warning", "remark", "note"]

SourceLookup = Callable[[str], "str | None"]
"""Gives the text of a source file by the name that locations use, or None where it is not at hand."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message about a place in a program.

    Attributes:
        severity: ``error``, ``warning``, ``remark`` or ``note``.
        message: one line, without the place.
        location: the place, where there is one.
        notes: further places that explain it.
    """

    severity: Severity
    message: str
    location: Location | None = None
    notes: tuple[Diagnostic, ...] = field(default=())

    def headline(self) -> str:
        """``file:line:col: severity: message``; the location's own text, or nothing, where no file is known."""
        at = position(self.location)
        if at is None and (self.location is None or isinstance(self.location, UnknownLocation)):
            return f"{self.severity}: {self.message}"
        return f"{at or self.location}: {self.severity}: {self.message}"

    def render(self, source: SourceLookup | None = None) -> str:
        """The headline, then the source line with a caret under the column where `source` has the file."""
        lines = [self.headline(), *_excerpt(self.location, source)]
        lines += [note.render(source) for note in self.notes]
        return "\n".join(lines)


def source_of_text(filename: str, text: str) -> SourceLookup:
    """A lookup that knows one file, whose text the caller holds."""
    return lambda name: text if name == filename else None


def source_below(folder: str) -> SourceLookup:
    """A lookup that reads files, for runtime errors: text below `folder`, where relative names are looked up."""
    root = Path(os.path.realpath(folder))

    def read(name: str) -> str | None:
        # A location is whatever the program's file says: no reason to look at all that this user may read.
        found = resolve_below(root, root / name)
        return None if found is None else read_source(found)

    return read


@lru_cache(maxsize=1)
def _lines(text: str) -> list[str]:
    """The lines of a text. All diagnostics of a text, of which there may be many thousands, are shown one by one."""
    return text.split("\n")


def _excerpt(location: Location | None, source: SourceLookup | None) -> list[str]:
    at = position(location)
    if at is None or source is None:
        return []
    text = source(at.filename)
    if text is None:
        return []
    lines = _lines(text)
    if not 1 <= at.line <= len(lines):
        return []
    line = lines[at.line - 1].rstrip("\r")
    # Columns count bytes. Tabs stay tabs so that the caret lands under its column whatever the tab width.
    before = line.encode("utf-8", "surrogateescape")[: max(at.column - 1, 0)].decode("utf-8", "replace")
    indent = "".join(c if c == "\t" else " " for c in before)
    return [line, f"{indent}^"]
