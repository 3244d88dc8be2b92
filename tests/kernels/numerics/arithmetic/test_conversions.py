"""Floats become the nearest integers that there are, however many of them do, wherever they are written to."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tfrt.kernels.numerics.arithmetic.conversions import to_integers
from tfrt.kernels.numerics.quiet import quiet

TYPES = [np.dtype(f"{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8)]
ENDS = [
    s * (2.0**bits + more) for bits in (7, 8, 15, 16, 31, 32, 63, 64) for more in (-1, -0.5, 0, 1, 513) for s in (1, -1)
]
SPECIAL = [0.0, -0.0, 0.9, -0.9, 1e30, -1e30, math.inf, -math.inf, math.nan, *ENDS]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("source", [np.float32, np.float64])
@pytest.mark.parametrize("values", [SPECIAL, [1.5, -2.5, 100.0], [3e9, 5.0], [math.nan, 1.0]])
def test_each_number(dtype, source, values):
    info = np.iinfo(dtype)
    x = np.random.default_rng(0).permutation(np.resize(np.array(values, source), 500))

    def nearest(number: float) -> int:
        return (
            0
            if math.isnan(number)
            else int(min(max(number, info.min), info.max))
            if math.isfinite(number)
            else (info.max if number > 0 else info.min)
        )

    expected = np.array([min(max(nearest(each), info.min), info.max) for each in x.tolist()], dtype)
    for given in (x, x[::-1][::-1], x.reshape(20, 25).T):
        wanted = expected.reshape(20, 25).T if given.ndim == 2 else expected
        assert np.array_equal(quiet.call(to_integers, given, info.min, info.max, dtype), wanted)
        out = np.empty(given.shape, dtype)
        assert quiet.call(to_integers, given, info.min, info.max, dtype, out) is out and np.array_equal(out, wanted)
    if dtype.itemsize == x.itemsize:
        memory = x.copy()
        quiet.call(to_integers, memory, info.min, info.max, dtype, memory.view(dtype))
        assert np.array_equal(memory.view(dtype), expected)
    assert quiet.call(to_integers, x[:0], info.min, info.max, dtype).shape == (0,)
    assert quiet.call(to_integers, np.array(x[0]), info.min, info.max, dtype).item() == expected[0]
