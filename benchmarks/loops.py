"""Loops as JAX writes them (`scan`, `fori_loop`, a cache that a step writes a row into), against numpy by hand and JAX.

    python benchmarks/loops.py [--rounds N] [--cases TEXT]

A scan's iteration takes a row of what it goes over, at an index that is an array of one integer, and writes a row of
what it collects. All ways are timed in turn within every round: at `-O0`, where that is arrays, at `-O2`, where it is
numbers and slices, as machine code where llvmlite is installed, and, for the cache, with the cache donated. Shown are
the median and the least time of an iteration in microseconds, and the ratio of the median to numpy's. One thread.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from interleaved import agreed, parser_of, timed

import tfrt
from tfrt.executor.support.machine_code import is_available

Ways = dict[str, Callable[[], Any]]

STEPS, BATCH, WIDTH = 100, 4, 64
CELL = f"""
func.func @main(%w: tensor<{WIDTH}x{WIDTH}xf32>, %xs: tensor<{STEPS}x{BATCH}x{WIDTH}xf32>)
    -> tensor<{STEPS}x{BATCH}x{WIDTH}xf32> {{
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %h0 = stablehlo.constant dense<0.0> : tensor<{BATCH}x{WIDTH}xf32>
  %ys0 = stablehlo.constant dense<0.0> : tensor<{STEPS}x{BATCH}x{WIDTH}xf32>
  %r:4 = stablehlo.while(%n = %zero, %i = %zero, %h = %h0, %ys = %ys0)
      : tensor<i32>, tensor<i32>, tensor<{BATCH}x{WIDTH}xf32>, tensor<{STEPS}x{BATCH}x{WIDTH}xf32> cond {{
    %all = stablehlo.constant dense<{STEPS}> : tensor<i32>
    %more = stablehlo.compare LT, %n, %all, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  }} do {{
    %none = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %all = stablehlo.constant dense<{STEPS}> : tensor<i32>
    %is_before = stablehlo.compare LT, %i, %none, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %from_end = stablehlo.add %i, %all : tensor<i32>
    %at = stablehlo.select %is_before, %from_end, %i : tensor<i1>, tensor<i32>
    %part = stablehlo.dynamic_slice %xs, %at, %none, %none, sizes = [1, {BATCH}, {WIDTH}]
      : (tensor<{STEPS}x{BATCH}x{WIDTH}xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x{BATCH}x{WIDTH}xf32>
    %x = stablehlo.reshape %part : (tensor<1x{BATCH}x{WIDTH}xf32>) -> tensor<{BATCH}x{WIDTH}xf32>
    %m = stablehlo.dot_general %h, %w, contracting_dims = [1] x [0]
      : (tensor<{BATCH}x{WIDTH}xf32>, tensor<{WIDTH}x{WIDTH}xf32>) -> tensor<{BATCH}x{WIDTH}xf32>
    %sum = stablehlo.add %m, %x : tensor<{BATCH}x{WIDTH}xf32>
    %new = stablehlo.tanh %sum : tensor<{BATCH}x{WIDTH}xf32>
    %row = stablehlo.broadcast_in_dim %new, dims = [1, 2]
      : (tensor<{BATCH}x{WIDTH}xf32>) -> tensor<1x{BATCH}x{WIDTH}xf32>
    %collected = stablehlo.dynamic_update_slice %ys, %row, %at, %none, %none
      : (tensor<{STEPS}x{BATCH}x{WIDTH}xf32>, tensor<1x{BATCH}x{WIDTH}xf32>, tensor<i32>, tensor<i32>, tensor<i32>)
      -> tensor<{STEPS}x{BATCH}x{WIDTH}xf32>
    %n1 = stablehlo.add %n, %one : tensor<i32>
    %i1 = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %n1, %i1, %new, %collected
      : tensor<i32>, tensor<i32>, tensor<{BATCH}x{WIDTH}xf32>, tensor<{STEPS}x{BATCH}x{WIDTH}xf32>
  }}
  return %r#3 : tensor<{STEPS}x{BATCH}x{WIDTH}xf32>
}}"""


def cell() -> tuple[Ways, int]:
    """A recurrent cell."""
    random = np.random.default_rng(0)
    w = random.standard_normal((WIDTH, WIDTH)).astype(np.float32) / 16
    xs = random.standard_normal((STEPS, BATCH, WIDTH)).astype(np.float32)

    def by_hand() -> np.ndarray:
        h, ys = np.zeros((BATCH, WIDTH), np.float32), np.empty_like(xs)
        for i in range(STEPS):
            ys[i] = h = np.tanh(h @ w + xs[i])
        return ys

    ways: Ways = {"numpy": by_hand, **_in_tfrt(CELL, (w, xs))}
    if find_spec("jax"):
        import jax

        def step(w: Any, h: Any, x: Any) -> Any:
            h = jax.numpy.tanh(h @ w + x)
            return h, h

        run = jax.jit(lambda w, xs: jax.lax.scan(lambda h, x: step(w, h, x), jax.numpy.zeros(xs.shape[1:]), xs)[1])
        placed = jax.device_put((w, xs))
        ways["jax"] = lambda: run(*placed).block_until_ready()
    return ways, STEPS


LENGTH = 256
COLLECT = f"""
func.func @main(%xs: tensor<{STEPS}x{LENGTH}xf32>) -> (tensor<{STEPS}x{LENGTH}xf32>, tensor<{STEPS}xf32>) {{
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %h0 = stablehlo.constant dense<0.0> : tensor<{LENGTH}xf32>
  %rows0 = stablehlo.constant dense<0.0> : tensor<{STEPS}x{LENGTH}xf32>
  %sums0 = stablehlo.constant dense<0.0> : tensor<{STEPS}xf32>
  %r:4 = stablehlo.while(%i = %zero, %h = %h0, %rows = %rows0, %sums = %sums0)
      : tensor<i32>, tensor<{LENGTH}xf32>, tensor<{STEPS}x{LENGTH}xf32>, tensor<{STEPS}xf32> cond {{
    %all = stablehlo.constant dense<{STEPS}> : tensor<i32>
    %more = stablehlo.compare LT, %i, %all, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  }} do {{
    %none = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %nothing = stablehlo.constant dense<0.0> : tensor<f32>
    %decay = stablehlo.constant dense<0.9> : tensor<{LENGTH}xf32>
    %part = stablehlo.dynamic_slice %xs, %i, %none, sizes = [1, {LENGTH}]
      : (tensor<{STEPS}x{LENGTH}xf32>, tensor<i32>, tensor<i32>) -> tensor<1x{LENGTH}xf32>
    %x = stablehlo.reshape %part : (tensor<1x{LENGTH}xf32>) -> tensor<{LENGTH}xf32>
    %less = stablehlo.multiply %h, %decay : tensor<{LENGTH}xf32>
    %new = stablehlo.add %less, %x : tensor<{LENGTH}xf32>
    %sum = stablehlo.reduce(%new init: %nothing) applies stablehlo.add across dimensions = [0]
      : (tensor<{LENGTH}xf32>, tensor<f32>) -> tensor<f32>
    %row = stablehlo.broadcast_in_dim %new, dims = [1] : (tensor<{LENGTH}xf32>) -> tensor<1x{LENGTH}xf32>
    %rows1 = stablehlo.dynamic_update_slice %rows, %row, %i, %none
      : (tensor<{STEPS}x{LENGTH}xf32>, tensor<1x{LENGTH}xf32>, tensor<i32>, tensor<i32>) -> tensor<{STEPS}x{LENGTH}xf32>
    %number = stablehlo.broadcast_in_dim %sum, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %sums1 = stablehlo.dynamic_update_slice %sums, %number, %i
      : (tensor<{STEPS}xf32>, tensor<1xf32>, tensor<i32>) -> tensor<{STEPS}xf32>
    %j = stablehlo.add %i, %one : tensor<i32>
    stablehlo.return %j, %new, %rows1, %sums1
      : tensor<i32>, tensor<{LENGTH}xf32>, tensor<{STEPS}x{LENGTH}xf32>, tensor<{STEPS}xf32>
  }}
  return %r#2, %r#3 : tensor<{STEPS}x{LENGTH}xf32>, tensor<{STEPS}xf32>
}}"""


def collect() -> tuple[Ways, int]:
    """A scan that collects rows and numbers, and does little else."""
    xs = np.random.default_rng(0).standard_normal((STEPS, LENGTH)).astype(np.float32)
    decay = np.float32(0.9)

    def by_hand() -> np.ndarray:
        h, rows, sums = np.zeros(LENGTH, np.float32), np.empty_like(xs), np.empty(STEPS, np.float32)
        for i in range(STEPS):
            rows[i] = h = h * decay + xs[i]
            sums[i] = h.sum()
        return sums

    ways: Ways = {"numpy": by_hand}
    for way, run in _in_tfrt(COLLECT, (xs,)).items():
        ways[way] = lambda run=run: run()[1]
    if find_spec("jax"):
        import jax

        def step(h: Any, x: Any) -> Any:
            h = h * decay + x
            return h, (h, h.sum())

        run = jax.jit(lambda xs: jax.lax.scan(step, jax.numpy.zeros(xs.shape[1:]), xs)[1])
        placed = jax.device_put(xs)
        ways["jax"] = lambda: jax.block_until_ready(run(placed))[1]
    return ways, STEPS


FIBONACCI = """
func.func @main(%n: tensor<i32>) -> tensor<i32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %r:3 = stablehlo.while(%i = %zero, %a = %zero, %b = %one) : tensor<i32>, tensor<i32>, tensor<i32> cond {
    %more = stablehlo.compare LT, %i, %n, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %more : tensor<i1>
  } do {
    %step = stablehlo.constant dense<1> : tensor<i32>
    %m = stablehlo.constant dense<1000003> : tensor<i32>
    %sum = stablehlo.add %a, %b : tensor<i32>
    %c = stablehlo.remainder %sum, %m : tensor<i32>
    %j = stablehlo.add %i, %step : tensor<i32>
    stablehlo.return %j, %b, %c : tensor<i32>, tensor<i32>, tensor<i32>
  }
  return %r#1 : tensor<i32>
}"""


def fibonacci() -> tuple[Ways, int]:
    """A loop that computes with nothing but integers, against arrays of one, as numpy has them."""
    count = 1000

    def by_hand() -> np.ndarray:
        a, b, one, m = (np.array(value, np.int32) for value in (0, 1, 1, 1000003))
        i, end = np.array(0, np.int32), np.array(count, np.int32)
        while i < end:
            a, b, i = b, np.fmod(np.add(a, b), m), np.add(i, one)
        return a

    ways: Ways = {"numpy": by_hand, **_in_tfrt(FIBONACCI, (np.array(count, np.int32),))}
    return ways, count


CACHE = "tensor<8x1024x64xf32>"
PUT = f"""
func.func @main(%cache: {CACHE}, %row: tensor<8x1x64xf32>, %i: tensor<i32>) -> {CACHE} {{
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r = stablehlo.dynamic_update_slice %cache, %row, %zero, %i, %zero
    : ({CACHE}, tensor<8x1x64xf32>, tensor<i32>, tensor<i32>, tensor<i32>) -> {CACHE}
  return %r : {CACHE}
}}"""


def cache() -> tuple[Ways, int]:
    """A row that is put into a cache of 2 MB, which is copied unless it is donated."""
    kept, row, at = np.zeros((8, 1024, 64), np.float32), np.ones((8, 1, 64), np.float32), np.array(7, np.int32)

    def by_hand() -> np.ndarray:
        new = kept.copy()
        new[:, 7:8] = row
        return new

    ways: Ways = {"numpy": by_hand, **_in_tfrt(PUT, (kept, row, at))}
    run, donated = _function(PUT, 2), [kept.copy()]

    def donating() -> np.ndarray:
        donated[0] = run(tfrt.donate(donated[0]), row, at)
        return donated[0]

    ways["tfrt -O2, donated"] = donating
    return ways, 1


CASES: dict[str, Callable[[], tuple[Ways, int]]] = {
    f"cell, {BATCH} x {WIDTH}": cell,
    "collect": collect,
    "fibonacci": fibonacci,
    "cache": cache,
}


def _function(text: str, level: int, native: bool = False) -> tfrt.Function:
    host = tfrt.HostContext("s", native=native)
    return tfrt.load(tfrt.compile(text, "loop.mlir", opt_level=level), host=host)["main"]


def _in_tfrt(text: str, arguments: tuple[np.ndarray, ...]) -> Ways:
    runs = {f"tfrt -O{level}": _function(text, level) for level in (0, 2)}
    if is_available():
        runs["tfrt native"] = _function(text, 2, native=True)
    return {way: partial(run, *arguments) for way, run in runs.items()}


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    options = parser_of(__doc__, 25).parse_args(argv)
    print(f"{'us an iteration':36}{'p50':>10}{'least':>10}{'ratio':>8}")
    for name, make in CASES.items():
        if options.cases in name:
            show(name, *make(), options.rounds)
    return 0


def show(name: str, ways: Ways, iterations: int, rounds: int) -> None:
    """Time and print a case.

    Raises:
        ValueError: two ways disagree.
    """
    agreed(name, ways, rtol=1e-4, atol=1e-5)
    times = {way: [each / iterations * 1e6 for each in found] for way, found in timed(ways, rounds).items()}
    floor = median(next(iter(times.values())))
    for way, found in times.items():
        middle = median(found)
        print(f"{name:18}{way:18}{middle:10.2f}{min(found):10.2f}{middle / floor:8.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
