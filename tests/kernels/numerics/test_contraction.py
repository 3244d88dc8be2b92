"""Rows of an array of more dimensions, multiplied by a matrix."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.support.machine_code import is_available

NATIVE = pytest.param(True, marks=pytest.mark.skipif(not is_available(), reason="needs llvmlite"))
LAYER = """
func.func @layer(%x: tensor<{shape}x{t}>, %w: tensor<{matrix}x{t}>, %b: tensor<48x{t}>, %r: tensor<{result}x{t}>)
    -> tensor<{result}x{t}> {{
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [{last}] x [{summed}]
    : (tensor<{shape}x{t}>, tensor<{matrix}x{t}>) -> tensor<{result}x{t}>
  %1 = stablehlo.broadcast_in_dim %b, dims = [{last}] : (tensor<48x{t}>) -> tensor<{result}x{t}>
  %2 = stablehlo.add %0, %1 : tensor<{result}x{t}>
  %zero = stablehlo.constant dense<0.0> : tensor<{result}x{t}>
  %3 = stablehlo.maximum %2, %zero : tensor<{result}x{t}>
  %4 = stablehlo.add %3, %r : tensor<{result}x{t}>
  return %4 : tensor<{result}x{t}>
}}
"""


@pytest.mark.parametrize("native", [False, NATIVE])
@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("shape", [(2, 3, 96), (1, 1, 96), (2, 1, 5, 96), (40, 30, 96), (0, 3, 96)])
def test_a_layer_of_sequences(shape, turned, dtype, queue, native):
    result, matrix = (*shape[:-1], 48), (48, 96) if turned else (96, 48)
    spelled = {
        name: "x".join(map(str, sizes)) for name, sizes in (("shape", shape), ("result", result), ("matrix", matrix))
    }
    text = LAYER.format(t=dtype, last=len(shape) - 1, summed=int(turned), **spelled)
    rng, kind = np.random.default_rng(len(shape)), np.float32 if dtype == "f32" else np.float64
    x, w, b, r = (rng.standard_normal(sizes).astype(kind) for sizes in (shape, matrix, (48,), result))
    if x.size:
        x.flat[0], x.flat[-1] = np.inf, np.nan
    with np.errstate(all="ignore"):
        wanted = np.maximum(x.astype(np.float64) @ (w.T if turned else w) + b, 0) + r
    for level in (0, 2):
        with tfrt.HostContext(queue, native=native) as host:
            run = tfrt.load(tfrt.compile(text, "layer.mlir", opt_level=level), host=host)["layer"]
            # An array whose elements lie apart, too.
            for given in (x, np.repeat(x, 2, -1)[..., ::2]):
                np.testing.assert_allclose(run(given, w, b, r), wanted, 1e-4, 1e-4)
