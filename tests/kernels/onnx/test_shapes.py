"""Operators that give elements another place, or make tensors of shapes."""

import numpy as np
import pytest

from tests.kernels.onnx.running import check
from tfrt.executor.support.errors import KernelError

f32 = np.float32
X = np.arange(6, dtype=f32).reshape(2, 3)


@pytest.mark.parametrize(
    ("name", "inputs", "expected", "attrs"),
    [
        ("Reshape", [X, [3, -1]], X.reshape(3, 2), {}),
        ("Reshape", [X, [0, 1, 3]], X.reshape(2, 1, 3), {}),
        ("Reshape", [np.zeros((0, 3), f32), [3, 0]], np.zeros((3, 0), f32), {"allowzero": 1}),
        ("Flatten", [X.reshape(1, 2, 3)], X.reshape(1, 6), {}),
        ("Flatten", [X], X.reshape(1, 6), {"axis": 0}),
        ("Flatten", [np.zeros((2, 0), f32)], np.zeros((2, 0), f32), {}),
        ("Transpose", [X], X.T, {}),
        ("Transpose", [X[None]], X[None].transpose(1, 0, 2), {"perm": (1, 0, 2)}),
        ("Squeeze", [X[None]], X, {}),
        ("Squeeze", [X[None, :, None], [-2]], X[None], {}),
        ("Unsqueeze", [X, [0, -1]], X[None, :, :, None], {}),
        ("Expand", [f32([[1], [2]]), [3, 1, 2]], np.broadcast_to(f32([[1, 1], [2, 2]]), (3, 2, 2)), {}),
        ("Tile", [f32([1, 2]), [2]], f32([1, 2, 1, 2]), {}),
        ("Concat", [X, X[:, :1]], f32([[0, 1, 2, 0], [3, 4, 5, 3]]), {"axis": -1}),
        ("append", [X, f32([6, 7, 8])], np.arange(9, dtype=f32).reshape(3, 3), {}),
        ("append", [np.zeros(0, f32), f32([6, 7])], f32([[6, 7]]), {}),
        ("Slice", [X, [1], [3], [1]], X[:, 1:], {}),
        ("Slice", [X, [-1], [-1000], [1], [-1]], X[:, ::-1], {}),
        ("Shape", [X], np.array([2, 3]), {}),
        ("Shape", [X], np.array([3]), {"start": -1}),
        ("Size", [X], np.array(6), {}),
        ("ConstantOfShape", [[2]], f32([0, 0]), {}),
        ("ConstantOfShape", [[2]], np.array([7, 7]), {"value": np.array([7])}),
        ("Range", [f32(1), f32(2), f32(0.5)], f32([1, 1.5]), {}),
        ("Range", [3, 0, -2], np.array([3, 1]), {}),
        ("EyeLike", [np.zeros((2, 3), np.int32)], f32([[0, 1, 0], [0, 0, 1]]), {"dtype": "f32", "k": 1}),
        ("Trilu", [X], f32([[0, 1, 2], [0, 4, 5]]), {}),
        ("Trilu", [X, -1], f32([[0, 0, 0], [3, 0, 0]]), {"upper": 0}),
        ("DepthToSpace", [np.arange(4, dtype=f32).reshape(1, 4, 1, 1)], f32([[[[0, 1], [2, 3]]]]), {"blocksize": 2}),
        ("SpaceToDepth", [f32([[[[0, 1], [2, 3]]]])], np.arange(4, dtype=f32).reshape(1, 4, 1, 1), {"blocksize": 2}),
        ("ReverseSequence", [X.T, [2, 3]], f32([[1, 5], [0, 4], [2, 3]]), {}),
        ("Col2Im", [np.ones((1, 2, 2), f32), [1, 3], [1, 2]], f32([[[[1, 2, 1]]]]), {}),
    ],
)
def test_one_result(name, inputs, expected, attrs):
    check(name, inputs, expected, **attrs)


def test_split():
    check("Split", [X], X[:, :2], X[:, 2:], axis=1, num_outputs=2)
    check("Split", [X, [1, 2]], X[:, :1], X[:, 1:], axis=1)
    check("Split", [X], X[:1], X[1:])
    check("Split", [X], X[1:], outputs=(1,))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("constant", [9, 9, 0, 1, 2, 9]), ("reflect", [2, 1, 0, 1, 2, 1]), ("edge", [0, 0, 0, 1, 2, 2]),
     ("wrap", [1, 2, 0, 1, 2, 0])],
)  # fmt: skip
def test_padding(mode, expected):
    check("Pad", [f32([0, 1, 2]), [2, 1], f32(9)], f32(expected), mode=mode)


def test_padding_of_axes_and_less():
    check("Pad", [X, [0, -1], [1]], X[:, :2], absent=(2,))
    with pytest.raises(KernelError, match="expects a mode constant, reflect, edge or wrap, but got mirror"):
        check("Pad", [X, [0, 0, 0, 0]], X, mode="mirror")


def test_axes_that_are_not_there():
    with pytest.raises(KernelError, match="expects axes from -2 to 1, but got 2"):
        check("Split", [X], X, axis=2)
