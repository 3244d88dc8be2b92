"""Rounding to what quantised numbers can be. What is expected is TensorFlow's."""

import numpy as np
import pytest

X = np.float32([-9, -1, -0.3, 0, 0.26, 2, 9])


@pytest.mark.parametrize(
    ("low", "high", "narrow", "expected"),
    [
        (-1, 2, False, [-1, -1, -0.2, 0, 0.2, 2, 2]),
        (-1, 2, True, [-1.071428, -1.071428, -0.214286, 0, 0.214286, 1.928572, 1.928572]),
        (1, 2, False, [0, 0, 0, 0, 0.266667, 1, 1]),
        (0, 0, False, [0] * 7),
    ],
)
def test_rounding(array, low, high, narrow, expected):
    low, high, how = np.float32(low), np.float32(high), {"num_bits": 4, "narrow_range": narrow}
    np.testing.assert_allclose(array("tf.FakeQuantWithMinMaxVars", X, low, high, **how), expected, rtol=1e-5)
    if low < high:
        found = array("tf.FakeQuantWithMinMaxArgs", X, min=float(low), max=float(high), **how)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    each = np.stack([X, X], -1)
    found = array("tf.FakeQuantWithMinMaxVarsPerChannel", each, np.stack([low, low]), np.stack([high, high]), **how)
    np.testing.assert_allclose(found, np.stack([expected, expected], -1), rtol=1e-5)


def test_what_they_refuse(fails):
    fails("min must be smaller than max, got 1.0 and 0.0", "tf.FakeQuantWithMinMaxArgs", X, min=1.0, max=0.0)
    low, high = np.float32(0), np.float32(1)
    fails("num_bits must be between 2 and 16, inclusive, got 1", "tf.FakeQuantWithMinMaxVars", X, low, high, num_bits=1)
    fails(
        "expects limits for each channel of f32 [7], got f32 [2] and f32 [2]",
        "tf.FakeQuantWithMinMaxVarsPerChannel", X, np.zeros(2, np.float32), np.ones(2, np.float32),
    )  # fmt: skip
