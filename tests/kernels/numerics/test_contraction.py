"""Rows of an array of more dimensions, multiplied by a matrix."""

import ml_dtypes
import numpy as np
import pytest

import tfrt
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.pipelines.manager import run_passes
from tfrt.compiler.pipelines.pipeline import PIPELINES, parse_pipeline, with_lowering
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics.contraction import contract
from tfrt.kernels.numerics.contraction_sizes import contraction

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
@pytest.mark.parametrize("shape", [(2, 3, 96), (1, 1, 96), (2, 1, 5, 96), (40, 30, 96), (0, 3, 96), (1, 96), (70, 96)])
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
            for given in (x, np.repeat(x, 2, -1)[..., ::2], x):
                np.testing.assert_allclose(run(given, w, b, r), wanted, 1e-4, 1e-4)


@pytest.mark.parametrize("native", [False, NATIVE])
def test_what_is_handed_out_is_made_once(native):
    """The result of rows of several dimensions is no view, which would be copied when it is handed out."""
    how = contraction((4, 8, 64), (64, 96), ((), ()), ((2,), (0,)))
    x, w = np.ones((4, 8, 64), np.float32), np.ones((64, 96), np.float32)
    with tfrt.HostContext("s", native=native) as host:
        found = contract(how, x.dtype, host)(x, w)
    assert found.flags.owndata and found.shape == (4, 8, 96) and (found == 64).all()


def residual(rng, shape, element):
    """A program that adds what a layer is given, or another array, to what it gives, after other things."""
    rows, kind = "x".join(map(str, shape)), element
    wide, row = f"tensor<{rows}x{kind}>", f"tensor<{shape[-1]}x{kind}>"
    matrix = f"tensor<{shape[-1]}x{shape[-1]}x{kind}>"
    last = len(shape) - 1
    lines = [
        f"%p = stablehlo.dot_general %x, %w, contracting_dims = [{last}] x [0] : ({wide}, {matrix}) -> {wide}",
        f"%wide = stablehlo.broadcast_in_dim %b, dims = [{last}] : ({row}) -> {wide}",
        f"%half = stablehlo.constant dense<0.5> : {wide}",
    ]
    value, number = "%p", 0

    def then(op, other):
        nonlocal value, number
        operands = [value, other][:: rng.choice([1, -1])]
        value, number = f"%v{number}", number + 1
        lines.append(f"{value} = stablehlo.{op} {', '.join(operands)} : {wide}")

    ops = [("add", "%wide"), ("multiply", "%half"), ("subtract", "%r"), ("maximum", "%wide")]
    for each in rng.permutation(len(ops))[: rng.integers(4)]:
        then(*ops[each])
    then("add", rng.choice(["%x", "%r"]))
    body = "\n  ".join([*lines, f"return {value} : {wide}"])
    return f"func.func @main(%x: {wide}, %w: {matrix}, %b: {row}, %r: {wide}) -> {wide} {{\n  {body}\n}}"


@pytest.mark.parametrize("seed", range(12))
def test_what_is_added_to_a_product_is_added_with_it(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(1, 9, 2 + seed % 2))
    element, dtype = [("f32", np.float32), ("bf16", ml_dtypes.bfloat16), ("f64", np.float64)][seed % 3]
    text = residual(rng, shape, element)
    sizes = (shape, (shape[-1],) * 2, shape[-1:], shape)
    arguments = [rng.standard_normal(size).astype(dtype) for size in sizes]
    arguments[3].flat[0] = np.nan
    # What follows products of halves is a chain of its own.
    assert ("cpu.elementwise" in optimised(text)) is (element == "bf16")
    fused, apart = (tfrt.load(tfrt.compile(text, opt_level=level))["main"] for level in (2, 0))
    expected = apart(*arguments).astype(np.float64)
    # Functions that are called again have a plan, in which kernels are written otherwise.
    for _ in range(3):
        np.testing.assert_array_equal(fused(*arguments).astype(np.float64), expected)


def optimised(text):
    module = parse_module(text, "t.mlir")
    run_passes(module, with_lowering(module, parse_pipeline(PIPELINES[2])))
    return str(module)
