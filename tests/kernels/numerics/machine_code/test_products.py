"""Products as machine code, and vectors' exponentials."""

import gc

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import is_available
from tfrt.kernels.numerics import panels
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.machine_code import product_tiling, tiles
from tfrt.kernels.numerics.machine_code.products import MOST_INNER, describe, with_native_product

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
ADD, MULTIPLY = "{0} + {1}", "{0} * {1}"


def product(x, y, *others, out=None):
    raise AssertionError("machine code does this")


def native(sizes, dtype, finish=None, turned=(False, False), run=product, queue="s"):
    with HostContext(queue, native=True) as host:
        made = with_native_product(run, sizes, np.dtype(dtype), finish, host, turned)
    assert made is not run
    return made


def constant(array):
    """A copy that nobody can write to."""
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)


def random(rng, dtype, *shapes):
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def expect(found, x, y, then=lambda result: result):
    """That it is the product, to as many digits as the order of sums leaves."""
    dtype = found.dtype
    tolerance = 1e-4 if dtype == np.float32 else 1e-11
    with np.errstate(all="ignore"):
        expected = then(x.astype(np.float64) @ y.astype(np.float64))
    np.testing.assert_allclose(found, expected, tolerance, tolerance * np.sqrt(x.shape[1]))


def following(rng, dtype, rows, columns, long):
    """Steps that follow, their operands, and the same for whole arrays."""
    others = random(rng, dtype, (columns,), (rows, columns), ())
    steps = [Step(np.add, (0, 1), ADD), Step(np.multiply, (4, 2), MULTIPLY), Step(np.add, (5, 3), ADD)]
    if long:
        steps += [Step(np.add, (6, 1), ADD)]
    shapes = tuple(other.shape for other in others)

    def then(result):
        found = (result + others[0]) * others[1] + others[2]
        return found + others[0] if long else found

    return RowEpilogue(epilogue(steps, shapes), shapes, tuple(steps)), others, then


def cases(seed, count):
    """Random sizes, many of them of edges of tiles and vectors."""
    rng = np.random.default_rng(seed)
    while count:
        rows = int(rng.choice([1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31]))
        inner = int(rng.choice([1, 3, 8, 17, 64, 100, 257, 1030]))
        columns = int(rng.choice([4, 5, 8, 10, 16, 31, 33, 64, 65, 100, 128, 300]))
        if inner * columns >= 1 << 12:
            count -= 1
            yield rng, rows, inner, columns


@LLVM
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_random_sizes(dtype, seed):
    for rng, rows, inner, columns in cases(seed, 4):
        x, y = random(rng, dtype, (rows, inner), (inner, columns))
        follows = int(rng.integers(3))
        finish, others, then = following(rng, dtype, rows, columns, follows == 2)
        if not follows:
            finish, others, then = None, [], lambda result: result
        run = native((rows, inner, columns), dtype, finish)
        for matrix in (y, constant(y)):
            expect(run(x, matrix, *others), x, y, then)
            out = np.full((rows, columns), np.nan, dtype)
            assert run(np.asfortranarray(x), matrix, *map(np.asfortranarray, others), out=out) is out
            expect(out, x, y, then)


@LLVM
@pytest.mark.parametrize("rows", [1, 3, 20, 70])
def test_transposed_matrices(rows):
    rng = np.random.default_rng(rows)
    x, y = random(rng, np.float32, (rows, 150), (150, 140))
    turned = [np.ascontiguousarray(x.T), np.ascontiguousarray(y.T)]
    expect(native((rows, 150, 140), np.float32, turned=(True, False))(turned[0], y), x, y)
    given = []

    def by_blas(x, y, out=None):
        given.append(y)
        return x @ y.T

    finish, others, then = following(rng, np.float32, rows, 140, False)
    expect(
        native((rows, 150, 140), np.float32, finish, (True, True))(turned[0], constant(turned[1]), *others), x, y, then
    )
    run = native((rows, 150, 140), np.float32, turned=(False, True), run=by_blas)
    expect(run(x, constant(turned[1])), x, y)
    assert not given
    expect(run(x, turned[1]), x, y)
    # BLAS is as fast for one row.
    assert len(given) == (rows == 1)
    turned[1][...] = 2
    expect(run(x, turned[1]), x, turned[1].T)


@LLVM
@pytest.mark.parametrize("rows", [1, 2, 4, 12])
def test_what_is_not_finite_reaches_its_row_and_column(rows):
    rng = np.random.default_rng(0)
    x, y = random(rng, np.float32, (rows, 130), (130, 90))
    x[0, 3], x[-1, 129], y[5, 7], y[0, 89] = np.inf, np.nan, np.nan, -np.inf
    run = native((rows, 130, 90), np.float32)
    for matrix in (y, constant(y)):
        expect(run(x, matrix), x, y)


@LLVM
@pytest.mark.parametrize("rows", [2, 4, 12])
def test_arrays_as_they_lie(rows):
    rng = np.random.default_rng(0)
    x, wide = random(rng, np.float32, (2 * rows, 100), (100, 200))

    def by_blas(x, y, out=None):
        return np.matmul(x, y, out=out)

    run = native((rows, 100, 77), np.float32, run=by_blas)
    y = wide[:, 20:97]
    expect(run(x[::2], y), x[::2], y)
    expect(run(x[::-2], np.ascontiguousarray(y)), x[::-2], y)
    out = np.empty((77, rows), np.float32).T
    assert run(x[:rows], np.ascontiguousarray(y), out=out) is out
    expect(out, x[:rows], y)


@LLVM
def test_matrices_that_change_are_read_again():
    rng = np.random.default_rng(0)
    x, y = random(rng, np.float32, (1, 300), (300, 200))
    run = native((1, 300, 200), np.float32)
    # Nobody can write to the view, but to what it is of.
    view = y.view()
    view.flags.writeable = False
    for matrix in (y, view):
        run(x, matrix)
        y[...] = rng.standard_normal(y.shape)
        expect(run(x, matrix), x, y)
    # As many constants as there may be.
    for _ in range(8):
        (y,) = random(rng, np.float32, (300, 200))
        expect(run(x, constant(y)), x, y)


@LLVM
def test_packed_constants_are_shared_and_freed():
    rng = np.random.default_rng(0)
    gc.collect()
    before = panels.bytes_kept()
    y = constant(rng.standard_normal((300, 200)).astype(np.float32))
    functions = [native((rows, 300, 200), np.float32) for rows in (1, 2)]
    for rows, run in enumerate(functions, 1):
        run(np.ones((rows, 300), np.float32), y)
        assert y.nbytes <= panels.bytes_kept() - before < 1.1 * y.nbytes
    # What the last function has let go is kept no longer.
    del functions[:], run
    assert panels.bytes_kept() == before


@LLVM
def test_blocks_of_rows_and_parts_of_sums(monkeypatch):
    """What large matrices are parted into, of smaller ones."""
    for name, value in {"DEPTH": 50, "BLOCK_BYTES": 1, "LEAST_BLOCK": 24}.items():
        monkeypatch.setattr(product_tiling, name, value)
    monkeypatch.setattr(tiles, "LEAST_FETCHED", 1)
    rng = np.random.default_rng(0)
    for rows in (25, 49, 64, 73):
        x, y = random(rng, np.float32, (rows, 130), (130, 77))
        finish, others, then = following(rng, np.float32, rows, 77, rows % 2)
        expect(native((rows, 130, 77), np.float32, finish)(x, y, *others), x, y, then)
        expect(native((rows, 130, 77), np.float32)(x, y), x, y)
        run = native((rows, 130, 77), np.float32, turned=(False, True))
        expect(run(x, np.ascontiguousarray(y.T)), x, y)


@LLVM
@pytest.mark.parametrize("rows", [1, 4, 60])
def test_threads_share_them(rows):
    rng = np.random.default_rng(0)
    x, y = random(rng, np.float32, (rows, 700), (700, 2000))
    with HostContext("mstd:2", native=True) as host:
        run = with_native_product(product, (rows, 700, 2000), np.dtype(np.float32), None, host)
        for matrix in (y, constant(y)):
            expect(run(x, matrix), x, y)


@LLVM
@pytest.mark.parametrize(("function", "most"), [(np.exp, 2), (np.tanh, 6)])
def test_functions(function, most):
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
    assert units.max() <= most


def test_what_there_is_no_code_for():
    single = np.dtype(np.float32)
    assert describe((8, 256, 256), single, None) is not None
    assert describe((8, 4, 4), single, None) is None
    assert describe((0, 256, 256), single, None) is None
    assert describe((8, MOST_INNER + 1, 256), single, None) is None
    assert describe((8, 2048, 2), single, None) is None
    assert describe((1, 256, 256), np.dtype(np.float16), None) is None
    assert describe((1, 256, 256), single, lambda rows: None) is None
    logarithm = (Step(np.log2, (0,)),)
    assert describe((1, 256, 256), single, RowEpilogue(epilogue(logarithm, []), (), logarithm)) is None
    # There is none of sines of doubles.
    sine = (Step(np.sin, (0,)),)
    finish = RowEpilogue(epilogue(sine, []), (), sine)
    assert describe((1, 256, 256), np.dtype(np.float64), finish) is None
    column = (Step(np.add, (0, 1), ADD),)
    assert describe((3, 256, 256), single, RowEpilogue(epilogue(column, [(3, 1)]), ((3, 1),), column)) is None


@LLVM
@pytest.mark.parametrize("rows", [1, 4, 20])
def test_in_programs(rows):
    text = f"""func.func @main(%x: tensor<{rows}x64xf32>, %w: tensor<64x96xf32>) -> tensor<{rows}x96xf32> {{
  %0 = stablehlo.dot %x, %w : (tensor<{rows}x64xf32>, tensor<64x96xf32>) -> tensor<{rows}x96xf32>
  %1 = stablehlo.tanh %0 : tensor<{rows}x96xf32>
  return %1 : tensor<{rows}x96xf32>
}}"""
    rng = np.random.default_rng(0)
    x, w = random(rng, np.float32, (rows, 64), (64, 96))
    results = []
    for is_native in (True, False):
        with HostContext("s", native=is_native) as host:
            results.append(tfrt.load(tfrt.compile(text, opt_level=2), host=host)["main"](x, w))
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-5)
