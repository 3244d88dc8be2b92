"""Products of few rows as machine code, and vectors' exponentials."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics.elementwise_chain import Step, epilogue
from tfrt.kernels.numerics.native_products import MOST_ROWS, MOST_TILED, as_convolution, describe, with_native_product

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
ADD, MULTIPLY = "{0} + {1}", "{0} * {1}"


def product(x, y, out=None):
    with np.errstate(all="ignore"):
        return np.matmul(x, y, out=out)


def native(sizes, dtype, finish=None):
    with HostContext("s", native=True) as host:
        made = with_native_product(product, sizes, np.dtype(dtype), finish, host)
    assert made is not product
    return made


@LLVM
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(4))
def test_random_sizes(dtype, seed):
    rng = np.random.default_rng(seed)
    rows, inner, columns = 1 + seed % MOST_ROWS, int(rng.integers(60, 200)), int(rng.integers(70, 500))
    x, y = (rng.standard_normal(shape).astype(dtype) for shape in ((rows, inner), (inner, columns)))
    x[0, 3], y[5, 7], y[0, 1] = np.inf, np.nan, -np.inf
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if dtype is np.float32 else {"rtol": 1e-12, "atol": 1e-12}
    run = native((rows, inner, columns), dtype)
    expected = product(x, y)
    np.testing.assert_allclose(run(x, y), expected, **tolerance)
    np.testing.assert_allclose(run(np.asfortranarray(x), np.asfortranarray(y)), expected, **tolerance)
    for out in (np.empty_like(expected), np.empty((columns, rows), dtype).T):
        assert run(x, y, out=out) is out
        np.testing.assert_allclose(out, expected, **tolerance)


@LLVM
@pytest.mark.parametrize("sizes", [(5, 64, 70), (33, 80, 64), (64, 100, 300)])
@pytest.mark.parametrize("follows", [False, True])
def test_more_rows(sizes, follows):
    rng = np.random.default_rng(0)
    rows, inner, columns = sizes
    x, y = (rng.standard_normal(shape).astype(np.float32) for shape in ((rows, inner), (inner, columns)))
    x[1, 3], y[5, 7] = np.inf, np.nan
    steps = (Step(np.add, (0, 1), ADD), Step(np.multiply, (3, 2), MULTIPLY))
    others = [rng.standard_normal(shape).astype(np.float32) for shape in ((columns,), (rows, columns))]
    shapes = tuple(other.shape for other in others)
    finish = RowEpilogue(epilogue(steps, shapes), shapes, steps) if follows else None
    run = native(sizes, np.float32, finish)
    arrays = [x, y, *(others if follows else [])]
    expected = (product(x, y) + others[0]) * others[1] if follows else product(x, y)
    for given in (arrays, [np.asfortranarray(array) for array in arrays]):
        np.testing.assert_allclose(run(*given), expected, rtol=1e-4, atol=1e-4)
    out = np.empty_like(expected)
    assert run(*arrays, out=out) is out
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)


@LLVM
def test_what_follows():
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal(shape).astype(np.float32) for shape in ((3, 100), (100, 77)))
    row, one = rng.standard_normal(77).astype(np.float32), np.float32(0.125)
    steps = (
        Step(np.add, (0, 1), ADD),
        Step(np.multiply, (3, 2), MULTIPLY),
        Step(np.tanh, (4,)),
        Step(np.exp, (5,)),
    )
    shapes = [(77,), ()]
    run = native((3, 100, 77), np.float32, RowEpilogue(epilogue(steps, shapes), tuple(shapes), steps))
    expected = np.exp(np.tanh((product(x, y) + row) * one))
    np.testing.assert_allclose(run(x, y, row, np.array(one)), expected, rtol=1e-5)


@LLVM
@pytest.mark.parametrize("function", [np.exp, np.tanh])
def test_functions(function):
    """To a few units in the last place of what double precision gives, of numbers of all kinds."""
    numbers = np.concatenate(
        [
            np.linspace(-110, 95, 5000),
            np.linspace(-1, 1, 2001),
            [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-42, -1e-42, 3e38, -3e38, 88.72, -103.9],
        ]
    ).astype(np.float32)
    steps = (Step(function, (0,)),)
    sizes = (1, 2, len(numbers))
    run = native(sizes, np.float32, RowEpilogue(epilogue(steps, []), (), steps))
    found = run(np.float32([[1, 0]]), np.stack([numbers, np.zeros_like(numbers)]))[0]
    with np.errstate(all="ignore"):
        expected = function(numbers.astype(np.float64)).astype(np.float32)
        special = ~np.isfinite(expected)
        np.testing.assert_array_equal(found[special], expected[special])
        # Denormal numbers are as far apart as the smallest of them.
        units = np.abs(found[~special].astype(np.float64) - expected[~special]) / np.spacing(np.abs(expected[~special]))
    assert units.max() <= 2


def test_what_there_is_no_code_for():
    assert describe((MOST_ROWS + 1, 256, 256), np.dtype(np.float32), None) is None
    assert as_convolution((MOST_TILED + 1, 256, 256), np.dtype(np.float32), None) is None
    assert as_convolution((8, 4, 4), np.dtype(np.float32), None) is None
    assert as_convolution((8, 256, 256), np.dtype(np.float32), lambda rows: None) is None
    assert describe((1, 256, 256), np.dtype(np.float16), None) is None
    assert describe((1, 4, 4), np.dtype(np.float32), None) is None
    assert describe((1, 256, 256), np.dtype(np.float32), lambda rows: None) is None
    logarithm = (Step(np.log, (0,)),)
    assert describe((1, 256, 256), np.dtype(np.float32), RowEpilogue(epilogue(logarithm, []), (), logarithm)) is None
    # There is none of exponentials of doubles.
    exponential = (Step(np.exp, (0,)),)
    assert (
        describe((1, 256, 256), np.dtype(np.float64), RowEpilogue(epilogue(exponential, []), (), exponential)) is None
    )
    column = (Step(np.add, (0, 1), ADD),)
    finish = RowEpilogue(epilogue(column, [(3, 1)]), ((3, 1),), column)
    assert describe((3, 256, 256), np.dtype(np.float32), finish) is None


@LLVM
def test_in_programs():
    text = """func.func @main(%x: tensor<4x64xf32>, %w: tensor<64x96xf32>) -> tensor<4x96xf32> {
  %0 = stablehlo.dot %x, %w : (tensor<4x64xf32>, tensor<64x96xf32>) -> tensor<4x96xf32>
  %1 = stablehlo.tanh %0 : tensor<4x96xf32>
  return %1 : tensor<4x96xf32>
}"""
    rng = np.random.default_rng(0)
    x, w = (rng.standard_normal(shape).astype(np.float32) for shape in ((4, 64), (64, 96)))
    results = []
    for is_native in (True, False):
        with HostContext("s", native=is_native) as host:
            results.append(tfrt.load(tfrt.compile(text, opt_level=2), host=host)["main"](x, w))
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-5)
