"""Resizing images, and normalization across channels."""

import numpy as np
import pytest

ROW = np.float32([0, 10, 20, 30]).reshape(1, 1, 4, 1)


@pytest.mark.parametrize(
    ("op", "size", "attrs", "expected"),
    [
        ("tf.ResizeBilinear", 2, {}, [0, 20]),
        ("tf.ResizeBilinear", 2, {"align_corners": True}, [0, 30]),
        ("tf.ResizeBilinear", 2, {"half_pixel_centers": True}, [5, 25]),
        ("tf.ResizeBilinear", 8, {"half_pixel_centers": True}, [0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]),
        ("tf.ResizeNearestNeighbor", 2, {}, [0, 20]),
        ("tf.ResizeNearestNeighbor", 2, {"align_corners": True}, [0, 30]),
        ("tf.ResizeNearestNeighbor", 2, {"half_pixel_centers": True}, [10, 30]),
        ("tf.ResizeNearestNeighbor", 8, {}, [0, 0, 10, 10, 20, 20, 30, 30]),
    ],
)
def test_resizing(array, op, size, attrs, expected):
    assert array(op, ROW, np.int32([1, size]), **attrs).reshape(-1).tolist() == expected
    turned = array(op, ROW.transpose(0, 2, 1, 3).copy(), np.int32([size, 1]), **attrs)
    assert turned.reshape(-1).tolist() == expected


def test_normalization_across_channels(array):
    found = array("tf.LRN", np.float32([[[[1, 2, 3]]]]), depth_radius=1, bias=1.0, alpha=1.0, beta=1.0)
    np.testing.assert_allclose(found.reshape(-1), [1 / 6, 2 / 15, 3 / 14], rtol=1e-6)


def test_what_they_refuse(fails):
    fails("input must be 4-dimensional, got [4]", "tf.ResizeBilinear", ROW.reshape(4), np.int32([1, 2]))
    fails("output dimensions must be positive", "tf.ResizeNearestNeighbor", ROW, np.int32([0, 2]))
    fails(
        "If half_pixel_centers is True, align_corners must be False.", "tf.ResizeBilinear", ROW, np.int32([1, 2]),
        align_corners=True, half_pixel_centers=True,
    )  # fmt: skip
