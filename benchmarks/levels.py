"""Scalar programs at each optimisation level: time, and the kernels that a run executes.

    python benchmarks/levels.py [--rounds N]

All levels run in turn within every round, from generated plans, without machine code. Kernels are counted by a profile
of a run on the dataflow executor.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import tfrt
from tfrt.executor.runtime.profile import Profile

PROGRAMS = {
    "fib(18), calls": (
        18,
        """func.func @main(%n: i32) -> i32 {
  %r = tfrt.call @fib(%n) : (i32) -> i32
  tfrt.return %r : i32
}
func.func private @fib(%n: i32) -> i32 {
  %one = tfrt.constant.i32 1
  %small = "tfrt.lessequal.i32"(%n, %one) : (i32, i32) -> i1
  %r = tfrt.if %small, %n : (i32) -> (i32) {
    tfrt.return %n : i32
  } else {
    %one1 = tfrt.constant.i32 1
    %n1 = tfrt.call @less(%n, %one1) : (i32, i32) -> i32
    %one2 = tfrt.constant.i32 1
    %n2 = tfrt.call @less(%n1, %one2) : (i32, i32) -> i32
    %f1 = tfrt.call @fib(%n1) : (i32) -> i32
    %f2 = tfrt.call @fib(%n2) : (i32) -> i32
    %sum = tfrt.add.i32 %f1, %f2
    tfrt.return %sum : i32
  }
  tfrt.return %r : i32
}
func.func private @less(%a: i32, %b: i32) -> i32 {
  %c = "tfrt.minus.i32"(%a, %b) : (i32, i32) -> i32
  tfrt.return %c : i32
}""",
    ),
    "loop of 10,000": (
        10_000,
        """func.func @main(%n: i32) -> i32 {
  %zero = tfrt.constant.i32 0
  %r:2 = tfrt.repeat.i32 %n, %zero, %n : i32, i32 {
    %two = tfrt.constant.i32 2
    %three = tfrt.constant.i32 3
    %six = "tfrt.mul.i32"(%two, %three) : (i32, i32) -> i32
    %scaled = "tfrt.mul.i32"(%n, %six) : (i32, i32) -> i32
    %next = tfrt.call @step(%zero, %scaled) : (i32, i32) -> i32
    tfrt.return %next, %n : i32, i32
  }
  tfrt.return %r#0 : i32
}
func.func private @step(%a: i32, %b: i32) -> i32 {
  %zero = tfrt.constant.i32 0
  %c = tfrt.add.i32 %a, %zero
  %d = tfrt.add.i32 %c, %b
  %e = tfrt.add.i32 %c, %b
  %f = "tfrt.minus.i32"(%d, %e) : (i32, i32) -> i32
  %g = tfrt.add.i32 %f, %d
  tfrt.return %g : i32
}""",
    ),
    "configuration": (
        7,
        """func.func @main(%n: i32) -> i32 {
  %debug = "tfrt.constant.i1"() {value = false} : () -> i1
  %mode = tfrt.constant.i32 2
  %r = tfrt.call @run(%n, %mode, %debug) : (i32, i32, i1) -> i32
  tfrt.return %r : i32
}
func.func private @run(%n: i32, %mode: i32, %debug: i1) -> i32 {
  %two = tfrt.constant.i32 2
  %is_fast = "tfrt.equal.i32"(%mode, %two) : (i32, i32) -> i1
  %a = tfrt.if %is_fast, %n : (i32) -> (i32) {
    %x = tfrt.add.i32 %n, %n
    tfrt.return %x : i32
  } else {
    %x = "tfrt.mul.i32"(%n, %n) : (i32, i32) -> i32
    tfrt.return %x : i32
  }
  %b = tfrt.if %debug, %a : (i32) -> (i32) {
    %x = "tfrt.minus.i32"(%a, %a) : (i32, i32) -> i32
    tfrt.return %x : i32
  } else {
    tfrt.return %a : i32
  }
  tfrt.return %b : i32
}""",
    ),
}
"""What main is called with, and the program."""


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="interleaved repetitions (default: 15)")
    options = parser.parse_args(argv)
    print(f"{'':20}{'us':>12}{'to -O0':>8}{'kernels':>10}")
    for name, (argument, text) in PROGRAMS.items():
        ways = {level: loaded(text, level) for level in range(4)}
        expected = ways[0](argument)
        times: dict[int, list[float]] = {level: [] for level in ways}
        for level, way in ways.items():
            if way(argument) != expected:
                raise ValueError(f"{name}: -O{level} gives {way(argument)}, -O0 {expected}")
        count = max(1, int(0.02 / seconds(ways[0], argument, 1)))
        for _ in range(options.rounds):
            for level, way in ways.items():
                times[level].append(seconds(way, argument, count) * 1e6)
        print(name)
        for level, found in times.items():
            ratio = median(found) / median(times[0])
            print(f"  {f'-O{level}':18}{median(found):12.2f}{ratio:8.2f}{executed(text, level, argument):10,}")
    return 0


def loaded(text: str, level: int) -> Callable[[Any], Any]:
    """The function ``main`` of a program, which runs from a generated plan."""
    host = tfrt.HostContext("s", plan_threshold=0, native=False)
    return tfrt.load(tfrt.compile(text, "levels.mlir", opt_level=level), host=host)["main"]


def seconds(way: Callable[[Any], Any], argument: int, count: int) -> float:
    """Seconds that a run takes, of that many."""
    start = time.perf_counter()
    for _ in range(count):
        way(argument)
    return (time.perf_counter() - start) / count


def executed(text: str, level: int, argument: int) -> int:
    """How many kernels a run executes."""
    profile = Profile()
    with tfrt.HostContext("s", profile=profile) as host:
        tfrt.load(tfrt.compile(text, "levels.mlir", opt_level=level), host=host)["main"](argument)
    return sum(kernel.runs for kernel in profile.kernels())


if __name__ == "__main__":
    sys.exit(main())
