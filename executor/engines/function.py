"""A function of a loaded program, ready to call: it is decoded, and finds out how it runs, when it is first called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any, ClassVar, Protocol

from tfrt.executor.bef import FunctionKind, FunctionRecord, FunctionSignature
from tfrt.executor.declarations.annotations import Supplied
from tfrt.executor.declarations.kernel import is_of_this_package
from tfrt.executor.declarations.native_functions import find_native_function
from tfrt.executor.engines.binding import unpack
from tfrt.executor.engines.bound_functions import Loaded, bind_function
from tfrt.executor.engines.dataflow import execute
from tfrt.executor.engines.graph import Graph, only_read
from tfrt.executor.engines.outcomes import cancellation, first_of, given
from tfrt.executor.engines.plans.planned import Planned, Plans
from tfrt.executor.engines.sync_interpreter import interpret
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import CallEnded, Promised, as_kernel_error, ends_call, failed_results, fulfil
from tfrt.executor.runtime.priorities import NORMAL, Priority, at_priority
from tfrt.executor.support.call_depth import of_thread, recount
from tfrt.executor.support.collector import collector_relaxed
from tfrt.executor.support.errors import EndedError, KernelError, UsageError
from tfrt.executor.support.once import once_per_object
from tfrt.executor.support.spans import span
from tfrt.executor.values.arguments import converting
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.escaped import forget_lost
from tfrt.executor.values.results import converting as converting_results
from tfrt.executor.values.results import has_scalars, resolved, returned

Run = Callable[[ExecutionContext, Sequence[Any]], list[Any]]
"""Runs a call, given values as registers hold them."""


class OfFunctions(Loaded, Protocol):
    """A loaded program, as its functions see it; see `tfrt.executor.engines.program.Program`."""

    plans: Plans | None

    @property
    def all_functions(self) -> Sequence[Function]:
        """All functions in file order."""

    @property
    def in_order(self) -> Sequence[Function]:
        """The same, to be run as the dataflow executor runs them, with all that they call."""


class Function:
    """A function of a loaded program.

    Attributes:
        index: its place in the file.
        name: empty for the function of a region.
        argument_types: MLIR spellings of the arguments' types.
        result_types: MLIR spellings of the results' types.
        argument_names: the arguments' names, empty for those without one; of programs that name none, nothing.
        result_names: those of results, likewise.
        kind: how it runs.
    """

    supplied_as: ClassVar[Supplied] = Supplied.FUNCTION

    def __init__(self, program: OfFunctions, signature: FunctionSignature, *, keeps_order: bool = False):
        self._program = program
        self._keeps_order = keeps_order
        self.index = signature.index
        self.name = signature.name
        self.argument_types = signature.argument_types
        self.result_types = signature.result_types
        self.argument_names = signature.argument_names
        self.result_names = signature.result_names
        self.kind = signature.kind
        # Found out at the first call. Attributes, because to look up a property takes as long as a kernel.
        self._convert: Callable[[tuple[Any, ...]], Sequence[Any]] = self._convert_first
        self._run: Run = self._run_first
        self._not_run_yet = self._run
        self._planned: Planned | None = None
        self._is_pure = False

    def __repr__(self) -> str:
        results = ", ".join(self.result_types)
        return f"<Function @{self.name}({', '.join(self.argument_types)}) -> ({results})>"

    def _repr_html_(self) -> str | None:
        from tfrt.executor.engines import notebook
        from tfrt.executor.support.notebook import shown

        return shown(lambda: notebook.function(self._program.bef, self._record), self)

    def to_svg(self) -> str:
        """A picture of the function as a graph, regions within the kernels that run them, as text of one file."""
        from tfrt.executor.engines import pictures

        return pictures.to_svg(self._program.bef, self._record)

    def to_dot(self) -> str:
        """The same as Graphviz text, for ``dot -Tpdf``."""
        from tfrt.executor.engines import pictures

        return pictures.to_dot(self._program.bef, self._record)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Run the function and wait for its results.

        Args:
            arguments: numbers, numpy arrays and what else shares its memory with these, or tfrt's own tensors.
            named: those that come after them, by name, where the program names its arguments (`argument_names`).

        Returns:
            None where the function has no results, the value where it has one, else a tuple.

        Raises:
            KernelError: a result is an error; the first one is raised. Or the function failed and has no results.
            UsageError: the arguments do not fit.
        """
        if named:
            arguments = self._in_order(arguments, named)
        # What `start` does, in fewer calls.
        converted = self._convert(arguments)
        context = ExecutionContext(self._program.host)
        context.is_pure = self._is_pure
        of_thread.calls.lost = None
        try:
            planned = self._planned
            if planned is not None and type(converted) is tuple:
                results = planned.enter(context, converted, True)
            else:
                results = self._run(context, converted)
            if len(results) == 1 and type(results[0]) is not AsyncValue:
                return results[0]
            for result in results:
                if type(result) is AsyncValue:
                    self._program.host.wait(results)
                    return returned([resolved(r) for r in results])
            return returned(results)
        except CallEnded as error:
            ended: BaseException = error.error
        except KernelError as error:
            if not isinstance(error, EndedError):
                # Of our own frames this one is enough; those of whoever wrote the kernel are its cause's.
                raise error.with_traceback(None) from error.__cause__
            ended = error.ended_by
        except BaseException:
            # Whatever has not begun is not wanted any more.
            context.cancel(abandon=True)
            recount()
            raise
        context.cancel(abandon=True)
        recount()
        raise ended

    @property
    def _record(self) -> FunctionRecord:
        """What the file says of it, which is decoded now if nobody has asked for it before."""
        return self._program.bef.functions[self.index]

    def _in_order(self, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """All arguments by place.

        Raises:
            UsageError: names are wrong, or some are missing.
        """
        names = [name for name in self.argument_names if name]
        rest = self.argument_names[len(arguments) :]
        for name in named:
            if name not in rest:
                what = "is given twice" if name in names else f"is not among them: {', '.join(names) or 'none has one'}"
                raise UsageError(f"function '{self.name}' takes arguments by name, but '{name}' {what}")
        missing = [name for name in rest if name not in named]
        if missing:
            raise UsageError(f"function '{self.name}' is not given '{missing[0]}'")
        return (*arguments, *[named[name] for name in rest])

    async def call_async(self, *arguments: Any, context: ExecutionContext | None = None, **named: Any) -> Any:
        """Like calling it, from a coroutine: other coroutines go on meanwhile.

        On a host with compute threads everything runs there. On one without, kernels and tasks run on the event loop's
        thread, which gets its turn between tasks and while results are pending, not while a kernel computes; then
        ``await asyncio.to_thread(function, ...)`` keeps the loop free.

        Cancelling the coroutine, e.g. by ``asyncio.wait_for``'s timeout, cancels the request: kernels that have not
        started do not run.

        Args:
            context: the request it belongs to, e.g. with a priority; by default one of its own. Where anybody cancels
                it, from whatever thread, or its time is over, the coroutine goes on at once, with a `CancelledError`
                (or a `DeadlineExceededError`), also while a kernel runs. (An argument of that name is given by place.)

        Raises:
            KernelError, UsageError: as calling it does.
        """
        host = self._program.host
        if named:
            arguments = self._in_order(arguments, named)
        converted = self._convert(arguments)
        is_given = context is not None
        if context is None:
            context = ExecutionContext(host)
        if host.request_spans is not None:
            host.request_spans.belong_here(context)
        outcome = AsyncValue()
        forget_lost()

        def run() -> None:
            # What ends the call is in the outcome, too.
            with suppress(CallEnded):
                fulfil([outcome], lambda: [self.execute(context, converted)])

        with nullcontext() if context.priority == NORMAL else at_priority(context.priority):
            if host.work_queue.has_threads:
                host.enqueue(Promised([outcome], run))
            else:
                run()
        is_over = False
        try:
            if outcome.is_pending:
                await (first_of(host, [outcome], context) if is_given else outcome)
            if is_given and outcome.is_pending:
                return cancellation(context)
            if not outcome.is_error:
                results = outcome.value
                await host.wait_async([first_of(host, results, context)] if is_given else results)
            is_over = True
            return given(outcome.value, context)
        except EndedError as error:
            ended = error.ended_by
        finally:
            if not is_over:
                context.cancel(abandon=True)
        raise ended

    def call_within(self, timeout: float, *arguments: Any, priority: Priority = NORMAL, **named: Any) -> Any:
        """Like calling it, but for at most `timeout` seconds.

        Then the request is cancelled: kernels that have not started do not run. On a host with threads the caller gets
        its error at once, while a kernel that runs goes on to its end. On one without, a kernel runs on the thread that
        calls, which gets it back when the kernel ends.

        Args:
            priority: the request's: ``high``, ``normal`` or ``low``. (An argument of that name is given by place.)

        Raises:
            DeadlineExceededError: the time was over before all results were there.
            KernelError, UsageError: as calling it does, or `timeout` is no number of seconds, or `priority` none.
        """
        host = self._program.host
        context = ExecutionContext(host, timeout=timeout, priority=priority)
        try:
            results = self.start(*(self._in_order(arguments, named) if named else arguments), context=context)
            host.wait([first_of(host, results, context)])
            return given(results, context)
        except EndedError as error:
            ended = error.ended_by
        except BaseException:
            context.cancel(abandon=True)
            raise
        context.cancel(abandon=True)
        raise ended

    def start(self, *arguments: Any, context: ExecutionContext | None = None) -> list[Any]:
        """Start the function and return its results as they are: plain values, or `AsyncValue`s.

        Args:
            context: the request it belongs to, e.g. to cancel it; by default one of its own.

        Raises:
            UsageError: the arguments do not fit.
            KernelError: see `execute`.
        """
        converted = self._convert(arguments)
        forget_lost()
        try:
            if context is None:
                return self._run(ExecutionContext(self._program.host), converted)
            if context.priority == NORMAL:
                return self._run(context, converted)
            with at_priority(context.priority):
                return self._run(context, converted)
        except CallEnded as error:
            ended = error.error
        recount()
        raise ended

    def execute(self, context: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
        """Start a call with values as registers hold them; what kernels use. Does not block.

        Returns:
            The results: plain values where they are available, else an `AsyncValue`, pending or failed.

        Raises:
            KernelError: a synchronous or native function without results failed; there is nothing else to tell by.
                The kernels of other functions may fail without anything that depends on them; that is only
                reported. Or these are not as many values as the function takes.
        """
        if len(arguments) != len(self.argument_types):
            who = f"@{self.name}" if self.name else "a region"
            takes = len(self.argument_types)
            raise KernelError(f"{who} takes {takes} argument{'' if takes == 1 else 's'} and is given {len(arguments)}")
        if self._run is self._not_run_yet:
            # As `_run_first` does, without its place on Python's stack: functions that are called in one another for
            # the first time would have that a hundred times.
            self._run = self._way_to_run()
        return self._run(context, arguments)

    def run_anew(self) -> None:
        """See `Program.run_anew`."""
        self._convert, self._planned = self._convert_first, None
        self._run = self._not_run_yet = self._run_first
        self._is_pure = False
        Function.graph.forget(self)

    def _convert_first(self, arguments: tuple[Any, ...]) -> Sequence[Any]:
        convert = converting(self.name, self.argument_types)
        self._convert = partial(self._convert_second, convert)
        return convert(arguments)

    def _convert_second(
        self, convert: Callable[[tuple[Any, ...]], Sequence[Any]], arguments: tuple[Any, ...]
    ) -> Sequence[Any]:
        # Kernels have been bound if it has been run, and say what they write to.
        if self._planned is not None:
            convert = converting(self.name, self.argument_types, only_read(self.graph))
        self._convert = convert
        return convert(arguments)

    def _run_first(self, context: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
        self._run = self._way_to_run()
        return self._run(context, arguments)

    def _way_to_run(self) -> Run:
        """What runs a call, recorded by whoever watches the host's requests and functions."""
        run, host = self._way_to_run_recorded(), self._program.host
        spans, admission = host.request_spans, host.admission
        if not self.name or (spans is None and admission is None):
            return run
        # Whoever calls it is not to call the plan at once.
        self._planned = None
        if spans is not None:
            run = spans.watched_function(run, self.name)
        return run if admission is None else admission.watched_function(run)

    def _way_to_run_recorded(self) -> Run:
        events = self._program.watcher or self._program.host.events
        if events is None:
            return self._way_to_run_unwatched()
        if not events.has_kernels or self.kind is FunctionKind.NATIVE:
            run = self._way_to_run_unwatched()
            # Whoever calls it is not to call the plan at once.
            self._planned = None
        elif self.kind is FunctionKind.SYNC:
            run = partial(interpret, self.graph)
        else:
            from tfrt.executor.engines.traced_frame import frame_maker

            run = partial(execute, self.graph, make_frame=frame_maker(events))
        return events.watched_function(run, self.name or f"region {self.index}")

    def _way_to_run_unwatched(self) -> Run:
        """A plan where one serves, which goes on in what can run everything; else that at once."""
        if self.kind is FunctionKind.NATIVE:
            return self._run_native
        plans = None if self._keeps_order else self._program.plans
        is_sync, has_threads = self.kind is FunctionKind.SYNC, self._program.host.work_queue.has_threads
        if plans is not None and plans.serve(self, has_threads=has_threads):
            planned = plans.planned(self)
            if is_sync:
                return planned.enter_sync
            self._planned = planned
            self._is_pure = not plans.facts[self.index].effects.any
            return planned.enter
        if plans is not None and not has_threads:
            return self._program.in_order[self.index]._way_to_run_unwatched()
        # Nobody can expect an order of what threads do.
        return partial(interpret if is_sync else execute, self.graph)

    @once_per_object
    def graph(self) -> Graph:
        """The function for the dataflow executor."""
        what = f"bind {f'@{self.name}' if self.name else f'region {self.index}'}"
        program = self._program
        functions = program.in_order if self._keeps_order else program.all_functions
        # Nobody can tell in which order threads run kernels.
        is_order_free = program.plans is not None and not self._keeps_order and program.host.work_queue.has_threads
        with span(what, "program"), collector_relaxed():
            return bind_function(program, self._record, functions, is_order_free=is_order_free)

    def _run_native(self, _: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
        native = find_native_function(self.name)
        count = len(self.result_types)
        try:
            if native is None:
                raise UsageError(f"native function '{self.name}' is not registered")
            run = native
            if has_scalars(self.result_types) and not is_of_this_package(native):
                run = converting_results(native, self.name, self.result_types, returns_tuple=count > 1)
            return list(unpack(run(*arguments), count, count > 1))
        except BaseException as error:
            if ends_call(error):
                raise
            failure = as_kernel_error(error)
        return failed_results(failure, count)
