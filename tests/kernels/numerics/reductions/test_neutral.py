"""What changes nothing when it is combined with elements."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from tfrt.kernels.numerics.reductions.neutral import neutral_of

FUNCTIONS = [np.maximum, np.minimum, np.add, np.multiply, np.bitwise_and, np.bitwise_or, np.bitwise_xor]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.int8, np.uint64, np.int32, bool, np.float32, np.float64])
def test_neutral_numbers(function, dtype):
    if function in FUNCTIONS[4:] and np.dtype(dtype).kind == "f":
        return
    x = np.random.default_rng(0).integers(0, 2 if dtype is bool else 100, 9).astype(dtype)
    if x.dtype.kind == "f":
        x[:3] = np.inf, -np.inf, np.nan
    with np.errstate(over="ignore"):
        neutral = np.array(neutral_of(function, x.dtype)).astype(dtype)
    np.testing.assert_array_equal(function(neutral, x), x)


def test_types_that_have_none():
    assert neutral_of(np.maximum, np.dtype(ml_dtypes.float8_e4m3fn)) is None
    assert neutral_of(np.minimum, np.dtype(np.complex64)) is None
