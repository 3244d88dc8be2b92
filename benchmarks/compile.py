"""How long optimising takes, compared with parsing: each level on one module of scalar ops.

    python benchmarks/compile.py [--ops N] [--rounds N]

All levels run in turn within every round, each on a module parsed anew; shown are medians and ratios to parsing. -O2 on
10,000 ops should take less than 3 times as long as parsing them.

Then the stages of `tfrt.compile`, in microseconds an op and as shares: of a chain of as many sums at -O0, which should
take at most 50 in all, and of a network at -O2, pass by pass, at most 100. Last, how each of these grows with the
program: encoders of 1, 2, 4, 8 and 16 layers, of which an op should take as long in the largest as in the smallest.

Times are those of the processor, for others may use it, too.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from tfrt.compiler.emitter import emit
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.frontend.pipeline import read_module
from tfrt.compiler.pipelines.manager import run_passes
from tfrt.compiler.pipelines.pipeline import PIPELINES, parse_pipeline, with_lowering
from tfrt.compiler.verifier import verify
from tfrt.dialects import context
from tfrt.executor.support.collector import collector_relaxed

_TEXTS = Path(__file__).parent / "networks" / "texts"
NETWORK, LAYER = _TEXTS / "decoder-step.mlir", _TEXTS / "encoder-block.mlir"
LAYERS = (1, 2, 4, 8, 16)


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


def chain_of(ops: int) -> str:
    """A function of sums, each of the one before."""
    body = "\n".join(f"  %r{number + 1} = tfrt.add.i32 %r{number}, %b" for number in range(ops))
    return f"func.func @f(%r0: i32, %b: i32) -> i32 {{\n{body}\n  tfrt.return %r{ops} : i32\n}}\n"


def stages(text: str, level: int) -> dict[str, float]:
    """The seconds of each stage of compiling a text."""
    seconds: dict[str, float] = {}

    def timed(stage: str, run: Callable[[], Any]) -> Any:
        start = time.process_time()
        found = run()
        seconds[stage] = seconds.get(stage, 0) + time.process_time() - start
        return found

    with collector_relaxed():
        module = timed("front end", lambda: read_module(text, allow_unregistered=True, verified=False))
        timed("verification", lambda: verify(module))
        passes = timed("pipeline", lambda: with_lowering(module, parse_pipeline(PIPELINES[level]) if level else ()))
        # As `run_passes` does, which verifies once more where all have run.
        ctx = context(allow_unregistered=True)
        for module_pass in passes:
            timed(module_pass.name, partial(module_pass.apply, ctx, module))
        if passes:
            timed("verification after", lambda: verify(module))
        timed("emission", lambda: emit(module))
    return seconds


def measured(text: str, level: int, rounds: int) -> tuple[int, dict[str, float]]:
    """The ops of a text, and the least microseconds an op that each stage took."""
    ops = sum(op.parent is not None for op in read_module(text, allow_unregistered=True).walk())
    stages(text, level)
    found = [stages(text, level) for _ in range(rounds)]
    return ops, {stage: min(each[stage] for each in found) / ops * 1e6 for stage in found[0]}


def show_stages(name: str, text: str, level: int, limit: float, rounds: int) -> None:
    """Print what the stages take, by op of the text."""
    ops, found = measured(text, level, rounds)
    total = sum(found.values())
    verdict = "met" if total <= limit else "missed"
    print(f"\n{name}, -O{level}: {total:.1f} us an op of {ops}  {verdict}: at most {limit:g}")
    for stage, microseconds in found.items():
        print(f"{stage:28}{microseconds:8.1f}{microseconds / total:8.1%}")


def layers_of(text: str, copies: int) -> str:
    """A function of so many copies of that of a text, whose result is like its last argument, one after the other."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if "func.func" in line) + 1
    last = next(number for number, line in enumerate(lines) if line.lstrip().startswith("return "))
    given = re.findall(r"%arg\d+", lines[first - 1])[-1]
    (result,) = re.findall(r"%\w+", lines[last])

    def renamed(line: str, copy: int) -> str:
        own = re.sub(r"%(?!arg)(\w+)", rf"%c{copy}_\1", line)
        return re.sub(rf"{given}\b", f"%c{copy - 1}_{result[1:]}", own) if copy else own

    body = [renamed(line, copy) for copy in range(copies) for line in lines[first:last]]
    return "\n".join([*lines[:first], *body, renamed(lines[last], copies - 1), *lines[last + 1 :], ""])


def show_growth(name: str, text: str, level: int, rounds: int) -> None:
    """Print what stages take an op in programs of growing size."""
    found = [measured(layers_of(text, copies), level, rounds) for copies in LAYERS]
    print(f"\n{name}, -O{level}, by layers: us an op")
    print(f"{'ops':28}" + "".join(f"{ops:8}" for ops, _ in found) + "   largest to smallest")
    rows = [*found[0][1], "total"]
    for stage in rows:
        times = [sum(each.values()) if stage == "total" else each[stage] for _, each in found]
        print(f"{stage:28}" + "".join(f"{each:8.1f}" for each in times) + f"{times[-1] / max(times[0], 0.05):8.2f}")


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
            start = time.process_time()
            module = parse_module(text)
            parsed = time.process_time()
            run_passes(module, parse_pipeline(PIPELINES[level]))
            parsing.append(parsed - start)
            passes[level].append(time.process_time() - parsed)
    floor = median(parsing)
    print(f"{'':12}{'ms':>10}{'ratio':>8}")
    print(f"{'parsing':12}{floor * 1e3:10.1f}{1:8.2f}")
    for level, times in passes.items():
        verdict = f"  {'met' if median(times) < 3 * floor else 'missed'}: less than 3 x parsing" if level == 2 else ""
        print(f"{f'-O{level}':12}{median(times) * 1e3:10.1f}{median(times) / floor:8.2f}{verdict}")
    show_stages("a chain", chain_of(options.ops), 0, 50, options.rounds)
    show_stages(NETWORK.stem, NETWORK.read_text(encoding="utf-8"), 2, 100, options.rounds)
    show_growth(LAYER.stem, LAYER.read_text(encoding="utf-8"), 2, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
