"""Source locations as the executor sees them: decoded from BEF, printed in error messages.

The compiler has MLIR's location attributes; these are their runtime twins, free of xDSL. `position` finds the
file position that stands for a location, the one an error message shows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnknownLocation:
    def __str__(self) -> str:
        return "unknown"


@dataclass(frozen=True, slots=True)
class FileLineCol:
    """A position in a source file; line and column count from 1."""

    filename: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class NameLocation:
    name: str
    child: Location

    def __str__(self) -> str:
        if isinstance(self.child, UnknownLocation):
            return self.name
        return f"{self.name} ({self.child})"


@dataclass(frozen=True, slots=True)
class CallSiteLocation:
    callee: Location
    caller: Location

    def __str__(self) -> str:
        return f"{self.callee} at {self.caller}"


@dataclass(frozen=True, slots=True)
class FusedLocation:
    locations: tuple[Location, ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.locations))


Location = UnknownLocation | FileLineCol | NameLocation | CallSiteLocation | FusedLocation
"""A place in a source, which prints as ``file:line:column``, or as what is known of it."""

UNKNOWN = UnknownLocation()


def position(location: Location | None) -> FileLineCol | None:
    """The file position that stands for `location`, or None where it names no file.

    A named location is where its child is, a call site where the callee is, a fused one where its first part
    with a position is.
    """
    match location:
        case FileLineCol():
            return location
        case NameLocation(_, child):
            return position(child)
        case CallSiteLocation(callee, caller):
            return position(callee) or position(caller)
        case FusedLocation(locations):
            return next((p for p in map(position, locations) if p is not None), None)
    return None


def debug_info(location: Location) -> str | None:
    """The name that a location gives its op, or None.

    Named locations give their name, fused ones the names of their parts, call sites the callee's.
    """
    match location:
        case NameLocation(name, _) | CallSiteLocation(NameLocation(name, _), _):
            return name
        case FusedLocation(parts):
            return "".join(part.name for part in parts if isinstance(part, NameLocation))
    return None
