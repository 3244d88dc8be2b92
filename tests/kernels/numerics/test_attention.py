"""Attention in blocks, of operands in parts and of any strides."""

import numpy as np
import pytest

from tests.kernels.numerics.attention_reference import by_definition, cut, random_attention
from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics import attention
from tfrt.kernels.numerics.attention import attend
from tfrt.kernels.numerics.attention_sizes import Attention, Change
from tfrt.kernels.numerics.packed import constant


@pytest.fixture(params=["s", "mstd:2"])
def host(request):
    with HostContext(request.param) as made:
        yield made


@pytest.mark.parametrize("by_columns", [False, True])
@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("seed", range(16))
def test_random_sizes(host, monkeypatch, seed, is_large, by_columns):
    if by_columns:
        monkeypatch.setattr(attention, "_MANY_QUERIES", 1)
        monkeypatch.setattr(attention, "_MANY_SCORES", 1)
    if is_large:
        for name, value in {"SMALL_BYTES": 0, "BLOCK_BYTES": 64, "LEAST_ROWS": 3, "LEAST_WORK": 20}.items():
            monkeypatch.setattr(attention, name, value)
    rng = np.random.default_rng(seed)
    dtype = np.dtype(np.float64 if seed % 4 == 3 else np.float32)
    batch = tuple(int(size) for size in rng.integers(1, 4, seed % 3))
    n, m, d, e = (int(size) for size in rng.integers(1, 9, 4))
    sizes, arrays = random_attention(rng, batch, n, d, e, cut(rng, m), cut(rng, m), dtype)
    if seed == 5:
        arrays[0][..., 0, 0], arrays[-1][..., 0, 0] = np.nan, 1
    # As they lie where heads are in the middle.
    arrays = [np.asfortranarray(array) if seed % 3 == 1 else array for array in arrays]
    # Some masks are kept in another order where they are constants.
    arrays = [constant(array) if seed % 2 and number > 2 else array for number, array in enumerate(arrays)]
    expected = by_definition(sizes, arrays)
    run = attend(sizes, host)
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-12}
    np.testing.assert_allclose(run(*arrays), expected, **tolerance)
    for out in (np.empty(sizes.result, dtype), np.empty(sizes.result[::-1], dtype).T):
        assert run(*arrays, out=out) is out
        np.testing.assert_allclose(out, expected, **tolerance)


def test_memory_for_scores_is_borrowed():
    rng = np.random.default_rng(0)
    query, keys, values = (rng.standard_normal((2, 200, 8)).astype(np.float32) for _ in range(3))
    sizes = Attention((2,), 200, 8, 8, (200,), (200,), ((2,), (2,)), 1.0, query.dtype)
    with HostContext("s") as host:
        found = attend(sizes, host)(query, keys, values)
    np.testing.assert_allclose(found, by_definition(sizes, [query, keys, values]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("is_native", [False, True])
@pytest.mark.parametrize("n", [1, 70])
def test_shares_that_would_be_next_to_zero_are_zero(n, is_native, dtype):
    """Denormal numbers take a hundred times as long."""
    rng = np.random.default_rng(0)
    query, keys = (rng.standard_normal((count, 8)).astype(dtype) for count in (n, 70))
    values = np.diag(np.full(70, 1e30, dtype))
    mask = np.where(np.arange(70) % 2, 0, -100).astype(dtype)[None]
    change = (Change("add", mask.shape),)
    sizes = Attention((), n, 8, 70, (70,), (70,), ((), ()), 1.0, query.dtype, change)
    with HostContext("s", native=is_native) as host:
        found = attend(sizes, host)(query, keys, values, mask)
    assert found[:, 1::2].min() > 0 and not found[:, ::2].any()
    np.testing.assert_allclose(found[:, 1::2], by_definition(sizes, [query, keys, values, mask])[:, 1::2], rtol=1e-4)


@pytest.mark.parametrize("kind", ["select", "add"])
@pytest.mark.parametrize("leading", [(1, 1), (2, 4)])
@pytest.mark.parametrize("shape", [(40, 60), (1, 60), (40, 1)])
def test_masks_of_scores_that_lie_by_columns(kind, leading, shape):
    """Whoever can change them, and changes them."""
    rng = np.random.default_rng(0)
    query, keys, values = (rng.standard_normal((2, 4, count, 16)).astype(np.float32) for count in (40, 60, 60))
    mask = rng.random((*leading, *shape)) < 0.8
    mask = mask if kind == "select" else mask.astype(np.float32)
    change = (Change(kind, mask.shape, -np.inf if kind == "select" else None),)
    batch = (2, 4)
    sizes = Attention(batch, 40, 16, 16, (60,), (60,), (batch, batch), 0.5, query.dtype, change)
    with HostContext("s", native=False) as host:
        run = attend(sizes, host)
        for given in (mask, constant(mask.copy()), mask, constant(~mask if kind == "select" else -mask)):
            expected = by_definition(sizes, [query, keys, values, given])
            np.testing.assert_allclose(run(query, keys, values, given), expected, rtol=1e-4, atol=1e-5)
            mask[..., ::3, :] = True
