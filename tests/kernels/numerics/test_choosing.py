"""What is chosen of two arrays is what numpy chooses, bit for bit, wherever it is written to."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from tfrt.kernels.numerics.choosing import LEAST_ELEMENTS, choose

TYPES = [np.float32, np.float64, np.int32, np.int8, np.bool_, np.float16, ml_dtypes.bfloat16, np.complex64]


def some(shape: tuple[int, ...], dtype: type, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).choice([0.0, -0.0, 1.0, -1.0, np.inf, np.nan], shape).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("count", [0, 5, LEAST_ELEMENTS + 5])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_as_numpy(dtype, count):
    chosen = np.random.default_rng(2).random(count) < 0.5
    arrays = [some((count,), dtype, seed) for seed in (0, 1)]
    scalars = [np.array(value).astype(dtype) for value in (0.0, -0.0, 1.0)]
    for x in (arrays[0], *scalars):
        for y in (arrays[1], arrays[0], *scalars):
            expected = np.where(chosen, x, y)
            kept = [each.tobytes() for each in (chosen, x, y)]
            assert choose(chosen, x, y).tobytes() == expected.tobytes()
            out = np.empty(count, dtype)
            assert choose(chosen, x, y, out) is out and out.tobytes() == expected.tobytes()
            assert [each.tobytes() for each in (chosen, x, y)] == kept
            for place in (0, 1):
                if (x, y)[place].shape == (count,):
                    given = [x.copy(), y.copy()]
                    # Another view of the same memory is no other array.
                    target = given[place][:]
                    assert choose(chosen, *given, target) is target and target.tobytes() == expected.tobytes()


def test_shapes_are_broadcast():
    chosen = np.random.default_rng(2).random((90, 90)) < 0.5
    x, row, column = some((90, 90), np.float32, 0), some((90,), np.float32, 1), some((90, 1), np.float32, 2)
    out = np.empty((90, 90), np.float32)
    for one, other in ((x, row), (row, x), (row, column), (column, row), (row, row)):
        expected = np.where(chosen, one, other).tobytes()
        assert choose(chosen, one, other).tobytes() == expected
        assert choose(chosen, one, other, out).tobytes() == expected
