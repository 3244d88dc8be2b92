"""What happens on a host and when, for traces (`tfrt.trace`): requests, functions, kernels, tasks of the work queue.

Events are kept as numbers, in lists of the thread they are of, so that to record one takes a fraction of a microsecond
and leaves the garbage collector nothing to look at; what they mean is worked out afterwards (`tfrt.executor.engines.
trace_file`). All times are nanoseconds on one clock.

**Calls.** Each call of a function has a number, from 1; what a thread does is part of the call whose number it has
(`ThreadEvents.call`), and 0 is whatever nobody has called. A task goes on with the number of who has added it. A kernel
runs once in a call, so call and place say which run of a kernel an event is about, and who produced what it has taken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from tfrt.executor.declarations.kernel_profile import KernelProfile
from tfrt.executor.runtime.observer import Call, Place, RunFunction, RunWhenReady, WatchedTask
from tfrt.executor.runtime.profile import Places
from tfrt.executor.runtime.work_queue import Task
from tfrt.executor.support.errors import UsageError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.memory import owner

LEVELS = ("functions", "kernels", "values")
"""What is recorded: requests and calls of functions; kernels, tasks and memory, too; and what kernels take and give."""

_SHOWN = 8
"""Elements of an array that are shown at the level ``values``."""


class ThreadEvents:
    """What one thread has done.

    Attributes:
        call: the number of the call that the thread is running a part of.
        kernels: four numbers a run of a kernel: its place (or ``~place`` where it has failed), call, start and end.
        functions: function, call, the call that it is part of, request, start and end, of each call that has returned.
        tasks: call, when it was added and by which thread, when it was begun and when it ended.
        shapes: place, call, and the shapes of a run's operands and results; None for what has none.
        memory: place, call, and which result it is that is in which memory, of how many bytes.
        values: place, call, and what a run has taken and given, as text.
    """

    __slots__ = ("add", "call", "functions", "kernels", "memory", "name", "number", "shapes", "tasks", "values")

    def __init__(self) -> None:
        self.number = threading.get_native_id()
        self.name = threading.current_thread().name
        self.call = 0
        self.kernels: list[int] = []
        self.add = self.kernels.extend
        self.functions: list[tuple[int, int, int, int, int, int]] = []
        self.tasks: list[tuple[int, int, int, int, int]] = []
        self.shapes: list[tuple[int, int, tuple[tuple[int, ...] | None, ...]]] = []
        self.memory: list[tuple[int, int, int, int, int]] = []
        self.values: list[tuple[int, int, str, str]] = []


class _Local(threading.local):
    """The events of the current thread; known to `EventTrace` as soon as there are any."""

    def __init__(self, everyone: list[ThreadEvents]):
        self.thread = ThreadEvents()
        everyone.append(self.thread)


class EventTrace:
    """Records events of the hosts that it is given to; see `tfrt.trace`, which does that, and the module docstring.

    Args:
        level: see `LEVELS`.
        clock: nanoseconds since some moment.

    Attributes:
        threads: the threads that have done something.
        places: kernels at their places; their numbers are indices.
        functions: the names of functions; their numbers are indices.
        requests: number, function, start, end and whether it failed, of each call from outside. Calls in one
            `ExecutionContext` have one number; those within another one are part of that.
        pending: place, call, start, when the kernel's last result was there, and whether one is an error; of kernels
            that have returned before that.

    Raises:
        UsageError: there is no such level.
    """

    def __init__(self, level: str = "kernels", clock: Callable[[], int] = time.perf_counter_ns):
        if level not in LEVELS:
            raise UsageError(f"there is no level '{level}' of traces: they are {', '.join(LEVELS)}")
        self.level = level
        self.start = clock()
        self.threads: list[ThreadEvents] = []
        self.local = _Local(self.threads)
        self.places: list[Place] = []
        self.functions: list[str] = []
        self.requests: list[tuple[int, int, int, int, bool]] = []
        self.pending: list[tuple[int, int, int, int, bool]] = []
        self._clock = clock
        self._open: dict[int, tuple[int, int]] = {}
        self._open_kernels: dict[tuple[int, int], int] = {}
        self._calls = count(1)
        self._request_numbers = count(1)

    @property
    def has_kernels(self) -> bool:
        """Whether kernels and tasks are recorded; then nothing runs from plans."""
        return self.level != "functions"

    def watched(self, call: Call, place: Place, run_when_ready: RunWhenReady) -> Call:
        """`call`, a kernel at one place, recorded; see `tfrt.executor.runtime.observer.Observer`."""
        number = len(self.places)
        self.places.append(place)
        local, clock = self.local, self._clock

        def run(*operands: Any) -> Any:
            thread = local.thread
            start = clock()
            try:
                value = call(*operands)
            except BaseException:
                thread.add((~number, thread.call, start, clock()))
                raise
            thread.add((number, thread.call, start, clock()))
            return value

        if self.level == "kernels" and place.is_plain and not place.has_arrays:
            return run

        def run_and_look(*operands: Any, **keywords: Any) -> Any:
            thread = local.thread
            part_of = thread.call
            shown = _show_all(operands) if self.level == "values" else ""
            start = clock()
            try:
                value = call(*operands, **keywords)
            except BaseException:
                thread.add((~number, part_of, start, clock()))
                raise
            thread.add((number, part_of, start, clock()))
            results = value if isinstance(value, tuple | list) else (value,)
            pending = [r for r in results if type(r) is AsyncValue]
            if pending:
                opened = self._open_kernels
                opened[number, part_of] = start

                def finish() -> None:
                    failed = any(result.is_error for result in pending)
                    opened.pop((number, part_of), None)
                    self.pending.append((number, part_of, start, clock(), failed))

                run_when_ready(pending, finish)
            if place.has_arrays:
                look(thread, part_of, operands, results)
            if self.level == "values":
                thread.values.append((number, part_of, shown, _show_all(results)))
            return value

        def look(thread: ThreadEvents, part_of: int, operands: Sequence[Any], results: Sequence[Any]) -> None:
            shapes = tuple([getattr(value, "shape", None) for value in (*operands, *results)])
            if any(shape is not None for shape in shapes):
                thread.shapes.append((number, part_of, shapes))
            for at, result in enumerate(results):
                buffer = owner(result)
                if buffer is not None:
                    thread.memory.append((number, part_of, at, id(buffer), buffer.nbytes))

        return run_and_look

    def watched_function(self, run: RunFunction, name: str) -> RunFunction:
        """`run`, which runs calls of a function, given their `ExecutionContext` and arguments, recorded."""
        function = len(self.functions)
        self.functions.append(name)
        local, clock, calls, opened = self.local, self._clock, self._calls, self._open

        def traced(context: Any, arguments: Sequence[Any]) -> list[Any]:
            thread = local.thread
            within, number = thread.call, next(calls)
            whole = context.whole
            request = getattr(whole, "request", 0)
            if not request:
                request = whole.request = next(self._request_numbers)
            is_outermost = request not in opened
            thread.call = number
            start = clock()
            if is_outermost:
                opened[request] = (function, start)
            results = None
            try:
                results = run(context, arguments)
            finally:
                thread.call = within
                end = clock()
                thread.functions.append((function, number, within, request, start, end))
                if is_outermost:
                    later = [] if results is None else [r for r in results if type(r) is AsyncValue]
                    if later:
                        self._finish_later(context, later, (request, function, start))
                    else:
                        # The common case, kept free of calls.
                        opened.pop(request, None)
                        self.requests.append((request, function, start, end, results is None))
            return results

        return traced

    def watched_queue(self, add_task: Callable[[Task], None]) -> Callable[[Task], None]:
        """`add_task` of a work queue, with the tasks recorded."""
        local, clock = self.local, self._clock

        def add(task: Task) -> None:
            thread = local.thread
            add_task(_RecordedTask(task, self, thread.call, thread.number, clock()))

        return add

    def unfinished(self) -> list[tuple[int, int, int]]:
        """Number, function and start of each request whose results are not there."""
        return [(number, function, start) for number, (function, start) in list(self._open.items())]

    def unresolved(self) -> list[tuple[int, int, int]]:
        """Place, call and start of each kernel that has returned, and whose results are not there."""
        return [(number, call, start) for (number, call), start in list(self._open_kernels.items())]

    def now(self) -> int:
        """The time."""
        return self._clock()

    def kernels(self) -> list[KernelProfile]:
        """How long kernels have taken, as `tfrt.executor.runtime.profile.Profile` counts it."""
        places = Places()
        runs = [places.at(place) for place in self.places]
        is_later = {(number, call) for number, call, _ in self.unresolved()}
        for number, call, start, end, failed in self.pending:
            is_later.add((number, call))
            if not failed:
                runs[number].add(end - start)
        for thread in self.threads:
            events = iter(thread.kernels)
            for number, call, start, end in zip(events, events, events, events, strict=True):
                if number >= 0 and (number, call) not in is_later:
                    runs[number].add(end - start)
        return places.kernels()

    def _finish_later(self, context: Any, later: Sequence[AsyncValue], request: tuple[int, int, int]) -> None:
        """Record a request once these results are there."""
        number, function, start = request

        def finish() -> None:
            failed = any(result.is_error for result in later)
            self._open.pop(number, None)
            self.requests.append((number, function, start, self._clock(), failed))

        context.host.run_when_ready(later, finish)


class _RecordedTask(WatchedTask):
    """A task, which is part of the call that has added it."""

    __slots__ = ("_added", "_by", "_call", "_trace")

    def __init__(self, task: Task, trace: EventTrace, call: int, by: int, added: int):
        super().__init__(task)
        self._trace = trace
        self._call = call
        self._by = by
        self._added = added

    def __call__(self) -> None:
        thread, clock = self._trace.local.thread, self._trace.now
        before, thread.call = thread.call, self._call
        start = clock()
        try:
            self.task()
        finally:
            thread.call = before
            thread.tasks.append((self._call, self._added, self._by, start, clock()))


def _show_all(values: Sequence[Any]) -> str:
    return ", ".join(map(_show, values))


def _show(value: Any) -> str:
    if type(value) is AsyncValue:
        if value.is_pending:
            return "pending"
        if value.is_error:
            return f"error: {value.error}"
        value = value.value
    array = getattr(value, "array", value)
    shape = getattr(array, "shape", None)
    if not shape or not hasattr(array, "flat"):
        return str(value)[:100]
    first = ", ".join(str(element) for element in array.flat[:_SHOWN])
    return f"{'x'.join(map(str, shape))}x{array.dtype}=[{first}{', …' if array.size > _SHOWN else ''}]"
