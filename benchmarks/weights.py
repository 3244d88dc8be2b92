"""Layers whose weights are converted first, against numpy, JAX, and programs without `compute-once`.

    python benchmarks/weights.py [--rounds N] [--cases TEXT]

Weights of 8 bits with a scale for each column, as quantized models have, and of bf16. numpy by hand has converted them
before. All ways are timed in turn within every round, with numpy and, where llvmlite is installed, as machine code.
Shown are the median and the least time of a call in microseconds, and the ratio of the median to numpy's. One thread.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import ml_dtypes
import numpy as np
from interleaved import agreed, parser_of, timed

import tfrt
from tfrt.compiler import compile as compile_text
from tfrt.compiler.pipelines.pipeline import PIPELINES

WITH = PIPELINES[2]
WITHOUT = WITH.replace("compute-once,", "")
LAYERS = ((784, 512), (512, 512), (512, 10))
TYPES = {"i8": np.int8, "bf16": ml_dtypes.bfloat16}
CASES = {f"MLP, {rows} row{'s' * (rows > 1)}, weights of {kind}": (rows, kind) for kind in TYPES for rows in (1, 64)}


def weights(kind: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Matrices of a type, and a scale for each column."""
    rng = np.random.default_rng(0)
    found = []
    for inner, columns in LAYERS:
        matrix = (rng.standard_normal((inner, columns)) * 40).astype(TYPES[kind])
        found.append((matrix, (rng.random(columns) / (40 * np.sqrt(inner))).astype(np.float32)))
    return found


def program(rows: int, kind: str) -> str:
    """The layers, each with a ReLU."""
    lines, value = [], "%x"
    for n, (matrix, scales) in enumerate(weights(kind)):
        inner, columns = matrix.shape
        of, wide, row = f"tensor<{inner}x{columns}x{kind}>", f"tensor<{inner}x{columns}xf32>", f"tensor<{columns}xf32>"
        given, made = f"tensor<{rows}x{inner}xf32>", f"tensor<{rows}x{columns}xf32>"
        lines += [
            f'%w{n} = stablehlo.constant dense<"0x{matrix.tobytes().hex()}"> : {of}',
            f'%s{n} = stablehlo.constant dense<"0x{scales.tobytes().hex()}"> : {row}',
            f"%z{n} = stablehlo.constant dense<0.0> : {made}",
            f"%f{n} = stablehlo.convert %w{n} : ({of}) -> {wide}",
            f"%b{n} = stablehlo.broadcast_in_dim %s{n}, dims = [1] : ({row}) -> {wide}",
            f"%m{n} = stablehlo.multiply %f{n}, %b{n} : {wide}",
            f"%p{n} = stablehlo.dot_general {value}, %m{n}, contracting_dims = [1] x [0] : ({given}, {wide}) -> {made}",
            f"%y{n} = stablehlo.maximum %p{n}, %z{n} : {made}",
        ]
        value = f"%y{n}"
    body = "\n  ".join([*lines, f"return {value} : {made}"])
    return f"func.func @main(%x: tensor<{rows}x{LAYERS[0][0]}xf32>) -> {made} {{\n  {body}\n}}"


def ways_of(rows: int, kind: str) -> dict[str, Callable[[], Any]]:
    """What computes the layers; the first is numpy by hand."""
    x = np.random.default_rng(1).standard_normal((rows, LAYERS[0][0])).astype(np.float32)
    ready = [matrix.astype(np.float32) * scales for matrix, scales in weights(kind)]

    def by_hand() -> np.ndarray:
        found = x
        for matrix in ready:
            found = np.maximum(found @ matrix, 0)
        return found

    ways: dict[str, Callable[[], Any]] = {"numpy": by_hand}
    text = program(rows, kind)
    for native in (False, True) if find_spec("llvmlite") else (False,):
        for name, passes in (("tfrt", WITH), ("each call", WITHOUT)):
            host = tfrt.HostContext("s", native=native)
            run = tfrt.load(compile_text(text, "layers.mlir", pipeline=passes), host=host)["main"]
            ways[f"{name}{', native' if native else ''}"] = lambda run=run: run(x)
    if find_spec("jax"):
        ways["JAX"] = in_jax(x, kind)
    return ways


def in_jax(x: np.ndarray, kind: str) -> Callable[[], Any]:
    """The layers in JAX, with weights that are the function's own."""
    import jax
    import jax.numpy as jnp

    layers = [(jnp.asarray(matrix), jnp.asarray(scales)) for matrix, scales in weights(kind)]

    def run(x: Any) -> Any:
        for matrix, scales in layers:
            x = jax.nn.relu(x @ (matrix.astype(jnp.float32) * scales))
        return x

    compiled, given = jax.jit(run), jnp.asarray(x)
    return lambda: compiled(given).block_until_ready()


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = parser_of(__doc__, 30).parse_args(argv)
    for case, (rows, kind) in CASES.items():
        if options.cases not in case:
            continue
        ways = ways_of(rows, kind)
        for _ in range(3):
            agreed(case, ways, rtol=1e-3, atol=1e-3)
        times = timed(ways, options.rounds, 10)
        print(f"{case:40} {'median':>10} {'least':>10} {'ratio':>7}")
        for way, found in times.items():
            ratio = median(found) / median(times["numpy"])
            print(f"  {way:38} {median(found) * 1e6:10.1f} {min(found) * 1e6:10.1f} {ratio:7.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
