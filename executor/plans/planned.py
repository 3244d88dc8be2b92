"""Functions with plans: how they are entered, and when they move to the next tier."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from time import perf_counter
from types import CodeType
from typing import TYPE_CHECKING, Any

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.bef import FunctionKind
from tfrt.executor.binding import BoundKernel, is_literal, unpack
from tfrt.executor.dataflow import MAX_CALL_DEPTH, Graph, calls, execute
from tfrt.executor.kernel_registry import Control
from tfrt.executor.native_code import NATIVE_AFTER, CannotCompile, is_available
from tfrt.executor.plans.effects import Effects, summarize
from tfrt.executor.plans.generate import generate, generate_loop
from tfrt.executor.plans.hand_over import hand_over
from tfrt.executor.plans.native import can_be_native, is_worthwhile, make_native
from tfrt.executor.plans.scope import Generated
from tfrt.executor.plans.signals import Pending, Stop
from tfrt.executor.plans.table import START, Loop, Step, make_steps, make_template, run_repeat, run_table, run_while
from tfrt.executor.values import CHAIN

if TYPE_CHECKING:
    from tfrt.executor.host_context import ExecutionContext
    from tfrt.executor.program import Function, Program

_log = logging.getLogger(__name__)

HAND_OVERS = 16
"""How often the first runs of a plan may end in a hand-over; one that does so every time costs more than it gains."""


MAX_NESTING = 8
"""How many functions with effects may call one another without being counted."""


class Plans:
    """The plans of a program.

    Attributes:
        threshold: after how many runs a function is generated.
        namespace: the globals of generated functions.
        wants_native: whether generated functions become machine code: at once, never, or (None) if they take long.
        is_timing: whether calls from outside are timed, to know that.
        generated_codes: the generated function that a code object belongs to.
    """

    def __init__(self, program: Program, threshold: int, wants_native: bool | None = False):
        self.threshold = threshold
        self.wants_native = wants_native
        self.is_timing = False
        self._spent = 0.0
        self.namespace: dict[str, Any] = {
            "AsyncValue": AsyncValue,
            "CHAIN": CHAIN,
            "Pending": Pending,
            "Stop": Stop,
            "unpack": unpack,
        }
        self.generated_codes: dict[CodeType, Generated] = {}
        self._program = program
        self._planned: dict[int, Planned] = {}
        self._names: dict[Any, str] = {}

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

    def runs_directly(self, graph: Graph, kernel: int) -> bool:
        """Whether plans run a kernel's functions in its stead."""
        bound = graph.bound[kernel]
        if bound.control is None:
            return False
        operands, results = len(graph.arguments[kernel]), len(graph.results[kernel])
        given = operands if bound.control is Control.CALL else operands - 1
        wanted = results + 1 if bound.control is Control.WHILE else results
        return all(
            function.kind is FunctionKind.ASYNC
            and len(function.argument_types) == given
            and len(function.result_types) == wanted
            and (not self.effects[function.index].any or self.nesting[function.index] < MAX_NESTING)
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
            found = self._unused_name(bound.name)
            self.namespace[found] = call
            self._names[call] = found
        return found

    def literal(self, value: Any) -> str:
        """An expression for a constant: a literal where there is one, else a global name."""
        if is_literal(value):
            return f"({value!r})" if value < 0 else repr(value)
        if value is CHAIN:
            return "CHAIN"
        if type(value) is str:
            return repr(value)
        name = self._unused_name("constant")
        self.namespace[name] = value
        return name

    def add(self, generated: Generated) -> None:
        """Make a generated function's lines known."""
        for code in (generated.function.__code__, *generated.parts):
            self.generated_codes[code] = generated

    def spend(self, seconds: float) -> None:
        """Count the time of a call from outside; make machine code if there has been enough."""
        self._spent += seconds
        if self._spent > NATIVE_AFTER:
            self._spent = 0.0
            for planned in list(self._planned.values()):
                planned.go_native()

    def _unused_name(self, wish: str) -> str:
        base = re.sub(r"\W", "_", wish)
        name, number = base, 1
        while name in self.namespace or name in ("context", "value", "wide") or not name.isidentifier():
            number += 1
            name = f"{base or 'f'}_{number}" if base[:1].isalpha() else f"f_{base}_{number}"
        return name

    def reserve(self, wish: str, value: Any) -> str:
        """A global name for a value, like `wish` if that is free."""
        name = self._unused_name(wish)
        self.namespace[name] = value
        return name

    @cached_property
    def nesting(self) -> list[int]:
        """For each function, how many calls it may put on the stack besides its own that cannot start again.

        A pure function can start again where Python's stack ends; one with effects cannot. So calls of functions with
        effects that recurse, or that stand on `MAX_NESTING` others, go through `Planned.enter`, which counts.
        """
        functions, effects = self._program.bef.functions, self.effects
        callees = [
            {
                callee
                for kernel in function.kernels
                for callee in kernel.functions
                if effects[callee].any and functions[callee].kind is FunctionKind.ASYNC
            }
            for function in functions
        ]
        nesting = [0] * len(functions)
        recursive = {index for index in range(len(functions)) if effects[index].any and _reaches(callees, index)}
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
        self.call: Callable[..., Any] = self._make_first_tier()
        self.python_name = plans.reserve(function.name or f"region_{function.index}", self.call)

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
        return make_template(self.graph)

    @cached_property
    def _table(self) -> tuple[list[Step], list[int]]:
        return make_steps(self.graph, self._runner)

    @cached_property
    def steps(self) -> list[Step]:
        """The table of kernels."""
        return self._table[0]

    def kernel_at(self, step: Step) -> int:
        """The kernel of a step of the table; 0 for `START`."""
        if step is START:
            return 0
        return next(kernel for found, kernel in zip(*self._table, strict=True) if found is step)

    def enter(self, context: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
        """Start a call, from outside of plans. Like `tfrt.executor.dataflow.execute`, which it falls back to."""
        if calls.depth >= MAX_CALL_DEPTH or not self._is_worthwhile:
            return execute(self.graph, context, arguments)
        for argument in arguments:
            if type(argument) is AsyncValue:
                return execute(self.graph, context, arguments)
        self._entered += 1
        calls.depth += self._weight
        start = perf_counter() if self.plans.is_timing else 0.0
        try:
            value = self.call(context, *arguments)
        except Exception as error:
            self._handed_over += 1
            return hand_over(self, error, context, arguments)
        finally:
            calls.depth -= self._weight
            if start:
                self.plans.spend(perf_counter() - start)
        count = len(self.graph.result_registers)
        return [value] if count == 1 else list(value or ())

    def generate(self) -> Generated:
        """Generate the second tier and run it from now on."""
        generated = generate(self)
        self.plans.add(generated)
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
            self.runs += 1
            if self.runs > self.plans.threshold:
                self.generate()
                return self.call(context, *arguments)
            return run_table(self, context, arguments)

        return start

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
            self.plans.add(generated)
            found = self._loops[kernel] = generated.function
        return found

    @cached_property
    def _loops(self) -> dict[int, Callable[..., Any]]:
        return {}
