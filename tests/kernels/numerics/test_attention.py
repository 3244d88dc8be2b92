"""Attention in blocks, of operands in parts and of any strides."""

from itertools import pairwise

import numpy as np
import pytest

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics import attention
from tfrt.kernels.numerics.attention import Attention, attend


def by_definition(query, keys, values, mask, scale):
    with np.errstate(all="ignore"):
        scores = query @ keys.swapaxes(-1, -2) * scale
        scores = scores if mask is None else scores + mask
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        return shares / shares.sum(-1, keepdims=True) @ values


def cut(rng, count):
    """Sizes of up to three parts of so many."""
    cuts = sorted({0, count, *rng.integers(1, count, 2)}) if count > 1 else [0, 1]
    return [end - start for start, end in pairwise(cuts)]


def parts(array, sizes):
    return np.split(array, np.cumsum(sizes)[:-1], axis=-2)


@pytest.fixture(params=["s", "mstd:2"])
def host(request):
    with HostContext(request.param) as made:
        yield made


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_random_sizes(host, monkeypatch, seed, is_large):
    if is_large:
        for name, value in {"SMALL_BYTES": 0, "BLOCK_BYTES": 64, "LEAST_ROWS": 3, "LEAST_WORK": 20}.items():
            monkeypatch.setattr(attention, name, value)
    rng = np.random.default_rng(seed)
    dtype = np.dtype(np.float64 if seed % 4 == 3 else np.float32)
    batch = tuple(int(size) for size in rng.integers(1, 4, seed % 3))
    n, m, d, e = (int(size) for size in rng.integers(1, 9, 4))
    query, keys, values = (rng.standard_normal((*batch, *shape)).astype(dtype) for shape in ((n, d), (m, d), (m, e)))
    mask = None
    if seed % 2:
        mask = rng.standard_normal((*batch, n, m)).astype(dtype)
        mask = mask[tuple(slice(None if rng.random() < 0.5 else 1) for _ in mask.shape)]
        mask[rng.random(mask.shape) < 0.2] = -np.inf
    if seed == 5:
        query[..., 0, 0], values[..., 0, 0] = np.nan, np.inf
    sizes = Attention(batch, n, d, e, tuple(cut(rng, m)), tuple(cut(rng, m)), 0.25, dtype)
    # As they lie where heads are in the middle.
    query, keys = (np.asfortranarray(array) if seed % 3 == 1 else array for array in (query, keys))
    arrays = [query, *parts(keys, sizes.keys), *parts(values, sizes.values), *([] if mask is None else [mask])]
    expected = by_definition(query, keys, values, mask, 0.25)
    run = attend(sizes, host)
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-12}
    np.testing.assert_allclose(run(*arrays), expected, **tolerance)
    for out in (np.empty(sizes.result, dtype), np.empty(sizes.result[::-1], dtype).T):
        assert run(*arrays, out=out) is out
        np.testing.assert_allclose(out, expected, **tolerance)


def test_memory_for_scores_is_borrowed():
    rng = np.random.default_rng(0)
    query, keys, values = (rng.standard_normal((2, 200, 8)).astype(np.float32) for _ in range(3))
    sizes = Attention((2,), 200, 8, 8, (200,), (200,), 1.0, query.dtype)
    with HostContext("s") as host:
        found = attend(sizes, host)(query, keys, values)
    np.testing.assert_allclose(found, by_definition(query, keys, values, None, 1), rtol=1e-4, atol=1e-5)
