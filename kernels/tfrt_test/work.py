"""What kernels that compute asynchronously share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.async_value import AsyncValue


def enqueue_work(
    host: HostContext, compute: Callable[..., Any], *operands: Any, traced_as: str | None = None
) -> AsyncValue:
    """The value of `compute`, or the error for what it raises, once the work queue has run it.

    Args:
        traced_as: what a trace calls the work.
    """
    result = AsyncValue()

    def run() -> list[Any]:
        if traced_as is None or host.trace is None:
            return [compute(*operands)]
        with host.trace.scope(traced_as):
            return [compute(*operands)]

    host.enqueue(fulfilling([result], run))
    return result
