"""Resizing images by filters. What is expected is TensorFlow's."""

import numpy as np
import pytest

ROW = np.float32([0, 10, 20, 40]).reshape(1, 1, 4, 1)
HALF, ALIGNED = {"half_pixel_centers": True}, {"align_corners": True}


@pytest.mark.parametrize(
    ("op", "size", "attrs", "expected"),
    [
        ("tf.ResizeBicubic", 3, {}, [0, 13.14625, 34.2655]),
        ("tf.ResizeBicubic", 3, HALF, [1.030817, 14.375, 37.828575]),
        ("tf.ResizeBicubic", 3, ALIGNED, [0, 14.0625, 40]),
        ("tf.ResizeBicubic", 8, {}, [0, 4.0625, 10, 14.0625, 20, 30.9375, 40, 41.875]),
        (
            "tf.ResizeBicubic", 8, HALF,
            [-0.882353, 1.678832, 7.099237, 12.265625, 16.796877, 25.114506, 36.423359, 41.764709],
        ),
        (
            "tf.ResizeBicubic", 8, ALIGNED,
            [0, 3.412317, 8.006546, 12.859831, 15.608212, 23.200762, 32.387875, 40],
        ),
        ("tf.ResizeArea", 2, {}, [5, 30]),
        ("tf.ResizeArea", 3, {}, [2.5, 15, 35]),
        ("tf.ResizeArea", 2, ALIGNED, [10, 40]),
        ("tf.ResizeArea", 3, ALIGNED, [3.333333, 16.666667, 40]),
        ("tf.ResizeArea", 8, ALIGNED, [0, 0, 6.666667, 10, 13.333333, 20, 20, 40]),
    ],
)  # fmt: skip
def test_resizing(array, op, size, attrs, expected):
    found = array(op, ROW, np.int32([1, size]), **attrs)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.reshape(-1), expected, rtol=1e-5)
    turned = array(op, ROW.transpose(0, 2, 1, 3).astype(np.uint8), np.int32([size, 1]), **attrs)
    np.testing.assert_allclose(turned.reshape(-1), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("kernel", "antialias", "expected"),
    [
        ("lanczos1", True, [1.227143, 15.079761, 37.545715]),
        ("lanczos1", False, [0, 15, 40]),
        ("lanczos3", True, [-0.381482, 15.5, 38.701302]),
        ("lanczos3", False, [-0.635948, 13.571428, 41.556969]),
        ("lanczos5", True, [-1.414586, 15.541131, 39.816128]),
        ("gaussian", True, [3.190987, 15.957726, 33.863045]),
        ("gaussian", False, [0.649691, 15, 38.700619]),
        ("box", True, [0, 15, 40]),
        ("triangle", True, [2.5, 15.625, 35]),
        ("triangle", False, [0, 15, 40]),
        ("keyscubic", True, [1.047988, 15.387443, 37.133842]),
        ("keyscubic", False, [-0.657895, 14.375, 41.315796]),
        ("mitchellcubic", True, [2.07105, 15.6943, 35.493896]),
        ("mitchellcubic", False, [-0.077256, 14.652779, 40.154513]),
    ],
)
def test_sampling(array, kernel, antialias, expected):
    sizes, scale, moved = np.int32([1, 3]), np.float32([1, 0.6]), np.float32([0, 0.3])
    found = array("tf.ScaleAndTranslate", ROW, sizes, scale, moved, kernel_type=kernel, antialias=antialias)
    np.testing.assert_allclose(found.reshape(-1), expected, rtol=2e-5, atol=1e-5)


def test_beside_the_image_there_is_nothing(array):
    sizes, scale, moved = np.int32([1, 4]), np.float32([1, 1]), np.float32([0, 2])
    found = array("tf.ScaleAndTranslate", ROW, sizes, scale, moved, kernel_type="triangle", antialias=True)
    assert found.reshape(-1).tolist() == [0, 0, 0, 10]


def test_what_they_refuse(fails):
    fails("output dimensions must be positive", "tf.ResizeBicubic", ROW, np.int32([0, 2]))
    fails("input must be 4-dimensional, got [4]", "tf.ResizeArea", ROW.reshape(4), np.int32([1, 2]))
    zeros = np.zeros(2, np.float32)
    fails("scale must be greater than zero.", "tf.ScaleAndTranslate", ROW, np.int32([1, 2]), zeros, zeros)
    fails(
        "kernel_type must be one of box, gaussian, keyscubic, lanczos1, lanczos3, lanczos5, mitchellcubic, triangle, "
        "got 'sharp'",
        "tf.ScaleAndTranslate", ROW, np.int32([1, 2]), zeros, zeros, kernel_type="sharp",
    )  # fmt: skip
