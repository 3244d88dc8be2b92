"""Floats are spelled as MLIR spells them, and read back as the same value."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import bf16, f16, f32, f64

from tfrt.compiler.float_spelling import SpelledFloat, float_text, is_hexadecimal

SPELLINGS = [
    (0.0, f32, "0.000000e+00"),
    (-0.0, f32, "-0.000000e+00"),
    (1.0, f64, "1.000000e+00"),
    (-2.5, f16, "-2.500000e+00"),
    (1.5, bf16, "1.500000e+00"),
    (1e10, f32, "1.000000e+10"),
    (0.1, f64, "1.000000e-01"),
    (float(np.float32(0.1)), f32, "1.000000e-01"),
    (1e100, f64, "1.000000e+100"),
    (float(np.float16(1 / 3)), f16, "3.332520e-01"),
    (5e-324, f64, "4.940660e-324"),
    # Not representable in six digits: decimal, as many digits as tell the type's values apart.
    (1 / 3, f64, "0.33333333333333331"),
    (math.pi, f64, "3.1415926535897931"),
    (float(np.float32(1 / 3)), f32, "0.333333343"),
    (float(np.float32(0.001234567)), f32, "0.00123456703"),
    # Further from one than three zeros: scientific. The six digits come from cutting, not rounding.
    (float(np.float32(1e-5)), f32, "9.99999974E-6"),
    (float(np.float32(1e-4)), f32, "9.99999974E-5"),
    (1e-5 / 3, f64, "3.3333333333333337E-6"),
    (float(np.float32(1e-6)), f32, "9.99999997E-7"),
    (1.2345678901234567e25, f64, "1.2345678901234566E+25"),
    # No decimal point among the digits: bits.
    (1234567.0, f64, "0x4132D68700000000"),
    (123456792.0, f32, "0x4CEB79A3"),
    (16777215.0, f64, "0x416FFFFFE0000000"),
    (math.inf, f32, "0x7F800000"),
    (-math.inf, f64, "0xFFF0000000000000"),
    (math.nan, f32, "0x7FC00000"),
    (math.inf, f16, "0x7C00"),
    (math.inf, bf16, "0x7F80"),
]


@pytest.mark.parametrize(("value", "type", "text"), SPELLINGS)
def test_spelling(value: float, type: SpelledFloat, text: str) -> None:
    assert float_text(value, type) == text


@pytest.mark.parametrize(("text", "expected"), [("0x7FC00000", True), ("1.000000e+00", False)])
def test_hexadecimal(text: str, expected: bool) -> None:
    assert is_hexadecimal(text) is expected


def read_back(text: str, type: SpelledFloat) -> bytes:
    if is_hexadecimal(text):
        return int(text, 16).to_bytes(type.compile_time_size, "little")
    return type.pack((float(text),))


@given(st.integers(0, 2**64 - 1))
def test_every_f64_reads_back(bits: int) -> None:
    (value,) = struct.unpack("<d", struct.pack("<Q", bits))
    assert read_back(float_text(value, f64), f64) == f64.pack((value,))


@given(st.integers(0, 2**32 - 1))
def test_every_f32_reads_back(bits: int) -> None:
    (value,) = struct.unpack("<f", struct.pack("<I", bits))
    assert read_back(float_text(value, f32), f32) == f32.pack((value,))


@given(st.integers(0, 2**16 - 1))
def test_every_f16_reads_back(bits: int) -> None:
    (value,) = struct.unpack("<e", struct.pack("<H", bits))
    assert read_back(float_text(value, f16), f16) == f16.pack((value,))


@given(st.integers(0, 2**16 - 1))
def test_every_bf16_reads_back(bits: int) -> None:
    (value,) = struct.unpack("<f", struct.pack("<I", bits << 16))
    assert read_back(float_text(value, bf16), bf16) == bf16.pack((value,))
