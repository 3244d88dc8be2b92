"""Values on the command line."""

from __future__ import annotations

import io
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tfrt.executor.support.errors import UsageError
from tfrt.executor.tools.cli_values import difference, is_implicit, parse_value, show, to_numpy
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import DenseHostTensor, StringHostTensor, dense_from_numpy

TENSOR = "!tfrt_tensor.tensor"


@pytest.mark.parametrize(
    ("text", "type_name", "value"),
    [
        ("3", "i32", 3),
        ("-3", "i64", -3),
        ("0xff", "i32", 255),
        ("+7", "ui8", 7),
        ("true", "i1", True),
        ("0", "i1", False),
        ("1.5", "f64", 1.5),
        ("3", "f32", 3.0),
        ("0.1", "f32", float(np.float32(0.1))),
        ("0.1", "bf16", 0.10009765625),
        ("1e-3", "f16", float(np.float16(1e-3))),
        ("inf", "f32", math.inf),
        ("-inf", "bf16", -math.inf),
        ("1+2j", "complex<f32>", 1 + 2j),
        ("f32=1.5", "f32", 1.5),
        ("i1=true", "i1", True),
        ("=odd [text]", "!tfrt.string", "=odd [text]"),
        ("@not a file", "!tfrt.string", "@not a file"),
    ],
)
def test_scalars(text, type_name, value):
    parsed = parse_value(text, type_name)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("text", "array"),
    [
        ("2x3xf32=1 2 3 4 5 6", np.float32([[1, 2, 3], [4, 5, 6]])),
        ("2x2xi32=[[1 2][3 4]]", np.int32([[1, 2], [3, 4]])),
        ("2x2xi32=[1, 2], [3, 4]", np.int32([[1, 2], [3, 4]])),
        ("2x2xi32=1,2,3,4", np.int32([[1, 2], [3, 4]])),
        ("3xi8=[1 2 3]", np.int8([1, 2, 3])),
        ("1x2x2xui16=[[[1 2][3 4]]]", np.uint16([[[1, 2], [3, 4]]])),
        ("4xf32=0.5", np.full(4, 0.5, np.float32)),
        ("2x2xi64", np.zeros((2, 2), np.int64)),
        ("f64=2.5", np.float64(2.5)),
        ("0x3xf32=", np.zeros((0, 3), np.float32)),
        ("2xi1=true false", np.array([True, False])),
        ("2xcomplex<f64>=1j 2", np.array([1j, 2])),
    ],
)
def test_tensors(text, array):
    tensor = parse_value(text, TENSOR)
    assert tensor.array.dtype == array.dtype
    np.testing.assert_array_equal(tensor.array, array)


FORMS = "VALUE, TYPE=VALUE, DIMxDIMxTYPE=ELEMENTS or @FILE.npy"
TYPES = "ui8, ui16, ui32, ui64, i1, i8, i16, i32, i64, f32, f64, complex<f32>, complex<f64>, f16, bf16, " + (
    "i2, i4, ui2, ui4, f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E3M4, f8E4M3, f8E4M3B11FNUZ, f8E4M3FN, f8E4M3FNUZ, f8E5M2, "
    "f8E5M2FNUZ, f8E8M0FNU"
)


@pytest.mark.parametrize(
    ("text", "type_name", "message"),
    [
        ("x", "i32", f"'x' is not a value of type i32; expected {FORMS}"),
        ("", "i32", f"'' is not a value of type i32; expected {FORMS}"),
        ("1_0", "i32", f"'1_0' is not a value of type i32; expected {FORMS}"),
        ("2", "i1", f"'2' is not a value of type i1; expected {FORMS}"),
        ("1.5", "i32", f"'1.5' is not a value of type i32; expected {FORMS}"),
        ("-1", "ui8", "'-1', character 1: -1 does not fit ui8"),
        ("1e50", "f32", "'1e50', character 1: 1e50 does not fit f32"),
        ("1e400", "f64", "'1e400', character 1: 1e400 does not fit f64"),
        ("-1e400", "f32", "'-1e400', character 1: -1e400 does not fit f32"),
        ("1e6", "f16", "'1e6', character 1: 1e6 does not fit f16"),
        ("3.4e38", "bf16", "'3.4e38', character 1: 3.4e38 does not fit bf16"),
        ("1e400j", "complex<f64>", "'1e400j', character 1: 1e400j does not fit complex<f64>"),
        ("inf+1e39j", "complex<f32>", "'inf+1e39j', character 1: inf+1e39j does not fit complex<f32>"),
        ("1xf64=1e400", TENSOR, "'1xf64=1e400', character 7: 1e400 does not fit f64"),
        ("1\n2", "i32", f"'1\\n2' is not a value of type i32; expected {FORMS}"),
        ("f32=1.5", "i32", "'f32=1.5' is of type f32, but i32 is wanted"),
        ("2xi32=1 2", "i32", "'2xi32=1 2' is of type 2xi32, but i32 is wanted"),
        ("3", "!ts.shape", "a value of type !ts.shape cannot be written on the command line"),
        ("3", TENSOR, f"'3' is no tensor; expected {FORMS}, as in '2x3xf32=1 2 3 4 5 6'"),
        ("2xfoo=1 2", TENSOR, f"'2xfoo=1 2': unknown element type 'foo'; expected one of {TYPES}"),
        ("4xf32=1 2", TENSOR, "'4xf32=1 2': expected 4 elements, or one for all of them, got 2"),
        ("4xf32=", TENSOR, "'4xf32=': expected 4 elements, or one for all of them, got 0"),
        ("2xi32=1 x", TENSOR, "'2xi32=1 x', character 9: 'x' is not a value of type i32"),
        ("2xi8=1 300", TENSOR, "'2xi8=1 300', character 8: 300 does not fit i8"),
        ("2xi32=[1 2", TENSOR, "'2xi32=[1 2', character 11: expected ']'"),
        ("2xi32=1 2]", TENSOR, "'2xi32=1 2]', character 10: ']' without '['"),
        (
            "2x2xi32=[1 2][3]",
            TENSOR,
            "'2x2xi32=[1 2][3]', character 16: expected 2 elements within these brackets, got 1",
        ),
        (
            "2x2xi32=[1 2] 3",
            TENSOR,
            "'2x2xi32=[1 2] 3', character 15: an element outside the innermost brackets",
        ),
        ("2x1xi32=[1]", TENSOR, "'2x1xi32=[1]': expected 2 groups of brackets, got 1"),
        ("2xi32=[[1 2]]", TENSOR, "'2xi32=[[1 2]]': brackets nest 2 deep, but the shape has 1 dimensions"),
        (
            "99999999999999999xf32=0",
            TENSOR,
            "'99999999999999999xf32=0': a tensor of this shape does not fit into memory",
        ),
    ],
)
def test_mistakes(text, type_name, message):
    with pytest.raises(UsageError) as caught:
        parse_value(text, type_name)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "type_name"),
    [
        ("9" * 5000, "f64"),
        ("9" * 5000, "i64"),
        ("0x" + "9" * 9000, "i64"),
        ("x".join(["9" * 18] * 300) + "xf32=1 2", TENSOR),
        ("1x" * 100 + "f32=1", TENSOR),
        ("2xi32=" + "[" * 9000, TENSOR),
    ],
)
def test_mistakes_that_are_long(text, type_name):
    with pytest.raises(UsageError) as caught:
        parse_value(text, type_name)
    assert len(str(caught.value)) < 1000


def npy_file() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.arange(6, dtype=np.float32).reshape(2, 3))
    return stream.getvalue()


def mutated(data: bytes, chosen: random.Random) -> bytes:
    """The file with some of its bytes replaced, left out, doubled or made up."""
    found = bytearray(data)
    for _ in range(chosen.randint(1, 6)):
        at = chosen.randrange(len(found) + 1)
        match chosen.randrange(5):
            case 0:
                found[at : at + 1] = bytes([chosen.randrange(256)])
            case 1:
                del found[at : at + chosen.randint(1, 8)]
            case 2:
                found[at:at] = chosen.choice(
                    [b"(", b"-", b"9" * 20, b"'", b"L", b"\\x", b"None", b"**", b"{", b",", b"1e3"]
                )
            case 3:
                found[at:at] = found[at : at + 16]
            case 4:
                del found[at:]
    return bytes(found)


def test_files_of_any_content(tmp_path):
    """Everything is read, or refused in one line."""
    path, data = tmp_path / "x.npy", npy_file()
    for seed in range(400):
        path.write_bytes(mutated(data, random.Random(seed)))
        try:
            parse_value(f"@{path}", TENSOR)
        except UsageError as error:
            assert "\n" not in str(error)


def test_files(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6, dtype=">f4").reshape(2, 3))
    tensor = parse_value(f"@{tmp_path / 'x.npy'}", TENSOR)
    assert tensor.dtype is DType.F32
    np.testing.assert_array_equal(tensor.array, np.arange(6).reshape(2, 3))
    np.save(tmp_path / "n.npy", np.int32(7))
    assert parse_value(f"@{tmp_path / 'n.npy'}", "i32") == 7


def test_files_that_do_not_fit(tmp_path):
    def message(name: str) -> str:
        with pytest.raises(UsageError) as caught:
            parse_value(f"@{tmp_path / name}", TENSOR)
        return str(caught.value).replace(str(tmp_path), "DIR")

    (tmp_path / "text.npy").write_text("no array")
    np.savez(tmp_path / "x.npz", np.zeros(2))
    np.save(tmp_path / "names.npy", np.array(["a"]))
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    assert message("none.npy") == "cannot read 'DIR/none.npy': No such file or directory"
    assert message("text.npy").startswith("'DIR/text.npy' is not an .npy file of numbers: ")
    assert message("objects.npy").startswith("'DIR/objects.npy' is not an .npy file of numbers: ")
    assert message("x.npz") == "'DIR/x.npz' is an archive; an .npy file holds one array"
    assert message("names.npy") == (
        "'DIR/names.npy' is not an .npy file of numbers: numpy dtype <U1 has no element type"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2x2xi32=1 2 3 4", "2x2xi32=[1 2][3 4]"),
        ("1x2x2xi32=1 2 3 4", "1x2x2xi32=[[1 2][3 4]]"),
        ("3xf32=0.1", "3xf32=0.1 0.1 0.1"),
        ("f32=1", "f32=1.0"),
        ("3x0xi8", "3x0xi8="),
        ("1xbf16=0.1", "1xbf16=0.100097656"),
        ("2xi1=true false", "2xi1=1 0"),
    ],
)
def test_shown_tensors(text, shown):
    assert show(parse_value(text, TENSOR), TENSOR) == shown


def test_long_tensors_are_cut_short():
    assert show(dense_from_numpy(np.arange(9, dtype=np.int8)), TENSOR, limit=3) == "9xi8=0 1 2 ..."


def test_what_else_can_be_shown():
    strings = StringHostTensor((2,), ("a", "b"))
    assert show(strings, TENSOR) == 'StringHostTensor shape = [2], values = ["a", "b"]'
    assert show("text", "!tfrt.string") == "text"
    assert show(float(np.float32(0.1)), "f32") == "0.1"
    assert show(object(), "!ts.shape") is None


_DTYPES = [d for d in DType if d.value <= DType.F16]


@given(st.data())
def test_what_is_shown_reads_back(data):
    dtype = data.draw(st.sampled_from(_DTYPES))
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    array = data.draw(arrays.arrays(dtype.numpy, shape))
    text = show(DenseHostTensor(array, dtype), TENSOR)
    assert text is not None
    again = parse_value(text, TENSOR)
    assert again.dtype is dtype
    np.testing.assert_array_equal(again.array, array)


@given(st.integers(0, 0xFFFF))
def test_every_bf16_reads_back(bits):
    tensor = DenseHostTensor(np.array([bits], np.uint16).view(DType.BF16.numpy), DType.BF16)
    text = show(tensor, TENSOR)
    assert text is not None
    again = parse_value(text, TENSOR).array.view(np.uint16)
    is_nan = (bits & 0x7F80) == 0x7F80 and bits & 0x7F
    assert (again & 0x7F80 == 0x7F80) if is_nan else again[0] == bits


@given(st.floats(allow_nan=False))
def test_bf16_is_the_nearest(value):
    try:
        rounded = parse_value(repr(value), "bf16")
    except UsageError:
        assert abs(value) > 3.38e38
        return
    with np.errstate(over="ignore"):
        bits = int(np.float32(rounded).view(np.uint32))
    assert bits & 0xFFFF == 0
    around = [np.uint32((bits + step) & 0xFFFFFFFF).view(np.float32) for step in (0x10000, -0x10000)]
    for other in around:
        # Rounding goes through f32, whose own error can decide a tie.
        assert not abs(float(other) - value) < abs(rounded - value) * (1 - 1e-4)


@pytest.mark.parametrize(
    ("expected", "actual", "result"),
    [
        (3, 3, None),
        (3, 4, ""),
        (True, True, None),
        (1.0, 1.00005, None),
        (1.0, 1.01, ""),
        (1e10, 1e10 + 1, None),
        (math.nan, math.nan, None),
        (math.inf, math.inf, None),
        (math.inf, 1.0, ""),
        ("a", "a", None),
        ("a", "b", ""),
    ],
)
def test_differences_of_scalars(expected, actual, result):
    assert difference(expected, actual, 1e-4) == result


@pytest.mark.parametrize(
    ("expected", "actual", "result"),
    [
        ("2xi32=1 2", "2xi32=1 2", None),
        ("2xf32=1 nan", "2xf32=1.00001 nan", None),
        ("2xi32=1 2", "2xi64=1 2", "the types differ"),
        ("2xi32=1 2", "2x1xi32=1 2", "the types differ"),
        ("2x2xi32=1 2 3 4", "2x2xi32=1 2 0 0", "2 of 4 elements differ, the first one at [1, 0]"),
        ("1xbf16=1", "1xbf16=2", "1 of 1 elements differ, the first one at [0]"),
    ],
)
def test_differences_of_tensors(expected, actual, result):
    assert difference(parse_value(expected, TENSOR), parse_value(actual, TENSOR), 1e-4) == result


def test_a_result_that_is_no_tensor():
    assert difference(parse_value("1xi32=1", TENSOR), StringHostTensor((), ("a",)), 0) == "the types differ"


def test_what_can_be_saved():
    assert to_numpy(3) == 3
    assert to_numpy(parse_value("2xi32=1 2", TENSOR)).tolist() == [1, 2]
    assert to_numpy(StringHostTensor((2, 1), ("a", "b"))).tolist() == [["a"], ["b"]]
    assert to_numpy(object()) is None


def test_chains_are_implicit():
    assert is_implicit("!tfrt.chain")
    assert not is_implicit("i32")


@given(
    st.text("0123456789xif=[] ,.-+eEnj<>_", max_size=24),
    st.sampled_from(["i1", "i8", "ui64", "f16", "bf16", "f32", "complex<f32>", TENSOR, "!ts.shape", "!tfrt.string"]),
)
def test_any_text_is_a_value_or_a_mistake(text, type_name):
    try:
        value = parse_value(text, type_name)
    except UsageError:
        return
    if type_name != "!tfrt.string":
        assert show(value, type_name) is not None
