"""`shape_assertion`: programs that demand something of sizes."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.support.errors import KernelError

PROGRAM = """
    func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
      %0 = stablehlo.get_dimension_size %x, dim = 0 : (tensor<?xf32>) -> tensor<i32>
      %1 = stablehlo.constant dense<3> : tensor<i32>
      %2 = stablehlo.compare GE, %0, %1 : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.custom_call @shape_assertion(%2, %0, %1) {
        api_version = 2 : i32, error_message = "{0} is less than {1}, not {2} or {}", has_side_effect = true
      } : (tensor<i1>, tensor<i32>, tensor<i32>) -> ()
      return %x : tensor<?xf32>
    }"""


@pytest.mark.parametrize("opt_level", [0, 2])
def test_programs_fail_with_the_message_filled(opt_level):
    main = tfrt.load(tfrt.compile(PROGRAM, opt_level=opt_level))["main"]
    np.testing.assert_array_equal(main(np.ones(3, np.float32)), np.ones(3))
    with pytest.raises(KernelError) as error:
        main(np.ones(2, np.float32))
    assert error.value.message == "2 is less than 3, not {2} or {}"
    assert error.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("operands", "message"),
    [
        ([np.array(1)], "(I1) expects a predicate of one i1, but got i64 []"),
        ([np.array([True])], "(I1) expects a predicate of one i1, but got i1 [1]"),
        ([np.array(True), np.array(1.0)], "(I2) expects integers to fill the message with, but got f64 []"),
    ],
)
def test_operands_that_do_not_fit(run, operands, message):
    with pytest.raises(KernelError) as error:
        run("custom_call.shape_assertion", *operands, error_message="no")
    assert error.value.message == message
