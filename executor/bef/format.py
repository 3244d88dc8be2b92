"""The Binary Executable Format, version 0, described once: reader, writer, verifier, disassembler and document use it.

A file is a header, then sections. A section is an id byte, a VBR length word (twice the length, plus 1 where an
alignment byte and padding follow), and a payload that is laid out as `SECTIONS` says. `docs/bef.md` is generated from
here.

Source of the format: ``documents/binary_executable_format.md`` in tensorflow/runtime and the files that its
encoder writes.
"""

from __future__ import annotations

from enum import IntEnum

from tfrt.executor.dtype import DType

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

    @property
    def title(self) -> str:
        """The section's name as error messages and the document spell it."""
        return self.name.title().replace("_", "")


REQUIRED = (
    SectionId.STRINGS,
    SectionId.ATTRIBUTES,
    SectionId.KERNELS,
    SectionId.TYPES,
    SectionId.FUNCTION_INDEX,
    SectionId.FUNCTIONS,
)
OPTIONAL = (SectionId.ATTRIBUTE_TYPES, SectionId.ATTRIBUTE_NAMES, SectionId.REGISTER_TYPES)


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
