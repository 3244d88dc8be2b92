"""What leaves a loop for all of its rows gives in each iteration what it gave there; the texts of
`stablehlo_distribute.mlir` have what leaves."""

import numpy as np
import pytest

import tfrt

ROWS, BATCH, WIDTH = 6, 3, 4
_INDICES = {
    "forward": "%at = stablehlo.add %i, %none : tensor<i32>",
    "backward": """%last = stablehlo.constant dense<5> : tensor<i32>
    %at = stablehlo.subtract %last, %i : tensor<i32>""",
    "beyond": """%far = stablehlo.constant dense<3> : tensor<i32>
    %at = stablehlo.add %i, %far : tensor<i32>""",
}
_X, _ROW, _W = f"tensor<{ROWS}x{BATCH}x{WIDTH}xf32>", f"tensor<{BATCH}x{WIDTH}xf32>", f"tensor<{WIDTH}x{WIDTH}xf32>"
_LOOP = f"""
func.func @main(%xs: {_X}, %w: {_W}, %v: {_W}) -> ({_ROW}, {_ROW}) {{{{
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %h0 = stablehlo.constant dense<0.25> : {_ROW}
  %r:3 = stablehlo.while(%i = %zero, %h = %h0, %a = %h0) : tensor<i32>, {_ROW}, {_ROW} cond {{{{
    %all = stablehlo.constant dense<{{trips}}> : tensor<i32>
    %more = stablehlo.compare LT, %i, %all : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  }}}} do {{{{
    %none = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %half = stablehlo.constant dense<0.5> : {_ROW}
    {{index}}
    %part = stablehlo.dynamic_slice %xs, %at, %none, %none, sizes = [1, {BATCH}, {WIDTH}]
      : ({_X}, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x{BATCH}x{WIDTH}xf32>
    %x = stablehlo.reshape %part : (tensor<1x{BATCH}x{WIDTH}xf32>) -> {_ROW}
    %y = stablehlo.multiply %x, %half : {_ROW}
    %p = stablehlo.dot_general %y, %w, contracting_dims = [1] x [1] : ({_ROW}, {_W}) -> {_ROW}
    %t = stablehlo.tanh %p : {_ROW}
    %q = stablehlo.dot_general %h, %v, contracting_dims = [1] x [0] : ({_ROW}, {_W}) -> {_ROW}
    %s = stablehlo.add %q, %t : {_ROW}
    %n = stablehlo.tanh %s : {_ROW}
    %b = stablehlo.add %a, %p : {_ROW}
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %j, %n, %b : tensor<i32>, {_ROW}, {_ROW}
  }}}}
  return %r#1, %r#2 : {_ROW}, {_ROW}
}}}}"""


@pytest.mark.parametrize("trips", [0, 4, 6, 9])
@pytest.mark.parametrize("index", _INDICES)
def test_rows(index, trips):
    rng = np.random.default_rng(0)
    xs = rng.standard_normal((ROWS, BATCH, WIDTH)).astype(np.float32)
    w, v = rng.standard_normal((2, WIDTH, WIDTH)).astype(np.float32)
    text = _LOOP.format(trips=trips, index=_INDICES[index])
    expected = tfrt.load(tfrt.compile(text, opt_level=0))["main"](xs, w, v)
    found = tfrt.load(tfrt.compile(text, opt_level=2))["main"](xs, w, v)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
