"""What this machine reaches: products of matrices, and reading, from each cache and from memory.

A program's bound is what it has to compute and to move against that, kernel by kernel, as they run one after another:
none takes less time than its operations at the rate of a large product, or its bytes at the rate at which an amount
like all that the program goes through can be read. Where an algorithm computes less than is counted (Winograd's
convolutions), more than all of the bound may be reached.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

PRODUCTS = (256, 512, 768)
"""Extents of square matrices, the fastest of which counts."""
AMOUNTS = tuple(1 << n for n in range(15, 27))
"""Bytes that are read again and again: 32 kB to 64 MB."""
TIMES = 4
"""As often as something is timed; the least counts."""
AT_LEAST = 2e-4
"""Seconds that are timed at a time."""

_SETS = ("sse", "avx", "avx2", "avx512")
_KERNELS = {
    "avx": ("Sandybridge", "Bulldozer"),
    "avx2": ("Piledriver", "Steamroller", "Excavator", "Haswell", "Zen"),
    "avx512": ("SkylakeX", "Cooperlake", "Sapphirerapids"),
}
"""Which instructions OpenBLAS's kernels for x86 use; those that are not listed use SSE."""


@dataclass(frozen=True)
class Machine:
    """What a process reaches here.

    Attributes:
        gflops: operations a nanosecond in a product of float32 matrices.
        reads: for amounts of bytes, how many are read a nanosecond; the larger the amount, the farther away it lies.
        blas: which library multiplies, and which of its kernels, or None where that is not known.
        warning: what is wrong with that, or nothing.
    """

    gflops: float
    reads: dict[int, float]
    blas: str | None
    warning: str

    def reading(self, amount: float) -> float:
        """Bytes a nanosecond, where so many are read again and again."""
        return next((rate for size, rate in sorted(self.reads.items()) if size >= amount), min(self.reads.values()))

    def bound(self, kernels: Sequence[dict[str, Any]], given: float, made: float) -> dict[str, float]:
        """Seconds that kernels take at least, and how many of them for computing and for moving alone.

        Args:
            kernels: `tfrt.executor.tools.program_work.KernelWork` of each, as a dictionary.
            given: the bytes of all arguments and constants.
            made: those of all that is computed, at a time.
        """
        computing = [(kernel["operations"] or 0) / self.gflops for kernel in kernels]
        far, near = self.reading(given + made), self.reading(made)
        moving = [kernel["given"] / far + kernel["made"] / near for kernel in kernels]
        least = map(max, computing, moving)
        return {"bound": sum(least) * 1e-9, "computing": sum(computing) * 1e-9, "moving": sum(moving) * 1e-9}


def of_json(found: dict[str, Any]) -> Machine:
    """A machine that another process has measured."""
    return Machine(**found | {"reads": {int(size): rate for size, rate in found["reads"].items()}})


def measure() -> Machine:
    """Measure this process's machine, which takes about a second."""
    rng = np.random.default_rng(0)
    rates = []
    for extent in PRODUCTS:
        left, right = rng.random((2, extent, extent), np.float32)
        rates.append(2 * extent**3 / _nanoseconds(partial(np.matmul, left, right, out=np.empty_like(left))))
    numbers = np.ones(AMOUNTS[-1] // 4, np.float32)
    reads = {amount: max(_reading(numbers[: amount // 4])) for amount in AMOUNTS}
    blas, warning = kernels_of_blas()
    return Machine(max(rates), reads, blas, warning)


def better(first: Machine, second: Machine) -> Machine:
    """What was reached at one time or another: others may have been busy here."""
    reads = {amount: max(rate, second.reads[amount]) for amount, rate in first.reads.items()}
    return replace(first, gflops=max(first.gflops, second.gflops), reads=reads)


def _reading(numbers: np.ndarray) -> list[float]:
    """Bytes a nanosecond by what reads fastest: products of vectors, and of a matrix and a vector."""
    first, second = numbers.reshape(2, -1)
    rows = numbers.reshape(64, -1)
    vector = np.ones(rows.shape[1], np.float32)
    return [
        numbers.nbytes / _nanoseconds(partial(np.dot, first, second)),
        numbers.nbytes / _nanoseconds(partial(np.dot, rows, vector)),
    ]


def _nanoseconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    count = max(1, int(AT_LEAST / max(time.perf_counter() - start, 1e-9)))
    least = float("inf")
    for _ in range(TIMES):
        start = time.perf_counter()
        for _ in range(count):
            run()
        least = min(least, (time.perf_counter() - start) / count)
    return least * 1e9


def kernels_of_blas() -> tuple[str | None, str]:
    """The library that numpy multiplies with and its kernels, and what is wrong with these, if anything is."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return None, ""
    np.dot(np.ones(2), np.ones(2))
    found = next((library for library in threadpool_info() if library["user_api"] == "blas"), None)
    if found is None:
        return None, ""
    architecture = found.get("architecture")
    blas = f"{found['internal_api']} {found.get('version') or ''}".rstrip()
    if architecture is None:
        return blas, ""
    return f"{blas} ({architecture} kernels)", kernels_warning(architecture, _instructions(), os.environ)


def kernels_warning(architecture: str, flags: Sequence[str], environment: Any) -> str:
    """What is wrong with kernels of OpenBLAS on a processor with these instructions."""
    used = next((name for name, kernels in _KERNELS.items() if architecture in kernels), "sse")
    names = ("avx512f" if name == "avx512" else name for name in _SETS)
    best = next((name for name, flag in reversed([*zip(_SETS, names, strict=True)]) if flag in flags), used)
    if _SETS.index(used) >= _SETS.index(best):
        return ""
    forced = environment.get("OPENBLAS_CORETYPE")
    why = f"OPENBLAS_CORETYPE={forced} asks for them" if forced else "its build has none for this processor"
    return f"OpenBLAS runs its {architecture} kernels, which use {used.upper()}, where {best.upper()} is there: {why}"


def _instructions() -> list[str]:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    return next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])


def lines(machine: Machine, threads: int) -> list[str]:
    """The machine in words, and a warning where there is one."""
    amounts = {"256 kB": 1 << 18, "4 MB": 1 << 22, "64 MB": 1 << 26}
    reads = ", ".join(f"{machine.reading(amount):.0f} of {name}" for name, amount in amounts.items())
    blas = machine.blas or "BLAS unknown (threadpoolctl is not installed)"
    number = f"{threads} thread{'s' * (threads > 1)}"
    found = [f"{number}: {machine.gflops:.0f} GFLOP/s in products, GB/s read: {reads}", blas]
    return found + [f"warning: {machine.warning}"] * bool(machine.warning)


def threads_of_blas() -> int:
    """How many threads numpy multiplies with: as many as there are processors, where nobody says otherwise."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return len(os.sched_getaffinity(0))
    return max((library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"), default=1)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print("\n".join(lines(measure(), threads_of_blas())))
