"""What gradients are made of; the expected dimensions are TensorFlow 2.21's."""

import numpy as np
import pytest

Y, DY = np.float32([0.5, -0.25, 2]), np.float32([1, 2, -3])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([3], [2, 3], [[0], []]),
        ([2, 1, 3], [1, 4, 3], [[1], [0]]),
        ([1, 3], [1, 3], [[], []]),
        ([], [2], [[0], []]),
        ([1, 1], [1], [[0, 1], [0, 1]]),
        ([1, 2], [1, 1], [[0], [0, 1]]),
    ],
)
def test_the_dimensions_that_were_broadcast(run, first, second, expected):
    found = run("tf.BroadcastGradientArgs", np.array(first, np.int32), np.array(second, np.int32))
    assert [each.array.tolist() for each in found] == expected
    assert all(each.array.dtype == np.int32 for each in found)


@pytest.mark.parametrize(
    ("op", "operands", "expected"),
    [
        ("tf.TanhGrad", (Y, DY), [0.75, 1.875, 9]),
        ("tf.SigmoidGrad", (Y, DY), [0.25, -0.625, 6]),
        ("tf.ReciprocalGrad", (Y, DY), [-0.25, -0.125, 12]),
        ("tf.SqrtGrad", (Y, DY), [1, -4, -0.75]),
        ("tf.RsqrtGrad", (Y, DY), [-0.0625, 0.015625, 12]),
        ("tf.ReluGrad", (DY, Y), [1, 0, -3]),
    ],
)
def test_gradients_of_elements(array, op, operands, expected):
    assert array(op, *operands).tolist() == expected


def test_sums_of_channels(array):
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert array("tf.BiasAddGrad", x).tolist() == x.sum((0, 1)).tolist()
    assert array("tf.BiasAddGrad", x, data_format="NCHW").tolist() == x.sum((0, 2)).tolist()


def test_what_does_not_fit(fails):
    fails(
        "tf.BroadcastGradientArgs: Incompatible shapes: [2] vs. [3]",
        "tf.BroadcastGradientArgs",
        np.int32([2]),
        np.int32([3]),
    )
    fails("tf.BiasAddGrad: the input must have at least 2 dimensions", "tf.BiasAddGrad", Y)
    fails(
        "tf.TanhGrad: operands are of different types or shapes: f32 [3], f32 [2]",
        "tf.TanhGrad",
        Y,
        DY[:2],
    )
