"""The dataflow executor: runs a function's kernels as their operands become available.

Each call of a `Graph` makes a frame: registers, and for each kernel with several operands a list of tokens. Whenever a
register is written, each of its users loses a token; whoever takes the last one has made the kernel ready.

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

**Failures.** What comes out of the call of a kernel is the kernel's failure. Anything else that goes wrong, in the
engine or from outside, *ends* the frame, as do exceptions that end the call (`tfrt.executor.runtime.failures`):
`failure` is set, so that no kernel starts any more, and then all promises become that; a promise is stored, then
`failure` is looked at. On the caller's stack the exception goes on to the caller.

**Recorded calls.** A plan that cannot go on (`tfrt.executor.engines.plans`) becomes a frame that knows what its first
kernels, in the file's order, came to. It runs like any other, in the same order, but instead of running them again it
takes what they came to. If the request is cancelled meanwhile, those whose turn comes later are skipped nevertheless.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tfrt.executor.engines.binding import unpack
from tfrt.executor.engines.graph import Graph
from tfrt.executor.runtime.failures import CallEnded, Promised, as_ended, as_kernel_error, ends_call, report_uncaught
from tfrt.executor.runtime.host_context import ExecutionContext
from tfrt.executor.support.call_depth import calls, is_full, recount
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue, lose

_UNSET = object()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the first kernels of a call have come to.

    Attributes:
        registers: the arguments, and what kernels up to `done` have written. Of registers whose users are all among
            these kernels, the values do not matter.
        done: the last kernel that has run to its end.
        outcome: what the kernel after `done` came to: returns what it has returned, or raises what it has raised. None
            if it has not begun.
    """

    registers: Sequence[Any]
    done: int
    outcome: Callable[[], Any] | None = None


@dataclass(frozen=True, slots=True)
class Suspended:
    """A call that something else began and that has not gone on yet; calling it lets it go on, once."""

    graph: Graph
    context: ExecutionContext
    recorded: Recorded

    def __call__(self) -> list[Any]:
        arguments = self.recorded.registers[: len(self.graph.results[0]) - 1]
        return execute(self.graph, self.context, arguments, self.recorded)

    def known(self, results: Sequence[Any]) -> list[Any]:
        """Its results, where those that it has had before it was suspended are not pending any more.

        It goes on in the order of the dataflow executor, in which they may come to be only later.
        """
        graph, recorded = self.graph, self.recorded
        had = {register for written in graph.results[1 : recorded.done + 1] for register in written}
        return [
            recorded.registers[register] if register in had and _is_pending(result) else result
            for register, result in zip(graph.result_registers, results, strict=True)
        ]


def execute(
    graph: Graph, context: ExecutionContext, arguments: Sequence[Any], recorded: Recorded | None = None
) -> list[Any]:
    """Start a call and run what can be run at once. Does not block.

    Args:
        arguments: plain values, or `AsyncValue`s that are pending, available or failed.
        recorded: what has been run already, elsewhere.

    Returns:
        The results: plain values where they are available, else an `AsyncValue`, pending or failed.

    Raises:
        CallEnded: see `tfrt.executor.runtime.failures`.
    """
    depth = calls.depth
    if is_full(depth):
        return _execute_later(graph, context, arguments, recorded)
    return _execute_now(graph, context, arguments, recorded)


def _execute_now(
    graph: Graph, context: ExecutionContext, arguments: Sequence[Any], recorded: Recorded | None
) -> list[Any]:
    depth = calls.depth
    frame = _Frame(graph, context)
    try:
        calls.depth = depth + 1
        if recorded is not None:
            frame.record(recorded)
        frame.start(arguments)
        return frame.take_results()
    except BaseException as error:
        frame.end(error)
        if isinstance(error, Exception):
            raise CallEnded(error) from None
        raise
    finally:
        calls.depth = depth


def _execute_later(
    graph: Graph, context: ExecutionContext, arguments: Sequence[Any], recorded: Recorded | None
) -> list[Any]:
    promises = [AsyncValue() for _ in graph.result_registers]

    def run() -> None:
        # Not put off again: a synchronous call that waits for it may stand on this very stack.
        try:
            results: Sequence[Any] = _execute_now(graph, context, arguments, recorded)
        except BaseException as error:
            results = [AsyncValue.failed(as_ended(error))] * len(promises)
            _let_go(error, is_promised=bool(promises))
        finally:
            for promise, value in zip(promises, results, strict=True):
                promise.settle(value)

    context.host.enqueue(Promised(promises, run))
    return list(promises)


def _let_go(error: BaseException, *, is_promised: bool) -> None:
    """Deal with an exception that has ended a call where the caller is not on the stack.

    Args:
        is_promised: whether results of the call, which have become an `EndedError`, tell of it.
    """
    recount()
    if not isinstance(error, Exception | CallEnded) and ends_call(error):
        raise error
    lost = error.error if isinstance(error, CallEnded) else error
    lose(lost)
    if not is_promised:
        report_uncaught(lost)


def _is_pending(value: Any) -> bool:
    return type(value) is AsyncValue and value.is_pending


def returns(value: Any) -> Callable[..., Any]:
    """Something that has come to `value`, whatever it is called with."""
    return lambda *_: value


class _Frame:
    """One call of a function."""

    __slots__ = (
        "calls",
        "context",
        "failure",
        "graph",
        "has_errors",
        "promises",
        "recorded",
        "registers",
        "reported",
        "streams",
        "tasks",
        "tokens",
        "uses",
    )

    def __init__(self, graph: Graph, context: ExecutionContext):
        self.graph = graph
        self.context = context
        self.calls = graph.calls
        self.tasks = graph.tasks
        self.streams = graph.one_stream if calls.is_awaited else graph.streams
        self.registers: list[Any] = [_UNSET] * graph.register_count
        self.tokens = [t and t.copy() for t in graph.tokens]
        self.promises: dict[int, AsyncValue] = {}
        self.uses = list(graph.record.use_counts)
        self.has_errors = False
        self.failure: AsyncValue | None = None
        self.recorded = 0
        self.reported: dict[tuple[int, int], tuple[KernelError, AsyncValue]] | None = None

    def record(self, recorded: Recorded) -> None:
        """Take what the first kernels have come to, instead of running them."""
        graph, registers = self.graph, recorded.registers
        self.calls, self.tasks = graph.calls.copy(), graph.tasks.copy()
        for kernel in range(1, recorded.done + 1):
            results = [registers[r] for r in graph.results[kernel]]
            is_plain = len(results) == 1 and not graph.returns_tuple[kernel]
            self.calls[kernel] = returns(results[0] if is_plain else tuple(results))
        count, outcome = recorded.done, recorded.outcome
        if outcome is not None:
            count += 1
            self.calls[count] = lambda *_: outcome()
        self.tasks[1 : count + 1] = [None] * count
        if self.context.cancellation is not None:
            self.recorded = count

    def start(self, arguments: Sequence[Any]) -> None:
        users = self.graph.users[0]
        stream = self.streams[0]
        ready: list[int] = []
        foreign: list[int] = []
        self.make_ready(users[0], stream, ready, foreign)
        for register, value in enumerate(arguments):
            self.deliver(0, register, value, users[register + 1], stream, ready, foreign)
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
                elif self.failure is not None:
                    self.break_promises(self.failure)
            results.append(value)
        return results

    def end(self, error: BaseException) -> None:
        """Start no kernel any more and let all that has been promised be that `error` has ended the call."""
        if self.failure is None:
            self.failure = AsyncValue.failed(as_ended(error))
        self.has_errors = True
        self.break_promises(self.failure)

    def break_promises(self, failure: AsyncValue) -> None:
        for register in list(self.promises):
            promise = self.promises.pop(register, None)
            if promise is not None:
                promise.settle(failure)

    def end_elsewhere(self, error: BaseException) -> None:
        """`end`, on a stack that the caller is not on."""
        self.end(error)
        _let_go(error, is_promised=bool(self.graph.result_registers))

    def run(self, stream: int, ready: list[int], foreign: list[int]) -> None:
        """Run ready kernels of `stream`, then of adopted streams, until none is left on this thread."""
        graph = self.graph
        context = self.context
        registers, tokens = self.registers, self.tokens
        calls, all_arguments, all_users = self.calls, graph.arguments, graph.users
        all_results, result_counts, returns_tuple = graph.results, graph.result_counts, graph.returns_tuple
        needs_context, streams, releases = graph.needs_context, self.streams, graph.releases
        tasks, is_inline = self.tasks, graph.is_inline
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
            if (self.has_errors or context.cancellation is not None) and self.skip(kernel, stream, ready, foreign):
                continue
            if tasks[kernel] is not None:
                batch.append(kernel)
                continue
            if batch and not is_inline[kernel]:
                # It may take long, and it may enqueue tasks, which come after these.
                self.enqueue_tasks(batch, stream)
                batch = []
            try:
                if needs_context[kernel]:
                    value = calls[kernel](context, *[registers[a] for a in arguments])
                elif len(arguments) == 2:
                    first, second = arguments
                    value = calls[kernel](registers[first], registers[second])
                elif len(arguments) == 1:
                    value = calls[kernel](registers[arguments[0]])
                else:
                    value = calls[kernel](*[registers[a] for a in arguments])
            except BaseException as error:
                if ends_call(error):
                    raise
                self.fail(kernel, error, stream, ready, foreign)
            else:
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
            if releases[kernel]:
                self.release(releases[kernel])

    def skip(self, kernel: int, stream: int, ready: list[int], foreign: list[int]) -> bool:
        """Whether the kernel must not run, for an operand failed or the request was cancelled; then pass that on."""
        failure = self.failure
        if failure is None:
            if kernel <= self.recorded:
                # It has run before the request was cancelled.
                return False
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
            value.and_then(partial(self.report, kernel))
            return
        try:
            values = unpack(value, count, graph.returns_tuple[kernel])
        except KernelError as error:
            self.fail(kernel, error, stream, ready, foreign)
            return
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
            value = self.located(kernel, value) if value.is_error else value._payload
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
        tokens, streams = self.tokens, self.streams
        for user in users:
            left = tokens[user]
            if left is None or left.pop():
                of_user = streams[user]
                (ready if of_user == stream or of_user < 0 else foreign).append(user)

    def keep_promise(self, register: int) -> None:
        promise = self.promises.pop(register, None)
        if promise is not None:
            promise.settle(self.registers[register])

    def fail(self, kernel: int, error: BaseException, stream: int, ready: list[int], foreign: list[int]) -> None:
        """A kernel raised: its results become the error."""
        failed = as_kernel_error(error)
        recount()
        self.context.report(failed, self.graph.location(kernel))
        failure = AsyncValue.failed(failed)
        for register, users in zip(self.graph.results[kernel], self.graph.users[kernel], strict=True):
            self.write(register, failure, users, stream, ready, foreign)

    def report(self, kernel: int, resolved: AsyncValue) -> None:
        self.located(kernel, resolved)

    def located(self, kernel: int, value: AsyncValue) -> AsyncValue:
        """What stands for a resolved value of a kernel: an error that arose there is reported, and gets its place.

        Errors that merely pass by have theirs. Others belong to the kernel, which may give them to somebody else, too.
        """
        error = value.error
        if error is None or error.location is not None or error.passes_by or not kernel:
            return value
        # Several results may be one error.
        if self.reported is None:
            self.reported = {}
        key = (kernel, id(error))
        if key not in self.reported:
            failed = error.copy()
            self.context.report(failed, self.graph.location(kernel))
            # The error is kept, so that no other one has its identity.
            self.reported[key] = error, AsyncValue.failed(failed)
        return self.reported[key][1]

    def release(self, registers: tuple[int, ...]) -> None:
        # Two threads may both miss a decrement here; then the buffer lives until the call ends. It is never
        # dropped early, because a use is counted only after it.
        for register in registers:
            self.uses[register] -= 1
            if self.uses[register] <= 0:
                self.registers[register] = None

    def enqueue(self, kernels: list[int]) -> None:
        """Hand ready kernels to the work queue, one task a stream."""
        streams = self.streams
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
        if self.failure is not None or (
            self.context.task_cancellation is not None and self.skip(kernel, stream, ready, foreign)
        ):
            self.run(stream, ready, foreign)
            return
        try:
            if len(arguments) == 2:
                first, second = arguments
                value = call(registers[first], registers[second])
            else:
                value = call(*[registers[r] for r in arguments])
        except BaseException as error:
            if ends_call(error):
                raise
            self.fail(kernel, error, stream, ready, foreign)
        else:
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
                        of_user = self.streams[user]
                        (ready if of_user == stream or of_user < 0 else foreign).append(user)
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
        kernels, frame, stream = self.kernels, self.frame, self.stream
        try:
            if not self.is_shared:
                frame.run_task(kernels.pop(), stream)
                return
            if len(kernels) > 1:
                frame.context.host.enqueue(self)
            while kernels:
                try:
                    kernel = kernels.pop()
                except IndexError:
                    # Another thread was faster.
                    return
                frame.run_task(kernel, stream)
        except BaseException as error:
            frame.end_elsewhere(error)

    def abandon(self, error: BaseException) -> None:
        """See `tfrt.executor.runtime.failures.Promised`."""
        self.frame.end_elsewhere(error)


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
        try:
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
        except BaseException as error:
            frame.end_elsewhere(error)

    def abandon(self, error: BaseException) -> None:
        """See `tfrt.executor.runtime.failures.Promised`."""
        self.frame.end_elsewhere(error)


class _Continue:
    """A task that runs ready kernels of one stream."""

    __slots__ = ("frame", "ready", "stream")

    def __init__(self, frame: _Frame, stream: int, ready: list[int]):
        self.frame = frame
        self.stream = stream
        self.ready = ready

    def __call__(self) -> None:
        try:
            self.frame.run(self.stream, self.ready, [])
        except BaseException as error:
            self.frame.end_elsewhere(error)

    def abandon(self, error: BaseException) -> None:
        """See `tfrt.executor.runtime.failures.Promised`."""
        self.frame.end_elsewhere(error)


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
