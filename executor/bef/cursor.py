"""Bounded read primitives: every byte of a BEF file is read through one of these.

A cursor walks over one section and never leaves it. What it refuses, it refuses with a `BefError` that names the
section and the offset in the file. Counts are checked against the bytes that are left before anything is
allocated for them, so a corrupt count costs nothing.
"""

from __future__ import annotations

import re
from typing import NoReturn

from tfrt.executor.bef.format import MAX_VBR_BYTES
from tfrt.executor.support.errors import BefError

_CONTINUED = bytes(range(0x80, 0x100))
"""The bytes of unsigned integers that are not their last."""

_LONG = re.compile(rb"[\x80-\xff]{%d}" % (MAX_VBR_BYTES - 1))
"""An unsigned integer that has as many bytes as it may, or more."""


class Cursor:
    """A position in `data[start:end]`, a part of the file called `section` in messages."""

    __slots__ = ("data", "end", "position", "section")

    def __init__(self, data: memoryview, start: int, end: int, section: str):
        self.data = data
        self.position = start
        self.end = end
        self.section = section

    def fail(self, message: str, offset: int | None = None) -> NoReturn:
        """Refuse the file.

        Raises:
            BefError: always; `offset` is where the trouble is, by default the cursor's position.
        """
        raise BefError(message, section=self.section, offset=self.position if offset is None else offset)

    @property
    def remaining(self) -> int:
        return self.end - self.position

    def byte(self, what: str) -> int:
        position = self.position
        if position >= self.end:
            self.fail(f"{what} is cut off")
        self.position = position + 1
        return self.data[position]

    def vbr(self, what: str) -> int:
        """An unsigned integer in big-endian groups of seven bits, the high bit set on all but the last."""
        data, start, end = self.data, self.position, self.end
        value = 0
        for position in range(start, min(end, start + MAX_VBR_BYTES)):
            group = data[position]
            value = value << 7 | group & 0x7F
            if group < 0x80:
                if value >> 64:
                    break
                self.position = position + 1
                return value
        if end - start < MAX_VBR_BYTES:
            self.fail(f"{what} is cut off", start)
        self.fail(f"{what} is longer than 64 bits", start)

    def vbrs(self, count: int, *what: str) -> list[int]:
        """So many unsigned integers, which are in turn what the names say."""
        data = self.vbr_bytes(count)
        if data is None:
            # Perhaps one of them is wrong, and says so.
            return [self.vbr(what[number % len(what)]) for number in range(count)]
        self.position += len(data)
        if data.isascii():
            return list(data)
        found: list[int] = []
        value = 0
        for byte in data:
            if byte > 0x7F:
                value = (value | byte & 0x7F) << 7
            else:
                found.append(value | byte)
                value = 0
        return found

    def vbr_bytes(self, count: int) -> bytes | None:
        """The bytes of so many unsigned integers, which the cursor stays in front of; None where one may be wrong."""
        end, missing = self.position, count
        while missing and end < self.end:
            piece = bytes(self.data[end : min(end + missing, self.end)])
            end += len(piece)
            missing -= len(piece.translate(None, _CONTINUED))
        data = bytes(self.data[self.position : end])
        return None if missing or _LONG.search(data) else data

    def count(self, what: str, *, least_bytes: int = 1) -> int:
        """A VBR count of items that take at least `least_bytes` each in the rest of this section."""
        start = self.position
        value = self.vbr(f"the number of {what}")
        if value * least_bytes > self.remaining:
            self.fail(f"{value} {what} do not fit into the {self.remaining} bytes that are left", start)
        return value

    def index(self, what: str, limit: int) -> int:
        """A VBR index below `limit`."""
        start = self.position
        value = self.vbr(what)
        if value >= limit:
            self.fail(f"{what} {value} is out of range, there are {limit}", start)
        return value

    def align(self, alignment: int) -> None:
        """Skip the padding in front of data aligned to `alignment` bytes of the file."""
        aligned = -(-self.position // alignment) * alignment
        if aligned > self.end:
            self.fail(f"padding to {alignment} bytes is cut off")
        self.position = aligned

    def take(self, length: int, what: str) -> int:
        """Skip `length` bytes and return where they start."""
        start = self.position
        if length > self.end - start:
            self.fail(f"{what} of {length} bytes does not fit into the {self.end - start} bytes that are left")
        self.position = start + length
        return start
