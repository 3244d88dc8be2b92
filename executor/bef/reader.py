"""Reading BEF files: everything is validated before anybody may rely on it.

`open_bef` reads a file, `read_bef` takes any buffer; both return a `BefFile` or raise `BefError` with the section and
the offset of the first thing that is wrong. A file that was accepted cannot make an executor run out of bounds or
wait for a value that nobody produces (see `tfrt.executor.bef.model`), and reading it allocates a small multiple of
its size, five times for a usual program: items may not overlap, strings are referred to by their first byte only,
and counts are checked before memory is spent on them.

The functions of a large file are checked at once, and decoded when somebody asks for them; see
`tfrt.executor.bef.functions`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from pathlib import Path
from typing import Any

from tfrt.executor.bef import attribute_values
from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import TYPE_ENTRY, SectionId
from tfrt.executor.bef.function_index import Tables
from tfrt.executor.bef.functions import read_functions
from tfrt.executor.bef.locations import read_location
from tfrt.executor.bef.model import KernelRecord, Producer
from tfrt.executor.bef.sections import Sections, Strings, expect_end
from tfrt.executor.support.errors import BefError, UsageError
from tfrt.executor.support.files import open_regular
from tfrt.executor.support.location import UNKNOWN, Location
from tfrt.executor.values.attributes import Stored


def open_bef(path: str | Path) -> BefFile:
    """Read the file at `path`. It may be overwritten afterwards: nothing of it is mapped.

    Raises:
        BefError: the file is not a valid BEF file.
        UsageError: the file cannot be opened.
    """
    try:
        with open_regular(path) as file:
            data = file.read()
    except OSError as error:
        raise UsageError(f"cannot open '{path}': {error.strerror or error}") from None
    return read_bef(data)


def read_bef(buffer: Any) -> BefFile:
    """Read a BEF file that lies in `buffer`, any object with the buffer interface; it is viewed, not copied.

    Raises:
        BefError: it is not a valid BEF file.
    """
    return BefFile(memoryview(buffer).cast("B").toreadonly())


class AttributeTypes:
    """The stored types of attributes by offset; arrays, because a dictionary would take many times the file's bytes."""

    __slots__ = ("offsets", "types")

    def __init__(self) -> None:
        self.offsets = array("Q")
        self.types = bytearray()

    def get(self, offset: int) -> int | None:
        """The stored type of the attribute at `offset`, or None where none is recorded."""
        index = bisect_left(self.offsets, offset)
        return self.types[index] if index < len(self.offsets) and self.offsets[index] == offset else None


class BefFile:
    """A validated BEF file.

    Attributes:
        functions: one record a function, in file order, decoded when it is asked for; those of regions have an empty
            name.
        kernel_names: the ops that the file uses.
        types: the MLIR spellings of the types that the file uses.
        strings: the names in it, by offset.
        attribute_types: the stored type of each attribute by offset, or None where the file leaves them out.
        producer: what compiled the file, or None where it does not say.
    """

    def __init__(self, data: memoryview):
        self._sections = Sections(data)
        self._location_strings = Strings(self._sections, SectionId.LOCATION_STRINGS)
        self.strings = Strings(self._sections, SectionId.STRINGS)
        self.kernel_names = self._string_table(SectionId.KERNELS, "kernels")
        self.types = self._string_table(SectionId.TYPES, "types")
        self.attribute_types = self._read_attribute_types()
        self.producer = self._read_producer()
        self.functions = read_functions(Tables(self._sections, self.strings, self.kernel_names, self.types))

    # -- what the executor asks for -----------------------------------------------------------------------------

    def attribute(self, offset: int, stored: Stored) -> Any:
        """The attribute at `offset` of the attribute section, decoded as `stored` says.

        Dense attributes come as read-only arrays that view the file.

        Raises:
            BefError: it does not fit, or the file records another type for it, or (for ``Stored("any")``) none.
        """
        cursor = self.section(SectionId.ATTRIBUTES)
        recorded = None if self.attribute_types is None else self.attribute_types.get(offset)
        return attribute_values.decode(cursor, offset, stored, recorded)

    def kernel_location(self, kernel: KernelRecord) -> Location:
        """Where a kernel is in the source. Where the file's location is corrupt, none is better than no program."""
        try:
            return self.location(kernel.location)
        except BefError:
            return UNKNOWN

    def location(self, offset: int) -> Location:
        """The location at `offset` of the location section; `UNKNOWN` for virtual offsets.

        Raises:
            BefError: there is no valid location there.
        """
        if offset >= self._sections.size(SectionId.LOCATIONS):
            return UNKNOWN
        cursor = self.section(SectionId.LOCATIONS)
        cursor.position += offset
        return read_location(cursor, self._location_strings)

    def section(self, section: SectionId) -> Cursor:
        """A cursor at the start of a section.

        Raises:
            BefError: the file does not have it.
        """
        return self._sections.cursor(section)

    def has(self, section: SectionId) -> bool:
        return section in self._sections

    def unreferenced_strings(self) -> list[str]:
        """Strings that nothing in the file refers to: names of attributes that are arrays of functions."""
        return self.strings.unreferenced()

    # -- sections that are read at once -------------------------------------------------------------------------

    def _string_table(self, section: SectionId, what: str) -> tuple[str, ...]:
        cursor = self.section(section)
        count = cursor.count(what)
        table = tuple(self.strings.read(cursor, f"the name in {section.title}") for _ in range(count))
        expect_end(cursor)
        return table

    def _read_producer(self) -> Producer | None:
        if not self.has(SectionId.PRODUCER):
            return None
        cursor = self.section(SectionId.PRODUCER)
        tool, source, passes = [self.strings.read(cursor, what) for what in ("the tool", "the source", "the pipeline")]
        expect_end(cursor)
        return Producer(tool, source, passes)

    def _read_attribute_types(self) -> AttributeTypes | None:
        if not self.has(SectionId.ATTRIBUTE_TYPES):
            return None
        cursor = self.section(SectionId.ATTRIBUTE_TYPES)
        attributes = self.section(SectionId.ATTRIBUTES)
        types = AttributeTypes()
        for _ in range(cursor.count("attribute types", least_bytes=TYPE_ENTRY.least_bytes)):
            at = cursor.position
            offset = cursor.index("the attribute offset", attributes.remaining)
            if types.offsets and offset <= types.offsets[-1]:
                cursor.fail(f"attribute offset {offset} follows {types.offsets[-1]}, they must increase", at)
            types.offsets.append(offset)
            types.types.append(cursor.index("the attribute type", 256))
        expect_end(cursor)
        return types
