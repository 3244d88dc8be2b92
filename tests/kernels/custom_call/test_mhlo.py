"""Elementwise ops of MHLO, which are CHLO's."""

import numpy as np
import pytest

import tfrt
from tfrt.kernels.custom_call.mhlo import NAMES


@pytest.mark.parametrize(
    "name",
    [
        "mhlo.acos",
        "mhlo.acosh",
        "mhlo.asin",
        "mhlo.asinh",
        "mhlo.atanh",
        "mhlo.cosh",
        "mhlo.erf",
        "mhlo.erf_inv",
        "mhlo.erfc",
        "mhlo.sinh",
        "mhlo.square",
        "mhlo.tan",
    ],
)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_each_is_that_of_chlo(array, name, kind):
    assert name.partition(".")[2] in NAMES
    x = np.array([0.25, 0.75, 1.5], kind)
    found = array(f"custom_call.{name}", x)
    assert found.dtype == kind
    np.testing.assert_array_equal(found, array(name.replace("mhlo", "chlo"), x))


def test_an_example_in_a_program():
    text = """
        func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
          %0 = stablehlo.custom_call @mhlo.erf(%x) {mhlo.attributes = {}, mhlo.version = 1 : i64}
            : (tensor<2xf32>) -> tensor<2xf32>
          return %0 : tensor<2xf32>
        }"""
    found = tfrt.load(tfrt.compile(text, opt_level=2))["main"](np.array([0, np.inf], np.float32))
    np.testing.assert_array_equal(found, [0, 1])
