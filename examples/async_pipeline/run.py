"""Run the pipeline and show who did what when.

    python examples/async_pipeline/run.py

Run it from the repository's root: the program reads files relative to the current folder.
"""

from __future__ import annotations

import time
from pathlib import Path

import pipeline_kernels  # registers the kernels; Python finds it beside this file

import tfrt

SOURCE = Path(__file__).parent / "pipeline.mlir"
WIDTH = 60


def timeline(events: list[pipeline_kernels.Event], start: float, end: float) -> str:
    """One line for each event, with a bar from its start to its end."""
    scale = WIDTH / (end - start)
    lines = []
    for event in sorted(events, key=lambda e: (e.start, e.end)):
        begin = int((event.start - start) * scale)
        length = max(1, round((event.end - event.start) * scale))
        lines.append(f"  {event.what:<28} |{(' ' * begin + '=' * length):<{WIDTH}}|")
    return "\n".join(lines)


def run(program: tfrt.Program, name: str) -> float:
    """Run one function, show what happened, and return how long it took, in seconds."""
    pipeline_kernels.EVENTS.clear()
    start = time.perf_counter()
    _, words = program[name]()
    end = time.perf_counter()
    print(f"{name}: {words} words in {(end - start) * 1000:.0f} ms")
    print(timeline(pipeline_kernels.EVENTS, start, end))
    return end - start


def main() -> None:
    bef = tfrt.compile(SOURCE.read_text(encoding="utf-8"), str(SOURCE))
    with tfrt.HostContext(work_queue="mstd:2") as host:
        program = tfrt.load(bef, host=host)
        sequential = run(program, "sequential")
        overlapped = run(program, "overlapped")
    print(f"overlapping made it {sequential / overlapped:.1f} times as fast")


if __name__ == "__main__":
    main()
