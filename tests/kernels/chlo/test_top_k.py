"""`chlo.top_k`: the greatest elements in total order, and their places."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import tfrt
from tests.kernels.stablehlo.bodied_ops import arrays, assert_same
from tfrt.kernels.numerics.ordering import comparable, total_order

NAN, INF = float("nan"), float("inf")


def test_a_program():
    text = """func.func @main(%x: tensor<2x4xf32>) -> (tensor<2x2xf32>, tensor<2x2xi32>) {
      %0, %1 = chlo.top_k(%x, k = 2) : tensor<2x4xf32> -> (tensor<2x2xf32>, tensor<2x2xi32>)
      return %0, %1 : tensor<2x2xf32>, tensor<2x2xi32>
    }"""
    x = np.array([[1, 4, 2, 4], [-1, -4, -2, -3]], np.float32)
    expected = [[[4, 4], [-1, -2]], [[1, 3], [0, 2]]]
    assert [each.tolist() for each in tfrt.load(tfrt.compile(text))["main"](x)] == expected
    with tfrt.HostContext() as host:
        found = tfrt.CoreRuntime.of(host).op("chlo.top_k", k=2)(x)
        assert [each.numpy().tolist() for each in found] == expected


@pytest.mark.parametrize(
    ("dtype", "values", "places"),
    [
        (np.float32, [1, NAN, -0.0, 0, INF, -NAN, 0], [1, 4, 0, 3, 6, 2, 5]),
        (ml_dtypes.bfloat16, [1, NAN, -0.0, 0, INF, -NAN, 0], [1, 4, 0, 3, 6, 2, 5]),
        (np.float64, [1, 2, -INF], [1, 0, 2]),
        (np.int8, [-128, 127, 0, 127], [1, 3, 2, 0]),
        (np.uint32, [5, 2**32 - 1, 0], [1, 0, 2]),
        (ml_dtypes.int4, [-8, 7, 0], [1, 2, 0]),
        (bool, [False, True, False, True], [1, 3, 0, 2]),
    ],
)
def test_elements_of_each_type(dtype, values, places):
    x = np.array(values).astype(dtype)
    for k in range(len(values) + 1):
        found, where = arrays("chlo.top_k", x, k=k)
        assert where.tolist() == places[:k]
        assert_same(found, x[places[:k]])


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint8, np.float64])
@pytest.mark.parametrize("k", [1, 7, 2000])
def test_many_elements(dtype, k):
    """Equal ones, of which there are many, are in order."""
    x = np.random.default_rng(0).integers(0, 250, (3, 2000)).astype(dtype)
    found, where = arrays("chlo.top_k", x, k=k)
    expected = np.argsort(-x.astype(np.int64), axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(where, expected)
    np.testing.assert_array_equal(found, np.take_along_axis(x, expected, 1))


@pytest.mark.parametrize(
    "dtype",
    [np.float32, np.float64, np.float16, ml_dtypes.bfloat16, np.uint64, np.uint32, np.int16, np.int8, np.uint8, bool],
)
@pytest.mark.parametrize("shape", [(5000,), (5, 1000), (300, 300), (2, 3, 3000), (3, 40), (20, 40), (2, 300)])
@pytest.mark.parametrize("k", [1, 5, 40])
def test_few_of_many_elements(dtype, shape, k):
    """Floats of all kinds, all of them different, and many that are equal."""
    rng = np.random.default_rng(k)
    x = rng.standard_normal(shape) * 100
    for chosen, value in ((x < -200, NAN), (x < -250, -NAN), (abs(x) < 1, -0.0)):
        x[chosen] = value
    if np.dtype(dtype).kind in "biu":
        x = np.nan_to_num(np.abs(x))
    x = x.astype(dtype)
    if x.ndim > 1:
        x[0] = x[0, ..., :1]
    found, where = arrays("chlo.top_k", x, k=k)
    expected = np.argsort(~total_order(comparable(x)), axis=-1, kind="stable")[..., :k]
    np.testing.assert_array_equal(where, expected)
    assert found.tobytes() == np.take_along_axis(x, expected, -1).tobytes()


@pytest.mark.parametrize("shape", [(0, 3), (2, 3, 4)])
def test_any_rank(shape):
    x = np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape).astype(np.int32)
    assert arrays("chlo.top_k", x, k=2)[0].tolist() == np.sort(x)[..., ::-1][..., :2].tolist()


@pytest.mark.parametrize(
    ("x", "attributes", "message"),
    [
        (np.zeros(()), {"k": 1}, "expects an operand of rank 1 or more, but got a scalar"),
        (np.zeros(3), {"k": 4}, "expects k in [0, 3], the operand's last dimension, but got 4"),
        (np.zeros(3), {"k": -1}, "expects k in [0, 3], the operand's last dimension, but got -1"),
        (np.zeros(3, np.complex64), {"k": 1}, "expects integers or floats, but got complex64 [3]"),
        (np.zeros(3), {}, "missing attribute 'k' of op 'chlo.top_k'"),
    ],
)
def test_what_is_refused(x, attributes, message):
    with pytest.raises(tfrt.KernelError) as caught:
        arrays("chlo.top_k", x, **attributes)
    assert caught.value.message == message
