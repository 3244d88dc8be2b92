"""Random programs under seeded schedules, and stopped at each of their points.

`Interleavings`: whatever the order in which tasks run, a program gives the same results, has the same effects, each
chain's in one order, and reports the same failures.

`Stops`: a request that is cancelled, or whose time is over, wherever that comes, ends: all its results are there, each
the value that it would have had or an error that says why not; nothing has an effect twice, and nothing that has not
begun has one at all; nothing of it is left.
"""

from __future__ import annotations

import gc
import json
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.robustness.programs import ARGUMENTS, Run, load, make, shown
from tfrt.executor.runtime import execution_context
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.values.async_value import AsyncValue

WAYS: dict[str, dict[str, Any]] = {"dataflow": {"plans": False}, "generated": {"plan_threshold": 0}}
"""How functions run: kernel by kernel, and from plans."""

SEEDS = 50
"""How many schedules of a program there are before the next one's."""


@dataclass(frozen=True)
class Seen:
    """What can be seen of a run: its results, its effects, what was reported, and how many points there were."""

    results: tuple[Any, ...]
    effects: tuple[tuple[int, int, int], ...]
    reported: Counter[str]
    points: int

    def by_chain(self) -> dict[int, list[tuple[int, ...]]]:
        """The effects of each chain, in order."""
        found: dict[int, list[tuple[int, ...]]] = {}
        for chain, *what in self.effects:
            found.setdefault(chain, []).append(tuple(what))
        return found


def observe(number: int, queue: str, options: dict[str, Any]) -> Seen:
    """A run to its end."""
    reported: list[str] = []
    run = Run()
    program = load(number, queue, reported, **options)
    with program.host as host:
        results = program["main"].start(*ARGUMENTS, context=ExecutionContext(host, data=[run]))
        host.wait(results)
        host.quiesce()
        assert not host.work_queue.length
    return Seen(tuple(map(shown, results)), tuple(run.effects), Counter(reported), run.points)


@lru_cache(maxsize=4)
def reference(number: int) -> Seen:
    """The run on one thread, kernel by kernel."""
    return observe(number, "s", WAYS["dataflow"])


class Interleavings:
    """Programs with schedules: the case of number n is schedule n of program n // 50."""

    suffix = ".json"

    def __init__(self, *files: str):
        self.files = files
        self.totals: Counter[str] = Counter()

    def make(self, number: int) -> bytes:
        if self.files:
            return Path(self.files[number]).read_bytes()
        return json.dumps({"program": number // SEEDS, "queue": f"seeded:{number}"}).encode()

    def check(self, case: bytes, number: int) -> str:
        asked = json.loads(case)
        expected = reference(asked["program"])
        for way, options in WAYS.items():
            found = observe(asked["program"], asked["queue"], options)
            told = f"program {asked['program']}, {way}, {asked['queue']}\n{make(asked['program'])}"
            assert found.results == expected.results, (found.results, expected.results, told)
            assert found.by_chain() == expected.by_chain(), (found.effects, expected.effects, told)
            assert found.reported == expected.reported, (found.reported, expected.reported, told)
        return "fails" if expected.reported else "succeeds"


def cancel(context: ExecutionContext) -> None:
    context.cancel()


def abandon(context: ExecutionContext) -> None:
    context.cancel(abandon=True)


def expire(context: ExecutionContext) -> None:
    """What happens when the request's time is over, now."""
    execution_context._expire(context, 3600)


STOPS: dict[str, tuple[Callable[[ExecutionContext], None], str]] = {
    "cancelled": (cancel, "CancelledError: Cancelled"),
    "abandoned": (abandon, "CancelledError: Cancelled"),
    "expired": (expire, "DeadlineExceededError: the request has taken more than 3600 s"),
}


class Stops:
    """Programs, each stopped at all of its points in all ways, on all queues.

    Args:
        queues: on which, apart by commas.
        step: of how many points one is tried.
    """

    suffix = ".json"

    def __init__(self, queues: str, step: str, *files: str):
        self.queues, self.step = queues.split("/"), int(step)
        self.files = files
        self.totals: Counter[str] = Counter()

    def make(self, number: int) -> bytes:
        if self.files:
            return Path(self.files[number]).read_bytes()
        return json.dumps({"program": number}).encode()

    def check(self, case: bytes, number: int) -> str:
        program = json.loads(case)["program"]
        expected = reference(program)
        tried = 0
        requests: list[weakref.ref[ExecutionContext]] = []
        threads = threading.active_count()
        for queue in self.queues:
            for way, options in WAYS.items():
                for stop in STOPS:
                    for at in range(1 + (number + tried) % self.step, expected.points + 1, self.step):
                        told = f"program {program}, {way}, {queue}, {stop} at {at}"
                        requests.append(stopped(program, queue, options, stop, at, expected, told))
                        tried += 1
        # What is cancelled is not kept.
        gc.collect()
        assert not any(request() for request in requests), f"program {program}: requests are left"
        # The thread of deadlines lingers.
        assert threading.active_count() <= threads + 1, threading.enumerate()
        self.totals["runs that were stopped"] += tried
        return "programs"


def stopped(
    number: int, queue: str, options: dict[str, Any], stop: str, at: int, expected: Seen, told: str
) -> weakref.ref[ExecutionContext]:
    """One run that is stopped at a point."""
    reported: list[str] = []
    act, error = STOPS[stop]
    program = load(number, queue, reported, **options)
    context = ExecutionContext(program.host, timeout=3600 if stop == "expired" else None)

    def interfere(point: int) -> None:
        if point == at:
            act(context)
            run.is_stopped = True

    run = Run(interfere)
    context.data = {Run: run}
    with program.host as host:
        results = program["main"].start(*ARGUMENTS, context=context)
        host.wait(results)
        host.quiesce()
        assert not host.work_queue.length, told
    assert not any(type(result) is AsyncValue and result.is_pending for result in results), told
    for found, wanted in zip(map(shown, results), expected.results, strict=True):
        assert found in (wanted, error), (found, wanted, told)
    # Effects that there would not have been, or twice.
    extra = Counter(run.effects) - Counter(expected.effects)
    assert not extra, (extra, told)
    assert not Counter(reported) - expected.reported, (reported, told)
    for chain, effects in Seen((), tuple(run.effects), Counter(), 0).by_chain().items():
        assert effects == expected.by_chain()[chain][: len(effects)], (effects, told)
    if not host.work_queue.has_threads:
        # Nothing begins any more, but for tasks that wait already, if somebody may want their results.
        assert all(stop == "cancelled" and late for late in run.late), (run.late, told)
    return weakref.ref(context)
