"""Decoding locations from the location section, as `LOCATION_LAYOUTS` of `tfrt.executor.bef.format` has them."""

from __future__ import annotations

from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import MAX_NESTING, LocationTag
from tfrt.executor.bef.sections import Strings
from tfrt.executor.support.location import (
    UNKNOWN,
    CallSiteLocation,
    FileLineCol,
    FusedLocation,
    Location,
    NameLocation,
)

_TEXT = "the location's text"


def read_location(cursor: Cursor, strings: Strings, depth: int = 0) -> Location:
    """The location at the cursor.

    Raises:
        BefError: it is cut off, of no known kind, or nested too deeply.
    """
    if depth > MAX_NESTING:
        cursor.fail("locations are nested too deeply")
    at = cursor.position
    match cursor.byte("a location"):
        case LocationTag.UNKNOWN:
            return UNKNOWN
        case LocationTag.FILE_LINE_COL:
            filename = strings.read(cursor, _TEXT)
            return FileLineCol(filename, cursor.vbr("the line"), cursor.vbr("the column"))
        case LocationTag.NAME:
            name = strings.read(cursor, _TEXT)
            return NameLocation(name, read_location(cursor, strings, depth + 1))
        case LocationTag.CALL_SITE:
            callee = read_location(cursor, strings, depth + 1)
            return CallSiteLocation(callee, read_location(cursor, strings, depth + 1))
        case LocationTag.FUSED:
            count = cursor.count("fused locations")
            return FusedLocation(tuple([read_location(cursor, strings, depth + 1) for _ in range(count)]))
        case tag:
            cursor.fail(f"unknown kind of location {tag}", at)
