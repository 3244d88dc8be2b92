"""The sections of a BEF file: where each one's payload is, and the strings that the others refer to."""

from __future__ import annotations

from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import HEADER, MAGIC, REQUIRED, SectionId
from tfrt.executor.support.errors import BefError

_SECTIONS = {int(section): section for section in SectionId}


class Sections:
    """Where the payload of each section of a file starts and ends.

    Raises:
        BefError: the file's header, or a section's, is wrong, or a section that there must be is missing.
    """

    __slots__ = ("_ranges", "data")

    def __init__(self, data: memoryview):
        self.data = data
        self._ranges = _read_headers(data)

    def __contains__(self, section: SectionId) -> bool:
        return section in self._ranges

    def range(self, section: SectionId) -> tuple[int, int]:
        """Where the section's payload starts and ends; one that is missing is empty."""
        return self._ranges.get(section, (0, 0))

    def size(self, section: SectionId) -> int:
        """The bytes of the section's payload."""
        start, end = self.range(section)
        return end - start

    def cursor(self, section: SectionId) -> Cursor:
        """A cursor at the start of the section.

        Raises:
            BefError: the file does not have it.
        """
        if section not in self._ranges:
            raise BefError(f"the {section.title} section is missing")
        start, end = self._ranges[section]
        return Cursor(self.data, start, end, section.title)


class Strings:
    """The strings of a section, found by their offsets.

    Attributes:
        known: those that have been referred to so far.
    """

    __slots__ = ("_section", "_sections", "known")

    def __init__(self, sections: Sections, section: SectionId):
        self._sections = sections
        self._section = section
        self.known: dict[int, str] = {}

    def read(self, cursor: Cursor, what: str) -> str:
        """The NUL-terminated string that a VBR offset at the cursor refers to.

        Raises:
            BefError: no string starts there, or it does not end.
        """
        at = cursor.position
        offset = cursor.vbr(f"the offset of {what}")
        found = self.known.get(offset)
        if found is not None:
            return found
        text = self.find(offset)
        if text is not None:
            return text
        if self._starts_at(offset):
            cursor.fail(f"{what} is not terminated in {self._section.title}", at)
        cursor.fail(f"{what} refers to offset {offset} of {self._section.title}, where no string starts", at)

    def find(self, offset: int) -> str | None:
        """The NUL-terminated string at an offset, which is known from now on; None where there is none."""
        found = self.known.get(offset)
        if found is not None or not self._starts_at(offset):
            return found
        start, end = self._sections.range(self._section)
        data = self._sections.data
        position = stop = start + offset
        while stop < end and data[stop]:
            stop += 1
        if stop == end:
            return None
        self.known[offset] = text = _text(data[position:stop])
        return text

    def _starts_at(self, offset: int) -> bool:
        """Whether a string starts there. One is referred to by its first byte: its suffixes are none of the file's."""
        start, end = self._sections.range(self._section)
        position = start + offset
        return position < end and not (offset and self._sections.data[position - 1])

    def unreferenced(self) -> list[str]:
        """The strings that nothing has referred to."""
        start, end = self._sections.range(self._section)
        data, found, position = self._sections.data, [], start
        while position < end:
            stop = position
            while stop < end and data[stop]:
                stop += 1
            if position - start not in self.known:
                found.append(_text(data[position:stop]))
            position = stop + 1
        return found


def expect_end(cursor: Cursor) -> None:
    """
    Raises:
        BefError: something is left.
    """
    if cursor.remaining:
        cursor.fail(f"{cursor.remaining} bytes too many")


def _text(data: memoryview) -> str:
    return bytes(data).decode("utf-8", "surrogateescape")


def _read_headers(data: memoryview) -> dict[SectionId, tuple[int, int]]:
    """Where each section's payload starts and ends."""
    if bytes(data[: len(MAGIC)]) != MAGIC:
        raise BefError("it does not start with the bytes 0B EF", offset=0)
    if bytes(data[: len(HEADER)]) != HEADER:
        raise BefError("unknown format version", offset=len(MAGIC))
    sections: dict[SectionId, tuple[int, int]] = {}
    cursor = Cursor(data, len(HEADER), len(data), "headers")
    while cursor.remaining:
        at = cursor.position
        number = cursor.byte("a section's id")
        section = _SECTIONS.get(number)
        if section is None:
            cursor.fail(f"unknown section {number}", at)
        if section in sections:
            cursor.fail(f"{section.title} appears twice", at)
        word = cursor.vbr(f"the length of {section.title}")
        if word & 1:
            alignment = cursor.byte(f"the alignment of {section.title}")
            if alignment == 0 or alignment & (alignment - 1):
                cursor.fail(f"alignment {alignment} is not a power of two", cursor.position - 1)
            cursor.align(alignment)
        start = cursor.take(word >> 1, section.title)
        sections[section] = (start, cursor.position)
    missing = [section.title for section in REQUIRED if section not in sections]
    if missing:
        raise BefError(f"missing: {', '.join(missing)}", section="headers", offset=len(data))
    return sections
