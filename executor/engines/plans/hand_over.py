"""How a plan that cannot go on becomes calls of the executor that can run everything.

A plan knows at each moment where it stands: whatever may stop it is guarded by a handler of its own, in the table tier
by lines of `run_table`, in generated source by an *exit*, a call with the number of the place. Such a handler gathers
what the function's kernels have come to so far (`Recorded`) and raises a `HandOver` with it. The plan that called this
one catches that at its call, where it does the same for itself: what the call's kernel came to is then that the inner
one goes on. So a `HandOver` arrives where plans were entered with all calls that stand in one another, and only there
the outermost goes on, in the dataflow executor; when it comes to the kernel in which the next one stands, that goes on.
Thus everything that had not been run is run in the dataflow executor's own order. And if a kernel has cancelled the
request, that counts from its turn in this order on: what comes before it is not skipped, even if it had not been run,
and what comes after it is skipped, even if it had.

A synchronous function goes on at once, in the interpreter, which runs kernels in the file's order as plans do.

Nothing is read from exceptions of kernels or their tracebacks, which may belong to several threads.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from tfrt.executor.bef import FunctionKind
from tfrt.executor.declarations.runs import Control
from tfrt.executor.engines.dataflow import execute
from tfrt.executor.engines.graph import Graph, Node
from tfrt.executor.engines.plans.scope import Exit, LoopNames, Scope, Stands
from tfrt.executor.engines.plans.signals import HandOver
from tfrt.executor.engines.recorded import Recorded
from tfrt.executor.engines.sync_interpreter import interpret
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import as_kernel_error, ends_call
from tfrt.executor.values.async_value import AsyncValue

GoOn = Callable[[], list[Any]]
"""Goes on with a call and returns its results, as `tfrt.executor.engines.dataflow.execute` does."""


@dataclass(frozen=True, slots=True)
class Suspended:
    """A call that something else began and that has not gone on yet; calling it lets it go on, once."""

    graph: Graph
    context: ExecutionContext
    recorded: Recorded

    def __call__(self) -> list[Any]:
        arguments = self.recorded.registers[: self.graph.argument_count]
        run = interpret if self.graph.record.kind is FunctionKind.SYNC else execute
        return run(self.graph, self.context, arguments, self.recorded)

    def known(self, results: Sequence[Any]) -> list[Any]:
        """Its results, where those that it has had before it was suspended are not pending any more.

        It goes on in the order of the dataflow executor, in which they may come to be only later.
        """
        graph, recorded = self.graph, self.recorded
        had = {register for node in graph.nodes[1 : recorded.done + 1] for register in node.results}
        return [
            recorded.registers[register] if register in had and _is_pending(result) else result
            for register, result in zip(graph.result_registers, results, strict=True)
        ]


def stop(
    graph: Graph,
    context: ExecutionContext,
    registers: Sequence[Any],
    done: int,
    outcome: Callable[[], Any] | None,
    cancellation: AsyncValue | None = None,
) -> NoReturn:
    """Hand over a call; the parameters are those of `Recorded` and `HandOver`."""
    raise HandOver(Suspended(graph, context, Recorded(registers, done, outcome)), cancellation) from None


def cancelled_by(context: ExecutionContext) -> AsyncValue | None:
    """The cancellation, where the kernel that has just run counts as what has cancelled the request.

    On threads everybody sees at once that it is cancelled, and nobody can tell in which order things happen.
    """
    return None if context.host.work_queue.has_threads else context.cancellation


def once_more(
    context: ExecutionContext, cancellation: AsyncValue | None, outcome: Callable[[], Any]
) -> Callable[[], Any]:
    """What a kernel came to, that it has cancelled the request included."""
    if cancellation is None:
        return outcome

    def cancel() -> Any:
        context.cancellation = cancellation
        return outcome()

    return cancel


def raised() -> Callable[[], NoReturn]:
    """What a kernel came to that has raised the exception that is being handled, unless that ends the call."""
    error = sys.exc_info()[1]
    assert error is not None
    if ends_call(error):
        raise error
    failure = as_kernel_error(error)

    def again() -> NoReturn:
        raise failure

    return again


def handed_over(node: Node, inner: GoOn) -> Callable[[], Any]:
    """What a kernel came to in whose stead a function was run that goes on with `inner`."""
    return lambda: inner()[0] if node.is_single else tuple(inner())


def loop_from(go_on: Callable[..., Any], context: ExecutionContext, control: Any, values: Sequence[Any]) -> GoOn:
    """Goes on with a loop that is about to begin an iteration.

    Args:
        go_on: the loop's kernel, given the context and operands.
        control: the iterations that are left, or the condition.
    """
    return lambda: list(go_on(context, control, *values))


def loop_after(kind: Control, go_on: Callable[..., Any], context: ExecutionContext, left: int, inner: GoOn) -> GoOn:
    """Goes on with a loop in whose iteration a call goes on with `inner`.

    Args:
        left: the iterations that are left after this one, for `Control.REPEAT`.
    """
    if kind is Control.REPEAT:
        return lambda: list(go_on(context, left, *inner()))

    def again() -> list[Any]:
        *values, condition = inner()
        return list(go_on(context, condition, *values))

    return again


class Exits:
    """The exits of a generated function, called from it with the number of one."""

    def __init__(self) -> None:
        self._exits: list[Exit] = []

    def add(self, exit: Exit) -> int:
        """Add an exit; returns its number."""
        self._exits.append(exit)
        return len(self._exits) - 1

    def __call__(self, number: int) -> NoReturn:
        exit = self._exits[number]
        scope, kernel = exit.scope, exit.kernel
        variables = sys._getframe(1).f_locals
        context = variables["context"]
        cancellation: AsyncValue | None = None
        outcome: Callable[[], Any] | None = None
        going_on: GoOn | None = None
        match exit.stands:
            case Stands.RAISED:
                cancellation = cancelled_by(context)
                outcome = once_more(context, cancellation, raised())
            case Stands.RETURNED:
                cancellation = cancelled_by(context)
                values = [variables[name] for name in exit.results]
                outcome = once_more(context, cancellation, partial(_returned, scope.graph.nodes[kernel], values))
            case Stands.HANDED_OVER:
                inner = _inner()
                cancellation = inner.cancellation
                outcome = handed_over(scope.graph.nodes[kernel], inner.go_on)
            case Stands.AT_ITERATION:
                assert scope.loop is not None
                going_on = _at_iteration(scope.loop, variables, context)
            case Stands.IN_ITERATION:
                inner = _inner()
                cancellation = inner.cancellation
                going_on = _in_iteration(scope, inner.go_on, variables, context)
        if going_on is None:
            going_on = _suspended(scope, max(kernel - 1, 0), outcome, variables, context)
            going_on = _in_iteration(scope, going_on, variables, context)
        while scope.parent is not None:
            outcome = handed_over(scope.parent.graph.nodes[scope.kernel], going_on)
            going_on = _suspended(scope.parent, scope.kernel - 1, outcome, variables, context)
            scope = scope.parent
            going_on = _in_iteration(scope, going_on, variables, context)
        raise HandOver(going_on, cancellation) from None


def _is_pending(value: Any) -> bool:
    return type(value) is AsyncValue and value.is_pending


def _inner() -> HandOver:
    error = sys.exc_info()[1]
    assert isinstance(error, HandOver)
    return error


def _returned(node: Node, values: Sequence[Any]) -> Any:
    return values[0] if node.is_single or not node.results else tuple(values)


def _suspended(
    scope: Scope,
    done: int,
    outcome: Callable[[], Any] | None,
    variables: Mapping[str, Any],
    context: ExecutionContext,
) -> GoOn:
    graph = scope.graph
    registers: list[Any] = [None] * graph.register_count
    for register in range(graph.argument_count):
        registers[register] = scope.value(register, variables)
    for node in graph.nodes[1 : done + 1]:
        for register in node.results:
            registers[register] = scope.value(register, variables)
    return Suspended(graph, context, Recorded(registers, done, outcome))


def _at_iteration(loop: LoopNames, variables: Mapping[str, Any], context: ExecutionContext) -> GoOn:
    carried = [variables[name] for name in loop.carried]
    control = variables[loop.total]
    if loop.kind is Control.REPEAT:
        control -= variables[loop.index]
    return loop_from(loop.go_on, context, control, carried)


def _in_iteration(scope: Scope, inner: GoOn, variables: Mapping[str, Any], context: ExecutionContext) -> GoOn:
    """Goes on with a scope's loop, where it is the body of one; else with the scope."""
    loop = scope.loop
    if loop is None:
        return inner
    left = variables[loop.total] - variables[loop.index] - 1 if loop.kind is Control.REPEAT else 0
    return loop_after(loop.kind, loop.go_on, context, left, inner)
