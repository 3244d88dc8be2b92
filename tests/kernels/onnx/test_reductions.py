"""Operators that combine elements along axes."""

import math

import numpy as np
import pytest

from tests.kernels.onnx.running import check

f32 = np.float32
X = f32([[1, -2], [3, 4]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ReduceL1", [3, 7]),
        ("ReduceL2", [math.sqrt(5), 5]),
        ("ReduceLogSum", [math.nan, math.log(7)]),
        ("ReduceLogSumExp", [math.log(math.exp(1) + math.exp(-2)), math.log(math.exp(3) + math.exp(4))]),
        ("ReduceMax", [1, 4]),
        ("ReduceMean", [-0.5, 3.5]),
        ("ReduceMin", [-2, 3]),
        ("ReduceProd", [-2, 12]),
        ("ReduceSum", [-1, 7]),
        ("ReduceSumSquare", [5, 25]),
    ],
)
def test_reductions(name, expected):
    check(name, [X, [-1]], f32(expected), keepdims=0)
    check(name, [X], f32(expected)[:, None], axes=(1,))


def test_axes_that_are_left_out():
    check("ReduceSum", [X], f32([[6]]))
    check("ReduceSum", [X], X, noop_with_empty_axes=1)
    check("ReduceMax", [np.zeros((0, 2), f32), [0]], f32([[-math.inf, -math.inf]]))
    check("ReduceMin", [[[True, False]]], np.array([[False]]))


def test_places():
    x = f32([[2, 2, 1], [0, 1, 1]])
    check("ArgMax", [x], np.array([0, 1]), axis=1, keepdims=0)
    check("ArgMax", [x], np.array([[1], [2]]), axis=-1, select_last_index=1)
    check("ArgMin", [x], np.array([[1, 1, 0]]))


def test_sums_and_products_so_far():
    check("CumSum", [f32([1, 2, 3]), 0], f32([1, 3, 6]))
    check("CumSum", [f32([1, 2, 3]), 0], f32([5, 3, 0]), exclusive=1, reverse=1)
    check("CumProd", [f32([2, 3, 4]), 0], f32([1, 2, 6]), exclusive=1)


def test_shares():
    x = f32([[0, 0], [1000, 0]])
    check("Softmax", [x], f32([[0.5, 0.5], [1, 0]]))
    check("LogSoftmax", [x], f32([[-math.log(2), -math.log(2)], [0, -1000]]))
    check("Hardmax", [x], f32([[1, 0], [1, 0]]))
    check("Softmax", [np.zeros((2, 0), f32)], np.zeros((2, 0), f32))
    check("LogSoftmax", [np.zeros((2, 0), f32)], np.zeros((2, 0), f32))
