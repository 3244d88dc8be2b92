"""Frames of calls that are recorded; see `traces.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tfrt.executor.engines.frame import Frame
from tfrt.executor.engines.graph import Graph, Node
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.observer import Recorder


def frame_maker(events: Recorder) -> Callable[[Graph, ExecutionContext], Frame]:
    """What makes frames of calls that are recorded."""
    return partial(_TracedFrame, events)


class _TracedFrame(Frame):
    """A frame whose kernels are known to be of its call, wherever they run."""

    __slots__ = ("_call", "_local")

    def __init__(self, events: Recorder, graph: Graph, context: ExecutionContext):
        super().__init__(graph, context)
        self._local = events.local
        self._call = events.local.thread.call

    def run(self, stream: int, ready: list[int], foreign: list[int]) -> None:
        thread = self._local.thread
        before, thread.call = thread.call, self._call
        try:
            super().run(stream, ready, foreign)
        finally:
            thread.call = before

    def run_tasks(self, nodes: list[Node], stream: int, end: float) -> None:
        thread = self._local.thread
        before, thread.call = thread.call, self._call
        try:
            super().run_tasks(nodes, stream, end)
        finally:
            thread.call = before
