"""How much memory a run takes beyond what its process held before: weights, arguments, code, what is kept for runs."""

from __future__ import annotations

import ctypes
import gc
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

GIVEN_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
"""The environment of processes that measure: what is free goes back to the system, so that it counts when it is used
again."""

RUNS = 5

_WORKSPACES = "tfrt.kernels.numerics.workspaces"


def measured_growth(make: Callable[[], Callable[[], Any]], *, keeps: bool) -> int | None:
    """Bytes of the process at the most while something runs, beyond those before; None where the system does not say.

    Args:
        make: what makes what is run.
        keeps: whether the first run asks for memory that others use again. Then it is measured, of a second thing that
            is made, since the first one reads code, too; otherwise it is what comes after the first run.
    """
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists() or not reset.exists():
        return None
    run = make()
    run()
    if keeps:
        del run
        _give_back()
        run = make()
    _give_back()
    before = _bytes(status, "VmRSS:")
    # What runs borrow from one another grows in the first of them.
    run()
    # From now on the most that it has held is counted anew.
    reset.write_text("5")
    for _ in range(RUNS):
        run()
    return max(0, _bytes(status, "VmHWM:") - before)


def measured_arrays(run: Callable[[], Any]) -> dict[str, int]:
    """Bytes that Python and numpy ask for at the most during a run (``arrays``), and what kernels borrow from one
    another (``borrowed``), which is among them though it stays, as what is planned for a run is.

    The run that asks for least counts, as others may have something made that is kept for later ones.
    """
    run()
    _give_back()
    # What is borrowed grows in the first run.
    run()
    found = []
    tracemalloc.start()
    try:
        for _ in range(RUNS):
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            run()
            found.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    workspaces = sys.modules.get(_WORKSPACES)
    borrowed, idle = (0, 0) if workspaces is None else (workspaces.kept(), workspaces.idle())
    return {"arrays": min(found) + borrowed + idle, "borrowed": borrowed}


def _give_back() -> None:
    """Give what is free back to the system."""
    workspaces = sys.modules.get(_WORKSPACES)
    if workspaces is not None:
        workspaces.let_go()
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _bytes(status: Path, name: str) -> int:
    return int(status.read_text().partition(name)[2].split()[0]) * 1024
