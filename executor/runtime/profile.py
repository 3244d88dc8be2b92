"""How long kernels take, by kernel and place in the source.

A run of a kernel lasts from its call until all its results are there: on the thread of the work queue that runs it,
without the time that it waited to be run, and with the functions that it calls. Runs that fail are not counted.

Profiled programs run in the dataflow executor, kernel by kernel: in plans most kernels are no calls.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from threading import Lock
from typing import Any

from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.fork import restart_after_fork
from tfrt.executor.support.location import Location, UnknownLocation
from tfrt.executor.values.async_value import AsyncValue

RECENT = 1024
"""Runs of a kernel at one place, the last ones, of which the median is taken."""


@dataclass(frozen=True, slots=True)
class KernelProfile:
    """What is known of a kernel at one place; times are in nanoseconds.

    Attributes:
        location: the place as diagnostics spell it, or None where it is unknown.
    """

    kernel: str
    location: str | None
    runs: int
    total_ns: int
    median_ns: int


class Profile:
    """Collects the times of kernels on one host: ``HostContext(profile=Profile())``.

    Args:
        clock: nanoseconds since some moment.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns):
        self._clock = clock
        self._places: dict[tuple[str, str | None], _Place] = {}
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """In a forked process: who held the lock is gone."""
        # Threads of the work queue finish runs of one kernel at the same time.
        self._lock = Lock()

    def watched(
        self,
        call: Callable[..., Any],
        kernel: str,
        location: Location,
        run_when_ready: Callable[[Iterable[Any], Callable[[], None]], None],
    ) -> Callable[..., Any]:
        """`call`, a kernel at one place, with its runs counted; see `tfrt.executor.runtime.host_context.Observer`."""
        key = (kernel, None if isinstance(location, UnknownLocation) else str(location))
        place = self._places.setdefault(key, _Place())
        clock = self._clock

        def run(*operands: Any, **keywords: Any) -> Any:
            start = clock()
            value = call(*operands, **keywords)
            results = [r for r in (value if isinstance(value, tuple | list) else (value,)) if type(r) is AsyncValue]

            def finish() -> None:
                end = clock()
                if not any(result.is_error for result in results):
                    with self._lock:
                        place.add(end - start)

            run_when_ready(results, finish)
            return value

        return run

    def kernels(self) -> list[KernelProfile]:
        """What has been collected so far, what took longest in all first."""
        found = [
            KernelProfile(kernel, location, place.runs, place.total, round(median(place.recent)))
            for (kernel, location), place in self._places.items()
            if place.runs
        ]
        return sorted(found, key=lambda entry: (-entry.total_ns, entry.kernel, entry.location or ""))


class _Place:
    __slots__ = ("recent", "runs", "total")

    def __init__(self) -> None:
        self.runs = 0
        self.total = 0
        self.recent: deque[int] = deque(maxlen=RECENT)

    def add(self, duration: int) -> None:
        self.runs += 1
        self.total += duration
        self.recent.append(duration)


_FORMAT = "tfrt kernel profile 1"
_FIELDS: dict[str, tuple[type, ...]] = {
    "kernel": (str,),
    "location": (str, type(None)),
    "runs": (int,),
    "total_ns": (int,),
    "median_ns": (int,),
}


def write_profile(entries: Iterable[KernelProfile]) -> str:
    """A profile as the text of a file: JSON, one kernel a line."""
    lines = [json.dumps({field: getattr(entry, field) for field in _FIELDS}) for entry in entries]
    body = ",\n".join(f"  {line}" for line in lines)
    return f'{{"format": "{_FORMAT}", "kernels": [\n{body}\n]}}\n'


def read_profile(text: str) -> list[KernelProfile]:
    """A profile from the text that `write_profile` made of it.

    Raises:
        UsageError: it is something else.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise UsageError(f"it is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise UsageError(f"its \"format\" is not '{_FORMAT}'")
    entries = content.get("kernels")
    if not isinstance(entries, list):
        raise UsageError('its "kernels" are not a list')
    return [_entry(number, entry) for number, entry in enumerate(entries)]


def _entry(number: int, entry: Any) -> KernelProfile:
    given = entry if isinstance(entry, dict) else {}
    fields: dict[str, Any] = {name: given.get(name) for name in _FIELDS}
    for name, types in _FIELDS.items():
        value = fields[name]
        if type(value) not in types or (isinstance(value, int) and value < 0):
            kind = "a name" if str in types else "a number that is not negative"
            raise UsageError(f'"{name}" of kernel #{number} is not {kind}')
    return KernelProfile(**fields)
