"""Kernels of `eigen` on images: values against loops over every element, gradients against slopes, messages."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels import direct_calls
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.tensor import dense_from_numpy

FLT_MIN = float(np.finfo(np.float32).tiny)
PARAMETERS = ["scale", "offset", "estimated mean", "estimated var"]


def call(name, *operands, **attrs):
    """Run a kernel on arrays, which it may write into."""
    return direct_calls.call(name, *on_tensors(operands), **attrs)


def fails(message, name, *operands, **attrs):
    direct_calls.fails(message, name, *on_tensors(operands), **attrs)


def on_tensors(operands):
    return [dense_from_numpy(x) if isinstance(x, np.ndarray) else x for x in operands]


def garbage(*shape):
    """Memory that a kernel must overwrite without reading it."""
    return np.full(shape, np.nan, np.float32)


def zeros(*shape):
    return np.zeros(shape, np.float32)


def geometry(size, taps, stride, padding):
    """How many windows there are along a dimension, and how much padding is before it."""
    if padding.lower() == "valid":
        return (size - taps) // stride + 1, 0
    count = math.ceil(size / stride)
    return count, max((count - 1) * stride + taps - size, 0) // 2


def convolution(images, filters, strides, padding):
    """The convolution in double precision, one product at a time."""
    batch, height, width, _ = images.shape
    (rows, top), (columns, left) = (
        geometry(size, taps, stride, padding)
        for size, taps, stride in zip((height, width), filters.shape, strides, strict=False)
    )
    result = np.zeros((batch, rows, columns, filters.shape[3]))
    for n, i, j, k, m in np.ndindex(batch, rows, columns, *filters.shape[:2]):
        row, column = i * strides[0] + k - top, j * strides[1] + m - left
        if 0 <= row < height and 0 <= column < width:
            result[n, i, j] += images[n, row, column].astype(float) @ filters[k, m].astype(float)
    return result


@st.composite
def convolutions(draw):
    """Images and filters of small whole numbers, whose sums are exact, and attributes."""
    small = st.integers(1, 3)
    taps, strides = ((draw(small), draw(small)) for _ in range(2))
    padding = draw(st.sampled_from(["same", "SAME", "valid", "VALID"]))
    batch, channels, depth = (draw(small) for _ in range(3))
    height, width = (draw(st.integers(t if padding.lower() == "valid" else 1, 6)) for t in taps)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    images = rng.integers(-5, 6, (batch, height, width, channels)).astype(np.float32)
    filters = rng.integers(-5, 6, (*taps, channels, depth)).astype(np.float32)
    return images, filters, {"padding": padding, "strides": strides}


@settings(deadline=None, max_examples=50)
@given(convolutions())
def test_convolution(drawn):
    images, filters, attrs = drawn
    expected = convolution(images, filters, **attrs)
    result = garbage(*expected.shape)
    assert call("eigen.conv2d.f32", images, filters, result, CHAIN, **attrs) is CHAIN
    np.testing.assert_array_equal(result, expected)
    bias = np.arange(filters.shape[3]).astype(np.float32)
    result = garbage(*expected.shape)
    assert call("eigen.conv2d.bias.f32", images, filters, bias, result, CHAIN, **attrs) is CHAIN
    np.testing.assert_array_equal(result, expected + bias)


@settings(deadline=None, max_examples=50)
@given(convolutions(), st.booleans())
def test_convolution_and_batch_norm(drawn, relu):
    images, filters, attrs = drawn
    convolved = convolution(images, filters, **attrs)
    scale, offset, mean, variance = np.random.default_rng(0).uniform(0.5, 2, (4, filters.shape[3])).astype(np.float32)
    expected = scale * (convolved - mean) / np.sqrt(variance + 0.25) + offset
    result = garbage(*expected.shape)
    name = "eigen.conv2d.batch_norm.relu.f32" if relu else "eigen.conv2d.batch_norm.f32"
    operands = images, filters, scale, offset, mean, variance, result
    assert call(name, *operands, CHAIN, epsilon=0.25, **attrs) is CHAIN
    np.testing.assert_allclose(result, np.maximum(expected, 0) if relu else expected, rtol=1e-4, atol=1e-4)


@settings(deadline=None, max_examples=50)
@given(convolutions(), st.integers(0, 2**32 - 1))
def test_gradients_of_convolution(drawn, seed):
    """Convolution is linear in images and in filters, so a gradient's product with a step is the change it causes."""
    images, filters, attrs = drawn
    rng = np.random.default_rng(seed)
    gradient = rng.integers(-5, 6, convolution(images, filters, **attrs).shape).astype(np.float32)
    images_gradient, filters_gradient = garbage(*images.shape), garbage(*filters.shape)
    call("eigen.conv2d.grad.input.f32", gradient, filters, images_gradient, CHAIN, **attrs)
    call("eigen.conv2d.grad.filter.f32", gradient, images, filters_gradient, CHAIN, **attrs)
    for index in np.ndindex(*images.shape):
        step = zeros(*images.shape)
        step[index] = 1
        assert images_gradient[index] == np.sum(gradient * convolution(step, filters, **attrs))
    for index in np.ndindex(*filters.shape):
        step = zeros(*filters.shape)
        step[index] = 1
        assert filters_gradient[index] == np.sum(gradient * convolution(images, step, **attrs))


CONVOLUTIONS = [
    ("Unknown padding type full", {"padding": "full"}, (1, 2, 2, 1)),
    ("For explicit padding, padding values must be defined", {"padding": "explicit"}, (1, 2, 2, 1)),
    ("strides should have 2 elements", {"strides": (1,)}, (1, 2, 2, 1)),
    ("Stride must be > 0, but got 0", {"strides": (1, 0)}, (1, 2, 2, 1)),
    (
        "Tensor shapes do not match: output tensor shape is [1, 3, 2, 1] and computed output shape is [1, 2, 2, 1]",
        {},
        (1, 3, 2, 1),
    ),
    ("expected a tensor of rank 4, got shape [2, 2]", {}, (2, 2)),
]


@pytest.mark.parametrize(("message", "attrs", "shape"), CONVOLUTIONS)
def test_bad_convolutions(message, attrs, shape):
    attrs = {"padding": "valid", "strides": (1, 1)} | attrs
    fails(message, "eigen.conv2d.f32", zeros(1, 4, 4, 2), zeros(3, 3, 2, 1), zeros(*shape), CHAIN, **attrs)


def test_channels_must_match():
    attrs = {"padding": "same", "strides": (1, 1)}
    images, filters, result = zeros(1, 4, 4, 2), zeros(3, 3, 2, 1), garbage(1, 4, 4, 1)
    message = "Dimensions does not match: input channels is 2 and kernel depth is 3"
    fails(message, "eigen.conv2d.f32", images, zeros(3, 3, 3, 1), result, CHAIN, **attrs)
    message = "Dimensions does not match: bias shape is 2 and output channels size is 1"
    fails(message, "eigen.conv2d.bias.f32", images, filters, zeros(2), result, CHAIN, **attrs)
    for position, name in enumerate(PARAMETERS):
        parameters = [zeros(3 if i == position else 1) for i in range(4)]
        message = f"Dimensions does not match: {name} shape is 3 and output channels size is 1"
        operands = images, filters, *parameters, result
        fails(message, "eigen.conv2d.batch_norm.f32", *operands, CHAIN, epsilon=0.0, **attrs)
    assert np.isnan(result).all()


@pytest.mark.parametrize("kernel", ["input", "filter"])
def test_bad_gradients(kernel):
    attrs = {"padding": "valid", "strides": (1, 1)}
    images, filters = zeros(1, 4, 4, 2), zeros(3, 3, 2, 1)
    operands = (filters, images) if kernel == "input" else (images, filters)
    fails(
        "Tensor shapes do not match: output gradient shape is [1, 4, 4, 1] and computed output shape is [1, 2, 2, 1]",
        f"eigen.conv2d.grad.{kernel}.f32",
        zeros(1, 4, 4, 1),
        *operands,
        CHAIN,
        **attrs,
    )


def test_batch_norm_works_in_place():
    rng = np.random.default_rng(1)
    images = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)
    parameters = rng.uniform(0.5, 2, (4, 5)).astype(np.float32)
    scale, offset, mean, variance = parameters.astype(float)
    expected = scale * (images - mean) / np.sqrt(variance + 0.125) + offset
    assert call("eigen.batch_norm.f32", images, *parameters, CHAIN, epsilon=0.125) is CHAIN
    np.testing.assert_allclose(images, expected, rtol=1e-4, atol=1e-5)


def test_bad_batch_norm():
    fails(
        "parameter does not match the input channel number",
        "eigen.batch_norm.f32",
        zeros(1, 2, 2, 3),
        *[zeros(2)] * 4,
        CHAIN,
        epsilon=0.0,
    )


def test_gradients_of_batch_norm():
    """Against slopes, in double precision, of normalization with the moments of the batch itself."""
    rng = np.random.default_rng(2)
    images, gradient = rng.normal(size=(2, 2, 3, 3, 2)).astype(np.float32)
    scale, offset = rng.uniform(0.5, 2, (2, 2)).astype(np.float32)
    epsilon, step = 0.125, 1e-4

    def loss(images, scale, offset):
        mean, variance = images.mean(axis=(0, 1, 2)), images.var(axis=(0, 1, 2))
        return np.sum(gradient * (scale * (images - mean) / np.sqrt(variance + epsilon) + offset))

    moments = images.mean(axis=(0, 1, 2)), images.var(axis=(0, 1, 2))
    results = garbage(*images.shape), garbage(2), garbage(2)
    operands = gradient, images, scale, *moments, CHAIN, *results
    assert call("eigen.batch_norm.grad.f32", *operands, epsilon=epsilon) == (CHAIN, CHAIN, CHAIN)
    arguments = [x.astype(float) for x in (images, scale, offset)]
    for position, result in enumerate(results):
        for index in np.ndindex(*result.shape):
            sides = []
            for sign in (1, -1):
                moved = [x.copy() for x in arguments]
                moved[position][index] += sign * step
                sides.append(loss(*moved))
            assert result[index] == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("position", "shape", "message"),
    [
        (0, (1, 2, 2, 4), "output_grad shape is [1, 2, 2, 4] and input_grad shape is [1, 2, 2, 3]"),
        (1, (1, 2, 1, 3), "input shape is [1, 2, 1, 3] and input_grad shape is [1, 2, 2, 3]"),
        (2, (2,), "channels dimension size is [3] and gamma shape is [2]"),
        (3, (2,), "channels dimension size is [3] and mean shape is [2]"),
        (4, (1, 3), "channels dimension size is [3] and variance shape is [1, 3]"),
        (7, (2,), "channels dimension size is [3] and gamma_grad shape is [2]"),
        (8, (2,), "channels dimension size is [3] and beta_grad shape is [2]"),
    ],
)
def test_bad_gradients_of_batch_norm(position, shape, message):
    image = zeros(1, 2, 2, 3)
    operands = [image, image, zeros(3), zeros(3), zeros(3), CHAIN, zeros(1, 2, 2, 3), zeros(3), zeros(3)]
    operands[position] = zeros(*shape)
    fails(f"Tensor shapes do not match: {message}", "eigen.batch_norm.grad.f32", *operands, epsilon=0.0)


@settings(deadline=None, max_examples=50)
@given(convolutions())
def test_max_pooling(drawn):
    images, filters, attrs = drawn
    taps, strides = filters.shape[:2], attrs["strides"]
    sides = zip(images.shape[1:3], taps, strides, strict=True)
    (rows, top), (columns, left) = (geometry(*side, attrs["padding"]) for side in sides)
    expected = np.full((len(images), rows, columns, images.shape[3]), FLT_MIN, np.float32)
    for n, i, j, k, m in np.ndindex(*expected.shape[:3], *taps):
        row, column = i * strides[0] + k - top, j * strides[1] + m - left
        if 0 <= row < images.shape[1] and 0 <= column < images.shape[2]:
            expected[n, i, j] = np.maximum(expected[n, i, j], images[n, row, column])
    result = garbage(*expected.shape)
    assert call("eigen.max_pooling_2d.f32", images, result, CHAIN, ksize=taps, **attrs) is CHAIN
    np.testing.assert_array_equal(result, expected)


def test_maxima_are_positive():
    result = garbage(1, 1, 1, 1)
    attrs = {"ksize": (2, 2), "strides": (2, 2), "padding": "VALID"}
    call("eigen.max_pooling_2d.f32", zeros(1, 2, 2, 1) - 1, result, CHAIN, **attrs)
    assert result.item() == FLT_MIN


@pytest.mark.parametrize(
    ("message", "attrs"),
    [
        ("strides should have 2 elements", {"strides": (2,)}),
        ("ksize should have 2 elements", {"ksize": (1, 2, 2, 1)}),
        ("padding type is not supported", {"padding": "explicit"}),
        ("output tensor has the wrong shape", {"ksize": (1, 1)}),
        ("Filter size must be > 0, but got 0", {"ksize": (0, 1)}),
        ("Stride must be > 0, but got 0", {"strides": (0, 1)}),
    ],
)
def test_bad_max_pooling(message, attrs):
    attrs = {"ksize": (3, 3), "strides": (1, 1), "padding": "valid"} | attrs
    fails(message, "eigen.max_pooling_2d.f32", zeros(1, 4, 4, 1), zeros(1, 2, 2, 1), CHAIN, **attrs)


@given(st.integers(0, 3), st.integers(0, 3))
def test_zero_padding(rows, columns):
    images = np.arange(1, 25, dtype=np.float32).reshape(2, 3, 2, 2)
    result = garbage(2, 3 + 2 * rows, 2 + 2 * columns, 2)
    assert call("eigen.zero_padding.f32", images, result, CHAIN, padding=(rows, columns)) is CHAIN
    for n, i, j, c in np.ndindex(*result.shape):
        row, column = i - rows, j - columns
        known = 0 <= row < 3 and 0 <= column < 2
        assert result[n, i, j, c] == (images[n, row, column, c] if known else 0)


@pytest.mark.parametrize(
    ("message", "padding"),
    [
        ("ZeroPadding expects padding of length 2", (1,)),
        ("ZeroPadding expects padding that is not negative, got [0, -1]", (0, -1)),
        (
            "ZeroPadding output shape [1, 4, 4, 1] does not match the expected output shape [1, 6, 8, 1]",
            (1, 2),
        ),
    ],
)
def test_bad_zero_padding(message, padding):
    fails(message, "eigen.zero_padding.f32", zeros(1, 4, 4, 1), zeros(1, 4, 4, 1), CHAIN, padding=padding)


def test_only_single_precision():
    wide = np.zeros((1, 4, 4, 1))
    fails("expected a tensor of dtype f32, got f64", "eigen.zero_padding.f32", wide, wide, CHAIN, padding=(0, 0))
