"""Reading BEF files: everything is validated before anybody may rely on it.

`open_bef` reads a file, `read_bef` takes any buffer; both return a `BefFile` or raise `BefError` with the section and
the offset of the first thing that is wrong. A file that was accepted cannot make an executor run out of bounds or
wait for a value that nobody produces (see `tfrt.executor.bef.model`), and reading it allocates a small multiple of
its size, five times for a usual program: items may not overlap, strings are referred to by their first byte only,
and counts are checked before memory is spent on them.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from tfrt.executor.bef import attribute_values
from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import (
    FUNCTION_ENTRY,
    HEADER,
    KERNEL_ENTRY,
    KERNEL_HEADER,
    MAGIC,
    MAX_NESTING,
    PSEUDO_KERNEL_CODE,
    PSEUDO_KERNEL_LOCATION,
    REGISTER_BYTES,
    REQUIRED,
    TYPE_ENTRY,
    LocationTag,
    SectionId,
)
from tfrt.executor.bef.model import FunctionKind, FunctionRecord, KernelRecord, Producer
from tfrt.executor.support.errors import BefError, UsageError
from tfrt.executor.support.files import open_regular
from tfrt.executor.support.location import (
    UNKNOWN,
    CallSiteLocation,
    FileLineCol,
    FusedLocation,
    Location,
    NameLocation,
)
from tfrt.executor.values.attributes import Stored

_KERNEL_HEADER = KERNEL_HEADER.struct()

_SECTIONS = {int(section): section for section in SectionId}
_KERNEL_WORDS = {4 * n: struct.Struct(f"<{n}I").unpack_from for n in range(8, 40)}
"""Unpackers of a kernel with one result, by its bytes."""

_new = tuple.__new__

_U32 = [struct.Struct(f"<{n}I") for n in range(64)]
"""Unpackers of n words; kernels rarely have more."""


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
        functions: one record a function, in file order; functions of regions have an empty name.
        kernel_names: the ops that the file uses.
        types: the MLIR spellings of the types that the file uses.
        attribute_types: the stored type of each attribute by offset, or None where the file leaves them out.
        producer: what compiled the file, or None where it does not say.
    """

    def __init__(self, data: memoryview):
        self._data = data
        self._sections = _read_sections(data)
        self._strings: dict[int, str] = {}
        self._location_strings: dict[int, str] = {}
        self.kernel_names = self._string_table(SectionId.KERNELS, "kernels")
        self.types = self._string_table(SectionId.TYPES, "types")
        self.attribute_types = self._read_attribute_types()
        self.producer = self._read_producer()
        self.functions = self._read_functions()

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
        start, end = self._sections.get(SectionId.LOCATIONS, (0, 0))
        if offset >= end - start:
            return UNKNOWN
        return self._read_location(Cursor(self._data, start + offset, end, SectionId.LOCATIONS.title), 0)

    def section(self, section: SectionId) -> Cursor:
        """A cursor at the start of a section.

        Raises:
            BefError: the file does not have it.
        """
        if section not in self._sections:
            raise BefError(f"the {section.title} section is missing")
        start, end = self._sections[section]
        return Cursor(self._data, start, end, section.title)

    def has(self, section: SectionId) -> bool:
        return section in self._sections

    def unreferenced_strings(self) -> list[str]:
        """Strings that nothing in the file refers to: names of attributes that are arrays of functions."""
        start, end = self._sections[SectionId.STRINGS]
        found, position = [], start
        while position < end:
            stop = position
            while stop < end and self._data[stop]:
                stop += 1
            if position - start not in self._strings:
                found.append(bytes(self._data[position:stop]).decode("utf-8", "surrogateescape"))
            position = stop + 1
        return found

    # -- strings ------------------------------------------------------------------------------------------------

    def _string(self, cursor: Cursor, what: str) -> str:
        """The NUL-terminated string that a VBR offset at the cursor refers to."""
        return self._referenced_string(cursor, what, SectionId.STRINGS, self._strings)

    def _referenced_string(self, cursor: Cursor, what: str, section: SectionId, known: dict[int, str]) -> str:
        at = cursor.position
        offset = cursor.vbr(f"the offset of {what}")
        found = known.get(offset)
        if found is not None:
            return found
        start, end = self._sections.get(section, (0, 0))
        position = start + offset
        # A string is referred to by its first byte: its suffixes are no strings of the file.
        if position >= end or (offset and self._data[position - 1]):
            cursor.fail(f"{what} refers to offset {offset} of {section.title}, where no string starts", at)
        stop = position
        data = self._data
        while stop < end and data[stop]:
            stop += 1
        if stop == end:
            cursor.fail(f"{what} is not terminated in {section.title}", at)
        known[offset] = text = bytes(data[position:stop]).decode("utf-8", "surrogateescape")
        return text

    def _string_table(self, section: SectionId, what: str) -> tuple[str, ...]:
        cursor = self.section(section)
        count = cursor.count(what)
        table = tuple(self._string(cursor, f"the name in {section.title}") for _ in range(count))
        _expect_end(cursor)
        return table

    def _read_producer(self) -> Producer | None:
        if not self.has(SectionId.PRODUCER):
            return None
        cursor = self.section(SectionId.PRODUCER)
        tool, source, passes = (self._string(cursor, what) for what in ("the tool", "the source", "the pipeline"))
        _expect_end(cursor)
        return Producer(tool, source, passes)

    # -- attributes and locations -------------------------------------------------------------------------------

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
        _expect_end(cursor)
        return types

    def _read_location(self, cursor: Cursor, depth: int) -> Location:
        if depth > MAX_NESTING:
            cursor.fail("locations are nested too deeply")
        at = cursor.position
        match cursor.byte("a location"):
            case LocationTag.UNKNOWN:
                return UNKNOWN
            case LocationTag.FILE_LINE_COL:
                filename = self._location_string(cursor)
                return FileLineCol(filename, cursor.vbr("the line"), cursor.vbr("the column"))
            case LocationTag.NAME:
                name = self._location_string(cursor)
                return NameLocation(name, self._read_location(cursor, depth + 1))
            case LocationTag.CALL_SITE:
                callee = self._read_location(cursor, depth + 1)
                return CallSiteLocation(callee, self._read_location(cursor, depth + 1))
            case LocationTag.FUSED:
                count = cursor.count("fused locations")
                return FusedLocation(tuple(self._read_location(cursor, depth + 1) for _ in range(count)))
            case tag:
                cursor.fail(f"unknown kind of location {tag}", at)

    def _location_string(self, cursor: Cursor) -> str:
        return self._referenced_string(
            cursor, "the location's text", SectionId.LOCATION_STRINGS, self._location_strings
        )

    # -- functions ----------------------------------------------------------------------------------------------

    def _read_functions(self) -> tuple[FunctionRecord, ...]:
        index = self.section(SectionId.FUNCTION_INDEX)
        bodies = self.section(SectionId.FUNCTIONS)
        count = index.count("functions", least_bytes=FUNCTION_ENTRY.least_bytes)
        names = self._optional_table(SectionId.ATTRIBUTE_NAMES, count)
        registers = self._optional_table(SectionId.REGISTER_TYPES, count)
        signatures = self._optional_table(SectionId.SIGNATURE_NAMES, count)
        functions = tuple(
            self._read_signature(self._read_function(i, count, index, bodies, names, registers), signatures)
            for i in range(count)
        )
        for cursor in (index, bodies, names, registers, signatures):
            if cursor is not None:
                _expect_end(cursor)
        return functions

    def _optional_table(self, section: SectionId, functions: int) -> Cursor | None:
        if not self.has(section):
            return None
        cursor = self.section(section)
        at = cursor.position
        found = cursor.vbr("the number of functions")
        if found != functions:
            cursor.fail(f"{found} functions, but the function index has {functions}", at)
        return cursor

    def _read_function(
        self, i: int, count: int, index: Cursor, bodies: Cursor, names: Cursor | None, registers: Cursor | None
    ) -> FunctionRecord:
        kind = index.byte("a function's kind")
        if kind not in tuple(FunctionKind):
            index.fail(f"unknown kind of function {kind}", index.position - 1)
        at = index.position
        offset = index.vbr("a function's offset")
        name = self._string(index, "a function's name")
        argument_types, result_types = self._type_list(index), self._type_list(index)
        if kind == FunctionKind.NATIVE:
            return FunctionRecord(i, name, FunctionKind.NATIVE, argument_types, result_types, 0, (), (), ())
        start = self._sections[SectionId.FUNCTIONS][0]
        # Bodies follow one another: overlapping ones could claim far more memory than the file has bytes.
        if start + offset != bodies.position:
            index.fail(f"function {i} starts at {offset}, expected {bodies.position - start}", at)
        return self._read_body(
            i, count, name, FunctionKind(kind), argument_types, result_types, bodies, names, registers
        )

    def _read_signature(self, function: FunctionRecord, signatures: Cursor | None) -> FunctionRecord:
        if signatures is None or function.kind == FunctionKind.NATIVE:
            return function
        arguments = self._names(signatures, "argument", len(function.argument_types))
        results = self._names(signatures, "result", len(function.result_types))
        return replace(function, argument_names=arguments, result_names=results)

    def _names(self, cursor: Cursor, what: str, expected: int) -> tuple[str, ...]:
        at = cursor.position
        count = cursor.vbr(f"the number of {what} names")
        if count not in (0, expected):
            cursor.fail(f"{count} {what} names, but the function has {expected}", at)
        return tuple([self._string(cursor, f"a name of a {what}") for _ in range(count)])

    def _type_list(self, cursor: Cursor) -> tuple[str, ...]:
        count = cursor.count("types of arguments or results")
        return tuple(self.types[cursor.index("the type", len(self.types))] for _ in range(count))

    def _read_body(
        self,
        i: int,
        functions: int,
        name: str,
        kind: FunctionKind,
        argument_types: tuple[str, ...],
        result_types: tuple[str, ...],
        cursor: Cursor,
        names: Cursor | None,
        registers: Cursor | None,
    ) -> FunctionRecord:
        location = cursor.vbr("a function's location")
        register_count = cursor.count("registers", least_bytes=REGISTER_BYTES)
        use_counts = tuple(cursor.vbrs(register_count, "a use count"))
        at = cursor.position
        kernel_count = cursor.count("kernels", least_bytes=KERNEL_ENTRY.least_bytes + KERNEL_HEADER.least_bytes)
        table = cursor.vbrs(3 * kernel_count, "a kernel's offset", "a number of operands", "a stream")
        if not table:
            cursor.fail("a function without a pseudo kernel", at)
        result_registers = tuple([cursor.index("a result register", len(use_counts)) for _ in result_types])
        cursor.align(4)
        kernels = self._read_kernels(cursor, table, functions)
        types = self._register_types(registers, argument_types, result_registers, result_types, len(use_counts))
        record = FunctionRecord(
            index=i,
            name=name,
            kind=kind,
            argument_types=argument_types,
            result_types=result_types,
            location=location,
            use_counts=use_counts,
            kernels=tuple(kernels),
            result_registers=result_registers,
            register_types=types,
            attribute_names=self._attribute_names(names, kernels),
        )
        _check_dataflow(record, cursor, at)
        return record

    def _read_kernels(self, cursor: Cursor, table: Sequence[int], functions: int) -> list[KernelRecord]:
        """The kernels that follow at the cursor, of which the table has the offset, the operands and the stream."""
        start, data = cursor.position, cursor.data
        names, limit = self.kernel_names, cursor.end - start
        attributes_end = self.section(SectionId.ATTRIBUTES).remaining
        layouts: dict[tuple[int, ...], tuple[int, int, int, int]] = {}
        kernels: list[KernelRecord] = []
        position = 0
        for offset, operands, stream, end in zip(table[::3], table[1::3], table[2::3], (*table[3::3], 0), strict=True):
            if offset != position:
                cursor.fail(f"a kernel starts at {offset}, expected {position}", start + position)
            unpack = _KERNEL_WORDS.get(end - offset)
            if unpack is not None and kernels and end <= limit:
                # Nearly all are like that; any other, and what is wrong with one, takes its time.
                words = unpack(data, start + offset)
                counts = words[2:7]
                layout = layouts.get(counts)
                if layout is None:
                    layout = layouts[counts] = _layout(*counts)
                attributes_at, callees_at, results_at, size = layout
                code, attributes, callees = words[0], words[attributes_at:callees_at], words[callees_at:results_at]
                if (
                    size == len(words)
                    and counts[0] == operands
                    and code < len(names)
                    and not (attributes and max(attributes) >= attributes_end)
                    and not (callees and max(callees) >= functions)
                ):
                    results, users = words[results_at : results_at + 1], (words[results_at + 1 :],)
                    arguments = words[7:attributes_at]
                    found = (names[code], words[1], arguments, attributes, callees, results, users, operands, stream)
                    kernels.append(_new(KernelRecord, found))
                    position = end
                    continue
            cursor.position = start + position
            kernels.append(self._read_kernel(cursor, not kernels, operands, stream, functions))
            position = cursor.position - start
        cursor.position = start + position
        return kernels

    def _read_kernel(self, cursor: Cursor, is_pseudo: bool, operands: int, stream: int, functions: int) -> KernelRecord:
        at = cursor.take(_KERNEL_HEADER.size, "a kernel")
        code, location, n_arguments, n_attributes, n_functions, n_results = _KERNEL_HEADER.unpack_from(cursor.data, at)
        user_counts = _words(cursor, n_results, "a kernel's counts of users")
        arguments = _words(cursor, n_arguments, "a kernel's arguments")
        attributes = _words(cursor, n_attributes, "a kernel's attributes")
        callees = _words(cursor, n_functions, "a kernel's functions")
        results = _words(cursor, n_results, "a kernel's results")
        users = tuple([_words(cursor, count, "a result's users") for count in user_counts])
        if is_pseudo:
            if (code, location) != (PSEUDO_KERNEL_CODE, PSEUDO_KERNEL_LOCATION):
                cursor.fail("a function does not start with a pseudo kernel", at)
            if arguments or attributes or callees or not results:
                cursor.fail("a pseudo kernel has results only", at)
            return KernelRecord("", location, (), (), (), results, users, operands, stream)
        if code >= len(self.kernel_names):
            cursor.fail(f"kernel {code} is out of range, there are {len(self.kernel_names)}", at)
        if callees and max(callees) >= functions:
            cursor.fail(f"function {max(callees)} is out of range, there are {functions}", at)
        limit = self._sections[SectionId.ATTRIBUTES]
        if attributes and max(attributes) >= limit[1] - limit[0]:
            cursor.fail(f"attribute offset {max(attributes)} is out of range", at)
        if operands != len(arguments):
            cursor.fail(f"a kernel waits for {operands} operands and has {len(arguments)}", at)
        name = self.kernel_names[code]
        return KernelRecord(name, location, arguments, attributes, callees, results, users, operands, stream)

    def _register_types(
        self,
        cursor: Cursor | None,
        argument_types: tuple[str, ...],
        result_registers: tuple[int, ...],
        result_types: tuple[str, ...],
        registers: int,
    ) -> tuple[str, ...] | None:
        if cursor is None:
            return None
        at = cursor.position
        count = cursor.vbr("the number of registers")
        if count != registers:
            cursor.fail(f"types for {count} registers, but the function has {registers}", at)
        start = cursor.position
        indices = cursor.vbrs(count, "a register's type")
        if indices and max(indices) >= len(self.types):
            cursor.position = start
            for _ in range(count):
                cursor.index("a register's type", len(self.types))
        types = tuple([self.types[index] for index in indices])
        for what, found, wanted in (
            ("argument", types[: len(argument_types)], argument_types),
            ("result", tuple([types[register] for register in result_registers]), result_types),
        ):
            if found != wanted:
                number = next(n for n, type in enumerate(wanted) if found[n : n + 1] != (type,))
                cursor.fail(f"{what} {number} of the function is not of its register's type", at)
        return types

    def _attribute_names(
        self, cursor: Cursor | None, kernels: list[KernelRecord]
    ) -> tuple[tuple[str, ...], ...] | None:
        if cursor is None:
            return None
        at = cursor.position
        count = cursor.vbr("the number of kernels")
        if count != len(kernels):
            cursor.fail(f"names for {count} kernels, but the function has {len(kernels)}", at)
        return tuple(
            [
                () if not k.attributes else tuple([self._string(cursor, "an attribute's name") for _ in k.attributes])
                for k in kernels
            ]
        )


def _read_sections(data: memoryview) -> dict[SectionId, tuple[int, int]]:
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


def _layout(arguments: int, attributes: int, functions: int, results: int, users: int) -> tuple[int, int, int, int]:
    """Where the attributes, functions and results of a kernel with one result are, and how many words it has.

    No kernel has as many as those with more results, or none, are said to have.
    """
    attributes_at = 7 + arguments
    functions_at = attributes_at + attributes
    results_at = functions_at + functions
    return attributes_at, functions_at, results_at, results_at + 1 + users if results == 1 else 0


def _words(cursor: Cursor, count: int, what: str) -> tuple[int, ...]:
    if not count:
        return ()
    start = cursor.take(4 * count, what)
    unpack: Callable[..., tuple[int, ...]]
    unpack = _U32[count].unpack_from if count < len(_U32) else struct.Struct(f"<{count}I").unpack_from
    return unpack(cursor.data, start)


def _expect_end(cursor: Cursor) -> None:
    if cursor.remaining:
        cursor.fail(f"{cursor.remaining} bytes too many")


def _check_dataflow(function: FunctionRecord, cursor: Cursor, at: int) -> None:
    """Registers are written once and before they are read, and each read is announced by exactly one user entry."""
    registers = len(function.use_counts)
    kernels = function.kernels
    pseudo = kernels[0]
    if _is_as_emitted(function):
        return
    if pseudo.results != (registers, *range(len(function.argument_types))):
        cursor.fail("the pseudo kernel does not provide the function's arguments", at)
    reads = [0] * (registers + 1)
    written = bytearray(registers + 1)
    for number, kernel in enumerate(kernels):
        for register in kernel.arguments:
            if register >= registers or not written[register]:
                cursor.fail(f"kernel {number} reads register {register} before it is written", at)
            reads[register] += 1
        if number and not kernel.arguments:
            reads[registers] += 1
        for register in kernel.results:
            if register > registers or written[register] or (register == registers and number):
                cursor.fail(f"kernel {number} cannot write register {register}", at)
            written[register] = 1
    if not all(written):
        cursor.fail(f"register {written.index(0)} is never written", at)
    readers, ends = _readers(kernels, reads)
    for number, kernel in enumerate(kernels):
        for register, users in zip(kernel.results, kernel.users, strict=True):
            end = ends[register]
            if sorted(users) != readers[end - reads[register] : end].tolist():
                cursor.fail(f"the users of register {register} of kernel {number} are not its readers", at)
    uses = reads[:registers]
    for register in function.result_registers:
        uses[register] += 1
    if tuple(uses) != function.use_counts:
        wrong = next(r for r, (a, b) in enumerate(zip(uses, function.use_counts, strict=True)) if a != b)
        cursor.fail(f"register {wrong} has {uses[wrong]} uses, not {function.use_counts[wrong]}", at)


def _is_as_emitted(function: FunctionRecord) -> bool:
    """Whether the dataflow is right, of a file with registers and users in the order in which our compiler has them.

    False says nothing.
    """
    pseudo, *kernels = function.kernels
    if pseudo.results != (len(function.use_counts), *range(len(function.argument_types))):
        return False
    # The users of each register that has been written, the last one first, and how many of them have not come yet.
    users = list(pseudo.users[1:])
    left = list(map(len, users))
    for number, kernel in enumerate(kernels, 1):
        for register in kernel.arguments:
            if register >= len(left):
                return False
            left[register] = at = left[register] - 1
            if at < 0 or users[register][at] != number:
                return False
        for register, readers in zip(kernel.results, kernel.users, strict=True):
            if register != len(left):
                return False
            users.append(readers)
            left.append(len(readers))
    without = tuple([number for number, kernel in enumerate(kernels, 1) if not kernel.arguments])
    if any(left) or len(left) != len(function.use_counts) or pseudo.users[0] != without:
        return False
    uses = list(map(len, users))
    for register in function.result_registers:
        uses[register] += 1
    return tuple(uses) == function.use_counts


def _readers(kernels: Sequence[KernelRecord], reads: Sequence[int]) -> tuple[array[int], list[int]]:
    """The kernels that read each register, in one array register by register, and where each register's end in it.

    Args:
        reads: how often each register is read; the last one, the pseudo register, by the kernels without arguments.
    """
    ends = [0, *accumulate(reads[:-1])]
    readers = array("I", bytes(array("I").itemsize * sum(reads)))
    for number, kernel in enumerate(kernels):
        for register in kernel.arguments or ((len(reads) - 1,) if number else ()):
            readers[ends[register]] = number
            ends[register] += 1
    return readers, ends
