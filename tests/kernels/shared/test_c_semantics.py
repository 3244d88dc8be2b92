"""C's arithmetic and formatting, compared with C's own, by way of ctypes."""

import ctypes
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tfrt.executor.support.errors import KernelError
from tfrt.kernels.shared import c_semantics as c

I32 = st.integers(c.I32_MIN, c.I32_MAX)
I64 = st.integers(c.I64_MIN, c.I64_MAX)
LIBC = ctypes.CDLL(None)


def printf(template, value):
    buffer = ctypes.create_string_buffer(2000)
    length = LIBC.snprintf(buffer, len(buffer), template.encode(), value)
    assert 0 <= length < len(buffer)
    return buffer.value.decode()


@given(st.integers())
def test_wrap_around(value):
    assert c.wrap32(value) == ctypes.c_int32(value).value
    assert c.wrap64(value) == ctypes.c_int64(value).value
    assert eval(c.inline_wrap32(str(value))) == c.wrap32(value)
    assert eval(c.inline_wrap64(str(value))) == c.wrap64(value)


@given(I32, I32, I32)
def test_inline_expressions_nest(a, b, d):
    sum_of_a, sum_of_d = c.inline_wrap32("a + b"), c.inline_wrap32("b + d")
    nested = c.inline_wrap32(f"({sum_of_a}) * ({sum_of_d}) - ({sum_of_a})")
    expected = c.wrap32(c.wrap32(a + b) * c.wrap32(b + d) - c.wrap32(a + b))
    assert eval(nested, {"a": a, "b": b, "d": d}) == expected


@given(I64, I64.filter(bool))
@example(-17, 5)
@example(17, -5)
@example(c.I64_MIN, -1)
def test_division_truncates_toward_zero(dividend, divisor):
    quotient, remainder = c.divide(dividend, divisor)
    assert quotient == math.trunc(Fraction(dividend, divisor))
    assert quotient * divisor + remainder == dividend
    assert abs(remainder) < abs(divisor)
    assert remainder == 0 or (remainder < 0) == (dividend < 0)


def test_division_by_zero():
    with pytest.raises(KernelError) as caught:
        c.divide(1, 0)
    assert str(caught.value) == "Divide by zero"


@given(I64)
@example((1 << 53) + (1 << 29) + 1)
@example(c.I64_MAX)
def test_integers_are_rounded_to_single_precision_once(value):
    rounded = c.i64_to_f32(value)
    neighbours = [float(np.nextafter(np.float32(rounded), np.float32(s * math.inf))) for s in (-1, 1)]
    distance = abs(Fraction(rounded) - value)
    for neighbour in neighbours:
        further = abs(Fraction(neighbour) - value)
        assert distance < further or (distance == further and int(np.float32(rounded).view(np.uint32)) % 2 == 0)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-(2.0**63), max_value=math.nextafter(2.0**63, 0)))
def test_floats_are_truncated(value):
    assert c.float_to_i64(value) == math.trunc(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2.0**63, -(2.0**63) * 1.5, 1e300])
def test_floats_that_are_no_integer(value):
    assert c.float_to_i64(value) == c.I64_MIN


@pytest.mark.parametrize(
    ("value", "bits"),
    [(0.0, 0), (-0.0, 0x8000), (1.0, 15360), (-2.0, 49152), (65504.0, 0x7BFF), (math.inf, 0x7C00), (2.0**-24, 1)],
)
def test_half_precision_bits(value, bits):
    assert c.f16_bits(value) == bits


@given(st.floats())
@example(math.inf)
@example(-math.inf)
@example(math.nan)
@example(-math.nan)
@example(1e300)
@example(-1e-300)
@example(0.0000005)
@example(2.5e-6)
def test_fixed_point_format(value):
    assert c.format_f(value) == printf("%f", ctypes.c_double(value))


@given(
    st.text("-+ 0", max_size=3),
    st.none() | st.integers(1, 30),
    st.none() | st.integers(1, 30),
    st.sampled_from("diouxX"),
    I32,
)
@example("0", 5, None, "d", 7)
@example("", None, None, "x", -1)
def test_integer_format(flags, width, precision, conversion, value):
    template = f"a%%b%{flags}{width or ''}{'' if precision is None else f'.{precision}'}{conversion}c"
    assert c.format_i32(template, value) == printf(template, ctypes.c_int32(value))


def test_integer_format_without_a_conversion():
    assert c.format_i32("100%% plain", 7) == "100% plain"
    assert c.format_i32("%lld", -7) == "-7"


@pytest.mark.parametrize("template", ["%s", "%", "%d%d", "%5", "%*d", "%f", "%n", "%99999d", "%%%"])
def test_integer_format_refuses_other_templates(template):
    with pytest.raises(KernelError) as caught:
        c.format_i32(template, 1)
    assert str(caught.value) == (
        f"cannot format an integer as '{template}': expected one conversion such as %d or %03x"
    )
