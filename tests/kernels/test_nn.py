"""Layers along one dimension."""

import ml_dtypes
import numpy as np
import pytest

import tfrt

X = np.float32([[1, 2, 4], [-3, 0, 100]])


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
@pytest.mark.parametrize("dimension", [0, 1])
def test_softmax(array, dtype, dimension):
    x = X.astype(dtype).astype(np.float64)
    exponentials = np.exp(x - x.max(dimension, keepdims=True))
    found = array("nn.softmax", X.astype(dtype), dimension=dimension)
    assert found.dtype == dtype
    tolerance = 1e-6 if np.dtype(dtype).itemsize > 2 else 1e-2
    expected = exponentials / exponentials.sum(dimension, keepdims=True)
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=tolerance, atol=1e-6)


def test_softmax_of_infinities(array):
    found = array("nn.softmax", np.float32([[-np.inf, 0], [np.inf, 0], [-np.inf, -np.inf]]), dimension=1)
    np.testing.assert_array_equal(found, np.float32([[0, 1], [np.nan, np.nan], [np.nan, np.nan]]))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("dimension", [0, 1])
def test_normalize(array, dtype, dimension):
    x = X.astype(np.float64)
    found = array("nn.normalize", X.astype(dtype), dimension=dimension, epsilon=0.5)
    assert found.dtype == dtype
    expected = (x - x.mean(dimension, keepdims=True)) / np.sqrt(x.var(dimension, keepdims=True) + 0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype != np.float16 else 1e-2)


@pytest.mark.parametrize("op", ["nn.softmax", "nn.normalize"])
def test_dimensions_that_are_not_there(fails, op):
    fails(f"{op}: dimension 2 is not in [0, 2)", op, X, dimension=2)
    text = f"""func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {{
  %y = {op} %x {{dimension = 2 : i64, epsilon = 0.5 : f64}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}}"""
    with pytest.raises(tfrt.CompileError) as info:
        tfrt.compile(text, "t.mlir")
    assert info.value.diagnostics[0].headline() == (
        f"t.mlir:2:8: error: '{op}' op expects a dimension in [0, 2), but got 2"
    )


@pytest.mark.parametrize("level", [0, 2])
def test_programs(level):
    text = """func.func @main(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %y = nn.softmax %x {dimension = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %z = nn.normalize %y {dimension = 0 : i64, epsilon = 0.5 : f64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y, %z : tensor<2x3xf32>, tensor<2x3xf32>
}"""
    y, z = tfrt.load(tfrt.compile(text, opt_level=level))["main"](X)
    np.testing.assert_allclose(y.sum(1), [1, 1], rtol=1e-6)
    np.testing.assert_allclose(z.sum(0), np.zeros(3), atol=1e-6)
