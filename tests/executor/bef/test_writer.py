"""Write primitives, and that the reader's primitives read back whatever they write."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import HEADER, PADDING, SectionId
from tfrt.executor.bef.sections import Sections
from tfrt.executor.bef.writer import Writer


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "8100"),
        (300, "822c"),
        (2**14 - 1, "ff7f"),
        (2**14, "818000"),
        (2**32 - 2, "8fffffff7e"),
        (2**64 - 1, "81ffffffffffffffff7f"),
    ],
)
def test_vbr(value, written):
    out = Writer()
    out.vbr(value)
    assert out.data.hex() == written


def test_words_are_aligned_and_little_endian():
    out = Writer()
    out.byte(7)
    out.u32(1, 0x01020304)
    assert out.data.hex() == "07cccccc" + "01000000" + "04030201"
    assert out.alignment == 4


def test_no_words_need_no_alignment():
    out = Writer()
    out.byte(7)
    out.u32()
    assert (out.data.hex(), out.alignment) == ("07", 1)


def test_what_follows_a_prefix_is_aligned():
    out = Writer()
    out.byte(1)
    out.align(8, prefix=4)
    assert (len(out), out.alignment) == (4, 8)
    out.align(1)
    assert len(out) == 4


def test_appended_pieces_bring_their_alignment():
    piece = Writer()
    piece.u32(5)
    out = Writer()
    out.byte(1)
    out.append(piece)
    assert out.data.hex() == "01cccccc05000000"
    assert out.alignment == 4


@pytest.mark.parametrize(
    ("start", "written"),
    [
        # The payload comes after id and length: aligned by chance, or padded after the alignment byte.
        (2, "000805000000"),
        (3, "000904cccc05000000"),
    ],
)
def test_sections_are_padded_only_where_they_have_to_be(start, written):
    piece = Writer()
    piece.u32(5)
    out = Writer()
    out.data += b"x" * start
    out.section(SectionId.STRINGS, piece)
    assert bytes(out.data[start:]).hex() == written


@dataclass(frozen=True)
class Step:
    """One call of a writer, and of a cursor."""

    kind: str
    value: int = 0


STEPS = st.lists(
    st.one_of(
        st.builds(Step, st.just("byte"), st.integers(0, 255)),
        st.builds(Step, st.just("vbr"), st.integers(0, 2**64 - 1)),
        st.builds(Step, st.just("u32"), st.integers(0, 2**32 - 1)),
        st.builds(Step, st.just("align"), st.sampled_from([1, 2, 4, 8, 16])),
    )
)


@given(STEPS)
def test_cursors_read_what_writers_write(steps):
    out = Writer()
    for step in steps:
        getattr(out, step.kind)(step.value)
    cursor = Cursor(memoryview(bytes(out.data)), 0, len(out), "Test")
    for step in steps:
        match step.kind:
            case "align":
                cursor.align(step.value)
            case "u32":
                cursor.align(4)
                at = cursor.take(4, "a word")
                assert int.from_bytes(cursor.data[at : at + 4], "little") == step.value
            case kind:
                assert getattr(cursor, kind)("a number") == step.value
    assert cursor.remaining == 0
    assert out.alignment == max([1, *(4 if s.kind == "u32" else s.value for s in steps if s.kind in ("u32", "align"))])


@given(st.lists(st.tuples(st.binary(max_size=300), st.sampled_from([1, 2, 4, 8])), min_size=6, max_size=11))
def test_sections_are_found_again(payloads):
    out = Writer()
    out.data += HEADER
    for section, (data, alignment) in zip(SectionId, payloads, strict=False):
        piece = Writer()
        piece.data += data
        piece.alignment = alignment
        out.section(section, piece)
    found = Sections(memoryview(bytes(out.data)))
    for section, (data, alignment) in zip(SectionId, payloads, strict=False):
        start, end = found.range(section)
        assert bytes(out.data[start:end]) == data
        assert start % alignment == 0
    assert sum(section in found for section in SectionId) == len(payloads)


def test_padding_is_one_byte_value():
    out = Writer()
    out.byte(0)
    out.align(8)
    assert set(out.data[1:]) == {PADDING}


def test_large_contents_are_not_copied():
    first, second = bytes(range(256)) * 256, bytearray(1 << 16)
    piece = Writer()
    piece.byte(7)
    piece.align(8)
    piece.large(first)
    piece.byte(1)
    assert (len(piece), piece.index(len(piece) - 1)) == (8 + 65536 + 1, 0)
    piece.large(b"small")
    piece.align(4)
    piece.large(second)
    out = Writer()
    out.section(SectionId.ATTRIBUTES, piece)
    content = piece.content()
    assert content == b"\x07" + bytes([PADDING]) * 7 + first + b"\x01small" + bytes([PADDING]) * 2 + second
    pieces = list(out.pieces())
    assert any(each is first for each in pieces) and any(each is second for each in pieces)
    assert out.content().endswith(content)
