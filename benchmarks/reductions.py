"""Reductions with what precedes and follows them, against numpy by hand and the programs without `fuse-reductions`.

    python benchmarks/reductions.py [--rounds N] [--cases TEXT]

All ways are timed in turn within every round, with numpy and, where llvmlite is installed, as machine code. Shown are
the least and the median time of a call in microseconds, of the processor's time of the thread that calls, and the ratio
of the least to numpy's by hand. One thread.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from interleaved import parser_of

import tfrt
from tfrt.compiler import compile as compile_text
from tfrt.compiler.pipelines.pipeline import PIPELINES

ByHand = Callable[..., Any]
Case = tuple[str, ByHand, tuple[tuple[int, ...], ...]]

FUSED = PIPELINES[2]
UNFUSED = FUSED.replace("fuse-reductions,", "")


def reduced(value: str, op: str, shape: Sequence[int], axes: Sequence[int], name: str) -> str:
    """Statements that reduce a value, from ``%zero`` or ``%lowest`` on."""
    narrow = [size for d, size in enumerate(shape) if d not in axes]
    init = "%zero" if op == "add" else "%lowest"
    return (
        f"{name} = stablehlo.reduce({value} init: {init}) applies stablehlo.{op} across dimensions = {list(axes)} : "
        f"({tensor(shape)}, tensor<f32>) -> {tensor(narrow)}"
    )


def tensor(shape: Sequence[int]) -> str:
    return f"tensor<{''.join(f'{size}x' for size in shape)}f32>"


def spread(value: str, shape: Sequence[int], axes: Sequence[int], name: str) -> str:
    dims = [d for d in range(len(shape)) if d not in axes]
    return (
        f"{name} = stablehlo.broadcast_in_dim {value}, dims = {dims} : ({tensor([shape[d] for d in dims])}) -> "
        f"{tensor(shape)}"
    )


def number(value: float, shape: Sequence[int], name: str) -> str:
    return f"{name} = stablehlo.constant dense<{value:e}> : {tensor(shape)}"


def program(shapes: Sequence[Sequence[int]], lines: Sequence[str], results: Sequence[tuple[str, Sequence[int]]]) -> str:
    arguments = ", ".join(f"%{name}: {tensor(shape)}" for name, shape in zip("xyz", shapes, strict=False))
    types = ", ".join(tensor(shape) for _, shape in results)
    start = ["%zero = stablehlo.constant dense<0.0> : tensor<f32>"]
    start.append("%lowest = stablehlo.constant dense<0xFF800000> : tensor<f32>")
    end = f"return {', '.join(name for name, _ in results)} : {types}"
    body = "\n  ".join([*start, *lines, end])
    return f"func.func @main({arguments}) -> ({types}) {{\n  {body}\n}}"


def mean_square_error() -> Case:
    """The mean of squared differences."""
    shape = (512, 512)
    lines = [
        f"%d = stablehlo.subtract %x, %y : {tensor(shape)}",
        f"%q = stablehlo.multiply %d, %d : {tensor(shape)}",
        reduced("%q", "add", shape, (0, 1), "%s"),
        number(512 * 512, (), "%n"),
        "%m = stablehlo.divide %s, %n : tensor<f32>",
    ]
    return program([shape, shape], lines, [("%m", ())]), lambda x, y: np.mean((x - y) ** 2), (shape, shape)


def log_softmax() -> Case:
    shape, row = (256, 1000), (256,)
    lines = [
        reduced("%x", "maximum", shape, (1,), "%g"),
        spread("%g", shape, (1,), "%gs"),
        f"%d = stablehlo.subtract %x, %gs : {tensor(shape)}",
        f"%e = stablehlo.exponential %d : {tensor(shape)}",
        reduced("%e", "add", shape, (1,), "%s"),
        f"%l = stablehlo.log %s : {tensor(row)}",
        spread("%l", shape, (1,), "%ls"),
        f"%r = stablehlo.subtract %d, %ls : {tensor(shape)}",
    ]

    def by_hand(x: np.ndarray) -> np.ndarray:
        d = x - x.max(1, keepdims=True)
        return d - np.log(np.exp(d).sum(1, keepdims=True))

    return program([shape], lines, [("%r", shape)]), by_hand, (shape,)


def rms_norm() -> Case:
    """Rows over the root of the mean of their squares, times a scale."""
    shape, row = (256, 512), (256,)
    lines = [
        f"%q = stablehlo.multiply %x, %x : {tensor(shape)}",
        reduced("%q", "add", shape, (1,), "%s"),
        number(512, row, "%n"),
        number(1e-6, row, "%eps"),
        f"%m = stablehlo.divide %s, %n : {tensor(row)}",
        f"%a = stablehlo.add %m, %eps : {tensor(row)}",
        f"%v = stablehlo.rsqrt %a : {tensor(row)}",
        spread("%v", shape, (1,), "%vs"),
        f"%p = stablehlo.multiply %x, %vs : {tensor(shape)}",
        spread("%y", shape, (0,), "%ys"),
        f"%r = stablehlo.multiply %p, %ys : {tensor(shape)}",
    ]

    def by_hand(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return x / np.sqrt(np.mean(x * x, 1, keepdims=True) + np.float32(1e-6)) * y

    return program([shape, (512,)], lines, [("%r", shape)]), by_hand, (shape, (512,))


def batch_moments() -> Case:
    """The mean and the variance of channels, as a batch normalization takes them."""
    shape, row, axes = (16, 32, 32, 32), (32,), (0, 1, 2)
    lines = [
        reduced("%x", "add", shape, axes, "%s"),
        f"%q = stablehlo.multiply %x, %x : {tensor(shape)}",
        reduced("%q", "add", shape, axes, "%t"),
        number(16 * 32 * 32, row, "%n"),
        f"%m = stablehlo.divide %s, %n : {tensor(row)}",
        f"%u = stablehlo.divide %t, %n : {tensor(row)}",
        f"%mm = stablehlo.multiply %m, %m : {tensor(row)}",
        f"%v = stablehlo.subtract %u, %mm : {tensor(row)}",
    ]

    def by_hand(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = x.mean(axes)
        return mean, np.mean(x * x, axes) - mean * mean

    return program([shape], lines, [("%m", row), ("%v", row)]), by_hand, (shape,)


def masked_gradient() -> Case:
    """The gradient behind a ReLU, and its sum over a batch, which is the bias' gradient."""
    shape, row = (256, 512), (512,)
    lines = [
        number(0, shape, "%none"),
        f"%c = stablehlo.compare GT, %x, %none, FLOAT : ({tensor(shape)}, {tensor(shape)}) -> tensor<256x512xi1>",
        f"%g = stablehlo.select %c, %y, %none : tensor<256x512xi1>, {tensor(shape)}",
        reduced("%g", "add", shape, (0,), "%s"),
    ]

    def by_hand(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        gradient = np.where(x > 0, y, np.float32(0))
        return gradient, gradient.sum(0)

    return program([shape, shape], lines, [("%g", shape), ("%s", row)]), by_hand, (shape, shape)


def global_pooling() -> Case:
    """The mean over the pixels of an image, behind a ReLU."""
    shape, row = (8, 16, 16, 64), (8, 64)
    lines = [
        number(0, shape, "%none"),
        f"%r = stablehlo.maximum %x, %none : {tensor(shape)}",
        reduced("%r", "add", shape, (1, 2), "%s"),
        number(256, row, "%n"),
        f"%m = stablehlo.divide %s, %n : {tensor(row)}",
    ]
    return program([shape], lines, [("%m", row)]), lambda x: np.maximum(x, 0).mean((1, 2)), (shape,)


def cosine() -> Case:
    """The cosines between rows: three sums of products."""
    shape, row = (512, 512), (512,)
    lines = []
    for name, (one, other) in {"a": "xx", "b": "yy", "c": "xy"}.items():
        lines.append(f"%p{name} = stablehlo.multiply %{one}, %{other} : {tensor(shape)}")
        lines.append(reduced(f"%p{name}", "add", shape, (1,), f"%{name}"))
    lines += [
        f"%ab = stablehlo.multiply %a, %b : {tensor(row)}",
        f"%i = stablehlo.rsqrt %ab : {tensor(row)}",
        f"%r = stablehlo.multiply %c, %i : {tensor(row)}",
    ]

    def by_hand(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x * y).sum(1) / np.sqrt((x * x).sum(1) * (y * y).sum(1))

    return program([shape, shape], lines, [("%r", row)]), by_hand, (shape, shape)


CASES: dict[str, Callable[[], Case]] = {
    "mean square error": mean_square_error,
    "log-softmax": log_softmax,
    "rms norm": rms_norm,
    "batch moments": batch_moments,
    "masked gradient": masked_gradient,
    "global pooling": global_pooling,
    "cosine": cosine,
}


def ways_of(case: Case) -> dict[str, Callable[[], Any]]:
    """What a case is done by."""
    text, by_hand, shapes = case
    rng = np.random.default_rng(0)
    arguments = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    ways: dict[str, Callable[[], Any]] = {"numpy": partial(by_hand, *arguments)}
    tiers = {"tfrt": False, "native": True} if find_spec("llvmlite") else {"tfrt": False}
    for tier, native in tiers.items():
        host = tfrt.HostContext("s", native=native)
        for name, pipeline in (("unfused", UNFUSED), ("fused", FUSED)):
            run = tfrt.load(compile_text(text, "reduction.mlir", pipeline=pipeline), host=host)["main"]
            ways[f"{tier}, {name}"] = partial(run, *arguments)
    return ways


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = parser_of(__doc__, 200).parse_args(argv)
    print(f"{'us a call':38}{'least':>10}{'p50':>10}{'ratio':>8}")
    for name, make in CASES.items():
        if options.cases in name:
            show(name, ways_of(make()), options.rounds)
    return 0


def show(name: str, ways: dict[str, Callable[[], Any]], rounds: int) -> None:
    """Time and print a case.

    Raises:
        ValueError: two ways disagree.
    """
    results = {way: _arrays(run()) for way, run in ways.items()}
    first = next(iter(results.values()))
    for way, found in results.items():
        if not all(np.allclose(one, other, rtol=1e-4, atol=1e-4) for one, other in zip(found, first, strict=True)):
            raise ValueError(f"{name}: {way} differs from the others")
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            start = time.thread_time()
            run()
            times[way].append((time.thread_time() - start) * 1e6)
    floor = min(next(iter(times.values())))
    for way, taken in times.items():
        print(f"{name:20}{way:18}{min(taken):10.1f}{median(taken):10.1f}{min(taken) / floor:8.2f}", flush=True)


def _arrays(result: Any) -> list[np.ndarray]:
    return [np.asarray(each) for each in (result if isinstance(result, tuple) else (result,))]


if __name__ == "__main__":
    sys.exit(main())
