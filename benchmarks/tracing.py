"""What traces cost, on a million kernels: while there is none, and at each level while there is one.

    python benchmarks/tracing.py [--kernels N] [--pieces N] [--against CHECKOUT]

A loop of integer additions runs kernel by kernel on the dataflow executor, on each side of a trace and within it: a
million kernels each way, in pieces that take turns, so that a busy machine slows all alike. Shown are the least and the
median time of a kernel, and what is added to a program that nobody has traced: as a share, and per event. With
``--against`` the same loop runs, untraced, in processes of another checkout (with its own ``.venv``) and of this one,
in turn: what it costs that there could be traces at all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import tfrt

BODY = 100
"""Kernels in an iteration."""

_ONE = "import sys; sys.path.insert(0, 'benchmarks'); import tracing; print(*tracing.untraced({}, {}))"


def program() -> bytes:
    """A loop of so many additions as it is told."""
    adds = "\n".join(f"    %y{i + 1} = tfrt.add.i32 %y{i}, %k" for i in range(BODY))
    return tfrt.compile(f"""func.func @f(%n: i32, %x: i32) -> i32 {{
  %one = tfrt.constant.i32 1
  %r, %s = tfrt.repeat.i32 %n, %x, %one : i32, i32 {{
{adds.replace("%y0", "%x").replace("%k", "%one")}
    tfrt.return %y{BODY}, %one : i32, i32
  }}
  tfrt.return %r : i32
}}""")


def seconds(run: Callable[..., object], kernels: int) -> float:
    """How long so many kernels take, once they have been bound to their places."""
    run(1, 0)
    start = time.perf_counter()
    run(kernels // BODY, 0)
    return time.perf_counter() - start


def loaded(bef: bytes) -> Callable[..., object]:
    """The loop on a host that runs kernel by kernel."""
    return tfrt.load(bef, host=tfrt.HostContext(plans=False))["f"]


def untraced(kernels: int, pieces: int) -> list[float]:
    """Times of the loop in this process, for so many kernels in each piece."""
    function = loaded(program())
    return [seconds(function, kernels) for _ in range(pieces)]


def traced(function: Callable[..., object], level: str, kernels: int) -> float:
    """The time of the loop within a trace."""
    with tfrt.trace(level=level):
        return seconds(function, kernels)


def main() -> None:
    parser = argparse.ArgumentParser(description="What traces cost.")
    parser.add_argument("--kernels", type=int, default=1_000_000)
    parser.add_argument("--pieces", type=int, default=1000)
    parser.add_argument("--against", type=Path, help="another checkout")
    options = parser.parse_args()
    piece = options.kernels // options.pieces
    if options.against is not None:
        show(compared(options.against, piece, options.pieces), piece)
        return
    bef = program()
    before = loaded(bef)
    ways: dict[str, Callable[[], float]] = {
        # A trace concerns all programs; what is loaded now has never been in one.
        "never traced": lambda: seconds(loaded(bef), piece),
        "after a trace": lambda: seconds(before, piece),
        "level functions": lambda: traced(before, "functions", piece),
        "level kernels": lambda: traced(before, "kernels", piece),
        "level values": lambda: traced(before, "values", piece),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(options.pieces):
        for way, run in ways.items():
            times[way].append(run())
    show(times, piece)


def compared(checkout: Path, piece: int, pieces: int) -> dict[str, list[float]]:
    """Times of the same loop, untraced, in processes of another checkout and of this one, a hundred pieces in each."""
    script = _ONE.format(piece, 100)
    times: dict[str, list[float]] = {"another checkout": [], "this one": []}
    here = Path.cwd()
    for _ in range(pieces // 100):
        for way, folder in (("another checkout", checkout), ("this one", here)):
            command = [str(folder / ".venv/bin/python"), "-c", script]
            done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)
            times[way] += map(float, done.stdout.split())
    return times


def show(times: dict[str, list[float]], kernels: int) -> None:
    """A line for each way; the first is what the others are compared with."""
    least, middle = (measure(next(iter(times.values()))) for measure in (min, median))
    print(f"{'time of a kernel':24}{'least':>9}{'median':>10}{'more':>10}{'median':>9}{'an event':>11}")
    for way, found in times.items():
        more, more_middle = min(found) / least - 1, median(found) / middle - 1
        per_event = (min(found) - least) / kernels * 1e9
        print(
            f"{way:24}{min(found) / kernels * 1e9:6.0f} ns{median(found) / kernels * 1e9:7.0f} ns"
            f"{more:10.1%}{more_middle:9.1%}{per_event:8.0f} ns"
        )


if __name__ == "__main__":
    sys.exit(main())
