"""What a call of a function in the dataflow executor has come to: values in registers, promised results, failures.

Which kernels run, and where, is the business of the call's frame (`frame.py`). Threads write here without locks:
`dataflow.py` states in what order registers, promises and `failure` are written and looked at.
"""

from __future__ import annotations

from typing import Any

from tfrt.executor.engines.graph import Graph, Node
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import CallEnded, as_ended, as_kernel_error, ends_call, report_uncaught
from tfrt.executor.support.call_depth import recount
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.escaped import lose

_UNSET = object()


def let_go(error: BaseException, *, is_promised: bool) -> None:
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


class CallState:
    """The state of one call of a function.

    Attributes:
        streams: the stream of each kernel.
        registers: values by register; failed ones as their `AsyncValue`.
        tokens: for each kernel with several operands, the tokens that are left; see `dataflow.py`.
        promises: the results that were not there when the call returned, by register.
        awaited: pending values that kernels have returned, by register.
        uses: how often each register is still to be read.
        has_errors: whether a failed value has been stored, so that operands must be looked at.
        failure: what has ended the call.
        reported: errors of kernels that have been reported, by kernel and identity, with what stands for each.
    """

    __slots__ = (
        "awaited",
        "context",
        "failure",
        "graph",
        "has_errors",
        "promises",
        "registers",
        "reported",
        "streams",
        "tokens",
        "uses",
    )

    def __init__(self, graph: Graph, context: ExecutionContext, streams: list[int]):
        self.graph = graph
        self.context = context
        self.streams = streams
        self.registers: list[Any] = [_UNSET] * graph.register_count
        self.tokens = [t and t.copy() for t in graph.tokens]
        self.promises: dict[int, AsyncValue] = {}
        # Kept, with the call, by who waits for its results: so it can be told what a call waits for (`running.py`).
        self.awaited: dict[int, AsyncValue] = {}
        self.uses = list(graph.record.use_counts)
        self.has_errors = False
        self.failure: AsyncValue | None = None
        self.reported: dict[tuple[int, int], tuple[KernelError, AsyncValue]] | None = None

    def write(
        self,
        register: int,
        value: Any,
        users: tuple[int, ...],
        stream: int,
        ready: list[int],
        foreign: list[int],
    ) -> None:
        """Store a plain or failed value, resolve what was promised of it, and make its users ready."""
        if type(value) is AsyncValue:
            self.has_errors = True
        self.registers[register] = value
        if self.promises:
            self.keep_promise(register)
        self.make_ready(users, stream, ready, foreign)

    def make_ready(self, users: tuple[int, ...], stream: int, ready: list[int], foreign: list[int]) -> None:
        """Take a token from each user; those that had the last one go to `ready`, or to `foreign` of other streams."""
        tokens, streams = self.tokens, self.streams
        for user in users:
            left = tokens[user]
            if left is None or left.pop():
                of_user = streams[user]
                (ready if of_user == stream or of_user < 0 else foreign).append(user)

    def keep_promise(self, register: int) -> None:
        """Resolve the promise of a register that has been written, if there is one."""
        self.settle(register, self.registers[register])

    def settle(self, register: int, value: Any) -> None:
        """Resolve the promise of a register, if there is one that nobody else resolves."""
        promises = self.promises
        # Taken by a loop in C, and given back by an operator: see `tfrt.executor.values.async_value` about signals.
        for promise in map(promises.pop, (register,), (None,)):
            if promise is None:
                return
            try:
                promise.settle(value)
            except BaseException:
                if not promise._state:
                    promises[register] = promise
                raise

    def take_results(self) -> list[Any]:
        """The function's results; a promise, for one that is not there."""
        registers, promises = self.registers, self.promises
        results = []
        for register in self.graph.result_registers:
            value = registers[register]
            if value is _UNSET:
                value = promises.get(register) or promises.setdefault(register, AsyncValue.promised_by(self))
                if registers[register : register + 1][0] is not _UNSET:
                    self.keep_promise(register)
                elif self.failure is not None:
                    self.break_promises(self.failure)
            results.append(value)
        return results

    def waits_for(self) -> list[int]:
        """The kernels that have returned, and whose results are not there."""
        if self.failure is not None:
            return []
        awaited = [register for register, value in list(self.awaited.items()) if value.is_pending]
        return [node.number for node in self.graph.kernels if not set(node.results).isdisjoint(awaited)]

    def end(self, error: BaseException) -> None:
        """Start no kernel any more and let all that has been promised be that `error` has ended the call."""
        if self.failure is None:
            self.failure = AsyncValue.failed(as_ended(error))
        self.has_errors = True
        self.break_promises(self.failure)

    def break_promises(self, failure: AsyncValue) -> None:
        """Let all that has been promised be what has ended the call."""
        for register in list(self.promises):
            self.settle(register, failure)

    def end_elsewhere(self, error: BaseException) -> None:
        """`end`, on a stack that the caller is not on."""
        self.end(error)
        let_go(error, is_promised=bool(self.graph.result_registers))

    def fail(self, node: Node, error: BaseException, stream: int, ready: list[int], foreign: list[int]) -> None:
        """A kernel raised: its results become the error."""
        failed = as_kernel_error(error)
        recount()
        self.context.report(failed, self.graph.location(node.number))
        failed.came_through(self.graph.call(node, self.registers))
        failure = AsyncValue.failed(failed)
        for register, users in zip(node.results, node.users, strict=True):
            self.write(register, failure, users, stream, ready, foreign)

    def report(self, kernel: int, resolved: AsyncValue) -> None:
        """Report the error, if it is one, of what a kernel without results has returned."""
        self.located(kernel, resolved)

    def located(self, kernel: int, value: AsyncValue) -> AsyncValue:
        """What stands for a resolved value of a kernel: an error that arose there is reported, and gets its place.

        Errors that merely pass by have theirs; they are told what they have come through where the kernel has called a
        function. Others belong to the kernel, which may give them to somebody else, too.
        """
        error = value.error
        if error is None or error.passes_by or not kernel:
            return value
        node = self.graph.nodes[kernel]
        if error.location is not None and not (node.bound.functions and self.came_from_within(node, error)):
            return value
        # Several results may be one error.
        if self.reported is None:
            self.reported = {}
        key = (kernel, id(error))
        if key not in self.reported:
            failed = error.copy()
            self.context.report(failed, self.graph.location(kernel))
            failed.came_through(self.graph.call(node, self.registers))
            # The error is kept, so that no other one has its identity.
            self.reported[key] = error, AsyncValue.failed(failed)
        return self.reported[key][1]

    def came_from_within(self, node: Node, error: KernelError) -> bool:
        """Whether an error arose in what the kernel has called, rather than being one of its operands."""
        operands = [self.registers[register] for register in node.arguments]
        return not any(type(value) is AsyncValue and value.error is error for value in operands)

    def release(self, registers: tuple[int, ...]) -> None:
        """Count a use of each register, and drop what nobody will use."""
        # Two threads may both miss a decrement here; then the buffer lives until the call ends. It is never
        # dropped early, because a use is counted only after it.
        for register in registers:
            self.uses[register] -= 1
            if self.uses[register] <= 0:
                self.registers[register] = None
