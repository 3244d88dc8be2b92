"""The dataflow executor: runs a function's kernels as their operands become available.

A `Graph` is a function made ready to run: kernels bound, tables by kernel number. Each call makes a frame: registers,
and for each kernel with several operands a list of tokens. Whenever a register is written, each of its users loses a
token; whoever takes the last one has made the kernel ready.

**Order.** The ready kernels of the current stream run on the calling thread, last in first out; kernels of other
streams go to the work queue, grouped by stream; when its own stream has nothing ready, the thread adopts the stream
of the first ready foreign kernel. This is the order of the reference implementation
(``lib/bef_executor/bef_executor.cc`` in tensorflow/runtime), which programs with unchained side effects can observe.

**Values.** A register holds the plain value. A failed value is stored as its `AsyncValue`; while none has been stored
in a frame, operands are not looked at. A pending result is not stored at all: when it resolves, a callback writes the
register and goes on from there.

**No locks.** Tokens are popped from a list, which is atomic, and the first element is the last to be popped. A register
is written before its users lose their tokens, and read only by a kernel that has been made ready, so reads come after
writes. A function's result that is not there when the call returns is promised: the promise is stored, then the
register is looked at again; a writer writes the register, then looks for a promise. One of the two sees the other,
and taking the promise out of the dictionary, which is atomic, decides who resolves it. The second look copies a
slice: on a free-threaded build that happens either after the write or before it, as reading one item need not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.bef import BefFile, FunctionRecord
from tfrt.executor.binding import BoundKernel, location_of, unpack
from tfrt.executor.failures import as_kernel_error

if TYPE_CHECKING:
    from tfrt.executor.host_context import ExecutionContext

MAX_CALL_DEPTH = 64
"""Nested calls on a thread's stack, each some six Python frames; deeper ones go through the work queue."""

ANY_STREAM = -1
"""The stream of kernels that run at once, whatever the current stream is."""

_UNSET = object()

Task = tuple[Callable[..., Any], tuple[int, ...], int | None, tuple[int, ...], tuple[int, ...]]
"""A kernel that is a task: what to call, its operands, its result and the users where there is one, its releases."""


class _Calls(threading.local):
    depth = 0


calls = _Calls()
"""The calls, of synchronous functions too, that stand on this thread's stack."""


class Graph:
    """A function ready to run. Tables are indexed by kernel number; kernel 0 is the pseudo kernel.

    Attributes:
        tokens: for each kernel with more than one operand, the tokens that its operands take, else None.
        releases: registers that a kernel reads and that hold buffers, which are dropped after their last use.

    Args:
        is_order_free: whether nobody can tell in which order kernels run. Then those that take less time to run than to
            hand over to another thread stay where they become ready.
    """

    __slots__ = (
        "arguments",
        "bef",
        "bound",
        "calls",
        "is_inline",
        "name",
        "needs_context",
        "record",
        "register_count",
        "releases",
        "result_counts",
        "result_registers",
        "results",
        "returns_tuple",
        "streams",
        "tasks",
        "tokens",
        "users",
    )

    def __init__(
        self, record: FunctionRecord, bound: Sequence[BoundKernel], bef: BefFile, *, is_order_free: bool = False
    ):
        kernels = record.kernels
        self.record = record
        self.name = record.name
        self.bef = bef
        self.register_count = len(record.use_counts)
        self.result_registers = record.result_registers
        self.bound: list[Any] = [None, *bound]
        self.calls: list[Any] = [None, *(b.call for b in bound)]
        self.is_inline = [False, *(b.inline is not None for b in bound)]
        self.needs_context = [False, *(b.needs_context for b in bound)]
        self.returns_tuple = [False, *(b.returns_tuple for b in bound)]
        self.arguments = [k.arguments for k in kernels]
        self.results = [k.results for k in kernels]
        self.result_counts = [len(k.results) for k in kernels]
        self.users = [k.users for k in kernels]
        self.streams = [k.stream for k in kernels]
        if is_order_free:
            for kernel, found in enumerate(bound, 1):
                if found.inline is not None or found.only_starts:
                    self.streams[kernel] = ANY_STREAM
        self.tokens = [[True] + [False] * (k.operand_count - 1) if k.operand_count > 1 else None for k in kernels]
        self.releases = _releases(record)
        self.tasks = [None, *(self._task(kernel, b) for kernel, b in enumerate(bound, 1))]

    def _task(self, kernel: int, bound: BoundKernel) -> Task | None:
        if bound.task is None:
            return None
        results, users = self.results[kernel], self.users[kernel]
        if len(results) == 1 and not bound.returns_tuple:
            return bound.task, self.arguments[kernel], results[0], users[0], self.releases[kernel]
        return bound.task, self.arguments[kernel], None, (), self.releases[kernel]

    def location(self, kernel: int) -> Any:
        """The source location of a kernel."""
        return location_of(self.record.kernels[kernel], self.bef)


def execute(graph: Graph, context: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
    """Start a call and run what can be run at once. Does not block.

    Args:
        arguments: plain values, or `AsyncValue`s that are pending, available or failed.

    Returns:
        The results: plain values where they are available, else an `AsyncValue`, pending or failed.
    """
    if calls.depth >= MAX_CALL_DEPTH:
        return _execute_later(graph, context, arguments)
    return _execute_now(graph, context, arguments)


def _execute_now(graph: Graph, context: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
    calls.depth += 1
    try:
        frame = _Frame(graph, context)
        frame.start(arguments)
        return frame.take_results()
    finally:
        calls.depth -= 1


def _execute_later(graph: Graph, context: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
    promises = [AsyncValue() for _ in graph.result_registers]

    def run() -> None:
        # Not put off again: a synchronous call that waits for it may stand on this very stack.
        for promise, value in zip(promises, _execute_now(graph, context, arguments), strict=True):
            promise.settle(value)

    context.host.enqueue(run)
    return list(promises)


def resume(
    graph: Graph,
    context: ExecutionContext,
    registers: list[Any],
    done: int,
    *,
    value: Any = _UNSET,
    error: Exception | None = None,
) -> list[Any]:
    """Go on with a call that something else began, running kernels in the file's order.

    Args:
        registers: plain values in the registers that kernels up to `done` have written.
        done: the last kernel that has run.
        value: what the kernel after `done` has returned, if it has been called.
        error: what it has raised, if it has.

    Returns:
        The results, as `execute` does.
    """
    frame = _Frame(graph, context)
    frame.registers = registers
    frame.resume_after(done, value, error)
    return frame.take_results()


class _Frame:
    """One call of a function."""

    __slots__ = ("context", "graph", "has_errors", "promises", "registers", "tokens", "uses")

    def __init__(self, graph: Graph, context: ExecutionContext):
        self.graph = graph
        self.context = context
        self.registers: list[Any] = [_UNSET] * graph.register_count
        self.tokens = [t and t.copy() for t in graph.tokens]
        self.promises: dict[int, AsyncValue] = {}
        self.uses = list(graph.record.use_counts)
        self.has_errors = False

    def start(self, arguments: Sequence[Any]) -> None:
        users = self.graph.users[0]
        stream = self.graph.streams[0]
        ready: list[int] = []
        foreign: list[int] = []
        self.make_ready(users[0], stream, ready, foreign)
        for register, value in enumerate(arguments):
            self.deliver(0, register, value, users[register + 1], stream, ready, foreign)
        self.run(stream, ready, foreign)

    def resume_after(self, done: int, value: Any, error: Exception | None) -> None:
        graph = self.graph
        has_called = error is not None or value is not _UNSET
        kernel = done + 1
        stream = graph.streams[kernel] if has_called else graph.streams[0]
        ready: list[int] = []
        foreign: list[int] = []
        for results in graph.results[kernel:]:
            for register in results:
                self.registers[register] = _UNSET
        for number in range(kernel):
            for register in graph.arguments[number]:
                self.uses[register] -= 1
            for users in graph.users[number]:
                waiting = tuple([user for user in users if user > done + has_called])
                self.make_ready(waiting, stream, ready, foreign)
        if error is not None:
            self.fail(kernel, error, stream, ready, foreign)
        elif value is not _UNSET:
            try:
                self.deliver_all(kernel, value, stream, ready, foreign)
            except Exception as raised:
                self.fail(kernel, raised, stream, ready, foreign)
        self.run(stream, ready, foreign)

    def take_results(self) -> list[Any]:
        registers, promises = self.registers, self.promises
        results = []
        for register in self.graph.result_registers:
            value = registers[register]
            if value is _UNSET:
                value = promises.get(register) or promises.setdefault(register, AsyncValue())
                if registers[register : register + 1][0] is not _UNSET:
                    self.keep_promise(register)
            results.append(value)
        return results

    def run(self, stream: int, ready: list[int], foreign: list[int]) -> None:
        """Run ready kernels of `stream`, then of adopted streams, until none is left on this thread."""
        graph = self.graph
        context = self.context
        registers, tokens = self.registers, self.tokens
        calls, all_arguments, all_users = graph.calls, graph.arguments, graph.users
        all_results, result_counts, returns_tuple = graph.results, graph.result_counts, graph.returns_tuple
        needs_context, streams, releases = graph.needs_context, graph.streams, graph.releases
        tasks, is_inline = graph.tasks, graph.is_inline
        batch: list[int] = []
        while True:
            if batch and (foreign or not ready):
                self.enqueue_tasks(batch, stream)
                batch = []
            if foreign:
                if not ready:
                    stream = streams[foreign[0]]
                    foreign, ready = _partition(foreign, streams, stream)
                if foreign:
                    self.enqueue(foreign)
                    foreign = []
            elif not ready:
                return
            kernel = ready.pop()
            arguments = all_arguments[kernel]
            try:
                if (self.has_errors or context.cancellation is not None) and self.skip(kernel, stream, ready, foreign):
                    continue
                if tasks[kernel] is not None:
                    batch.append(kernel)
                    continue
                if batch and not is_inline[kernel]:
                    # It may take long, and it may enqueue tasks, which come after these.
                    self.enqueue_tasks(batch, stream)
                    batch = []
                if needs_context[kernel]:
                    value = calls[kernel](context, *[registers[a] for a in arguments])
                elif len(arguments) == 2:
                    first, second = arguments
                    value = calls[kernel](registers[first], registers[second])
                elif len(arguments) == 1:
                    value = calls[kernel](registers[arguments[0]])
                else:
                    value = calls[kernel](*[registers[a] for a in arguments])
                if result_counts[kernel] == 1 and not returns_tuple[kernel]:
                    if type(value) is AsyncValue and not value._state:
                        register, users = all_results[kernel][0], all_users[kernel][0]
                        value.and_then(_Resume(self, kernel, register, users, stream))
                    elif type(value) is not AsyncValue and not self.promises:
                        # The common case, kept free of calls.
                        registers[all_results[kernel][0]] = value
                        if self.promises:
                            self.keep_promise(all_results[kernel][0])
                        for user in all_users[kernel][0]:
                            left = tokens[user]
                            if left is None or left.pop():
                                of_user = streams[user]
                                (ready if of_user == stream or of_user < 0 else foreign).append(user)
                    else:
                        self.deliver(
                            kernel,
                            all_results[kernel][0],
                            value,
                            all_users[kernel][0],
                            stream,
                            ready,
                            foreign,
                        )
                else:
                    self.deliver_all(kernel, value, stream, ready, foreign)
            except Exception as error:
                self.fail(kernel, error, stream, ready, foreign)
            if releases[kernel]:
                self.release(releases[kernel])

    def skip(self, kernel: int, stream: int, ready: list[int], foreign: list[int]) -> bool:
        """Whether the kernel must not run, for an operand failed or the request was cancelled; then pass that on."""
        failure = self.context.cancellation
        for register in self.graph.arguments[kernel]:
            value = self.registers[register]
            if type(value) is AsyncValue and value.is_error:
                failure = value
        if failure is None:
            return False
        for register, users in zip(self.graph.results[kernel], self.graph.users[kernel], strict=True):
            self.write(register, failure, users, stream, ready, foreign)
        return True

    def deliver_all(self, kernel: int, value: Any, stream: int, ready: list[int], foreign: list[int]) -> None:
        graph = self.graph
        count = graph.result_counts[kernel]
        if type(value) is AsyncValue and count == 0:
            value.and_then(lambda resolved: self.report(kernel, resolved))
            return
        values = unpack(value, count, graph.returns_tuple[kernel])
        for register, item, users in zip(graph.results[kernel], values, graph.users[kernel], strict=True):
            self.deliver(kernel, register, item, users, stream, ready, foreign)

    def deliver(
        self,
        kernel: int,
        register: int,
        value: Any,
        users: tuple[int, ...],
        stream: int,
        ready: list[int],
        foreign: list[int],
    ) -> None:
        """Store a result and make its users ready, now or when it resolves."""
        if type(value) is AsyncValue:
            if not value._state:
                value.and_then(_Resume(self, kernel, register, users, stream))
                return
            if value.is_error:
                self.report(kernel, value)
            else:
                value = value.value
        self.write(register, value, users, stream, ready, foreign)

    def write(
        self,
        register: int,
        value: Any,
        users: tuple[int, ...],
        stream: int,
        ready: list[int],
        foreign: list[int],
    ) -> None:
        if type(value) is AsyncValue:
            self.has_errors = True
        self.registers[register] = value
        if self.promises:
            self.keep_promise(register)
        self.make_ready(users, stream, ready, foreign)

    def make_ready(self, users: tuple[int, ...], stream: int, ready: list[int], foreign: list[int]) -> None:
        tokens, streams = self.tokens, self.graph.streams
        for user in users:
            left = tokens[user]
            if left is None or left.pop():
                of_user = streams[user]
                (ready if of_user == stream or of_user < 0 else foreign).append(user)

    def keep_promise(self, register: int) -> None:
        promise = self.promises.pop(register, None)
        if promise is not None:
            promise.settle(self.registers[register])

    def fail(self, kernel: int, error: Exception, stream: int, ready: list[int], foreign: list[int]) -> None:
        """A kernel raised: its results that are not set become the error."""
        failure = AsyncValue.failed(as_kernel_error(error))
        self.report(kernel, failure)
        for register, users in zip(self.graph.results[kernel], self.graph.users[kernel], strict=True):
            self.write(register, failure, users, stream, ready, foreign)

    def report(self, kernel: int, value: AsyncValue) -> None:
        error = value.error
        if error is not None and kernel:
            self.context.report(error, self.graph.location(kernel))

    def release(self, registers: tuple[int, ...]) -> None:
        # Two threads may both miss a decrement here; then the buffer lives until the call ends. It is never
        # dropped early, because a use is counted only after it.
        for register in registers:
            self.uses[register] -= 1
            if self.uses[register] <= 0:
                self.registers[register] = None

    def enqueue(self, kernels: list[int]) -> None:
        """Hand ready kernels to the work queue, one task a stream."""
        streams = self.graph.streams
        by_stream: dict[int, list[int]] = {}
        for kernel in kernels:
            by_stream.setdefault(streams[kernel], []).append(kernel)
        for stream in sorted(by_stream):
            self.context.host.enqueue(_Continue(self, stream, by_stream[stream]))

    def enqueue_tasks(self, kernels: list[int], stream: int) -> None:
        """Hand ready kernels that are tasks to the work queue."""
        kernels.reverse()
        tasks = _Tasks(self, kernels, stream)
        enqueue = self.context.host.enqueue
        if tasks.is_shared:
            enqueue(tasks)
        else:
            for _ in range(len(kernels)):
                enqueue(tasks)

    def run_task(self, kernel: int, stream: int) -> None:
        """Run a kernel that is a task, and what it makes ready."""
        graph, registers = self.graph, self.registers
        call, arguments, register, users, releases = graph.tasks[kernel]  # type: ignore[misc]  # It has one.
        ready: list[int] = []
        foreign: list[int] = []
        if self.context.task_cancellation is not None and self.skip(kernel, stream, ready, foreign):
            self.run(stream, ready, foreign)
            return
        try:
            if len(arguments) == 2:
                first, second = arguments
                value = call(registers[first], registers[second])
            else:
                value = call(*[registers[r] for r in arguments])
            if register is None or type(value) is AsyncValue:
                self.deliver_all(kernel, value, stream, ready, foreign)
            else:
                # The common case, kept free of calls.
                registers[register] = value
                if register in self.promises:
                    self.keep_promise(register)
                tokens = self.tokens
                for user in users:
                    left = tokens[user]
                    if left is None or left.pop():
                        of_user = graph.streams[user]
                        (ready if of_user == stream or of_user < 0 else foreign).append(user)
        except Exception as error:
            self.fail(kernel, error, stream, ready, foreign)
        if releases:
            self.release(releases)
        if ready or foreign:
            self.run(stream, ready, foreign)


class _Tasks:
    """Ready kernels that are tasks, the first one last.

    Where there are threads it is shared: it stays in the work queue as long as kernels are left, and every thread that
    takes it from there runs kernels until none is. So enqueueing and finding tasks costs something once a batch. Else
    each call runs one kernel, so that these and other tasks run in the order in which they became ready.
    """

    __slots__ = ("frame", "is_shared", "kernels", "stream")

    def __init__(self, frame: _Frame, kernels: list[int], stream: int):
        self.frame = frame
        self.kernels = kernels
        self.stream = stream
        self.is_shared = frame.context.host.work_queue.has_threads

    def __call__(self) -> None:
        kernels, run, stream = self.kernels, self.frame.run_task, self.stream
        if not self.is_shared:
            run(kernels.pop(), stream)
            return
        if len(kernels) > 1:
            self.frame.context.host.enqueue(self)
        while kernels:
            try:
                kernel = kernels.pop()
            except IndexError:
                # Another thread was faster.
                return
            run(kernel, stream)


class _Resume:
    """What goes on, once a pending result is there, where it held the call up."""

    __slots__ = ("frame", "kernel", "register", "stream", "users")

    def __init__(self, frame: _Frame, kernel: int, register: int, users: tuple[int, ...], stream: int):
        self.frame = frame
        self.kernel = kernel
        self.register = register
        self.users = users
        self.stream = stream

    def __call__(self, resolved: AsyncValue) -> None:
        frame = self.frame
        ready: list[int] = []
        foreign: list[int] = []
        if resolved.is_error or frame.promises:
            frame.deliver(self.kernel, self.register, resolved, self.users, self.stream, ready, foreign)
        else:
            # The common case, kept free of calls.
            frame.registers[self.register] = resolved._payload
            if frame.promises:
                frame.keep_promise(self.register)
            if not self.users:
                return
            frame.make_ready(self.users, self.stream, ready, foreign)
        if ready or foreign:
            frame.run(self.stream, ready, foreign)


class _Continue:
    """A task that runs ready kernels of one stream."""

    __slots__ = ("frame", "ready", "stream")

    def __init__(self, frame: _Frame, stream: int, ready: list[int]):
        self.frame = frame
        self.stream = stream
        self.ready = ready

    def __call__(self) -> None:
        self.frame.run(self.stream, self.ready, [])


def _partition(kernels: list[int], streams: list[int], stream: int) -> tuple[list[int], list[int]]:
    """The kernels of other streams, and those of `stream`.

    The reference uses C++'s ``std::partition``, which swaps from both ends and so does not keep the order; since
    ready kernels run last in first out, that is observable.
    """
    kernels = list(kernels)
    low, high = 0, len(kernels)
    while True:
        while low < high and streams[kernels[low]] != stream:
            low += 1
        if low == high:
            break
        high -= 1
        while low < high and streams[kernels[high]] == stream:
            high -= 1
        if low == high:
            break
        kernels[low], kernels[high] = kernels[high], kernels[low]
        low += 1
    return kernels[:low], kernels[low:]


def _releases(record: FunctionRecord) -> list[tuple[int, ...]]:
    """For each kernel, the registers that may be dropped after it: those that it reads or that nobody reads.

    Registers of scalars and the function's results are not worth it, or needed.
    """
    types = record.register_types
    kept = set(record.result_registers)
    if types is not None:
        kept.update(r for r, type in enumerate(types) if _is_small(type))
    unused = {r for r, count in enumerate(record.use_counts) if count == 0}
    return [
        tuple(r for r in (*kernel.arguments, *unused.intersection(kernel.results)) if r not in kept)
        for kernel in record.kernels
    ]


def _is_small(type: str) -> bool:
    """Whether values of an MLIR type are scalars or chains, not worth dropping early."""
    return type == "!tfrt.chain" or type == "index" or (type.lstrip("su")[:1] in ("i", "f", "b") and len(type) <= 5)
