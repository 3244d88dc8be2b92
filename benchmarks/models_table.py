"""What `models.py` has found, in lines of at most 120 columns."""

from __future__ import annotations

from statistics import median
from typing import Any

import numpy as np
import roofline

OURS = ("tfrt", "tfrt-native", "tfrt-file", "native-file", "code-file")
COLUMNS = {
    "p50": 9,
    "p99": 9,
    "least": 9,
    "spread": 8,
    "cold": 9,
    "x p50": 8,
    "x least": 9,
    "reached": 9,
    "first s": 9,
    "held": 6,
    "run": 7,
    "arrays": 8,
    "lent": 7,
}
"""How wide each is; README.md says what they are."""


def heading(threads: int, machine: dict[str, Any]) -> list[str]:
    """What the machine reaches, and what the columns are."""
    columns = "".join(f"{head:>{width}}" for head, width in COLUMNS.items())
    return [*roofline.lines(roofline.of_json(machine), threads), f"{'(ms, MB)':13}{columns}"]


def rows(name: str, found: dict[str, Any]) -> list[str]:
    """A network: what its program has to do, and a line for each way to run it."""
    bound = found["roofline"]
    work = f"{sum(kernel['operations'] or 0 for kernel in found['kernels']) / 1e6:.1f} MFLOP"
    moved = f"{sum(kernel['given'] + kernel['made'] for kernel in found['kernels']) / 1e6:.1f} MB"
    parts = f"computing {bound['computing'] * 1e3:.3f}, moving {bound['moving'] * 1e3:.3f}"
    planned = "" if found["planned"] is None else f"; {found['planned'] / 1e6:.3f} MB planned"
    lines = [f"{name}: {work}, {moved}: at least {bound['bound'] * 1e3:.3f} ms ({parts}){planned}"]
    calls = {way: np.concatenate(numbers["calls"]) for way, numbers in found["ways"].items()}
    rivals = [times for way, times in calls.items() if way not in OURS] or list(calls.values())
    middle, least = [min(map(figure, rivals)) for figure in (np.median, np.min)]
    for way, numbers in found["ways"].items():
        times = calls[way]
        p25, p50, p75, p99 = np.percentile(times, [25, 50, 75, 99])
        figures = [f"{seconds * 1e3:.3f}" for seconds in (p50, p99, times.min())]
        figures.append(f"{100 * (p75 - p25) / p50:.0f} %")
        figures.append(f"{median(turn[0] for turn in numbers['calls']) * 1e3:.3f}")
        figures += [f"{p50 / middle:.2f}", f"{times.min() / least:.2f}", f"{100 * bound['bound'] / times.min():.0f} %"]
        if numbers["starts"]:
            figures += [f"{median(numbers['starts']):.3f}", f"{max(numbers['held']) / 1e6:.0f}"]
            figures += [_megabytes(numbers.get(key)) for key in ("grown", "arrays", "borrowed")]
        lines.append(
            f"  {way:11}" + "".join(f"{f:>{width}}" for f, width in zip(figures, COLUMNS.values(), strict=False))
        )
    if any(way in OURS for way in calls):
        lines.append(f"  (compiled in {found['compiled']:.3f} s)")
    return lines


def _megabytes(found: int | None) -> str:
    return "" if found is None else f"{found / 1e6:.3f}"
