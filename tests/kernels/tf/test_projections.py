"""Images seen through projective transforms, with TensorFlow's numbers."""

import numpy as np
import pytest

IMAGE = np.float32([[1, 2, 3], [4, 5, 6]]).reshape(1, 2, 3, 1)
SIZE = np.int32([2, 4])
FILL = np.float32(9)


def moved(x, y):
    """The transform that reads pixels so far away."""
    return np.float32([[1, 0, x, 0, 1, y, 0, 0]])


@pytest.mark.parametrize(
    ("mode", "x", "row"),
    [
        ("CONSTANT", -2, [9, 9, 1, 2]),
        ("NEAREST", -2, [1, 1, 1, 2]),
        ("REFLECT", -2, [2, 1, 1, 2]),
        ("REFLECT", 2, [3, 3, 2, 1]),
        # TensorFlow's period is one pixel short.
        ("WRAP", -2, [3, 3, 1, 2]),
        ("WRAP", 2, [3, 1, 1, 1]),
    ],
)
@pytest.mark.parametrize("interpolation", ["NEAREST", "BILINEAR"])
def test_beyond_the_edges(array, mode, x, row, interpolation):
    attrs = {"interpolation": interpolation, "fill_mode": mode}
    found = array("tf.ImageProjectiveTransformV3", IMAGE, moved(x, 0), SIZE, FILL, **attrs)
    assert found[0, 0, :, 0].tolist() == row


def test_between_pixels(array):
    found = array("tf.ImageProjectiveTransformV2", IMAGE, moved(0.5, 0.5), SIZE, interpolation="BILINEAR")
    assert found[0, :, :, 0].tolist() == [[3, 4, 2.25, 0], [2.25, 2.75, 1.5, 0]]
    found = array("tf.ImageProjectiveTransformV2", IMAGE, moved(0.5, 0), SIZE, interpolation="NEAREST")
    assert found[0, 0, :, 0].tolist() == [2, 3, 0, 0]
    flat = np.float32([[1, 0, 0, 0, 1, 0, -1, 0]])
    found = array("tf.ImageProjectiveTransformV3", IMAGE.astype(np.int32), flat, SIZE, FILL, interpolation="NEAREST")
    assert found[0, 0, :, 0].tolist() == [1, 9, 9, 9]


def test_what_they_refuse(fails):
    op, attrs = "tf.ImageProjectiveTransformV2", {"interpolation": "NEAREST"}
    fails("input images must be 4-dimensional, got f32 [2, 3, 1]", op, IMAGE[0], moved(0, 0), SIZE, **attrs)
    fails("Input transform should be num_images x 8 or 1 x 8, got f32 [8]", op, IMAGE, moved(0, 0)[0], SIZE, **attrs)
    fails("output dimensions must be positive", op, IMAGE, moved(0, 0), np.int32([0, 2]), **attrs)
    fails("interpolation must be 'BILINEAR' or 'NEAREST', got 'CUBIC'", op, IMAGE, moved(0, 0), SIZE,
          interpolation="CUBIC")  # fmt: skip
    fails("fill_mode must be one of CONSTANT, NEAREST, REFLECT, WRAP, got 'X'", op, IMAGE, moved(0, 0), SIZE,
          fill_mode="X", **attrs)  # fmt: skip
