"""Kernels of `tfrt_test` that prepare images and examples."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.direct_calls import call, fails
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.tensor import dense_from_numpy
from tfrt.kernels.tfrt_test.examples import Example, Feature, Kind, decode_example


def resize(host, pixels, height, width):
    result = call("tfrt_test.resize_bilinear", dense_from_numpy(pixels), height, width, host)
    host.wait([result])
    return result.value.array


def pixel_by_pixel(pixels, height, width):
    """The definition of bilinear interpolation, in f32."""
    f32 = np.float32
    result = np.empty((height, width, pixels.shape[2]), f32)
    for y in range(height):
        for x in range(width):
            row = f32(y) * (f32(pixels.shape[0]) / f32(height))
            column = f32(x) * (f32(pixels.shape[1]) / f32(width))
            rows = [min(int(edge), pixels.shape[0] - 1) for edge in (math.floor(row), math.ceil(row))]
            columns = [min(int(edge), pixels.shape[1] - 1) for edge in (math.floor(column), math.ceil(column))]
            (a, b), (c, d) = pixels[np.ix_(rows, columns)].astype(f32)
            across, down = column - np.floor(column), row - np.floor(row)
            top, bottom = a + (b - a) * across, c + (d - c) * across
            result[y, x] = top + (bottom - top) * down
    return result


@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3)),
    st.integers(0, 7),
    st.integers(0, 7),
    st.integers(0, 2**32 - 1),
)
def test_resizing_interpolates(shape, height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    with HostContext("s") as host:
        result = resize(host, pixels, height, width)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, pixel_by_pixel(pixels, height, width))


def test_resizing_by_whole_numbers(any_host):
    pixels = np.array([[[0], [10]], [[20], [30]]], np.uint8)
    np.testing.assert_array_equal(resize(any_host, pixels, 2, 2), pixels)
    assert resize(any_host, pixels, 1, 1).tolist() == [[[0]]]
    assert resize(any_host, pixels, 2, 4)[..., 0].tolist() == [[0, 5, 10, 10], [20, 25, 30, 30]]


def test_images_that_cannot_be_resized(host):
    def image(*shape):
        return dense_from_numpy(np.zeros(shape, np.uint8))

    fails("input tensor shape must be 3", "tfrt_test.resize_bilinear", image(2, 2), 1, 1, host)
    fails(
        "expected a tensor of dtype u8, got f64",
        "tfrt_test.resize_bilinear",
        dense_from_numpy(np.zeros((1, 1, 3))),
        1,
        1,
        host,
    )
    fails(
        "cannot resize an image without pixels, of shape [0, 2, 3]",
        "tfrt_test.resize_bilinear",
        image(0, 2, 3),
        1,
        1,
        host,
    )
    fails("Cannot allocate tensor of shape [-1, 1, 3]", "tfrt_test.resize_bilinear", image(1, 1, 3), -1, 1, host)


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number, content):
    """A field whose value is a string of bytes, a message or packed numbers."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def encode_feature(feature):
    match feature.kind:
        case Kind.BYTES:
            content = b"".join(field(1, value) for value in feature.values)
        case Kind.FLOAT:
            content = field(1, struct.pack(f"<{len(feature.values)}f", *feature.values))
        case Kind.INT64:
            content = field(1, b"".join(map(varint, feature.values)))
        case _:
            return b""
    return field(feature.kind, content)


def encode(features):
    entries = (field(1, key.encode()) + field(2, encode_feature(feature)) for key, feature in features.items())
    return field(1, b"".join(field(1, entry) for entry in entries))


FEATURES = st.one_of(
    st.builds(Feature, st.just(Kind.BYTES), st.lists(st.binary(max_size=5), max_size=3).map(tuple)),
    st.builds(Feature, st.just(Kind.FLOAT), st.lists(st.floats(width=32, allow_nan=False), max_size=3).map(tuple)),
    st.builds(Feature, st.just(Kind.INT64), st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3).map(tuple)),
    st.just(Feature(None)),
)


@given(st.dictionaries(st.text(max_size=4), FEATURES, max_size=4))
def test_examples_there_and_back(features):
    assert decode_example(encode(features)) == Example(features)


@given(st.binary(max_size=40))
def test_arbitrary_bytes_are_an_example_or_refused(data):
    try:
        call("tfrt_test.parse_example_from_bytes", data.decode("utf-8", "surrogateescape"))
    except KernelError as error:
        assert str(error) == "failed to parse example.proto from string"


def text(data):
    return data.decode("utf-8", "surrogateescape")


def test_fields_of_an_example():
    data = encode({"image": Feature(Kind.BYTES, (b"\xff\xd8",)), "label": Feature(Kind.INT64, (-3,))})
    example = call("tfrt_test.parse_example_from_bytes", text(data))
    assert call("tfrt_test.get_bytes_field_from_example", example, "image") == text(b"\xff\xd8")
    assert call("tfrt_test.get_int64_field_from_example", example, "label") == -3


def test_fields_that_are_not_there():
    example = Example({"two": Feature(Kind.INT64, (1, 2)), "text": Feature(Kind.BYTES, (b"a",)), "none": Feature(None)})
    for kind in ("bytes", "int64"):
        name = f"tfrt_test.get_{kind}_field_from_example"
        fails("key other is not found in the proto", name, example, "other")
        fails(f"feature none has 0 values of kind {kind}, expected one", name, example, "none")
    name = "tfrt_test.get_int64_field_from_example"
    fails("feature two has 2 values of kind int64, expected one", name, example, "two")
    fails("feature text has 0 values of kind int64, expected one", name, example, "text")


def test_numbers_one_by_one():
    integers = field(Kind.INT64, b"\x08\x05\x08" + varint(-1))
    floats = field(Kind.FLOAT, b"\x0d" + struct.pack("<f", 0.5))
    data = field(1, field(1, field(1, b"i") + field(2, integers)) + field(1, field(1, b"f") + field(2, floats)))
    assert decode_example(data).features == {"i": Feature(Kind.INT64, (5, -1)), "f": Feature(Kind.FLOAT, (0.5,))}


def test_unknown_fields_are_skipped():
    noise = field(9, b"x") + b"\x50\x01" + b"\x59" + bytes(8) + b"\x5d" + bytes(4)
    # Field 1 of a list of integers as eight bytes is not its field 1.
    feature = field(Kind.INT64, noise + b"\x08\x05" + b"\x09" + bytes(8)) + noise
    data = noise + field(1, noise + field(1, noise + field(1, b"k") + field(2, feature)))
    assert decode_example(data).features == {"k": Feature(Kind.INT64, (5,))}
    floats = field(Kind.FLOAT, b"\x09" + bytes(8) + b"\x0d" + bytes(4))
    assert decode_example(field(1, field(1, field(2, floats)))).features == {"": Feature(Kind.FLOAT, (0,))}


def test_messages_that_occur_twice():
    one, two = (encode_feature(Feature(Kind.INT64, (value,))) for value in (1, 2))
    bytes_ = encode_feature(Feature(Kind.BYTES, (b"a",)))

    def features(*encoded):
        return field(1, b"".join(field(1, field(1, key) + field(2, feature)) for key, feature in encoded))

    data = features((b"k", one)) + features((b"l", two))
    assert set(decode_example(data).features) == {"k", "l"}
    assert decode_example(features((b"k", one), (b"k", two))).features == {"k": Feature(Kind.INT64, (2,))}
    assert decode_example(features((b"k", one + two))).features == {"k": Feature(Kind.INT64, (1, 2))}
    assert decode_example(features((b"k", one + bytes_))).features == {"k": Feature(Kind.BYTES, (b"a",))}


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\x05",
        b"\x0a",
        b"\x02\x00",
        b"\x0b\x0c",
        b"\x08" + b"\xff" * 10 + b"\x01",
        b"\x0d\x00",
        field(1, field(1, field(1, b"\xff"))),
        field(1, field(1, field(2, field(Kind.FLOAT, field(1, b"abc"))))),
    ],
    ids=["short string", "no size", "field zero", "group", "long integer", "short word", "key", "floats"],
)
def test_what_is_no_example(data):
    fails("failed to parse example.proto from string", "tfrt_test.parse_example_from_bytes", text(data))
