"""Runs functions that are marked ``tfrt.sync``: kernel after kernel, to completion, on the calling thread.

The first kernel that fails ends the call, and all results are its error; what comes after it does not run. This is
the reference implementation's ``lib/bef_executor/bef_interpreter.cc``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.binding import as_kernel_error, unpack
from tfrt.executor.dataflow import Graph
from tfrt.executor.errors import KernelError

if TYPE_CHECKING:
    from tfrt.executor.host_context import ExecutionContext


def interpret(graph: Graph, context: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
    """Run `graph`'s kernels in order; the results are plain values, or all the same failed `AsyncValue`."""
    registers: list[Any] = [None] * graph.register_count
    try:
        registers[: len(arguments)] = [_now(argument, context) for argument in arguments]
        for kernel in range(1, len(graph.calls)):
            _run_kernel(graph, kernel, registers, context)
    except KernelError as error:
        failure = AsyncValue.failed(error)
        return [failure] * len(graph.result_registers)
    return [registers[r] for r in graph.result_registers]


def _run_kernel(graph: Graph, kernel: int, registers: list[Any], context: ExecutionContext) -> None:
    if context.cancellation is not None:
        raise context.cancellation.value
    operands = [registers[a] for a in graph.arguments[kernel]]
    if graph.needs_context[kernel]:
        operands.insert(0, context)
    try:
        value = graph.calls[kernel](*operands)
        values = unpack(value, graph.result_counts[kernel], graph.returns_tuple[kernel])
        for register, item in zip(graph.results[kernel], values, strict=True):
            registers[register] = _now(item, context)
    except Exception as error:
        failure = as_kernel_error(error)
        context.report(failure, graph.location(kernel))
        raise failure from error.__cause__


def _now(value: Any, context: ExecutionContext) -> Any:
    if type(value) is not AsyncValue:
        return value
    context.host.wait([value])
    return value.value
