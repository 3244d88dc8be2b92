"""Softmax and normalization along rows, in blocks, with what follows them."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics import row_layers
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.row_layers import by_rows, normalize_rows, softmax_columns, softmax_rows

SPECIAL = np.array([np.inf, -np.inf, np.nan, 1e-30, 100.0, 0.0, -0.0])


def some(rng, shape, dtype, share):
    """Random numbers, a share of which are of special kinds."""
    found = rng.standard_normal(shape).astype(dtype)
    is_special = rng.random(shape) < share
    found[is_special] = rng.choice(SPECIAL, np.count_nonzero(is_special))
    return found


def softmax(x):
    with np.errstate(all="ignore"):
        exponentials = np.exp(x - x.max(-1, keepdims=True))
        return exponentials / exponentials.sum(-1, keepdims=True)


def normalize(x):
    with np.errstate(all="ignore"):
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 0.25)


LAYERS = {
    "softmax": (softmax_rows, softmax),
    "normalize": (lambda width, dtype: normalize_rows(width, dtype, 0.25), normalize),
}


@pytest.fixture(params=["s", "mstd:2"])
def host(request):
    with HostContext(request.param) as made:
        yield made


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(row_layers, "BLOCK_BYTES", 200)
    monkeypatch.setattr(row_layers, "LEAST_ELEMENTS", 20)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(6))
def test_random_shapes(layer, dtype, seed, host, small_blocks):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 12, rng.integers(1, 4)))
    make, expected = LAYERS[layer]
    x = some(rng, shape, dtype, 0.05 if seed % 2 else 0)
    row, like = some(rng, shape[-1:], dtype, 0), some(rng, shape, dtype, 0)

    def finish(rows, scale, shift):
        rows *= scale
        rows += shift

    run = by_rows(make(shape[-1], np.dtype(dtype)), shape, np.dtype(dtype), host, None)
    fused = by_rows(
        make(shape[-1], np.dtype(dtype)), shape, np.dtype(dtype), host, RowEpilogue(finish, (row.shape, shape))
    )
    tolerance = {"rtol": 2e-5 if dtype is np.float32 else 1e-12, "atol": 1e-6}
    before = x.copy()
    np.testing.assert_allclose(run(x), expected(x.astype(np.float64)), **tolerance)
    np.testing.assert_array_equal(fused(x, row, like), run(x) * row + like)
    np.testing.assert_array_equal(x, before)
    for out in (np.empty_like(x), np.empty(shape[::-1], dtype).T):
        assert run(x, out=out) is out
        np.testing.assert_array_equal(out, run(x))
    # In place, and of rows that lie apart.
    np.testing.assert_allclose(run(np.repeat(x, 2, -1)[..., ::2]), run(x), **tolerance)
    assert run(before, out=before) is before
    np.testing.assert_array_equal(before, run(x))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("leading", [(), (1,), (1, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_follows_one_row_reads_others_of_any_dimensions(layer, leading, dtype, host):
    rng, width = np.random.default_rng(len(leading)), 9
    others = [
        some(rng, shape, dtype, 0) for shape in ((width,), (*leading, width), (), (1,), (1,) * (len(leading) + 1))
    ]
    steps = [Step(np.multiply, (0, 1))] + [Step(np.add, (len(others) + n, n + 1)) for n in range(1, len(others))]
    shapes = tuple([other.shape for other in others])
    x = some(rng, (*leading, width), dtype, 0)
    made = LAYERS[layer][0](width, np.dtype(dtype))
    alone = by_rows(made, x.shape, np.dtype(dtype), host, None)
    fused = by_rows(made, x.shape, np.dtype(dtype), host, RowEpilogue(epilogue(steps, shapes), shapes))
    expected = alone(x) * others[0]
    for other in others[1:]:
        expected = expected + other
    np.testing.assert_array_equal(fused(x, *others), expected.reshape(x.shape))
    out = np.empty_like(x)
    assert fused(x, *others, out=out) is out
    np.testing.assert_array_equal(out, expected.reshape(x.shape))


def test_many_elements_in_a_row():
    x = some(np.random.default_rng(0), (3, row_layers._FEW), np.float32, 0)
    with HostContext("s") as host:
        for make, expected in LAYERS.values():
            run = by_rows(make(x.shape[1], x.dtype), x.shape, x.dtype, host, None)
            np.testing.assert_allclose(run(x), expected(x.astype(np.float64)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("width", [1, 10, 32, 33])
@pytest.mark.parametrize("masked", [False, True])
def test_maxima_of_many_rows(width, masked):
    x = some(np.random.default_rng(0), (200, width), np.float32, 0)
    x[3, 0], x[4, -1], x[5], x[6, 0] = np.nan, np.inf, -np.inf, -np.inf
    made, expected = np.empty_like(x), np.empty_like(x)
    compute = softmax_rows(width, x.dtype, zeroes_masked=masked)
    with np.errstate(all="ignore"):
        compute(x, made)
        for row, into in zip(x, expected, strict=True):
            compute(row[None], into[None])
    np.testing.assert_allclose(made, expected, rtol=1e-5)


def test_rows_of_one_number_are_zeros():
    x = np.full((2, 3), 100, np.float32)
    with HostContext("s") as host:
        run = by_rows(normalize_rows(3, x.dtype, 1e-5), x.shape, x.dtype, host, None)
        np.testing.assert_array_equal(run(x), np.zeros((2, 3)))


TEXT = """func.func @main(
  %x: tensor<{n}x{m}xf32>, %scale: tensor<{m}xf32>, %y: tensor<{n}x{m}xf32>
) -> tensor<{n}x{m}xf32> {{
  %0 = nn.normalize %x {{dimension = 1 : i64, epsilon = 0.25 : f64}} : (tensor<{n}x{m}xf32>) -> tensor<{n}x{m}xf32>
  %1 = stablehlo.broadcast_in_dim %scale, dims = [1] : (tensor<{m}xf32>) -> tensor<{n}x{m}xf32>
  %2 = stablehlo.multiply %0, %1 : tensor<{n}x{m}xf32>
  %3 = stablehlo.add %2, %y : tensor<{n}x{m}xf32>
  return %3 : tensor<{n}x{m}xf32>
}}"""


@pytest.mark.parametrize(("n", "m"), [(1, 7), (5, 3), (40, 300)])
def test_programs_are_the_same_where_what_follows_is_fused(n, m):
    rng = np.random.default_rng(n)
    x, scale, y = (some(rng, shape, np.float32, 0.01) for shape in ((n, m), (m,), (n, m)))
    text = TEXT.format(n=n, m=m)
    found, expected = (tfrt.load(tfrt.compile(text, opt_level=level))["main"](x, scale, y) for level in (2, 0))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_what_follows_a_single_row_in_programs():
    text = """func.func @main(%x: tensor<7xf32>, %y: tensor<7xf32>) -> tensor<7xf32> {
  %0 = nn.softmax %x {dimension = 0 : i64} : (tensor<7xf32>) -> tensor<7xf32>
  %1 = stablehlo.add %0, %y : tensor<7xf32>
  return %1 : tensor<7xf32>
}"""
    x, y = np.arange(14, dtype=np.float32).reshape(2, 7)
    found = tfrt.load(tfrt.compile(text, opt_level=2))["main"](x, y)
    np.testing.assert_allclose(found, softmax(x.astype(np.float64)) + y, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("zeroes_masked", [False, True])
@pytest.mark.parametrize("least", [0.0, 2.0**-20])
def test_softmax_of_columns(dtype, zeroes_masked, least):
    rng = np.random.default_rng(0)
    x = some(rng, (7, 40), dtype, 0.1)
    x[:, 3] = -np.inf
    rows = softmax_rows(7, np.dtype(dtype), zeroes_masked=zeroes_masked, least=least)
    columns = softmax_columns(7, np.dtype(dtype), zeroes_masked=zeroes_masked, least=least)
    by_rows, by_columns = np.empty((40, 7), dtype), x.copy()
    with np.errstate(all="ignore"):
        rows(np.ascontiguousarray(x.T), by_rows)
        columns(by_columns, by_columns)
    np.testing.assert_allclose(by_columns, by_rows.T, rtol=1e-6)
