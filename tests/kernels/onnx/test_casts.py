"""Operators that give elements in another type."""

import ml_dtypes
import numpy as np
import pytest

from tests.kernels.onnx.running import check
from tfrt.executor.support.errors import KernelError

NAN, INF = float("nan"), float("inf")
f32 = np.float32


@pytest.mark.parametrize(
    ("x", "to", "dtype", "expected"),
    [
        (f32([1.9, -1.9]), "i32", np.int32, [1, -1]),
        (f32([0, NAN, 2]), "i1", bool, [False, True, True]),
        ([True, False], "f16", np.float16, [1, 0]),
        (np.int32([257, -1]), "ui8", np.uint8, [1, 255]),
        (f32([1, 500, -INF]), "f8E4M3FN", ml_dtypes.float8_e4m3fn, [1, 448, -448]),
        (f32([7.9, -8]), "i4", ml_dtypes.int4, [7, -8]),
        (np.array([7, -8], ml_dtypes.int4), "f32", f32, [7, -8]),
        (f32([1, 5, -9]), "f4E2M1FN", ml_dtypes.float4_e2m1fn, [1, 4, -6]),
        (np.array([1, 448], ml_dtypes.float8_e4m3fn), "i32", np.int32, [1, 448]),
    ],
)
def test_cast(x, to, dtype, expected):
    check("Cast", [x], np.array(expected).astype(dtype), to=to)
    check("CastLike", [x, np.zeros(1, dtype)], np.array(expected).astype(dtype))


def test_floats_that_do_not_fit():
    wanted = np.array([1, NAN], f32).astype(ml_dtypes.float8_e4m3fn)
    check("Cast", [f32([1, 500])], wanted, to="f8E4M3FN", saturate=0)


@pytest.mark.parametrize(
    ("mode", "expected"), [("up", [1, 4, 4, 4]), ("down", [1, 2, 2, 2]), ("nearest", [1, 2, 4, 4])]
)
def test_powers_of_two(mode, expected):
    wanted = np.array(expected, f32).astype(ml_dtypes.float8_e8m0fnu)
    check("Cast", [f32([1, 2.5, 3, 3.5])], wanted, to="f8E8M0FNU", round_mode=mode)


def test_bits():
    check("BitCast", [f32([1])], np.int32([0x3F800000]), to="i32")
    with pytest.raises(KernelError, match="expects a type of 32 bits, but got i64"):
        check("BitCast", [f32([1])], np.int64([0]), to="i64")
    with pytest.raises(KernelError, match="there is no element type 'f7'"):
        check("BitCast", [f32([1])], np.int64([0]), to="f7")
