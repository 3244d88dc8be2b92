"""What programs run on: a `HostContext` for the machine's share.

It owns the work queue, the kernels, the place where kernels print, and the handler of diagnostics.
"""

from __future__ import annotations

import gc
import os
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from tfrt.executor.declarations.annotations import Supplied
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.runtime.admission import Admission
from tfrt.executor.runtime.closing import Closers
from tfrt.executor.runtime.deadlines import call_after, check_timeout
from tfrt.executor.runtime.failures import Promised, ends_call, report_uncaught
from tfrt.executor.runtime.memory import MemoryLimit
from tfrt.executor.runtime.observer import Observer, Recorder, tracing
from tfrt.executor.runtime.parallel import run_blocks
from tfrt.executor.runtime.priorities import Priorities
from tfrt.executor.runtime.queues import create_work_queue
from tfrt.executor.runtime.ready import run_when_ready
from tfrt.executor.runtime.work_queue import Task, WorkQueue
from tfrt.executor.support import native_threads
from tfrt.executor.support.allocation import Allocator
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.files import Files
from tfrt.executor.support.living import Living
from tfrt.executor.support.once import get_or_make
from tfrt.executor.values.async_value import AsyncValue

if TYPE_CHECKING:
    from tfrt.executor.runtime.request_spans import RequestSpans
    from tfrt.executor.runtime.tracing import Trace

T = TypeVar("T")

PLAN_THRESHOLD = 2000
"""Runs after which a function is generated at the latest. To generate a scalar kernel takes as long as running it some
350 times from the table, so nobody loses more than a fifth of the time, however often the function runs afterwards. A
region that has run a quarter as often is generated along with it, at the same loss, since it has taken a quarter of the
time. A function whose kernels take longer is generated sooner, at the same loss: once it has run for long enough."""


hosts: Living[HostContext] = Living()
"""The hosts of this process."""


class Output(Protocol):
    """Where kernels print: anything with ``write(str)``."""

    def write(self, text: str, /) -> Any: ...


class _Program(Protocol):
    """What the host needs of a program that is loaded on it."""

    def run_anew(self) -> None:
        """Find out anew how functions run."""


class _Request(Protocol):
    """What the host needs of a request: see `tfrt.executor.runtime.execution_context.ExecutionContext`."""

    def cancel(self, *, abandon: bool = False) -> None:
        """Start no kernel of it any more; its results are not wanted if it is abandoned."""


class HostContext:
    """A host; close it, or use it as a context manager, to end its threads.

    Args:
        work_queue: a description, or a queue. ``s`` has no threads: tasks run first in, first out on the thread that
            waits. ``mstd:N,M`` has N threads that compute, by default one a processor, and up to M for tasks that
            block, by default 64. ``seeded:S`` is like ``s`` in a random order, drawn from seed S.
        registry: the kernels that programs may use; by default every registered one.
        plans: whether functions may run from plans (see `tfrt.executor.engines.plans`), which is faster and
            otherwise the same.
        plan_threshold: after how many runs a function is generated as Python: by default when that takes at most a
            fifth of the time that it has run for, and after `PLAN_THRESHOLD` at the latest.
        native: whether scalar functions, chains of elementwise ops, convolutions and pools become machine code, which
            needs Numba (``tfrt[native]``): by default those that take long, where it is installed; True means all as
            soon as they are generated.
        machine_code: files that `tfrt.record_machine_code` has written, of which machine code is taken, in the whole
            process: that needs no Numba. What is not in them is made as `native` says, which is True by default where
            a file is for this processor. What is in them is run as it is: they must be trusted.
        profile: collects how long kernels take. Then nothing runs from plans.
        trace: collects what runs when: ops, and kernels, too, if it says so. Then nothing runs from plans.
        opentelemetry: whether requests are spans of OpenTelemetry (``tfrt[opentelemetry]``), made by the application's
            tracer or by one that is given: within the span that is current at the call, until the results are there.
        allocator: counts the memory that kernels take from the host; see `tfrt.executor.support.allocation`.
        max_requests: how many requests may be under way at a time: one more fails at once with a
            `ResourceExhaustedError`. By default any number.
        max_queued_tasks: at how many tasks that wait in the work queue new requests fail likewise.
        memory_limit: how many bytes of arrays, tensors and buffers that kernels make may be alive at a time: a kernel
            that makes more fails with a `ResourceExhaustedError`. By default any number, and nothing is counted.
        out: where kernels print; by default ``sys.stdout`` at the time of printing.
        files: whether kernels may open files: all that the process may read, none (False), or those below a folder.
            What kernels of your own open by other means than `files` is theirs.
        diagnostic_handler: called with each diagnostic of a kernel that fails, at once, on the thread where it fails.
            By default they are dropped, since errors reach the caller with their location. What the handler raises
            goes to `sys.excepthook`; the program is not affected.

    Attributes:
        enqueue: runs a task, which must not block, on the work queue.
        outsiders: where the calling thread leaves a token while it runs kernels, if the work queue is to know of it.
        enqueue_blocking: runs a task, which may block, on the work queue's threads for such tasks.
        files: opens files for kernels, which get it by the annotation `tfrt.Files`.
        events: what records events, while there is a trace (`tfrt.trace`).
        request_spans: what makes OpenTelemetry's spans of requests, if anything does.
        admission: what admits requests, if not all are admitted.
        priorities: what orders tasks, once some request has had a priority (`tfrt.executor.runtime.priorities`).
        memory: what counts memory, if that is limited (`tfrt.executor.runtime.memory`).
        programs: those that are loaded on it.

    Raises:
        UsageError: no work queue has that description, kernels would be both profiled and traced, a limit is none,
            OpenTelemetry is not installed, or a file of machine code cannot be read, or is to be used where there is to
            be none.
    """

    supplied_as: ClassVar[Supplied] = Supplied.HOST

    def __init__(
        self,
        work_queue: str | WorkQueue = "s",
        *,
        registry: KernelRegistry | None = None,
        plans: bool = True,
        plan_threshold: int | None = None,
        native: bool | None = None,
        machine_code: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
        profile: Observer | None = None,
        trace: Trace | None = None,
        opentelemetry: Any = False,
        allocator: Allocator | None = None,
        max_requests: int | None = None,
        max_queued_tasks: int | None = None,
        memory_limit: int | None = None,
        out: Output | None = None,
        files: bool | str | os.PathLike[str] = True,
        diagnostic_handler: Callable[[Diagnostic], None] | None = None,
    ):
        if machine_code is not None:
            native = _use_machine_code(machine_code, native)
        self.work_queue = create_work_queue(work_queue) if isinstance(work_queue, str) else work_queue
        self.enqueue: Callable[[Task], None] = self.work_queue.add_task
        self.enqueue_blocking: Callable[[Task], None] = self.work_queue.add_blocking_task
        # Queues of somebody else's need not count who computes.
        self.outsiders: Callable[[], deque[None] | None] = getattr(self.work_queue, "outsiders_here", _nothing)
        self.registry = BUILTIN if registry is None else registry
        if trace is not None and trace.has_kernels:
            if profile is not None:
                raise UsageError("kernels are traced or profiled, not both: the trace would be in the times")
            profile = trace
        self.plans = plans and profile is None
        self.plan_threshold = plan_threshold
        self.native = native
        self.profile = profile
        self.trace = trace
        self.events: Recorder | None = None
        self.request_spans: RequestSpans | None = _request_spans(opentelemetry) if opentelemetry else None
        self.admission: Admission | None = None
        if max_requests is not None or max_queued_tasks is not None:
            self.admission = Admission(self.work_queue, max_requests, max_queued_tasks)
        self.priorities: Priorities | None = None
        self.memory = None if memory_limit is None else MemoryLimit(memory_limit)
        self.programs: Living[_Program] = Living()
        self.allocator = Allocator() if allocator is None else allocator
        self.diagnostic_handler = diagnostic_handler
        self._out = out
        self.files = Files(files)
        self._shared: dict[Any, Any] = {}
        self._closers: Closers | None = None
        if self.work_queue.has_threads:
            number = native_threads.enter(self)
            # Also where nobody closes the host.
            self._release_native_threads: Callable[[], Any] = weakref.finalize(self, native_threads.leave, number)
        else:
            self._release_native_threads = _nothing
        # Last: whoever finds it there, at any time and on any thread, finds all of it.
        hosts.add(self)
        if tracing.events is not None:
            self.watch(tracing.events)

    def __enter__(self) -> HostContext:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, timeout: float | None = None) -> None:
        """Finish what is waiting to run and end the devices' and the work queue's threads. May be called twice.

        Args:
            timeout: the seconds for which requests that are under way may go on. Then they are cancelled: kernels that
                have not started do not run, and results that are not there are `CancelledError`. Kernels that run are
                waited for. Requests that come meanwhile or later fail with an `UnavailableError`. Where the work queue
                has no threads, requests that other threads wait for are not waited for here, but cancelled likewise.
                By default everything is finished, however long that takes, and the host may be used on.

        Raises:
            BaseException: what the first device that failed to end has raised; the others have ended nevertheless.
            UsageError: `timeout` is no number of seconds.
        """
        if timeout is not None:
            check_timeout(timeout)
            self._refuse_requests()
            if timeout:
                call_after(self, timeout, HostContext.cancel_requests)
            else:
                self.cancel_requests()
        failure = None if self._closers is None else self._closers.call()
        try:
            self.work_queue.close()
        finally:
            self._release_native_threads()
        if failure is not None:
            raise failure

    def _refuse_requests(self) -> None:
        """Admit none but those that there are."""
        if self.admission is None:
            self.admission = Admission(self.work_queue)
        self.admission.close(self._requests())
        for program in list(self.programs):
            program.run_anew()

    def cancel_requests(self) -> None:
        """Cancel all requests that there are: kernels that have not started do not run. From any thread."""
        for request in self._requests():
            request.cancel(abandon=True)

    def _requests(self) -> list[_Request]:
        """Those that exist. Nobody keeps a list, which would cost every call; the garbage collector knows them."""
        return [
            found
            for found in gc.get_objects()
            # Parts of requests are of a class that inherits this.
            if type(found).__dict__.get("supplied_as") is Supplied.CONTEXT and getattr(found, "host", None) is self
        ]

    @property
    def observers(self) -> tuple[Observer, ...]:
        """Who watches kernels, the innermost first."""
        events = self.events if self.events is not None and self.events.has_kernels else None
        watching = (self.memory, events, self.profile)
        return tuple(observer for observer in watching if observer is not None)

    def watch(self, events: Recorder | None) -> None:
        """Record events from now on, or no more. Programs have to be told, too; see `tfrt.executor.engines.traces`."""
        self.events = events
        queue: WorkQueue | Priorities = self.work_queue if self.priorities is None else self.priorities
        add: Callable[[Task], None] = queue.add_task
        add_blocking: Callable[[Task], None] = queue.add_blocking_task
        if events is not None and events.has_kernels:
            add, add_blocking = events.watched_queue(add), events.watched_queue(add_blocking)
        self.enqueue, self.enqueue_blocking = add, add_blocking

    def prioritise(self) -> None:
        """Begin tasks by the priorities of their requests from now on. Those that wait already come as they would."""
        if self.priorities is not None:
            return
        self.priorities = self.single(_priorities)
        self.watch(self.events)

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the host is closed, or gone, the newest first and before the work queue ends.

        For devices: they finish what they have been given, and end their threads.
        """
        if self._closers is None:
            self._closers = Closers()
        self._closers.add(callback)

    @property
    def memory_in_use(self) -> int | None:
        """The bytes that count towards `memory_limit`; None where there is none."""
        return None if self.memory is None else self.memory.used

    @property
    def parallelism(self) -> int:
        """How many tasks can compute at the same time."""
        return self.work_queue.parallelism

    def parallel_for(self, total: int, least: int, body: Callable[[int, int], None]) -> None:
        """Call ``body(start, end)`` for blocks that make up ``range(total)``; wait for them.

        They are done by all compute threads that have nothing else to do, and by the calling thread, so that waits for
        none that nobody has begun: kernels may call this.

        Args:
            least: the fewest elements that are worth a block.

        Raises:
            BaseException: what the first block that failed, in order, raised; all others have been done.
        """
        idle = getattr(self.work_queue, "idle", self.parallelism)
        run_blocks(total, least, body, self.parallelism, idle, self.enqueue, self.wait)

    def run_when_ready(self, values: Iterable[Any], callback: Callable[[], None]) -> None:
        """Call `callback` once every `AsyncValue` among `values` is resolved: at once, or where the last one is.

        What escapes from it, or comes before it, is told where it is a `tfrt.executor.runtime.failures.Promised`.
        """
        run_when_ready(values, callback)

    def wait(self, values: Iterable[Any]) -> None:
        """Block until every `AsyncValue` among `values` is resolved, helping to run tasks. Not for kernels."""
        self.work_queue.wait(values)

    async def wait_async(self, values: Iterable[Any]) -> None:
        """Return once every `AsyncValue` among `values` is resolved; other coroutines go on meanwhile.

        Where the work queue has no threads, tasks run on the event loop's thread, which gets its turn between them.
        """
        pending = [v for v in values if type(v) is AsyncValue and v.is_pending]
        if not pending:
            return
        there = AsyncValue()
        self.run_when_ready(pending, Promised([there], lambda: there.set(None)))
        wait = None if self.work_queue.has_threads else getattr(self.work_queue, "wait_async", None)
        await (there if wait is None else wait(there))

    def quiesce(self) -> None:
        """Block until no task is waiting or running, helping to run tasks. Not for kernels."""
        self.work_queue.quiesce()

    def write(self, text: str) -> None:
        """Print `text` as it is, for kernels."""
        (sys.stdout if self._out is None else self._out).write(text)

    def emit(self, diagnostic: Diagnostic) -> None:
        """Hand a diagnostic to the host's handler."""
        if self.diagnostic_handler is None:
            return
        try:
            self.diagnostic_handler(diagnostic)
        except BaseException as error:
            # Kernels must not fail, nor threads of the work queue end, because a message could not be shown.
            if ends_call(error):
                raise
            report_uncaught(error)

    def shared(self, factory: Callable[[], T]) -> T:
        """The one object that `factory` makes for this host; made when first asked for, once."""
        found: T = get_or_make(self._shared, factory, factory)
        return found

    def single(self, make: Callable[[HostContext], T]) -> T:
        """The one object that `make` makes of this host; made when first asked for, once."""
        found: T = get_or_make(self._shared, make, lambda: make(self))
        return found


def _use_machine_code(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], native: bool | None
) -> bool | None:
    """Take machine code from files; returns whether the host asks for all that there is.

    Raises:
        UsageError: see `HostContext`.
    """
    if native is False:
        raise UsageError("machine_code goes with native=True or None: with False there is none")
    from tfrt.executor.support.saved_code import use

    is_used = use([files] if isinstance(files, str | os.PathLike) else files)
    return True if is_used else native


def _request_spans(tracer: Any) -> RequestSpans:
    """What makes spans of requests, by a tracer or, if that is True, the application's own.

    Raises:
        UsageError: OpenTelemetry is not installed.
    """
    from tfrt.executor.runtime.request_spans import RequestSpans

    return RequestSpans(None if tracer is True else tracer)


def _priorities(host: HostContext) -> Priorities:
    return Priorities(host.work_queue)


def _nothing() -> None:
    """What a host without compute threads does about BLAS."""
