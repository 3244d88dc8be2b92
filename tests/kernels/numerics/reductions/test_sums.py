"""Sums as products with ones, against sums in twice the precision."""

import numpy as np
import pytest

from tfrt.kernels.numerics.reductions import sums
from tfrt.kernels.numerics.reductions.sums import summing

LONG, MANY = 1 << 14, 1 << 10
CASES = [
    ((), ()),
    ((0,), (0,)),
    ((3, 0, 2), (0,)),
    ((1,), (0,)),
    ((7,), (0,)),
    ((LONG + 1,), (0,)),
    ((3 * LONG,), (0,)),
    ((3, LONG + 5), (1,)),
    ((5, 4), (1,)),
    ((5, 4), (0,)),
    ((5, 4), (0, 1)),
    ((MANY + 1, 3), (0,)),
    ((70 * MANY, 2), (0,)),
    ((2, MANY + 3, 3), (1,)),
    ((2, 3, 4, 5), (1, 2)),
    ((2, 3, 4, 5), (2, 1)),
    ((2, 3, 4, 5), (0, 1)),
    ((2, 3, 4, 1), (1,)),
    ((1, 1), (0,)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "axes"), CASES)
def test_sums_along_dimensions(shape, axes, dtype):
    x = np.random.default_rng(0).random(shape).astype(dtype)
    total = summing(shape, axes, x.dtype)
    if not axes or not x.size:
        assert total is None
        return
    found, expected = total(x), x.astype(np.longdouble).sum(axes)
    assert found.shape == expected.shape
    assert found.dtype == dtype
    # As good as numpy's sums, whose elements lie in a row.
    np.testing.assert_allclose(found, expected.astype(np.float64), rtol=64 * np.finfo(dtype).eps)
    # It is the caller's.
    found += 1
    np.testing.assert_array_equal(total(x) + dtype(1), found)


def test_parts_of_parts(monkeypatch):
    monkeypatch.setattr(sums, "_LONG", 9)
    monkeypatch.setattr(sums, "_PART", 4)
    monkeypatch.setattr(sums, "_MANY", 5)
    for shape, axes in [((1000,), (0,)), ((3, 777), (1,)), ((999, 3), (0,)), ((2, 501, 3), (1,))]:
        x = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
        np.testing.assert_array_equal(summing(shape, axes, x.dtype)(x), x.sum(axes))


@pytest.mark.parametrize(("shape", "axes"), [((40,), (0,)), ((6, 5), (0,)), ((6, 5), (1,)), ((3 * MANY, 2), (0,))])
def test_infinities_and_nan_reach_what_they_reach(shape, axes):
    rng = np.random.default_rng(1)
    for _ in range(20):
        x = rng.standard_normal(shape).astype(np.float32)
        special = rng.random(shape) < 1 / x.size
        x[special] = rng.choice([np.inf, -np.inf, np.nan], np.count_nonzero(special))
        with np.errstate(all="ignore"):
            found, expected = summing(shape, axes, x.dtype)(x), x.sum(axes)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("axes", "dtype"), [((0, 2), np.float32), ((0,), np.int32), ((1,), np.float16), ((2,), np.complex64)]
)
def test_what_is_no_product(axes, dtype):
    assert summing((2, 3, 4), axes, np.dtype(dtype)) is None
