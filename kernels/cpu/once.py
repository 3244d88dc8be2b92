"""What a program computes once, of constants and weights."""

from __future__ import annotations

from typing import Any

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.runs import Runs
from tfrt.executor.engines.function import Function
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.results import resolved
from tfrt.kernels.numerics.packed import constant


class _Kept:
    """What has been computed; nothing as long as something is pending, or has failed."""

    __slots__ = ("arrays",)

    def __init__(self) -> None:
        self.arrays: tuple[Any, ...] | None = None


@kernel("cpu.once", pure=True, runs=Runs())
def once(*, function: Function, context: ExecutionContext, resources: ResourceContext) -> tuple[Any, ...]:
    """The results of `function`, which are always the same.

    Requests that come before it has ended compute them, too: one that is cancelled fails for itself only.
    """
    kept: _Kept = resources.get_or_create(f"cpu.once @{function.name}", _Kept)
    if kept.arrays is not None:
        return kept.arrays
    results = function.execute(context, ())
    later = [result for result in results if type(result) is AsyncValue]
    if any(value.is_pending for value in later):

        def keep(_: AsyncValue) -> None:
            if not any(value.is_pending or value.is_error for value in later):
                # The request may write to its own.
                kept.arrays = tuple([constant(resolved(result).copy()) for result in results])

        for value in later:
            value.and_then(keep)
        return tuple(results)
    if not any(value.is_error for value in later):
        kept.arrays = tuple([constant(resolved(result)) for result in results])
    return kept.arrays or tuple(results)
