"""Targets of custom calls that installed packages bring along."""

import numpy as np
import pytest

import tfrt

TEXT = """
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %0 = stablehlo.custom_call @my.double(%x) : (tensor<2xf32>) -> tensor<2xf32>
      return %0 : tensor<2xf32>
    }"""

DOUBLE = """
    import tfrt

    @tfrt.custom_call("my.double", metadata=lambda x: x)
    def double(x: tfrt.TensorMetadata):
        return lambda array, out=None: array * 2
"""


def run():
    return tfrt.load(tfrt.compile(TEXT))["main"](np.array([1, 2], np.float32)).tolist()


def refusal():
    with pytest.raises(tfrt.TfrtError) as caught:
        run()
    return str(caught.value)


def test_a_package_brings_targets(install):
    install("a", {"tfrt.custom_calls": {"my.double": "calls_of_a"}}, calls_of_a=DOUBLE)
    assert run() == [2, 4]


def test_a_package_that_has_other_targets_is_not_imported(install):
    install("a", {"tfrt.custom_calls": {"other": "calls_of_a"}}, calls_of_a="raise SystemExit")
    assert "calls 'my.double', a target that is not registered: see tfrt.custom_call" in refusal()


def test_two_packages_have_one_target(install):
    install("a", {"tfrt.custom_calls": {"my.double": "calls_of_a"}}, calls_of_a=DOUBLE)
    install("b", {"tfrt.custom_calls": {"my.double": "calls_of_b"}}, calls_of_b=DOUBLE)
    assert "op 'custom_call.my.double' comes from two packages, 'b' and 'a'; uninstall one of them" in refusal()


def test_what_is_broken_says_so(install):
    install("a", {"tfrt.custom_calls": {"my.double": "calls_of_a"}}, calls_of_a="1 / 0")
    assert (
        "cannot import custom call 'my.double' of package 'a' (calls_of_a): ZeroDivisionError: division by zero"
        in refusal()
    )
