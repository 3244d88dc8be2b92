"""Chains that read parts of arrays give what they give on copies of these, with numpy and as machine code."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics.chains import elementwise

DTYPES = {"f32": np.float32, "f64": np.float64, "i32": np.int32}
NATIVE = pytest.param(True, marks=pytest.mark.skipif(not is_available(), reason="needs llvmlite"))


def written(rng):
    """A program of parts of two arrays, of different types, one of which may be read in another order."""
    rank = int(rng.integers(1, 4))
    part = [*rng.integers(1, 5, rank - 1).tolist(), int(rng.integers(16, 40))]
    lines, values, arguments, listed = [], [], [], []
    for number, kind in enumerate(rng.choice(["f32", "f64", "i32"], 2)):
        shape = [size + int(extra) for size, extra in zip(part, rng.integers(0, 20, rank), strict=True)]
        array = rng.integers(-9, 9, shape).astype(DTYPES[kind])
        arguments.append(array)
        type = f"tensor<{'x'.join(map(str, shape))}x{kind}>"
        listed.append(f"%a{number}: {type}")
        for _ in range(int(rng.integers(1, 4))):
            starts = [int(rng.integers(0, whole - size + 1)) for whole, size in zip(shape, part, strict=True)]
            strides = [
                1 if size < 2 or axis == rank - 1 else int(rng.integers(1, (whole - start - 1) // (size - 1) + 1))
                for axis, (whole, size, start) in enumerate(zip(shape, part, starts, strict=True))
            ]
            ends = [start + (size - 1) * step + 1 for start, size, step in zip(starts, part, strides, strict=True)]
            ranges = ", ".join(f"{s}:{e}:{d}" for s, e, d in zip(starts, ends, strides, strict=True))
            sliced = f"tensor<{'x'.join(map(str, part))}x{kind}>"
            name = f"%s{len(lines)}"
            lines.append(f"{name} = stablehlo.slice %a{number} [{ranges}] : ({type}) -> {sliced}")
            lines.append(f"{name}f = stablehlo.convert {name} : ({sliced}) -> {sliced.replace(kind + '>', 'f32>')}")
            values.append(f"{name}f")
    result = f"tensor<{'x'.join(map(str, part))}xf32>"
    listed.append(f"%b: {result}")
    arguments.append(rng.integers(-9, 9, part).astype(np.float32))
    values.append("%b")
    last = values[0]
    for number, value in enumerate([*values[1:], *rng.permutation(values)]):
        op = rng.choice(["add", "multiply", "maximum", "subtract"])
        lines.append(f"%r{number} = stablehlo.{op} {last}, {value} : {result}")
        last = f"%r{number}"
    body = "\n  ".join([*lines, f"return {last} : {result}"])
    return f"func.func @main({', '.join(listed)}) -> {result} {{\n  {body}\n}}", arguments


@pytest.mark.parametrize("native", [False, NATIVE])
@pytest.mark.parametrize("seed", range(12))
def test_random_parts(monkeypatch, seed, native):
    rng = np.random.default_rng(seed)
    if seed % 2:
        monkeypatch.setattr(elementwise, "BLOCK_BYTES", 256)
    text, arguments = written(rng)
    compiled = tfrt.compile(text, opt_level=2)
    expected = tfrt.load(tfrt.compile(text, opt_level=0))["main"](*arguments)
    with tfrt.HostContext("s", native=native) as host:
        run = tfrt.load(compiled, host=host)["main"]
        for _ in range(3):
            assert np.array_equal(run(*arguments), expected)
        # A plan has the steps themselves, and what does not lie in order is read as it is.
        turned = [np.asfortranarray(array) for array in arguments]
        assert np.array_equal(run(*turned), expected)


@pytest.mark.parametrize("native", [False, NATIVE])
def test_gates_of_a_cell(native):
    text = """func.func @main(%x: tensor<3x64xf32>, %c: tensor<3x16xf32>) -> tensor<3x16xf32> {
      %i = stablehlo.slice %x [0:3, 0:16] : (tensor<3x64xf32>) -> tensor<3x16xf32>
      %f = stablehlo.slice %x [0:3, 16:32] : (tensor<3x64xf32>) -> tensor<3x16xf32>
      %g = stablehlo.slice %x [0:3, 32:48] : (tensor<3x64xf32>) -> tensor<3x16xf32>
      %in = stablehlo.logistic %i : tensor<3x16xf32>
      %forget = stablehlo.logistic %f : tensor<3x16xf32>
      %new = stablehlo.tanh %g : tensor<3x16xf32>
      %kept = stablehlo.multiply %forget, %c : tensor<3x16xf32>
      %taken = stablehlo.multiply %in, %new : tensor<3x16xf32>
      %r = stablehlo.add %kept, %taken : tensor<3x16xf32>
      return %r : tensor<3x16xf32>
    }"""
    rng = np.random.default_rng(0)
    x, c = rng.standard_normal((3, 64)).astype(np.float32), rng.standard_normal((3, 16)).astype(np.float32)
    i, f, g = (x[:, start : start + 16].astype(np.float64) for start in (0, 16, 32))
    expected = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
    with tfrt.HostContext("s", native=native) as host:
        found = tfrt.load(tfrt.compile(text, opt_level=2), host=host)["main"](x, c)
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("native", [False, NATIVE])
def test_parts_that_there_are_not(native):
    text = """func.func @main(%x: memref<2x64xf32>) -> memref<2x16xf32> {
      %y = cpu.elementwise %x {arguments = [[f32, 2, 64]], metadata = [[f32, 2, 16]], steps = [
        ["stablehlo.slice", 0, [["start_indices", [0, -16]], ["limit_indices", [2, 0]], ["strides", [1, 1]]]],
        ["stablehlo.tanh", 1], ["stablehlo.tanh", 2], ["stablehlo.tanh", 3]]} : (memref<2x64xf32>) -> memref<2x16xf32>
      tfrt.return %y : memref<2x16xf32>
    }"""
    with tfrt.HostContext("s", native=native) as host:
        run = tfrt.load(tfrt.compile(text, "m"), host=host)["main"]
        with pytest.raises(tfrt.KernelError) as raised:
            run(np.zeros((2, 64), np.float32))
    assert str(raised.value) == "m:2:12: (C3) expects 0 <= start <= limit <= 64 in dimension 1, but got -16:0"
