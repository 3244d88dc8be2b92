"""Rows as machine code: layers along them, and elementwise steps."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code import rows as native_rows
from tfrt.kernels.numerics.machine_code.rows import describe, with_native_rows, with_native_softmax
from tfrt.kernels.numerics.row_layers import by_rows, normalize_rows, softmax_rows

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
F32 = np.dtype(np.float32)
ADD, MULTIPLY = "{0} + {1}", "{0} * {1}"
STEPS = (Step(np.multiply, (0, 1), MULTIPLY), Step(np.add, (3, 2), ADD), Step(np.tanh, (4,)))
LAYERS = {"softmax": softmax_rows, "normalize": lambda width, dtype: normalize_rows(width, dtype, 0.25)}
TOLERANCE = {"rtol": 2e-5, "atol": 1e-6}


def some(rng, shape, has_special):
    found = rng.standard_normal(shape).astype(np.float32)
    if has_special:
        is_special = rng.random(shape) < 0.02
        found[is_special] = rng.choice([np.inf, -np.inf, np.nan, 50.0], np.count_nonzero(is_special))
    return found


@pytest.fixture(params=["s", "mstd:2"])
def host(request, monkeypatch):
    monkeypatch.setattr(native_rows, "LEAST_ELEMENTS", 40)
    monkeypatch.setattr(native_rows, "MOST_ELEMENTS", 80)
    with HostContext(request.param, native=True) as made:
        yield made


@LLVM
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("seed", range(4))
def test_layers(host, layer, seed):
    rng = np.random.default_rng(seed)
    shape = (*(int(size) for size in rng.integers(1, 5, seed % 3)), int(rng.integers(16, 200)))
    x, row, like = some(rng, shape, seed % 2), some(rng, shape[-1:], False), some(rng, shape, False)
    made = LAYERS[layer](shape[-1], F32)
    finish = RowEpilogue(epilogue(STEPS, [row.shape, shape]), (row.shape, shape), STEPS)
    for following, others in ((None, []), (finish, [row, like])):
        run = by_rows(made, shape, F32, host, following)
        steps = () if following is None else STEPS
        inputs = [shape, *(other.shape for other in others)]
        native = with_native_rows(run, inputs, shape, F32, steps, host, layer, 0.25)
        assert native is not run
        expected = run(x, *others)
        np.testing.assert_allclose(native(x, *others), expected, **TOLERANCE)
        np.testing.assert_allclose(native(np.repeat(x, 2, -1)[..., ::2], *others), expected, **TOLERANCE)
        for out in (np.empty_like(x), np.empty(shape[::-1], np.float32).T, x.copy()):
            given = out if np.array_equal(out, x, equal_nan=True) else x
            assert native(given, *others, out=out) is out
            np.testing.assert_allclose(out, expected, **TOLERANCE)


@LLVM
@pytest.mark.parametrize("width", [37, 10, 1])
def test_softmax_of_any_number_of_rows(host, width):
    rng = np.random.default_rng(0)
    softmax = softmax_rows(width, F32)
    native = with_native_softmax(softmax, width, F32, host)
    assert native is not softmax
    for rows in (1, 5):
        x = some(rng, (rows, width), False)
        found, expected = np.empty_like(x), np.empty_like(x)
        native(x, found)
        softmax(x, expected)
        np.testing.assert_allclose(found, expected, **TOLERANCE)
    assert with_native_softmax(softmax, width, np.dtype(np.float64), host) is softmax


def test_what_there_is_no_code_for():
    assert describe([(4, 32)], (4, 32), np.dtype(np.float64), (), "softmax") is None
    assert describe([(0, 32)], (0, 32), F32, (), "softmax") is None
    assert describe([(4, 2, 32), (4, 1, 32)], (4, 2, 32), F32, STEPS[:1], "softmax") is None
    assert describe([(4, 32)], (4, 32), F32, (Step(np.tanh, (0,), dtype=np.dtype(bool)),), "softmax") is None
    assert describe([(4, 32)], (4, 32), F32, (Step(np.log2, (0,)),), "softmax") is None


@LLVM
def test_programs():
    text = """func.func @main(%x: tensor<40x128xf32>, %y: tensor<128xf32>) -> tensor<40x128xf32> {
  %0 = nn.softmax %x {dimension = 1 : i64} : (tensor<40x128xf32>) -> tensor<40x128xf32>
  %1 = stablehlo.broadcast_in_dim %y, dims = [1] : (tensor<128xf32>) -> tensor<40x128xf32>
  %2 = stablehlo.multiply %0, %1 : tensor<40x128xf32>
  %3 = nn.normalize %2 {dimension = 1 : i64, epsilon = 0.5 : f64} : (tensor<40x128xf32>) -> tensor<40x128xf32>
  %4 = stablehlo.transpose %3, dims = [1, 0] : (tensor<40x128xf32>) -> tensor<128x40xf32>
  %5 = stablehlo.reshape %4 : (tensor<128x40xf32>) -> tensor<40x128xf32>
  %6 = stablehlo.tanh %5 : tensor<40x128xf32>
  return %6 : tensor<40x128xf32>
}"""
    rng = np.random.default_rng(0)
    x, y = some(rng, (40, 128), False), some(rng, (128,), False)
    results = []
    for is_native in (True, False):
        with HostContext("s", native=is_native) as host:
            results.append(tfrt.load(tfrt.compile(text, opt_level=2), host=host)["main"](x, y))
    np.testing.assert_allclose(*results, **TOLERANCE)
