"""Runs functions that are marked ``tfrt.sync``: kernel after kernel, to completion, on the calling thread.

Plans do that, too, and faster, as long as nothing is pending or fails; this is where they go on.

The first kernel that fails ends the call, and all results are its error; what comes after it does not run. This is
the reference implementation's ``lib/bef_executor/bef_interpreter.cc``.

Such a call waits for the calls in it, so they all stand on the thread's stack, and their nesting has a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfrt.executor.engines.binding import unpack
from tfrt.executor.engines.graph import Graph, Node
from tfrt.executor.engines.recorded import Recorded, returning
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import CallEnded, as_kernel_error, ends_call, failed_results
from tfrt.executor.support.call_depth import of_thread
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue

MAX_CALL_DEPTH = 100
"""Nested calls on a thread's stack, each some five Python frames, beyond which no synchronous call starts.

It is larger than `tfrt.executor.support.call_depth.MAX_CALL_DEPTH`, so that the deepest function of another kind can
call some.
"""


def interpret(
    graph: Graph, context: ExecutionContext, arguments: Sequence[Any], recorded: Recorded | None = None
) -> list[Any]:
    """Run `graph`'s kernels in order; the results are plain values, or all the same failed `AsyncValue`.

    Args:
        recorded: what has been run already, in a plan.

    Raises:
        KernelError: a kernel failed, and there are no results.
    """
    calls = of_thread.calls
    depth, is_awaited = calls.depth, calls.is_awaited
    if depth >= MAX_CALL_DEPTH:
        return failed_results(_too_deep(graph), len(graph.result_registers))
    try:
        calls.depth = depth + 1
        calls.is_awaited = True
        return _run(graph, context, arguments, recorded)
    except KernelError as error:
        failure = error
    except Exception as error:
        # No kernel's failure: those are `KernelError`s.
        raise CallEnded(error) from None
    finally:
        calls.depth = depth
        calls.is_awaited = is_awaited
    return failed_results(failure, len(graph.result_registers))


def _too_deep(graph: Graph) -> KernelError:
    return KernelError(
        f"cannot call '{graph.record.name}': more than {MAX_CALL_DEPTH} calls are nested, which is too deep for a "
        "synchronous function; recurse in a function without tfrt.sync, or use a loop"
    )


def _run(graph: Graph, context: ExecutionContext, arguments: Sequence[Any], recorded: Recorded | None) -> list[Any]:
    registers: list[Any] = [None] * graph.register_count
    registers[: len(arguments)] = [now(argument, context) for argument in arguments]
    done = 0
    if recorded is not None:
        registers, done = list(recorded.registers), recorded.done
        if recorded.outcome is not None:
            done += 1
            # It has run, so it is not skipped, even if the request has been cancelled meanwhile.
            run_kernel(graph, graph.nodes[done].having_run(returning(recorded.outcome)), registers, context)
    for node in graph.nodes[done + 1 :]:
        if context.cancellation is not None:
            raise context.cancellation.value
        run_kernel(graph, node, registers, context)
    return [registers[r] for r in graph.result_registers]


def run_kernel(graph: Graph, node: Node, registers: list[Any], context: ExecutionContext) -> None:
    """Run one kernel to completion.

    Raises:
        KernelError: it failed.
    """
    operands = [registers[a] for a in node.arguments]
    if node.needs_context:
        operands.insert(0, context)
    try:
        value = node.call(*operands)
        values = unpack(value, len(node.results), node.bound.returns_tuple)
        for register, item in zip(node.results, values, strict=True):
            registers[register] = now(item, context)
    except BaseException as error:
        if ends_call(error):
            raise
        failure = as_kernel_error(error)
        context.report(failure, graph.location(node.number))
        failure.came_through(graph.call(node, registers))
        raise failure from failure.__cause__


def now(value: Any, context: ExecutionContext) -> Any:
    """A value, once it is there.

    Raises:
        KernelError: it is an error.
    """
    if type(value) is not AsyncValue:
        return value
    context.host.wait([value])
    return value.value
