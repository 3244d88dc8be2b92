"""What kernels that compute asynchronously share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.errors import KernelError
from tfrt.executor.host_context import HostContext


def enqueue_work(host: HostContext, compute: Callable[[], Any]) -> AsyncValue:
    """The value of `compute`, or the `KernelError` that it raises, once the work queue has run it."""
    result = AsyncValue()

    def run() -> None:
        try:
            value = compute()
        except KernelError as error:
            result.set_error(error)
        else:
            result.set(value)

    host.enqueue(run)
    return result
