"""How long optimising takes, compared with parsing: each level on one module of scalar ops.

    python benchmarks/compile.py [--ops N] [--rounds N]

All levels run in turn within every round, each on a module parsed anew; shown are medians and ratios to parsing. -O2 on
10,000 ops should take less than 3 times as long as parsing them.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
from statistics import median

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.pipelines.manager import run_passes
from tfrt.compiler.pipelines.pipeline import PIPELINES, parse_pipeline


def text_of(ops: int) -> str:
    """A function of constants, sums and differences, most of which use what stands a few lines before."""
    draw = random.Random(0)
    lines = []
    for number in range(ops):
        names = [
            f"%r{draw.randrange(max(0, number - 50), number)}" if number and draw.random() < 0.8 else "%x" for _ in "ab"
        ]
        kind = draw.random()
        if kind < 0.2:
            lines.append(f"  %r{number} = tfrt.constant.i32 {draw.randrange(9)}")
        elif kind < 0.9:
            lines.append(f"  %r{number} = tfrt.add.i32 {', '.join(names)}")
        else:
            lines.append(f'  %r{number} = "tfrt.minus.i32"({", ".join(names)}) : (i32, i32) -> i32')
    body = "\n".join(lines)
    return f"func.func @f(%x: i32) -> i32 {{\n{body}\n  tfrt.return %r{ops - 1} : i32\n}}\n"


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ops", type=int, default=10_000, metavar="N", help="ops of the module (default: 10000)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="interleaved repetitions (default: 5)")
    options = parser.parse_args(argv)
    text = text_of(options.ops)
    levels = range(1, len(PIPELINES))
    # What is imported when first used is not to be timed.
    for level in levels:
        run_passes(parse_module(text_of(20)), parse_pipeline(PIPELINES[level]))
    parsing: list[float] = []
    passes: dict[int, list[float]] = {level: [] for level in levels}
    for _ in range(options.rounds):
        for level in levels:
            gc.collect()
            start = time.perf_counter()
            module = parse_module(text)
            parsed = time.perf_counter()
            run_passes(module, parse_pipeline(PIPELINES[level]))
            parsing.append(parsed - start)
            passes[level].append(time.perf_counter() - parsed)
    floor = median(parsing)
    print(f"{'':12}{'ms':>10}{'ratio':>8}")
    print(f"{'parsing':12}{floor * 1e3:10.1f}{1:8.2f}")
    for level, times in passes.items():
        verdict = f"  {'met' if median(times) < 3 * floor else 'missed'}: less than 3 x parsing" if level == 2 else ""
        print(f"{f'-O{level}':12}{median(times) * 1e3:10.1f}{median(times) / floor:8.2f}{verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
