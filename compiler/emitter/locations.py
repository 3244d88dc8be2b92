"""Writing locations. Ops without a known location get virtual offsets, which no location can have."""

from __future__ import annotations

from xdsl.dialects.builtin import CallSiteLoc, FileLineColLoc, FusedLoc, NameLoc, UnknownLoc
from xdsl.ir import Attribute

from tfrt.compiler.locations import parts_of, start_of_range
from tfrt.executor.bef.format import FIRST_VIRTUAL_LOCATION, LocationTag
from tfrt.executor.bef.writer import Writer


class LocationWriter:
    """The location section and the section of its strings; `known` counts the locations that were written."""

    def __init__(self) -> None:
        self.locations = Writer()
        self.strings = Writer()
        self.known = 0
        self._offsets: dict[str, int] = {}
        self._virtual = FIRST_VIRTUAL_LOCATION

    def write(self, location: Attribute) -> int:
        """Write one op's location and return its offset."""
        if type(location) is FileLineColLoc:
            self.known += 1
            offset = len(self.locations)
            self._write_place(location)
            return offset
        if not _is_known(location):
            self._virtual -= 1
            return self._virtual
        self.known += 1
        offset = len(self.locations)
        self._write(location)
        return offset

    def _write(self, location: Attribute) -> None:
        out = self.locations
        if type(location) is FileLineColLoc:
            self._write_place(location)
            return
        match location:
            case UnknownLoc():
                out.byte(LocationTag.UNKNOWN)
            case NameLoc():
                out.byte(LocationTag.NAME)
                self._string(location.desc.data)
                self._write(location.location)
            case CallSiteLoc():
                out.byte(LocationTag.CALL_SITE)
                self._write(location.callee)
                self._write(location.caller)
            case FusedLoc():
                start = start_of_range(location)
                if start is not None:
                    self._write_place(start)
                    return
                known = [part for part in parts_of(location) if _is_known(part)]
                if known:
                    out.byte(LocationTag.FUSED)
                    out.vbr(len(known))
                    for part in known:
                        self._write(part)

    def _write_place(self, location: FileLineColLoc) -> None:
        file = self._offset(location.filename.data)
        self.locations.vbrs((LocationTag.FILE_LINE_COL, file, location.line.data, location.column.data))

    def _string(self, text: str) -> None:
        self.locations.vbr(self._offset(text))

    def _offset(self, text: str) -> int:
        """Where a text is in the section of strings, which end at a zero byte: one within is spelled as MLIR does."""
        offset = self._offsets.get(text)
        if offset is None:
            offset = self._offsets[text] = len(self.strings)
            self.strings.data += text.replace("\0", "\\00").encode("utf-8", "surrogateescape") + b"\0"
        return offset


def _is_known(location: Attribute) -> bool:
    if type(location) is FileLineColLoc:
        return True
    match location:
        case FusedLoc():
            return any(map(_is_known, parts_of(location)))
        case CallSiteLoc():
            return _is_known(location.callee) and _is_known(location.caller)
        case UnknownLoc() | NameLoc():
            return True
    return False
