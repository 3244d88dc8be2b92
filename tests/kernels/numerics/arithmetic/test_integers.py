"""Quotients of integers, and what is left, are those of exact arithmetic, however many there are."""

from __future__ import annotations

import numpy as np
import pytest

from tfrt.kernels.numerics.arithmetic import integers
from tfrt.kernels.numerics.arithmetic.integers import divide, remainder
from tfrt.kernels.numerics.quiet import quiet

TYPES = [np.dtype(f"{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8)]


def dividends(dtype: np.dtype, count: int) -> np.ndarray:
    info, random = np.iinfo(dtype), np.random.default_rng(0)
    found = random.integers(info.min, info.max, count, dtype, endpoint=True)
    ends = [info.min, info.max, info.min + 1, info.max - 1, 0, 1, 7, 14, *([-1, -7, -8] if info.min else [])]
    found[: len(ends)] = ends
    return found


def divisors(dtype: np.dtype) -> list[int]:
    info = np.iinfo(dtype)
    return [0, 1, 2, 7, 10, 100, info.max, *([-1, -3, -64, info.min, info.min + 1] if info.min else [200])]


def exact(x: int, y: int) -> tuple[int, int]:
    if y == 0:
        return -1, x
    quotient = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
    return quotient, x - quotient * y


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("count", [100, integers._LEAST_ELEMENTS + 3])
def test_by_one_number(dtype, count):
    x = dividends(dtype, count)
    for number in divisors(dtype):
        known = [exact(each, number) for each in x.tolist()]
        expected = [np.array([pair[n] & (1 << 8 * x.itemsize) - 1 for pair in known], f"u{x.itemsize}") for n in (0, 1)]
        for y in (
            np.array(number, dtype),
            np.array([number], dtype),
            np.broadcast_to(np.array(number, dtype), x.shape),
        ):
            for function, bits in zip((divide, remainder), expected, strict=True):
                values, given = bits.view(dtype), x.copy()
                assert np.array_equal(quiet.call(function, given, y), values)
                assert np.array_equal(given, x)
                out = np.empty_like(x)
                assert quiet.call(function, x, y, out) is out and np.array_equal(out, values)
                assert quiet.call(function, given, y, given) is given and np.array_equal(given, values)
        # Without negative numbers there is less to do.
        is_least, y = x >= 0, np.array(number, dtype)
        for function, bits in zip((divide, remainder), expected, strict=True):
            assert np.array_equal(quiet.call(function, x[is_least], y), bits.view(dtype)[is_least])


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_by_others(dtype):
    x = dividends(dtype, 6000)
    y = np.resize(np.array(divisors(dtype), dtype), x.shape)
    quotient, rest = quiet.call(divide, x, y), quiet.call(remainder, x, y)
    # What wraps around does so in both.
    assert np.array_equal((quotient * y + rest).astype(dtype), x)
    assert np.array_equal(rest[y != 0] != 0, np.fmod(x, np.where(y == 0, 1, y))[y != 0] != 0)
    rows, column = x.reshape(60, 100), y[:60, None]
    assert np.array_equal(quiet.call(divide, rows, column)[7], quiet.call(divide, rows[7], column[7]))
    assert divide(x[:0], y[:0]).shape == remainder(x[:0], np.array(3, dtype)).shape == (0,)
