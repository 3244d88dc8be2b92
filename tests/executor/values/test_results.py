"""What kernels of users return for scalar results is a value of the result's type, in every tier."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from ctypes import c_float
from functools import cache
from typing import Any

import numpy as np
import pytest

import tfrt
from tfrt.compiler import compile
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.values import scalars

HOSTS = {
    "dataflow": {"plans": False},
    "table": {"plan_threshold": 1 << 30},
    "generated": {"plan_threshold": 0},
    "native": {"plan_threshold": 0, "native": True},
    "threads": {"work_queue": "mstd:2"},
}

CALL = """
func.func @f(%a: i32) -> {type} {{
  %r = "user.give"(%a) : (i32) -> {type}
  tfrt.return %r : {type}
}}
func.func @sync(%a: i32) -> {type} attributes {{tfrt.sync}} {{
  %r = "user.give"(%a) : (i32) -> {type}
  tfrt.return %r : {type}
}}
"""


GIVES: dict[str, tuple[Callable[[Any], Any], dict[str, Any]]] = {
    "plain": (lambda value: lambda _: value, {"pure": True}),
    "annotated": (lambda value: _annotated(value), {"pure": True}),
    "inline": (lambda value: lambda _: value, {"inline": "({0} * 0 or 0.1)"}),
    "blocking": (lambda value: lambda _: value, {"blocking": True}),
    "pending": (lambda value: _pending(value), {}),
    "available": (lambda value: lambda _: tfrt.AsyncValue.of(value), {"pure": True}),
}


def _annotated(value: Any) -> Any:
    def give(_: int) -> float:
        return value

    return give


def _pending(value: Any) -> Any:
    def give(_: int, *, host: tfrt.HostContext) -> tfrt.AsyncValue:
        result = tfrt.AsyncValue()
        host.enqueue(lambda: result.set(value))
        return result

    return give


@cache
def _compiled(type: str, optional_sections: bool) -> bytes:
    return compile(CALL.format(type=type), "t.mlir", optional_sections=optional_sections)


def _run(tier: str, type: str, value: Any, *, how: str = "plain", function: str = "f", optional: bool = True) -> Any:
    """What a program returns whose kernel gives `value` for a result of that type; or the error."""
    make, options = GIVES[how]
    registry = KernelRegistry(BUILTIN)
    registry.register(Kernel("user.give", make(value), **options))
    with tfrt.HostContext(registry=registry, **HOSTS[tier]) as host:
        loaded = tfrt.load(_compiled(type, optional), host=host)[function]
        for _ in range(3):
            try:
                found = loaded(0)
            except tfrt.KernelError as error:
                found = str(error)
        return found


F32 = float(np.float32(0.1))


@pytest.mark.parametrize("tier", HOSTS)
@pytest.mark.parametrize("how", GIVES)
def test_an_f32_result_is_rounded(tier, how):
    assert _run(tier, "f32", 0.1, how=how) == F32


@pytest.mark.parametrize("function", ["f", "sync"])
@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("f32", 1e300, math.inf),
        ("f32", 16777217, 16777216.0),
        ("f32", np.float64(0.1), F32),
        ("f32", np.array(0.1), F32),
        ("f64", 0.1, 0.1),
        ("f64", 3, 3.0),
        ("f16", 0.1, float(np.float16(0.1))),
        ("f16", -1e9, -math.inf),
        ("bf16", 1.004, 1.0078125),
        ("bf16", 1.00390625, 1.0),
        ("i1", 1, True),
        ("i1", np.False_, False),
        ("i32", True, 1),
        ("i32", np.uint8(255), 255),
        ("i32", -(2**31), -(2**31)),
        ("ui8", 255, 255),
        ("index", 2**63 - 1, 2**63 - 1),
        ("complex<f32>", 0.1, complex(F32)),
        ("complex<f64>", 0.1j, 0.1j),
    ],
)
def test_results_are_values_of_their_types(type, value, expected, function):
    found = _run("generated", type, value, function=function)
    assert (found, found.__class__) == (expected, expected.__class__)


@pytest.mark.parametrize("type", ["i1", "i8", "ui8", "i32", "si32", "i64", "ui64", "index", "f32", "f64"])
def test_plans_call_no_converter_for_what_it_would_return_as_it_is(type):
    test, convert = scalars.misfit_test(type), scalars.scalar_converter(type)
    edges = [sign * 2**bits + near for bits in (0, 7, 8, 31, 32, 63, 64) for near in (-1, 0, 1) for sign in (-1, 1)]
    floats = [0.0, -0.0, 0.5, 0.1, F32, 1e39, math.inf, math.nan]
    passed = 0
    for value in [*edges, *floats, True, False, None, "1", 1j, np.float64(0.5), np.int32(1), tfrt.AsyncValue.of(1)]:
        if not eval(test.format("value"), {"c_float": c_float}, {"value": value}):
            assert convert(value) is value or convert(value) == value
            assert value.__class__ is scalars.scalar_class(type)
            passed += 1
    assert passed


@pytest.mark.parametrize("type", ["i65", "i1000000", "f16", "bf16", "complex<f32>", "complex<f64>", "!tfrt.string"])
def test_other_types_have_no_such_test(type):
    assert scalars.misfit_test(type) is None


def test_a_nan_keeps_its_bits():
    (nan,) = struct.unpack("<d", bytes.fromhex("00000020 0000f8ff"))
    found = _run("generated", "f32", nan)
    assert struct.pack("<d", found) == struct.pack("<d", nan)


@pytest.mark.parametrize("tier", HOSTS)
@pytest.mark.parametrize("how", ["plain", "pending"])
@pytest.mark.parametrize(
    ("type", "value", "message"),
    [
        ("i32", 2**31, ": 2147483648 is out of range for i32, which holds -2147483648 to 2147483647"),
        ("ui8", -1, ": -1 is out of range for ui8, which holds 0 to 255"),
        ("i32", 1.0, " must be i32, got float 1.0"),
        ("i1", 2, " must be i1, got int 2"),
        ("f32", None, " must be f32, got NoneType"),
        ("f32", "x" * 100, " must be f32, got str"),
        ("f32", 1j, " must be f32, got complex 1j"),
        ("f64", 10**400, ": an integer of 1329 bits is out of range for f64"),
        ("f64", np.zeros(2), " must be f64, got ndarray"),
        ("complex<f32>", 10**400, ": an integer of 1329 bits is out of range for complex<f32>"),
    ],
)
def test_results_that_are_no_values_of_their_types(tier, how, type, value, message):
    assert _run(tier, type, value, how=how) == f"t.mlir:3:8: the result of 'user.give'{message}"


@pytest.mark.parametrize("tier", HOSTS)
def test_files_without_types_know_those_of_what_functions_return(tier):
    assert _run(tier, "f32", 0.1, optional=False) == F32


def test_exact_kernels_are_not_looked_at():
    registry = KernelRegistry(BUILTIN)
    registry.register(Kernel("user.give", lambda _: 0.1, exact=True))
    with tfrt.HostContext(registry=registry) as host:
        assert tfrt.load(tfrt.compile(CALL.format(type="f32")), host=host)["f"](0) == 0.1


@pytest.mark.parametrize("tier", HOSTS)
def test_results_of_several_types(tier):
    registry = KernelRegistry(BUILTIN)

    @_register(registry, "user.three")
    def three(x: float) -> tuple[float, Any, int]:
        return x / 3, None, 3.5 if x else 3

    text = """
func.func @f(%x: f64) -> (f32, !user.type, i32) {
  %r:3 = "user.three"(%x) : (f64) -> (f32, !user.type, i32)
  tfrt.return %r#0, %r#1, %r#2 : f32, !user.type, i32
}"""
    with tfrt.HostContext(registry=registry, **HOSTS[tier]) as host:
        function = tfrt.load(tfrt.compile(text, "t.mlir"), host=host)["f"]
        assert function(0) == (0.0, None, 3)
        with pytest.raises(
            tfrt.KernelError, match=r"(?m)^t.mlir:3:10: result 2 of 'user.three' must be i32, got float 3.5$"
        ):
            function(1)


def test_one_kernel_at_places_of_different_types():
    registry = KernelRegistry(BUILTIN)
    registry.register(Kernel("user.third", lambda x: x / 3))
    text = """
func.func @f(%x: f64) -> (f32, f64) {
  %a = "user.third"(%x) : (f64) -> f32
  %b = "user.third"(%x) : (f64) -> f64
  tfrt.return %a, %b : f32, f64
}"""
    with tfrt.HostContext(registry=registry) as host:
        assert tfrt.load(tfrt.compile(text), host=host)["f"](1) == (float(np.float32(1 / 3)), 1 / 3)


@pytest.fixture
def folded():
    """Registers a pure kernel for the compiler, too, and returns what each level of optimisation gives."""

    def run(function, type):
        tfrt.kernel("user.folded", pure=True)(function)
        text = f"""
func.func @f() -> {type} {{
  %x = tfrt.constant.f64 0.1
  %r = "user.folded"(%x) : (f64) -> {type}
  tfrt.return %r : {type}
}}"""
        found = []
        for level in range(4):
            try:
                found.append(tfrt.load(tfrt.compile(text, "t.mlir", opt_level=level))["f"]())
            except tfrt.KernelError as error:
                found.append(str(error))
        return found

    yield run
    BUILTIN._kernels.pop("user.folded", None)


@pytest.mark.parametrize(
    ("function", "type", "expected"),
    [
        (lambda x: x, "f32", F32),
        (lambda x: x * 10, "i32", "t.mlir:4:8: the result of 'user.folded' must be i32, got float 1.0"),
        (
            lambda x: 2**40,
            "i32",
            "t.mlir:4:8: the result of 'user.folded': 1099511627776 is out of range for i32, which holds -2147483648 "
            "to 2147483647",
        ),
        (lambda x: np.int64(7), "i32", 7),
        (lambda x: 1 / 0, "f64", "t.mlir:4:8: ZeroDivisionError: division by zero"),
    ],
)
def test_all_levels_of_optimisation_agree(folded, function, type, expected):
    assert folded(function, type) == [expected] * 4


def test_native_functions(monkeypatch):
    from tfrt.executor.declarations import native_functions

    monkeypatch.setattr(native_functions, "_FUNCTIONS", dict(native_functions._FUNCTIONS))
    tfrt.native_function("user.native")(lambda x: x / 3)
    text = """
func.func @user.native(%x: f64) -> f32 attributes {tfrt.native}
func.func @f(%x: f64) -> f32 {
  %y = tfrt.call @user.native(%x) : (f64) -> f32
  tfrt.return %y : f32
}"""
    assert tfrt.load(tfrt.compile(text))["f"](1.0) == float(np.float32(1 / 3))


def test_kernels_of_this_package_are_exact():
    assert BUILTIN.get("tfrt.add.f32").is_exact and BUILTIN.get("tfrt.cast.f32_to_i64").is_exact


def _register(registry, name):
    def register(function):
        registry.register(Kernel(name, function))
        return function

    return register
