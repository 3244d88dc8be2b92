"""Products of one row that threads add up in parts: the same in every run, and as near as others."""

import numpy as np
import pytest

from tests.kernels.numerics.machine_code.test_products import expect, following, product, random
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.machine_code import Processor, is_available
from tfrt.kernels.numerics.machine_code import products
from tfrt.kernels.numerics.machine_code.parted_sums import MOST_SUMS, parts_of
from tfrt.kernels.numerics.machine_code.product_tiling import Product
from tfrt.kernels.numerics.machine_code.products import with_native_product

LLVM = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
ON = Processor(64, 32, True)


def sized(rows, inner, columns):
    return Product(rows, inner, columns, np.dtype(np.float32), False, False, (), ())


@pytest.mark.parametrize(
    "rows, inner, columns, threads, parts",
    [
        (1, 784, 512, 2, 4),
        (1, 786, 512, 2, 2),
        (1, 786, 512, 3, 6),
        (1, 785, 512, 2, 0),
        (1, 784, 512, 1, 0),
        (2, 784, 512, 2, 0),
        # As narrow as a panel.
        (1, 784, 64, 2, 0),
        # The sums of two parts are as much as may be on the stack.
        (1, 784, MOST_SUMS // 8, 2, 2),
        (1, 784, MOST_SUMS // 8 + 1, 2, 0),
    ],
)
def test_how_many_parts_there_are(rows, inner, columns, threads, parts):
    assert parts_of(sized(rows, inner, columns), ON, threads) == parts


@LLVM
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("queue", ["mstd:2", "mstd:3"])
@pytest.mark.parametrize("inner, columns", [(16, 300), (48, 129), (132, 1000), (10, 520)])
def test_sums_are_right_and_always_the_same(inner, columns, queue, dtype, monkeypatch):
    monkeypatch.setattr(products, "LEAST_READ", 1)
    rng = np.random.default_rng(inner)
    x, y = random(rng, dtype, (1, inner), (inner, columns))
    before = x.copy(), y.copy()
    with HostContext(queue, native=True) as host:
        run = with_native_product(product, (1, inner, columns), np.dtype(dtype), None, host)
        results = [run(x, y) for _ in range(100)]
        made = np.full((1, columns), np.nan, dtype)
        assert run(x, y, out=made) is made
    expect(results[0], x, y)
    assert {result.tobytes() for result in [*results, made]} == {made.tobytes()}
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


@LLVM
@pytest.mark.parametrize("long", [False, True])
def test_what_follows_is_done_to_the_sum_of_all_parts(long, monkeypatch):
    monkeypatch.setattr(products, "LEAST_READ", 1)
    rng = np.random.default_rng(1)
    finish, others, then = following(rng, np.float32, 1, 333, long)
    x, y = random(rng, np.float32, (1, 64), (64, 333))
    with HostContext("mstd:2", native=True) as host:
        run = with_native_product(product, (1, 64, 333), np.dtype(np.float32), finish, host)
        expect(run(x, y, *others), x, y, then)


@LLVM
def test_not_numbers_reach_what_they_reach(monkeypatch):
    monkeypatch.setattr(products, "LEAST_READ", 1)
    x, y = np.ones((1, 64), np.float32), np.ones((64, 128), np.float32)
    x[0, 40], y[3, 7], y[50, 9] = np.inf, np.nan, -np.inf
    with HostContext("mstd:2", native=True) as host:
        found = with_native_product(product, (1, 64, 128), np.dtype(np.float32), None, host)(x, y)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(found, x @ y)
