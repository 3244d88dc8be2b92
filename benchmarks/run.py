"""The whole suite: programs run by tfrt and by hand-written Python, in the same run.

    python benchmarks/run.py [--rows TEXT] [--rounds N] [--size N] [--json FILE]

All ways to run a program are timed in turn within every round; what is shown is medians, the least and the greatest
time, and the ratio to the floor: hand-written Python of the same program where there is such a thing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

# Rivals on numpy run on one BLAS thread, as tfrt's compute threads do.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import roofline
from suite import arrays, asynchrony, loading, scalars, scheduling, tensors
from suite.row import Row, Timing, measure

FAMILIES: tuple[Callable[[int], Iterator[Row]], ...] = (
    scalars.rows,
    asynchrony.rows,
    scheduling.rows,
    tensors.rows,
    arrays.rows,
    loading.rows,
)


def main(argv: list[str] | None = None) -> int:
    """Run the rows whose title contains the given text; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default="", metavar="TEXT", help="only rows whose title contains TEXT")
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="interleaved repetitions (default: 15)")
    parser.add_argument("--size", type=int, default=10_000, metavar="N", help="kernels of a program (default: 10000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times to FILE")
    options = parser.parse_args(argv)
    record: dict[str, Any] = {}
    blas, warning = roofline.kernels_of_blas()
    print("\n".join([f"BLAS: {blas or 'unknown (threadpoolctl is not installed)'}", *([warning] if warning else [])]))
    print(f"{'':34}{'median':>11}{'least':>11}{'greatest':>11}{'ratio':>8}")
    for family in FAMILIES:
        for row in family(options.size):
            if options.rows in row.name:
                timings = measure(row, options.rounds)
                _show(row, timings)
                record[row.name] = {timing.way: timing.times for timing in timings}
    if options.json is not None:
        options.json.write_text(json.dumps(record, indent=1), encoding="utf-8")
    return 0


def _show(row: Row, timings: list[Timing]) -> None:
    print(f"{row.name}   (us a {row.unit})")
    for timing in timings:
        figures = "".join(f"{value:11.3f}" for value in (median(timing.times), min(timing.times), max(timing.times)))
        print(f"  {timing.way:32}{figures}{timing.ratio:8.2f}  {timing.verdict}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
