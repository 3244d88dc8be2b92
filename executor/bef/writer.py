"""Write primitives, the mirror of `tfrt.executor.bef.cursor`."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from tfrt.executor.bef.format import PADDING, SectionId

_LARGE = 1 << 16
"""From what size on contents are not copied before the file is put together, in bytes."""


class Writer:
    """A growing piece of a BEF file; `alignment` is what its contents need of the place where it ends up.

    Attributes:
        data: what has been written since the last `large` contents.
    """

    __slots__ = ("_before", "_length_before", "alignment", "data")

    def __init__(self) -> None:
        self.data = bytearray()
        self.alignment = 1
        self._before: list[bytes | bytearray] = []
        self._length_before = 0

    def __len__(self) -> int:
        return self._length_before + len(self.data)

    def pieces(self) -> Iterator[bytes | bytearray]:
        """All that has been written."""
        yield from self._before
        yield self.data

    def content(self) -> bytes:
        """All that has been written, as one."""
        return b"".join(self.pieces())

    def large(self, content: bytes | bytearray) -> None:
        """Contents that may be most of the file, and that nobody changes; nothing before them changes any more."""
        if len(content) < _LARGE:
            self.data += content
            return
        self._before += [self.data, content]
        self._length_before += len(self.data) + len(content)
        self.data = bytearray()

    def index(self, offset: int) -> int:
        """Where in `data` the contents at an offset are."""
        return offset - self._length_before

    def byte(self, value: int) -> None:
        self.data.append(value)

    def vbr(self, value: int) -> None:
        """An unsigned integer in big-endian groups of seven bits, the high bit set on all but the last."""
        if value < 0x80:
            self.data.append(value)
            return
        if value < 0x4000:
            self.data += bytes((value >> 7 | 0x80, value & 0x7F))
            return
        groups = [value & 0x7F]
        while value := value >> 7:
            groups.append(value & 0x7F | 0x80)
        self.data += bytes(reversed(groups))

    def vbrs(self, values: Sequence[int]) -> None:
        """Several of these, one after the other."""
        if not values or max(values) < 0x80:
            self.data += bytes(values)
            return
        data = self.data
        for value in values:
            if value < 0x80:
                data.append(value)
            elif value < 0x4000:
                data.append(value >> 7 | 0x80)
                data.append(value & 0x7F)
            else:
                self.vbr(value)

    def u32(self, *values: int) -> None:
        """Words, at an offset that is a multiple of four."""
        if values:
            self.align(4)
            self.data += struct.pack(f"<{len(values)}I", *values)

    def align(self, alignment: int, prefix: int = 0) -> None:
        """Pad so that what follows after `prefix` more bytes is aligned."""
        if alignment > 1:
            missing = -(len(self) + prefix) % alignment
            if missing:
                self.data += bytes([PADDING]) * missing
            if alignment > self.alignment:
                self.alignment = alignment

    def append(self, other: Writer) -> None:
        """Another piece, aligned as it needs."""
        self.align(other.alignment)
        for piece in other.pieces():
            self.large(piece)

    def section(self, section: SectionId, payload: Writer) -> None:
        """A section. Its length word says that padding follows only where there has to be some."""
        self.byte(section)
        word = len(payload) << 1
        after_word = len(self) + _vbr_size(word)
        if after_word % payload.alignment == 0:
            self.vbr(word)
        else:
            self.vbr(word | 1)
            self.byte(payload.alignment)
            self.data += bytes([PADDING]) * (-len(self) % payload.alignment)
        for piece in payload.pieces():
            self.large(piece)


def _vbr_size(value: int) -> int:
    return max(1, -(-value.bit_length() // 7))
