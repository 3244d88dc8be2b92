"""Read primitives: what they accept, and the exact message of every refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.writer import Writer
from tfrt.executor.support.errors import BefError


def at(data: bytes, start: int = 0, end: int | None = None) -> Cursor:
    return Cursor(memoryview(data), start, len(data) if end is None else end, "Test")


def test_bytes(refused):
    cursor = at(b"\x05\x06", 1)
    assert cursor.byte("a byte") == 6
    assert refused(cursor.byte, "a byte") == "a byte is cut off in section Test at offset 2"


def test_a_cursor_never_leaves_its_section(refused):
    cursor = at(b"\x01\x02\x03", 0, 1)
    cursor.byte("a byte")
    assert refused(cursor.byte, "a byte") == "a byte is cut off in section Test at offset 1"
    assert refused(at(b"\x81\x01", 0, 1).vbr, "a number") == "a number is cut off in section Test at offset 0"
    assert refused(at(b"abcd", 1, 3).take, 3, "a part") == (
        "a part of 3 bytes does not fit into the 2 bytes that are left in section Test at offset 1"
    )


@pytest.mark.parametrize(
    ("data", "value"), [("00", 0), ("8000", 0), ("822c", 300), ("ff7f", 16383), ("81ffffffffffffffff7f", 2**64 - 1)]
)
def test_vbr(data, value):
    cursor = at(bytes.fromhex(data))
    assert cursor.vbr("a number") == value
    assert cursor.remaining == 0


@pytest.mark.parametrize("data", ["", "80", "ffff", "ff" * 9])
def test_vbr_cut_off(data, refused):
    cursor = at(bytes.fromhex(data))
    assert refused(cursor.vbr, "a number") == "a number is cut off in section Test at offset 0"


@pytest.mark.parametrize(
    "data", ["ff" * 10, "80" * 10 + "00", "ffffffffffffffffff7f", "82808080808080808000", "82808080808080808000ff"]
)
def test_vbr_too_long(data, refused):
    cursor = at(b"\0" + bytes.fromhex(data), 1)
    assert refused(cursor.vbr, "a number") == "a number is longer than 64 bits in section Test at offset 1"


def test_counts_fit_into_what_is_left(refused):
    cursor = at(b"\x02\0\0")
    assert cursor.count("things") == 2
    assert refused(at(b"\x02\0\0").count, "things", least_bytes=2) == (
        "2 things do not fit into the 2 bytes that are left in section Test at offset 0"
    )
    assert refused(at(b"\x80").count, "things") == "the number of things is cut off in section Test at offset 0"


def test_indices_are_below_their_limit(refused):
    assert at(b"\x02").index("the type", 3) == 2
    assert refused(at(b"\x03").index, "the type", 3) == (
        "the type 3 is out of range, there are 3 in section Test at offset 0"
    )


def test_alignment_is_that_of_the_file(refused):
    cursor = at(b"\0" * 8, 3)
    cursor.align(4)
    assert cursor.position == 4
    cursor.align(4)
    assert cursor.position == 4
    assert refused(at(b"\0" * 6, 5).align, 4) == "padding to 4 bytes is cut off in section Test at offset 5"


def test_take(refused):
    cursor = at(b"abcd", 1)
    assert (cursor.take(2, "a part"), cursor.position, cursor.remaining) == (1, 3, 1)
    assert refused(cursor.take, 2, "a part") == (
        "a part of 2 bytes does not fit into the 1 bytes that are left in section Test at offset 3"
    )


def test_failures_name_the_place(refused):
    cursor = at(b"abcd", 2)
    assert refused(cursor.fail, "no good") == "no good in section Test at offset 2"
    assert refused(cursor.fail, "no good", 1) == "no good in section Test at offset 1"
    with pytest.raises(BefError) as info:
        cursor.fail("no good")
    assert (info.value.section, info.value.offset) == ("Test", 2)


@given(st.binary(max_size=40), st.integers(0, 40), st.integers(0, 40), st.data())
def test_reads_stay_inside_whatever_the_bytes(data, start, end, draw):
    start, end = min(start, len(data)), min(end, len(data))
    cursor = at(data, min(start, end), max(start, end))
    for _ in range(5):
        before = cursor.position
        call = draw.draw(
            st.sampled_from(
                [
                    lambda: cursor.byte("x"),
                    lambda: cursor.vbr("x"),
                    lambda: cursor.count("x"),
                    lambda: cursor.index("x", 5),
                    lambda: cursor.align(8),
                    lambda: cursor.take(3, "x"),
                ]
            )
        )
        try:
            call()
        except BefError:
            break
        assert before <= cursor.position <= cursor.end


@pytest.mark.parametrize("values", [[], [0, 127, 1], [128, 0, 5], [2**64 - 1, 1, 2**14], [1, 2**35, 2**63]])
def test_several_integers(values):
    out = Writer()
    out.vbrs(values)
    data = out.content()
    cursor = Cursor(memoryview(data + b"\x07"), 0, len(data) + 1, "part")
    assert cursor.vbrs(len(values), "one", "another") == values
    assert cursor.position == len(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x01", "another is cut off in section part at offset 1"),
        (b"\x01\x80", "another is cut off in section part at offset 1"),
        (b"\x01" + b"\x80" * 10 + b"\x01", "another is longer than 64 bits in section part at offset 1"),
        (b"\x01\x83" + b"\x80" * 8 + b"\x01", "another is longer than 64 bits in section part at offset 1"),
    ],
)
def test_several_integers_of_which_one_is_wrong(data, message):
    with pytest.raises(BefError) as caught:
        Cursor(memoryview(data), 0, len(data), "part").vbrs(2, "one", "another")
    assert str(caught.value).endswith(message)
