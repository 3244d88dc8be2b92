"""What a program costs beyond numpy's own time: entering it with arrays, and each small kernel on arrays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np

from suite.row import Row, program

ENTRY = 2.0
"""Microseconds that entering a program with arrays may take."""

KERNEL = 0.3
"""Microseconds that a kernel may take beyond numpy's own."""


def rows(size: int) -> Iterator[Row]:
    """The rows of this family."""
    with ExitStack() as stack:
        for arguments in (2, 7, 50):
            yield _entry(stack, arguments, max(1, size // 10))
        yield _kernels(stack, max(1, size // 400))


def _entry(stack: ExitStack, arguments: int, calls: int) -> Row:
    """The sum of the first two of some arrays of 4 floats."""
    given = ", ".join(f"%a{i}: tensor<4xf32>" for i in range(arguments))
    text = f"""func.func @main({given}) -> tensor<4xf32> {{
  %0 = stablehlo.add %a0, %a1 : tensor<4xf32>
  return %0 : tensor<4xf32>
}}"""
    run = stack.enter_context(program(text, opt_level=2, plan_threshold=0))["main"]
    arrays = [np.full(4, i, np.float32) for i in range(arguments)]
    add, x, y = np.add, *arrays[:2]

    def by_hand() -> list[float]:
        for _ in range(calls):
            found = add(x, y)
        return found.tolist()

    def tfrt() -> list[float]:
        for _ in range(calls):
            found = run(*arrays)
        return found.tolist()

    name = f"a call with {arguments} arrays"
    return Row(name, {"numpy": by_hand, "tfrt": tfrt}, "numpy", "call", calls, above={"tfrt": ENTRY})


LAYERS = 10


def _kernels(stack: ExitStack, calls: int) -> Row:
    """A vector through 10 layers: a product, its bias, a bound, four kernels that move elements, and a join."""
    lines = []
    for i in range(LAYERS):
        x = f"%x{i}"
        lines.append(f"""  %p{i} = stablehlo.dot_general {x}, %w, contracting_dims = [1] x [0]
    : (tensor<1x32xf32>, tensor<32x32xf32>) -> tensor<1x32xf32>
  %b{i} = stablehlo.broadcast_in_dim %bias, dims = [1] : (tensor<32xf32>) -> tensor<1x32xf32>
  %s{i} = stablehlo.add %p{i}, %b{i} : tensor<1x32xf32>
  %m{i} = stablehlo.maximum %s{i}, %zero : tensor<1x32xf32>
  %q{i} = stablehlo.reshape %m{i} : (tensor<1x32xf32>) -> tensor<1x4x8xf32>
  %t{i} = stablehlo.transpose %q{i}, dims = [1, 0, 2] : (tensor<1x4x8xf32>) -> tensor<4x1x8xf32>
  %l{i} = stablehlo.slice %t{i} [0:2, 0:1, 0:8] : (tensor<4x1x8xf32>) -> tensor<2x1x8xf32>
  %h{i} = stablehlo.slice %t{i} [2:4, 0:1, 0:8] : (tensor<4x1x8xf32>) -> tensor<2x1x8xf32>
  %c{i} = stablehlo.concatenate %h{i}, %l{i}, dim = 0 : (tensor<2x1x8xf32>, tensor<2x1x8xf32>) -> tensor<4x1x8xf32>
  %x{i + 1} = stablehlo.reshape %c{i} : (tensor<4x1x8xf32>) -> tensor<1x32xf32>""")
    text = "\n".join(
        [
            "func.func @main(%x0: tensor<1x32xf32>, %w: tensor<32x32xf32>, %bias: tensor<32xf32>)",
            "    -> tensor<1x32xf32> {",
            "  %zero = stablehlo.constant dense<0.0> : tensor<1x32xf32>",
            *lines,
            f"  return %x{LAYERS} : tensor<1x32xf32>\n}}",
        ]
    )
    run = stack.enter_context(program(text, opt_level=2, plan_threshold=0))["main"]
    random = np.random.default_rng(0)
    start, w, bias = (random.normal(size=shape).astype(np.float32) for shape in ((1, 32), (32, 32), 32))
    zero = np.zeros((), np.float32)

    def by_hand() -> list[float]:
        for _ in range(calls):
            x = start
            for _ in range(LAYERS):
                x = x.dot(w)
                np.add(x, bias[None], x)
                np.maximum(x, zero, out=x)
                t = x.reshape(1, 4, 8).transpose(1, 0, 2)
                x = np.concatenate((t[2:4, 0:1, 0:8], t[0:2, 0:1, 0:8]), 0).reshape(1, 32)
        return x.ravel().tolist()

    def tfrt() -> list[float]:
        for _ in range(calls):
            found = run(start, w, bias)
        return found.ravel().tolist()

    count = 9 * LAYERS
    name = f"{count} small kernels on arrays"
    return Row(name, {"numpy": by_hand, "tfrt": tfrt}, "numpy", "kernel", count * calls, above={"tfrt": KERNEL})
