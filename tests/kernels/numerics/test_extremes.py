"""Where the greatest and the least elements are."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tfrt.kernels.numerics.extremes import first_extremes, searchable


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int8, np.uint32, bool])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((600, 70), 0), ((2, 513, 64), 1), ((1, 529, 8, 9), 1), ((70, 600), 1), ((0, 600, 70), 1), ((9,), 0), ((3, 4), 0)],
)
def test_the_first_of_equal_ones(shape, axis, dtype):
    """Few numbers are different, so that many are equal; and some are NaN."""
    rng = np.random.default_rng(len(shape))
    x = rng.integers(0, 5, shape).astype(dtype)
    if x.dtype.kind == "f":
        x[rng.random(shape) < 0.1] = -0.0
        lines = np.moveaxis(x, axis, -1)
        lines[..., ::7][rng.random(lines[..., ::7].shape) < 0.002] = np.nan
    for values in (x, np.asfortranarray(x), np.flip(x, axis)):
        np.testing.assert_array_equal(first_extremes(values, axis, greatest=True), values.argmax(axis))
        np.testing.assert_array_equal(first_extremes(values, axis, greatest=False), values.argmin(axis))


def test_columns_whose_extremes_are_anywhere():
    x = np.zeros((600, 600), np.float32)
    places = np.random.default_rng(0).permutation(600)
    x[places, np.arange(600)] = 1
    assert (first_extremes(x, 0, greatest=True) == places).all()
    assert (first_extremes(-x, 0, greatest=False) == places).all()


def test_arrays_that_may_not_be_written_to():
    """numpy would copy them; those whose memory nobody may write to it does."""
    owner = np.zeros((100, 100), np.float32)
    locked = owner.view()
    locked.flags.writeable = False
    found = searchable(locked)
    assert found.flags.writeable and np.shares_memory(found, owner)
    assert not locked.flags.writeable
    constant = np.frombuffer(bytes(1 << 16), np.float32)
    assert searchable(constant) is constant
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not searchable(np.broadcast_to(owner[:1], (100, 100))).argmax(0).any()
