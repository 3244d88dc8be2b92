"""What kernels that compute asynchronously share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.values.async_value import AsyncValue


def enqueue_work(host: HostContext, compute: Callable[..., Any], *operands: Any) -> AsyncValue:
    """The value of `compute`, or the error for what it raises, once the work queue has run it."""
    result = AsyncValue()
    host.enqueue(fulfilling([result], lambda: [compute(*operands)]))
    return result
