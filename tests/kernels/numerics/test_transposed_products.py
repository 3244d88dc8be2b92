"""Products by columns: of left matrices and into results that lie in any way, with what follows them."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.kernels.numerics import panels, products
from tfrt.kernels.numerics import transposed_products as transposed
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.contraction import contract
from tfrt.kernels.numerics.contraction_sizes import contraction

SINGLES = np.dtype(np.float32)


@pytest.fixture(autouse=True)
def small_products(monkeypatch):
    """As if numpy's BLAS multiplied small matrices as they lie."""
    monkeypatch.setattr(products, "multiplies_small_ones_as_they_lie", lambda: True)
    products.block_height.cache_clear()
    yield
    products.block_height.cache_clear()


@pytest.mark.parametrize(
    "sizes, is_turned, width",
    [
        ((64, 784, 512), False, 16),
        ((64, 256, 256), False, 56),
        ((32, 784, 512), False, 32),
        ((16, 784, 512), False, 64),
        ((64, 784, 24), False, 16),
        ((64, 1900, 512), False, 8),
        ((64, 2000, 512), False, 0),
        ((64, 1024, 2048), False, 0),
        ((64, 1024, 2048), True, 8),
        ((64, 784, 8), False, 0),
        ((48, 784, 512), False, 0),
        ((128, 512, 512), False, 24),
        ((128, 1024, 256), False, 8),
        ((256, 1024, 512), False, 8),
        ((320, 1024, 512), False, 0),
        ((96, 512, 512), False, 0),
    ],
)
def test_how_many_columns_are_made_at_a_time(sizes, is_turned, width):
    assert transposed.columns_at_once(*sizes, SINGLES, is_turned) == width
    assert transposed.columns_at_once(*sizes, np.dtype(np.float64), is_turned) == 0


def test_with_other_kernels_there_are_none(monkeypatch):
    monkeypatch.setattr(products, "multiplies_small_ones_as_they_lie", lambda: False)
    assert transposed.columns_at_once(64, 784, 512, SINGLES, False) == 0


@pytest.mark.parametrize(
    "sizes, expected",
    [
        ((64, 784, 512), True),
        ((32, 512, 512), True),
        ((128, 256, 1024), False),
        ((64, 256, 256), False),
        ((16, 784, 512), False),
    ],
)
def test_which_are_worth_transposing_operand_and_result(sizes, expected):
    assert transposed.is_worth_transposing(*sizes) is expected


def _constant(array):
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("lies", ["rows", "columns", "apart"])
@pytest.mark.parametrize("may_lie_by_columns", [False, True])
@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize("rows, columns", [(64, 300), (64, 1200), (128, 601)])
def test_all_ways_to_lie(is_turned, lies, may_lie_by_columns, finished, rows, columns):
    inner = 250
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, shape).astype(np.float32) for shape in ((rows, inner), (inner, columns)))
    bias, added = (random.integers(-9, 9, shape).astype(np.float32) for shape in (columns, (rows, columns)))
    left = {"rows": a, "columns": np.asfortranarray(a), "apart": np.repeat(a, 2, axis=1)[:, ::2]}[lies]
    matrix = _constant(np.ascontiguousarray(b.T) if is_turned else b)
    how = contraction(a.shape, matrix.shape, ((), ()), ((1,), (1 if is_turned else 0,)))
    others = (bias, added) if finished else ()
    steps = [Step(np.add, (0, 1)), Step(np.multiply, (3, 3)), Step(np.add, (4, 2))]
    shapes = tuple(other.shape for other in others)
    finish = RowEpilogue(epilogue(steps, shapes), shapes) if finished else None
    expected = (a @ b + bias) ** 2 + added if finished else a @ b
    with tfrt.HostContext("s", native=False) as host:
        run = contract(how, SINGLES, host, finish, may_lie_by_columns)
        found = run(left, matrix, *others)
        np.testing.assert_array_equal(found, expected)
        assert found.flags.f_contiguous is may_lie_by_columns
        memory = np.empty_like(expected)
        found = run(left, matrix, *others, out=memory)
        np.testing.assert_array_equal(found, expected)
        assert np.shares_memory(found, memory) and found.flags.f_contiguous is may_lie_by_columns
        by_columns = np.empty((columns, rows), np.float32).T
        assert run(left, matrix, *others, out=by_columns) is by_columns
        np.testing.assert_array_equal(by_columns, expected)


@pytest.mark.parametrize("is_turned", [False, True])
def test_what_may_change_is_not_copied(is_turned):
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, shape).astype(np.float32) for shape in ((64, 512), (512, 600)))
    matrix = np.ascontiguousarray(b.T) if is_turned else b
    how = contraction(a.shape, matrix.shape, ((), ()), ((1,), (1 if is_turned else 0,)))
    before = panels.bytes_kept()
    with tfrt.HostContext("s", native=False) as host:
        run = contract(how, SINGLES, host, None, True)
        for _ in range(2):
            np.testing.assert_array_equal(run(a, matrix), a @ (matrix.T if is_turned else matrix))
            matrix[...] = 2
        assert panels.bytes_kept() == before
        constant = _constant(matrix)
        run(a, constant)
        # One that lies transposed is used as it is.
        assert panels.bytes_kept() - before == (0 if is_turned else matrix.nbytes)


def test_a_small_matrix_that_lies_transposed_is_in_panels_once_it_is_constant():
    random = np.random.default_rng(0)
    a, turned = (random.integers(-9, 9, shape).astype(np.float32) for shape in ((64, 256), (192, 256)))
    how = contraction(a.shape, turned.shape, ((), ()), ((1,), (1,)))
    before = panels.bytes_kept()
    with tfrt.HostContext("s", native=False) as host:
        run = contract(how, SINGLES, host)
        for matrix, kept in ((turned, 0), (_constant(turned), turned.nbytes)):
            np.testing.assert_array_equal(run(a, matrix), a @ turned.T)
            assert panels.bytes_kept() - before == kept


def test_several_threads_share_products_by_rows(monkeypatch):
    monkeypatch.setattr(products, "LEAST_WORK", 1000)
    a, b = np.ones((64, 512), np.float32), _constant(np.ones((512, 600), np.float32))
    how = contraction(a.shape, b.shape, ((), ()), ((1,), (0,)))
    with tfrt.HostContext("mstd:2", native=False) as host:
        found = contract(how, SINGLES, host, None, True)(a, b)
    assert found.flags.c_contiguous and (found == 512).all()


LAYERS = """
func.func @main(%x: tensor<64x300xf32>) -> tensor<64x10xf32> {
  %w = stablehlo.constant dense<WEIGHTS> : tensor<300x256xf32>
  %v = stablehlo.constant dense<OTHERS> : tensor<256x10xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<64x256xf32>
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
    : (tensor<64x300xf32>, tensor<300x256xf32>) -> tensor<64x256xf32>
  %1 = stablehlo.maximum %0, %zero : tensor<64x256xf32>
  %2 = stablehlo.dot_general %1, %v, contracting_dims = [1] x [0]
    : (tensor<64x256xf32>, tensor<256x10xf32>) -> tensor<64x10xf32>
  return %2 : tensor<64x10xf32>
}
"""


@pytest.mark.parametrize("level", [0, 2])
def test_layers_of_a_program(level):
    random = np.random.default_rng(0)
    x, w, v = (random.integers(-3, 3, shape).astype(np.float32) for shape in ((64, 300), (300, 256), (256, 10)))
    text = LAYERS.replace("WEIGHTS", f'"0x{w.tobytes().hex()}"').replace("OTHERS", f'"0x{v.tobytes().hex()}"')
    with tfrt.HostContext("s", native=False) as host:
        run = tfrt.load(tfrt.compile(text, opt_level=level), host=host)["main"]
        for _ in range(2):
            np.testing.assert_array_equal(run(x), np.maximum(x @ w, 0) @ v)


def test_infinities_and_nan_reach_what_they_reach():
    a, b = np.ones((64, 512), np.float32), np.ones((512, 600), np.float32)
    a[3, 5], a[7, 9], b[11, 13] = np.inf, np.nan, -np.inf
    how = contraction(a.shape, b.shape, ((), ()), ((1,), (0,)))
    with tfrt.HostContext("s", native=False) as host, np.errstate(all="raise"):
        found = contract(how, SINGLES, host, None, True)(a, _constant(b))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(found, a @ b)
