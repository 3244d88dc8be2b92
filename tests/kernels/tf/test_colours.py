"""Colours. What is expected is TensorFlow's."""

import numpy as np
import pytest

COLOURS = np.float32([[0.1, 0.5, 0.3], [0.9, 0.2, 0.2], [0, 0, 0], [0.3, 0.3, 0.7], [0.6, 0.2, 0.5]])
IMAGE = COLOURS.reshape(5, 1, 3)


def test_to_hue_saturation_and_value(array):
    expected = [[0.416667, 0.8, 0.5], [0, 0.777778, 0.9], [0, 0, 0], [0.666667, 0.571429, 0.7], [0.875, 0.666667, 0.6]]
    np.testing.assert_allclose(array("tf.RGBToHSV", COLOURS), expected, rtol=1e-5, atol=1e-6)


def test_from_hue_saturation_and_value(array):
    expected = [[0.3, 0.24, 0.15], [0.2, 0.16, 0.184], [0, 0, 0], [0.532, 0.7, 0.49], [0.4, 0.44, 0.5]]
    np.testing.assert_allclose(array("tf.HSVToRGB", COLOURS), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("op", "amount", "expected"),
    [
        ("tf.AdjustHue", 0.2, [[0.1, 0.22, 0.5], [0.76, 0.9, 0.2], [0, 0, 0], [0.7, 0.3, 0.62], [0.6, 0.38, 0.2]]),
        ("tf.AdjustHue", -0.8, [[0.1, 0.22, 0.5], [0.76, 0.9, 0.2], [0, 0, 0], [0.7, 0.3, 0.62], [0.6, 0.38, 0.2]]),
        ("tf.AdjustSaturation", 1.5, [[0, 0.5, 0.25], [0.9, 0, 0], [0, 0, 0], [0.1, 0.1, 0.7], [0.6, 0, 0.45]]),
        (
            "tf.AdjustContrastv2", 2,
            [[-0.18, 0.76, 0.26], [1.42, 0.16, 0.06], [-0.38, -0.24, -0.34], [0.22, 0.36, 1.06], [0.82, 0.16, 0.66]],
        ),
    ],
)  # fmt: skip
def test_adjusting(array, op, amount, expected):
    found = array(op, IMAGE, np.float32(amount))
    np.testing.assert_allclose(found.reshape(5, 3), expected, rtol=1e-4, atol=1e-6)


def test_halves_are_rounded_once(array):
    found = array("tf.AdjustHue", IMAGE.astype(np.float16), np.float32(0.2))
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, array("tf.AdjustHue", IMAGE, np.float32(0.2)), atol=1e-3)


def test_what_they_refuse(fails):
    grey = np.zeros((2, 2, 1), np.float32)
    fails("input must have 3 channels in its last dimension, got f32 [2, 2, 1]", "tf.RGBToHSV", grey)
    fails("input must have 3 channels in its last dimension, got f32 [2, 2, 1]", "tf.AdjustHue", grey, np.float32(0))
    fails("input must be at least 3-D, got shape [5, 3]", "tf.AdjustSaturation", COLOURS, np.float32(1))
    fails("input must be at least 3-D, got shape [5, 3]", "tf.AdjustContrastv2", COLOURS, np.float32(1))
