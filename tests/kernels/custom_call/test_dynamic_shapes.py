"""Ops whose attributes are operands: `custom_call.stablehlo.dynamic_reduce_window`,
`custom_call.stablehlo.dynamic_rng_bit_generator` and `custom_call.AllocateBuffer`."""

import numpy as np

import tfrt

WINDOWS = """
    func.func private @sum(%a: tensor<f32>, %b: tensor<f32>) -> tensor<f32> {
      %0 = stablehlo.add %a, %b : tensor<f32>
      return %0 : tensor<f32>
    }
    func.func @main(%x: tensor<?x?xf32>, %size: tensor<2xi32>, %pad: tensor<2x2xi32>) -> tensor<?x?xf32> {
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %ones = stablehlo.constant dense<1> : tensor<2xi32>
      %0 = stablehlo.custom_call @stablehlo.dynamic_reduce_window(%x, %zero, %size, %ones, %ones, %ones, %pad)
        {called_computations = [@sum]} : (tensor<?x?xf32>, tensor<f32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>,
        tensor<2xi32>, tensor<2x2xi32>) -> tensor<?x?xf32>
      return %0 : tensor<?x?xf32>
    }"""


def test_windows():
    main = tfrt.load(tfrt.compile(WINDOWS, opt_level=2))["main"]
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = main(x, np.array([1, 3], np.int32), np.array([[0, 0], [2, 0]], np.int32))
    np.testing.assert_array_equal(found, np.cumsum(x, 1))
    found = main(x, np.array([2, 2], np.int32), np.zeros((2, 2), np.int32))
    np.testing.assert_array_equal(found, [[8, 12]])


def test_random_bits():
    text = """
        func.func @main(%s: tensor<2xui64>, %n: tensor<2xi32>) -> (tensor<2xui64>, tensor<?x?xui32>) {
          %0:2 = stablehlo.custom_call @stablehlo.dynamic_rng_bit_generator(%s, %n)
            {rng_algorithm = #stablehlo<rng_algorithm THREE_FRY>}
            : (tensor<2xui64>, tensor<2xi32>) -> (tensor<2xui64>, tensor<?x?xui32>)
          return %0#0, %0#1 : tensor<2xui64>, tensor<?x?xui32>
        }"""
    state, found = tfrt.load(tfrt.compile(text))["main"](np.array([1, 2], np.uint64), np.array([5, 7], np.int32))
    assert state.tolist() == [1, 22]
    assert found.shape == (5, 7)
    assert found.ravel()[:3].tolist() == [43444564, 2150618427, 3979645651]


def test_memory():
    text = """
        func.func @main() -> tensor<2x3xi8> {
          %0 = stablehlo.custom_call @AllocateBuffer() : () -> tensor<2x3xi8>
          return %0 : tensor<2x3xi8>
        }"""
    found = tfrt.load(tfrt.compile(text))["main"]()
    assert (found.shape, found.dtype) == ((2, 3), np.int8)
