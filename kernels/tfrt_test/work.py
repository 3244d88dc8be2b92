"""What kernels that compute asynchronously share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.errors import KernelError
from tfrt.executor.host_context import HostContext


def enqueue_work(host: HostContext, compute: Callable[..., Any], *operands: Any) -> AsyncValue:
    """The value of `compute`, or the `KernelError` that it raises, once the work queue has run it."""
    result = AsyncValue()
    host.enqueue(partial(_run, result, compute, *operands))
    return result


def _run(result: AsyncValue, compute: Callable[..., Any], *operands: Any) -> None:
    try:
        value = compute(*operands)
    except KernelError as error:
        result.set_error(error)
    else:
        result.set(value)
