"""What a caller gets of results that may not be there yet, or never, since the request has been cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import Promised
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.results import resolved, returned


def cancellation(context: ExecutionContext) -> Any:
    """For results that are not there, since the request has been cancelled.

    Raises:
        KernelError: why.
    """
    assert context.cancellation is not None
    return context.cancellation.value


def given(results: Sequence[Any], context: ExecutionContext) -> Any:
    """What a caller gets of results, some of which may not be there if the request has been cancelled.

    Raises:
        KernelError: one is an error, or not there.
    """
    if any(type(result) is AsyncValue and result.is_pending for result in results):
        return cancellation(context)
    return returned([resolved(result) for result in results])


def first_of(host: HostContext, results: Sequence[Any], context: ExecutionContext) -> AsyncValue:
    """What is there once all results are, or the request is cancelled."""
    first = AsyncValue()
    left = [True]

    def ring() -> None:
        # Both may come at the same time.
        with suppress(IndexError):
            left.pop()
            first.set(None)

    host.run_when_ready(results, Promised([first], ring))
    context.cancelled.and_then(lambda _: ring())
    return first
