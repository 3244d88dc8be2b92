"""A BEF file on a host: its functions, ready to call.

Loading finds the kernels and native functions that the file names; a function is decoded, and its kernels are bound to
their places in it, when it is first called.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from tfrt.executor.bef import BefFile, FunctionKind, FunctionRecord, FunctionSignature, open_bef, read_bef
from tfrt.executor.declarations.annotations import Supplied
from tfrt.executor.declarations.callees import disagreements
from tfrt.executor.declarations.kernel import Kernel, is_of_this_package
from tfrt.executor.declarations.native_functions import find_native_function
from tfrt.executor.engines.binding import BoundKernel, bind, unpack, weights_that_do_not_fit
from tfrt.executor.engines.dataflow import execute
from tfrt.executor.engines.graph import Graph, make_graph, only_read
from tfrt.executor.engines.plans.planned import Planned, Plans
from tfrt.executor.engines.sync_interpreter import interpret
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import CallEnded, Promised, as_kernel_error, ends_call, failed_results, fulfil
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.observer import Observer, Recorder, place_of
from tfrt.executor.runtime.priorities import NORMAL, Priority, at_priority
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.support.call_depth import of_thread, recount
from tfrt.executor.support.collector import collector_relaxed
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import EndedError, KernelError, LoadError, UsageError
from tfrt.executor.support.living import Living
from tfrt.executor.support.once import once_per_object
from tfrt.executor.support.progress import Listener, step, telling
from tfrt.executor.support.spans import span
from tfrt.executor.values.arguments import converting
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.escaped import forget_lost
from tfrt.executor.values.results import converting as converting_results
from tfrt.executor.values.results import has_scalars, resolved, returned
from tfrt.executor.values.weights import Weights, weights_of

if TYPE_CHECKING:
    from tfrt.executor.engines.debugger import Debugger

Run = Callable[[ExecutionContext, Sequence[Any]], list[Any]]
"""Runs a call, given values as registers hold them."""

_LOADING = 3
"""The steps of loading a program."""

loaded: Living[Program] = Living()
"""The programs of this process."""


def load(
    source: bytes | bytearray | memoryview | str | Path,
    *,
    host: HostContext | None = None,
    weights: Weights | str | os.PathLike[str] | Mapping[str, Any] | None = None,
    progress: Listener | None = None,
) -> Program:
    """Load a BEF file, given as its bytes or as a path, for running on `host`.

    Files are read into memory, so that they may be overwritten meanwhile; buffers are viewed, not copied.

    Args:
        host: by default a new host with a single-threaded work queue.
        weights: what the program was compiled without (see `tfrt.compile`): a safetensors file, which is mapped, so it
            must stay as it is while the program lives; an ``.npz`` file; or arrays by name. Nobody writes to them.
        progress: told of each step as it begins.

    Raises:
        BefError: it is not a valid BEF file.
        LoadError: it names kernels or native functions that nobody registered, or functions that do not fit the
            kernels that run them; or weights are missing, or have another type or shape than it says.
        UsageError: the file, or that of the weights, cannot be read.
    """
    with span("load", "program"), collector_relaxed(), telling(progress):
        return _load(source, host, weights)


def _load(
    source: bytes | bytearray | memoryview | str | Path,
    host: HostContext | None,
    weights: Weights | str | os.PathLike[str] | Mapping[str, Any] | None,
) -> Program:
    step(f"read {source if isinstance(source, str | Path) else 'the program'}", 0, _LOADING)
    bef = open_bef(source) if isinstance(source, str | Path) else read_bef(source)
    step("read the weights", 1, _LOADING)
    found = weights_of(weights)
    step("find kernels", 2, _LOADING)
    program = Program(bef, HostContext() if host is None else host, found)
    step("done", _LOADING, _LOADING)
    return program


class Program:
    """A loaded file. ``program["name"]`` is a function; iterating yields the names.

    Attributes:
        functions: the named functions, in file order.
        all_functions: all functions in file order, those of regions (which have no name) included.
        resources: what kernels keep from call to call, the variables among it.
        plans: how functions run faster, or None where the host wants none.
        watcher: who watches this program's calls and kernels, beside those who watch the host's.
    """

    def __init__(
        self,
        bef: BefFile,
        host: HostContext,
        weights: Weights | None = None,
        *,
        resources: ResourceContext | None = None,
        watcher: Recorder | None = None,
    ):
        self.bef = bef
        self.host = host
        self.weights = Weights() if weights is None else weights
        self.resources = ResourceContext() if resources is None else resources
        self.watcher = watcher
        self.kernels: dict[str, Kernel] = _find_kernels(bef, host)
        if wrong := weights_that_do_not_fit(bef, self.kernels, host, self.weights):
            raise LoadError(tuple(wrong))
        self.all_functions = tuple(Function(self, signature) for signature in bef.functions.signatures)
        has_plans = host.plans and watcher is None
        self.plans = Plans(self, host.plan_threshold, host.native) if has_plans else None
        self.functions: Mapping[str, Function] = MappingProxyType(
            {function.name: function for function in self.all_functions if function.name}
        )
        # Last: whoever finds it there, at any time and on any thread, finds all of it.
        loaded.add(self)
        host.programs.add(self)

    @property
    def observers(self) -> tuple[Observer, ...]:
        """Who watches its kernels, the innermost first."""
        return self.host.observers if self.watcher is None else (*self.host.observers, self.watcher)

    @once_per_object
    def in_order(self) -> tuple[Function, ...]:
        """The functions, to be run as the dataflow executor runs them, with all that they call."""
        return tuple(Function(self, signature, keeps_order=True) for signature in self.bef.functions.signatures)

    def run_anew(self) -> None:
        """Let functions find out anew how they run, since who watches the host has changed. Calls under way go on."""
        in_order: tuple[Function, ...] = self.__dict__.get("in_order", ())
        for function in (*self.all_functions, *in_order):
            function.run_anew()

    def step(self, name: str | None = None, /, *arguments: Any, breaks: Sequence[str] = (), **named: Any) -> Debugger:
        """Start a function and stop before its first kernel, or where `breaks` says, to go on step by step.

        Args:
            name: the function: by default the only one, or ``main``.
            *arguments: as for calling it.
            **named: likewise.
            breaks: see `Debugger.break_at`.

        Raises:
            UsageError: there is no such function, the arguments do not fit, nothing is meant by one of `breaks`, or
                there is a trace meanwhile.
        """
        from tfrt.executor.engines.debugger import Debugger
        from tfrt.executor.engines.stepping import Stepping

        names = list(self.functions)
        function = self[names[0] if name is None and len(names) == 1 else "main" if name is None else name]
        if self.host.events is not None:
            raise UsageError("a program is not stepped through while there is a trace")
        converted = function._convert(function._in_order(arguments, named) if named else arguments)
        stepping = Stepping(self.bef, breaks)
        watched = Program(self.bef, self.host, self.weights, resources=self.resources, watcher=stepping)
        return Debugger(stepping, self.host, function.name, watched[function.name].execute, converted)

    def _repr_html_(self) -> str | None:
        from tfrt.executor.engines import notebook
        from tfrt.executor.support.notebook import shown

        return shown(lambda: notebook.program(self.bef, has_threads=self.host.work_queue.has_threads), self)

    def to_svg(self) -> str:
        """A picture of the functions as graphs, regions within the kernels that run them, as text of one file."""
        from tfrt.executor.engines import pictures

        return pictures.to_svg(self.bef)

    def to_dot(self) -> str:
        """The same as Graphviz text, for ``dot -Tpdf``."""
        from tfrt.executor.engines import pictures

        return pictures.to_dot(self.bef)

    def __getitem__(self, name: str) -> Function:
        """The function of that name.

        Raises:
            UsageError: there is none.
        """
        function = self.functions.get(name)
        if function is None:
            raise UsageError(f"no function '{name}'; the program has: {', '.join(self.functions) or 'none'}")
        return function

    def __contains__(self, name: object) -> bool:
        return name in self.functions

    def __iter__(self) -> Any:
        return iter(self.functions)

    def __len__(self) -> int:
        return len(self.functions)


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

    def __init__(self, program: Program, signature: FunctionSignature, *, keeps_order: bool = False):
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
                await (_first_of(host, [outcome], context) if is_given else outcome)
            if is_given and outcome.is_pending:
                return _cancellation(context)
            if not outcome.is_error:
                results = outcome.value
                await host.wait_async([_first_of(host, results, context)] if is_given else results)
            is_over = True
            return _given(outcome.value, context)
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
            host.wait([_first_of(host, results, context)])
            return _given(results, context)
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

    @property
    def _is_order_free(self) -> bool:
        """Whether nobody can tell in which order the kernels run."""
        plans = self._program.plans
        if plans is None or self._keeps_order:
            return False
        return self._program.host.work_queue.has_threads

    @once_per_object
    def graph(self) -> Graph:
        """The function for the dataflow executor."""
        what = f"bind {f'@{self.name}' if self.name else f'region {self.index}'}"
        with span(what, "program"), collector_relaxed():
            return self._bind()

    def _bind(self) -> Graph:
        program, record = self._program, self._record
        functions = program.in_order if self._keeps_order else program.all_functions
        shared: dict[tuple[str, int, int, tuple[str | None, ...]], BoundKernel] = {}
        observers, watcher = program.observers, program.watcher
        type_of = _known_types(record)
        exact = {name for name, kernel in program.kernels.items() if kernel.is_exact}
        bound: list[BoundKernel] = []
        for number, kernel in enumerate(record.kernels[1:], 1):
            # All at once, because to look up its fields by name takes as long as all the rest of this.
            name, _, arguments, attributes, callees, results, _, _, _ = kernel
            types = () if name in exact else tuple([type_of(register) for register in results])
            # Most kernels of a long function are of a few kinds.
            key = (name, len(arguments), len(results), types)
            made = None if attributes or callees else shared.get(key)
            if made is None:
                found = program.kernels[name]
                made = bind(
                    found,
                    kernel,
                    program.bef,
                    functions,
                    program.host,
                    types,
                    program.weights,
                    program.resources,
                    partial(self._observe, record, number, found) if observers else None,
                    None if watcher is None else watcher.watched_queue,
                )
                if not (attributes or callees or observers) and found.signature.binds_alike:
                    shared[key] = made
            bound.append(made)
        return make_graph(record, bound, program.bef, is_order_free=self._is_order_free)

    def _observe(
        self, record: FunctionRecord, number: int, kernel: Kernel, call: Callable[..., Any], makes_results: bool
    ) -> Callable[..., Any]:
        """`call`, the function's kernel of that number, watched by all who watch the host."""
        signature, program = kernel.signature, self._program
        takes_context = any(what is Supplied.CONTEXT for _, what in signature.injected)
        is_plain = signature.returns_plain and kernel.is_exact and not takes_context
        place = place_of(program.bef, record, number, is_plain=is_plain, makes_results=makes_results)
        for observer in program.observers:
            call = observer.watched(call, place, program.host.run_when_ready)
        return call

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


def _cancellation(context: ExecutionContext) -> Any:
    """For results that are not there, since the request has been cancelled.

    Raises:
        KernelError: why.
    """
    assert context.cancellation is not None
    return context.cancellation.value


def _given(results: Sequence[Any], context: ExecutionContext) -> Any:
    """What a caller gets of results, some of which may not be there if the request has been cancelled.

    Raises:
        KernelError: one is an error, or not there.
    """
    if any(type(result) is AsyncValue and result.is_pending for result in results):
        return _cancellation(context)
    return returned([resolved(result) for result in results])


def _first_of(host: HostContext, results: Sequence[Any], context: ExecutionContext) -> AsyncValue:
    """What is there once all results are, or the request is cancelled."""
    first = AsyncValue()
    left = [True]

    def ring() -> None:
        # Both may come at the same time.
        with suppress(IndexError):
            left.pop()
            first.set(None)

    host.run_when_ready(results, Promised([first], ring))
    context.cancelled.and_then(lambda _: ring())
    return first


def _known_types(record: FunctionRecord) -> Callable[[int], str | None]:
    """The MLIR type of a register, where it is known: of a file without types only the functions' results are."""
    if record.register_types is not None:
        return record.register_types.__getitem__
    return dict(zip(record.result_registers, record.result_types, strict=False)).get


def _find_kernels(bef: BefFile, host: HostContext) -> dict[str, Kernel]:
    """The kernels and native functions that the file names, looked up now so that none is missing later."""
    kernels: dict[str, Kernel] = {}
    missing: dict[str, str] = {}
    for name in bef.kernel_names:
        kernel = host.registry.get(name)
        if kernel is None:
            missing[name] = f"unknown kernel name '{name}'"
        else:
            kernels[name] = kernel
    diagnostics = [Diagnostic("error", message, _first_use(bef, name)) for name, message in missing.items()]
    for function in bef.functions.signatures:
        if function.kind is FunctionKind.NATIVE and find_native_function(function.name) is None:
            diagnostics.append(Diagnostic("error", f"native function '{function.name}' is not registered"))
    diagnostics += disagreements(bef, kernels)
    if diagnostics:
        raise LoadError(tuple(diagnostics))
    return kernels


def _first_use(bef: BefFile, kernel: str) -> Any:
    for index in range(len(bef.functions)):
        for record in bef.functions.kernels_named(index, (kernel,)):
            return bef.kernel_location(record)
    return None
