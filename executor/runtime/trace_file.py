"""A recorded trace as a file of Chrome's trace events; what is in it is said in ``docs/operating.md``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator

from tfrt.executor.runtime.event_analysis import Analysis, Run
from tfrt.executor.runtime.events import EventTrace
from tfrt.executor.runtime.observer import Place
from tfrt.executor.support.chrome_trace import ChromeTrace, label, members
from tfrt.executor.support.spans import Span


def trace_file(events: EventTrace, spans: Iterable[Span] = ()) -> Iterator[str]:
    """The file's text, in pieces.

    Args:
        spans: what else has been done meanwhile: passes of the compiler.
    """
    chrome = ChromeTrace(os.getpid(), "tfrt", events.start)
    chrome.spans(spans)
    analysis = Analysis(events)
    _add_functions(chrome, events)
    _add_kernels(chrome, events, analysis)
    for number, function, start, end, failed in events.requests:
        name = f"@{events.functions[function]} #{number}"
        chrome.on_own_track(number, start, end, label(name, "request"), '"failed":true' if failed else "")
    for number, function, start in events.unfinished():
        what = label(f"@{events.functions[function]} #{number}", "request")
        chrome.on_own_track(number, start, events.now(), what, '"unfinished":true')
    for number, (place, call, start, end, _) in enumerate(events.pending):
        what, details = label(events.places[place].kernel, "pending"), f'"call":{call}'
        chrome.on_own_track(number, start, end, what, details)
    for number, (place, call, start) in enumerate(events.unresolved(), len(events.pending)):
        what, details = label(events.places[place].kernel, "pending"), f'"call":{call},"unfinished":true'
        chrome.on_own_track(number, start, events.now(), what, details)
    chrome.counter("queue length", "tasks", analysis.queue_length())
    chrome.counter("live bytes", "bytes", analysis.live_bytes())
    # Last, for threads whose calls go on may have come meanwhile.
    for thread in events.threads:
        chrome.name_thread(thread.number, thread.name)
    yield from chrome.text()


def _add_functions(chrome: ChromeTrace, events: EventTrace) -> None:
    labels = [label(name if " " in name else f"@{name}", "function") for name in events.functions]
    task = label("task", "task")
    for thread in events.threads:
        for function, call, _, request, start, end in thread.functions:
            details = f'"call":{call},"request":{request}'
            chrome.slice(thread.number, start, end, labels[function], details)
        for call, added, by, start, end in thread.tasks:
            details = f'"call":{call},"added_by_thread":{by},"queue_delay_us":{(start - added) / 1000}'
            chrome.slice(thread.number, start, end, task, details)


def _add_kernels(chrome: ChromeTrace, events: EventTrace, analysis: Analysis) -> None:
    labels = [label(place.kernel, "kernel") for place in events.places]
    details = [_details(place) for place in events.places]
    more: dict[tuple[int, int], str] = {}
    for thread in events.threads:
        for number, call, shapes in thread.shapes:
            count = len(events.places[number].record.arguments)
            more[number, call] = f',"shapes":{json.dumps([_spelled(shape) for shape in shapes[:count]])}'
        for number, call, operands, results in thread.values:
            text = members({"values": operands, "result_values": results})
            more[number, call] = f"{more.get((number, call), '')},{text}"
    for number, call, *_ in (*events.pending, *events.unresolved()):
        more[number, call] = f'{more.get((number, call), "")},"pending":true'
    for run in analysis.runs:
        queued = "" if run.queued is None else f',"queue_delay_us":{run.queued / 1000}'
        failed = ',"failed":true' if run.failed else ""
        text = f'{details[run.place]},"call":{run.call}{queued}{failed}{more.get((run.place, run.call), "")}'
        chrome.slice(run.thread, run.start, run.end, labels[run.place], text)
    what = label("value", "flow")
    for number, (source, target) in enumerate(analysis.flows(), 1):
        chrome.flow(number, _slice(source), _slice(target), what)


def _slice(run: Run) -> tuple[int, int, int]:
    return run.thread, run.start, run.end


def _details(place: Place) -> str:
    return members(
        {
            "function": place.function.name or f"region {place.function.index}",
            "location": str(place.location),
            "stream": place.record.stream,
            "operands": ", ".join(place.operand_types),
            "results": ", ".join(place.result_types),
        }
    )


def _spelled(shape: tuple[int, ...] | None) -> str | None:
    return None if shape is None else "x".join(map(str, shape)) or "scalar"
