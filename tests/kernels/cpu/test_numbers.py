"""Kernels on numbers give what ops on arrays without dimensions give, as expressions, functions and machine code."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.kernels.shared.c_semantics import wrap32

EDGES = {
    "i1": [False, True],
    "i32": [-(1 << 31), -(1 << 31) + 1, -7, -3, -1, 0, 1, 2, 3, 7, (1 << 31) - 1],
    "i64": [-(1 << 63), -(1 << 63) + 1, -(1 << 40), -7, -3, -1, 0, 1, 3, 7, 1 << 40, (1 << 63) - 1],
}
DTYPES = {"i1": np.bool_, "i32": np.int32, "i64": np.int64}
BINARY = [
    *((f"{name}.{type}", op, type) for name, op in
      (("cpu.subtract", "subtract"), ("cpu.minimum", "minimum"), ("cpu.maximum", "maximum"), ("cpu.divide", "divide"),
       ("cpu.remainder", "remainder"), ("tfrt.add", "add"), ("tfrt.mul", "multiply")) for type in ("i32", "i64")),
    ("cpu.or.i1", "or", "i1"),
    ("tfrt.and.i1", "and", "i1"),
    ("cpu.unequal.i1", "xor", "i1"),
]  # fmt: skip
COMPARISONS = [
    *((f"{name}.{type}", direction, type) for name, direction in
      (("cpu.less", "LT"), ("cpu.less_equal", "LE"), ("cpu.unequal", "NE"), ("tfrt.equal", "EQ"))
      for type in ("i32", "i64")),
    ("cpu.equal.i1", "EQ", "i1"),
    ("cpu.unequal.i1", "NE", "i1"),
]  # fmt: skip


def values_of(name, *operands):
    """What a kernel is of numbers: as a function, as an expression, and as machine code's, where it is written as such
    in other words."""
    found = BUILTIN.get(name)
    assert found.inline is not None
    spelled = [f"({operand!r})" for operand in operands]
    values = [found.function(*operands), eval(found.inline.format(*spelled), {})]
    if found.native is not None and not name.endswith("i64"):
        values.append(eval(found.native.format(*spelled), {"wrap32": wrap32}))
    return values


def run_on_arrays(body, type, result, count):
    """The op on all combinations of `count` edges at once."""
    columns = [np.array(c, DTYPES[type]) for c in zip(*product(EDGES[type], repeat=count), strict=True)]
    size, types = columns[0].size, ", ".join([f"tensor<{columns[0].size}x{type}>"] * count)
    arguments = ", ".join(f"%x{n}: tensor<{size}x{type}>" for n in range(count))
    to = f"tensor<{size}x{result}>"
    text = f"func.func @f({arguments}) -> {to} {{\n  %r = {body} : ({types}) -> {to}\n  return %r : {to}\n}}"
    return tfrt.load(tfrt.compile(text))["f"](*columns)


def agree(name, expected, operands):
    for given, value in zip(operands, expected.tolist(), strict=True):
        for found in values_of(name, *given):
            assert (found, type(found)) == (value, type(value)), (name, given)


@pytest.mark.parametrize(("name", "op", "type"), BINARY)
def test_arithmetic(name, op, type):
    expected = run_on_arrays(f'"stablehlo.{op}"(%x0, %x1)', type, type, 2)
    agree(name, expected, product(EDGES[type], repeat=2))


@pytest.mark.parametrize(("name", "direction", "type"), COMPARISONS)
def test_comparisons(name, direction, type):
    body = f'"stablehlo.compare"(%x0, %x1) <{{comparison_direction = #stablehlo<comparison_direction {direction}>}}>'
    agree(name, run_on_arrays(body, type, "i1", 2), product(EDGES[type], repeat=2))


@pytest.mark.parametrize(("source", "target"), [("i1", "i32"), ("i1", "i64"), ("i32", "i64"), ("i64", "i32")])
def test_conversions(source, target):
    expected = run_on_arrays('"stablehlo.convert"(%x0)', source, target, 1)
    agree(f"cpu.convert.{source}_to_{target}", expected, product(EDGES[source]))


@pytest.mark.parametrize("type", EDGES)
def test_choices(type):
    for condition, (x, y) in product([False, True], product(EDGES[type], repeat=2)):
        assert values_of(f"cpu.select.{type}", condition, x, y) == [x if condition else y] * 2
    assert values_of("cpu.not.i1", True) == [False] * 2 and values_of("cpu.not.i1", False) == [True] * 2


@pytest.mark.parametrize(("source", "target"), [("i1", "i1"), ("i64", "i64"), ("i32", "i32"), ("i32", "f32")])
@pytest.mark.parametrize("threshold", [0, 1 << 30])
def test_arrays_of_numbers(source, target, threshold):
    text = f"""func.func @f(%x: {source}) -> memref<{target}> {{
  %r = cpu.scalar %x {{metadata = [[{target}]]}} : ({source}) -> memref<{target}>
  tfrt.return %r : memref<{target}>
}}"""
    with tfrt.HostContext(plan_threshold=threshold) as host:
        run = tfrt.load(tfrt.compile(text), host=host)["f"]
        for value in [*EDGES[source], *([16777217, -16777219] if source == "i32" else [])]:
            expected = np.array(value, DTYPES[source]).astype(DTYPES.get(target, np.float32))
            found = run(value)
            assert type(found) is np.ndarray and found.dtype == expected.dtype and found.shape == ()
            assert found == expected
