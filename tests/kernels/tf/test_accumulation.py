"""Reductions, and sums that accumulate."""

import numpy as np
import pytest

from tfrt.executor.values.dtype import DType

X = np.float32([[1, -2, 3], [4, 0.5, -6]])


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("EuclideanNorm", lambda x, axis: np.sqrt((x * x).sum(axis))),
        ("Max", np.max),
        ("Min", np.min),
        ("Prod", np.prod),
        ("Sum", np.sum),
    ],
)
def test_reductions(array, op, expected):
    np.testing.assert_allclose(array(f"tf.{op}", X, np.int32([1])), expected(X, axis=1), rtol=1e-6)
    np.testing.assert_allclose(array(f"tf.{op}", X, np.int64([0, -1])), expected(X.reshape(-1), axis=0), rtol=1e-6)
    kept = array(f"tf.{op}", X, np.int32(0), keep_dims=True)
    np.testing.assert_allclose(kept, expected(X, axis=0)[None], rtol=1e-6)
    assert array(f"tf.{op}", X, np.zeros(0, np.int32)).shape == X.shape


def test_of_truth_values_integers_and_halves(array):
    assert array("tf.All", X > 0, np.int32([0])).tolist() == [True, False, False]
    assert array("tf.Any", X > 0, np.int32([0])).tolist() == [True, True, True]
    assert array("tf.Sum", np.uint8([200, 100]), np.int32([0])).tolist() == 44
    assert array("tf.Sum", np.ones(4096, np.float16), np.int32([0])).tolist() == 4096
    assert array("tf.Max", np.zeros((0,), np.int8), np.int32([0])).tolist() == -128
    assert array("tf.Min", np.zeros((0,), np.float32), np.int32([0])).tolist() == np.inf


def test_places(array):
    assert array("tf.ArgMax", X, np.int32(1)).tolist() == [2, 0]
    found = array("tf.ArgMin", X, np.int32(-2), output_type=DType.I32)
    assert (found.tolist(), found.dtype) == ([0, 0, 1], np.int32)


@pytest.mark.parametrize(
    ("attrs", "expected"),
    [
        ({}, [1, 3, 6]),
        ({"exclusive": True}, [0, 1, 3]),
        ({"reverse": True}, [6, 5, 3]),
        ({"reverse": True, "exclusive": True}, [5, 3, 0]),
    ],
)
def test_sums_that_accumulate(array, attrs, expected):
    assert array("tf.Cumsum", np.int32([1, 2, 3]), np.int32(0), **attrs).tolist() == expected


def test_others_that_accumulate(array):
    assert array("tf.Cumprod", np.int32([[2, 3, 4]]), np.int32(1), exclusive=True).tolist() == [[1, 2, 6]]
    found = array("tf.CumulativeLogsumexp", np.log(np.float32([1, 2, 3])), np.int32(0))
    np.testing.assert_allclose(found, np.log(np.float32([1, 3, 6])), rtol=1e-6)
    assert array("tf.L2Loss", np.float32([1, 2])).tolist() == 2.5


@pytest.mark.parametrize(
    ("message", "op", "operands"),
    [
        ("tf.Sum: axis 2 is not in [-2, 2)", "tf.Sum", (X, np.int32([2]))),
        ("Reduction axis 0 is empty in shape [0]", "tf.ArgMax", (np.zeros(0, np.float32), np.int32(0))),
        ("tf.Cumsum: axis 1 is not in [-1, 1)", "tf.Cumsum", (X[0], np.int32(1))),
    ],
)
def test_what_they_refuse(fails, message, op, operands):
    fails(message, op, *operands)
