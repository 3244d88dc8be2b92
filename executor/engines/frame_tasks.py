"""What a call in the dataflow executor leaves in the work queue: tasks that run its ready kernels.

A task that fails ends its call, and so does one that the queue abandons.
"""

from __future__ import annotations

from math import inf
from time import perf_counter
from typing import Protocol

from tfrt.executor.engines.graph import Node
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.priorities import NORMAL, Priority

TURN = 1e-4
"""Seconds that kernels which are tasks are run for without a look at other tasks, where there are no threads."""


class RunsKernels(Protocol):
    """A call, as its tasks see it; see `tfrt.executor.engines.frame.Frame`."""

    context: ExecutionContext
    is_order_free: bool
    shared: list[int] | None
    helps: list[None]

    def run(self, stream: int, ready: list[int], foreign: list[int]) -> None:
        """Run ready kernels, those of `stream` first."""

    def run_tasks(self, nodes: list[Node], stream: int, end: float) -> None:
        """Run kernels that are tasks until none is left, or `end`."""

    def end_elsewhere(self, error: BaseException) -> None:
        """End the call by an error, on a stack that the caller is not on."""


class Continue:
    """Runs ready kernels of one stream."""

    __slots__ = ("frame", "ready", "stream")

    def __init__(self, frame: RunsKernels, stream: int, ready: list[int]):
        self.frame = frame
        self.stream = stream
        self.ready = ready

    def __call__(self) -> None:
        try:
            self.frame.run(self.stream, self.ready, [])
        except BaseException as error:
            self.frame.end_elsewhere(error)

    @property
    def priority(self) -> Priority:
        """See `tfrt.executor.runtime.priorities`."""
        return self.frame.context.priority

    def abandon(self, error: BaseException) -> None:
        """See `tfrt.executor.runtime.failures.Promised`."""
        self.frame.end_elsewhere(error)


class Help:
    """Runs shared kernels until none is left."""

    __slots__ = ("frame",)

    def __init__(self, frame: RunsKernels):
        self.frame = frame

    def __call__(self) -> None:
        frame = self.frame
        shared, helps = frame.shared, frame.helps
        try:
            while shared:
                frame.run(0, [], [])
                helps.append(None)
                # Some may have come while the token was not there.
                if not shared:
                    return
                try:
                    helps.pop()
                except IndexError:
                    return
        except BaseException as error:
            frame.end_elsewhere(error)
            return
        helps.append(None)

    @property
    def priority(self) -> Priority:
        """See `tfrt.executor.runtime.priorities`."""
        return self.frame.context.priority

    def abandon(self, error: BaseException) -> None:
        """See `tfrt.executor.runtime.failures.Promised`."""
        self.frame.end_elsewhere(error)


class Batch:
    """Runs ready kernels that are tasks, the first one last.

    Where there are threads, or nobody can tell in which order kernels run, it is shared: it stays in the work queue as
    long as kernels are left, and who takes it from there runs kernels until none is. So enqueueing and finding tasks
    costs something once a batch. Where there are no threads, which others may be waiting for, kernels are run for
    `TURN` only. Else each call runs one kernel, so that these and other tasks run in the order in which they became
    ready.
    """

    __slots__ = ("frame", "has_threads", "is_shared", "nodes", "stream")

    def __init__(self, frame: RunsKernels, nodes: list[Node], stream: int):
        self.frame: RunsKernels | None = frame
        self.nodes = nodes
        self.stream = stream
        self.has_threads = frame.context.host.work_queue.has_threads
        self.is_shared = self.has_threads or frame.is_order_free

    def __call__(self) -> None:
        nodes, frame, stream = self.nodes, self.frame, self.stream
        if frame is None:
            return
        try:
            if not self.is_shared:
                frame.run_tasks([nodes.pop()], stream, inf)
                return
            end = inf if self.has_threads else perf_counter() + TURN
            if len(nodes) > 1:
                host = frame.context.host
                host.enqueue(self)
                if host.priorities is not None:
                    # What is more urgent has its turn.
                    end = perf_counter() + TURN
            frame.run_tasks(nodes, stream, end)
            if not nodes and not self.has_threads:
                # It may be in the work queue once more, until somebody waits again.
                self.frame = None
        except BaseException as error:
            frame.end_elsewhere(error)

    @property
    def priority(self) -> Priority:
        """See `tfrt.executor.runtime.priorities`."""
        return NORMAL if self.frame is None else self.frame.context.priority

    def abandon(self, error: BaseException) -> None:
        """See `tfrt.executor.runtime.failures.Promised`."""
        if self.frame is not None:
            self.frame.end_elsewhere(error)
