"""Decoding attributes: every layout, and the exact message of every refusal."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.executor.bef.conftest import vbr, words
from tfrt.executor.bef.attribute_values import CompilationUnit, attribute_type, decode, describe
from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import ARRAY_BIT, EMPTY_ARRAY, MAX_NESTING, AttributeType
from tfrt.executor.values.attributes import Stored
from tfrt.executor.values.dtype import DType

ANY = Stored("any")
START = 16
"""Where the attribute section starts in these tests; messages count from the start of the file."""


def cursor(data: bytes) -> Cursor:
    return Cursor(memoryview(b"\xaa" * START + data + b"\xaa" * 64), START, START + len(data), "Attributes")


def read(data: bytes, attribute: int) -> object:
    return decode(cursor(data), 0, ANY, attribute)


def header(dtype: int = 0, size: int = 0) -> bytes:
    return bytes([8, dtype, 0, 0]) + words(size)


def dense(dtype: int, shape: list[int], count: int, data: bytes, elements: int | None = None) -> bytes:
    at = 20 + 8 * len(shape) if elements is None else elements
    return header(dtype) + words(at, count, len(shape)) + struct.pack(f"<{len(shape)}q", *shape) + data


def aggregate(*elements: tuple[int, bytes]) -> bytes:
    """Elements without padding, which reading does not ask for."""
    at, entries, data = 12 + 4 * len(elements), [], b""
    for kind, element in elements:
        entries.append(at + len(data) + 1)
        data += bytes([kind]) + element
    return header(size=at + len(data)) + words(len(elements), *entries) + data


@pytest.mark.parametrize(
    ("dtype", "data", "value"),
    [
        (DType.UI8, "ff", 255),
        (DType.UI16, "ffff", 2**16 - 1),
        (DType.UI32, "ffffffff", 2**32 - 1),
        (DType.UI64, "ff" * 8, 2**64 - 1),
        (DType.I1, "01", True),
        (DType.I1, "00", False),
        (DType.I1, "ff", True),
        (DType.I8, "ff", -1),
        (DType.I16, "feff", -2),
        (DType.I32, "00000080", -(2**31)),
        (DType.I64, "00" * 7 + "80", -(2**63)),
        (DType.F16, "003c", 1.0),
        (DType.BF16, "803f", 1.0),
        (DType.F32, "0000c0bf", -1.5),
        (DType.F64, "000000000000f03f", 1.0),
        (DType.STRING, "03000000c3a9ff", "é\udcff"),
        (AttributeType.TYPE, "08", DType.I32),
        (AttributeType.SHAPE, "00000000", None),
    ],
)
def test_single_values(dtype, data, value):
    found = read(bytes.fromhex(data), dtype)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("element", "data", "value"),
    [
        (DType.I1, "03000000 01 00 02", (True, False, True)),
        (DType.I8, "02000000 ff 01", (-1, 1)),
        (DType.BF16, "02000000 803f 0040", (1.0, 2.0)),
        (DType.F32, "01000000 0000803f", (1.0,)),
        (DType.I64, "01000000 ffffffffffffffff", (-1,)),
        (AttributeType.TYPE, "02000000 08 0a", (DType.I32, DType.F32)),
        (DType.I32, "00000000", ()),
    ],
)
def test_arrays(element, data, value):
    assert read(bytes.fromhex(data), element | ARRAY_BIT) == value


def test_shapes():
    assert read(header() + words(2) + struct.pack("<2q", 3, -1), AttributeType.SHAPE) == (3, None)
    assert read(header() + words(0), AttributeType.SHAPE) == ()


@pytest.mark.parametrize("dtype", [d for d in DType if d not in (DType.STRING, DType.RESOURCE, DType.VARIANT)])
def test_dense(dtype):
    numpy = dtype.numpy
    value = read(dense(dtype, [2, 0], 0, b""), AttributeType.DENSE)
    assert (value.dtype, value.shape) == (numpy, (2, 0))
    data = bytes([1, 0, 1, 0] * (numpy.itemsize // 2 or 1))[: numpy.itemsize] * 6
    value = read(dense(dtype, [2, 3], 6, data), AttributeType.DENSE)
    assert (value.dtype, value.shape, value.tobytes()) == (numpy, (2, 3), data)
    assert not value.flags.writeable
    assert value.dtype.isbuiltin == numpy.isbuiltin, "an equal dtype may be none of numpy's own"
    scalar = read(dense(dtype, [], 1, data), AttributeType.DENSE)
    assert (scalar.shape, scalar.tobytes()) == ((), data[: numpy.itemsize])


def test_aggregates():
    inner = aggregate((DType.STRING, words(1) + b"x"), (AttributeType.TYPE, b"\x0a"))
    assert read(aggregate(), AttributeType.AGGREGATE) == ()
    assert read(aggregate((DType.I8, b"\x05"), (AttributeType.AGGREGATE, inner)), AttributeType.AGGREGATE) == (
        5,
        ("x", DType.F32),
    )


def test_compilation_units():
    data = vbr(3, 1, 2, 2, 1, 4) + b"k" + b"xx" + b"y" + b"text\0"
    assert read(data, AttributeType.SYMBOL_REF) == CompilationUnit(3, ("k", "xx", "y"), "text")


# -- what is declared, what is recorded -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "number", "words"),
    [
        (Stored("scalar", DType.I32), 8, "i32"),
        (Stored("scalar", DType.STRING), 16, "!corert.string"),
        (Stored("array", DType.F64), 11 | ARRAY_BIT, "array of f64"),
        (Stored("type"), 25, "type"),
        (Stored("type_array"), 25 | ARRAY_BIT, "array of type"),
        (Stored("shape"), 27, "shape"),
        (Stored("dense"), 28, "dense"),
        (Stored("aggregate"), 30, "aggregate"),
    ],
)
def test_declarations(stored, number, words):
    assert attribute_type(stored) == number
    assert describe(number) == words


def test_other_declarations():
    with pytest.raises(ValueError, match=r"^no attribute type for nonsense$"):
        attribute_type(Stored("nonsense"))
    assert describe(24) == "attribute type 24"
    assert describe(AttributeType.SYMBOL_REF) == "symbol ref"


def test_without_a_record_the_declaration_counts():
    assert decode(cursor(words(5)), 0, Stored("scalar", DType.I32), None) == 5
    assert decode(cursor(words(1, 5)), 4, Stored("scalar", DType.I32), None) == 5


def test_neither_declared_nor_recorded(refused):
    assert refused(decode, cursor(words(5)), 2, ANY, None) == (
        "the file does not record this attribute's type, and the kernel does not declare it"
        " in section Attributes at offset 18"
    )


@pytest.mark.parametrize(
    ("stored", "recorded", "message"),
    [
        (Stored("scalar", DType.I32), DType.F32, "the kernel declares i32 and the file records f32"),
        (Stored("array", DType.I32), DType.I32, "the kernel declares array of i32 and the file records i32"),
        (Stored("dense"), AttributeType.SHAPE, "the kernel declares dense and the file records shape"),
        (Stored("scalar", DType.I32), 99, "the kernel declares i32 and the file records attribute type 99"),
        (Stored("type"), EMPTY_ARRAY, "the kernel declares type and the file records array of i32"),
    ],
)
def test_contradictions(stored, recorded, message, refused):
    assert refused(decode, cursor(words(5, 6)), 4, stored, recorded) == (
        f"{message} in section Attributes at offset 20"
    )


@pytest.mark.parametrize("stored", [Stored("array", DType.F64), Stored("type_array"), Stored("aggregate")])
def test_empty_arrays_are_of_any_type(stored):
    assert decode(cursor(words(0)), 0, stored, EMPTY_ARRAY) == ()


# -- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attribute", "data", "message", "offset"),
    [
        (DType.I32, b"123", "i32 of 4 bytes does not fit into the 3 bytes that are left", 0),
        (DType.BF16, b"1", "bf16 of 2 bytes does not fit into the 1 bytes that are left", 0),
        (DType.COMPLEX64, b"12345678", "cannot decode complex<f32>", 0),
        (DType.STRING, b"123", "a string's length of 4 bytes does not fit into the 3 bytes that are left", 0),
        (DType.STRING, words(3) + b"12", "a string of 3 bytes does not fit into the 2 bytes that are left", 4),
        (AttributeType.TYPE, b"", "a type of 1 bytes does not fit into the 0 bytes that are left", 0),
        (AttributeType.TYPE, b"\x18", "unknown element type 24", 0),
        (AttributeType.TYPE | ARRAY_BIT, words(2) + b"\x08\0", "unknown element type 0", 5),
        (DType.I32 | ARRAY_BIT, b"", "an array's length of 4 bytes does not fit into the 0 bytes that are left", 0),
        (DType.I32 | ARRAY_BIT, words(9, 1), "an array of 9 elements does not fit into the 4 bytes that are left", 4),
        (DType.I32 | ARRAY_BIT, words(2, 1), "i32 of 8 bytes does not fit into the 4 bytes that are left", 4),
        (DType.STRING | ARRAY_BIT, words(1, 0), "cannot decode !corert.string", 4),
        (AttributeType.SHAPE | ARRAY_BIT, words(1, 0), "cannot decode an array of shape", 4),
        (AttributeType.FUNCTION, words(0), "cannot decode function", 0),
        (AttributeType.UNSUPPORTED, words(0), "cannot decode unsupported", 0),
        (99, words(0), "cannot decode attribute type 99", 0),
        (AttributeType.SHAPE, b"12", "a shape of 4 bytes does not fit into the 2 bytes that are left", 0),
        (
            AttributeType.SHAPE,
            words(1),
            "an attribute's header of 8 bytes does not fit into the 4 bytes that are left",
            0,
        ),
        (AttributeType.SHAPE, header(), "a shape's rank of 4 bytes does not fit into the 0 bytes that are left", 8),
        (
            AttributeType.SHAPE,
            header() + words(2**32 - 1),
            f"a shape of {8 * (2**32 - 1)} bytes does not fit into the 0 bytes that are left",
            12,
        ),
        (AttributeType.DENSE, b"", "an attribute's header of 8 bytes does not fit into the 0 bytes that are left", 0),
        (AttributeType.DENSE, header(8), "a dense attribute of 4 bytes does not fit into the 0 bytes that are left", 8),
        (
            AttributeType.DENSE,
            header(8) + words(28, 0, 1),
            "a shape of 8 bytes does not fit into the 0 bytes that are left",
            20,
        ),
        (AttributeType.DENSE, dense(0, [], 1, b"1"), "unknown element type 0", 1),
        (AttributeType.DENSE, dense(DType.STRING, [], 1, b"1"), "a dense attribute of !corert.string", 1),
        (
            AttributeType.DENSE,
            dense(DType.I8, [2, 2], 5, b"12345"),
            "a dense attribute of rank 2 whose shape does not hold 5 elements",
            0,
        ),
        (
            AttributeType.DENSE,
            dense(DType.I8, [2, 2], 3, b"12345"),
            "a dense attribute of rank 2 whose shape does not hold 3 elements",
            0,
        ),
        (
            AttributeType.DENSE,
            dense(DType.I8, [-1], 1, b"1"),
            "a dense attribute of rank 1 whose shape does not hold 1 elements",
            0,
        ),
        (
            AttributeType.DENSE,
            dense(DType.I8, [0], 1, b"1"),
            "a dense attribute of rank 1 whose shape does not hold 1 elements",
            0,
        ),
        (
            AttributeType.DENSE,
            dense(DType.I8, [2**62] * 40, 1, b"1"),
            "a dense attribute of rank 40 whose shape does not hold 1 elements",
            0,
        ),
        (
            AttributeType.DENSE,
            dense(DType.I8, [1] * 65, 1, b"1"),
            "a dense attribute of rank 65 is too much for numpy",
            0,
        ),
        (
            AttributeType.DENSE,
            dense(DType.I8, [0, 2**62, 2**62], 0, b""),
            "a dense attribute of rank 3 is too much for numpy",
            0,
        ),
        (
            AttributeType.DENSE,
            dense(DType.I32, [2], 2, b"1234567"),
            "a dense attribute's elements of 8 bytes does not fit into the 7 bytes that are left",
            28,
        ),
        (
            AttributeType.DENSE,
            dense(DType.I8, [2], 2, b"12", 99),
            "a dense attribute of 99 bytes does not fit into the 30 bytes that are left",
            0,
        ),
        (
            AttributeType.AGGREGATE,
            header(),
            "an aggregate's length of 4 bytes does not fit into the 0 bytes that are left",
            8,
        ),
        (
            AttributeType.AGGREGATE,
            header() + words(9),
            "an aggregate of 36 bytes does not fit into the 0 bytes that are left",
            12,
        ),
        (
            AttributeType.AGGREGATE,
            header(size=99) + words(1, 16) + b"\x06\x05",
            "an aggregate's element at 16 is out of place",
            0,
        ),
        (
            AttributeType.AGGREGATE,
            header(size=99) + words(1, 99) + b"\x06\x05",
            "an aggregate's element at 99 is out of place",
            0,
        ),
        (
            AttributeType.AGGREGATE,
            header(size=16) + words(1, 17) + b"\x06\x05",
            "an aggregate's element at 17 is out of place",
            0,
        ),
        (
            AttributeType.AGGREGATE,
            header(size=99) + words(2, 22, 21) + b"\x06\x05\x06",
            "an aggregate's element at 22 is out of place",
            0,
        ),
        (
            AttributeType.AGGREGATE,
            aggregate((DType.I32, b"123")),
            "i32 of 4 bytes does not fit into the 3 bytes that are left",
            17,
        ),
        (
            AttributeType.AGGREGATE,
            aggregate((DType.I32, b"123"), (DType.I8, b"4")),
            "i32 of 4 bytes does not fit into the 3 bytes that are left",
            21,
        ),
        (AttributeType.SYMBOL_REF, b"", "a compilation unit's number is cut off", 0),
        (AttributeType.SYMBOL_REF, vbr(0), "a symbol's length is cut off", 1),
        (AttributeType.SYMBOL_REF, vbr(0, 1), "the number of nested symbols is cut off", 2),
        (AttributeType.SYMBOL_REF, vbr(0, 1, 5, 0), "5 nested symbols do not fit into the 1 bytes that are left", 2),
        (AttributeType.SYMBOL_REF, vbr(0, 1, 1), "1 nested symbols do not fit into the 0 bytes that are left", 2),
        (AttributeType.SYMBOL_REF, vbr(0, 1, 0), "a compilation unit's length is cut off", 3),
        (
            AttributeType.SYMBOL_REF,
            vbr(0, 1, 0, 5),
            "a symbol of 1 bytes does not fit into the 0 bytes that are left",
            4,
        ),
        (
            AttributeType.SYMBOL_REF,
            vbr(0, 1, 0, 5) + b"abcd",
            "a compilation unit of 5 bytes does not fit into the 3 bytes that are left",
            5,
        ),
    ],
)
def test_refusals(attribute, data, message, offset, refused):
    assert refused(read, data, attribute) == f"{message} in section Attributes at offset {START + offset}"


def test_offsets_out_of_range(refused):
    assert refused(decode, cursor(b"1234"), 5, ANY, DType.I8) == (
        "attribute offset 5 is out of range in section Attributes at offset 16"
    )


def test_aggregates_may_nest(refused):
    data = aggregate()
    for _ in range(MAX_NESTING):
        data = aggregate((AttributeType.AGGREGATE, data))
    value = read(data, AttributeType.AGGREGATE)
    for _ in range(MAX_NESTING):
        (value,) = value
    assert value == ()
    at = START + 17 * (MAX_NESTING + 1)
    assert refused(read, aggregate((AttributeType.AGGREGATE, data)), AttributeType.AGGREGATE) == (
        f"aggregate attributes are nested too deeply in section Attributes at offset {at}"
    )


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=50))
def test_arrays_of_integers(values):
    assert read(words(len(values)) + struct.pack(f"<{len(values)}i", *values), DType.I32 | ARRAY_BIT) == tuple(values)


@given(st.lists(st.floats(width=32), max_size=50))
def test_floats_bit_for_bit(values):
    data = struct.pack(f"<{len(values)}f", *values)
    found = read(words(len(values)) + data, DType.F32 | ARRAY_BIT)
    assert np.array(found, "float32").tobytes() == np.array(values, "float32").tobytes()
