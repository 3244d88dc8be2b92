"""Errors among results: each is reported where it arose, once, and gets its place there.

The error in an `AsyncValue` that somebody's function returns is that function's object: it may stand for other results,
too, or be raised elsewhere. So nothing is written on it, and a copy takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfrt.executor.runtime.failures import fulfilling
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.once import get_or_make
from tfrt.executor.values.async_value import AsyncValue


def reporting(values: Sequence[Any], report: Callable[[KernelError], None]) -> list[Any]:
    """What stands for results: themselves, but for those that fail, now or later, with an error that arose here.

    Errors that merely pass by are left alone. One error may be that of several results, which stay one object then.

    Args:
        values: plain values and `AsyncValue`s.
        report: see `ExecutionContext.report`.
    """
    made: dict[int, Any] = {}

    def own(resolved: AsyncValue) -> AsyncValue:
        error = resolved.error
        if error is None or error.location is not None or error.passes_by:
            return resolved

        def make() -> tuple[Any, AsyncValue]:
            copy = error.copy()
            report(copy)
            # The error is kept, so that no other one has its identity.
            return error, AsyncValue.failed(copy)

        failed: AsyncValue = get_or_make(made, id(error), make)[1]
        return failed

    def standing_for(value: Any) -> Any:
        if type(value) is not AsyncValue:
            return value
        if not value.is_pending:
            return own(value)
        promise = AsyncValue()
        value.and_then(fulfilling([promise], lambda resolved: [own(resolved)]))
        return promise

    return [standing_for(value) for value in values]
