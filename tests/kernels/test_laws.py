"""The laws that kernels declare hold: for random values, and for those on which arithmetic is special."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_catalogue import kernels
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.declarations.laws import Law, Nested, Number, Pattern, Ready, Ring, Variable, read_law
from tfrt.executor.support.errors import UsageError
from tfrt.executor.values.chain import CHAIN

LAWS = [(kernel, law) for name in kernels() for kernel in [BUILTIN.get(name)] for law in kernel.laws]

FLOATS = st.floats(width=32) | st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan])


def values(kernel: Kernel) -> st.SearchStrategy[object]:
    """Values of the kernel's type, which its name ends in."""
    match kernel.name.rpartition(".")[2]:
        case "i1":
            return st.booleans()
        case "i32" | "i64" as type:
            half = 1 << int(type[1:]) - 1
            return st.integers(-half, half - 1) | st.sampled_from([0, 1, -1, half - 1, -half])
    return FLOATS


def run(kernel: Kernel, *operands: object) -> object:
    result = kernel.function(*operands)
    return result[0] if isinstance(result, tuple) else result


def value_of(pattern: Pattern, kernel: Kernel, letters: dict[str, object]) -> object:
    match pattern:
        case Number(number):
            return number
        case Ready():
            return CHAIN
        case Variable(name):
            return letters[name]
        case Nested(operands):
            return run(kernel, *(letters[operand.name] for operand in operands))


def wanted(law: Law, kernel: Kernel, letters: dict[str, object]) -> object:
    if not isinstance(law.result, Ring):
        return value_of(law.result, kernel, letters)
    x, y, modulus = letters["x"], letters["y"], 1 << law.result.bits
    assert isinstance(x, int) and isinstance(y, int)
    match law.result.operator:
        case "==":
            return (x - y) % modulus == 0
        case "+":
            total = x + y
        case "-":
            total = x - y
        case _:
            total = x * y
    return (total + modulus // 2) % modulus - modulus // 2


def bits(value: object) -> object:
    """What tells values apart: all NaNs are one."""
    if isinstance(value, float):
        return "nan" if value != value else struct.pack("<d", value)
    return value


@pytest.mark.parametrize(("kernel", "text"), LAWS, ids=[f"{kernel.name}: {law}" for kernel, law in LAWS])
def test_the_law_holds(kernel: Kernel, text: str) -> None:
    law = read_law(text)

    @settings(max_examples=25)
    @given(st.fixed_dictionaries({name: values(kernel) for name in "xy"}))
    def check(letters: dict[str, object]) -> None:
        operands = [value_of(pattern, kernel, letters) for pattern in law.operands]
        assert bits(run(kernel, *operands)) == bits(wanted(law, kernel, letters))

    check()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x + 0", "a law is written as in 'x, 0 = x', not 'x + 0'"),
        ("x, (y = x", "a law is written as in 'x, 0 = x', not 'x, (y = x'"),
        ("x, one = x", "'one' is no value in the law 'x, one = x'"),
        ("x, y = x / y mod 2**32", "'x / y mod 2**32' is no value in the law 'x, y = x / y mod 2**32'"),
    ],
)
def test_what_is_no_law(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_law(text)
    assert str(caught.value) == message
