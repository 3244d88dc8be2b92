"""Fused locations as MLIR makes them: simplified when they are built, so that no two spell the same thing.

Source of the semantics: ``FusedLoc::get`` in llvm-project's ``mlir/lib/IR/Location.cpp``. Locations are part of BEF
files, so a location that was not simplified would be written differently from how the reference writes it.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import ArrayAttr, FusedLoc, LocationAttr, NoneAttr, UnknownLoc
from xdsl.ir import Attribute

NO_METADATA = NoneAttr()


def fuse(locations: Iterable[LocationAttr], metadata: Attribute = NO_METADATA) -> LocationAttr:
    """The location that stands for all of `locations`.

    Each is kept once and unknown ones are dropped. Fused ones with the same metadata are replaced by their parts. What
    is left is a location by itself if it is only one and there is no metadata, and unknown if it is none.
    """
    parts: dict[LocationAttr, None] = {}
    for location in locations:
        if isinstance(location, FusedLoc) and location.metadata == metadata:
            parts.update(dict.fromkeys(parts_of(location)))
        elif not isinstance(location, UnknownLoc):
            parts[location] = None
    if metadata == NO_METADATA and len(parts) < 2:
        return next(iter(parts), UnknownLoc())
    return FusedLoc(ArrayAttr(parts or [UnknownLoc()]), metadata)


def parts_of(location: FusedLoc) -> tuple[LocationAttr, ...]:
    """The locations that `location` stands for."""
    assert isinstance(location.locations, ArrayAttr)
    return location.locations.data
