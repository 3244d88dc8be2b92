"""Inference with perceptrons and convolutional networks: op by op (-O0), lowered (-O2), and numpy by hand.

    python benchmarks/lowered.py [--rounds N]

All ways are timed in turn within every round. Beside medians and ratios to numpy it shows the kernels that a run
executes, and the most memory that is in use at a time beyond what was in use before (numpy's arrays, by tracemalloc).
Run it from the repository's root. One BLAS thread and one compute thread for all.
"""

from __future__ import annotations

import os
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from interleaved import agreed, parser_of, seconds, timed

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.values.tensor_files import read_btf

CONVNETS = Path(__file__).parents[1] / "examples" / "convnets"
HANDLE = "!corert.tensorhandle"
LEVELS = (0, 2)

Ways = dict[str, Callable[[], np.ndarray]]


@dataclass(frozen=True)
class Case:
    """One network: ways to run it, of which ``numpy`` is the one to compare with, and kernels that programs run."""

    name: str
    ways: Ways
    kernels: dict[str, int]


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = parser_of(__doc__, 15).parse_args(argv)
    print(f"{'':24}{'us':>11}{'ratio':>8}{'kernels':>9}{'peak KiB':>10}")
    for make in (*(lambda batch=batch: mlp(batch) for batch in (1, 64, 360)), lenet, resnet):
        case = make()
        if options.cases in case.name:
            show(case, options.rounds)
    return 0


def show(case: Case, rounds: int) -> None:
    """Time and print a case.

    Raises:
        ValueError: two ways disagree.
    """
    agreed(case.name, case.ways, rtol=1e-4, atol=1e-4)
    count = max(1, int(0.02 / seconds(case.ways["numpy"], 3)))
    micros = {name: median(found) * 1e6 for name, found in timed(case.ways, rounds, count).items()}
    print(case.name)
    for name, found in micros.items():
        kernels = str(case.kernels.get(name, ""))
        print(f"  {name:22}{found:11.1f}{found / micros['numpy']:8.2f}{kernels:>9}{peak(case.ways[name]):10.0f}")


def peak(way: Callable[[], Any]) -> float:
    """The most memory a run takes, in KiB."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        way()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (most - before) / 1024


def programs(text: str, function: str, arrays: list[np.ndarray]) -> tuple[Ways, dict[str, int]]:
    """The program at each level, run on the arrays, and how many kernels of its function that is."""
    ways: Ways = {}
    kernels = {}
    for level in LEVELS:
        host = tfrt.HostContext("s", plan_threshold=0)
        program = tfrt.load(tfrt.compile(text, "benchmark.mlir", opt_level=level), host=host)
        program["register_cpu"]()
        called = program[function]
        handles = [CoreRuntime.of(host).tensor(array) for array in arrays]
        ways[f"tfrt -O{level}"] = lambda called=called, handles=handles: called(tfrt.CHAIN, *handles).tensor.array
        kernels[f"tfrt -O{level}"] = len(program.bef.functions[called.index].kernels)
    return ways, kernels


REGISTER = """
func.func @register_cpu() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %ch = corert.register_op_handler %cpu "cpu"
  tfrt.return
}
"""


def mlp(batch: int) -> Case:
    """A perceptron 64 -> 64 -> 10."""
    random = np.random.default_rng(0)
    shapes = ((batch, 64), (64, 64), (64,), (64, 10), (10,))
    x, w1, b1, w2, b2 = arrays = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    attrs = "{transpose_a = false, transpose_b = false}"
    text = network(
        "mlp",
        shapes,
        f"""
  %m1 = corert.executeop(%cpu) "tf.MatMul"(%k#0, %k#1) {attrs} : 1
  %a1 = corert.executeop(%cpu) "tf.BiasAdd"(%m1, %k#2) : 1
  %r1 = corert.executeop(%cpu) "tf.Relu"(%a1) : 1
  %m2 = corert.executeop(%cpu) "tf.MatMul"(%r1, %k#3) {attrs} : 1
  %a2 = corert.executeop(%cpu) "tf.BiasAdd"(%m2, %k#4) : 1
  tfrt.return %a2 : {HANDLE}""",
    )

    def by_hand() -> np.ndarray:
        hidden = x @ w1
        hidden += b1
        np.maximum(hidden, 0, out=hidden)
        scores: np.ndarray = hidden @ w2
        scores += b2
        return scores

    ways, kernels = programs(text, "mlp", arrays)
    return Case(f"perceptron, batch {batch}", {"numpy": by_hand, **ways}, kernels)


def network(name: str, shapes: tuple[tuple[int, ...], ...], body: str) -> str:
    """A module with a function of a chain and tensors of these shapes, which are ``%k#0``, ``%k#1``, … in its body."""
    names = [f"%x{number}" for number in range(len(shapes))]
    handles = ", ".join([HANDLE] * len(shapes))
    metadata = ", ".join("[" + ", ".join(["f32", *map(str, shape)]) + "]" for shape in shapes)
    return f"""{REGISTER}
func.func @{name}(%ch: !tfrt.chain, {", ".join(f"{x}: {HANDLE}" for x in names)}) -> {HANDLE} {{
  %cpu = corert.get_op_handler %ch "cpu"
  %k:{len(shapes)} = corert.ensure_metadata {", ".join(names)} {{metadata = [{metadata}]}} : ({handles}) -> ({handles})
{body}
}}
"""


def images() -> np.ndarray:
    """The digits of the example, from 0 to 1."""
    return np.load(CONVNETS / "images.npy").astype(np.float32) * np.float32(0.0625)


def weights(name: str, ranks: tuple[int, ...]) -> list[np.ndarray]:
    """The tensors of a weights file of the example, in order."""
    path = CONVNETS / f"{name}.btf"
    return [np.array(read_btf(path, index, tfrt.DType.F32, rank).array) for index, rank in enumerate(ranks)]


class Body:
    """Writes the ops of a network; inputs are numbered as they are asked for."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.inputs = 0

    def input(self) -> str:
        self.inputs += 1
        return f"%k#{self.inputs - 1}"

    def op(self, name: str, *operands: str, attrs: str = "", results: int = 1) -> str:
        value = f"%v{len(self.lines)}"
        bound = value if results == 1 else f"{value}:{results}"
        called = f'"tf.{name}"({", ".join(operands)}) {{{attrs}}} : {results}'
        self.lines.append(f"  {bound} = corert.executeop(%cpu) {called}")
        return value if results == 1 else f"{value}#0"

    def conv(self, x: str, padding: str = "SAME", stride: int = 1) -> str:
        attrs = f'padding = "{padding}", strides = [1, {stride}, {stride}, 1]'
        return self.op("Conv2D", x, self.input(), attrs=attrs)

    def mean(self, x: str) -> str:
        axes = f"%axes{len(self.lines)}"
        self.lines.append(f"  {axes} = corert.const_dense_tensor dense<[1, 2]> : tensor<2xi32>")
        return self.op("Mean", x, axes)

    def result(self, value: str) -> str:
        return "\n".join([*self.lines, f"  tfrt.return {value} : {HANDLE}"])


def conv_by_hand(x: np.ndarray, w: np.ndarray, padding: str = "SAME", stride: int = 1) -> np.ndarray:
    """Convolution as one product over all patches (im2col), as a numpy user writes it."""
    height, width, channels, depth = w.shape
    batch = x.shape[0]
    counts = []
    borders = [(0, 0)] * 4
    for axis, size in ((1, height), (2, width)):
        extent = x.shape[axis]
        counts.append(-(-extent // stride) if padding == "SAME" else (extent - size) // stride + 1)
        lacking = max(0, (counts[-1] - 1) * stride + size - extent)
        borders[axis] = (lacking // 2, lacking - lacking // 2)
    if any(border != (0, 0) for border in borders):
        x = np.pad(x, borders)
    patches = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))[:, ::stride, ::stride]
    patches = patches.transpose(0, 1, 2, 4, 5, 3).reshape(batch * counts[0] * counts[1], height * width * channels)
    return (patches @ w.reshape(-1, depth)).reshape(batch, *counts, depth)


def pool_by_hand(x: np.ndarray) -> np.ndarray:
    """The maxima of windows of 2 x 2."""
    found = np.maximum(x[:, ::2, ::2], x[:, 1::2, ::2])
    np.maximum(found, x[:, ::2, 1::2], out=found)
    return np.maximum(found, x[:, 1::2, 1::2], out=found)


def lenet() -> Case:
    """The LeNet of the example on its 360 digits."""
    x, parameters = images(), weights("lenet", (4, 1) * 4)
    body = Body()
    value = body.input()
    for _ in range(2):
        value = body.op("Relu", body.op("BiasAdd", body.conv(value), body.input()))
        value = body.op("MaxPool", value, attrs='ksize = [1, 2, 2, 1], padding = "VALID", strides = [1, 2, 2, 1]')
    value = body.op("Relu", body.op("BiasAdd", body.conv(value, "VALID"), body.input()))
    value = body.mean(body.op("BiasAdd", body.conv(value, "VALID"), body.input()))

    def layer(x: np.ndarray, w: np.ndarray, b: np.ndarray, padding: str = "SAME") -> np.ndarray:
        y = conv_by_hand(x, w, padding)
        y += b
        return y

    def by_hand() -> np.ndarray:
        w1, b1, w2, b2, w3, b3, w4, b4 = parameters
        y = layer(x, w1, b1)
        y = pool_by_hand(np.maximum(y, 0, out=y))
        y = layer(y, w2, b2)
        y = pool_by_hand(np.maximum(y, 0, out=y))
        y = layer(y, w3, b3, "VALID")
        found: np.ndarray = layer(np.maximum(y, 0, out=y), w4, b4, "VALID").mean(axis=(1, 2))
        return found

    return convnet("lenet", body.result(value), [x, *parameters], by_hand)


def resnet() -> Case:
    """The ResNet of the example on its 360 digits."""
    x, parameters = images(), weights("resnet", (4, 1, 1, 1, 1) * 6 + (2, 1))
    body = Body()

    def layer(value: str, stride: int = 1) -> str:
        operands = (body.conv(value, stride=stride), *(body.input() for _ in range(4)))
        attrs = "epsilon = 0.001 : f32, is_training = false"
        return body.op("FusedBatchNormV3", *operands, attrs=attrs, results=6)

    value = body.op("Relu", layer(body.input()))
    value = body.op("Relu", body.op("AddV2", value, layer(body.op("Relu", layer(value)))))
    inner = layer(body.op("Relu", layer(value, 2)))
    value = body.op("Relu", body.op("AddV2", layer(value, 2), inner))
    product = body.op("MatMul", body.mean(value), body.input(), attrs="transpose_a = false, transpose_b = false")
    value = body.op("BiasAdd", product, body.input())

    def norm(y: np.ndarray, given: Iterator[np.ndarray]) -> np.ndarray:
        scale, offset, mean, variance = (next(given) for _ in range(4))
        y -= mean
        y /= np.sqrt(variance + np.float32(0.001))
        y *= scale
        y += offset
        return y

    def by_hand() -> np.ndarray:
        given = iter(parameters)

        def layer(x: np.ndarray, stride: int = 1) -> np.ndarray:
            return norm(conv_by_hand(x, next(given), stride=stride), given)

        def relu(x: np.ndarray) -> np.ndarray:
            return np.maximum(x, 0, out=x)

        y = relu(layer(x))
        z = layer(relu(layer(y)))
        z += y
        y = relu(z)
        z = layer(relu(layer(y, 2)))
        z += layer(y, 2)
        features = relu(z).mean(axis=(1, 2))
        found: np.ndarray = features @ next(given)
        found += next(given)
        return found

    return convnet("resnet", body.result(value), [x, *parameters], by_hand)


def convnet(name: str, body: str, arrays: list[np.ndarray], by_hand: Callable[[], np.ndarray]) -> Case:
    ways, kernels = programs(network(name, tuple(array.shape for array in arrays), body), name, arrays)
    return Case(f"{name}, batch {len(arrays[0])}", {"numpy": by_hand, **ways}, kernels)


if __name__ == "__main__":
    sys.exit(main())
