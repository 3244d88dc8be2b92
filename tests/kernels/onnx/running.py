"""Runs an operator eagerly, or in a program that knows no ranks, and compares with what is expected."""

from __future__ import annotations

from typing import Any

import numpy as np

import tfrt
from tfrt.compiler.importers.text import TensorType, attribute, attributes, listed
from tfrt.executor.values.dtype import DType


def results(name: str, *inputs: Any, **attrs: Any) -> list[np.ndarray]:
    """What an eager call gives."""
    with tfrt.HostContext() as host:
        found = tfrt.CoreRuntime.of(host).op(f"onnx.{name}", **attrs)(*map(np.asarray, inputs))
        handles = found if isinstance(found, tuple | list) else [found]
        return [handle.numpy() for handle in handles]


def program(name: str, inputs: list[np.ndarray], types: list[DType], attrs: dict[str, Any]) -> list[np.ndarray]:
    """What a program gives."""
    takes = [TensorType(DType.of(array), None) for array in inputs]
    gives = [TensorType(dtype, None) for dtype in types]
    arguments = ", ".join(f"%a{number}: {type}" for number, type in enumerate(takes))
    operands = ", ".join(f"%a{number}" for number in range(len(takes)))
    left = f"%r:{len(gives)}"
    returned = ", ".join(f"%r#{number}" for number in range(len(gives)))
    spelled = attributes({key: attribute(value) for key, value in attrs.items()})
    text = f"""func.func @main({arguments}) -> {listed(gives)} {{
      {left} = "onnx.{name}"({operands}){spelled} : {listed(takes)} -> {listed(gives)}
      func.return {returned} : {", ".join(map(str, gives))}
    }}"""
    found = tfrt.load(tfrt.compile(text))["main"](*inputs)
    return list(found) if isinstance(found, tuple) else [found]


def check(name: str, inputs: list[Any], *expected: Any, rtol: float = 1e-6, **attrs: Any) -> None:
    """An operator gives what is expected, of exactly that type, eagerly."""
    arrays, wanted = [np.asarray(array) for array in inputs], [np.asarray(array) for array in expected]
    if len(wanted) > 1:
        attrs.setdefault("outputs", tuple(range(len(wanted))))
    assert_same(results(name, *arrays, **attrs), wanted, rtol)
    check_shapes(name, arrays, attrs, wanted)


def check_shapes(name: str, inputs: list[np.ndarray], attrs: dict[str, Any], wanted: list[np.ndarray]) -> None:
    """An operator gives the same shapes for zeros in the place of what it declares that they do not depend on; and the
    same elements where it declares that these depend on shapes alone."""
    entry = tfrt.CPU_OPS.get(f"onnx.{name}")
    assert entry is not None
    shaping = () if entry.shape_only else entry.shaping_inputs(len(inputs), attrs)
    if shaping is None:
        return
    zeroed = [array if number in shaping else np.zeros_like(array) for number, array in enumerate(inputs)]
    for array, each in zip(results(name, *zeroed, **attrs), wanted, strict=True):
        assert (array.shape, array.dtype) == (each.shape, each.dtype)
        if entry.shape_only:
            np.testing.assert_array_equal(array, each)


def check_program(name: str, inputs: list[Any], *expected: Any, **attrs: Any) -> None:
    """An operator gives what is expected, of exactly that type, in a program that knows no ranks."""
    arrays, wanted = [np.asarray(array) for array in inputs], [np.asarray(array) for array in expected]
    assert_same(program(name, arrays, [DType.of(array) for array in wanted], attrs), wanted, 1e-6)


def assert_same(found: list[np.ndarray], wanted: list[np.ndarray], rtol: float) -> None:
    """Arrays are as expected."""
    assert [array.dtype for array in found] == [array.dtype for array in wanted]
    for array, each in zip(found, wanted, strict=True):
        assert array.shape == each.shape
        np.testing.assert_allclose(array.astype(np.float64), each.astype(np.float64), rtol=rtol, atol=1e-6)
