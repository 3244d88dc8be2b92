"""Kernels of `tfrt` on scalars, called as the executor calls them."""

import ctypes
import importlib
import math
import pkgutil

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import tfrt
from tests.kernels.direct_calls import call
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.device import Device

I32 = st.integers(-(1 << 31), (1 << 31) - 1)
I64 = st.integers(-(1 << 63), (1 << 63) - 1)
F32 = st.floats(width=32)
F64 = st.floats()
INTEGERS = {"i32": (I32, ctypes.c_int32), "i64": (I64, ctypes.c_int64)}
FLOATS = {"f32": (F32, np.float32), "f64": (F64, np.float64)}

VALUES = {"i1": st.booleans(), "i32": I32, "i64": I64, "f32": F32, "f64": F64, "string": st.text(max_size=5)}
OPERANDS = {"tfrt_test.append_string": "string", "tfrt_test.string_equal": "string", "tfrt.cast.i64_to_f64": "i64"}


def same(actual, expected):
    return type(actual) is type(expected) and np.array_equal(actual, expected, equal_nan=True)


def inlined():
    """The names of all kernels that have an inline expression."""
    for package in ("tfrt", "tfrt_test"):
        for module in pkgutil.iter_modules(importlib.import_module(f"tfrt.kernels.{package}").__path__):
            importlib.import_module(f"tfrt.kernels.{package}.{module.name}")
    kernels = [BUILTIN.get(name) for name in sorted(BUILTIN.names())]
    return [k.name for k in kernels if k.inline and k.name.partition(".")[0] in ("tfrt", "tfrt_test")]


CONSTANTS = [n for n in inlined() if n.startswith("tfrt.constant")]
CHAINS = ["tfrt.new.chain", "tfrt.merge.chains"]


@pytest.mark.parametrize("name", [n for n in inlined() if n not in ("tfrt.alias.value", *CONSTANTS, *CHAINS)])
@given(data=st.data())
def test_inline_expressions_are_the_kernels(name, data):
    kernel = BUILTIN.get(name)
    values = VALUES[OPERANDS.get(name, name.rpartition(".")[2])]
    operands = [data.draw(values) for _ in range(kernel.signature.operands)]
    # Operands may be expressions, so that precedence counts.
    expression = kernel.inline.format("0 or a", "0 or b" if values is not VALUES["string"] else "'' or b")
    inline = eval(expression, {"a": operands[0], "b": operands[-1]})
    plain = kernel.function(*operands)
    assert inline == plain or (inline != inline and plain != plain)
    assert type(inline) is type(plain)


@pytest.mark.parametrize("name", CONSTANTS)
@pytest.mark.parametrize("value", [True, 0, -7, 1.5])
def test_inline_constants(name, value):
    kernel = BUILTIN.get(name)
    assert eval(kernel.inline.format(value=f"({value!r})")) == kernel.function(value=value) == value


@pytest.mark.parametrize("name", CHAINS)
def test_inline_chains(name):
    assert eval(BUILTIN.get(name).inline, {"CHAIN": tfrt.CHAIN}) is tfrt.CHAIN


def test_inline_alias_value():
    assert BUILTIN.get("tfrt.alias.value").inline.format("chain", "value") == "value"


@pytest.mark.parametrize("suffix", INTEGERS)
@given(data=st.data())
def test_integer_arithmetic_wraps_around(suffix, data):
    values, c_type = INTEGERS[suffix]
    a, b = data.draw(values), data.draw(values)
    for op, exact in [("add", a + b), ("minus", a - b), ("mul", a * b), ("mul_s", a * b)]:
        assert same(call(f"tfrt.{op}.{suffix}", a, b), c_type(exact).value)
    assert call(f"tfrt.equal.{suffix}", a, b) is (a == b)
    assert call(f"tfrt.equal.{suffix}", a, a) is True
    assert call(f"tfrt.lessequal.{suffix}", a, b) is (a <= b)


@pytest.mark.parametrize("suffix", INTEGERS)
@given(data=st.data())
def test_integer_division(suffix, data):
    values, c_type = INTEGERS[suffix]
    a, b = data.draw(values), data.draw(values.filter(bool))
    quotient, remainder = call(f"tfrt.div.{suffix}", a, b)
    magnitude = abs(a) // abs(b)
    assert same(quotient, c_type(magnitude if (a < 0) == (b < 0) else -magnitude).value)
    assert same(remainder, a - b * (magnitude if (a < 0) == (b < 0) else -magnitude))


@pytest.mark.parametrize(("suffix", "smallest"), [("i32", -(1 << 31)), ("i64", -(1 << 63))])
def test_the_smallest_integer_divided_by_minus_one_wraps_around(suffix, smallest):
    assert call(f"tfrt.div.{suffix}", smallest, -1) == (smallest, 0)


@pytest.mark.parametrize(
    ("name", "zero"), [("tfrt.div.i32", 0), ("tfrt.div.i64", 0), ("tfrt.div.f32", 0.0), ("tfrt.div.f64", -0.0)]
)
def test_division_by_zero(name, zero):
    with pytest.raises(KernelError) as caught:
        call(name, zero + 1, zero)
    assert str(caught.value) == "Divide by zero"


@pytest.mark.parametrize("suffix", FLOATS)
@given(data=st.data())
def test_float_arithmetic_has_the_precision_of_its_type(suffix, data):
    values, c_type = FLOATS[suffix]
    a, b = data.draw(values), data.draw(values)
    x, y = c_type(a), c_type(b)
    with np.errstate(all="ignore"):
        assert same(call(f"tfrt.add.{suffix}", a, b), float(x + y))
        assert same(call(f"tfrt.multiply.{suffix}", a, b), float(x * y))
        if b:
            assert same(call(f"tfrt.div.{suffix}", a, b), float(x / y))


@given(F64, F64)
@example(math.nan, 1.0)
@example(1.0, math.nan)
@example(0.0, -0.0)
def test_minimum_keeps_the_first_unless_the_second_is_less(a, b):
    for suffix in FLOATS:
        assert same(call(f"tfrt.minimum.{suffix}", a, b), b if b < a else a)


@pytest.mark.parametrize(("a", "b"), [(a, b) for a in (False, True) for b in (False, True)])
def test_and(a, b):
    assert call("tfrt.and.i1", a, b) is (a and b)


@pytest.mark.parametrize(
    ("name", "operand", "result"),
    [
        ("tfrt.cast.i64_to_f32", 16777217, 16777216.0),
        ("tfrt.cast.i64_to_f64", -(1 << 53), -9007199254740992.0),
        ("tfrt.cast.f32_to_i64", -1.75, -1),
        ("tfrt.cast.f64_to_i64", 1e18, 10**18),
        ("tfrt.cast.f64_to_i64", math.nan, -(1 << 63)),
    ],
)
def test_casts(name, operand, result):
    assert same(call(name, operand), result)


@pytest.mark.parametrize(
    ("suffix", "value"),
    [
        ("i1", True),
        ("i32", -7),
        ("i64", 1 << 40),
        ("ui32", 4000000000),
        ("ui64", 1 << 63),
        ("bf16", 1.5),
        ("f16", 0.5),
        ("f32", 0.25),
        ("f64", 0.1),
    ],
)
def test_constants(suffix, value):
    assert call(f"tfrt.constant.{suffix}", value=value) is value
    if BUILTIN.get(f"tfrt.constant_s.{suffix}"):
        assert call(f"tfrt.constant_s.{suffix}", value=value) is value


def test_which_constants_synchronous_functions_have():
    assert {s for s in FLOATS | INTEGERS | {"f16": 0} if BUILTIN.get(f"tfrt.constant_s.{s}")} == {
        "i32",
        "i64",
        "f16",
        "f32",
        "f64",
    }


@pytest.mark.parametrize("suffix", ["complex64", "complex128"])
def test_complex_constants(suffix):
    assert call(f"tfrt.constant.{suffix}", real=1.5, imaginary=-2.0) == complex(1.5, -2.0)


@pytest.mark.parametrize(
    ("suffix", "value", "text"),
    [
        ("i1", True, "int1 = 1"),
        ("i1", False, "int1 = 0"),
        ("i32", -2147483648, "int32 = -2147483648"),
        ("i64", 1 << 40, "int64 = 1099511627776"),
        ("f16", 1.0, "f16 = 15360"),
        ("f32", 0.2, "f32 = 0.200000"),
        ("f32", 1e10, "f32 = 10000000000.000000"),
        ("f64", -1e-300, "f64 = -0.000000"),
        ("f64", math.inf, "f64 = inf"),
        ("f64", -math.nan, "f64 = -nan"),
        ("complex64", 1.5 - 2j, "complex64 = 1.500000+-2.000000i"),
        ("complex128", 0.25 + 3j, "complex128 = 0.250000+3.000000i"),
    ],
)
def test_printing(suffix, value, text, host):
    assert call(f"tfrt.print.{suffix}", value, CHAIN, host=host) is CHAIN
    assert call(f"tfrt.print.{suffix}", value, host=host) is CHAIN
    assert host.printed == f"{text}\n" * 2


def test_chains():
    assert call("tfrt.new.chain") is CHAIN
    assert call("tfrt.merge.chains", 1, CHAIN, "any value") is CHAIN
    value = object()
    assert call("tfrt.alias.value", CHAIN, value) is value


def test_devices():
    with HostContext() as machine:
        assert call("tfrt.get_device", CHAIN, machine, device_name="CPU:0") == Device("CPU:0")
        with pytest.raises(KernelError) as caught:
            call("tfrt.get_device", CHAIN, machine, device_name="GPU:3")
    assert str(caught.value) == "cannot find device GPU:3"


def test_tutorial(host):
    coordinate = call("tfrt_tutorial.create_coordinate", 2, -5)
    assert (coordinate.x, coordinate.y) == (2, -5)
    assert call("tfrt_tutorial.print_coordinate", coordinate, CHAIN, host=host) is CHAIN
    assert host.printed == "(2, -5)\n"
