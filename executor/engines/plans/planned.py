"""Functions with plans: how they are entered, and when they move to the next tier."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn

from tfrt.executor.bef import FunctionKind
from tfrt.executor.declarations.effects import Effects, callers_of, summarize
from tfrt.executor.declarations.kernel import Control, Kernel
from tfrt.executor.engines.binding import BoundKernel, is_literal, unpack
from tfrt.executor.engines.dataflow import Suspended, execute
from tfrt.executor.engines.graph import Graph
from tfrt.executor.engines.plans.classes import Classes, register_classes
from tfrt.executor.engines.plans.generate import generate, generate_loop
from tfrt.executor.engines.plans.hand_over import cancelled_by, once_more, stop
from tfrt.executor.engines.plans.native import can_be_native, is_worthwhile, make_native
from tfrt.executor.engines.plans.scope import Generated
from tfrt.executor.engines.plans.signals import HandOver
from tfrt.executor.engines.plans.table import (
    START,
    Loop,
    Step,
    make_steps,
    make_template,
    run_repeat,
    run_table,
    run_while,
)
from tfrt.executor.runtime.failures import CallEnded
from tfrt.executor.support.call_depth import calls, is_full
from tfrt.executor.support.native_code import NATIVE_AFTER, CannotCompile, is_available
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.scalars import scalar_class

if TYPE_CHECKING:
    from tfrt.executor.engines.program import Function, Program
    from tfrt.executor.runtime.host_context import ExecutionContext

_log = logging.getLogger(__name__)

HAND_OVERS = 16
"""How often the first runs of a plan may end in a hand-over; one that does so every time costs more than it gains."""


_TOO_MUCH = (SyntaxError, RecursionError, MemoryError, OverflowError)
"""What Python's compiler raises where source is too much for it."""

_CHOOSES = {Control.BRANCH: bool, Control.CASE: int, Control.REPEAT: int, Control.WHILE: bool}
"""The class of what says which function is run, or how often."""

MAX_NESTING = 8
"""How many functions with effects may call one another without being counted."""


class Plans:
    """The plans of a program.

    Attributes:
        threshold: after how many runs a function is generated.
        namespace: the globals of generated functions.
        wants_native: whether generated functions become machine code: at once, never, or (None) if they take long.
        is_timing: whether calls from outside are timed, to know that.
        generated: what has been generated so far, loops included.
    """

    def __init__(self, program: Program, threshold: int, wants_native: bool | None = False):
        self.threshold = threshold
        self.wants_native = wants_native
        self.is_timing = False
        self._spent = 0.0
        self.namespace: dict[str, Any] = {
            "AsyncValue": AsyncValue,
            "CHAIN": CHAIN,
            "HandOver": HandOver,
            "unpack": unpack,
            # Its frames are the engine's.
            "__name__": "tfrt.executor.engines.plans.generated",
        }
        self.generated: list[Generated] = []
        self._program = program
        self._planned: dict[int, Planned] = {}
        self._names: dict[Any, str] = {}
        self._numbers = count()
        self._classes: dict[int, Classes] = {}

    @cached_property
    def effects(self) -> list[Effects]:
        """The effects of each function of the program."""
        return summarize(self._program.bef.functions, self._program.kernels.__getitem__)

    def planned(self, function: Function) -> Planned:
        """A function, which must be asynchronous and have ordered effects, with its plans."""
        index = function.index
        found = self._planned.get(index)
        if found is None:
            found = self._planned.setdefault(index, Planned(function, self))
        return found

    def classes(self, graph: Graph) -> Classes:
        """The classes of a function's registers."""
        index = graph.record.index
        found = self._classes.get(index)
        return self._classes.setdefault(index, register_classes(graph)) if found is None else found

    def classes_at(self, graph: Graph, kernel: int) -> tuple[Classes, Classes]:
        """The classes of a kernel's operands, and of its results."""
        classes = self.classes(graph)
        return (
            tuple([classes[r] for r in graph.arguments[kernel]]),
            tuple([classes[r] for r in graph.results[kernel]]),
        )

    def runs_directly(self, graph: Graph, kernel: int) -> bool:
        """Whether plans run a kernel's functions in its stead."""
        bound = graph.bound[kernel]
        if bound.control is None:
            return False
        given, wanted = self.classes_at(graph, kernel)
        if bound.control is not Control.CALL:
            if not given or given[0] is not _CHOOSES[bound.control]:
                return False
            given = given[1:]
        if bound.control is Control.WHILE:
            wanted = (*wanted, bool)
        return all(
            function.kind is FunctionKind.ASYNC
            and tuple(map(scalar_class, function.argument_types)) == given
            and tuple(map(scalar_class, function.result_types)) == wanted
            and (self.restarts[function.index] or self.nesting[function.index] < MAX_NESTING)
            for function in bound.functions
        )

    def go_on(self, bound: BoundKernel) -> Callable[..., Any]:
        """A kernel as a function of the context and its operands."""
        return bound.call if bound.needs_context else lambda context, *operands: bound.call(*operands)

    def name_of(self, bound: BoundKernel) -> str:
        """The global name of a kernel in generated source."""
        call = bound.call
        found = self._names.get(call)
        if found is None:
            found = self._names[call] = self.reserve("k", bound.name, call)
        return found

    def literal(self, value: Any) -> str:
        """An expression for a constant: a literal where there is one, else a global name."""
        if is_literal(value):
            return f"({value!r})" if value < 0 else repr(value)
        if value is CHAIN:
            return "CHAIN"
        if type(value) is str:
            return repr(value)
        return self.reserve("c", "", value)

    def spend(self, seconds: float) -> None:
        """Count the time of a call from outside; make machine code if there has been enough."""
        self._spent += seconds
        if self._spent > NATIVE_AFTER:
            self._spent = 0.0
            for planned in list(self._planned.values()):
                planned.go_native()

    def reserve(self, kind: str, wish: str, value: Any) -> str:
        """A new global name for a value.

        Args:
            kind: a letter or a word that, followed by a number, means nothing else in generated source.
            wish: what a program calls it. It comes after the number, for people to read.
        """
        readable = re.sub(r"[^A-Za-z0-9_]", "_", wish)[:60]
        name = f"{kind}{next(self._numbers)}{readable and '_'}{readable}"
        self.namespace[name] = value
        return name

    @cached_property
    def restarts(self) -> list[bool]:
        """For each function, whether a call of it may start again: all that it runs is pure and may run twice."""
        overwrites = self._running(lambda kernel: kernel.overwrites)
        return [not effects.any and not may_not for effects, may_not in zip(self.effects, overwrites, strict=True)]

    def starts_again(self, caller: Function, callee: Function) -> bool:
        """Whether a call may begin again where Python's stack has ended.

        In a function that may itself, its caller sees to it.
        """
        return self.restarts[callee.index] and not self.restarts[caller.index]

    @cached_property
    def may_cancel(self) -> list[bool]:
        """For each function, whether it may cancel the request that it belongs to."""
        return self._running(lambda kernel: kernel.may_cancel)

    def _running(self, is_such: Callable[[Kernel], bool]) -> list[bool]:
        """For each function, whether it runs such a kernel, or another function does that it calls."""
        functions, kernels = self._program.bef.functions, self._program.kernels
        found = [any(is_such(kernels[kernel.name]) for kernel in function.kernels[1:]) for function in functions]
        callers = callers_of(functions)
        waiting = [index for index, is_found in enumerate(found) if is_found]
        while waiting:
            for caller in callers[waiting.pop()]:
                if not found[caller]:
                    found[caller] = True
                    waiting.append(caller)
        return found

    @cached_property
    def nesting(self) -> list[int]:
        """For each function, how many calls it may put on the stack besides its own that cannot start again.

        Where Python's stack ends, a pure function can start again; one with effects cannot. So calls of functions with
        effects that recurse, or that stand on `MAX_NESTING` others, go through `Planned.enter`, which counts.
        """
        functions, restarts = self._program.bef.functions, self.restarts
        callees = [
            {
                callee
                for kernel in function.kernels
                for callee in kernel.functions
                if not restarts[callee] and functions[callee].kind is FunctionKind.ASYNC
            }
            for function in functions
        ]
        nesting = [0] * len(functions)
        recursive = {index for index in range(len(functions)) if not restarts[index] and _reaches(callees, index)}
        for index in _callees_first(callees):
            inside = [nesting[c] + 1 for c in callees[index] if nesting[c] < MAX_NESTING]
            nesting[index] = MAX_NESTING if index in recursive else max(inside, default=0)
        return nesting


def _reaches(callees: Sequence[set[int]], target: int) -> bool:
    waiting, seen = list(callees[target]), set[int]()
    while waiting:
        index = waiting.pop()
        if index == target:
            return True
        if index not in seen:
            seen.add(index)
            waiting.extend(callees[index])
    return False


def _callees_first(callees: Sequence[set[int]]) -> list[int]:
    """The functions in an order in which callees come before callers, except in recursion."""
    order: list[int] = []
    seen: set[int] = set()
    for root in range(len(callees)):
        waiting = [(root, False)]
        while waiting:
            index, is_done = waiting.pop()
            if is_done:
                order.append(index)
            elif index not in seen:
                seen.add(index)
                waiting.append((index, True))
                waiting.extend((callee, False) for callee in callees[index])
    return order


class Planned:
    """A function with its plans.

    Attributes:
        call: the plan of the current tier: a function of the context and plain operands.
        python_name: the global name of `call` in generated source.
        runs: how often it has run from its table.
    """

    def __init__(self, function: Function, plans: Plans):
        self.function = function
        self.plans = plans
        self.is_region = not function.name
        self.runs = 0
        self._entered = 0
        self._handed_over = 0
        self._is_generated = False
        self._cannot_be_generated = False
        self.call: Callable[..., Any] = self._make_first_tier()
        self.python_name = plans.reserve("f", function.name or f"region_{function.index}", self.call)
        self._argument_classes = tuple(map(scalar_class, function.argument_types))

    @property
    def is_warm(self) -> bool:
        """Whether it has run so often that generating it, along with what runs it, pays."""
        return self.runs * 4 >= self.plans.threshold

    @cached_property
    def graph(self) -> Graph:
        return self.function.graph

    @cached_property
    def _weight(self) -> int:
        """How many calls this one counts as; a call in a plan takes half as many Python frames as one outside."""
        return 1 + self.plans.nesting[self.function.index] // 2

    @cached_property
    def template(self) -> list[Any]:
        """The registers before a run."""
        return make_template(self.graph, self.plans.classes(self.graph))

    @cached_property
    def _table(self) -> tuple[list[Step], list[int]]:
        return make_steps(self.graph, self.plans.classes(self.graph), self._runner, self._starts_again)

    @cached_property
    def steps(self) -> list[Step]:
        """The table of kernels."""
        return self._table[0]

    def kernel_at(self, step: Step) -> int:
        """The kernel of a step of the table; 0 for `START`."""
        if step is START:
            return 0
        return next(kernel for found, kernel in zip(*self._table, strict=True) if found is step)

    def stop_at(
        self,
        step: Step,
        context: ExecutionContext,
        registers: Sequence[Any],
        outcome: Callable[[], Any] | None,
        cancellation: AsyncValue | None = None,
    ) -> NoReturn:
        """Hand over a call that stands at a step of the table, whose kernel came to `outcome`, if it has begun."""
        stop(self.graph, context, registers, self.kernel_at(step) - 1, outcome, cancellation)

    def stop_after(
        self, step: Step, context: ExecutionContext, registers: Sequence[Any], outcome: Callable[[], Any]
    ) -> NoReturn:
        """Hand over a call that stands at a step of the table, whose kernel has just come to `outcome`."""
        cancellation = cancelled_by(context)
        self.stop_at(step, context, registers, once_more(context, cancellation, outcome), cancellation)

    def enter(self, context: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
        """Start a call, from outside of plans. Like `dataflow.execute`, which it falls back to."""
        depth, weight = calls.depth, self._weight
        if not self._is_worthwhile or is_full(depth, weight):
            return execute(self.graph, context, arguments)
        for argument, expected in zip(arguments, self._argument_classes, strict=True):
            found = type(argument)
            if found is not expected and (expected is not None or found is AsyncValue):
                return execute(self.graph, context, arguments)
        self._entered += 1
        start = perf_counter() if self.plans.is_timing else 0.0
        going_on: Callable[[], list[Any]]
        try:
            calls.depth = depth + weight
            value = self.call(context, *arguments)
            count = len(self.graph.result_registers)
            return [value] if count == 1 else list(value or ())
        except HandOver as stopped:
            going_on, cancellation = stopped.go_on, stopped.cancellation
        except RecursionError as error:
            if not self.plans.restarts[self.function.index]:
                raise CallEnded(error) from None
            going_on, cancellation = partial(execute, self.graph, context, arguments), None
        except Exception as error:
            # No kernel has raised it.
            raise CallEnded(error) from None
        finally:
            calls.depth = depth
            if start:
                self.plans.spend(perf_counter() - start)
        self._handed_over += 1
        if cancellation is not None:
            context.cancellation = None
        try:
            results = going_on()
        except BaseException:
            context.cancellation = context.cancellation or cancellation
            raise
        if depth or self.plans.may_cancel[self.function.index] or not isinstance(going_on, Suspended):
            return results
        return going_on.known(results)

    def generate(self) -> Generated:
        """Generate the second tier and run it from now on."""
        generated = generate(self)
        self.plans.generated.append(generated)
        self.call = generated.function
        self._is_generated = True
        if self.plans.wants_native:
            self.go_native()
        elif self.plans.wants_native is None:
            self.plans.is_timing = is_available()
        return generated

    def go_native(self) -> None:
        """Run as machine code from now on, if the function has been generated, can be native, and is worth it."""
        if not self._is_generated or self.is_region or not is_worthwhile(self) or not can_be_native(self):
            return
        self._is_generated = False
        try:
            self.call = self.plans.namespace[self.python_name] = make_native(self)
        except CannotCompile as error:
            # The ordinary plan does all that machine code would.
            _log.info("no machine code for @%s: %s", self.function.name, error)

    def filename(self, name: str) -> str:
        """What Python calls the source of a plan, in tracebacks."""
        return f"plan of {name}"

    @property
    def _is_worthwhile(self) -> bool:
        return self._handed_over < HAND_OVERS or self._handed_over * 2 < self._entered

    def _make_first_tier(self) -> Callable[..., Any]:
        def start(context: ExecutionContext, *arguments: Any) -> Any:
            if not self._returns_what_it_declares:
                raise HandOver(partial(execute, self.graph, context, arguments))
            self.runs += 1
            if self.runs > self.plans.threshold and not self._cannot_be_generated:
                try:
                    self.generate()
                except _TOO_MUCH as error:
                    self._cannot_be_generated = True
                    _log.info("no generated plan for @%s: %s", self.function.name, error)
                return self.call(context, *arguments)
            return run_table(self, context, arguments)

        return start

    @cached_property
    def _returns_what_it_declares(self) -> bool:
        """Whether callers may rely on the classes of the results; not in some corrupt files."""
        classes, graph = self.plans.classes(self.graph), self.graph
        return tuple([classes[r] for r in graph.result_registers]) == tuple(
            map(scalar_class, self.function.result_types)
        )

    def _starts_again(self, kernel: int) -> bool:
        """Whether the functions that are run in a kernel's stead may start again where Python's stack has ended."""
        functions = self.graph.bound[kernel].functions
        return all(self.plans.starts_again(self.function, function) for function in functions)

    def _runner(self, kernel: int) -> Callable[..., Any] | None:
        """A function of the context and operands that runs a kernel's functions in its stead."""
        graph, plans = self.graph, self.plans
        if not plans.runs_directly(graph, kernel):
            return None
        bound = graph.bound[kernel]
        functions = [plans.planned(function) for function in bound.functions]
        match bound.control:
            case Control.CALL:
                (callee,) = functions
                return lambda context, *operands: callee.call(context, *operands)
            case Control.BRANCH:
                yes, no = functions
                return lambda context, condition, *operands: (yes if condition else no).call(context, *operands)
            case Control.CASE:
                return lambda context, index, *operands: (
                    functions[index] if 0 <= index < len(functions) else functions[-1]
                ).call(context, *operands)
        assert bound.control is not None
        loop = Loop(bound.control, functions[0], plans.go_on(bound), partial(self._generated_loop, kernel))
        run = run_repeat if bound.control is Control.REPEAT else run_while
        return lambda context, control, *operands: run(loop, context, control, operands)

    def _generated_loop(self, kernel: int) -> Callable[..., Any]:
        found = self._loops.get(kernel)
        if found is None:
            generated = generate_loop(self, kernel)
            self.plans.generated.append(generated)
            found = self._loops[kernel] = generated.function
        return found

    @cached_property
    def _loops(self) -> dict[int, Callable[..., Any]]:
        return {}
