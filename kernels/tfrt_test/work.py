"""What kernels that compute asynchronously share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.host_context import HostContext


def enqueue_work(host: HostContext, compute: Callable[[], Any]) -> AsyncValue:
    """The value of `compute`, which must not fail, once the work queue has run it."""
    result = AsyncValue()
    host.enqueue(lambda: result.set(compute()))
    return result
