"""Sorts, greatest elements and their places, searches and running sums as JAX writes them, against numpy by hand.

    python benchmarks/ordering.py [--rounds N] [--cases TEXT] [--size N]

Matrices are of N x N singles; searches are for a tenth as many numbers among 1000. All ways are timed in turn within
every round, with numpy and, where llvmlite is installed, as machine code. Shown are the least and the median time of a
call in microseconds, and the ratio of the least to numpy's by hand. One thread.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
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

Case = tuple[str, Callable[..., Any], Sequence[np.ndarray]]

COUNT, TABLE = 5, 1000


def made_canonical(value: str, type: str, mask: str, prefix: str) -> str:
    """What replaces -0 and NaN, as JAX does it to compare floats; the result is ``%c`` with the prefix."""
    return f"""
      %{prefix}z = stablehlo.compare EQ, {value}, %zero, FLOAT : ({type}, {type}) -> {mask}
      %{prefix}w = stablehlo.select %{prefix}z, %zero, {value} : {mask}, {type}
      %{prefix}n = stablehlo.compare NE, {value}, {value}, FLOAT : ({type}, {type}) -> {mask}
      %{prefix}c = stablehlo.select %{prefix}n, %nan, %{prefix}w : {mask}, {type}"""


def matrix(size: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((size, size), np.float32)


def type_of(size: int, element: str = "f32") -> str:
    return f"tensor<{size}x{size}x{element}>"


def of_matrix(size: int, lines: str, value: str, type: str) -> str:
    """A function of a matrix `%x`."""
    return f"""func.func @main(%x: {type_of(size)}) -> {type} {{
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %nan = stablehlo.constant dense<0x7FC00000> : tensor<f32>
      %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
      {lines}
      return {value} : {type}
    }}"""


def sort(axis: int, size: int) -> Case:
    """Along rows or columns."""
    sides = "".join(made_canonical(f"%{side}", "tensor<f32>", "tensor<i1>", side) for side in "ab")
    lines = f"""%r = "stablehlo.sort"(%x) <{{dimension = {axis} : i64, is_stable = true}}> ({{
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):{sides}
      %less = stablehlo.compare LT, %ac, %bc, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
      stablehlo.return %less : tensor<i1>
    }}) : ({type_of(size)}) -> {type_of(size)}"""
    return of_matrix(size, lines, "%r", type_of(size)), lambda x: np.sort(x, axis), [matrix(size)]


def top_k(size: int) -> Case:
    """The greatest elements of rows."""
    part = f"tensor<{size}x{COUNT}xf32>"
    lines = f"""%i = stablehlo.iota dim = 1 : {type_of(size, "i32")}
      %s:2 = "stablehlo.sort"(%x, %i) <{{dimension = 1 : i64, is_stable = true}}> ({{
    ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>):
      %more = stablehlo.compare GT, %a, %b, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
      stablehlo.return %more : tensor<i1>
    }}) : ({type_of(size)}, {type_of(size, "i32")}) -> ({type_of(size)}, {type_of(size, "i32")})
      %r = stablehlo.slice %s#0 [0:{size}, 0:{COUNT}] : ({type_of(size)}) -> {part}"""

    def by_hand(x: np.ndarray) -> np.ndarray:
        return np.sort(np.partition(x, size - COUNT)[:, size - COUNT :])[:, ::-1]

    return of_matrix(size, lines, "%r", part), by_hand, [matrix(size)]


def argmax(axis: int, size: int) -> Case:
    """Of rows or columns."""
    places, kept = type_of(size, "i32"), f"tensor<{size}xi32>"
    lines = f"""%i = stablehlo.iota dim = {axis} : {places}
      %none = stablehlo.constant dense<0> : tensor<i32>
      %r:2 = stablehlo.reduce(%x init: %low), (%i init: %none) across dimensions = [{axis}]
        : ({type_of(size)}, {places}, tensor<f32>, tensor<i32>) -> (tensor<{size}xf32>, {kept})
        reducer(%a: tensor<f32>, %b: tensor<f32>) (%c: tensor<i32>, %d: tensor<i32>) {{
          %0 = stablehlo.compare GT, %a, %b, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %1 = stablehlo.compare NE, %a, %a, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %2 = stablehlo.or %0, %1 : tensor<i1>
          %3 = stablehlo.compare EQ, %a, %b, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
          %4 = stablehlo.compare LT, %c, %d, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
          %5 = stablehlo.and %3, %4 : tensor<i1>
          %6 = stablehlo.or %2, %5 : tensor<i1>
          %7 = stablehlo.select %2, %a, %b : tensor<i1>, tensor<f32>
          %8 = stablehlo.select %6, %c, %d : tensor<i1>, tensor<i32>
          stablehlo.return %7, %8 : tensor<f32>, tensor<i32>
        }}"""
    return of_matrix(size, lines, "%r#1", kept), lambda x: x.argmax(axis), [matrix(size)]


def running(axis: int, op: str, init: str, by_hand: Callable[..., Any], size: int) -> Case:
    """Sums or extremes of all elements before, along rows or columns."""
    pairs = [[0, 0], [0, 0]]
    pairs[axis][0] = size - 1
    window = [size if d == axis else 1 for d in range(2)]
    lines = f"""%r = "stablehlo.reduce_window"(%x, {init}) <{{padding = dense<{pairs}> : tensor<2x2xi64>,
        window_dimensions = array<i64: {window[0]}, {window[1]}>}}> ({{
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %c = stablehlo.{op} %a, %b : tensor<f32>
      stablehlo.return %c : tensor<f32>
    }}) : ({type_of(size)}, tensor<f32>) -> {type_of(size)}"""
    return of_matrix(size, lines, "%r", type_of(size)), by_hand, [matrix(size)]


def search(size: int) -> Case:
    """Where numbers belong in a sorted array, which halves what is left in each iteration."""
    count = size * size // 10
    table, queries = f"tensor<{TABLE}xf32>", f"tensor<{count}xf32>"
    numbers, mask = f"tensor<{count}xui32>", f"tensor<{count}xi1>"
    sides = "".join(made_canonical(value, queries, mask, name) for value, name in (("%y", "q"), ("%found", "f")))
    text = f"""func.func @main(%x: {table}, %y: {queries}) -> tensor<{count}xi32> {{
      %first = stablehlo.constant dense<0> : tensor<i32>
      %steps = stablehlo.constant dense<{TABLE.bit_length()}> : tensor<i32>
      %one = stablehlo.constant dense<1> : tensor<i32>
      %two = stablehlo.constant dense<2> : {numbers}
      %start = stablehlo.constant dense<0> : {numbers}
      %end = stablehlo.constant dense<{TABLE}> : {numbers}
      %zero = stablehlo.constant dense<0.0> : {queries}
      %nan = stablehlo.constant dense<0x7FC00000> : {queries}
      %r:3 = stablehlo.while(%i = %first, %low = %start, %high = %end) : tensor<i32>, {numbers}, {numbers} cond {{
        %more = stablehlo.compare LT, %i, %steps, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
        stablehlo.return %more : tensor<i1>
      }} do {{
        %width = stablehlo.subtract %high, %low : {numbers}
        %half = stablehlo.divide %width, %two : {numbers}
        %middle = stablehlo.add %low, %half : {numbers}
        %at = stablehlo.reshape %middle : ({numbers}) -> tensor<{count}x1xui32>
        %found = "stablehlo.gather"(%x, %at) <{{dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0],
          start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>}}>
          : ({table}, tensor<{count}x1xui32>) -> {queries}{sides}
        %before = stablehlo.compare LE, %qc, %fc, TOTALORDER : ({queries}, {queries}) -> {mask}
        %new_low = stablehlo.select %before, %low, %middle : {mask}, {numbers}
        %new_high = stablehlo.select %before, %middle, %high : {mask}, {numbers}
        %next = stablehlo.add %i, %one : tensor<i32>
        stablehlo.return %next, %new_low, %new_high : tensor<i32>, {numbers}, {numbers}
      }}
      %places = stablehlo.convert %r#2 : ({numbers}) -> tensor<{count}xi32>
      return %places : tensor<{count}xi32>
    }}"""
    rng = np.random.default_rng(0)
    given = [np.sort(rng.standard_normal(TABLE, np.float32)), rng.standard_normal(count, np.float32)]
    return text, np.searchsorted, given


CASES: dict[str, Callable[[int], Case]] = {
    "sort of rows": partial(sort, 1),
    "sort of columns": partial(sort, 0),
    "top_k": top_k,
    "argmax of rows": partial(argmax, 1),
    "argmax of columns": partial(argmax, 0),
    "search": search,
    "sums along rows": partial(running, 1, "add", "%zero", partial(np.cumsum, axis=1)),
    "sums along columns": partial(running, 0, "add", "%zero", partial(np.cumsum, axis=0)),
    "maxima along rows": partial(running, 1, "maximum", "%low", partial(np.maximum.accumulate, axis=1)),
}


def ways_of(case: Case) -> dict[str, Callable[[], Any]]:
    """What a case is done by."""
    text, by_hand, arguments = case
    program = tfrt.compile(text, "ordering.mlir", opt_level=2)
    ways: dict[str, Callable[[], Any]] = {"numpy": partial(by_hand, *arguments)}
    for name, native in {"tfrt": False, "native": True}.items():
        if find_spec("llvmlite") or not native:
            run = tfrt.load(program, host=tfrt.HostContext("s", native=native))["main"]
            ways[name] = partial(run, *arguments)
    return ways


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = parser_of(__doc__, 50)
    parser.add_argument("--size", type=int, default=1024, help="how many rows and columns matrices have")
    options = parser.parse_args(argv)
    print(f"{'us a call':28}{'least':>10}{'p50':>10}{'ratio':>8}")
    for name, make in CASES.items():
        if options.cases not in name:
            continue
        ways = ways_of(make(options.size))
        agreed(name, ways, rtol=1e-4, atol=1e-3)
        times = timed(ways, options.rounds)
        floor = min(times["numpy"])
        for way, taken in times.items():
            least, ratio = min(taken) * 1e6, min(taken) / floor
            print(f"{name:20}{way:8}{least:10.1f}{median(taken) * 1e6:10.1f}{ratio:8.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
