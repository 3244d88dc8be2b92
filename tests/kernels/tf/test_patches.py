"""Windows of images that are no sums. What is expected is TensorFlow's."""

import numpy as np

IMAGE = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
TWOS, ONES = [1, 2, 2, 1], [1, 1, 1, 1]


def test_patches(array):
    found = array("tf.ExtractImagePatches", IMAGE, ksizes=TWOS, strides=TWOS, rates=ONES, padding="SAME")
    assert found.tolist() == [[[[0, 1, 3, 4], [2, 0, 5, 0]], [[6, 7, 0, 0], [8, 0, 0, 0]]]]
    found = array("tf.ExtractImagePatches", IMAGE, ksizes=TWOS, strides=ONES, rates=TWOS, padding="VALID")
    assert found.tolist() == [[[[0, 2, 6, 8]]]]
    colours = np.concatenate([IMAGE, IMAGE + 10], -1)
    found = array("tf.ExtractImagePatches", colours, ksizes=TWOS, strides=TWOS, rates=ONES, padding="VALID")
    assert found.tolist() == [[[[0, 10, 1, 11, 3, 13, 4, 14]]]]


def test_dilation(array):
    filters = np.float32([[0, 1], [2, -1]]).reshape(2, 2, 1)
    found = array("tf.Dilation2D", IMAGE, filters, strides=ONES, rates=ONES, padding="SAME")
    assert found[0, ..., 0].tolist() == [[5, 6, 7], [8, 9, 10], [8, 9, 8]]
    least = np.full((1, 2, 2, 1), -128, np.int8)
    found = array("tf.Dilation2D", least, np.ones((2, 2, 1), np.int8), strides=ONES, rates=ONES, padding="VALID")
    assert found.reshape(-1).tolist() == [-127]


def test_where_maxima_are(run):
    images = np.concatenate([IMAGE, -IMAGE])
    pool = {"ksize": TWOS, "strides": TWOS, "padding": "SAME"}
    values, places = run("tf.MaxPoolWithArgmax", images, **pool)
    assert values.array[..., 0].tolist() == [[[4, 5], [7, 8]], [[0, -2], [-6, -8]]]
    assert places.array[..., 0].tolist() == [[[4, 5], [7, 8]], [[0, 2], [6, 8]]]
    _, places = run("tf.MaxPoolWithArgmax", images, include_batch_in_index=True, **pool)
    assert places.array[1, ..., 0].tolist() == [[9, 11], [15, 17]]
    _, places = run("tf.MaxPoolWithArgmax", np.full_like(IMAGE, -np.inf), **pool)
    assert places.array.reshape(-1).tolist() == [0, 2, 6, 8]


def test_what_they_refuse(fails):
    flat = IMAGE[0]
    fails(
        "tf.ExtractImagePatches: input must be 4-dimensional, got [3, 3, 1]",
        "tf.ExtractImagePatches", flat, ksizes=TWOS, strides=TWOS, rates=ONES, padding="SAME",
    )  # fmt: skip
    fails(
        "tf.MaxPoolWithArgmax: input must be 4-dimensional, got [3, 3, 1]",
        "tf.MaxPoolWithArgmax", flat, ksize=TWOS, strides=TWOS, padding="SAME",
    )  # fmt: skip
    fails(
        "expects a filter for each channel of f32 [1, 3, 3, 1], got f32 [2, 2, 4]",
        "tf.Dilation2D", IMAGE, np.zeros((2, 2, 4), np.float32), strides=ONES, rates=ONES, padding="SAME",
    )  # fmt: skip
