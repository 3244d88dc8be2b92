"""Small BEF files, built section by section, so that each can be wrong in one place.

A `Parts` is a valid file with one function of one kernel; tests replace what they want to be wrong::

    build(Parts(kernels=names("a", "b")))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from tfrt.executor.bef import BefFile, read_bef
from tfrt.executor.bef.format import HEADER, PSEUDO_KERNEL_CODE, PSEUDO_KERNEL_LOCATION, SectionId
from tfrt.executor.bef.writer import Writer
from tfrt.executor.support.errors import BefError

STRINGS = b"\0f\0i32\0t.op\0"
"""The strings of the default file: the empty one at 0, ``f`` at 1, ``i32`` at 3, ``t.op`` at 7."""
EMPTY, F, I32, OP = 0, 1, 3, 7


def vbr(*values: int) -> bytes:
    """VBR integers, one after the other."""
    out = Writer()
    for value in values:
        out.vbr(value)
    return out.content()


def words(*values: int) -> bytes:
    """Words of four bytes, little-endian."""
    return b"".join(value.to_bytes(4, "little") for value in values)


@dataclass(frozen=True)
class KernelParts:
    """A kernel as it is written; `users` has the kernels that read each result."""

    code: int = 0
    location: int = 2**32 - 2
    arguments: Sequence[int] = ()
    attributes: Sequence[int] = ()
    functions: Sequence[int] = ()
    results: Sequence[int] = ()
    users: Sequence[Sequence[int]] = ()
    operands: int | None = None
    stream: int = 0

    @property
    def data(self) -> bytes:
        counts = (len(self.arguments), len(self.attributes), len(self.functions), len(self.results))
        return (
            words(self.code, self.location, *counts, *map(len, self.users))
            + words(*self.arguments, *self.attributes, *self.functions, *self.results)
            + b"".join(words(*users) for users in self.users)
        )


def pseudo(registers: int, users: Sequence[Sequence[int]], arguments: Sequence[int] = ()) -> KernelParts:
    """The pseudo kernel of a function."""
    return KernelParts(PSEUDO_KERNEL_CODE, PSEUDO_KERNEL_LOCATION, results=(registers, *arguments), users=users)


@dataclass(frozen=True)
class Body:
    """A function's body: by default one kernel without operands, whose result the function returns."""

    location: int = 2**32 - 3
    use_counts: Sequence[int] = (1,)
    kernels: Sequence[KernelParts] = (pseudo(1, [[1]]), KernelParts(results=(0,), users=[[]]))
    results: Sequence[int] = (0,)
    offsets: Sequence[int] | None = None

    @property
    def data(self) -> bytes:
        out = Writer()
        out.vbr(self.location)
        for value in (len(self.use_counts), *self.use_counts, len(self.kernels)):
            out.vbr(value)
        at, bodies = 0, b""
        for number, kernel in enumerate(self.kernels):
            out.vbr(at if self.offsets is None else self.offsets[number])
            out.vbr(len(kernel.arguments) if kernel.operands is None else kernel.operands)
            out.vbr(kernel.stream)
            bodies += kernel.data
            at = len(bodies)
        for register in self.results:
            out.vbr(register)
        out.align(4)
        return out.content() + bodies


@dataclass(frozen=True)
class Parts:
    """The payloads of a file's sections; `None` leaves a section out, `extra` is appended as it is."""

    strings: bytes | None = STRINGS
    attributes: bytes | None = b""
    kernels: bytes | None = vbr(1, OP)
    types: bytes | None = vbr(1, I32)
    function_index: bytes | None = b"\x01" + b"\x00" + vbr(0, F, 0, 1, 0)
    functions: bytes | None = Body().data
    location_strings: bytes | None = None
    locations: bytes | None = None
    attribute_types: bytes | None = None
    attribute_names: bytes | None = None
    register_types: bytes | None = None
    signature_names: bytes | None = None
    producer: bytes | None = None
    extra: bytes = b""
    attribute_alignment: int = field(default=8, kw_only=True)


def build(parts: Parts) -> bytes:
    """The file."""
    out = Writer()
    out.data += HEADER
    for section in SectionId:
        payload = getattr(parts, section.name.lower())
        if payload is None:
            continue
        piece = Writer()
        if section is SectionId.FUNCTIONS:
            piece.alignment = 4
        if section is SectionId.ATTRIBUTES and payload:
            piece.alignment = parts.attribute_alignment
        piece.data += payload
        out.section(section, piece)
    return out.content() + parts.extra


def read_parts(**changes: bytes | None) -> BefFile:
    return read_bef(build(Parts(**changes)))  # type: ignore[arg-type]


@pytest.fixture
def refused() -> Callable[..., str]:
    """Calls something and returns the message of the `BefError` that it must raise, without its common start."""

    def call(function: Callable[..., object], *arguments: object, **options: object) -> str:
        with pytest.raises(BefError) as info:
            function(*arguments, **options)
        message = str(info.value)
        assert message.startswith("invalid BEF file: ")
        return message.removeprefix("invalid BEF file: ")

    return call
