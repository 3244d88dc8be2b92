"""What it costs not to know shapes: programs of TensorFlow's ops with their shapes in the text, given, and unknown.

    python benchmarks/unknown_shapes.py [--rounds N]

Perceptrons of many layers, at `-O0` and `-O2`. Unknown shapes are found out when arrays come, by `cpu.execute`; the
rival is dispatch of the same ops by `corert.executeop`, on tensors whose shapes the core runtime finds out for each op.
All ways are timed in turn within every round. Beside medians it shows how much an op takes, and ratios to the text with
shapes at `-O0`, where each op is a kernel. Run it from the repository's root. One BLAS thread, and no compute threads.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from interleaved import agreed, parser_of, seconds, timed

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime

CASES = {"1 x 8, 20 layers": (1, 8, 20), "32 x 64, 10 layers": (32, 64, 10), "256 x 256, 4 layers": (256, 256, 4)}
"""Rows, columns and layers."""

OPS_OF_LAYER = 3

Ways = dict[str, Callable[[], np.ndarray]]


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = parser_of(__doc__, 15).parse_args(argv)
    print(f"{'':28}{'us':>10}{'us/op':>8}{'ratio':>8}")
    for name, sizes in CASES.items():
        if options.cases in name:
            show(name, sizes, options.rounds)
    return 0


def show(name: str, sizes: tuple[int, int, int], rounds: int) -> None:
    """Time and print a case.

    Raises:
        ValueError: two ways disagree.
    """
    ways = ways_of(*sizes)
    agreed(name, ways, rtol=1e-4, atol=1e-5)
    count = max(1, int(0.02 / seconds(next(iter(ways.values())), 3)))
    micros = {way: median(found) * 1e6 for way, found in timed(ways, rounds, count).items()}
    floor, ops = micros["shapes in the text, -O0"], OPS_OF_LAYER * sizes[2]
    print(name)
    for way, found in micros.items():
        print(f"  {way:26}{found:10.1f}{found / ops:8.2f}{found / floor:8.2f}")


def ways_of(rows: int, columns: int, layers: int) -> Ways:
    """The ways to run a perceptron."""
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, columns)).astype(np.float32)
    w = (random.normal(size=(columns, columns)) / columns**0.5).astype(np.float32)
    b = random.normal(size=columns).astype(np.float32)
    arguments = (x, w, b)

    def by_hand() -> np.ndarray:
        y = x
        for _ in range(layers):
            y = np.tanh(y @ w + b)
        return y

    known = {number: argument.shape for number, argument in enumerate(arguments)}
    ways: Ways = {"numpy": by_hand}
    for level in (0, 2):
        static, unknown = tensorflow(rows, columns, layers), tensorflow(None, None, layers)
        ways[f"shapes in the text, -O{level}"] = program(static, arguments, level)
        ways[f"shapes given, -O{level}"] = program(unknown, arguments, level, known)
        ways[f"unknown, -O{level}"] = program(unknown, arguments, level)
    ways["corert.executeop, -O0"] = dispatched(layers, arguments)
    return ways


def program(
    text: str, arguments: tuple[np.ndarray, ...], level: int, shapes: dict[int, tuple[int, ...]] | None = None
) -> Callable[[], np.ndarray]:
    """A call of a program."""
    host = tfrt.HostContext("s", native=False)
    bef = tfrt.compile(text, "benchmark.mlir", opt_level=level, input_shapes=shapes)
    function = tfrt.load(bef, host=host)["main"]
    return lambda: function(*arguments)


def tensorflow(rows: int | None, columns: int | None, layers: int) -> str:
    """A perceptron as TensorFlow writes it; where there are no sizes, they are not known."""
    size = "?" if columns is None else str(columns)
    x, w, b = (f"tensor<{shape}xf32>" for shape in (f"{'?' if rows is None else rows}x{size}", f"{size}x{size}", size))
    lines, y = [], "%x"
    for number in range(layers):
        attributes = "{transpose_a = false, transpose_b = false}"
        lines += [
            f'  %m{number} = "tf.MatMul"({y}, %w) {attributes} : ({x}, {w}) -> {x}',
            f'  %a{number} = "tf.BiasAdd"(%m{number}, %b) {{data_format = "NHWC"}} : ({x}, {b}) -> {x}',
            f'  %t{number} = "tf.Tanh"(%a{number}) : ({x}) -> {x}',
        ]
        y = f"%t{number}"
    body = "\n".join(lines)
    return f"func.func @main(%x: {x}, %w: {w}, %b: {b}) -> {x} {{\n{body}\n  return {y} : {x}\n}}"


HANDLE = "!corert.tensorhandle"

REGISTER = """
func.func @register_cpu() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %ch = corert.register_op_handler %cpu "cpu"
  tfrt.return
}
"""


def dispatched(layers: int, arguments: tuple[np.ndarray, ...]) -> Callable[[], np.ndarray]:
    """A call of the same ops, dispatched one at a time."""
    lines, y = [], "%x"
    for number in range(layers):
        attributes = "{transpose_a = false, transpose_b = false}"
        lines += [
            f'  %m{number} = corert.executeop(%cpu) "tf.MatMul"({y}, %w) {attributes} : 1',
            f'  %a{number} = corert.executeop(%cpu) "tf.BiasAdd"(%m{number}, %b) : 1',
            f'  %t{number} = corert.executeop(%cpu) "tf.Tanh"(%a{number}) : 1',
        ]
        y = f"%t{number}"
    body = "\n".join(lines)
    text = f"""{REGISTER}
func.func @main(%ch: !tfrt.chain, %x: {HANDLE}, %w: {HANDLE}, %b: {HANDLE}) -> {HANDLE} {{
  %cpu = corert.get_op_handler %ch "cpu"
{body}
  tfrt.return {y} : {HANDLE}
}}"""
    host = tfrt.HostContext("s", native=False)
    found = tfrt.load(tfrt.compile(text, "benchmark.mlir"), host=host)
    found["register_cpu"]()
    function, handles = found["main"], [CoreRuntime.of(host).tensor(array) for array in arguments]

    def run() -> np.ndarray:
        array: np.ndarray = function(tfrt.CHAIN, *handles).tensor.array
        return array

    return run


if __name__ == "__main__":
    sys.exit(main())
