"""Stepping through a program from Python: what `tfrt.Program.step` returns.

The function runs on a thread of its own, which sleeps while the program has stopped; on a host with threads, kernels
run on these as always, and one of them sleeps. What runs on the thread that steps, as tasks may, never stops.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from tfrt.executor.engines.stepping import Activation, Stepping, Until
from tfrt.executor.runtime.deadlines import check_timeout
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import CallEnded, Promised, mark_worker
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.diagnostics import Diagnostic, source_below
from tfrt.executor.support.errors import (
    Call,
    CancelledError,
    DeadlineExceededError,
    EndedError,
    TfrtError,
    UsageError,
)
from tfrt.executor.support.location import Location, position
from tfrt.executor.support.notebook import code, escaped, lines, shown, soft, table
from tfrt.executor.support.threads import Worker, join, take
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.brief import brief
from tfrt.executor.values.results import resolved, returned

_AROUND = 3
"""Lines of the source that are shown before and after the current one."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A kernel that a program has stopped before.

    Attributes:
        kernel: its name.
        ops: the ops that it runs for arrays.
        function: the function that it is in; empty for one of a region.
        location: its place in the source.
        operands: what it is given, as `Debugger.registers` has it.
    """

    kernel: str
    ops: tuple[str, ...]
    function: str
    location: Location
    operands: tuple[Any, ...]

    def __str__(self) -> str:
        """The place, the kernel with its operands in brief, and the line of the source where that is at hand."""
        name = f"{self.kernel} ({', '.join(self.ops)})" if self.ops else self.kernel
        message = f"{name}({', '.join(map(brief, self.operands))})"
        first, *rest = Diagnostic("note", message, self.location).render(source_below(".")).split("\n")
        return "\n".join([first.replace(": note: ", ": ", 1), *rest])

    def __repr__(self) -> str:
        return f"<Stop before {self.kernel} at {self.location}>"


class Debugger:
    """A function that runs step by step; close it, or use it as a context manager, and nothing of it runs any more.

    ::

        with program.step("main", 3, breaks=["stablehlo.dot*"]) as debugger:
            while debugger.stop is not None:
                print(debugger.stop, debugger.registers)
                debugger.step()
            print(debugger.value)

    Attributes:
        stop: the kernel that the program has stopped before; None where it runs, or the function has ended.
    """

    def __init__(
        self,
        stepping: Stepping,
        host: HostContext,
        name: str,
        execute: Callable[[ExecutionContext, Sequence[Any]], list[Any]],
        arguments: Sequence[Any],
    ):
        self.stop: Stop | None = None
        self._stepping = stepping
        stepping.on_stop, stepping.on_return = self._wait_for_user, self._keep_results
        self._host = host
        self._name = name
        self._context = ExecutionContext(host)
        self._owner = threading.get_ident()
        self._at: Activation | None = None
        self._results: tuple[Any, ...] | None = ()
        self._outcome: list[Any] | BaseException | None = None
        self._is_closed = False
        # One kernel stops at a time: others that are to stop wait for their turn.
        self._turn = threading.Lock()
        self._arrivals: SimpleQueue[Activation | None] = SimpleQueue()
        self._commands: SimpleQueue[bool] = SimpleQueue()
        self._closing = AsyncValue()
        self._thread = Worker(self._run, (execute, arguments), name="tfrt-step")
        # A host that is closed waits for its kernels, and one may have stopped.
        host.on_close(partial(_close, weakref.ref(self)))
        self._thread.start()
        try:
            self.wait()
        except BaseException:
            self._cancel()
            raise

    def __enter__(self) -> Debugger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Debugger of @{self._name}: {self._state()}>"

    # -- going on -----------------------------------------------------------------------------------------------

    def step(self, timeout: float | None = None) -> Stop | None:
        """Run this kernel, and stop before the next one, which may be in a function that this one calls.

        Args:
            timeout: the seconds that this may take. What runs goes on afterwards: see `wait` and `pause`.

        Returns:
            Where it has stopped; None where the function has ended.

        Raises:
            DeadlineExceededError: the time was over before it has stopped; it says what is under way.
            UsageError: the function has ended, the program runs, or the debugger is closed.
        """
        return self._go_on(Until.STEP, timeout)

    def next(self, timeout: float | None = None) -> Stop | None:
        """As `step`, but stop before the next kernel of this function, or of those that have called it."""
        return self._go_on(Until.NEXT, timeout)

    def finish(self, timeout: float | None = None) -> Stop | None:
        """As `step`, but run on until this function, or this region, has ended."""
        return self._go_on(Until.FINISH, timeout)

    def continue_(self, timeout: float | None = None) -> Stop | None:
        """As `step`, but run on to a place where the program is to stop, or to the end."""
        return self._go_on(Until.BREAK, timeout)

    def wait(self, timeout: float | None = None) -> Stop | None:
        """Wait until the program stops, or the function ends; at once where it does not run. As `step` else."""
        if timeout is not None:
            check_timeout(timeout)
        if self._is_closed:
            raise UsageError("the debugger is closed")
        if self._at is None and self._outcome is None:
            self._owner = threading.get_ident()
            try:
                self._at = take(self._arrivals, timeout)
            except Empty:
                raise DeadlineExceededError(
                    f"@{self._name} has not stopped within {timeout:g} s{self._doing()}"
                ) from None
            if self._at is not None:
                self.stop = self._shown(self._at)
        return self.stop

    def pause(self) -> None:
        """Stop before the next kernel that begins; `wait` waits for that. For a program that runs after a timeout."""
        self._stepping.until = Until.STEP

    def close(self) -> None:
        """End the function: kernels that have not begun do not run; those that run are waited for. May be called
        twice."""
        if not self._is_closed:
            self._cancel()
        join(self._thread)

    def _cancel(self) -> None:
        self._is_closed = True
        self._at = self.stop = None
        self._stepping.clear()
        self._stepping.until = Until.BREAK
        self._context.cancel(abandon=True)
        self._closing.set(None)
        self._commands.put(False)

    # -- where to stop ------------------------------------------------------------------------------------------

    @property
    def breaks(self) -> tuple[str, ...]:
        """Where the program stops in any case, as `break_at` was told."""
        return tuple(self._stepping.breaks)

    def break_at(self, pattern: str) -> None:
        """Stop before kernels of a name (``tfrt.add.i32``, ``cpu.*``), those that run an op (``stablehlo.dot*``), those
        at a place (``model.mlir:12``, ``model.mlir:12:5``, ``12``), and where a function begins (``@main``).

        Raises:
            UsageError: there is no such kernel.
        """
        self._stepping.add(pattern)

    def delete(self, pattern: str) -> None:
        """Do not stop there any more.

        Raises:
            UsageError: it is not among `breaks`.
        """
        if pattern not in self._stepping.breaks:
            raise UsageError(f"'{pattern}' is not among the breaks: {', '.join(self.breaks) or 'there are none'}")
        self._stepping.remove(self._stepping.breaks.index(pattern))

    # -- looking ------------------------------------------------------------------------------------------------

    @property
    def registers(self) -> dict[str, Any]:
        """The values of this call of the function, by name: arguments by theirs, as ``%x``, else ``%arg0``, …, all
        others by their registers' numbers, as pictures have them.

        Arrays and tensors are copies as numpy arrays, numbers and strings are as they are; a value that is not there,
        or has failed, is an `AsyncValue`. Arrays whose memory has been used for something else since have that in them.

        Raises:
            UsageError: the program has not stopped.
        """
        return {name: as_numpy(value) for name, value in self._here().registers().items()}

    @property
    def results(self) -> tuple[Any, ...] | None:
        """What the kernel has given that has run last, in the same form; None where it has raised an error."""
        return None if self._results is None else tuple(map(as_numpy, self._results))

    @property
    def is_over(self) -> bool:
        """Whether the function has ended."""
        return self._outcome is not None

    @property
    def value(self) -> Any:
        """What the function has returned, as calling it does.

        Raises:
            KernelError: as calling it does.
            UsageError: it has not ended.
        """
        if self._outcome is None:
            raise UsageError(f"@{self._name} has not ended: it {self._state()}")
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return returned([resolved(result) for result in self._outcome])

    def where(self) -> list[Call]:
        """The kernels that are calling functions, the outermost first, down to the one that the program has stopped
        before. Where it runs, those that are under way."""
        if self._at is None:
            return [_call(activation) for activation in self._stepping.under_way()]
        return [_call(activation) for activation in reversed(list(self._at.stack()))]

    def _repr_html_(self) -> str | None:
        return shown(self._html, self)

    # -- the two threads ----------------------------------------------------------------------------------------

    def _run(self, execute: Callable[[ExecutionContext, Sequence[Any]], list[Any]], arguments: Sequence[Any]) -> None:
        mark_worker()
        outcome: list[Any] | BaseException
        try:
            outcome = execute(self._context, arguments)
            self._host.wait([self._first_of(outcome)])
            if not self._host.work_queue.has_threads and self._closing.is_pending:
                # What the results do not depend on.
                self._host.quiesce()
        except CallEnded as error:
            outcome = error.error
        except EndedError as error:
            outcome = error.ended_by
        except BaseException as error:
            outcome = error
        self._outcome = outcome
        self._arrivals.put(None)

    def _first_of(self, results: Sequence[Any]) -> AsyncValue:
        """What is there once all results are, or the debugger is closed."""
        first = AsyncValue()
        left = [True]

        def ring() -> None:
            # Both may come at the same time.
            if left and left.pop():
                first.set(None)

        self._host.run_when_ready(results, Promised([first], ring))
        self._closing.and_then(lambda _: ring())
        return first

    def _wait_for_user(self, at: Activation) -> None:
        """On the kernel's thread: stop, unless somebody has gone on meanwhile, so that it need not."""
        if threading.get_ident() == self._owner:
            return
        with self._turn:
            if self._is_closed:
                raise CancelledError
            # What the results do not depend on may go on afterwards.
            if self._outcome is None and self._stepping.is_due(at):
                self._arrivals.put(at)
                if not self._commands.get():
                    raise CancelledError

    def _keep_results(self, _: Activation, results: tuple[Any, ...] | None) -> None:
        self._results = results

    def _go_on(self, until: Until, timeout: float | None) -> Stop | None:
        if timeout is not None:
            check_timeout(timeout)
        at = self._here()
        self._at = self.stop = None
        self._stepping.go_on(until, at)
        self._commands.put(True)
        return self.wait(timeout)

    def _here(self) -> Activation:
        if self._is_closed:
            raise UsageError("the debugger is closed")
        if self._at is None:
            raise UsageError(
                f"@{self._name} has ended: see 'value'"
                if self.is_over
                else f"@{self._name} has not stopped: it {self._state()}; 'wait' waits for it to stop"
            )
        return self._at

    # -- words --------------------------------------------------------------------------------------------------

    def _shown(self, at: Activation) -> Stop:
        place = at.place
        operands = tuple(map(as_numpy, at.operands))
        return Stop(place.kernel, self._stepping.ops(at), place.function.name, place.location, operands)

    def _state(self) -> str:
        if self._is_closed:
            return "is closed"
        if self._at is not None:
            return f"has stopped before {self._at.place.kernel} at {self._at.place.location}"
        return "has ended" if self.is_over else "runs"

    def _doing(self) -> str:
        found = self.where()
        return f"; under way: {', '.join(map(str, found))}" if found else ""

    def _html(self) -> Iterator[str]:
        yield f"<p><b>Debugger</b> {soft(f'@{self._name} {self._state()}')}</p>"
        if self._at is None:
            return
        yield f"<pre>{escaped(str(self.stop).partition(chr(10))[0])}</pre>"
        at = position(self._at.place.location)
        text = None if at is None else source_below(".")(at.filename)
        if at is not None and text is not None:
            first = max(1, at.line - _AROUND)
            yield lines(text.split("\n")[first - 1 : at.line + _AROUND], first, 2 * _AROUND + 1, at.line)
        yield table(("register", "value"), ((code(name), code(_in_words(v))) for name, v in self.registers.items()))


def _close(reference: weakref.ref[Debugger]) -> None:
    debugger = reference()
    if debugger is not None:
        debugger.close()


def as_numpy(value: Any) -> Any:
    """A copy of an array or a tensor as a numpy array; other values as they are. Nothing is waited for."""
    if type(value) is AsyncValue and value.is_available:
        value = value.value
    if not getattr(value, "is_available", True):
        return value
    numpy = getattr(value, "numpy", None)
    if numpy is None and type(value).__name__ != "ndarray":
        return value
    import numpy as np

    try:
        return np.array(value if numpy is None else numpy())
    except (TfrtError, TypeError):
        # It is in a device's memory.
        return value


def _call(at: Activation) -> Call:
    place = at.place
    return Call(place.kernel, place.function.name, place.location, tuple(map(brief, at.operands)))


def _in_words(value: Any) -> str:
    if type(value).__name__ != "ndarray":
        return brief(value)
    import numpy as np

    return f"{brief(value)} {np.array2string(value, threshold=8, edgeitems=2)}"
