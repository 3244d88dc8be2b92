"""Ops that pick, write and choose elements."""

import numpy as np
import pytest

import tfrt

X = np.arange(12, dtype=np.float32).reshape(3, 4)
C = X > 5


def ints(*values):
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "expected"),
    [
        ("tf.Gather", (X, ints(2, 0)), {}, X[[2, 0]]),
        ("tf.GatherV2", (X, ints(3, 1), np.int32(1)), {}, X[:, [3, 1]]),
        (
            "tf.GatherV2",
            (X, ints([0, 1], [1, 2], [3, 3]), np.int32(1)),
            {"batch_dims": 1},
            np.take_along_axis(X, np.array([[0, 1], [1, 2], [3, 3]]), 1),
        ),
        ("tf.GatherNd", (X, ints([0, 1], [2, 3])), {}, np.float32([1, 11])),
        ("tf.ScatterNd", (ints([1], [1]), np.float32([2, 3]), ints(3)), {}, np.float32([0, 5, 0])),
        ("tf.TensorScatterUpdate", (X, ints([0, 0]), np.float32([9])), {}, np.concatenate([[[9, 1, 2, 3]], X[1:]])),
        ("tf.TensorScatterAdd", (X[0], ints([0], [0]), np.float32([1, 2])), {}, np.float32([3, 1, 2, 3])),
        ("tf.TensorScatterSub", (X[0], ints([0], [0]), np.float32([1, 2])), {}, np.float32([-3, 1, 2, 3])),
        ("tf.TensorScatterMax", (X[0], ints([1], [1]), np.float32([5, -2])), {}, np.float32([0, 5, 2, 3])),
        ("tf.TensorScatterMin", (X[0], ints([1], [1]), np.float32([5, -2])), {}, np.float32([0, -2, 2, 3])),
        ("tf.SegmentSum", (X, ints(0, 0, 2)), {}, np.stack([X[0] + X[1], X[0] * 0, X[2]])),
        ("tf.SegmentSumV2", (X, ints(0, 0, 2), np.int32(3)), {}, np.stack([X[0] + X[1], X[0] * 0, X[2]])),
        ("tf.SegmentMean", (X, ints(0, 0, 1)), {}, np.stack([(X[0] + X[1]) / 2, X[2]])),
        ("tf.SegmentMeanV2", (X, ints(0, 0, 1), np.int32(2)), {}, np.stack([(X[0] + X[1]) / 2, X[2]])),
        ("tf.SegmentProd", (X, ints(0, 0, 1)), {}, np.stack([X[0] * X[1], X[2]])),
        ("tf.SegmentProdV2", (X, ints(0, 0, 1), np.int32(2)), {}, np.stack([X[0] * X[1], X[2]])),
        ("tf.SegmentMax", (X, ints(0, 0, 1)), {}, X[1:]),
        ("tf.SegmentMaxV2", (X, ints(0, 0, 1), np.int32(2)), {}, X[1:]),
        ("tf.SegmentMin", (X, ints(0, 0, 1)), {}, X[[0, 2]]),
        ("tf.SegmentMinV2", (X, ints(0, 0, 1), np.int32(2)), {}, X[[0, 2]]),
        ("tf.UnsortedSegmentSum", (X, ints(1, -1, 1), np.int32(2)), {}, np.stack([X[0] * 0, X[0] + X[2]])),
        ("tf.UnsortedSegmentMean", (X, ints(1, 0, 1), np.int32(2)), {}, np.stack([X[1], X[1]])),
        ("tf.UnsortedSegmentProd", (X, ints(1, 0, 1), np.int32(2)), {}, np.stack([X[1], X[0] * X[2]])),
        ("tf.UnsortedSegmentMax", (X, ints(1, 0, 1), np.int32(2)), {}, X[1:]),
        ("tf.UnsortedSegmentMin", (X, ints(1, 0, 1), np.int32(2)), {}, X[[1, 0]]),
        ("tf.SelectV2", (C, X, np.float32(0)), {}, np.where(C, X, 0)),
        ("tf.Select", (C[:, 0], X, -X), {}, np.where(C[:, :1], X, -X)),
        ("tf.Where", (C[1:2],), {}, np.array([[0, 2], [0, 3]])),
        ("tf.DynamicStitch", (ints(0, 2), ints(1), X[:2], X[2:]), {}, X[[0, 2, 1]]),
        (
            "tf.ReverseSequence",
            (X, ints(1, 2, 4)),
            {"seq_dim": 1},
            np.float32([[0, 1, 2, 3], [5, 4, 6, 7], [11, 10, 9, 8]]),
        ),
        (
            "tf.ReverseSequence",
            (X.T.copy(), ints(1, 2, 4)),
            {"seq_dim": 0, "batch_dim": 1},
            np.float32([[0, 1, 2, 3], [5, 4, 6, 7], [11, 10, 9, 8]]).T,
        ),
        ("tf.Bincount", (ints(1, 1, 3, 9), np.int32(4), np.zeros(0, np.int32)), {}, ints(0, 2, 0, 1)),
        ("tf.Bincount", (ints(1, 1), np.int32(2), np.float32([0.5, 2])), {}, np.float32([0, 2.5])),
    ],
)
def test_what_they_give(array, op, operands, attrs, expected):
    found = array(op, *operands, **attrs)
    assert found.dtype == expected.dtype or op == "tf.TensorScatterUpdate"
    np.testing.assert_array_equal(found, expected)


def test_those_with_several_results(run):
    values, places = run("tf.TopKV2", np.float32([[1, 3, 3, 2]]), np.int32(3))
    assert (values.array.tolist(), places.array.tolist()) == ([[3, 3, 2]], [[1, 2, 3]])
    assert [each.array.tolist() for each in run("tf.Unique", ints(7, 5, 7))] == [[7, 5], [0, 1, 0]]
    assert [each.array.tolist() for each in run("tf.UniqueWithCounts", ints(7, 5, 7))] == [[7, 5], [0, 1, 0], [2, 1]]
    parts = run("tf.DynamicPartition", X, ints(1, 0, 1), num_partitions=2)
    assert [part.array.tolist() for part in parts] == [X[1:2].tolist(), X[[0, 2]].tolist()]


@pytest.mark.parametrize(
    ("message", "op", "operands"),
    [
        ("tf.Gather: index 3 is not in [0, 3)", "tf.Gather", (X, ints(3))),
        ("tf.GatherNd: index -1 is not in [0, 4)", "tf.GatherNd", (X, ints([0, -1]))),
        (
            "tf.GatherNd: index vectors of 3 elements are too long for a tensor of shape [3, 4]",
            "tf.GatherNd",
            (X, ints(0, 0, 0)),
        ),
        ("tf.TopKV2: input must have at least k columns, 5, but has 4", "tf.TopKV2", (X, np.int32(5))),
        ("tf.SegmentSum: segment ids are not increasing", "tf.SegmentSum", (X, ints(1, 0, 0))),
        ("tf.UnsortedSegmentSum: index 2 is not in [0, 2)", "tf.UnsortedSegmentSum", (X, ints(0, 2, 0), np.int32(2))),
    ],
)
def test_what_they_refuse(fails, message, op, operands):
    fails(message, op, *operands)


GATHERED = """
func.func @main(%x: tensor<?xi32>) -> tensor<?xi32> {
  %zero = "tf.Const"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
  %first = "tf.GatherV2"(%x, %zero, %zero) <{batch_dims = 0 : i64}>
    : (tensor<?xi32>, tensor<i32>, tensor<i32>) -> tensor<i32>
  %rest = "tf.Sub"(%x, %first) : (tensor<?xi32>, tensor<i32>) -> tensor<?xi32>
  return %rest : tensor<?xi32>
}
"""


@pytest.mark.parametrize("level", [0, 2])
def test_one_element_that_is_gathered_is_an_array_to_the_next_op(level):
    main = tfrt.load(tfrt.compile(GATHERED, opt_level=level))["main"]
    assert main(np.int32([5, 6, 8])).tolist() == [0, 1, 3]


def test_coordinates_of_flat_indices(array, fails):
    dims = np.int32([2, 3])
    assert array("tf.UnravelIndex", np.int32([3, 5, 0]), dims).tolist() == [[1, 1, 0], [0, 2, 0]]
    assert array("tf.UnravelIndex", np.int64(5), np.int64([2, 3])).tolist() == [1, 2]
    fails("tf.UnravelIndex: index 6 is not in [0, 6)", "tf.UnravelIndex", np.int32([6]), dims)
    fails("tf.UnravelIndex: Input dims cannot contain a dim of zero", "tf.UnravelIndex", dims, np.int32([2, 0]))
