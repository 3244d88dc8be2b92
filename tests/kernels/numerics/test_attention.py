"""Attention in blocks, of operands in parts and of any strides."""

from itertools import pairwise

import numpy as np
import pytest

from tfrt.executor.runtime.host_context import HostContext
from tfrt.kernels.numerics import attention
from tfrt.kernels.numerics.attention import attend
from tfrt.kernels.numerics.attention_sizes import Attention, Mask


def by_definition(query, keys, values, scale, masks=(), fills=(), zeroes_nan=False):
    numbers = iter(fills)
    with np.errstate(all="ignore"):
        scores = query @ keys.swapaxes(-1, -2) * scale
        for mask in masks:
            scores = np.where(mask, scores, query.dtype.type(next(numbers))) if mask.dtype == bool else scores + mask
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares = shares / shares.sum(-1, keepdims=True)
        return np.where(np.isnan(shares) & zeroes_nan, 0, shares) @ values


def masks_of(rng, shape, dtype):
    """A mask of floats, and two of booleans, that are repeated along some dimensions, and what these put."""
    masks = [rng.standard_normal(shape).astype(dtype), rng.random(shape) < 0.8, rng.random(shape) < 0.8]
    masks[0][rng.random(shape) < 0.2] = -np.inf
    masks[1][..., 0, :] = False
    cut = tuple(slice(None if rng.random() < 0.5 else 1) for _ in shape)
    masks = [masks[0][cut], masks[1][cut], masks[2]]
    order = rng.permutation(3)
    return [masks[each] for each in order], [[None, -np.inf, -1e9][each] for each in order]


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
    masks, fills = masks_of(rng, (*batch, n, m), dtype) if seed % 2 else ([], [])
    if seed == 5:
        query[..., 0, 0], values[..., 0, 0] = np.nan, np.inf
    if batch and seed > 3:
        # Heads share keys and values.
        keys, values = keys[:1], values[:1]
    key_parts, value_parts = tuple(cut(rng, m)), tuple(cut(rng, m))
    leading = (keys.shape[:-2],) * len(key_parts) + (values.shape[:-2],) * len(value_parts)
    known = tuple(Mask(mask.shape, fill) for mask, fill in zip(masks, fills, strict=True))
    sizes = Attention(batch, n, d, e, key_parts, value_parts, leading, 0.25, dtype, known, zeroes_nan=seed > 5)
    # As they lie where heads are in the middle.
    query, keys = (np.asfortranarray(array) if seed % 3 == 1 else array for array in (query, keys))
    arrays = [query, *parts(keys, sizes.keys), *parts(values, sizes.values), *masks]
    numbers = [fill for fill in fills if fill is not None]
    expected = by_definition(query, keys, values, 0.25, masks, numbers, seed > 5)
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
    np.testing.assert_allclose(found, by_definition(query, keys, values, 1), rtol=1e-4, atol=1e-5)
