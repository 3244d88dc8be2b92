"""Signs, roundings and bounds, however many there are, wherever they are written to."""

from __future__ import annotations

import numpy as np
import pytest

from tfrt.kernels.numerics.arithmetic import floats
from tfrt.kernels.numerics.quiet import quiet

SPECIAL = (0.0, -0.0, 1.0, -1.5, 0.5, -0.5, 2.5, 0.49999997, np.inf, -np.inf, np.nan, 3e38, 1e-42, -1e-42, 8388609.0)
COUNTS = (0, 1, 9, floats._LEAST_ELEMENTS + 7)


def some(count: int, dtype: type, values: tuple[float, ...] = SPECIAL) -> np.ndarray:
    return np.random.default_rng(0).choice(values, count).astype(dtype)


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether all is the same, zeros' signs included; NaN may be any."""
    nan = np.isnan(expected)
    return np.array_equal(np.isnan(found), nan) and found[~nan].tobytes() == expected[~nan].tobytes()


def everywhere(function, x, *others):
    """What a function gives in new memory, in other memory, and in that of its operand, which else stays as it is."""
    before = x.copy()
    found = quiet.call(function, x, *others)
    assert x.tobytes() == before.tobytes()
    out = np.empty_like(x)
    assert quiet.call(function, x, *others, out) is out and same(out, found)
    assert quiet.call(function, before, *others, before) is before and same(before, found)
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("values", [SPECIAL, (1.5, -2.0), (0.0, -0.0, 3.0)])
def test_signs_and_roundings(dtype, count, values):
    x = some(count, dtype, values)
    assert same(everywhere(floats.sign, x), np.where((x == 0) | np.isnan(x), x, np.sign(x)))
    with np.errstate(all="ignore"):
        rest = np.abs(x - np.trunc(x)) >= 0.5
    assert same(everywhere(floats.round_away, x), np.copysign(np.abs(np.trunc(x)) + rest, x).astype(dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint8])
@pytest.mark.parametrize("count", COUNTS)
def test_bounds(dtype, count):
    def clamp(values, low, high, out=None):
        return floats.clamp(low, values, high, out)

    is_float = np.dtype(dtype).kind == "f"
    x = some(count, dtype) if is_float else np.random.default_rng(0).integers(0, 100, count).astype(dtype)
    numbers = (0.0, -0.0, -1.0, 1.5, np.inf, np.nan) if is_float else (0, 7, 50)
    for low in numbers:
        for high in numbers:
            for shape in ((), (1,)):
                bounds = [np.full(shape, bound, dtype) for bound in (low, high)]
                found = everywhere(clamp, x, *bounds)
                expected = np.minimum(np.maximum(x, bounds[0]), bounds[1])
                assert same(found, expected) if is_float else np.array_equal(found, expected)
    assert floats.clamp(x, x, x).shape == x.shape
