"""Casts: one value for each number, wherever in an array it stands."""

import math

import numpy as np
import pytest

from tfrt.executor.values.dtype import DType
from tfrt.kernels.numerics.arithmetic.casts import cast

INTEGERS = [DType.UI8, DType.UI16, DType.UI32, DType.UI64, DType.I8, DType.I16, DType.I32, DType.I64]
FLOATS = [DType.F16, DType.BF16, DType.F32, DType.F64]
COMPLEX = [DType.COMPLEX64, DType.COMPLEX128]
ALL = [DType.I1, *INTEGERS, *FLOATS, *COMPLEX]

ENDS = [
    sign * (2.0**bits + more)
    for bits in (7, 8, 15, 16, 31, 32, 63, 64, 100)
    for more in (-1, -0.5, 0, 0.5, 1, 5, 2.0**20)
    for sign in (1, -1)
]
NUMBERS = [0.0, -0.0, 0.5, -0.5, 1.9, -1.9, 300.0, 1e300, -1e300, math.inf, -math.inf, math.nan, *ENDS]


def values_of(dtype):
    """Numbers of a type: its ends, those of others, and what is no number."""
    numpy = dtype.numpy
    if dtype in INTEGERS:
        limits = np.iinfo(numpy)
        found = [
            0,
            1,
            2,
            100,
            limits.max,
            limits.max - 1,
            limits.max // 2 + 1,
            limits.min,
            limits.min + 1,
            limits.max // 3,
        ]
        return np.array(found, numpy)
    if dtype is DType.I1:
        return np.array([False, True, True])
    with np.errstate(all="ignore"):
        return np.array(NUMBERS, np.complex128 if dtype in COMPLEX else np.float64).astype(numpy)


def integer(value, dtype):
    """What a float is as an integer: see the module under test."""
    limits = np.iinfo(dtype.numpy)
    bits = 64 if dtype in (DType.UI32, DType.UI64, DType.I64) else 32
    if dtype is DType.UI64 and 2.0**63 <= value < 2.0**64:
        return int(value)
    number = int(value) if -(2.0 ** (bits - 1)) <= value < 2.0 ** (bits - 1) else -(2 ** (bits - 1))
    number %= limits.max - limits.min + 1
    return number if number <= limits.max else number + 2 * int(limits.min)


@pytest.mark.parametrize("target", INTEGERS)
@pytest.mark.parametrize("source", FLOATS)
def test_floats_as_integers(source, target):
    values = values_of(source)
    expected = [integer(float(value), target) for value in values]
    assert cast(values, target.numpy).tolist() == expected
    inside = values[[0, 2, 3, 4]]
    assert cast(inside, target.numpy).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("target", ALL)
@pytest.mark.parametrize("source", ALL)
def test_equal_elements_give_equal_results_wherever_they_stand(source, target):
    values = values_of(source)
    alone = np.concatenate([cast(values[i : i + 1], target.numpy) for i in range(len(values))])
    for length in range(1, 101):
        picked = np.arange(length) * 7 % len(values)
        row = values[picked]
        spread = np.zeros((length, 3), row.dtype)
        spread[:, 1] = row
        for array in (row, row[::-1].copy()[::-1], spread[:, 1]):
            result = cast(array, target.numpy)
            assert result.dtype == target.numpy and result.flags.c_contiguous
            assert same(result, alone[picked])


def same(left, right):
    """Whether arrays are equal, bit by bit but for NaNs."""
    if left.tobytes() == right.tobytes():
        return True
    wide = np.complex128
    return np.array_equal(left.astype(wide), right.astype(wide), equal_nan=True)


def test_a_cast_is_new_memory_in_row_major_order():
    array = np.zeros((3, 4), np.float32, order="F")
    for target in (DType.F32, DType.I32, DType.F64):
        result = cast(array, target.numpy)
        assert result.flags.c_contiguous and not np.shares_memory(result, array)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0)])
def test_casts_of_no_elements_and_of_no_dimensions(shape):
    result = cast(np.full(shape, np.nan, np.float32), np.dtype(np.uint32))
    assert (result.shape, result.dtype) == (shape, np.uint32)
    assert not result.any()
