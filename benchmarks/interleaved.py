"""Ways to compute one thing, timed in turn within every round: what several benchmarks are made of."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Ways = Mapping[str, Callable[[], Any]]
"""The first one is what others are compared with."""


def parser_of(doc: str, rounds: int) -> argparse.ArgumentParser:
    """What reads the options of a benchmark with cases that are timed in so many rounds, by its docstring."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument(
        "--rounds", type=int, default=rounds, metavar="N", help="interleaved repetitions (default: %(default)s)"
    )
    parser.add_argument("--cases", default="", metavar="TEXT", help="only cases whose name contains TEXT")
    return parser


def agreed(what: str, ways: Ways, *, rtol: float, atol: float) -> Any:
    """What the first way gives, once all have run.

    Raises:
        ValueError: another one gives something else.
    """
    results = {way: run() for way, run in ways.items()}
    first, expected = next(iter(results.items()))
    for way, found in results.items():
        if np.shape(found) != np.shape(expected) or not np.allclose(found, expected, rtol=rtol, atol=atol):
            raise ValueError(f"{what}: {way} differs from {first}")
    return expected


def seconds(run: Callable[[], Any], count: int = 1) -> float:
    """Seconds that a run takes, of that many."""
    start = time.perf_counter()
    for _ in range(count):
        run()
    return (time.perf_counter() - start) / count


def timed(ways: Ways, rounds: int, count: int = 1) -> dict[str, list[float]]:
    """Seconds that each way has taken in each round, as the mean of `count` runs."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            times[way].append(seconds(run, count))
    return times
