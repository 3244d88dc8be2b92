"""One call of a function in the dataflow executor: which of its kernels run now, here, and which elsewhere or later.

`dataflow.py` states the order, and why there are no locks; `call_state.py` has what the call has come to, and
`frame_tasks.py` what it leaves in the work queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import inf
from time import perf_counter
from typing import Any

from tfrt.executor.engines.binding import unpack
from tfrt.executor.engines.call_state import CallState
from tfrt.executor.engines.frame_tasks import Batch, Continue, Help
from tfrt.executor.engines.graph import Graph, Node
from tfrt.executor.engines.recorded import Recorded, returning, returns
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import ends_call
from tfrt.executor.support.call_depth import of_thread
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.processors import Places
from tfrt.executor.values.async_value import AsyncValue


class Frame(CallState):
    """One call of a function, which runs its kernels."""

    __slots__ = ("called", "helps", "is_order_free", "nodes", "places", "recorded", "shared")

    def __init__(self, graph: Graph, context: ExecutionContext):
        # Of pure kernels nobody can tell the order, except by the diagnostics of those that fail.
        self.is_order_free = context.is_pure and context.host.diagnostic_handler is None
        of_graph = graph.free_streams if self.is_order_free else graph.streams
        # `super()` takes as long again.
        CallState.__init__(self, graph, context, graph.one_stream if of_thread.calls.is_awaited else of_graph)
        self.nodes = graph.nodes
        self.recorded = 0
        # Kernels that are left to any thread, where these are, and a token for each thread that may be called to help.
        self.shared: list[int] | None = None
        if graph.is_order_free and context.host.priorities is None:
            self.shared = []
            self.places = Places()
            self.called = 0
            self.helps = [None] * graph.sharing.helpers(context.host.parallelism)

    def record(self, recorded: Recorded) -> None:
        """Take what the first kernels have come to, instead of running them."""
        registers, nodes = recorded.registers, self.graph.nodes.copy()
        for node in nodes[1 : recorded.done + 1]:
            results = [registers[r] for r in node.results]
            nodes[node.number] = node.having_run(returns(results[0] if node.is_single else tuple(results)))
        count, outcome = recorded.done, recorded.outcome
        if outcome is not None:
            count += 1
            nodes[count] = nodes[count].having_run(returning(outcome))
        self.nodes = nodes
        if self.context.cancellation is not None:
            self.recorded = count

    def start(self, arguments: Sequence[Any]) -> None:
        """Write the arguments, and run what can be run."""
        users = self.nodes[0].users
        stream = self.streams[0]
        ready: list[int] = []
        foreign: list[int] = []
        self.make_ready(users[0], stream, ready, foreign)
        for register, value in enumerate(arguments):
            self.deliver(0, register, value, users[register + 1], stream, ready, foreign)
        self.run(stream, ready, foreign)

    def run(self, stream: int, ready: list[int], foreign: list[int]) -> None:
        """Run ready kernels of `stream`, then of adopted streams, until none is left on this thread."""
        context, nodes, shared = self.context, self.nodes, self.shared
        registers, tokens, streams = self.registers, self.tokens, self.streams
        batch: list[Node] = []
        begun, taken = 0.0, 0
        while True:
            if batch and (foreign or not ready):
                self.enqueue_tasks(batch, stream)
                batch = []
            if shared is not None and (foreign or not ready):
                if foreign:
                    # First what uses that which has just been made: it is in the cache, and may be dropped then. After
                    # it what takes no time, for which others may be waiting.
                    ready.sort(key=lambda kernel: streams[kernel] < 0)
                    rest, ready, foreign = [*foreign[:-1], *ready], foreign[-1:], []
                    if rest:
                        self.share(rest)
                else:
                    try:
                        ready.append(shared.pop())
                    except IndexError:
                        if taken:
                            self.places.leave()
                            self.graph.sharing.took(perf_counter() - begun, taken, self.called + 1)
                        return
                    if self.called:
                        self.places.settle()
                    if not taken:
                        begun = perf_counter()
                    taken += 1
                stream = streams[ready[0]]
            elif foreign:
                if not ready:
                    stream = streams[foreign[0]]
                    foreign, ready = _partition(foreign, streams, stream)
                if foreign:
                    self.enqueue(foreign)
                    foreign = []
            elif not ready:
                return
            node = nodes[ready.pop()]
            arguments = node.arguments
            if (self.has_errors or context.cancellation is not None) and self.skip(node, stream, ready, foreign):
                continue
            if node.task is not None:
                batch.append(node)
                continue
            if batch and not node.is_inline:
                # It may take long, and it may enqueue tasks, which come after these.
                self.enqueue_tasks(batch, stream)
                batch = []
            try:
                if node.needs_context:
                    value = node.call(context, *[registers[a] for a in arguments])
                elif len(arguments) == 2:
                    first, second = arguments
                    value = node.call(registers[first], registers[second])
                elif len(arguments) == 1:
                    value = node.call(registers[arguments[0]])
                else:
                    value = node.call(*[registers[a] for a in arguments])
            except BaseException as error:
                if ends_call(error):
                    raise
                self.fail(node, error, stream, ready, foreign)
            else:
                if not node.is_single:
                    self.deliver_all(node, value, stream, ready, foreign)
                elif type(value) is not AsyncValue and not self.promises:
                    # The common case, kept free of calls.
                    register = node.results[0]
                    registers[register] = value
                    if self.promises:
                        self.keep_promise(register)
                    for user in node.users[0]:
                        left = tokens[user]
                        if left is None or left.pop():
                            of_user = streams[user]
                            (ready if of_user == stream or of_user < 0 else foreign).append(user)
                elif type(value) is AsyncValue and not value._state:
                    self.awaited[node.results[0]] = value
                    value.and_then(Resume(self, node.number, node.results[0], node.users[0], stream))
                else:
                    self.deliver(node.number, node.results[0], value, node.users[0], stream, ready, foreign)
            if node.releases:
                self.release(node.releases)

    def skip(self, node: Node, stream: int, ready: list[int], foreign: list[int]) -> bool:
        """Whether the kernel must not run, for an operand failed or the request was cancelled; then pass that on."""
        failure = self.failure
        if failure is None:
            if node.number <= self.recorded:
                # It has run before the request was cancelled.
                return False
            failure = self.context.cancellation
            for register in node.arguments:
                value = self.registers[register]
                if type(value) is AsyncValue and value.is_error:
                    failure = value
            if failure is None:
                return False
        for register, users in zip(node.results, node.users, strict=True):
            self.write(register, failure, users, stream, ready, foreign)
        return True

    def deliver_all(self, node: Node, value: Any, stream: int, ready: list[int], foreign: list[int]) -> None:
        """`deliver` what a kernel has returned, which stands for all its results."""
        if type(value) is AsyncValue and not node.results:
            value.and_then(partial(self.report, node.number))
            return
        try:
            values = unpack(value, len(node.results), node.bound.returns_tuple)
        except KernelError as error:
            self.fail(node, error, stream, ready, foreign)
            return
        for register, item, users in zip(node.results, values, node.users, strict=True):
            self.deliver(node.number, register, item, users, stream, ready, foreign)

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
                self.awaited[register] = value
                value.and_then(Resume(self, kernel, register, users, stream))
                return
            value = self.located(kernel, value) if value.is_error else value._payload
        self.write(register, value, users, stream, ready, foreign)

    def share(self, kernels: list[int]) -> None:
        """Leave ready kernels to any thread, also to this one, and call others to help."""
        assert self.shared is not None
        self.shared += kernels
        for _ in kernels:
            try:
                self.helps.pop()
            except IndexError:
                return
            self.places.settle()
            self.called += 1
            self.context.host.enqueue(Help(self))

    def enqueue(self, kernels: list[int]) -> None:
        """Hand ready kernels to the work queue, one task a stream."""
        streams = self.streams
        by_stream: dict[int, list[int]] = {}
        for kernel in kernels:
            by_stream.setdefault(streams[kernel], []).append(kernel)
        for stream in sorted(by_stream):
            self.context.host.enqueue(Continue(self, stream, by_stream[stream]))

    def enqueue_tasks(self, nodes: list[Node], stream: int) -> None:
        """Hand ready kernels that are tasks to the work queue."""
        nodes.reverse()
        tasks = Batch(self, nodes, stream)
        enqueue = self.context.host.enqueue
        if tasks.is_shared:
            enqueue(tasks)
        else:
            for _ in range(len(nodes)):
                enqueue(tasks)

    def run_tasks(self, nodes: list[Node], stream: int, end: float) -> None:
        """Run kernels that are tasks, the last one first, and what each makes ready; until none is left, or `end`.

        Other threads may take kernels from the same list.
        """
        registers, tokens, streams, promises = self.registers, self.tokens, self.streams, self.promises
        context = self.context
        ready: list[int] = []
        foreign: list[int] = []
        while nodes:
            try:
                node = nodes.pop()
            except IndexError:
                # Another thread was faster.
                return
            if self.failure is not None or (
                context.task_cancellation is not None and self.skip(node, stream, ready, foreign)
            ):
                self.run(stream, ready, foreign)
                ready, foreign = [], []
                continue
            arguments, call = node.arguments, node.task
            assert call is not None
            try:
                if len(arguments) == 2:
                    first, second = arguments
                    value = call(registers[first], registers[second])
                else:
                    value = call(*[registers[r] for r in arguments])
            except BaseException as error:
                if ends_call(error):
                    raise
                self.fail(node, error, stream, ready, foreign)
            else:
                if not node.is_single or type(value) is AsyncValue:
                    self.deliver_all(node, value, stream, ready, foreign)
                else:
                    # The common case, kept free of calls.
                    register = node.results[0]
                    registers[register] = value
                    if register in promises:
                        self.keep_promise(register)
                    for user in node.users[0]:
                        left = tokens[user]
                        if left is None or left.pop():
                            of_user = streams[user]
                            (ready if of_user == stream or of_user < 0 else foreign).append(user)
            if node.releases:
                self.release(node.releases)
            if ready or foreign:
                self.run(stream, ready, foreign)
                ready, foreign = [], []
            if end < inf and perf_counter() > end:
                return


class Resume:
    """What goes on, once a pending result is there, where it held the call up."""

    __slots__ = ("frame", "kernel", "register", "stream", "users")

    def __init__(self, frame: Frame, kernel: int, register: int, users: tuple[int, ...], stream: int):
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
            frame.awaited.pop(self.register, None)
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
