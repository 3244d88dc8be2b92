"""Kernels of `tfrt_test` that fail, each in another way, or cancel the request.

Source of the semantics: ``lib/test_kernels/simple_test_kernels.cc`` and ``async_test_kernels.cc`` in
tensorflow/runtime.
"""

from __future__ import annotations

from typing import Any, NoReturn

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN, Chain
from tfrt.kernels.tfrt_test.work import enqueue_work

_SYNC_MESSAGE = "something bad happened"
_ASYNC_MESSAGE = "something bad happened asynchronously"


@kernel("tfrt_test.fail")
def fail(chain: Chain = CHAIN) -> NoReturn:
    raise KernelError(_SYNC_MESSAGE)


@kernel("tfrt_test.error_chain")
def error_chain(chain: Chain) -> NoReturn:
    raise KernelError("error chain")


@kernel("tfrt_test.partial_fail")
def partial_fail() -> tuple[int, AsyncValue]:
    """One result that is there, and one that is an error."""
    return 1, AsyncValue.failed(KernelError(_SYNC_MESSAGE))


@kernel("tfrt_test.report_error_async")
def report_error_async(*, host: HostContext) -> AsyncValue:
    """A result that becomes an error later."""
    return enqueue_work(host, _fail_if, 1)


@kernel("tfrt_test.report_error_concrete_async")
def report_error_concrete_async(value: int, *, host: HostContext) -> AsyncValue:
    """0 where the operand is 0, else an error; later either way."""
    return enqueue_work(host, _fail_if, value)


@kernel("tfrt_test.report_error_indirect_async")
def report_error_indirect_async(value: int, *, host: HostContext) -> AsyncValue:
    """As `report_error_concrete_async`, by forwarding another value."""
    return enqueue_work(host, lambda: AsyncValue.failed(KernelError(_ASYNC_MESSAGE)) if value else AsyncValue.of(0))


def _fail_if(value: int) -> int:
    if value:
        raise KernelError(_ASYNC_MESSAGE)
    return value


@kernel("tfrt_test.cancel", cancels=True)
def cancel(chain: Chain, *, context: ExecutionContext) -> tuple[Any, ...]:
    """Cancel the request from within, as a test; it is the caller's business otherwise."""
    context.cancel()
    return 0, chain
