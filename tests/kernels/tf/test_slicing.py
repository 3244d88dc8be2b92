"""Ops that take tensors apart and put them together."""

import numpy as np
import pytest

X = np.arange(12, dtype=np.float32).reshape(3, 4)


def vector(*values):
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "expected"),
    [
        ("tf.Slice", (X, vector(1, 0), vector(-1, 2)), {}, X[1:, :2]),
        ("tf.StridedSlice", (X, vector(0, 3), vector(3, 0), vector(2, -1)), {}, X[::2, 3:0:-1]),
        (
            "tf.StridedSlice",
            (X, vector(0, 3), vector(3, 0), vector(2, -1)),
            {"begin_mask": 3, "end_mask": 3},
            X[::2, ::-1],
        ),
        (
            "tf.StridedSlice",
            (X, vector(0, 1), vector(0, 2), vector(1, 1)),
            {"ellipsis_mask": 1, "shrink_axis_mask": 2},
            X[..., 1],
        ),
        ("tf.StridedSlice", (X, vector(0, -2), vector(0, 9), vector(1, 1)), {"new_axis_mask": 1}, X[None, -2:]),
        ("tf.ConcatV2", (X, X[:1], np.int32(-2)), {}, np.concatenate([X, X[:1]])),
        ("tf.Pack", (X[0], X[1]), {"axis": -1}, np.stack([X[0], X[1]], 1)),
        ("tf.Unpack", (X[:1],), {}, X[0]),
        ("tf.Split", (np.int32(1), X), {"num_split": 1}, X),
        (
            "tf.PadV2",
            (X, np.array([[1, 0], [0, 1]]), np.float32(7)),
            {},
            np.pad(X, [[1, 0], [0, 1]], constant_values=7),
        ),
        ("tf.MirrorPad", (X, np.array([[2, 0], [0, 1]])), {"mode": "REFLECT"}, np.pad(X, [[2, 0], [0, 1]], "reflect")),
        (
            "tf.MirrorPad",
            (X, np.array([[3, 0], [0, 1]])),
            {"mode": "SYMMETRIC"},
            np.pad(X, [[3, 0], [0, 1]], "symmetric"),
        ),
    ],
)
def test_what_they_give(array, op, operands, attrs, expected):
    np.testing.assert_array_equal(array(op, *operands, **attrs), expected)


def test_those_with_several_results(run):
    assert [each.array.tolist() for each in run("tf.Unpack", X, axis=1)] == X.T.tolist()
    assert [each.shape for each in run("tf.Split", np.int32(-1), X, num_split=2)] == [(3, 2), (3, 2)]
    assert [each.shape for each in run("tf.SplitV", X, vector(1, -1), np.int32(0))] == [(1, 4), (2, 4)]


@pytest.mark.parametrize(
    ("message", "op", "operands", "attrs"),
    [
        (
            "tf.Slice: Expected a part of [0, 3), but got begin 2 and size 2",
            "tf.Slice",
            (X, vector(2, 0), vector(2, 1)),
            {},
        ),
        (
            "tf.Slice: expected begin and size of 2 elements, got (1,) and (1,)",
            "tf.Slice",
            (X, vector(1), vector(1)),
            {},
        ),
        ("strides[0] must be non-zero", "tf.StridedSlice", (X, vector(0), vector(1), vector(0)), {}),
        (
            "tf.StridedSlice: index 3 is out of bounds for axis 0 with size 3",
            "tf.StridedSlice",
            (X, vector(3), vector(4), vector(1)),
            {"shrink_axis_mask": 1},
        ),
        ("tf.ConcatV2 takes at least a tensor and an axis", "tf.ConcatV2", (X,), {}),
        ("tf.ConcatV2: ranks differ: [2, 1]", "tf.ConcatV2", (X, X[0], np.int32(0)), {}),
        ("tf.ConcatV2: Dimensions do not match: [[3, 4], [3, 3]]", "tf.ConcatV2", (X, X[:, :3], np.int32(0)), {}),
        ("tf.Pack: Shapes of all inputs must match: [[3, 4], [4]]", "tf.Pack", (X, X[0]), {}),
        ("tf.Unpack: the axis has 3 elements, not 2", "tf.Unpack", (X,), {"num": 2}),
        ("tf.Split: 3 elements do not make 2 equal parts", "tf.Split", (np.int32(0), X), {"num_split": 2}),
        ("tf.SplitV: sizes [1, 1] do not make 3", "tf.SplitV", (X, vector(1, 1), np.int32(0)), {}),
        ("paddings must be of shape [2, 2], got [1, 2]", "tf.PadV2", (X, np.array([[0, 1]]), np.float32(0)), {}),
        (
            "paddings must be non-negative, got [[-1, 0], [0, 0]]",
            "tf.PadV2",
            (X, np.array([[-1, 0], [0, 0]]), np.float32(0)),
            {},
        ),
        (
            "tf.MirrorPad: mode must be REFLECT or SYMMETRIC, not EDGE",
            "tf.MirrorPad",
            (X, np.zeros((2, 2), int)),
            {"mode": "EDGE"},
        ),
        (
            "tf.MirrorPad: paddings [[3, 0], [0, 0]] are larger than the tensor allows, [2, 3]",
            "tf.MirrorPad",
            (X, np.array([[3, 0], [0, 0]])),
            {"mode": "REFLECT"},
        ),
    ],
)
def test_what_they_refuse(fails, message, op, operands, attrs):
    fails(message, op, *operands, **attrs)
