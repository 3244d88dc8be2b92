"""How long kernels take, by kernel and place in the source.

A run of a kernel lasts from its call until all its results are there: on the thread of the work queue that runs it,
without the time that it waited to be run, and with the functions that it calls. Runs that fail are not counted.

Profiled programs run in the dataflow executor, kernel by kernel: in plans most kernels are no calls.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median
from threading import Lock
from typing import Any

from tfrt.executor.declarations.kernel_profile import KernelProfile
from tfrt.executor.runtime.observer import Call, Place, RunWhenReady
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.values.async_value import AsyncValue

RECENT = 1024
"""Runs of a kernel at one place, the last ones, of which the median is taken."""


class Profile:
    """Collects the times of kernels on one host: ``HostContext(profile=Profile())``.

    Args:
        clock: nanoseconds since some moment.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns):
        self._clock = clock
        self._places = Places()
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: who held the lock is gone."""
        # Threads of the work queue finish runs of one kernel at the same time.
        self._lock = Lock()

    def watched(self, call: Call, place: Place, run_when_ready: RunWhenReady) -> Call:
        """`call`, a kernel at one place, with its runs counted; see `tfrt.executor.runtime.observer.Observer`."""
        runs, clock = self._places.at(place), self._clock

        def run(*operands: Any, **keywords: Any) -> Any:
            start = clock()
            value = call(*operands, **keywords)
            results = [r for r in (value if isinstance(value, tuple | list) else (value,)) if type(r) is AsyncValue]

            def finish() -> None:
                end = clock()
                if not any(result.is_error for result in results):
                    with self._lock:
                        runs.add(end - start)

            run_when_ready(results, finish)
            return value

        return run

    def kernels(self) -> list[KernelProfile]:
        """What has been collected so far, what took longest in all first."""
        return self._places.kernels()


class Places:
    """The runs of kernels, by kernel and place."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str | None], Runs] = {}

    def at(self, place: Place) -> Runs:
        """The runs of that kernel there."""
        return self._places.setdefault((place.kernel, place.where), Runs())

    def kernels(self) -> list[KernelProfile]:
        """What is known of each, what took longest in all first."""
        found = [
            KernelProfile(kernel, location, place.runs, place.total, round(median(place.recent)))
            for (kernel, location), place in self._places.items()
            if place.runs
        ]
        return sorted(found, key=lambda entry: (-entry.total_ns, entry.kernel, entry.location or ""))


class Runs:
    """The runs of a kernel at one place."""

    __slots__ = ("recent", "runs", "total")

    def __init__(self) -> None:
        self.runs = 0
        self.total = 0
        self.recent: deque[int] = deque(maxlen=RECENT)

    def add(self, duration: int) -> None:
        """Count one more, of that many nanoseconds."""
        self.runs += 1
        self.total += duration
        self.recent.append(duration)
