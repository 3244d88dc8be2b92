"""What watches the kernels of a host: profiles and traces; and what they are told of the kernel that they watch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tfrt.executor.bef import BefFile, FunctionRecord, KernelRecord
from tfrt.executor.runtime.priorities import Priority
from tfrt.executor.runtime.work_queue import Task
from tfrt.executor.support.location import Location, UnknownLocation


@dataclass(frozen=True, slots=True)
class Place:
    """A kernel at one place in a program.

    Attributes:
        number: which kernel of the function it is.
        operand_types, result_types: MLIR's spellings; empty where the file does not say them.
        is_plain: whether it takes its operands only, and gives values that are there.
        makes_results: whether its results are known to have memory of their own, which it makes.
    """

    kernel: str
    location: Location
    bef: BefFile
    function: FunctionRecord
    number: int
    operand_types: tuple[str, ...]
    result_types: tuple[str, ...]
    is_plain: bool = False
    makes_results: bool = False

    @property
    def where(self) -> str | None:
        """The location as diagnostics spell it, or None where it is unknown."""
        return None if isinstance(self.location, UnknownLocation) else str(self.location)

    @property
    def record(self) -> KernelRecord:
        """What the file says of the kernel."""
        return self.function.kernels[self.number]

    @property
    def has_arrays(self) -> bool:
        """Whether it may take or give what has a shape."""
        types = (*self.operand_types, *self.result_types)
        return len(types) != len(self.record.arguments) + len(self.record.results) or any(map(_may_be_array, types))


def _may_be_array(type: str) -> bool:
    return not type.lstrip("su").startswith(("i", "f", "b", "!tfrt.chain", "!tfrt.string", "!corert.ophandler"))


def place_of(
    bef: BefFile, function: FunctionRecord, number: int, *, is_plain: bool = False, makes_results: bool = False
) -> Place:
    """The place of a function's kernel of that number."""
    record, types = function.kernels[number], function.register_types
    operands = () if types is None else tuple(types[r] for r in record.arguments)
    results = () if types is None else tuple(types[r] for r in record.results)
    return Place(
        record.name, bef.kernel_location(record), bef, function, number, operands, results, is_plain, makes_results
    )


Call = Callable[..., Any]
"""A kernel, as it is called."""

RunWhenReady = Callable[[Iterable[Any], Callable[[], None]], None]
"""See `tfrt.executor.runtime.host_context.HostContext.run_when_ready`."""

RunFunction = Callable[[Any, Sequence[Any]], list[Any]]
"""Runs calls of a function, given their `ExecutionContext` and arguments."""


class Observer(Protocol):
    """What watches the kernels of a host."""

    def watched(self, call: Call, place: Place, run_when_ready: RunWhenReady) -> Call:
        """`call`, a kernel at one place, to be watched each time that it runs."""


class WatchedTask:
    """A task around another one, as what watches a work queue adds it: as urgent, and told of what escapes from it."""

    __slots__ = ("task",)

    def __init__(self, task: Any):
        self.task = task

    @property
    def priority(self) -> Priority | None:
        """The task's own, where it has one. See `tfrt.executor.runtime.priorities`."""
        return getattr(self.task, "priority", None)

    @property
    def abandon(self) -> Callable[[BaseException], None]:
        """The task's own; not there where it has none. See `tfrt.executor.values.escaped`."""
        found: Callable[[BaseException], None] = self.task.abandon
        return found


class Recorder(Observer, Protocol):
    """What records events of a host: `tfrt.executor.runtime.events.EventTrace`, which says what these are."""

    local: Any

    @property
    def has_kernels(self) -> bool: ...

    def watched_function(self, run: RunFunction, name: str) -> RunFunction: ...

    def watched_queue(self, add_task: Callable[[Task], None]) -> Callable[[Task], None]: ...


@dataclass(slots=True)
class Tracing:
    """What records events of every host that is made now; nothing as a rule."""

    events: Recorder | None = None


tracing = Tracing()
