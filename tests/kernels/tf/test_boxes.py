"""Boxes in images. What is expected is TensorFlow's."""

import numpy as np
import pytest

IMAGE = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
CROPS = np.float32([[0, 0, 1, 1], [0.5, 0.5, 0, 1.5]])
BOXES = np.float32([[0, 0, 1, 1], [0, 0, 1, 0.9], [2, 2, 3, 3], [1, 1, 0, 0]])
SCORES = np.float32([0.5, 0.6, 0.4, 0.6])


@pytest.mark.parametrize(
    ("method", "size", "expected"),
    [
        ("bilinear", (2, 2), [[[0, 2], [6, 8]], [[4, -1], [1, -1]]]),
        ("bilinear", (1, 2), [[[3, 5]], [[2.5, -1]]]),
        ("nearest", (2, 2), [[[0, 2], [6, 8]], [[4, -1], [1, -1]]]),
        ("nearest", (1, 2), [[[3, 5]], [[4, -1]]]),
    ],
)
def test_crops(array, method, size, expected):
    given = (IMAGE, CROPS, np.int32([0, 0]), np.int32(size))
    assert array("tf.CropAndResize", *given, method=method, extrapolation_value=-1.0)[..., 0].tolist() == expected


def test_boxes_that_do_not_overlap(array, run):
    three, half = np.int32(3), np.float32(0.5)
    assert array("tf.NonMaxSuppressionV2", BOXES, SCORES, three, half).tolist() == [1, 2]
    found = array("tf.NonMaxSuppressionV3", BOXES, SCORES, three, np.float32(0.95), np.float32(0.4))
    assert found.tolist() == [1, 3]
    given = (BOXES, SCORES, three, half, np.float32(0.45))
    chosen, count = run("tf.NonMaxSuppressionV4", *given, pad_to_max_output_size=True)
    assert (chosen.array.tolist(), count.array.item()) == ([1, 0, 0], 1)
    chosen, count = run("tf.NonMaxSuppressionV4", *given)
    assert (chosen.array.tolist(), count.array.item()) == ([1], 1)


@pytest.mark.parametrize(
    ("attrs", "padded", "last"), [({}, 5, 1), ({"clip_boxes": False, "pad_per_class": True}, 4, 3)]
)
def test_the_best_of_all_classes(run, attrs, padded, last):
    scores = np.stack([SCORES, 1 - SCORES], -1)[None]
    limits = (np.int32(2), np.int32(5), np.float32(0.5), np.float32(0.45))
    boxes, rated, classes, count = (
        each.array for each in run("tf.CombinedNonMaxSuppression", BOXES[None, :, None], scores, *limits, **attrs)
    )
    zeros = [0] * (padded - 3)
    far = [last - 1 if last == 3 else 1] * 2 + [last] * 2
    np.testing.assert_allclose(boxes[0, :3], [[0, 0, 1, 0.9], far, [0, 0, 1, 1]])
    assert not boxes[0, 3:].any()
    np.testing.assert_allclose(rated[0], [0.6, 0.6, 0.5, *zeros], rtol=1e-6)
    assert classes[0].tolist() == [0, 1, 1, *zeros]
    assert count.tolist() == [3]


def test_what_they_refuse(fails):
    size, which = np.int32([2, 2]), np.int32([0, 1])
    fails("box_index has values outside [0, 1)", "tf.CropAndResize", IMAGE, CROPS, which, size)
    fails("crop dimensions must be positive, got [0, 2]", "tf.CropAndResize", IMAGE, CROPS, which * 0, np.int32([0, 2]))
    fails(
        "method must be 'bilinear' or 'nearest', got 'cubic'",
        "tf.CropAndResize", IMAGE, CROPS, which * 0, size, method="cubic",
    )  # fmt: skip
    fails(
        "expects images, boxes and an image for each box, got f32 [1, 3, 3, 1], f32 [2, 4] and i32 [1]",
        "tf.CropAndResize", IMAGE, CROPS, which[:1], size,
    )  # fmt: skip
    one = np.float32(1)
    fails(
        "expects boxes and a score for each, got f32 [4, 4] and f32 [2]",
        "tf.NonMaxSuppressionV2", BOXES, SCORES[:2], np.int32(1), one,
    )  # fmt: skip
    fails("iou_threshold must be in [0, 1]", "tf.NonMaxSuppressionV2", BOXES, SCORES, np.int32(1), 2 * one)
    fails("max_output_size must be non-negative, got -1", "tf.NonMaxSuppressionV2", BOXES, SCORES, np.int32(-1), one)
    fails(
        "expects boxes of one or all classes and scores, got f32 [1, 4, 1, 4] and f32 [4]",
        "tf.CombinedNonMaxSuppression", BOXES[None, :, None], SCORES, np.int32(1), np.int32(1), one, one,
    )  # fmt: skip
