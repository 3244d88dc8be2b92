"""Ops of frameworks' programs that compute nothing: they become values, chains or constants, not kernels."""

import numpy as np
import pytest

import tfrt

X = np.array([1, 2], np.int32)


def result(text, *arguments, level=0):
    return tfrt.load(tfrt.compile(text, opt_level=level))["main"](*arguments)


@pytest.mark.parametrize("level", [0, 2])
def test_tuples_are_their_elements(level):
    text = """
      func.func @main(%x: tensor<2xi32>, %y: tensor<f32>) -> (tensor<f32>, tensor<2xi32>) {
        %inner = stablehlo.tuple %y, %x : tuple<tensor<f32>, tensor<2xi32>>
        %outer = stablehlo.tuple %x, %inner : tuple<tensor<2xi32>, tuple<tensor<f32>, tensor<2xi32>>>
        %again = stablehlo.get_tuple_element %outer[1] :
          (tuple<tensor<2xi32>, tuple<tensor<f32>, tensor<2xi32>>>) -> tuple<tensor<f32>, tensor<2xi32>>
        %first = stablehlo.get_tuple_element %again[0] : (tuple<tensor<f32>, tensor<2xi32>>) -> tensor<f32>
        %second = stablehlo.get_tuple_element %again[1] : (tuple<tensor<f32>, tensor<2xi32>>) -> tensor<2xi32>
        return %first, %second : tensor<f32>, tensor<2xi32>
      }"""
    first, second = result(text, X, np.float32(0.5), level=level)
    assert (first.dtype, first.tolist()) == (np.float32, 0.5)
    assert (second.dtype, second.tolist()) == (np.int32, [1, 2])


@pytest.mark.parametrize("level", [0, 2])
def test_barriers_pass_on_what_they_are_given(level):
    text = """
      func.func @main(%x: tensor<2xi32>, %y: tensor<f32>) -> (tensor<2xi32>, tensor<f32>) {
        %0:2 = stablehlo.optimization_barrier %x, %y : tensor<2xi32>, tensor<f32>
        return %0#0, %0#1 : tensor<2xi32>, tensor<f32>
      }"""
    x, y = result(text, X, np.float32(0.5), level=level)
    assert (x.tolist(), y.tolist()) == ([1, 2], 0.5)


@pytest.mark.parametrize("level", [0, 2])
def test_tokens_order_and_are_no_arrays(level):
    text = """
      func.func @main(%x: tensor<2xi32>) -> tensor<2xi32> {
        %first = stablehlo.create_token : !stablehlo.token
        %second = stablehlo.create_token : !stablehlo.token
        %both = stablehlo.after_all %first, %second : !stablehlo.token
        %none = stablehlo.after_all : !stablehlo.token
        %0:2 = stablehlo.optimization_barrier %both, %x : !stablehlo.token, tensor<2xi32>
        return %0#1 : tensor<2xi32>
      }"""
    assert result(text, X, level=level).tolist() == [1, 2]


@pytest.mark.parametrize("name", ["partition_id", "replica_id"])
def test_the_only_device_is_number_zero(name):
    found = result(
        f"func.func @main() -> tensor<ui32> {{ %0 = stablehlo.{name} : tensor<ui32> return %0 : tensor<ui32> }}"
    )
    assert (found.dtype, found.tolist()) == (np.uint32, 0)
