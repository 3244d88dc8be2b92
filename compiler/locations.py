"""Locations that xDSL does not make as MLIR does: fused ones, and ranges in files; and what all are to the executor.

Fused ones are simplified when they are built, so that no two spell the same thing. Source of the semantics:
``FusedLoc::get`` in llvm-project's ``mlir/lib/IR/Location.cpp``. Locations are part of BEF files, so a location that
was not simplified would be written differently from how the reference writes it.

xDSL has no location that is a range and lets nothing but its own ones stand in others. A range is therefore the
location of its start, fused with the `RangeEnd` as metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    IntAttr,
    LocationAttr,
    NameLoc,
    NoneAttr,
    StringAttr,
    UnknownLoc,
)
from xdsl.ir import Attribute, Operation, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition

from tfrt.executor.support.location import (
    UNKNOWN,
    CallSiteLocation,
    FileLineCol,
    FusedLocation,
    Location,
    NameLocation,
)

NO_METADATA = NoneAttr()

_put: Callable[[object, str, object], None] = object.__setattr__
"""Sets fields of attributes that are right by construction. To go through constructors would verify them, which takes
several times as long, and there is a location to each op."""


def integer(value: int) -> IntAttr:
    """A line or a column."""
    made = IntAttr.__new__(IntAttr)
    _put(made, "data", value)
    return made


def place(filename: StringAttr, line: IntAttr, column: IntAttr) -> FileLineColLoc:
    """A place in a file."""
    made = FileLineColLoc.__new__(FileLineColLoc)
    _put(made, "filename", filename)
    _put(made, "line", line)
    _put(made, "column", column)
    return made


def fuse(locations: Iterable[LocationAttr], metadata: Attribute = NO_METADATA) -> LocationAttr:
    """The location that stands for all of `locations`.

    Each is kept once and unknown ones are dropped. Fused ones with the same metadata are replaced by their parts. What
    is left is a location by itself if it is only one and there is no metadata, and unknown if it is none.
    """
    parts: dict[object, LocationAttr] = {}
    for location in locations:
        if type(location) is FileLineColLoc:
            parts.setdefault(_place(location), location)
        elif isinstance(location, FusedLoc) and (location.metadata is metadata or location.metadata == metadata):
            for part in parts_of(location):
                parts.setdefault(_place(part) if type(part) is FileLineColLoc else part, part)
        elif not isinstance(location, UnknownLoc):
            parts.setdefault(location, location)
    if len(parts) < 2 and metadata == NO_METADATA:
        return next(iter(parts.values()), UNKNOWN_LOC)
    together: ArrayAttr[LocationAttr] = ArrayAttr.__new__(ArrayAttr)
    _put(together, "data", tuple(parts.values()) or (UNKNOWN_LOC,))
    found = FusedLoc.__new__(FusedLoc)
    _put(found, "locations", together)
    _put(found, "metadata", metadata)
    return found


def _place(location: FileLineColLoc) -> tuple[str, int, int]:
    """What tells places in files apart; to hash a location takes several times as long."""
    return location.filename.data, location.line.data, location.column.data


class MergedLocations:
    """Locations of ops that take over others' work.

    They are fused once, at the end: to do so for each takes quadratic time.
    """

    def __init__(self) -> None:
        self._of: dict[Operation, list[LocationAttr]] = {}

    def add(self, op: Operation, location: LocationAttr) -> None:
        """`op`, which stays, stands for one at this location, too."""
        known = self._of.get(op)
        if known is None:
            self._of[op] = [op.location, location]
        else:
            known.append(location)

    def settle(self) -> None:
        """Give the ops their locations."""
        for op, locations in self._of.items():
            op.location = fuse(locations)
        self._of.clear()


@irdl_attr_definition
class RangeEnd(ParametrizedAttribute):
    """Where the range ends that starts at the only part of the location which has this metadata."""

    name = "tfrt.range_end"

    line: IntAttr
    column: IntAttr


def file_range(start: FileLineColLoc, end_line: int, end_column: int) -> LocationAttr:
    """The range from `start` to a line and column of the same file; `start` itself where it ends there."""
    if (end_line, end_column) == (start.line.data, start.column.data):
        return start
    return FusedLoc(ArrayAttr([start]), RangeEnd(IntAttr(end_line), IntAttr(end_column)))


def start_of_range(location: FusedLoc) -> FileLineColLoc | None:
    """Where the range starts; None where `location` is no range."""
    if not isinstance(location.metadata, RangeEnd):
        return None
    (start,) = parts_of(location)
    assert isinstance(start, FileLineColLoc)
    return start


def parts_of(location: FusedLoc) -> tuple[LocationAttr, ...]:
    """The locations that `location` stands for."""
    assert isinstance(location.locations, ArrayAttr)
    return location.locations.data


def location_of(attribute: LocationAttr | Attribute) -> Location:
    """The runtime twin of a location attribute."""
    match attribute:
        case FileLineColLoc():
            return FileLineCol(attribute.filename.data, attribute.line.data, attribute.column.data)
        case NameLoc():
            return NameLocation(attribute.desc.data, location_of(attribute.location))
        case CallSiteLoc():
            return CallSiteLocation(location_of(attribute.callee), location_of(attribute.caller))
        case FusedLoc() if (start := start_of_range(attribute)) is not None:
            return location_of(start)
        case FusedLoc():
            return FusedLocation(tuple(map(location_of, parts_of(attribute))))
    return UNKNOWN
