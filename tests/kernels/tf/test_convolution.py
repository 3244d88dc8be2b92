"""Convolution and pooling: values against loops over every element, geometry against TensorFlow's, messages."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrt.kernels.numerics.convolution import blocks

REAL = [np.uint8, np.uint16, np.uint32, np.uint64, np.int8, np.int16, np.int32, np.int64]
REAL += [np.float16, np.float32, np.float64]


def naive_windows(size, taps, stride, dilation, padding, border):
    """For each window along a dimension, the positions of its elements: None where it is padding."""
    extent = (taps - 1) * dilation + 1
    before = border[0]
    if padding == "SAME":
        count = math.ceil(size / stride)
        before = max((count - 1) * stride + extent - size, 0) // 2
    else:
        count = max(0, (size + sum(border) - extent) // stride + 1)
    positions = [[i * stride + k * dilation - before for k in range(taps)] for i in range(count)]
    return [[p if 0 <= p < size else None for p in window] for window in positions]


def naive(images, rows, columns, channels, pixel):
    """Images whose pixels are `pixel` of the elements in a window: (row in it, column in it, the input's channels)."""
    result = np.zeros((len(images), len(rows), len(columns), channels), images.dtype)
    for n, i, j in np.ndindex(*result.shape[:3]):
        inside = [
            (k, m, images[n, row, column])
            for k, row in enumerate(rows[i])
            for m, column in enumerate(columns[j])
            if row is not None and column is not None
        ]
        result[n, i, j] = pixel(inside)
    return result


@st.composite
def cases(draw):
    """The shape of images, the size of windows, and attributes under which there are windows."""
    small = st.integers(1, 3)
    batch, channels, height, width = draw(small), draw(small), draw(st.integers(1, 7)), draw(st.integers(1, 7))
    taps, strides, dilations = ((draw(small), draw(small)) for _ in range(3))
    padding = draw(st.sampled_from(["SAME", "VALID", "EXPLICIT"]))
    borders = [(0, 0), (0, 0)]
    extents = [(t - 1) * d + 1 for t, d in zip(taps, dilations, strict=True)]
    if padding == "EXPLICIT":
        borders = [(draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(2)]
    if padding != "SAME":
        height, width = (max(s, e - sum(b)) for s, e, b in zip((height, width), extents, borders, strict=True))
    layout = draw(st.sampled_from(["NHWC", "NCHW"]))

    def spelled(pair):
        """A pair of sizes in one of the ways in which attributes may give it."""
        whole = (1, *pair, 1) if layout == "NHWC" else (1, 1, *pair)
        ways = [pair, whole] + ([pair[:1]] if pair[0] == pair[1] else []) + ([()] if pair == (1, 1) else [])
        return draw(st.sampled_from(ways))

    attrs = {
        "padding": padding,
        "strides": spelled(strides),
        "dilations": spelled(dilations),
        "data_format": layout,
    }
    if padding == "EXPLICIT":
        attrs["explicit_paddings"] = (*borders[0], *borders[1])
    rows, columns = (
        naive_windows(size, *parameters, padding, border)
        for size, *parameters, border in zip((height, width), taps, strides, dilations, borders, strict=True)
    )
    return (batch, height, width, channels), taps, attrs, spelled(taps), rows, columns


def stored(images, attrs):
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)) if attrs["data_format"] == "NCHW" else images


@settings(deadline=None, max_examples=50)
@given(cases(), st.integers(1, 3), st.integers(0, 2**32 - 1), st.sampled_from([np.float32, np.int32]))
def test_convolution(array, case, depth, seed, dtype):
    shape, taps, attrs, _, rows, columns = case
    rng = np.random.default_rng(seed)
    images = rng.integers(-5, 6, shape).astype(dtype)
    filters = rng.integers(-5, 6, (*taps, shape[3], depth)).astype(dtype)
    expected = naive(
        images, rows, columns, depth, lambda inside: sum((x @ filters[k, m] for k, m, x in inside), np.zeros(depth))
    )
    np.testing.assert_array_equal(array("tf.Conv2D", stored(images, attrs), filters, **attrs), stored(expected, attrs))


@settings(deadline=None, max_examples=50)
@given(cases(), st.integers(0, 2**32 - 1), st.sampled_from(REAL))
def test_max_pooling(array, case, seed, dtype):
    shape, _, attrs, ksize, rows, columns = case
    images = np.random.default_rng(seed).integers(-100, 100, shape).astype(dtype)
    least = -np.inf if np.dtype(dtype).kind == "f" else np.iinfo(dtype).min
    expected = naive(
        images, rows, columns, shape[3], lambda inside: np.max([x for _, _, x in inside], axis=0, initial=least)
    )
    result = array("tf.MaxPool", stored(images, attrs), ksize=ksize, **attrs)
    np.testing.assert_array_equal(result, stored(expected, attrs))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
def test_types_of_convolution(array, dtype):
    images, filters = np.ones((1, 3, 3, 2), dtype), np.full((3, 3, 2, 1), 2, dtype)
    result = array("tf.Conv2D", images, filters, padding="valid", strides=(1, 1))
    assert (result.tolist(), result.dtype) == ([[[[36]]]], dtype)


def test_convolution_in_blocks(array, monkeypatch):
    rng = np.random.default_rng(0)
    images, filters = rng.normal(size=(5, 6, 6, 2)), rng.normal(size=(3, 3, 2, 4))
    whole = array("tf.Conv2D", images, filters, padding="SAME")
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    np.testing.assert_allclose(array("tf.Conv2D", images, filters, padding="SAME"), whole, rtol=1e-12)


@pytest.mark.parametrize("images", [(0, 4, 4, 2), (2, 4, 4, 0), (2, 2, 2, 2)])
@pytest.mark.parametrize("depth", [0, 3])
def test_convolution_of_nothing(array, images, depth):
    result = array("tf.Conv2D", np.ones(images), np.ones((3, 3, images[3], depth)), padding="VALID", strides=(2, 2))
    side = 1 if images[1] == 4 else 0
    assert result.shape == (images[0], side, side, depth)
    assert not result.any()


def test_max_pooling_of_negative_numbers_and_nan(array):
    images = np.array([-3, -2, np.nan, -5], np.float32).reshape(1, 2, 2, 1)
    attrs = {"ksize": (1, 2), "strides": (1, 2), "padding": "SAME"}
    assert array("tf.MaxPool", images, **attrs).reshape(-1).tolist() == [-2, -5]


NEGATIVE = "Computed output size would be negative: -1 (input_size: 4, filter_size: 6, stride: 1, dilation: 1)"
GEOMETRY = [
    ("Unknown padding type FULL", {"padding": "FULL"}),
    ("Stride must be > 0, but got 0", {"strides": (0,)}),
    ("Stride must be > 0, but got -1", {"strides": (1, -1)}),
    ("Dilation must be > 0, but got 0", {"dilations": (1, 0, 1, 1)}),
    ("'strides' must have 1, 2 or 4 elements, got [1, 1, 1]", {"strides": (1, 1, 1)}),
    ("'dilations' must have 1, 2 or 4 elements, got [1, 1, 1, 1, 1]", {"dilations": (1,) * 5}),
    ("Missing 'explicit_paddings' attribute", {"padding": "EXPLICIT"}),
    ("Wrong 'explicit_paddings' attribute length", {"padding": "EXPLICIT", "explicit_paddings": (1,)}),
    ("Padding must be >= 0, but got -1 and 0", {"padding": "EXPLICIT", "explicit_paddings": (-1, 0, 0, 0)}),
    *[
        (f"Invalid data format string: {layout}; 'data_format' must be NHWC or NCHW", {"data_format": layout})
        for layout in ("NHCW", "NC", "", "NCHW_VECT_C")
    ],
    *[
        (
            "Current implementation does not yet support dilations in the batch and depth dimensions.",
            {"dilations": dilations, "data_format": layout},
        )
        for dilations, layout in (
            ((2, 1, 1, 1), "NHWC"),
            ((1, 1, 1, 2), "NHWC"),
            ((1, 2, 1, 1), "NCHW"),
            ((0, 1, 1, 1), "NCHW"),
        )
    ],
]

STRIDES = [
    ("batch", (2, 1, 1, 1), "NHWC"),
    ("depth", (1, 1, 1, 2), "NHWC"),
    ("batch", (-1, 1, 1, 1), "NCHW"),
    ("depth", (1, 2, 1, 1), "NCHW"),
]


@pytest.mark.parametrize(("dimension", "strides", "layout"), STRIDES)
def test_strides_over_batch_and_channels(fails, dimension, strides, layout):
    images = np.zeros((1, 2, 2, 2), np.float32)
    attrs = {"padding": "SAME", "strides": strides, "data_format": layout}
    message = "Current implementation does not yet support strides in the batch and depth dimensions."
    fails(message, "tf.Conv2D", images, np.zeros((3, 3, 2, 1), np.float32), **attrs)
    fails(f"Pooling is not yet supported on the {dimension} dimension.", "tf.MaxPool", images, ksize=(2, 2), **attrs)


def test_layouts_may_be_in_lower_case(array):
    images = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
    for layout in ("NHWC", "NCHW"):
        upper, lower = (
            array("tf.MaxPool", images, ksize=(2, 1), padding="SAME", data_format=name)
            for name in (layout, layout.lower())
        )
        np.testing.assert_array_equal(upper, lower)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize(("channels", "depth", "features"), [(4, 2, 6), (3, 1, 3), (6, 2, 3), (4, 1, 8), (4, 4, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_grouped_convolution(array, channels, depth, features, layout, dtype):
    rng = np.random.default_rng(0)
    images = rng.integers(-5, 6, (2, 5, 4, channels)).astype(dtype)
    filters = rng.integers(-5, 6, (3, 2, depth, features)).astype(dtype)
    attrs = {"padding": "SAME", "strides": (2, 1), "data_format": layout}
    groups, each = channels // depth, features // (channels // depth)
    # One convolution with filters of all channels, in which those of other groups are zero.
    whole = np.zeros((3, 2, channels, features), dtype)
    for group in range(groups):
        inputs, outputs = slice(group * depth, (group + 1) * depth), slice(group * each, (group + 1) * each)
        whole[:, :, inputs, outputs] = filters[..., outputs]
    expected = array("tf.Conv2D", stored(images, attrs), whole, **attrs)
    np.testing.assert_array_equal(array("tf.Conv2D", stored(images, attrs), filters, **attrs), expected)


def test_fused_grouped_convolution(array):
    rng = np.random.default_rng(0)
    images, filters, bias = (rng.normal(size=s).astype(np.float32) for s in ((2, 5, 4, 4), (3, 3, 2, 6), (6,)))
    attrs = {"padding": "SAME"}
    plain = array("tf.BiasAdd", array("tf.Conv2D", images, filters, **attrs), bias)
    found = array("tf._FusedConv2D", images, filters, bias, fused_ops=("BiasAdd", "Relu"), **attrs)
    np.testing.assert_array_equal(found, np.maximum(plain, 0))


@pytest.mark.parametrize(("message", "attrs"), GEOMETRY)
def test_bad_geometry(fails, message, attrs):
    images = np.zeros((1, 2, 2, 2), np.float32)
    attrs = {"padding": "SAME"} | attrs
    fails(message, "tf.Conv2D", images, np.zeros((3, 3, 2, 1), np.float32), **attrs)
    fails(message, "tf.MaxPool", images, ksize=(3, 3), **attrs)


def test_windows_that_do_not_fit(fails):
    images = np.zeros((1, 4, 4, 2), np.float32)
    fails(NEGATIVE, "tf.Conv2D", images, np.zeros((6, 3, 2, 1), np.float32), padding="VALID")
    fails(NEGATIVE, "tf.MaxPool", images, ksize=(3, 6), padding="VALID")
    fails("Filter size must be > 0, but got 0", "tf.MaxPool", images, ksize=(0,), padding="VALID")


@pytest.mark.parametrize(
    ("message", "images", "filters"),
    [
        ("Input and filter must have same rank.", np.zeros((1, 4, 4, 2)), np.zeros((3, 2, 1))),
        ("tf.Conv2D input must have rank 4. Actual shape: [4, 4, 2]", np.zeros((4, 4, 2)), np.zeros((3, 2, 1))),
        ("incompatible dtypes for tf.Conv2D", np.zeros((1, 4, 4, 2)), np.zeros((3, 3, 2, 1), np.float32)),
        (
            "Dimensions does not match: input channels is 2 and kernel depth is 3",
            np.zeros((1, 4, 4, 2)),
            np.zeros((3, 3, 3, 1)),
        ),
        (
            "Depth of output (3) is not a multiple of the number of groups (2)",
            np.zeros((1, 4, 4, 4)),
            np.zeros((3, 3, 2, 3)),
        ),
        (
            "Dimensions does not match: input channels is 5 and kernel depth is 2",
            np.zeros((1, 4, 4, 5)),
            np.zeros((3, 3, 2, 1)),
        ),
        ("Unsupported input dtype: i64", np.zeros((1, 4, 4, 2), np.int64), np.zeros((3, 3, 2, 1), np.int64)),
    ],
)
def test_bad_convolutions(fails, message, images, filters):
    fails(message, "tf.Conv2D", images, filters, padding="SAME")


def test_bad_pools(fails):
    images = np.zeros((1, 4, 4, 2), np.float32)
    fails("Expected ksize 'NC' elements to be 1", "tf.MaxPool", images, ksize=(1, 2, 2, 2), padding="SAME")
    fails(
        "Expected ksize 'NC' elements to be 1",
        "tf.MaxPool",
        images,
        ksize=(1, 2, 2, 1),
        padding="SAME",
        data_format="NCHW",
    )
    fails("'ksize' must have 1, 2 or 4 elements, got [1, 2, 2]", "tf.MaxPool", images, ksize=(1, 2, 2), padding="SAME")
    fails("tf.MaxPool input must have rank 4. Actual shape: [4]", "tf.MaxPool", images[0, 0, :, 0], padding="SAME")
    fails("Unsupported input dtype: i1", "tf.MaxPool", images.astype(bool), padding="SAME")
    fails("missing attribute 'padding' of op 'tf.MaxPool'", "tf.MaxPool", images)


@pytest.mark.parametrize("activation", [(), ("Relu",), ("Relu6",), ("Elu",)])
def test_fused_convolution(array, monkeypatch, activation):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    random = np.random.default_rng(2)
    images, filters, bias = (random.normal(size=s).astype(np.float32) for s in ((3, 4, 5, 2), (3, 3, 2, 4), (4,)))
    attrs = {"padding": "SAME", "strides": (1, 2, 1, 1)}
    plain = array("tf.BiasAdd", array("tf.Conv2D", images, filters, **attrs), bias)
    expected = {
        (): lambda x: x,
        ("Relu",): lambda x: np.maximum(x, 0),
        ("Relu6",): lambda x: np.clip(x, 0, 6),
        ("Elu",): lambda x: np.where(x < 0, np.expm1(x), x),
    }[activation](plain)
    found = array("tf._FusedConv2D", images, filters, bias, fused_ops=("BiasAdd", *activation), **attrs)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    if activation in ((), ("Relu",)):
        assert found.tobytes() == expected.tobytes()


def test_fused_convolution_of_integers(array):
    images, filters = np.full((1, 1, 1, 2), 3, np.int32), np.array([[[[1, -2], [1, 1]]]], np.int32)
    bias = np.array([-4, 1], np.int32)
    found = array("tf._FusedConv2D", images, filters, bias, padding="VALID", fused_ops=("BiasAdd", "Relu"))
    assert found.tolist() == [[[[2, 0]]]]


@pytest.mark.parametrize(
    ("message", "dtype", "bias", "attrs"),
    [
        ("FusedConv2D must specify fused operations", np.float32, [0, 0], {"fused_ops": ()}),
        ("Unsupported fusion type", np.float32, [0, 0], {"fused_ops": ("Relu",)}),
        ("FusedConv2D supports only NHWC", np.float32, [0, 0], {"data_format": "NCHW"}),
        ("Unsupported input dtype: i64", np.int64, [0, 0], {}),
        (
            "The number of bias elements 3 doesn't match output inner dimension 2",
            *(np.float32, [0, 0, 0], {}),
        ),
    ],
)
def test_bad_fused_convolutions(fails, message, dtype, bias, attrs):
    images, filters, bias = np.zeros((1, 2, 2, 1), dtype), np.zeros((1, 1, 1, 2), dtype), np.array(bias, dtype)
    fails(message, "tf._FusedConv2D", images, filters, bias, **{"padding": "SAME", "fused_ops": ("BiasAdd",)} | attrs)
