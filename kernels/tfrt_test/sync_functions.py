"""Kernels of `tfrt_test` that call synchronous functions, within the request or as a request of their own.

Source of the semantics: ``include/tfrt/bef_executor/function_util.h`` in tensorflow/runtime.
"""

from __future__ import annotations

from typing import Any

from tfrt.executor.bef import FunctionKind
from tfrt.executor.declarations.annotations import Attributes
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.runs import Runs
from tfrt.executor.engines.function import Function
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.support.errors import KernelError
from tfrt.kernels.shared.c_semantics import wrap32

_SYNC = Runs(is_sync=True)


@kernel("tfrt_test.invoke_sync_function.i32_i32.i32", runs=_SYNC)
def invoke_one_result(lhs: int, rhs: int, *, fn: Function, context: ExecutionContext) -> Any:
    return _invoke(fn, context, (lhs, rhs), 1)[0]


@kernel("tfrt_test.invoke_sync_function.i32_i32.i32_i32", runs=_SYNC)
def invoke_two_results(lhs: int, rhs: int, *, fn: Function, context: ExecutionContext) -> tuple[Any, ...]:
    return tuple(_invoke(fn, context, (lhs, rhs), 2))


@kernel("tfrt_test.sync_function_runner.i32_i32.i32", runs=_SYNC)
def run_one_result(lhs: int, rhs: int, *, fn: Function, context: ExecutionContext) -> Any:
    return _invoke(fn, _new_request(context), (lhs, rhs), 1)[0]


@kernel("tfrt_test.sync_function_runner.i32_i32.i32_i32", runs=_SYNC)
def run_two_results(lhs: int, rhs: int, *, fn: Function, context: ExecutionContext) -> tuple[Any, ...]:
    return tuple(_invoke(fn, _new_request(context), (lhs, rhs), 2))


@kernel("tfrt_test.sync_sum_attributes")
def sync_sum_attributes(*, values: Attributes) -> int:
    return wrap32(sum(values))


def _new_request(context: ExecutionContext) -> ExecutionContext:
    """A request that shares only the resources, and waits in the other's stead."""
    return ExecutionContext(context.host, resources=context.resources, within=context.within)


def _invoke(function: Function, context: ExecutionContext, arguments: tuple[Any, ...], result_count: int) -> list[Any]:
    if function.kind is not FunctionKind.SYNC:
        raise KernelError(f"function '{function.name}' must be a sync function")
    argument_count, results = len(function.argument_types), len(function.result_types)
    if argument_count != len(arguments) or results != result_count:
        raise KernelError(
            f"Invalid signature for function {function.name}. Expected {len(arguments)} arguments and "
            f"{result_count} results, but get {argument_count} arguments and {results} results"
        )
    return function.execute(context, arguments)
