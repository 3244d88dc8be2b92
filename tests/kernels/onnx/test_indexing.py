"""Operators that read or write elements at places that are operands."""

import numpy as np
import pytest

from tests.kernels.onnx.running import check
from tfrt.executor.support.errors import KernelError

f32 = np.float32
X = np.arange(6, dtype=f32).reshape(2, 3)


@pytest.mark.parametrize(
    ("name", "inputs", "expected", "attrs"),
    [
        ("Gather", [X, [-1, 0]], X[::-1], {}),
        ("Gather", [X, 1], X[:, 1], {"axis": 1}),
        ("GatherElements", [X, [[0, -1, 1]]], f32([[0, 4, 5]]), {}),
        ("GatherND", [X, [[0, 1], [1, -1]]], f32([1, 5]), {}),
        ("GatherND", [X, [[1], [0]]], f32([1, 3]), {"batch_dims": 1}),
        ("ScatterElements", [X, [[1, 0, 0]], f32([[7, 8, 9]])], f32([[0, 8, 9], [7, 4, 5]]), {}),
        ("ScatterElements", [f32([1, 2]), [0, 0], f32([3, 4])], f32([8, 2]), {"reduction": "add"}),
        ("Scatter", [f32([1, 2]), [1], f32([3])], f32([1, 3]), {}),
        ("ScatterND", [X, [[1]], f32([[7, 8, 9]])], f32([[0, 1, 2], [7, 8, 9]]), {}),
        ("ScatterND", [f32([1, 2]), [[1]], f32([7])], f32([1, 14]), {"reduction": "mul"}),
        ("TensorScatter", [np.zeros((1, 3, 1), f32), f32([[[1], [2]]]), [2]], f32([[[2], [0], [1]]]),
         {"mode": "circular"}),
        ("OneHot", [[1, -1, 5], 3, f32([2, 7])], f32([[2, 7, 2], [2, 2, 7], [2, 2, 2]]), {}),
        ("Compress", [X, [False, True]], X[1:], {"axis": 0}),
        ("Compress", [X, [False, True, True]], f32([1, 2]), {}),
        ("NonZero", [f32([[0, 1], [2, 0]])], np.array([[0, 1], [1, 0]]), {}),
        ("ArrayFeatureExtractor", [X, [2, 0]], f32([[2, 0], [5, 3]]), {}),
        ("MaxUnpool", [f32([[[5, 6]]]), [[[1, 2]]]], f32([[[0, 5, 6, 0]]]), {"kernel_shape": (2,), "strides": (2,)}),
    ],
)  # fmt: skip
def test_one_result(name, inputs, expected, attrs):
    check(name, inputs, expected, **attrs)


def test_unique():
    x = f32([2, 1, 1, 3])
    check("Unique", [x], f32([1, 2, 3]), np.array([1, 0, 3]), np.array([1, 0, 0, 2]), np.array([2, 1, 1]))
    check("Unique", [x], f32([2, 1, 3]), np.array([0, 1, 1, 2]), sorted=0, outputs=(0, 2))


def test_top_k_gives_the_first_of_equal_ones():
    check("TopK", [f32([1, 3, 3, 2]), [2]], f32([3, 3]), np.array([1, 2]))
    check("TopK", [f32([1, 3, 1, 2]), [2]], f32([1, 1]), np.array([0, 2]), largest=0)


def test_it_is_said_what_is_wrong():
    with pytest.raises(KernelError, match="expects indices from -2 to 1, but got 2"):
        check("Gather", [X, [0, 2]], X)
    with pytest.raises(KernelError, match="expects a reduction none, add, mul, max, min, but got sub"):
        check("ScatterND", [X, [[1]], f32([[7, 8, 9]])], X, reduction="sub")
