"""Ops that rearrange elements, or ask for shapes."""

import numpy as np
import pytest

from tfrt.executor.values.dtype import DType

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def vector(*values):
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "expected"),
    [
        ("tf.Reshape", (X, vector(4, -1)), {}, X.reshape(4, 6)),
        ("tf.Reshape", (X[:1, :1, :1], np.zeros(0, np.int64)), {}, np.float32(0)),
        ("tf.Reshape", (np.zeros((0, 3)), vector(3, 0)), {}, np.zeros((3, 0))),
        ("tf.Squeeze", (X[:1, :, :1],), {}, X[0, :, 0]),
        ("tf.Squeeze", (X[:1, :, :1],), {"squeeze_dims": (-1,)}, X[:1, :, 0]),
        ("tf.BroadcastTo", (X[0, 0], vector(2, 4)), {}, np.stack([X[0, 0]] * 2)),
        ("tf.BroadcastArgs", (vector(2, 1), vector(3)), {}, vector(2, 3)),
        ("tf.Rank", (X,), {}, np.int32(3)),
        ("tf.Size", (X,), {"out_type": DType.I64}, np.int64(24)),
        ("tf.ShapeN", (X,), {}, vector(2, 3, 4)),
        ("tf.ReverseV2", (X, vector(0, -1)), {}, X[::-1, :, ::-1]),
        ("tf.Roll", (X, vector(1), vector(2)), {}, np.roll(X, 1, 2)),
        ("tf.InvertPermutation", (vector(2, 0, 1),), {}, vector(1, 2, 0)),
        (
            "tf.SpaceToBatchND",
            (X[0, :2, :2, None, None].transpose(2, 0, 1, 3), vector(2, 2), np.zeros((2, 2), np.int32)),
            {},
            np.float32([0, 1, 4, 5]).reshape(4, 1, 1, 1),
        ),
        (
            "tf.BatchToSpaceND",
            (np.float32([0, 1, 4, 5]).reshape(4, 1, 1, 1), vector(2, 2), np.array([[0, 0], [0, 1]])),
            {},
            np.float32([0, 4]).reshape(1, 2, 1, 1),
        ),
        (
            "tf.SpaceToDepth",
            (np.arange(4.0).reshape(1, 2, 2, 1),),
            {"block_size": 2},
            np.arange(4.0).reshape(1, 1, 1, 4),
        ),
        (
            "tf.DepthToSpace",
            (np.arange(4.0).reshape(1, 1, 1, 4),),
            {"block_size": 2},
            np.arange(4.0).reshape(1, 2, 2, 1),
        ),
        (
            "tf.DepthToSpace",
            (np.arange(4.0).reshape(1, 4, 1, 1),),
            {"block_size": 2, "data_format": "NCHW"},
            np.arange(4.0).reshape(1, 1, 2, 2),
        ),
    ],
)
def test_what_they_give(array, op, operands, attrs, expected):
    found = array(op, *operands, **attrs)
    assert found.dtype == np.asarray(expected).dtype
    np.testing.assert_array_equal(found, expected)


def test_shapes_of_several(run):
    first, second = run("tf.ShapeN", X, X[0], out_type=DType.I64)
    assert (first.array.tolist(), second.array.tolist()) == ([2, 3, 4], [3, 4])


@pytest.mark.parametrize(
    ("message", "op", "operands", "attrs"),
    [
        ("Only one input size may be -1, not both of [-1, -1]", "tf.Reshape", (X, vector(-1, -1)), {}),
        ("Input to reshape is a tensor with 24 values, but [5] has 5", "tf.Reshape", (X, vector(5)), {}),
        ("expected a vector of integers, got float64 of shape [1]", "tf.Reshape", (X, np.ones(1)), {}),
        ("Can not squeeze dim[1], expected a dimension of 1, got 3", "tf.Squeeze", (X,), {"squeeze_dims": (1,)}),
        ("tf.Squeeze: axis 3 is not in [-3, 3)", "tf.Squeeze", (X,), {"squeeze_dims": (3,)}),
        ("Incompatible shapes: [2, 3, 4] vs. [4, 4]", "tf.BroadcastTo", (X, vector(4, 4)), {}),
        ("Incompatible shapes: [2] vs. [3]", "tf.BroadcastArgs", (vector(2), vector(3)), {}),
        ("tf.InvertPermutation: [0, 0] is no permutation", "tf.InvertPermutation", (vector(0, 0),), {}),
        (
            "padded shape [1, 3, 1] is not divisible by blocks [2]",
            "tf.SpaceToBatchND",
            (np.zeros((1, 3, 1)), vector(2), np.zeros((1, 2), np.int32)),
            {},
        ),
        (
            "batch 3 is not divisible by blocks [2]",
            "tf.BatchToSpaceND",
            (np.zeros((3, 3, 1)), vector(2), np.zeros((1, 2), np.int32)),
            {},
        ),
        (
            "tf.SpaceToDepth: data format 'NHCW' is not supported",
            "tf.SpaceToDepth",
            (np.zeros((1, 2, 2, 1)),),
            {"block_size": 2, "data_format": "NHCW"},
        ),
    ],
)
def test_what_they_refuse(fails, message, op, operands, attrs):
    fails(message, op, *operands, **attrs)
