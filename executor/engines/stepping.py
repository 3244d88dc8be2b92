"""Where a program stops that somebody steps through: what `bef-run --step` and `tfrt.Program.step` have in common.

A program that is watched by a `Stepping` runs in the dataflow executor, kernel by kernel. Before a kernel runs where
the program is to stop, `on_stop` is called on the kernel's thread; the program goes on when that returns.

**Calls.** Each kernel is known to belong to a call of a function, and each call to the kernel that has called the
function, wherever they run: frames of the dataflow executor take the call with them to other threads and tasks
(`traced_frame.py`). So a call's registers are what its kernels have given so far.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from fnmatch import fnmatchcase
from typing import Any

from tfrt.executor.bef import BefFile, FunctionRecord
from tfrt.executor.bef.graphs import register_names
from tfrt.executor.bef.named_attributes import array_ops
from tfrt.executor.runtime.observer import Call, Place, RunFunction, RunWhenReady, WatchedTask
from tfrt.executor.runtime.work_queue import Task
from tfrt.executor.support import cli
from tfrt.executor.support.errors import UsageError
from tfrt.executor.support.location import position
from tfrt.executor.values.async_value import AsyncValue

Key = tuple[int, int]
"""A kernel of a file: the index of its function, and its number there."""


@dataclass(eq=False, slots=True)
class Called:
    """A call of a function.

    Attributes:
        caller: the kernel that has called it; None where nobody in the program has.
        registers: what is known of its values, by register.
        has_begun: whether a kernel of it has run.
    """

    caller: Activation | None
    registers: dict[int, Any] = field(default_factory=dict)
    has_begun: bool = False


@dataclass(eq=False, slots=True)
class Activation:
    """A run of a kernel, which may call functions. What calls a function by itself belongs to no call."""

    place: Place
    operands: tuple[Any, ...]
    call: Called | None

    @property
    def key(self) -> Key:
        """Which kernel it is."""
        return self.place.function.index, self.place.number

    def stack(self) -> Iterator[Activation]:
        """This one, the one that has called its function, and so on."""
        at: Activation | None = self
        while at is not None:
            yield at
            at = None if at.call is None else at.call.caller

    def registers(self) -> dict[str, Any]:
        """The values of its function's call that are known, by their names: see `register_names`."""
        names = register_names(self.place.function)
        found = {} if self.call is None else dict(self.call.registers)
        found.update(zip(self.place.record.arguments, self.operands, strict=False))
        return {names[register]: found[register] for register in sorted(found)}


class Until(Enum):
    """How far a program goes on, unless it comes to a kernel where it is to stop in any case."""

    STEP = auto()
    """To the next kernel."""
    NEXT = auto()
    """To the next kernel that is not in what this one calls."""
    FINISH = auto()
    """To the next kernel of a call around this one."""
    BREAK = auto()
    """No further limit."""


class _Thread:
    """What a thread is at: the call that its kernels belong to, and the kernels that it is in."""

    __slots__ = ("call", "kernels")

    def __init__(self) -> None:
        self.call: Called | None = None
        self.kernels: list[Activation] = []


class _Local(threading.local):
    def __init__(self, everyone: list[_Thread]):
        self.thread = _Thread()
        everyone.append(self.thread)


class Stepping:
    """Watches a program; see the module docstring.

    Args:
        breaks: where to stop, see `add`; at the first kernel where there are none.

    Attributes:
        breaks: where the program stops in any case.
        until: how far it goes on else.
        on_stop: called before a kernel; what it raises is raised in place of running the kernel.
        on_return: called after a kernel, with its results, or None where it has failed.

    Raises:
        UsageError: nothing in the program is meant by one of `breaks`.
    """

    has_kernels = True

    def __init__(self, bef: BefFile, breaks: Sequence[str] = ()):
        self.breaks: list[str] = []
        self.on_stop: Callable[[Activation], None] = lambda activation: None
        self.on_return: Callable[[Activation, tuple[Any, ...] | None], None] = lambda activation, results: None
        self._threads: list[_Thread] = []
        self.local = _Local(self._threads)
        self._pending: dict[Activation, None] = {}
        self._ops = _ops(bef)
        self._names = _names(bef, self._ops)
        self._stops: set[Key] = set()
        self._entries: set[str] = set()
        self._callers: set[Activation | None] = set()
        self._functions = [function.name for function in bef.functions if function.name]
        for pattern in breaks:
            self.add(pattern)
        self.until = Until.BREAK if breaks else Until.STEP

    # -- where to stop ------------------------------------------------------------------------------------------

    def add(self, pattern: str) -> None:
        """Stop before kernels of that name (``cpu.*``), those that run an op (``stablehlo.dot*``), at a place
        (``FILE:LINE``, ``FILE:LINE:COLUMN`` or ``LINE``), or where a function begins (``@main``).

        Raises:
            UsageError: there is none.
        """
        meant = {key for key, names in self._names.items() if any(fnmatchcase(name, pattern) for name in names)}
        entered = {name for name in self._functions if fnmatchcase(f"@{name}", pattern)}
        if not meant and not entered:
            hint = cli.did_you_mean(pattern, self.names())
            raise UsageError(f"no kernel, op, function or line with a kernel is called '{pattern}'{hint}")
        self.breaks.append(pattern)
        self._stops |= meant
        self._entries |= entered

    def remove(self, index: int) -> None:
        """Do not stop any more where ``breaks[index]`` says."""
        left = [pattern for at, pattern in enumerate(self.breaks) if at != index]
        self.clear()
        for pattern in left:
            self.add(pattern)

    def clear(self) -> None:
        """Stop nowhere but where going on in steps leads."""
        self.breaks.clear()
        self._stops, self._entries = set(), set()

    def go_on(self, until: Until, at: Activation) -> None:
        """Say how far the program goes on from where it has stopped."""
        around = list(at.stack())[1 if until is Until.FINISH else 0 :]
        # Calls of a loop's iterations have one caller.
        self._callers = {None if activation.call is None else activation.call.caller for activation in around}
        self.until = until

    def is_due(self, at: Activation) -> bool:
        """Whether the program is to stop before a kernel."""
        if self.until is Until.STEP or at.key in self._stops:
            return True
        call = at.call
        if call is None:
            return False
        if at.place.function.name in self._entries and not call.has_begun:
            return True
        return self.until is not Until.BREAK and call.caller in self._callers

    # -- what is there ------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The names of all kernels, ops and functions of the program, as `add` takes them."""
        kernels = {names[0] for names in self._names.values()}
        return sorted(
            {*kernels, *(op for ops in self._ops.values() for op in ops), *(f"@{f}" for f in self._functions)}
        )

    def ops(self, at: Activation) -> tuple[str, ...]:
        """The ops that a kernel runs for arrays."""
        return tuple(self._ops.get(at.key, ()))

    def under_way(self) -> list[Activation]:
        """The kernels that run on threads, or whose results are waited for, but not those that only call them."""
        running = [thread.kernels[-1] for thread in list(self._threads) if thread.kernels]
        every = list(dict.fromkeys([*running, *list(self._pending)]))
        callers = {caller for activation in every for caller in list(activation.stack())[1:]}
        return [activation for activation in every if activation not in callers]

    # -- watching, see `tfrt.executor.runtime.observer.Recorder` --------------------------------------------------

    def watched(self, call: Call, place: Place, run_when_ready: RunWhenReady) -> Call:
        """`call`, a kernel at one place, before which the program may stop."""

        def run(*operands: Any, **keywords: Any) -> Any:
            thread = self.local.thread
            activation = Activation(place, operands, thread.call)
            if self.is_due(activation):
                self.on_stop(activation)
            if activation.call is not None:
                activation.call.has_begun = True
            thread.kernels.append(activation)
            try:
                value = call(*operands, **keywords)
            except BaseException:
                thread.kernels.pop()
                self.on_return(activation, None)
                raise
            thread.kernels.pop()
            self._keep(activation, value, run_when_ready)
            return value

        return run

    def _keep(
        self,
        activation: Activation,
        value: Any,
        run_when_ready: RunWhenReady,
    ) -> None:
        results = tuple(value) if isinstance(value, tuple | list) else (value,)
        if any(type(result) is AsyncValue and result.is_pending for result in results):
            self._pending[activation] = None
            run_when_ready(results, lambda: self._pending.pop(activation, None))
        if activation.call is not None:
            activation.call.registers.update(zip(activation.place.record.results, results, strict=False))
        self.on_return(activation, results)

    def watched_function(self, run: RunFunction, name: str) -> RunFunction:
        """`run`, which runs calls of a function, with these known."""

        def called(context: Any, arguments: Sequence[Any]) -> list[Any]:
            thread = self.local.thread
            around = thread.call
            thread.call = Called(thread.kernels[-1] if thread.kernels else None, dict(enumerate(arguments)))
            try:
                return run(context, arguments)
            finally:
                thread.call = around

        return called

    def watched_queue(self, add_task: Callable[[Task], None]) -> Callable[[Task], None]:
        """`add_task` of a work queue; tasks belong to the call of the kernel that adds them."""

        def add(task: Task) -> None:
            add_task(_Task(task, self.local, self.local.thread.call))

        return add


class _Task(WatchedTask):
    """A task that is part of a call."""

    __slots__ = ("_call", "_local")

    def __init__(self, task: Task, local: _Local, call: Called | None):
        super().__init__(task)
        self._local = local
        self._call = call

    def __call__(self) -> None:
        thread = self._local.thread
        around, thread.call = thread.call, self._call
        try:
            self.task()
        finally:
            thread.call = around


def _ops(bef: BefFile) -> dict[Key, list[str]]:
    """The ops that kernels run for arrays."""
    found: dict[Key, list[str]] = {}
    for function in bef.functions:
        numbers = {id(kernel): number for number, kernel in enumerate(function.kernels)}
        for kernel, op in array_ops(bef, function):
            found.setdefault((function.index, numbers[id(kernel)]), []).append(op)
    return found


def _names(bef: BefFile, ops: dict[Key, list[str]]) -> dict[Key, tuple[str, ...]]:
    """What each kernel may be called; its own name is the first one."""
    return {
        (function.index, number): (kernel.name, *ops.get((function.index, number), ()), *_places(bef, function, number))
        for function in bef.functions
        for number, kernel in enumerate(function.kernels)
        if number
    }


def _places(bef: BefFile, function: FunctionRecord, number: int) -> Iterator[str]:
    at = position(bef.kernel_location(function.kernels[number]))
    if at is not None:
        yield from (f"{at.filename}:{at.line}", str(at), str(at.line))
