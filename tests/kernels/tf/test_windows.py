"""Convolutions and pools beyond those of two dimensions, against plain loops."""

import itertools

import numpy as np
import pytest

RANDOM = np.random.default_rng(4)


def draw(*shape):
    return RANDOM.integers(-3, 4, shape).astype(np.float32)


def loops(images, filters, strides, before, counts):
    """A convolution without groups, window by window."""
    spatial = len(strides)
    result = np.zeros((images.shape[0], *counts, filters.shape[-1]), np.float32)
    for place in itertools.product(*map(range, counts)):
        for tap in itertools.product(*map(range, filters.shape[:spatial])):
            at = [p * s + t - b for p, s, t, b in zip(place, strides, tap, before, strict=True)]
            if all(0 <= a < size for a, size in zip(at, images.shape[1:-1], strict=True)):
                result[(slice(None), *place)] += images[(slice(None), *at)] @ filters[tap]
    return result


def test_depthwise(array):
    images, filters = draw(1, 4, 5, 2), draw(3, 2, 2, 3)
    found = array("tf.DepthwiseConv2dNative", images, filters, strides=(1, 1, 1, 1), padding="VALID")
    parts = [loops(images[..., c : c + 1], filters[:, :, c : c + 1], (1, 1), (0, 0), (2, 4)) for c in range(2)]
    np.testing.assert_array_equal(found, np.concatenate(parts, -1))
    first = array(
        "tf.DepthwiseConv2dNative", images.transpose(0, 3, 1, 2).copy(), filters,
        strides=(1, 1, 1, 1), padding="VALID", data_format="NCHW",
    )  # fmt: skip
    np.testing.assert_array_equal(first, found.transpose(0, 3, 1, 2))


def test_three_dimensions(array):
    images, filters = draw(1, 3, 4, 3, 2), draw(2, 2, 2, 2, 3)
    found = array("tf.Conv3D", images, filters, strides=(1, 1, 2, 1, 1), padding="SAME")
    np.testing.assert_array_equal(found, loops(images, filters, (1, 2, 1), (0, 0, 0), (3, 2, 3)))


@pytest.mark.parametrize(("padding", "size"), [("SAME", 6), ("VALID", 7)])
def test_transposed(array, padding, size):
    """It is what the convolution's matrix, transposed, gives."""
    filters, gradient = draw(3, 3, 1, 2), draw(1, 3, 3, 2)
    found = array(
        "tf.Conv2DBackpropInput", np.int32([1, size, size, 1]), filters, gradient, strides=(1, 2, 2, 1), padding=padding
    )
    before = 0
    expected = np.zeros((1, size, size, 1), np.float32)
    for row, column in itertools.product(range(size), repeat=2):
        one = np.zeros((1, size, size, 1), np.float32)
        one[0, row, column, 0] = 1
        expected[0, row, column, 0] = (loops(one, filters, (2, 2), (before, before), (3, 3)) * gradient).sum()
    np.testing.assert_array_equal(found, expected)
    short = array(
        "tf.Conv2DBackpropInput", np.int32([size, size]), filters, gradient, strides=(1, 2, 2, 1), padding=padding
    )
    np.testing.assert_array_equal(short, found)


def test_transposed_in_three_dimensions(array):
    filters, gradient = draw(1, 2, 2, 1, 2), draw(1, 1, 2, 2, 2)
    found = array(
        "tf.Conv3DBackpropInputV2",
        np.int32([1, 1, 4, 4, 1]),
        filters,
        gradient,
        strides=(1, 1, 2, 2, 1),
        padding="VALID",
    )
    flat = array(
        "tf.Conv2DBackpropInput", np.int32([1, 4, 4, 1]), filters[0], gradient[0], strides=(1, 2, 2, 1), padding="VALID"
    )
    np.testing.assert_array_equal(found[0], flat)


def test_pools(array):
    images = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    same = {"ksize": (1, 2, 2, 1), "strides": (1, 2, 2, 1), "padding": "SAME"}
    assert array("tf.AvgPool", images, **same).reshape(-1).tolist() == [2, 3.5, 6.5, 8]
    deep = {"ksize": (1, 1, 2, 2, 1), "strides": (1, 1, 2, 2, 1), "padding": "SAME"}
    assert array("tf.AvgPool3D", images[None], **deep).reshape(-1).tolist() == [2, 3.5, 6.5, 8]
    assert array("tf.MaxPool3D", images[None], **deep).reshape(-1).tolist() == [4, 5, 7, 8]
    halves = array("tf.AvgPool", images.astype(np.float16), **same)
    assert (halves.reshape(-1).tolist(), halves.dtype) == ([2, 3.5, 6.5, 8], np.float16)


def test_what_they_refuse(fails):
    images = np.zeros((1, 3, 3, 2), np.float32)
    fails(
        "input depth must be 1, got 2", "tf.DepthwiseConv2dNative", images, np.zeros((1, 1, 1, 1), np.float32),
        strides=(1, 1, 1, 1), padding="SAME",
    )  # fmt: skip
    fails(
        "tf.Conv2DBackpropInput: out_backprop of shape [1, 3, 3, 2] does not fit an input of [1, 9, 9, 2]",
        "tf.Conv2DBackpropInput", np.int32([1, 9, 9, 2]), np.zeros((1, 1, 2, 2), np.float32), images,
        strides=(1, 2, 2, 1), padding="SAME",
    )  # fmt: skip
    fails(
        "tf.AvgPool: the input has no elements: [0, 3, 3, 2]", "tf.AvgPool", images[:0],
        ksize=(1, 1, 1, 1), strides=(1, 1, 1, 1), padding="SAME",
    )  # fmt: skip
