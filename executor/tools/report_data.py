"""What a report shows, worked out of recorded events, as values that JSON has. Times are nanoseconds.

The time of a kernel is its own: without the kernels that it runs within it, so that shares add up, and without binding
functions to the host, which is done when they are first called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from statistics import median
from typing import Any

from tfrt.executor.bef.graphs import uses
from tfrt.executor.bef.named_attributes import array_ops
from tfrt.executor.runtime.event_analysis import Analysis, Curve, Run
from tfrt.executor.runtime.events import EventTrace
from tfrt.executor.runtime.observer import Place
from tfrt.executor.support.diagnostics import SourceLookup
from tfrt.executor.support.location import position
from tfrt.executor.support.spans import Span
from tfrt.executor.tools.work import bytes_moved, operations, shape_of

MOST_RUNS = 20_000
"""Runs of kernels that the timeline shows, the longest ones."""

MOST_POINTS = 1_500
"""Points of a curve over time; of those between two that are shown, the highest is."""

_Key = tuple[int, int]
"""A kernel: its function's index in the file, and its number there."""


@dataclass(frozen=True, slots=True)
class _Timed:
    """A run of a kernel, and how long it has taken without those within it."""

    run: Run
    own: int


def report_data(events: EventTrace, spans: Sequence[Span], title: str, source: SourceLookup) -> dict[str, Any]:
    """See the module docstring.

    Args:
        spans: what else has been done meanwhile.
        source: the text of a source file, by its name in locations.
    """
    analysis = Analysis(events)
    bindings = [span for span in spans if span.category == "program" and span.name.startswith("bind")]
    timed = _own_times(analysis.runs, bindings)
    start = min([run.start for run in analysis.runs] + [request[2] for request in events.requests], default=0)
    end = max([run.end for run in analysis.runs] + [request[3] for request in events.requests], default=0)
    kernels, of_key = _kernels(events, timed)
    shown = sorted(timed, key=lambda t: t.run.start - t.run.end)[:MOST_RUNS]
    threads = {thread.number: at for at, thread in enumerate(events.threads)}
    runs = [
        [threads[t.run.thread], of_key[_key(events.places[t.run.place])], t.run.start - start, t.run.end - t.run.start]
        for t in sorted(shown, key=lambda t: t.run.start)
    ]
    memory, queue = analysis.live_bytes(), analysis.queue_length()
    return {
        "title": title,
        "duration": end - start,
        "threads": [thread.name for thread in events.threads],
        "kernels": kernels,
        "functions": _functions(events, kernels, of_key),
        "runs": runs,
        "runs_left_out": len(timed) - len(shown),
        "bindings": [
            [threads[s.thread], s.name, s.start - start, s.end - s.start] for s in bindings if s.thread in threads
        ],
        "requests": _requests(events, start, end)[:MOST_RUNS],
        "most_bytes": max((size for _, size in memory), default=0),
        "memory": _thinned(memory, start, end),
        "queue": _thinned(queue, start, end),
        "sources": _sources(kernels, source),
    }


def _requests(events: EventTrace, start: int, end: int) -> list[list[Any]]:
    """Requests by their beginning: what they are called, beginning and duration, and what became of them."""
    over = [(*request[:4], "failed" if request[4] else "") for request in events.requests]
    going_on = [(number, function, begun, end, "unfinished") for number, function, begun in events.unfinished()]
    return [
        [f"@{events.functions[function]} #{number}", begun - start, max(until - begun, 0), outcome]
        for number, function, begun, until, outcome in sorted([*over, *going_on], key=lambda request: request[2])
    ]


def _own_times(runs: Sequence[Run], bindings: Sequence[Span]) -> list[_Timed]:
    """Runs with their own times; those of a thread, and bindings, are within one another."""
    pieces: list[Run | Span] = sorted([*runs, *bindings], key=lambda piece: (piece.start, -piece.end))
    within = [0] * len(pieces)
    open_pieces: dict[int, list[int]] = defaultdict(list)
    for index, piece in enumerate(pieces):
        around = open_pieces[piece.thread]
        while around and pieces[around[-1]].end <= piece.start:
            around.pop()
        if around:
            within[around[-1]] += piece.end - piece.start
        around.append(index)
    return [
        _Timed(piece, piece.end - piece.start - inner)
        for piece, inner in zip(pieces, within, strict=True)
        if isinstance(piece, Run)
    ]


def _key(place: Place) -> _Key:
    return place.function.index, place.number


def _kernels(events: EventTrace, timed: Sequence[_Timed]) -> tuple[list[dict[str, Any]], dict[_Key, int]]:
    """Kernels that have run, what takes longest first, and which is which."""
    found: dict[_Key, list[_Timed]] = defaultdict(list)
    for entry in timed:
        found[_key(events.places[entry.run.place])].append(entry)
    order = sorted(found, key=lambda key: (-sum(t.own for t in found[key]), key))
    shapes = {(number, call): given for thread in events.threads for number, call, given in reversed(thread.shapes)}
    ops_of = cache(lambda index: _ops(next(p for p in events.places if p.function.index == index)))
    kernels = [_kernel(events, found[key], ops_of(key[0]).get(key[1], []), shapes) for key in order]
    return kernels, {key: at for at, key in enumerate(order)}


def _ops(place: Place) -> dict[int, list[str]]:
    """The ops that a function's kernels run for arrays, by the kernels' numbers."""
    numbers = {id(kernel): number for number, kernel in enumerate(place.function.kernels)}
    found: dict[int, list[str]] = defaultdict(list)
    for kernel, op in array_ops(place.bef, place.function):
        found[numbers[id(kernel)]].append(op)
    return found


def _kernel(
    events: EventTrace, timed: Sequence[_Timed], ops: list[str], shapes: dict[tuple[int, int], Any]
) -> dict[str, Any]:
    first = timed[0].run
    place = events.places[first.place]
    at = position(place.location)
    own = sum(t.own for t in timed)
    types = (*place.operand_types, *place.result_types)
    given = shapes.get((first.place, first.call), ())
    moved = bytes_moved(types, given)
    known = [shape_of(type, seen) for type, seen in zip_longest(types, given[: len(types)])]
    operands, results = known[: len(place.operand_types)], known[len(place.operand_types) :]
    arrays = [shape for shape in operands if shape is not None]
    work = operations(ops, arrays, results[0]) if results and results[0] is not None else None
    # Nanoseconds: a byte in one is a gigabyte in a second.
    rate = len(timed) / own if own else 0
    return {
        "name": place.kernel,
        "ops": ops,
        "place": str(place.location),
        "file": None if at is None else at.filename,
        "line": None if at is None else at.line,
        "function": place.function.index,
        "number": place.number,
        "stream": place.record.stream,
        "operands": ", ".join(place.operand_types),
        "results": ", ".join(place.result_types),
        "shapes": ["x".join(map(str, shape)) for shape in given[: len(place.operand_types)] if shape],
        "own": own,
        "total": sum(t.run.end - t.run.start for t in timed),
        "median": round(median(t.run.end - t.run.start for t in timed)),
        "runs": len(timed),
        "failed": sum(t.run.failed for t in timed),
        "queued": sum(t.run.queued or 0 for t in timed),
        "bytes": moved,
        "gb_per_s": None if moved is None else round(moved * rate, 3),
        "gflop_per_s": None if work is None else round(work * rate, 3),
    }


def _functions(events: EventTrace, kernels: Sequence[dict[str, Any]], of_key: dict[_Key, int]) -> list[dict[str, Any]]:
    """The functions that have run, what takes longest first, each with all its kernels and who reads what of whom."""
    records = {place.function.index: place.function for place in events.places}
    found = []
    for index, record in records.items():
        numbered = list(enumerate(record.kernels))[1:]
        nodes = [[kernel.name, kernel.stream, of_key.get((index, number))] for number, kernel in numbered]
        ran = [kernels[of_key[index, number]] for number, _ in numbered if (index, number) in of_key]
        edges = {(maker, user) for maker, _, user in uses(record) if maker}
        if ran:
            found.append(
                {
                    "index": index,
                    "name": f"@{record.name}" if record.name else f"region {index}",
                    "own": sum(kernel["own"] for kernel in ran),
                    "runs": max(kernel["runs"] for kernel in ran),
                    "nodes": nodes,
                    "edges": sorted(edges),
                }
            )
    return sorted(found, key=lambda function: -function["own"])


def _sources(kernels: Sequence[dict[str, Any]], source: SourceLookup) -> list[dict[str, Any]]:
    """The source files at hand, with the time of each line."""
    times: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for kernel in kernels:
        if kernel["file"] is not None:
            times[kernel["file"]][kernel["line"]] += kernel["own"]
    texts = {name: source(name) for name in sorted(times, key=lambda name: -sum(times[name].values()))}
    return [
        {"name": name, "lines": text.splitlines(), "times": dict(times[name])}
        for name, text in texts.items()
        if text is not None
    ]


def _thinned(curve: Curve, start: int, end: int) -> list[list[int]]:
    """A curve with times from `start`, and few enough points: the highest of each stretch, and the last."""
    stretch = max(1, (end - start) // MOST_POINTS)
    kept: dict[int, list[int]] = {}
    last: dict[int, list[int]] = {}
    for moment, value in curve:
        number, point = (moment - start) // stretch, [moment - start, value]
        if number not in kept or value > kept[number][1]:
            kept[number] = point
        last[number] = point
    points = {tuple(point) for points in (kept, last) for point in points.values()}
    return [list(point) for point in sorted(points)]
