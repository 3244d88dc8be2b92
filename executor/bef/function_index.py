"""Reading the function index, and the other sections that have something for each function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import FUNCTION_ENTRY, SectionId
from tfrt.executor.bef.model import FunctionKind
from tfrt.executor.bef.sections import Sections, Strings, expect_end

_KINDS = {int(kind): kind for kind in FunctionKind}


@dataclass(frozen=True, slots=True)
class Tables:
    """What functions refer to by number or offset: the names of the file's ops, its types, and its strings."""

    sections: Sections
    strings: Strings
    kernel_names: tuple[str, ...]
    types: tuple[str, ...]


class Entry(NamedTuple):
    """A function as the index has it; `at` is where in the file it says where the body starts."""

    kind: FunctionKind
    at: int
    offset: int
    name: str
    argument_types: tuple[str, ...]
    result_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FunctionCursors:
    """Cursors at the first function's part of the sections that have one for each; None where the file has none."""

    count: int
    index: Cursor
    bodies: Cursor
    names: Cursor | None
    registers: Cursor | None
    signatures: Cursor | None

    def expect_end(self) -> None:
        """
        Raises:
            BefError: something is left of a section.
        """
        for cursor in (self.index, self.bodies, self.names, self.registers, self.signatures):
            if cursor is not None:
                expect_end(cursor)


def function_cursors(sections: Sections) -> FunctionCursors:
    """
    Raises:
        BefError: the sections do not have the same number of functions.
    """
    index, bodies = sections.cursor(SectionId.FUNCTION_INDEX), sections.cursor(SectionId.FUNCTIONS)
    count = index.count("functions", least_bytes=FUNCTION_ENTRY.least_bytes)
    optional = (SectionId.ATTRIBUTE_NAMES, SectionId.REGISTER_TYPES, SectionId.SIGNATURE_NAMES)
    names, registers, signatures = [_optional(sections, section, count) for section in optional]
    return FunctionCursors(count, index, bodies, names, registers, signatures)


def _optional(sections: Sections, section: SectionId, functions: int) -> Cursor | None:
    if section not in sections:
        return None
    cursor = sections.cursor(section)
    at = cursor.position
    found = cursor.vbr("the number of functions")
    if found != functions:
        cursor.fail(f"{found} functions, but the function index has {functions}", at)
    return cursor


def read_entry(index: Cursor, tables: Tables) -> Entry:
    """
    Raises:
        BefError: the entry is cut off, or names something that is not there.
    """
    kind = _KINDS.get(number := index.byte("a function's kind"))
    if kind is None:
        index.fail(f"unknown kind of function {number}", index.position - 1)
    at = index.position
    offset = index.vbr("a function's offset")
    name = tables.strings.read(index, "a function's name")
    return Entry(kind, at, offset, name, _type_list(index, tables.types), _type_list(index, tables.types))


def expect_start(index: Cursor, entry: Entry, number: int, position: int) -> None:
    """Bodies follow one another: overlapping ones could claim far more memory than the file has bytes.

    Args:
        position: where the body before this one ends, from the start of the section.

    Raises:
        BefError: the body does not start there.
    """
    if entry.offset != position:
        index.fail(f"function {number} starts at {entry.offset}, expected {position}", entry.at)


def _type_list(cursor: Cursor, types: tuple[str, ...]) -> tuple[str, ...]:
    count = cursor.count("types of arguments or results")
    return tuple(types[cursor.index("the type", len(types))] for _ in range(count))


def read_value_names(cursor: Cursor, what: str, expected: int, strings: Strings) -> tuple[str, ...]:
    """The names of a function's arguments, or results: none, or one for each.

    Raises:
        BefError: there are others.
    """
    at = cursor.position
    count = cursor.vbr(f"the number of {what} names")
    if count not in (0, expected):
        cursor.fail(f"{count} {what} names, but the function has {expected}", at)
    return tuple([strings.read(cursor, f"a name of a {what}") for _ in range(count)])
