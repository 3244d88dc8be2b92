"""Parsing plus building a large module in generic form: this front end against xDSL's own parser.

Run ``python benchmarks/parse.py``. All read the same text into located xDSL IR, without verifying, in
turn within one process, so that a slow moment of the machine hits each; it prints the medians and their ratios. While
this front end reads, Python's collector of garbage cycles runs less often; for xDSL's parser it does not, so it also
runs with the collector paused for it.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable

from xdsl.parser import Parser

from tfrt.compiler.frontend.pipeline import read_module
from tfrt.dialects import context


def text_of(ops: int) -> str:
    """A module of about `ops` ops in generic form: operands, attributes of several kinds, several results."""
    lines = ['"builtin.module"() ({', '  "func.func"() ({', "  ^bb0(%x: i32, %ch: !tfrt.chain):"]
    lines += [
        '    %v0 = "tfrt.add.i32"(%x, %x) : (i32, i32) -> i32',
        '    %c0 = "x.chain"() : () -> !tfrt.chain',
    ]
    for i in range(1, ops // 4):
        lines += [
            f'    %v{i} = "tfrt.add.i32"(%v{i - 1}, %x) : (i32, i32) -> i32',
            f'    %k{i} = "x.scale"(%v{i}) {{factor = {i} : i32, name = "layer{i}"}} : (i32) -> i32',
            f'    %a{i}, %b{i} = "x.split"(%k{i}, %v{i - 1}) {{axes = [0, 1], keep}} : (i32, i32) -> (i32, f32)',
            f'    %c{i} = "tfrt.print.i32"(%a{i}, %c{i - 1}) : (i32, !tfrt.chain) -> !tfrt.chain',
        ]
    lines += [
        '    "tfrt.return"(%x) : (i32) -> ()',
        '  }) {sym_name = "main", function_type = (i32, !tfrt.chain) -> i32} : () -> ()',
        "}) : () -> ()",
        "",
    ]
    return "\n".join(lines)


def with_xdsl(text: str) -> object:
    ctx = context(allow_unregistered=True)
    return Parser(ctx, text, "bench.mlir").parse_module()


def with_xdsl_without_collector(text: str) -> object:
    gc.disable()
    try:
        return with_xdsl(text)
    finally:
        gc.enable()


def with_tfrt(text: str) -> object:
    return read_module(text, "bench.mlir", allow_unregistered=True, verified=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ops", type=int, default=10_000, metavar="N", help="in the module (default: %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=7, metavar="N", help="interleaved repetitions (default: %(default)s)"
    )
    options = parser.parse_args()
    ops, rounds = options.ops, options.rounds
    text = text_of(ops)
    contenders: dict[str, Callable[[str], object]] = {
        "xdsl": with_xdsl,
        "xdsl, collector paused": with_xdsl_without_collector,
        "tfrt": with_tfrt,
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for read in contenders.values():
        read(text_of(40))
    for _ in range(rounds):
        for name, read in contenders.items():
            gc.collect()
            start = time.perf_counter()
            read(text)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        spread = f"{min(seconds[name]):.3f} to {max(seconds[name]):.3f}"
        print(f"{name}: {median:.3f} s for {ops} ops ({1e6 * median / ops:.0f} us an op; {spread})")
    for name in list(contenders)[:-1]:
        print(f"{name} / tfrt: {medians[name] / medians['tfrt']:.2f}")


if __name__ == "__main__":
    main()
