"""The Binary Executable Format, version 0, described once: reader, writer, disassembler and document use it.

A file is a header, then sections: an id, a length and a payload each. `SECTIONS` says what payloads consist of,
`ATTRIBUTE_LAYOUTS` how attributes are stored, `LOCATION_LAYOUTS` how locations are. `tfrt.executor.bef.document`
turns that into the tables of ``docs/bef.md``, and a test reads files by nothing but these descriptions.

Source of the format: ``documents/binary_executable_format.md`` in tensorflow/runtime and the files that its
encoder writes.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from tfrt.executor.values.dtype import DType

MAGIC = b"\x0b\xef"
VERSION = 0
HEADER = MAGIC + bytes([VERSION])

PADDING = 0xCC
"""The byte that fills gaps in front of aligned data."""

PSEUDO_KERNEL_CODE = 0xABABABAB
PSEUDO_KERNEL_LOCATION = 0xCDCDCDCD

FIRST_VIRTUAL_LOCATION = 2**32 - 1
"""Ops without a known location get offsets that count down from here, decremented before each use."""

MAX_VBR_BYTES = 10
"""A VBR integer holds at most 64 bits."""

MAX_NESTING = 100
"""Locations and aggregate attributes nest; deeper nesting than this is refused."""


class SectionId(IntEnum):
    """The sections, in the order in which they are written."""

    STRINGS = 0
    ATTRIBUTES = 1
    KERNELS = 2
    TYPES = 3
    FUNCTION_INDEX = 4
    FUNCTIONS = 5
    LOCATION_STRINGS = 6
    LOCATIONS = 7
    ATTRIBUTE_TYPES = 8
    ATTRIBUTE_NAMES = 9
    REGISTER_TYPES = 10
    # The rest is ours. The numbers are no sections of the reference implementation.
    SIGNATURE_NAMES = 32
    PRODUCER = 33

    @cached_property
    def title(self) -> str:
        """The section's name as error messages and the document spell it."""
        return self.name.title().replace("_", "")


class LocationTag(IntEnum):
    """The first byte of a location."""

    UNKNOWN = 0
    FILE_LINE_COL = 1
    NAME = 2
    CALL_SITE = 3
    FUSED = 4


class AttributeType(IntEnum):
    """How an attribute is stored, beyond the element types of `DType`, whose numbers stand for scalars of them."""

    UNSUPPORTED = 0
    TYPE = 25
    FUNCTION = 26
    SHAPE = 27
    DENSE = 28
    SYMBOL_REF = 29
    AGGREGATE = 30


ARRAY_BIT = 0x80
"""Set in the attribute type of an array; the other bits are the element's type."""

EMPTY_ARRAY = DType.I32 | ARRAY_BIT
"""The attribute type of an array without elements."""


class Field(NamedTuple):
    """A part of a record. (A named tuple, like the classes below, since these start faster than data classes.)

    `kind` is ``u8``, ``u16``, ``u32``, ``i64`` (little-endian), ``vbr``, ``string`` (a VBR offset in Strings),
    ``location string`` (one in LocationStrings), ``text`` (bytes up to a NUL), ``bytes``, ``element`` (of the size of
    the element type), ``location``, ``aligned to N``, or the title of a record.

    `times` says how often it comes: once where it is empty, as often as the field of that name says, ``...`` for
    as long as the section lasts, or in words.
    """

    name: str
    kind: str
    meaning: str
    times: str = ""


_CODES = {"u8": "B", "u16": "H", "u32": "I", "i64": "q"}
_LEAST_BYTES = {"u8": 1, "u16": 2, "u32": 4, "i64": 8, "vbr": 1, "string": 1}


class Record(NamedTuple):
    """Fields in a row. `note` is what holds for all of it."""

    title: str
    fields: tuple[Field, ...]
    note: str = ""

    @property
    def least_bytes(self) -> int:
        """The bytes that the fields that come exactly once take at least."""
        return sum(_LEAST_BYTES[field.kind] for field in self.fields if not field.times)

    def struct(self) -> struct.Struct:
        """The packed form of a record of fields of fixed size."""
        return struct.Struct("<" + "".join(_CODES[field.kind] for field in self.fields))


class Section(NamedTuple):
    """A section. `required` says whether a reader may refuse a file without it."""

    id: SectionId
    required: bool
    meaning: str
    payload: tuple[Field, ...]


SECTION_HEADER = Record(
    "section",
    (
        Field("id", "u8", "which section it is"),
        Field("length", "vbr", "twice the payload's length in bytes; plus one where an alignment follows"),
        Field("alignment", "u8", "a power of two that the payload's offset in the file is a multiple of", "if odd"),
        Field("padding", "aligned to alignment", "", "if odd"),
        Field("payload", "bytes", "as the section's own table says"),
    ),
    "Sections come in any order, each at most once.",
)

FUNCTION_ENTRY = Record(
    "function entry",
    (
        Field("kind", "u8", "0: asynchronous, 1: native, 2: synchronous"),
        Field("offset", "vbr", "where its body starts in Functions; meaningless for native functions"),
        Field("name", "string", "empty for the function of a region"),
        Field("argument count", "vbr", ""),
        Field("argument types", "vbr", "indices in Types", "argument count"),
        Field("result count", "vbr", ""),
        Field("result types", "vbr", "indices in Types", "result count"),
    ),
)

KERNEL_ENTRY = Record(
    "kernel entry",
    (
        Field("offset", "vbr", "from the first kernel's start"),
        Field("operands", "vbr", "how many operands the kernel waits for"),
        Field("stream", "vbr", "kernels of a stream run one after another on a thread, where possible"),
    ),
)

KERNEL_HEADER = Record(
    "kernel header",
    (
        Field("code", "u32", f"index in Kernels; `{PSEUDO_KERNEL_CODE:#X}` for the pseudo kernel"),
        Field("location", "u32", f"offset in Locations; `{PSEUDO_KERNEL_LOCATION:#X}` for the pseudo kernel"),
        Field("argument count", "u32", ""),
        Field("attribute count", "u32", ""),
        Field("function count", "u32", ""),
        Field("result count", "u32", ""),
    ),
)

KERNEL = Record(
    "kernel",
    (
        *KERNEL_HEADER.fields,
        Field("user counts", "u32", "for each result, how often kernels read it", "result count"),
        Field("arguments", "u32", "registers", "argument count"),
        Field("attributes", "u32", "offsets in Attributes", "attribute count"),
        Field("functions", "u32", "indices in FunctionIndex", "function count"),
        Field("results", "u32", "registers", "result count"),
        Field("users", "u32", "kernels, the last use first; those of the first result, then the next", "user counts"),
    ),
    "The first kernel of a function is a pseudo kernel, which has results only: the pseudo register, whose number is "
    "the number of registers and whose users are the kernels without arguments, then the function's arguments.",
)

FUNCTION_BODY = Record(
    "function body",
    (
        Field("location", "vbr", "offset in Locations"),
        Field("register count", "vbr", ""),
        Field("use counts", "vbr", "how often kernels and the return read each register", "register count"),
        Field("kernel count", "vbr", "the pseudo kernel included"),
        Field("kernel table", "kernel entry", "", "kernel count"),
        Field("result registers", "vbr", "what the function returns", "results"),
        Field("padding", "aligned to 4", ""),
        Field("kernels", "kernel", "in the order of the ops", "kernel count"),
    ),
    "Registers are numbered: arguments first, then the results of each op.",
)

REGISTER_BYTES = _LEAST_BYTES["vbr"] + 2 * _LEAST_BYTES["u32"]
"""What a register takes at least: its use count; in the kernel that writes it, a count of users and its number."""

TYPE_ENTRY = Record(
    "attribute type",
    (
        Field("offset", "vbr", "of the attribute; offsets increase"),
        Field("type", "vbr", "see the table of attribute types"),
    ),
)

FUNCTION_NAMES = Record(
    "names of a function",
    (
        Field("kernel count", "vbr", ""),
        Field("names", "string", "of each attribute of each kernel, in order", "attributes"),
    ),
)

FUNCTION_REGISTERS = Record(
    "registers of a function",
    (
        Field("register count", "vbr", ""),
        Field("types", "vbr", "indices in Types", "register count"),
    ),
)

FUNCTION_SIGNATURE = Record(
    "signature of a function",
    (
        Field("argument count", "vbr", "0 where none has a name"),
        Field("argument names", "string", "empty for those without one", "argument count"),
        Field("result count", "vbr", "0 where none has a name"),
        Field("result names", "string", "empty for those without one", "result count"),
    ),
)

_COUNT = Field("count", "vbr", "")
_NAMES = (_COUNT, Field("names", "string", "", "count"))

SECTIONS = (
    Section(
        SectionId.STRINGS,
        True,
        "Names and the spellings of types, each once, sorted by their bytes.",
        (Field("strings", "text", "UTF-8", "..."),),
    ),
    Section(
        SectionId.ATTRIBUTES,
        True,
        "The values of attributes, each distinct one once, in the order in which the program first uses them.",
        (Field("attributes", "bytes", "found by offset, laid out as their type says", "..."),),
    ),
    Section(SectionId.KERNELS, True, "The names of the ops that the program uses.", _NAMES),
    Section(SectionId.TYPES, True, "The MLIR spellings of the types that the program uses.", _NAMES),
    Section(
        SectionId.FUNCTION_INDEX,
        True,
        "The functions: one for every function of the program, and for every region of an op one before its own.",
        (_COUNT, Field("functions", "function entry", "", "count")),
    ),
    Section(
        SectionId.FUNCTIONS,
        True,
        "The bodies of the functions that are not native, one after another.",
        (Field("bodies", "function body", "", "..."),),
    ),
    Section(
        SectionId.LOCATION_STRINGS,
        False,
        "File names and the names of named locations; only where some op has a known location.",
        (Field("strings", "text", "UTF-8", "..."),),
    ),
    Section(
        SectionId.LOCATIONS,
        False,
        "Where ops come from in the source; only where some op has a known location. Ops without a known one refer to "
        f"offsets past its end, which count down from {FIRST_VIRTUAL_LOCATION - 1:#x}.",
        (Field("locations", "location", "found by offset", "..."),),
    ),
    Section(
        SectionId.ATTRIBUTE_TYPES,
        False,
        "How each attribute is stored, for disassembling and for kernels that do not know.",
        (_COUNT, Field("types", "attribute type", "", "count")),
    ),
    Section(
        SectionId.ATTRIBUTE_NAMES,
        False,
        "The names of attributes, for disassembling.",
        (
            Field("function count", "vbr", "native ones included"),
            Field("functions", "names of a function", "for each function that is not native", "..."),
        ),
    ),
    Section(
        SectionId.REGISTER_TYPES,
        False,
        "The types of registers, for disassembling.",
        (
            Field("function count", "vbr", "native ones included"),
            Field("functions", "registers of a function", "for each function that is not native", "..."),
        ),
    ),
    Section(
        SectionId.SIGNATURE_NAMES,
        False,
        "The names of functions' arguments and results; only where some has one.",
        (
            Field("function count", "vbr", "native ones included"),
            Field("functions", "signature of a function", "for each function that is not native", "..."),
        ),
    ),
    Section(
        SectionId.PRODUCER,
        False,
        "What compiled the file; only where passes have run, so that a plain translation is the reference's.",
        (
            Field("tool", "string", "with its version"),
            Field("source", "string", "the name of the text"),
            Field("passes", "string", "as a pipeline"),
        ),
    ),
)

RECORDS = {
    record.title: record
    for record in (
        SECTION_HEADER,
        FUNCTION_ENTRY,
        FUNCTION_BODY,
        KERNEL_ENTRY,
        KERNEL,
        TYPE_ENTRY,
        FUNCTION_NAMES,
        FUNCTION_REGISTERS,
        FUNCTION_SIGNATURE,
    )
}

REQUIRED = tuple(section.id for section in SECTIONS if section.required)

ATTRIBUTE_HEADER = Record(
    "attribute header",
    (
        Field("alignment", "u8", "of the elements"),
        Field("element type", "u8", "of dense attributes; else 0"),
        Field("prefix size", "u16", "the bytes in front of the elements, modulo 2^16"),
        Field("size", "u32", "the bytes in all"),
    ),
)

DENSE_HEADER = Record(
    "dense header",
    (
        *ATTRIBUTE_HEADER.fields,
        Field("elements", "u32", "offset of the elements from the header"),
        Field("count", "u32", "how many elements"),
        Field("rank", "u32", ""),
    ),
)

_DIMENSIONS = Field("dimensions", "i64", "-1 for unknown ones of shapes", "rank")

ATTRIBUTE_LAYOUTS = (
    Record("scalar", (Field("value", "element", "at its natural alignment; i1 is one byte, types are their number"),)),
    Record(
        "array",
        (
            Field("count", "u32", "so placed that the elements are aligned"),
            Field("elements", "element", "", "count"),
        ),
        "Arrays of integers, floats or types, if all elements have one type; other arrays are aggregates. "
        "An empty array is one of i32.",
    ),
    Record("string", (Field("length", "u32", ""), Field("text", "bytes", "UTF-8, not terminated", "length"))),
    Record(
        "shape",
        (*ATTRIBUTE_HEADER.fields, Field("rank", "u32", ""), _DIMENSIONS),
        "A shape of unknown rank is a `u32` zero, and nothing else.",
    ),
    Record("dense", (*DENSE_HEADER.fields, _DIMENSIONS, Field("values", "element", "row by row", "count"))),
    Record(
        "aggregate",
        (
            *ATTRIBUTE_HEADER.fields,
            Field("count", "u32", ""),
            Field("offsets", "u32", "of the elements, from the header", "count"),
            Field("elements", "bytes", "in order; the byte in front of each is its attribute type", "count"),
        ),
    ),
    Record(
        "symbol ref",
        (
            Field("number", "vbr", "of the compiled module in the file"),
            Field("root length", "vbr", ""),
            Field("nested count", "vbr", ""),
            Field("nested lengths", "vbr", "", "nested count"),
            Field("module length", "vbr", ""),
            Field("names", "bytes", "the root's name, then the nested ones"),
            Field("module", "text", "the module, in generic form"),
        ),
        "A symbol of a module that kernels compile themselves.",
    ),
)

_STRING = "location string"

LOCATION_LAYOUTS = {
    LocationTag.UNKNOWN: (),
    LocationTag.FILE_LINE_COL: (
        Field("file", _STRING, ""),
        Field("line", "vbr", "counted from 1"),
        Field("column", "vbr", "counted from 1"),
    ),
    LocationTag.NAME: (Field("name", _STRING, ""), Field("child", "location", "")),
    LocationTag.CALL_SITE: (Field("callee", "location", ""), Field("caller", "location", "")),
    LocationTag.FUSED: (Field("count", "vbr", ""), Field("locations", "location", "", "count")),
}
