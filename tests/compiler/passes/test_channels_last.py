"""Random networks with channels in any dimension give the same when they come last; numbers are small integers, whose
sums are exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tfrt.compiler import compile as compile_text

PASSES = "stablehlo-channels-last,stablehlo-canonicalize,lower-stablehlo"
ORDERS = ([0, 1, 2, 3], [0, 2, 3, 1], [2, 0, 3, 1], [3, 2, 1, 0])
"""Where batch, features, height and width are."""


def spelled(shape: tuple[int, ...]) -> str:
    return f"tensor<{'x'.join([*map(str, shape), 'f32'])}>"


def letters(order: list[int], names: tuple[str, ...]) -> str:
    return f"[{', '.join(names[order.index(place)] for place in range(4))}]"


class Text:
    """A function that is being written: ops on values of four dimensions, in an order."""

    def __init__(self, order: list[int], shape: tuple[int, ...], random: np.random.Generator):
        self.order, self.random = order, random
        self.lines: list[str] = []
        self.arguments: list[np.ndarray] = []
        self.value, self.shape = self.argument(shape), shape

    def place(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Sizes of batch, features, height and width, as the order has them."""
        return tuple(sizes[self.order.index(place)] for place in range(4))

    def argument(self, sizes: tuple[int, ...], placed: bool = True) -> str:
        shape = self.place(sizes) if placed and len(sizes) == 4 else sizes
        self.arguments.append(self.random.integers(-3, 4, shape).astype(np.float32))
        return f"%x{len(self.arguments) - 1}"

    def line(self, text: str) -> str:
        self.lines.append(f"  %v{len(self.lines)} = {text}")
        return f"%v{len(self.lines) - 1}"

    @property
    def type(self) -> str:
        return spelled(self.place(self.shape))

    def convolution(self) -> None:
        before, (batch, channels, height, width) = self.type, self.shape
        depth = int(self.random.integers(1, 4))
        filters = (depth, channels, 3, 1)
        weights = self.argument(filters, placed=False)
        images = letters(self.order, ("b", "f", "0", "1"))
        self.shape = (batch, depth, height, width)
        self.value = self.line(
            f"stablehlo.convolution({self.value}, {weights}) dim_numbers = {images}x[o, i, 0, 1]->{images}, window = "
            "{pad = [[1, 1], [0, 0]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : "
            f"({before}, {spelled(filters)}) -> {self.type}"
        )

    def bias(self) -> None:
        vector = self.argument((self.shape[1],))
        wide = self.line(
            f"stablehlo.broadcast_in_dim {vector}, dims = [{self.order[1]}] : "
            f"({spelled(self.shape[1:2])}) -> {self.type}"
        )
        self.value = self.line(f"stablehlo.add {self.value}, {wide} : {self.type}")

    def transpose(self) -> None:
        before, old = self.type, self.order
        self.order = ORDERS[self.random.integers(len(ORDERS))]
        moved = [old[self.order.index(place)] for place in range(4)]
        self.value = self.line(f"stablehlo.transpose {self.value}, dims = {moved} : ({before}) -> {self.type}")

    def doubled(self) -> None:
        other = self.line(f"stablehlo.negate {self.value} : {self.type}")
        self.value = self.line(f"stablehlo.subtract {self.value}, {other} : {self.type}")

    def relu(self) -> None:
        zero = self.line(f"stablehlo.constant dense<0.0> : {self.type}")
        self.value = self.line(f"stablehlo.maximum {self.value}, {zero} : {self.type}")

    def residual(self) -> None:
        self.value = self.line(f"stablehlo.subtract {self.argument(self.shape)}, {self.value} : {self.type}")

    def pattern(self) -> None:
        shape = self.place(self.shape)
        rows = np.arange(np.prod(shape)).reshape(shape).astype(float).tolist()
        made = self.line(f"stablehlo.constant dense<{rows}> : {self.type}")
        self.value = self.line(f"stablehlo.add {self.value}, {made} : {self.type}")

    def select(self) -> None:
        other = self.argument(self.shape)
        mask = self.line(
            f"stablehlo.compare LT, {self.value}, {other} : ({self.type}, {self.type}) -> "
            f"{self.type.replace('f32', 'i1')}"
        )
        self.value = self.line(
            f"stablehlo.select {mask}, {self.value}, {other} : {self.type.replace('f32', 'i1')}, {self.type}"
        )

    def clamp(self) -> None:
        low, high = (self.line(f"stablehlo.constant dense<{number}> : tensor<f32>") for number in (-5.0, 9.0))
        self.value = self.line(
            f"stablehlo.clamp {low}, {self.value}, {high} : (tensor<f32>, {self.type}, tensor<f32>) -> {self.type}"
        )

    def concatenate(self) -> None:
        before, (batch, channels, height, width) = self.type, self.shape
        self.shape = (batch, 2 * channels, height, width)
        self.value = self.line(
            f"stablehlo.concatenate {self.value}, {self.argument((batch, channels, height, width))}, "
            f"dim = {self.order[1]} : ({before}, {before}) -> {self.type}"
        )

    def pad(self) -> None:
        before, (batch, channels, height, width) = self.type, self.shape
        zero = self.line("stablehlo.constant dense<7.0> : tensor<f32>")
        self.shape = (batch, channels, height + 1, width + 2)
        low, high = self.place((0, 0, 1, 0)), self.place((0, 0, 0, 2))
        self.value = self.line(
            f"stablehlo.pad {self.value}, {zero}, low = {list(low)}, high = {list(high)}, interior = [0, 0, 0, 0] : "
            f"({before}, tensor<f32>) -> {self.type}"
        )

    def slice(self) -> None:
        before, (batch, channels, height, width) = self.type, self.shape
        self.shape = (batch, channels, height, (width + 1) // 2)
        ranges = ", ".join(
            f"0:{n}:{s}"
            for n, s in zip(self.place((batch, channels, height, width)), self.place((1, 1, 1, 2)), strict=True)
        )
        self.value = self.line(f"stablehlo.slice {self.value} [{ranges}] : ({before}) -> {self.type}")

    def pool(self) -> None:
        before, (batch, channels, height, width) = self.type, self.shape
        start = self.line("stablehlo.constant dense<-1.0> : tensor<f32>")
        self.shape = (batch, channels, height // 2 + 1, width)
        numbers = {"window_dimensions": (1, 1, 2, 1), "window_strides": (1, 1, 2, 1)}
        said = ", ".join(f"{k} = array<i64: {', '.join(map(str, self.place(v)))}>" for k, v in numbers.items())
        pairs = [[0, 0] for _ in range(4)]
        pairs[self.order[2]] = [1, 1]
        self.value = self.line(
            f'"stablehlo.reduce_window"({self.value}, {start}) '
            f"<{{{said}, padding = dense<{pairs}> : tensor<4x2xi64>}}> "
            "({\n^bb0(%a: tensor<f32>, %b: tensor<f32>):\n  %m = stablehlo.maximum %a, %b : tensor<f32>\n"
            f"  stablehlo.return %m : tensor<f32>\n}}) : ({before}, tensor<f32>) -> {self.type}"
        )

    def repeat(self) -> None:
        before, (batch, channels, height, width) = self.type, self.shape
        self.shape = (batch, channels, 2 * height, 3 * width)
        pairs = [
            (size, n) if n > 1 else (size,)
            for size, n in zip(self.place((batch, channels, height, width)), self.place((1, 1, 2, 3)), strict=True)
        ]
        places = [sum(map(len, pairs[:d])) for d in range(4)]
        wide = spelled(tuple(part for pair in pairs for part in pair))
        apart = self.line(f"stablehlo.broadcast_in_dim {self.value}, dims = {places} : ({before}) -> {wide}")
        self.value = self.line(f"stablehlo.reshape {apart} : ({wide}) -> {self.type}")

    def reduced(self, axes: list[int]) -> None:
        kept = [place for place in range(4) if place not in axes]
        before, shape = self.type, tuple(self.place(self.shape)[place] for place in kept)
        zero = self.line("stablehlo.constant dense<0.0> : tensor<f32>")
        self.value = self.line(
            f"stablehlo.reduce({self.value} init: {zero}) applies stablehlo.add across dimensions = {axes} : "
            f"({before}, tensor<f32>) -> {spelled(shape)}"
        )

    def program(self, result: str) -> str:
        arguments = ", ".join(f"%x{i}: {spelled(array.shape)}" for i, array in enumerate(self.arguments))
        lines = "\n".join(self.lines)
        return f"func.func @main({arguments}) -> {result} {{\n{lines}\n  return {self.value} : {result}\n}}"


OPS = ("bias", "relu", "residual", "pattern", "select", "clamp", "concatenate", "pad", "slice", "pool")
OPS += ("repeat", "convolution")
BETWEEN = ("transpose", "bias", "relu", "pattern", "clamp", "doubled")
"""What may lead from a transpose to a convolution."""


@settings(max_examples=6)
@given(st.data())
def test_results_stay_the_same(data):
    order = data.draw(st.sampled_from(ORDERS))
    text = Text(order, (2, 3, 4, 3), np.random.default_rng(data.draw(st.integers(0, 2**32 - 1))))
    for name in ["convolution", *data.draw(st.lists(st.sampled_from(OPS), min_size=1, max_size=6))]:
        getattr(text, name)()
    result = text.type
    axes = data.draw(st.sampled_from([[], [0], [1, 2], [3]]))
    if axes:
        text.reduced(axes)
        result = text.lines[-1].rpartition("-> ")[2]
    program = text.program(result)
    expected = tfrt.load(tfrt.compile(program))["main"](*text.arguments)
    for compiled in (compile_text(program, pipeline=PASSES), compile_text(program, opt_level=2)):
        np.testing.assert_array_equal(tfrt.load(compiled)["main"](*text.arguments), expected)


@settings(max_examples=6)
@given(st.data())
def test_transposes_before_convolutions(data):
    text = Text(ORDERS[0], (2, 3, 4, 3), np.random.default_rng(data.draw(st.integers(0, 2**32 - 1))))
    for _ in range(2):
        for name in ["transpose", *data.draw(st.lists(st.sampled_from(BETWEEN), max_size=4)), "convolution"]:
            getattr(text, name)()
    program = text.program(text.type)
    expected = tfrt.load(tfrt.compile(program))["main"](*text.arguments)
    for compiled in (compile_text(program, pipeline=PASSES), compile_text(program, opt_level=2)):
        np.testing.assert_array_equal(tfrt.load(compiled)["main"](*text.arguments), expected)


@pytest.mark.parametrize("epsilon", ["1.0e-3", "0.0"])
@pytest.mark.parametrize("feature", [1, 3])
def test_batch_norm_is_its_steps(feature, epsilon):
    """They are those of the kernel, bit for bit."""
    shape = (2, 3, 4, 3)
    program = f"""func.func @main(%x: {spelled(shape)}, %s: tensor<3xf32>, %o: tensor<3xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>) -> {spelled(shape)} {{
      %0 = "stablehlo.batch_norm_inference"(%x, %s, %o, %m, %v) <{{epsilon = {epsilon} : f32, feature_index = {feature} : i64}}> : ({spelled(shape)}, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> {spelled(shape)}
      return %0 : {spelled(shape)}
    }}"""  # noqa: E501
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(size).astype(np.float32) for size in (shape, 3, 3, 3)]
    arrays.append(random.uniform(0.1, 2, 3).astype(np.float32))
    plain, optimised = (tfrt.load(tfrt.compile(program, opt_level=level))["main"] for level in (0, 2))
    assert plain(*arrays).tobytes() == optimised(*arrays).tobytes()
