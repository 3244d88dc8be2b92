"""Products that are split: by rows or columns, into memory of any kind, with what is done to their rows."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt
from tfrt.kernels.numerics import panels, products
from tfrt.kernels.numerics.contraction import contract
from tfrt.kernels.numerics.contraction_sizes import contraction
from tfrt.kernels.numerics.workspaces import aligned_array


@pytest.fixture
def host(monkeypatch):
    monkeypatch.setattr(products, "LEAST_WORK", 50)
    monkeypatch.setattr(products, "_LEAST_FINISHED", 8)
    with tfrt.HostContext("mstd:3") as host:
        yield host


@pytest.mark.parametrize("sizes", [(40, 3, 5), (5, 3, 40), (12, 7, 12), (1, 64, 9), (9, 64, 1), (30, 1, 30), (2, 2, 2)])
@pytest.mark.parametrize("is_finished", [False, True])
@pytest.mark.parametrize("where", ["new", "rows", "strided"])
def test_all_ways_to_split(host, sizes, is_finished, where):
    rows, inner, columns = sizes
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, shape).astype(np.float32) for shape in ((rows, inner), (inner, columns)))
    bias = random.integers(-9, 9, columns).astype(np.float32)
    out = {"new": None, "rows": np.empty((rows, columns), np.float32), "strided": np.empty((rows, 2 * columns), "f")}[
        where
    ]
    if where == "strided":
        out = out[:, ::2]
    if where == "strided" and products.is_small(*sizes):
        # `dot` takes none, so nobody gives it one.
        return

    added = random.integers(-9, 9, (rows, columns)).astype(np.float32)

    def finish(part, first):
        np.add(part, bias, out=part)
        np.add(part, added[first : first + len(part)], out=part)

    expected = a @ b + (bias + added if is_finished else 0)
    found = products.matmul(a, b, host, out, finish if is_finished else None)
    assert out is None or found is out
    assert np.array_equal(found, expected)


def test_blocks_of_columns_warn_of_nothing(host):
    big = np.full((4, 40), 3e38, np.float32)
    with np.errstate(all="raise"):
        found = products.matmul(big[:, :4], big, host, None, lambda part, first: np.multiply(part, 2, out=part))
    assert np.isinf(found).all()


@pytest.fixture
def small_products(monkeypatch):
    """As if numpy's BLAS multiplied small matrices as they lie."""
    monkeypatch.setattr(products, "multiplies_small_ones_as_they_lie", lambda: True)
    products.block_height.cache_clear()
    yield
    products.block_height.cache_clear()


@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize("rows, inner, width", [(2, 900, 128), (3, 900, 128), (8, 256, 128), (16, 800, 64)])
def test_panels_of_columns(small_products, rows, inner, width, finished):
    """In each way that a product of matrices has: with a result of its own, and in memory of any kind."""
    columns = 700
    assert products.panel_width(rows, inner, columns, np.dtype(np.float32)) == width
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, shape).astype(np.float32) for shape in ((rows, inner), (inner, columns)))
    how = contraction(a.shape, b.shape, ((), ()), ((1,), (0,)))
    with tfrt.HostContext("s", native=False) as host:
        run = contract(how, a.dtype, host, (lambda part: np.add(part, 1, out=part)) if finished else None)
        expected = a @ b + finished
        np.testing.assert_array_equal(run(a, b), expected)
        for out in (np.empty_like(expected), np.empty((columns, rows), np.float32).T):
            assert run(a, b, out=out) is out
            np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize(
    "sizes, width",
    [
        ((16, 784, 512), 64),
        ((14, 256, 900), 128),
        ((8, 1024, 256), 64),
        ((4, 784, 512), 128),
        ((2, 768, 32000), 128),
        ((3, 2048, 2048), 64),
        ((2, 4096, 4096), 64),
        ((6, 1024, 1024), 128),
        ((8, 700, 1024 + 16), 128),
    ],
)
def test_widths_of_panels(small_products, sizes, width):
    assert products.panel_width(*sizes, np.dtype(np.float32)) == width


@pytest.mark.parametrize(
    "sizes",
    [
        (1, 1024, 4096),
        (2, 512, 512),
        (4, 4096, 4096),
        (5, 1024, 4096),
        (7, 512, 1024),
        (200, 512, 512),
        (8, 64, 64),
        (8, 4096, 4096),
        (12, 1 << 16, 16),
        (16, 1024, 256),
        (17, 512, 512),
        (64, 784, 512),
    ],
)
def test_others_are_multiplied_at_once(small_products, sizes):
    assert products.panel_width(*sizes, np.dtype(np.float32)) == sizes[2]


def test_doubles_and_other_kernels_are_multiplied_at_once(small_products, monkeypatch):
    assert products.panel_width(8, 256, 1024, np.dtype(np.float64)) == 1024
    monkeypatch.setattr(products, "multiplies_small_ones_as_they_lie", lambda: False)
    assert products.panel_width(8, 256, 1024, np.dtype(np.float32)) == 1024


@pytest.mark.parametrize(
    "api, architecture, expected",
    [
        ("openblas", "SkylakeX", True),
        ("openblas", "Haswell", False),
        ("mkl", "SkylakeX", False),
        ("openblas", None, False),
    ],
)
def test_kernels_of_blas(monkeypatch, api, architecture, expected):
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: [{"internal_api": api, "architecture": architecture}])
    assert products.multiplies_small_ones_as_they_lie.__wrapped__() is expected


@pytest.mark.parametrize("rows", [1, 8, 50])
def test_constants_that_are_transposed_are_copied_once(small_products, rows):
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, shape).astype(np.float32) for shape in ((rows, 256), (700, 256)))
    constant = np.frombuffer(b.tobytes(), np.float32).reshape(b.shape)
    how = contraction(a.shape, b.shape, ((), ()), ((1,), (1,)))
    before = panels.bytes_kept()
    with tfrt.HostContext("s", native=False) as host:
        run = contract(how, a.dtype, host)
        for matrix in (b, constant, constant):
            np.testing.assert_array_equal(run(a, matrix), a @ b.T)
    # BLAS takes as long for one row of either.
    assert panels.bytes_kept() - before == (constant.nbytes if rows > 2 else 0)
    # One that changes is never copied.
    b[...] = 1
    np.testing.assert_array_equal(run(a, b), a @ b.T)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize("rows", [4, 32, 80, 83])
def test_constants_are_multiplied_by_panels(small_products, rows, finished, turned):
    inner, columns = 512, 704
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, shape).astype(np.float32) for shape in ((rows, inner), (inner, columns)))
    lying = np.ascontiguousarray(b.T) if turned else b
    constant = np.frombuffer(lying.tobytes(), np.float32).reshape(lying.shape)
    how = contraction(a.shape, lying.shape, ((), ()), ((1,), (1 if turned else 0,)))
    before, expected = panels.bytes_kept(), a @ b + finished
    with tfrt.HostContext("s", native=False) as host:
        run = contract(how, a.dtype, host, (lambda part: np.add(part, 1, out=part)) if finished else None)
        for matrix in (constant, lying, constant):
            np.testing.assert_array_equal(run(a, matrix), expected)
        # One that lies transposed may be used as it is.
        assert panels.bytes_kept() - before == (0 if turned and rows == 32 else constant.nbytes)
        np.testing.assert_array_equal(run(np.asfortranarray(a), constant), expected)
        for out in (np.empty_like(expected), np.empty((columns, rows), np.float32).T):
            assert run(a, constant, out=out) is out
            np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize(
    "sizes, height",
    [
        ((3, 784, 512), 3),
        ((16, 784, 512), 16),
        ((32, 784, 512), 16),
        ((100, 512, 512), 20),
        ((128, 256, 1024), 32),
        ((33, 768, 512), 20),
        ((2, 1024, 1024), 0),
        ((129, 512, 512), 0),
        ((8, 64, 64), 0),
        ((8, 4096, 4096), 0),
        ((64, 1024, 1024), 0),
        ((16, 2048, 512), 0),
        ((8, 512, 1000), 0),
    ],
)
def test_heights_of_blocks_by_panels(small_products, sizes, height):
    assert products.panels_height(*sizes, np.dtype(np.float32)) == height
    assert products.panels_height(*sizes, np.dtype(np.float64)) == 0


def test_with_other_kernels_there_are_no_panels_or_blocks(small_products, monkeypatch):
    monkeypatch.setattr(products, "multiplies_small_ones_as_they_lie", lambda: False)
    assert products.panels_height(8, 256, 1024, np.dtype(np.float32)) == 0
    assert products.block_height(3136, 64, 64) == 0


@pytest.mark.parametrize("start, is_parted", [(0, True), (4, False)])
def test_larger_matrices_begin_at_a_line_or_are_multiplied_at_once(monkeypatch, start, is_parted):
    heights = []
    monkeypatch.setattr(products, "block_height", lambda *sizes: heights.append(sizes) or 4)
    shape = (128, 128)
    b = aligned_array((128 * 128 + 16,), np.dtype(np.float32))[start : start + 128 * 128].reshape(shape)
    assert (products._height_by(np.ones((8, 128), np.float32), b) == 4) is is_parted
    assert heights == [(8, 128, 128)]


@pytest.mark.parametrize(
    "sizes, height",
    [
        ((3136, 64, 64), 224),
        ((128, 256, 256), 8),
        ((997, 64, 64), 244),
        ((130, 256, 256), 12),
        ((300, 200, 50), 100),
        ((64, 512, 512), 0),
        ((200, 300, 300), 0),
        ((100, 100, 100), 0),
        ((2000, 256, 15), 200),
        ((1000, 1000, 2), 500),
        ((256, 2048, 10), 0),
        ((9000, 1000, 1), 0),
        ((0, 64, 64), 0),
    ],
)
def test_heights_of_blocks(small_products, sizes, height):
    assert products.block_height(*sizes) == height


@pytest.fixture
def low_blocks(monkeypatch):
    """Blocks of four rows."""
    monkeypatch.setattr(products, "block_height", lambda rows, inner, columns: 4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("rows", [8, 11])
def test_blocks_of_rows(low_blocks, rows, turned, dtype):
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, shape).astype(dtype) for shape in ((rows, 5), (5, 6)))
    out = np.empty((rows, 6), dtype)
    products.multiply_rows(np.asfortranarray(a) if turned else a, b, out)
    np.testing.assert_array_equal(out, a @ b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [8, 11])
@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
def test_blocks_of_rows_of_stacks(low_blocks, leading, rows, dtype):
    random = np.random.default_rng(0)
    a = random.integers(-9, 9, (*leading, rows, 5)).astype(dtype)
    heads = random.integers(-9, 9, (5, *leading, 6)).astype(dtype)
    b = np.moveaxis(heads, 0, -2)
    for out in (np.empty((*leading, rows, 6), dtype), np.moveaxis(np.empty((rows, *leading, 6), dtype), 0, -2)):
        products.multiply_stacks(a, b, out)
        np.testing.assert_array_equal(out, a @ b)


@pytest.mark.parametrize("finished", [False, True])
def test_products_by_blocks_of_rows(low_blocks, finished):
    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 9, shape).astype(np.float32) for shape in ((9, 5), (5, 6)))
    how = contraction(a.shape, b.shape, ((), ()), ((1,), (0,)))
    with tfrt.HostContext("s", native=False) as host:
        run = contract(how, a.dtype, host, (lambda part: np.add(part, 1, out=part)) if finished else None)
        expected = a @ b + finished
        np.testing.assert_array_equal(run(a, b), expected)
        for out in (np.empty_like(expected), np.empty((6, 9), np.float32).T):
            assert run(a, b, out=out) is out
            np.testing.assert_array_equal(out, expected)
