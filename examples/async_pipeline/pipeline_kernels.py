"""The kernels of the pipeline: one that waits, one that computes. Both write down when they ran."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import tfrt


@dataclass(frozen=True)
class Event:
    """Something that a kernel did, with its times in seconds (`time.perf_counter`)."""

    what: str
    start: float
    end: float


EVENTS: list[Event] = []


@tfrt.kernel("pipeline.fetch", blocking=True)
def fetch(chain: tfrt.Chain, *, latency_ms: tfrt.I32, path: tfrt.String) -> tuple[str, tfrt.Chain]:
    """Read a text file as if it came over a slow network.

    The kernel may block, and says so: it runs on the host's pool of threads for that, and whatever does not
    need its results goes on.
    """
    start = time.perf_counter()
    time.sleep(latency_ms / 1000)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise tfrt.KernelError(f"cannot fetch {path}: {error.strerror}") from error
    EVENTS.append(Event(f"fetch {path}", start, time.perf_counter()))
    return text, chain


@tfrt.kernel("pipeline.count_words")
def count_words(text: str) -> int:
    start = time.perf_counter()
    words = len(text.split())
    EVENTS.append(Event(f"count {words} words", start, time.perf_counter()))
    return words
