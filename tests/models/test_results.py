"""What programs of frameworks give is the caller's own."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt


@pytest.mark.parametrize("level", range(4))
def test_what_is_given_twice_is_two_arrays(level: int) -> None:
    text = """func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %a = stablehlo.tanh %x : tensor<2xf32>
  %b = stablehlo.tanh %x : tensor<2xf32>
  return %a, %b, %x : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}"""
    x = np.float32([1, 2])
    first, second, third = tfrt.load(tfrt.compile(text, opt_level=level))["main"](x)
    first[:] = 7
    third[:] = 9
    np.testing.assert_array_equal(second, np.tanh(np.float32([1, 2])))
    np.testing.assert_array_equal(x, np.float32([1, 2]))
