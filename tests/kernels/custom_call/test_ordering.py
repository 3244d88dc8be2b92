"""The first elements in an order: `ApproxTopK`, `PartialReduce`, and `top_k` by other names."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType

VALUES = np.array([[3, 1, 4, 1, 5], [np.nan, -1, 0, -0.0, 2]], np.float32)

SEARCH = """
    func.func private @closer(%a: tensor<f32>, %b: tensor<f32>, %i: tensor<i32>, %j: tensor<i32>) -> tensor<i1> {{
      %0 = stablehlo.compare {direction}, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
      {end} %0 : tensor<i1>
    }}
    func.func @main(%x: tensor<2x5xf32>) -> (tensor<2x2xf32>, tensor<2x2xi32>) {{
      %i = stablehlo.iota dim = 1 : tensor<2x5xi32>
      %v = stablehlo.constant dense<0.0> : tensor<f32>
      %c = stablehlo.constant dense<-1> : tensor<i32>
      %0:2 = stablehlo.custom_call @{target}(%x, %i, %v, %c) {{
        called_computations = [@closer], mhlo.backend_config = {{top_k = 2 : i64, reduction_dim = 1 : i64,
        aggregate_to_topk = true, recall_target = 0.95 : f32}}}}
        : (tensor<2x5xf32>, tensor<2x5xi32>, tensor<f32>, tensor<i32>) -> (tensor<2x2xf32>, tensor<2x2xi32>)
      return %0#0, %0#1 : tensor<2x2xf32>, tensor<2x2xi32>
    }}"""


@pytest.mark.parametrize("target", ["ApproxTopK", "PartialReduce"])
@pytest.mark.parametrize("end", ["stablehlo.return", "return"])
@pytest.mark.parametrize(
    ("direction", "values", "places"),
    [("GT", [[5, 4], [3, 2]], [[4, 2], [1, 4]]), ("LT", [[1, 1], [0, 1]], [[1, 3], [2, 0]])],
)
def test_searches(target, end, direction, values, places):
    x = np.array([[3, 1, 4, 1, 5], [1, 3, 0, 1, 2]], np.float32)
    program = tfrt.load(tfrt.compile(SEARCH.format(target=target, end=end, direction=direction), opt_level=2))
    found = program["main"](x)
    np.testing.assert_array_equal(found[0], values)
    np.testing.assert_array_equal(found[1], places)


def test_searches_of_a_size_that_is_known_later():
    text = SEARCH.format(target="stablehlo.dynamic_approx_top_k", end="return", direction="GT")
    text = text.replace("%x: tensor<2x5xf32>", "%x: tensor<2x5xf32>, %k: tensor<i64>").replace("%v, %c)", "%v, %c, %k)")
    text = text.replace("f32>, tensor<i32>) ->", "f32>, tensor<i32>, tensor<i64>) ->").replace("2x2x", "2x?x")
    main = tfrt.load(tfrt.compile(text))["main"]
    x = np.array([[3, 1, 4, 1, 5], [1, 3, 0, 1, 2]], np.float32)
    for size in (0, 1, 4):
        values, places = main(x, np.array(size))
        np.testing.assert_array_equal(values, -np.sort(-x)[:, :size])
        np.testing.assert_array_equal(np.take_along_axis(x, places, 1), values)


def test_eager_callers_spell_the_order(call):
    less = [4, [["stablehlo.compare", [0, 1], [["comparison_direction", "LT"]], [DType.I1]]], [4]]
    zero = np.float32(0)
    places = np.broadcast_to(np.arange(5, dtype=np.int32), VALUES.shape)
    operands = (VALUES, places, np.asarray(zero), np.array(0, np.int32))
    values, found = call("ApproxTopK", *operands, top_k=2, reduction_dim=1, called_computations=[less])
    np.testing.assert_array_equal(values, [[1, 1], [-1, 0]])
    np.testing.assert_array_equal(found, [[1, 3], [1, 2]])


def test_searches_without_a_function(run):
    with pytest.raises(KernelError) as error:
        run("custom_call.PartialReduce", VALUES, VALUES[0, 0], top_k=1, reduction_dim=1, called_computations=[])
    assert error.value.message == (
        "(I1) expects operands, an initial value for each, and one function that compares, but got 2 operands and 0"
        " functions"
    )


def test_the_greatest(call):
    values, places = call("mhlo.topk", VALUES, k=2)
    np.testing.assert_array_equal(values, [[5, 4], [np.nan, 2]])
    np.testing.assert_array_equal(places, [[4, 2], [0, 4]])


def test_the_least(call):
    """-0 is less than 0."""
    values, places = call("mhlo.topk", VALUES, k=3, largest=False)
    np.testing.assert_array_equal(values, [[1, 1, 3], [-1, -0.0, 0]])
    np.testing.assert_array_equal(places, [[1, 3, 0], [1, 3, 2]])
    assert places.dtype == np.int32


@pytest.mark.parametrize("size", [0, 2])
def test_a_size_that_is_known_later(call, size):
    values, places = call("stablehlo.dynamic_top_k", VALUES, np.array(size))
    np.testing.assert_array_equal(values, call("mhlo.topk", VALUES, k=2)[0][:, :size])
    assert places.shape == (2, size)


def test_attributes_of_mhlo_reach_the_target():
    text = """
        func.func @main(%x: tensor<2x5xf32>) -> (tensor<2x2xf32>, tensor<2x2xi32>) {
          %0:2 = stablehlo.custom_call @mhlo.topk(%x) {mhlo.attributes = {k = 2 : i64, largest = false}, mhlo.version = 1 : i64}
            : (tensor<2x5xf32>) -> (tensor<2x2xf32>, tensor<2x2xi32>)
          return %0#0, %0#1 : tensor<2x2xf32>, tensor<2x2xi32>
        }"""  # noqa: E501
    found = tfrt.load(tfrt.compile(text))["main"](VALUES)
    np.testing.assert_array_equal(found[1], [[1, 3], [1, 3]])
