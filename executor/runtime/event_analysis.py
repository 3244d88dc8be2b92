"""What recorded events mean: who ran when, who produced what for whom, what waited, and how much memory was held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from tfrt.executor.bef import FunctionRecord
from tfrt.executor.runtime.events import EventTrace, ThreadEvents

Curve = list[tuple[int, int]]
"""Moments, in order, and a number from then on."""


class Run(NamedTuple):
    """A run of a kernel: its place in `EventTrace.places`, the number of the call that it is part of, and its thread's.

    Attributes:
        queued: nanoseconds for which the task waited in the work queue that began with it; of others None.
    """

    place: int
    call: int
    thread: int
    start: int
    end: int
    failed: bool
    queued: int | None


class Analysis:
    """Recorded events, worked out.

    Attributes:
        runs: the kernels' runs, by thread and, on each, in the order in which they began.
    """

    def __init__(self, events: EventTrace):
        self._events = events
        self.runs = [run for thread in events.threads for run in _runs_on(thread)]

    @cached_property
    def by_call(self) -> dict[int, dict[int, Run]]:
        """The runs of each call, by the kernel's number in its function."""
        places = self._events.places
        found: dict[int, dict[int, Run]] = {}
        for run in self.runs:
            found.setdefault(run.call, {})[places[run.place].number] = run
        return found

    def flows(self) -> Iterator[tuple[Run, Run]]:
        """Who produced something, and who took it, of kernels in one call."""
        places = self._events.places
        producers: dict[int, list[int]] = {}
        for number, place in enumerate(places):
            made_by = _producers(place.function)
            sources = [made_by.get(register, 0) for register in place.record.arguments]
            producers[number] = [source for source in dict.fromkeys(sources) if source]
        for run in self.runs:
            in_call = self.by_call[run.call]
            for source in producers[run.place]:
                producer = in_call.get(source)
                if producer is not None:
                    yield producer, run

    def queue_length(self) -> Curve:
        """The tasks that wait in work queues."""
        tasks = [task for thread in self._events.threads for task in thread.tasks]
        return _curve([*((added, 1) for _, added, _, _, _ in tasks), *((start, -1) for _, _, _, start, _ in tasks)])

    def live_bytes(self) -> Curve:
        """The memory of arrays that are results of kernels and still to be used, each counted once.

        It is that from the end of the kernel to the end of the last one that takes it, or of the call if its function
        returns it or nobody is known to take it.
        """
        ends = self._ends_of_calls()
        changes: dict[int, list[tuple[int, int, int]]] = {}
        for thread in self._events.threads:
            for number, call, at, buffer, size in thread.memory:
                place, in_call = self._events.places[number], self.by_call.get(call, {})
                if place.number not in in_call:
                    # It is still being recorded.
                    continue
                start = in_call[place.number].end
                users = [in_call[user].end for user in place.record.users[at] if user in in_call]
                is_returned = place.record.results[at] in place.function.result_registers
                end = max([start, *users, *([ends[call]] if is_returned or not users else [])])
                changes.setdefault(buffer, []).extend([(start, 1, size), (end, -1, size)])
        found: list[tuple[int, int]] = []
        for of_buffer in changes.values():
            # Taken before it is given back, where both are at once: from a kernel to the next it is the same memory.
            of_buffer.sort(key=lambda change: (change[0], -change[1]))
            holders = 0
            for moment, change, size in of_buffer:
                if holders == 0 or holders + change == 0:
                    found.append((moment, change * size))
                holders += change
        return _curve(found)

    def _ends_of_calls(self) -> dict[int, int]:
        ends: dict[int, int] = {}
        for thread in self._events.threads:
            for _, call, _, _, _, end in thread.functions:
                ends[call] = max(ends.get(call, 0), end)
        for call, in_call in self.by_call.items():
            ends[call] = max([ends.get(call, 0), *(run.end for run in in_call.values())])
        return ends


def _runs_on(thread: ThreadEvents) -> list[Run]:
    numbers = iter(thread.kernels)
    runs = sorted(zip(numbers, numbers, numbers, numbers, strict=True), key=lambda run: (run[2], -run[3]))
    tasks = iter(sorted((start, end, start - added) for _, added, _, start, end in thread.tasks))
    begun = next(tasks, None)
    found = []
    for place, call, start, end in runs:
        queued = None
        while begun is not None and begun[0] <= start:
            # Of tasks within one another the kernel began the innermost.
            queued = begun[2] if start <= begun[1] else queued
            begun = next(tasks, None)
        found.append(Run(max(place, ~place), call, thread.number, start, end, place < 0, queued))
    return found


def _producers(function: FunctionRecord) -> dict[int, int]:
    """The kernel that writes each register, but for arguments."""
    return {r: number for number, kernel in enumerate(function.kernels) if number for r in kernel.results}


def _curve(changes: Iterable[tuple[int, int]]) -> Curve:
    ordered = sorted(changes)
    totals = accumulate(change for _, change in ordered)
    # The last one at each moment counts.
    return list({moment: total for (moment, _), total in zip(ordered, totals, strict=True)}.items())
