"""Functions with plans: how they are entered, and when they move to the next tier."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from time import perf_counter
from typing import Any, Protocol

from tfrt.executor.bef import BefFile, FunctionKind
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.runs import Control
from tfrt.executor.engines.binding import Callee, taking_context
from tfrt.executor.engines.dataflow import execute
from tfrt.executor.engines.graph import Graph, Node, Runnable
from tfrt.executor.engines.plans.facts import Facts
from tfrt.executor.engines.plans.generate import generate, generate_loop
from tfrt.executor.engines.plans.hand_over import Suspended
from tfrt.executor.engines.plans.names import Names
from tfrt.executor.engines.plans.native import can_be_native, is_worthwhile, make_native
from tfrt.executor.engines.plans.scope import Generated
from tfrt.executor.engines.plans.signals import HandOver
from tfrt.executor.engines.plans.table import Loop, Table, make_table, run_repeat, run_table, run_while
from tfrt.executor.engines.sync_interpreter import interpret
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import CallEnded
from tfrt.executor.runtime.host_context import PLAN_THRESHOLD
from tfrt.executor.support.call_depth import is_full, of_thread
from tfrt.executor.support.collector import collector_relaxed
from tfrt.executor.support.native_code import NATIVE_AFTER, CannotCompile, is_available
from tfrt.executor.support.once import once_per_object
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.scalars import scalar_class

_log = logging.getLogger(__name__)

HAND_OVERS = 16
"""How often the first runs of a plan may end in a hand-over; one that does so every time costs more than it gains."""


GENERATING = 50e-6
"""Seconds that it takes to generate a kernel, about."""

_PAYS_AFTER = 4 * GENERATING
"""Seconds a kernel that a function has run for when it is generated."""

_TOO_MUCH = (SyntaxError, RecursionError, MemoryError, OverflowError)
"""What Python's compiler raises where source is too much for it."""


class Loaded(Protocol):
    """A loaded program, as plans see it."""

    bef: BefFile
    kernels: dict[str, Kernel]

    @property
    def all_functions(self) -> Sequence[Runnable]:
        """All functions in file order."""


class Plans:
    """The plans of a program.

    Attributes:
        threshold: after how many runs a function is generated at the latest.
        is_exact: whether no function is generated sooner.
        wants_native: whether generated functions become machine code: at once, never, or (None) if they take long.
        is_timing: whether calls from outside are timed, to know that.
        generated: what has been generated so far, loops included.
    """

    def __init__(self, program: Loaded, threshold: int | None, wants_native: bool | None = False):
        self.threshold = PLAN_THRESHOLD if threshold is None else threshold
        self.is_exact = threshold is not None
        self.wants_native = wants_native
        self.is_timing = False
        self.facts = Facts(program.bef.functions, program.kernels)
        self.names = Names()
        self.generated: list[Generated] = []
        self._spent = 0.0
        self._program = program
        self._planned: dict[int, Planned] = {}

    def serve(self, function: Callee, *, has_threads: bool) -> bool:
        """Whether nobody can tell a plan of a function from the dataflow executor, by the order of effects."""
        if function.kind is FunctionKind.SYNC:
            return True
        effects = self.facts[function.index].effects
        return effects.ordered and (has_threads or not function.result_types or not effects.observable_at_end)

    def planned(self, function: Callee) -> Planned:
        """A function, which must have ordered effects, with its plans."""
        index = function.index
        found = self._planned.get(index)
        if found is None:
            found = self._planned.setdefault(index, Planned(self._program.all_functions[index], self))
        return found

    def spend(self, seconds: float) -> None:
        """Count the time of a call from outside; make machine code if there has been enough."""
        self._spent += seconds
        if self._spent > NATIVE_AFTER:
            self._spent, self.is_timing = 0.0, False
            for planned in list(self._planned.values()):
                planned.go_native()


class Planned:
    """A function with its plans.

    Attributes:
        call: the plan of the current tier: a function of the context and plain operands.
        python_name: the global name of `call` in generated source.
        runs: how often it has run from its table.
    """

    def __init__(self, function: Runnable, plans: Plans):
        self.function = function
        self.plans = plans
        self.facts = plans.facts
        self.names = plans.names
        self.plan_of = plans.planned
        self.is_region = not function.name
        self.runs = 0
        self._entered = 0
        self._handed_over = 0
        self._is_generated = False
        self._cannot_be_generated = False
        # After how many runs to see whether it has run for long enough, and the shortest of the runs that were timed.
        self._look_after = plans.threshold if plans.is_exact else min(1, plans.threshold)
        self._shortest: float | None = None
        self._loops: dict[int, Callable[..., Any]] = {}
        self.call: Callable[..., Any] = self._make_first_tier()
        self.python_name = plans.names.reserve("f", function.name or f"region_{function.index}", self.call)
        self._has_one_result = len(function.result_types) == 1
        # How many calls this one counts as; a call in a plan takes half as many Python frames as one outside.
        self._weight = 1 + self.facts[function.index].nesting // 2
        self._argument_classes = tuple(map(scalar_class, function.argument_types))
        # The classes of the arguments that were looked at last, all of which a plan serves.
        self._accepted: tuple[type, ...] | None = None
        self._run_anyhow = interpret if function.kind is FunctionKind.SYNC else execute

    @property
    def is_warm(self) -> bool:
        """Whether it has run so often that generating it, along with what runs it, pays."""
        return self._is_generated or self.runs * 4 >= self.plans.threshold

    @property
    def graph(self) -> Graph:
        return self.function.graph

    @cached_property
    def name_in_plans(self) -> str:
        """The global name of what other plans call."""
        if not self._is_counted:
            return self.python_name
        return self.names.reserve("counted", self.function.name, self.call_counted)

    @property
    def call_in_plans(self) -> Callable[..., Any]:
        """What other plans call: a function of the context and plain operands."""
        return self.call_counted if self._is_counted else self.call

    @cached_property
    def _is_counted(self) -> bool:
        return self.facts.is_counted(self.function)

    def call_counted(self, context: ExecutionContext, *operands: Any) -> Any:
        """Run the plan of the current tier from another plan.

        Raises:
            HandOver: it cannot go on, or there is no room for it on the stack.
        """
        calls = of_thread.calls
        depth, weight = calls.depth, self._weight
        if is_full(depth, weight):
            raise HandOver(partial(self._run_anyhow, self.graph, context, operands))
        try:
            calls.depth = depth + weight
            return self.call(context, *operands)
        finally:
            calls.depth = depth

    @once_per_object
    def _table(self) -> Table:
        with collector_relaxed():
            return make_table(self.graph, self.facts.classes(self.graph), self._runner, self._starts_again)

    def enter_sync(self, context: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
        """Run a call of a synchronous function, from outside of plans. Like `interpret`, which it falls back to."""
        calls = of_thread.calls
        is_awaited = calls.is_awaited
        try:
            calls.is_awaited = True
            return self.enter(context, arguments)
        finally:
            calls.is_awaited = is_awaited

    def enter(self, context: ExecutionContext, arguments: Sequence[Any], is_plain: bool = False) -> list[Any]:
        """Start a call, from outside of plans. Like `dataflow.execute`, which it falls back to.

        Args:
            is_plain: whether the arguments are known to be plain and of their types' classes.
        """
        calls = of_thread.calls
        depth, weight = calls.depth, self._weight
        if (depth and is_full(depth, weight)) or (self._handed_over and not self._is_worthwhile):
            return self._run_anyhow(self.graph, context, arguments)
        if not is_plain and not self._takes(arguments):
            return self._run_anyhow(self.graph, context, arguments)
        self._entered += 1
        start = perf_counter() if self.plans.is_timing else 0.0
        going_on: Callable[[], list[Any]]
        try:
            calls.depth = depth + weight
            value = self.call(context, *arguments)
            return [value] if self._has_one_result else list(value or ())
        except HandOver as stopped:
            going_on, cancellation = stopped.go_on, stopped.cancellation
        except RecursionError as error:
            if not self.facts[self.function.index].restarts:
                raise CallEnded(error) from None
            going_on, cancellation = partial(self._run_anyhow, self.graph, context, arguments), None
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
        if depth or self.facts[self.function.index].may_cancel or not isinstance(going_on, Suspended):
            return results
        return going_on.known(results)

    def _takes(self, arguments: Sequence[Any]) -> bool:
        """Whether arguments are plain and of their types' classes."""
        classes = tuple(map(type, arguments))
        if classes != self._accepted:
            for found, expected in zip(classes, self._argument_classes, strict=True):
                if found is not expected and (expected is not None or found is AsyncValue):
                    return False
            self._accepted = classes
        return True

    def generate(self) -> Generated:
        """Generate the second tier and run it from now on."""
        generated = generate(self)
        self.plans.generated.append(generated)
        self.call = generated.function
        self._is_generated = True
        if self.plans.wants_native:
            self.go_native()
        elif self.plans.wants_native is None and self._may_become_native:
            self.plans.is_timing = is_available()
        return generated

    @property
    def _may_become_native(self) -> bool:
        return not self.is_region and is_worthwhile(self) and can_be_native(self)

    def go_native(self) -> None:
        """Run as machine code from now on, if the function has been generated, can be native, and is worth it."""
        if not self._is_generated or not self._may_become_native:
            return
        self._is_generated = False
        try:
            self.call = self.names.namespace[self.python_name] = make_native(self)
        except CannotCompile as error:
            # The ordinary plan does all that machine code would.
            _log.info("no machine code for @%s: %s", self.function.name, error)

    @property
    def _is_worthwhile(self) -> bool:
        return self._handed_over < HAND_OVERS or self._handed_over * 2 < self._entered

    def _make_first_tier(self) -> Callable[..., Any]:
        def start(context: ExecutionContext, *arguments: Any) -> Any:
            if not self._returns_what_it_declares:
                raise HandOver(partial(self._run_anyhow, self.graph, context, arguments))
            self.runs += 1
            if self.runs <= self._look_after or self._cannot_be_generated:
                return run_table(self._table, context, arguments)
            if self.runs <= self.plans.threshold and not self._has_run_for_long_enough:
                return self._run_timed(context, arguments)
            try:
                self.generate()
            except _TOO_MUCH as error:
                self._cannot_be_generated = True
                _log.info("no generated plan for @%s: %s", self.function.name, error)
            return self.call(context, *arguments)

        return start

    @property
    def _has_run_for_long_enough(self) -> bool:
        """Whether generating it takes little of the time that it has run for, as far as is known."""
        shortest = self._shortest
        return shortest is not None and (self.runs - 1) * shortest >= _PAYS_AFTER * len(self.graph.bound)

    def _run_timed(self, context: ExecutionContext, arguments: Sequence[Any]) -> Any:
        """Run from the table. How long that takes is looked at ever more seldom: 2 runs after 1, 4 after 3, and so on.

        Raises:
            HandOver: it cannot go on.
        """
        start = perf_counter()
        found = run_table(self._table, context, arguments)
        seconds = perf_counter() - start
        self._shortest = seconds if self._shortest is None else min(self._shortest, seconds)
        if not self._has_run_for_long_enough:
            self._look_after = min(2 * self.runs, self.plans.threshold)
        return found

    @cached_property
    def _returns_what_it_declares(self) -> bool:
        """Whether callers may rely on the classes of the results; not in some corrupt files."""
        graph, classes = self.graph, self.facts.classes(self.graph)
        return tuple([classes[r] for r in graph.result_registers]) == tuple(
            map(scalar_class, self.function.result_types)
        )

    def _starts_again(self, node: Node) -> bool:
        """Whether the functions that are run in a kernel's stead may start again where Python's stack has ended."""
        functions = node.bound.functions
        return all(self.facts.starts_again(self.function, function) for function in functions)

    def _runner(self, node: Node) -> Callable[..., Any] | None:
        """A function of the context and operands that runs a kernel's functions in its stead."""
        graph, plans = self.graph, self.plans
        if not self.facts.runs_directly(graph, node):
            return None
        bound = node.bound
        functions = [plans.planned(function) for function in bound.functions]
        match bound.control:
            case Control.CALL:
                (callee,) = functions
                return lambda context, *operands: callee.call_in_plans(context, *operands)
            case Control.BRANCH:
                yes, no = functions
                return lambda context, condition, *operands: (yes if condition else no).call_in_plans(
                    context, *operands
                )
            case Control.CASE:
                return lambda context, index, *operands: (
                    functions[index] if 0 <= index < len(functions) else functions[-1]
                ).call_in_plans(context, *operands)
        assert bound.control is not None
        generated = partial(self._generated_loop, node)
        loop = Loop(bound.control, functions[0], taking_context(bound), plans.threshold, generated)
        run = run_repeat if bound.control is Control.REPEAT else run_while
        return lambda context, control, *operands: run(loop, context, control, operands)

    def _generated_loop(self, node: Node) -> Callable[..., Any]:
        found = self._loops.get(node.number)
        if found is None:
            generated = generate_loop(self, node)
            self.plans.generated.append(generated)
            found = self._loops[node.number] = generated.function
        return found
