"""Files of Chrome's trace events, as tests read them."""

from __future__ import annotations

import json
from typing import Any

Event = dict[str, Any]


def nanoseconds(microseconds: float) -> int:
    """A time of a file."""
    return round(microseconds * 1000)


def slices(events: list[Event], category: str) -> list[Event]:
    """What threads have done, of one category, in the file's order."""
    return [event for event in events if event["ph"] == "X" and event["cat"] == category]


def named(events: list[Event], name: str) -> Event:
    """The one slice of that name."""
    (found,) = [event for event in events if event["ph"] == "X" and event["name"] == name]
    return found


def ends(event: Event) -> int:
    return nanoseconds(event["ts"]) + nanoseconds(event["dur"])


def flows(events: list[Event]) -> list[tuple[str, str]]:
    """Arrows, as the names of the slices that they are from and to."""
    found: dict[int, list[str]] = {}
    for event in events:
        if event["ph"] in "sf":
            found.setdefault(event["id"], []).append(_around(events, event)["name"])
    return [(source, target) for source, target in found.values()]


def _around(events: list[Event], flow: Event) -> Event:
    """The innermost slice of the thread at that time."""
    at = nanoseconds(flow["ts"])
    around = [
        e
        for e in events
        if e["ph"] == "X" and e["tid"] == flow["tid"] and nanoseconds(e["ts"]) <= at < max(ends(e), at + 1)
    ]
    return max(around, key=lambda e: (nanoseconds(e["ts"]), -ends(e)))


def valid_events(text: str) -> list[Event]:
    """The events of a file, which must be as the format wants them."""
    events: list[Event] = json.loads(text)["traceEvents"]
    open_slices: dict[int, list[int]] = {}
    own_tracks: dict[tuple[str, int], int] = {}
    time = 0
    for event in events:
        if event["ph"] == "M":
            assert event["args"]["name"]
            continue
        now = nanoseconds(event["ts"])
        assert now >= time, "they are in order of time"
        time = now
        if event["ph"] == "X":
            around = open_slices.setdefault(event["tid"], [])
            while around and around[-1] <= now:
                around.pop()
            assert not around or ends(event) <= around[-1], "slices of a thread are within one another"
            around.append(ends(event))
        elif event["ph"] == "b":
            own_tracks[event["cat"], event["id"]] = own_tracks.get((event["cat"], event["id"]), 0) + 1
        elif event["ph"] == "e":
            own_tracks[event["cat"], event["id"]] -= 1
        elif event["ph"] == "C":
            assert all(value >= 0 for value in event["args"].values())
        else:
            assert event["ph"] in "sf"
    assert not any(own_tracks.values()), "what begins ends"
    threads = {event["tid"] for event in events if event["ph"] == "X"}
    assert threads == {e["tid"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"} & threads
    return events
