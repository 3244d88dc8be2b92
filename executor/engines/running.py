"""What is running at this moment: kernels on the stacks of threads, and kernels whose results are waited for.

Nobody keeps a list of that, which would cost every kernel. The engines' frames on Python's stacks say which kernel each
thread is in, and the garbage collector knows who goes on once a pending result is there.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

from tfrt.executor.engines.binding import run_and_resolve
from tfrt.executor.engines.frame import Frame, Resume
from tfrt.executor.engines.graph import Graph
from tfrt.executor.engines.plans import native
from tfrt.executor.engines.plans.planned import Planned
from tfrt.executor.engines.plans.scope import Site
from tfrt.executor.engines.plans.table import START, run_table
from tfrt.executor.engines.program import loaded
from tfrt.executor.engines.sync_interpreter import now, run_kernel
from tfrt.executor.runtime.failures import Promised
from tfrt.executor.support.location import Location
from tfrt.executor.values.async_value import AsyncValue


@dataclass(frozen=True, slots=True)
class Running:
    """Something that is under way.

    Attributes:
        what: the kernel and its function: ``my.kernel in @main``.
        is_waited_for: whether no thread is known to be at it: its results are pending.
    """

    location: Location
    what: str
    is_waited_for: bool = False

    def __str__(self) -> str:
        return f"{self.location}: {'waiting for' if self.is_waited_for else 'running'} {self.what}"


@dataclass(frozen=True, slots=True)
class _Kernel:
    """A kernel that is under way.

    Attributes:
        number: 0 where all that is known is the function, as ``what``.
        key: what tells it from other runs of the same kernel.
    """

    graph: Graph
    number: int
    key: Any
    is_waited_for: bool = False
    what: str = ""

    @property
    def is_call(self) -> bool:
        """Whether it calls functions, whose kernels are under way themselves."""
        return bool(self.number and self.graph.nodes[self.number].bound.functions)

    @property
    def shown(self) -> Running:
        name = self.graph.record.name
        if not self.number:
            location = self.graph.bef.location(self.graph.record.location)
            return Running(location, f"{self.what}@{name}", self.is_waited_for)
        where = f"in @{name}" if name else "in a region"
        kernel = self.graph.nodes[self.number].bound.name
        return Running(self.graph.location(self.number), f"{kernel} {where}", self.is_waited_for)


def stacks(current: FrameType | None = None) -> dict[int, FrameType]:
    """The innermost frame of each thread, by the thread's identifier.

    Args:
        current: the one to begin with on this thread, as signals' handlers get it.
    """
    is_enabled = gc.isenabled()
    # In Python 3.11 it holds a lock that finalizers may need.
    gc.disable()
    try:
        found = sys._current_frames()
    finally:
        if is_enabled:
            gc.enable()
    if current is not None:
        found[threading.get_ident()] = current
    return found


def running(threads: Mapping[int, FrameType]) -> list[Running]:
    """What is under way, given the innermost frame of each thread.

    Kernels that merely call the others are left out.
    """
    on_threads = [found for frame in threads.values() for found in _innermost(frame)]
    known = {found.key for found in on_threads}
    every = [*on_threads, *(found for found in _pending() if found.key not in known)]
    innermost = [found for found in every if not found.is_call] or every
    return list(dict.fromkeys(found.shown for found in innermost))


def _innermost(frame: FrameType | None) -> list[_Kernel]:
    """The kernel that a thread is in; several where it works for several at once."""
    is_waiting = is_native = False
    while frame is not None:
        code = frame.f_code
        if code is now.__code__:
            is_waiting = True
        elif code.co_name == "run" and frame.f_globals is vars(native):
            is_native = True
        elif (found := _kernels_of(frame, is_waiting=is_waiting, is_native=is_native)) is not None:
            return found
        frame = frame.f_back
    return []


def _kernels_of(frame: FrameType, *, is_waiting: bool, is_native: bool) -> list[_Kernel] | None:
    """The kernels that a frame on a stack is about; None where it is about none.

    Args:
        is_waiting: whether a synchronous call waits for the kernel's results.
        is_native: whether machine code of a whole function stands on top of it.
    """
    code = frame.f_code
    if code in (Frame.run.__code__, Frame.run_tasks.__code__):
        node = frame.f_locals.get("node")
        return None if node is None else [_of_frame(frame.f_locals["self"], node.number)]
    if code is run_kernel.__code__:
        variables = frame.f_locals
        return [_Kernel(variables["graph"], variables["node"].number, id(frame), is_waiting)]
    if code in (Planned.enter.__code__, Planned.call_counted.__code__):
        return [_Kernel(frame.f_locals["self"].graph, 0, id(frame), what="machine code of " if is_native else "")]
    if code is run_and_resolve.__code__:
        return _resolving(frame.f_locals["pending"])
    if code is Promised.__call__.__code__:
        return _resolving(frame.f_locals["self"].promises) or None
    if is_native:
        return None
    if code is run_table.__code__:
        table, step = frame.f_locals["table"], frame.f_locals.get("step", START)
        number = table.kernel_at(step)
        return [_Kernel(table.graph, number, id(frame))] if number else None
    site = _site(frame)
    return None if site is None else [_Kernel(site[0].graph, site[1], id(frame))]


def _of_frame(frame: Frame, number: int, *, is_waited_for: bool = False) -> _Kernel:
    return _Kernel(frame.graph, number, (id(frame), number), is_waited_for)


def _site(frame: FrameType) -> Site | None:
    """What a line of a generated plan does."""
    filename = frame.f_code.co_filename
    if not filename.startswith("plan of "):
        return None
    for program in loaded:
        for generated in () if program.plans is None else list(program.plans.generated):
            function = generated.function
            if function.__code__.co_filename == filename and function.__globals__ is frame.f_globals:
                before = generated.sites[: (frame.f_lineno or 0) + 1]
                return next((site for site in reversed(before) if site is not None and site[1]), None)
    return None


def _resolving(promises: Iterable[AsyncValue]) -> list[_Kernel]:
    """The kernels whose results these promises are."""
    found = []
    for waiter in (waiter for promise in promises for waiter in list(promise._waiters)):
        if isinstance(waiter, Resume):
            found.append(_of_frame(waiter.frame, waiter.kernel))
        elif isinstance(waiter, partial) and getattr(waiter.func, "__func__", None) is Frame.report:
            # It has no results.
            frame: Frame = waiter.func.__self__  # type: ignore[attr-defined]
            found.append(_of_frame(frame, waiter.args[0]))
    return found


def _pending() -> Iterator[_Kernel]:
    """The kernels that have returned, and whose results are not there, though somebody may want them."""
    for found in gc.get_objects():
        if isinstance(found, Frame) and found.context.task_cancellation is None:
            for number in found.waits_for():
                yield _of_frame(found, number, is_waited_for=True)
