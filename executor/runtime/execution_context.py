"""What a program's kernels run in: an `ExecutionContext` for each request.

Every call of a program's function is a request. Its context carries cancellation, deadlines, the resources that kernels
keep between ops (`tfrt.once`), and data that the caller passes to kernels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from ctypes import addressof, c_uint8
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar

from tfrt.executor.declarations.annotations import Supplied
from tfrt.executor.runtime.deadlines import call_after, check_timeout
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.priorities import NORMAL, Priority, check_priority
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CancelledError, DeadlineExceededError, KernelError
from tfrt.executor.support.location import Location
from tfrt.executor.values.async_value import AsyncValue

_NO_DATA: Mapping[type, Any] = MappingProxyType({})


class ExecutionContext:
    """One request: what all kernels that it runs have in common.

    Attributes:
        host: the host it runs on.
        resources: see `ResourceContext`.
        data: objects that the caller passes to kernels, by their type.
        cancellation: the error that kernels which have not started are skipped with, once cancelled.
        task_cancellation: the same for kernels whose tasks are waiting in the work queue. Where that has no threads,
            these count as started, as in the reference, unless nobody wants their results any more.
        within: what `part_within` was given, from the outermost part of the request to this one.
        is_pure: whether nothing that it runs has side effects, or sees any.
        request: its number in a trace; not there without one.
        has_span, span_parent: see `tfrt.executor.runtime.request_spans`; not there where no host makes spans.

    Args:
        timeout: the seconds that the request may take from now on. Then it is cancelled, and what kernels have not been
            run for is a `DeadlineExceededError`.
        priority: ``high``, ``normal`` or ``low``: what of it waits in the work queue begins before what is less urgent;
            see `tfrt.executor.runtime.priorities`.

    Raises:
        UsageError: `timeout` is no number of seconds, or `priority` none of these.
    """

    request: int
    has_span: bool
    span_parent: Any

    supplied_as: ClassVar[Supplied] = Supplied.CONTEXT

    __slots__ = (
        "__weakref__",
        "_flag",
        "_made",
        "cancellation",
        "data",
        "has_span",
        "host",
        "is_pure",
        "request",
        "span_parent",
        "task_cancellation",
        "within",
    )

    def __init__(
        self,
        host: HostContext,
        *,
        resources: ResourceContext | None = None,
        data: Iterable[Any] = (),
        within: tuple[Any, ...] = (),
        timeout: float | None = None,
        priority: Priority = NORMAL,
    ):
        self.host = host
        self.within = within
        self.is_pure = False
        # What most requests do not have, made when it is needed: nothing is removed from here.
        self._made: dict[str, Any] = {} if resources is None else {"resources": resources}
        self.data: Mapping[type, Any] = {type(item): item for item in data} if data else _NO_DATA
        self.cancellation: AsyncValue | None = None
        self.task_cancellation: AsyncValue | None = None
        self._flag: c_uint8 | None = None
        if priority is not NORMAL:
            self._begin_with(priority)
        if timeout is not None:
            self._expire_after(timeout)

    def _begin_with(self, priority: Priority) -> None:
        check_priority(priority)
        self._made["priority"] = priority
        if priority != NORMAL:
            self.host.prioritise()

    def _expire_after(self, timeout: float) -> None:
        check_timeout(timeout)
        self._made["expired"] = AsyncValue()
        if not timeout:
            _expire(self, timeout)
            return
        call_after(self, timeout, partial(_expire, timeout=timeout))

    @property
    def priority(self) -> Priority:
        """``high``, ``normal`` or ``low``."""
        found: Priority = self._made.get("priority", NORMAL)
        return found

    @property
    def expired(self) -> AsyncValue | None:
        """Resolved when the request's time is over; None where that is not limited."""
        return self._made.get("expired")

    @property
    def cancelled(self) -> AsyncValue:
        """Resolved once the request is cancelled, by whomever: for who waits for results that may never be there."""
        found: _Notice | None = self._made.get("notice")
        if found is None:
            found = self._made.setdefault("notice", _Notice())
            # One of `cancel` and this sees what the other has written.
            if self.cancellation is not None:
                found.give()
        return found.value

    @property
    def resources(self) -> ResourceContext:
        """The request's, made when first asked for."""
        found: ResourceContext | None = self._made.get("resources")
        return self._made.setdefault("resources", ResourceContext()) if found is None else found

    @property
    def whole(self) -> ExecutionContext:
        """The request that this one is a part of; itself where it is none."""
        return self

    def cancel(self, *, abandon: bool = False) -> None:
        """Skip every kernel of this request that has not started yet; their results are `CancelledError`.

        Args:
            abandon: nobody wants the request's results any more.
        """
        self._cancel_as(AsyncValue.failed(CancelledError()), abandon)

    def _cancel_as(self, cancellation: AsyncValue, abandon: bool) -> None:
        """Cancel it and its parts, with that error, unless it is cancelled."""
        if self.cancellation is None:
            self.cancellation = cancellation
            if self._flag is not None:
                self._flag.value = 1
            notice: _Notice | None = self._made.get("notice")
            if notice is not None:
                notice.give()
        if abandon or self.host.work_queue.has_threads:
            self.task_cancellation = self.cancellation
        for part in list(self._made.get("parts", ())):
            part._cancel_as(self.cancellation, abandon)

    def part_within(self, key: Any) -> ExecutionContext:
        """The request for what runs as a part of it that `key` stands for; all parts are cancelled together."""
        part = _Part(self, key)
        self._made.setdefault("parts", []).append(part)
        # One of `cancel` and this sees what the other has written.
        if self.cancellation is not None:
            part._cancel_as(self.cancellation, self.task_cancellation is not None)
        return part

    def cancellation_flag(self) -> int:
        """The address of a byte that is set once the request is cancelled, for machine code to look at."""
        if self._flag is None:
            # One of `cancel` and this sees what the other has written.
            self._flag = c_uint8()
            if self.cancellation is not None:
                self._flag.value = 1
        return addressof(self._flag)

    @property
    def is_cancelled(self) -> bool:
        """Whether the request has been cancelled."""
        return self.cancellation is not None

    def report(self, error: KernelError, location: Location) -> None:
        """Locate an error where it arose and tell the host, once; errors that merely pass by are left alone.

        It is written on, so it must be the engine's own: see `tfrt.executor.runtime.failures.as_kernel_error`.
        """
        if error.location is not None or error.passes_by:
            return
        error.location = location
        self.host.emit(Diagnostic("error", f"runtime error: {error.message}", location))


class _Notice:
    """A value that is resolved once, whoever is first."""

    __slots__ = ("_is_left", "value")

    def __init__(self) -> None:
        self.value = AsyncValue()
        self._is_left = [True]

    def give(self) -> None:
        """Resolve the value."""
        with suppress(IndexError):
            self._is_left.pop()
            self.value.set(None)


class _Part(ExecutionContext):
    """A part of a request; see `ExecutionContext.part_within`."""

    __slots__ = ("_whole",)

    def __init__(self, whole: ExecutionContext, key: Any):
        super().__init__(whole.host, resources=whole.resources, within=(*whole.within, key))
        self.data = whole.data
        self.is_pure = whole.is_pure
        self._whole = whole

    @property
    def whole(self) -> ExecutionContext:
        return self._whole.whole

    @property
    def priority(self) -> Priority:
        return self._whole.priority

    def cancel(self, *, abandon: bool = False) -> None:
        self._whole.cancel(abandon=abandon)


def _expire(context: ExecutionContext, timeout: float) -> None:
    """The time of a request is over."""
    error = DeadlineExceededError(f"the request has taken more than {timeout:g} s")
    # It is nobody's failure, so it is not reported where it is first seen.
    error.passes_by = True
    context._cancel_as(AsyncValue.failed(error), abandon=True)
    assert context.expired is not None
    context.expired.set(None)
