"""Networks whose pools are part of convolutions give what they give otherwise, at every level and by every way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

import tfrt
from tfrt.compiler import compile as compile_text
from tfrt.executor.bef import read_bef
from tfrt.executor.support.machine_code import is_available
from tfrt.executor.tools.program_work import function_work, planned_memory

NATIVE = pytest.param(True, marks=pytest.mark.skipif(not is_available(), reason="needs llvmlite"))
FUSING = "lower-stablehlo,decompose-cpu-ops,fold-broadcasts,fuse-cpu-ops,fuse-pools"
FIRST = {"maximum": "-inf", "minimum": "inf", "add": "0.0"}
SPECIAL = (-0.0, np.inf, -np.inf, np.nan)


def typed(shape: Sequence[int], dtype: str) -> str:
    return f"tensor<{'x'.join([*map(str, shape), dtype])}>"


@dataclass(frozen=True)
class Layer:
    """A convolution, perhaps with a bias and a bound, and a pool, perhaps with a scale."""

    batch: int = 1
    size: tuple[int, int] = (8, 8)
    channels: int = 3
    filters: tuple[int, int, int] = (3, 3, 8)
    stride: int = 1
    around: int = 1
    groups: int = 1
    windows: tuple[int, int] = (2, 2)
    steps: tuple[int, int] = (2, 2)
    padding: tuple[int, int] = (0, 0)
    dilation: int = 1
    function: str = "maximum"
    first: str | None = None
    dtype: str = "f32"
    has_bias: bool = True
    has_bound: bool = True
    has_scale: bool = False
    is_read_twice: bool = False

    @property
    def convolved(self) -> tuple[int, ...]:
        sizes = zip(self.size, self.filters[:2], strict=True)
        down, across = ((size + 2 * self.around - window) // self.stride + 1 for size, window in sizes)
        return (self.batch, down, across, self.filters[-1])

    @property
    def pooled(self) -> tuple[int, ...]:
        found = [
            (size + sum(self.padding) - (window - 1) * self.dilation - 1) // step + 1
            for size, window, step in zip(self.convolved[1:3], self.windows, self.steps, strict=True)
        ]
        return (self.batch, *found, self.filters[-1])

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        height, width, depth = self.filters
        images = (self.batch, *self.size, self.channels)
        return [images, (height, width, self.channels // self.groups, depth), (depth,), (depth,)]

    def text(self) -> str:
        wide, small, scalar = (typed(each, self.dtype) for each in (self.convolved, self.pooled, ()))
        x, w, vector, _ = (typed(shape, self.dtype) for shape in self.shapes)
        around, pads = [[self.around] * 2] * 2, [[0, 0], list(self.padding), list(self.padding), [0, 0]]
        ones = "array<i64: 1, {0}, {0}, 1>"
        first = {"-inf": "0xFF800000", "inf": "0x7F800000"}.get(self.first or FIRST[self.function], "0.0")
        if self.dtype == "f64":
            first = first.replace("800000", "F0000000000000")
        first = first.replace("0xFF800000", "0xFF80").replace("0x7F800000", "0x7F80") if self.dtype == "bf16" else first
        window = f"stride = [{self.stride}, {self.stride}], pad = {around}"
        groups = f"{{batch_group_count = 1 : i64, feature_group_count = {self.groups} : i64}}"
        lines = [
            f"%zero = stablehlo.constant dense<0.0> : {scalar}",
            f"%first = stablehlo.constant dense<{first}> : {scalar}",
            f"%y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = "
            f"{{{window}}} {groups} : ({x}, {w}) -> {wide}",
            f"%biases = stablehlo.broadcast_in_dim %b, dims = [3] : ({vector}) -> {wide}",
            f"%zeros = stablehlo.broadcast_in_dim %zero, dims = [] : ({scalar}) -> {wide}",
            f"%scales = stablehlo.broadcast_in_dim %s, dims = [3] : ({vector}) -> {small}",
            f"%a = stablehlo.add %y, %biases : {wide}" if self.has_bias else f"%a = stablehlo.add %y, %zeros : {wide}",
            f"%r = stablehlo.maximum %a, %zeros : {wide}" if self.has_bound else f"%r = stablehlo.tanh %a : {wide}",
            f'%p = "stablehlo.reduce_window"(%r, %first) <{{window_dimensions = array<i64: 1, {self.windows[0]}, '
            f"{self.windows[1]}, 1>, window_strides = array<i64: 1, {self.steps[0]}, {self.steps[1]}, 1>, "
            f"window_dilations = {ones.format(self.dilation)}, padding = dense<{pads}> : tensor<4x2xi64>}}> ({{",
            f"^bb0(%0: {scalar}, %1: {scalar}):",
            f"%2 = stablehlo.{self.function} %0, %1 : {scalar}",
            f"stablehlo.return %2 : {scalar}",
            f"}}) : ({wide}, {scalar}) -> {small}",
        ]
        if self.has_scale:
            lines.append(f"%q = stablehlo.multiply %p, %scales : {small}")
        result = "%q" if self.has_scale else "%p"
        gives = f"{small}, {wide}" if self.is_read_twice else small
        lines.append(f"return {result}{', %r' if self.is_read_twice else ''} : {gives}")
        body = "\n  ".join(lines)
        return f"func.func @main(%x: {x}, %w: {w}, %b: {vector}, %s: {vector}) -> ({gives}) {{\n  {body}\n}}"


def drawn(random: np.random.Generator) -> Layer:
    """Any layer, most of which can be fused."""
    part, groups = random.choice([(1, 1), (3, 1), (16, 1), (2, 2), (1, 6)])
    windows = tuple(random.integers(1, 4, 2).tolist())
    dtype = str(random.choice(["f32", "f32", "f64", "bf16"]))
    kind = random.choice(["side by side"] * 4 + ["apart", "around", "dilated"])
    return Layer(
        batch=int(random.integers(1, 3)),
        size=tuple(random.integers(6, 14, 2).tolist()),
        channels=int(part * groups),
        filters=(*random.integers(1, 4, 2).tolist(), int(groups * random.choice([1, 4, 20]))),
        stride=int(random.choice([1, 1, 2])),
        around=int(random.integers(0, 3)),
        groups=int(groups),
        windows=windows,
        steps=(2, 1) if kind == "apart" else windows,
        padding=(1, 0) if kind == "around" else (0, 0),
        dilation=2 if kind == "dilated" else 1,
        function=str(random.choice(["maximum", "maximum", "minimum", "add"])),
        dtype=dtype,
        has_bias=bool(random.integers(2)),
        has_bound=bool(random.integers(2)),
        has_scale=bool(random.integers(2)),
        is_read_twice=random.integers(8) == 0,
    )


def arguments(layer: Layer, random: np.random.Generator) -> list[np.ndarray]:
    dtype = next(each for each in tfrt.DType if each.mlir == layer.dtype).numpy
    arrays = [random.standard_normal(shape) for shape in layer.shapes]
    for array in arrays:
        if random.integers(3) == 0:
            array.flat[random.integers(0, array.size)] = random.choice(SPECIAL)
    return [array.astype(dtype) for array in arrays]


def results_of(compiled: bytes, given: list[np.ndarray], native: bool) -> list[np.ndarray]:
    with tfrt.HostContext("s", native=native) as host:
        found = tfrt.load(compiled, host=host)["main"](*given)
    return [each.astype(np.float64) for each in (found if isinstance(found, tuple) else (found,))]


def assert_close(found: list[np.ndarray], expected: list[np.ndarray], tolerance: float) -> None:
    for one, other in zip(found, expected, strict=True):
        for kind in (np.isnan, np.isposinf, np.isneginf):
            np.testing.assert_array_equal(kind(one), kind(other))
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)


@pytest.mark.parametrize("native", [False, NATIVE])
@pytest.mark.parametrize("seed", range(16))
def test_random_layers(seed, native):
    random = np.random.default_rng(seed)
    layer = drawn(random)
    given, text = arguments(layer, random), layer.text()
    expected = results_of(compile_text(text), given, native=False)
    for level in (2,) if native else (1, 2, 3):
        found = results_of(compile_text(text, opt_level=level), given, native)
        assert_close(found, expected, {"f64": 1e-9, "f32": 1e-4, "bf16": 0.1}[layer.dtype])


def kernels_of(layer: Layer) -> list[tuple[str, ...]]:
    bef = read_bef(compile_text(layer.text(), pipeline=FUSING))
    main = next(function for function in bef.functions if function.name == "main")
    found = [work.ops for work in function_work(bef, main)]
    return [ops for ops in found if ops[0] in ("stablehlo.convolution", "stablehlo.reduce_window")]


LAYER = Layer()


@pytest.mark.parametrize(
    "layer",
    [
        LAYER,
        replace(LAYER, dtype="f64", function="add", has_scale=True),
        replace(LAYER, function="minimum", windows=(3, 1), steps=(3, 1)),
        replace(LAYER, channels=4, groups=4, stride=2, size=(9, 11)),
        replace(LAYER, batch=3, windows=(2, 4), steps=(2, 4), has_bias=False, has_bound=False),
        replace(LAYER, channels=64, filters=(3, 3, 64)),
        replace(LAYER, channels=16, filters=(5, 5, 16), around=2, windows=(3, 3), steps=(3, 3)),
    ],
)
def test_what_is_one_kernel(layer):
    (ops,) = kernels_of(layer)
    assert (ops[0], ops.count("stablehlo.reduce_window")) == ("stablehlo.convolution", 1)
    assert layer.has_scale == (ops[-1] == "stablehlo.multiply")


@pytest.mark.parametrize(
    "layer",
    [
        # Windows that overlap, or leave gaps, or reach beyond the image, or are none.
        replace(LAYER, windows=(3, 3)),
        replace(LAYER, steps=(3, 3)),
        replace(LAYER, padding=(0, 1)),
        replace(LAYER, dilation=2, windows=(2, 2)),
        replace(LAYER, windows=(1, 1), steps=(1, 1)),
        # Their elements do not stay in registers.
        replace(LAYER, windows=(3, 6), steps=(3, 6)),
        # Something else is combined with them, reads them, or comes of them.
        replace(LAYER, first="inf"),
        replace(LAYER, is_read_twice=True),
        replace(LAYER, windows=(9, 1), steps=(9, 1)),
        # Halves are rounded at each step.
        replace(LAYER, dtype="bf16"),
        # By Winograd's way, with many channels or one of a group, convolutions are faster by themselves.
        replace(LAYER, channels=8, groups=8),
        replace(LAYER, channels=64, filters=(3, 3, 64), windows=(3, 3), steps=(3, 3)),
        replace(LAYER, channels=256, filters=(5, 5, 256), around=2, size=(14, 14)),
    ],
)
def test_what_is_not(layer):
    convolution, pool = kernels_of(layer)
    assert (convolution[0], pool[0]) == ("stablehlo.convolution", "stablehlo.reduce_window")


def test_images_are_never_there_before_they_are_pooled():
    layer = replace(LAYER, batch=4, size=(32, 32), filters=(3, 3, 16))
    text, taken = layer.text(), []
    for pipeline in (FUSING, FUSING.removesuffix(",fuse-pools")):
        bef = read_bef(compile_text(text, pipeline=f"{pipeline},plan-buffers"))
        taken.append(planned_memory(bef, next(function for function in bef.functions if function.name == "main")))
    pooled = 4 * 4 * 16 * 16 * 16
    assert taken == [pooled, 5 * pooled]


TF = """func.func @main(%x: tensor<2x9x8x3xf32>, %w: tensor<3x3x3x8xf32>, %b: tensor<8xf32>)
    -> (tensor<2x4x4x8xf32>, tensor<2x3x2x8xf32>) {
  %y = "tf.Conv2D"(%x, %w) {strides = [1, 1, 1, 1], padding = "SAME"} : (tensor<2x9x8x3xf32>, tensor<3x3x3x8xf32>)
    -> tensor<2x9x8x8xf32>
  %a = "tf.BiasAdd"(%y, %b) : (tensor<2x9x8x8xf32>, tensor<8xf32>) -> tensor<2x9x8x8xf32>
  %r = "tf.Relu"(%a) : (tensor<2x9x8x8xf32>) -> tensor<2x9x8x8xf32>
  %p = "tf.MaxPool"(%r) {ksize = [1, 2, 2, 1], strides = [1, 2, 2, 1], padding = "VALID"} : (tensor<2x9x8x8xf32>)
    -> tensor<2x4x4x8xf32>
  %z = "tf.Conv2D"(%x, %w) {strides = [1, 1, 1, 1], padding = "SAME"} : (tensor<2x9x8x3xf32>, tensor<3x3x3x8xf32>)
    -> tensor<2x9x8x8xf32>
  %t = "tf.Tanh"(%z) : (tensor<2x9x8x8xf32>) -> tensor<2x9x8x8xf32>
  %m = "tf.AvgPool"(%t) {ksize = [1, 3, 3, 1], strides = [1, 3, 3, 1], padding = "VALID"} : (tensor<2x9x8x8xf32>)
    -> tensor<2x3x2x8xf32>
  return %p, %m : tensor<2x4x4x8xf32>, tensor<2x3x2x8xf32>
}"""


@pytest.mark.parametrize("native", [False, NATIVE])
def test_pools_of_tensorflow(native):
    random = np.random.default_rng(0)
    given = [random.standard_normal(shape).astype(np.float32) for shape in [(2, 9, 8, 3), (3, 3, 3, 8), (8,)]]
    # Where nothing is a number, the greatest number is the least there is.
    given[0][1, :4, :4], given[0][0, 8] = np.nan, np.inf
    compiled = compile_text(TF, opt_level=2)
    bef = read_bef(compiled)
    work = function_work(bef, next(function for function in bef.functions if function.name == "main"))
    assert [(each.ops[0], each.ops[-1]) for each in work] == [("tf.Conv2D", "tf.MaxPool"), ("tf.Conv2D", "tf.AvgPool")]
    expected = results_of(compile_text(TF), given, native=False)
    assert np.isneginf(expected[0]).any()
    assert_close(results_of(compiled, given, native), expected, 1e-4)
