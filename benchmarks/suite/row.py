"""What a row of the suite is, and how it is timed."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import tfrt

WRAP32 = "(wide if -2147483648 <= (wide := {}) <= 2147483647 else (wide + 2147483648 & 4294967295) - 2147483648)"
"""Two's complement in Python source, for floors: what is compared is execution, not arithmetic."""


@dataclass(frozen=True)
class Row:
    """One program, run in several ways.

    Attributes:
        ways: what is called, by name; all return the same unless `results_differ`.
        floor: the way that others are compared with.
        target: for a way, the ratio to the floor that it should stay below; a `limit` in microseconds instead, or how
            many microseconds `above` the floor.
        count: what a run consists of, in units; times are shown per unit.
        warm_up: runs before the first that counts.
    """

    name: str
    ways: dict[str, Callable[[], Any]]
    floor: str
    unit: str = "run"
    count: int = 1
    target: dict[str, float] = field(default_factory=dict)
    limit: dict[str, float] = field(default_factory=dict)
    above: dict[str, float] = field(default_factory=dict)
    warm_up: int = 3
    results_differ: bool = False


@dataclass(frozen=True)
class Timing:
    """Microseconds per unit of one way, in each round, and how it compares with the floor in the same rounds."""

    way: str
    times: list[float]
    ratio: float
    verdict: str


def measure(row: Row, rounds: int) -> list[Timing]:
    """Time all ways of a row, in turn within every round.

    Raises:
        ValueError: two ways disagree.
    """
    results = {name: way() for name, way in row.ways.items()}
    if not row.results_differ:
        for name, result in results.items():
            if result != results[row.floor]:
                raise ValueError(f"{row.name}: {name} gives {result!r}, {row.floor} gives {results[row.floor]!r}")
    for way in row.ways.values():
        for _ in range(row.warm_up):
            way()
    times: dict[str, list[float]] = {name: [] for name in row.ways}
    # What compilers and modules have left in memory is not to be looked through during a run, as it would not be in a
    # process that only serves a program.
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        gc.collect()
        for name, way in row.ways.items():
            start = time.perf_counter()
            way()
            times[name].append((time.perf_counter() - start) / row.count * 1e6)
    floor = median(times[row.floor])
    return [
        Timing(name, found, median(found) / floor, _verdict(row, name, found, floor)) for name, found in times.items()
    ]


def _verdict(row: Row, name: str, times: list[float], floor: float) -> str:
    if name in row.target:
        met = median(times) / floor <= row.target[name]
        return f"{'met' if met else 'missed'}: at most {row.target[name]:g} x {row.floor}"
    if name in row.limit:
        return f"{'met' if median(times) <= row.limit[name] else 'missed'}: at most {row.limit[name]:g} us"
    if name in row.above:
        over = median(times) - floor
        met = over <= row.above[name]
        return f"{over:.3f} above: {'met' if met else 'missed'}: at most {row.above[name]:g} us above {row.floor}"
    return ""


@contextmanager
def program(text: str, queue: str = "s", *, opt_level: int = 0, **options: Any) -> Iterator[tfrt.Program]:
    """A program on a host of its own."""
    with tfrt.HostContext(queue, **options) as host:
        yield tfrt.load(tfrt.compile(text, filename="benchmark.mlir", opt_level=opt_level), host=host)


def python(source: str, **names: Any) -> dict[str, Any]:
    """The names that Python source defines."""
    exec(compile(source, "<floor>", "exec"), names)
    return names
