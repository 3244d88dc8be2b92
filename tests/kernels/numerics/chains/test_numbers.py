"""Extremes of arrays and a number are those that numpy gives, bit for bit, wherever the number is repeated."""

from __future__ import annotations

import numpy as np
import pytest

from tfrt.kernels.numerics.chains.elementwise import chain
from tfrt.kernels.numerics.chains.epilogues import epilogue
from tfrt.kernels.numerics.chains.numbers import spread_numbers
from tfrt.kernels.numerics.chains.steps import Step
from tfrt.kernels.numerics.packed import constant

NUMBERS = (0.0, -0.0, 1.5, -2.0, np.inf, np.nan)
SHAPES = ((5000,), (70, 100), (3, 40_000), (1, 3, 30_000), (100_000, 2), (2, 70_000), (7, 11))


def some(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    random = np.random.default_rng(0)
    if np.dtype(dtype).kind != "f":
        return random.integers(0, 100, shape).astype(dtype)
    return random.choice([0.0, -0.0, 1.0, 1.5, -7.0, np.inf, -np.inf, np.nan], shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint8])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("is_first", [False, True])
def test_as_numpy(dtype, shape, is_first):
    x = some(shape, dtype)
    for extreme in (np.maximum, np.minimum):
        for value in NUMBERS if x.dtype.kind == "f" else (0, 50):
            number = constant(np.array([value], dtype))
            arrays = [number, x] if is_first else [x, number]
            expected = extreme(*arrays)
            run = chain([Step(extreme, (0, 1))], [array.shape for array in arrays], shape, x.itemsize)
            assert run(*arrays).tobytes() == expected.tobytes()
            assert run(*[array.copy() for array in arrays]).tobytes() == expected.tobytes()
            given = x.copy()
            into = [number, given] if is_first else [given, number]
            assert run(*into, out=given) is given and given.tobytes() == expected.tobytes()


def test_between_other_steps():
    x, low, high = some((300, 700), np.float32), np.array(-1, np.float32), np.array(1, np.float32)
    steps = [Step(np.add, (0, 0)), Step(np.maximum, (3, 1)), Step(np.minimum, (2, 4)), Step(np.multiply, (5, 0))]
    with np.errstate(all="ignore"):
        expected = np.minimum(high, np.maximum(x + x, low)) * x
    assert chain(steps, [x.shape, (), ()], x.shape, 4)(x, low, high).tobytes() == expected.tobytes()
    # Half of the rows are another number of blocks.
    half = chain(steps, [(150, 700), (), ()], (150, 700), 4)(x[:150], low, high)
    assert half.tobytes() == expected[:150].tobytes()


@pytest.mark.parametrize("shape", [(1, 5000), (50, 100), (900, 100), (300, 70_000)])
def test_in_place(shape):
    x, number, row = some(shape, np.float32), constant(np.zeros((), np.float32)), some(shape[1:], np.float32)
    steps = [Step(np.maximum, (0, 1)), Step(np.add, (3, 2)), Step(np.minimum, (1, 4))]
    with np.errstate(all="ignore"):
        expected = np.minimum(number, np.maximum(x, number) + row)
        epilogue(steps, [(), row.shape])(x, number, row)
    assert x.tobytes() == expected.tobytes()


def test_what_stays():
    steps = [Step(np.maximum, (0, 1)), Step(np.maximum, (1, 1)), Step(np.add, (0, 1))]
    for inputs, shape in (
        ([(100,), ()], (100,)),
        ([(100, 100), (100,)], (100, 100)),
        ([(1, 1_000_003), ()], (1, 1_000_003)),
    ):
        assert spread_numbers(steps, inputs, shape, 4) is steps
    found = spread_numbers(steps, [(100, 100), ()], (100, 100), 4)
    assert found[0].function is not np.maximum and found[1:] == steps[1:]
