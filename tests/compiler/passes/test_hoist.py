"""Ops that may fail stay in loops that may never run; the texts of `stablehlo_hoist.mlir` have what leaves loops."""

import numpy as np
import pytest

import tfrt

_LOOP = """
func.func @main(%x: tensor<4xf32>, %size: tensor<1xi32>, %most: tensor<i32>) -> (tensor<i32>, tensor<4xf32>) {{
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:2 = stablehlo.while(%i = %zero, %a = %x) : tensor<i32>, tensor<4xf32> cond {{
    %more = stablehlo.compare LT, %i, %most : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  }} do {{
    %one = stablehlo.constant dense<1> : tensor<i32>
    %j = stablehlo.add %i, %one : tensor<i32>
    %w = {op}
    %n = stablehlo.add %a, %w : tensor<4xf32>
    stablehlo.return %j, %n : tensor<i32>, tensor<4xf32>
  }}
  return %r#0, %r#1 : tensor<i32>, tensor<4xf32>
}}"""

_FALLIBLE = {
    "tf": '"tf.Reshape"(%x, %size) : (tensor<4xf32>, tensor<1xi32>) -> tensor<4xf32>',
    "dynamic": "stablehlo.dynamic_reshape %x, %size : (tensor<4xf32>, tensor<1xi32>) -> tensor<4xf32>",
}


@pytest.mark.parametrize("kind", _FALLIBLE)
@pytest.mark.parametrize("level", [0, 2])
def test_loops_that_never_run_do_not_fail(kind, level):
    main = tfrt.load(tfrt.compile(_LOOP.format(op=_FALLIBLE[kind]), opt_level=level))["main"]
    x, five = np.arange(4, dtype=np.float32), np.int32([5])
    count, found = main(x, five, np.int32(0))
    assert (count, found.tolist()) == (0, x.tolist())
    with pytest.raises(tfrt.KernelError):
        main(x, five, np.int32(1))
    assert main(x, np.int32([4]), np.int32(2))[1].tolist() == (3 * x).tolist()
