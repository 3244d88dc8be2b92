"""Counting, and looking numbers up among sorted ones."""

import numpy as np
import pytest

NOTHING = np.zeros(0, np.float32)


def test_buckets(array):
    x = np.float32([-5, -1, 0, 0.5, np.nan, np.inf])
    found = array("tf.Bucketize", x, boundaries=[-1.0, 0.0, 1.0])
    assert (found.dtype, found.tolist()) == (np.int32, [0, 1, 2, 2, 3, 3])
    assert array("tf.Bucketize", np.int64([[3, 5]]), boundaries=[4.0]).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("values", "weights", "attrs", "expected"),
    [
        ([0, 1, 1], NOTHING, {}, [1, 2, 0]),
        ([0, 1, 1], np.float32([0.5, 1, 2]), {}, [0.5, 3, 0]),
        ([[0, 1, 1], [2, 9, 0]], NOTHING, {}, [[1, 2, 0], [1, 0, 1]]),
        ([[0, 1, 1], [2, 9, 0]], np.float32([[1, 2, 3], [4, 5, 6]]), {}, [[1, 5, 0], [6, 0, 4]]),
        ([[0, 1, 1], [2, 9, 0]], NOTHING, {"binary_output": True}, [[1, 1, 0], [1, 0, 1]]),
        (2, NOTHING, {}, [0, 0, 1]),
    ],
)
def test_bins(array, values, weights, attrs, expected):
    found = array("tf.DenseBincount", np.int32(values), np.int32(3), weights, **attrs)
    assert (found.dtype, found.tolist()) == (np.float32, expected)


def test_a_histogram(array):
    values, limits = np.float32([-5, 0, 0.9, 1, 4.9, 5, 9]), np.float32([0, 5])
    assert array("tf.HistogramFixedWidth", values, limits, np.int32(5)).tolist() == [3, 1, 0, 0, 3]


def test_bounds(array):
    rows, wanted = np.int32([[1, 2, 2, 3]]), np.int32([[2, 0, 9]])
    assert array("tf.LowerBound", rows, wanted).tolist() == [[1, 0, 4]]
    assert array("tf.UpperBound", rows, wanted).tolist() == [[3, 0, 4]]


def test_targets_among_the_best(array):
    x = np.float32([[1, 2, 2], [3, 1, 0], [np.inf, 0, 1]])
    assert array("tf.InTopKV2", x, np.int32([1, 2, 1]), np.int32(2)).tolist() == [True, False, False]
    assert array("tf.InTopKV2", x, np.int32([9, 0, 0]), np.int32(1)).tolist() == [False, True, False]


def test_what_is_not_in_another_list(run):
    left, places = run("tf.ListDiff", np.int32([5, 3, 1, 3]), np.int32([1]))
    assert (left.array.tolist(), places.array.tolist()) == ([5, 3, 3], [0, 1, 3])


def test_what_they_refuse(fails):
    three, rows = np.int32(3), np.zeros((2, 3), np.int32)
    fails("Expected sorted boundaries", "tf.Bucketize", NOTHING, boundaries=[1.0, 0.0])
    fails("Input arr must be non-negative!", "tf.DenseBincount", np.int32([-1]), three, NOTHING)
    fails("Shape must be at most rank 2 but is rank 3", "tf.DenseBincount", rows[None], three, NOTHING)
    limits = np.float32([0, 1])
    fails("nbins should be a positive number, but got '0'", "tf.HistogramFixedWidth", NOTHING, limits, np.int32(0))
    fails(
        "value_range must be two rising limits, got [1.0, 0.0]", "tf.HistogramFixedWidth", NOTHING, limits[::-1], three
    )
    fails("expects two matrices of as many rows, got i32 [2, 3] and i32 [1, 3]", "tf.LowerBound", rows, rows[:1])
    fails(
        "expects a matrix and a class for each of its rows, got f32 [2, 3] and i32 [3]",
        "tf.InTopKV2", rows.astype(np.float32), rows[0], three,
    )  # fmt: skip
