"""The first tier: a loop over a table of kernels, with a shape of entry for each kind of call.

A plan is a function of the context and plain operands. It returns None, a value or a tuple, as the function has no
result, one or several, or raises a `HandOver`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NoReturn

from tfrt.executor.declarations.runs import Control
from tfrt.executor.engines.binding import unpack
from tfrt.executor.engines.graph import Graph, Node
from tfrt.executor.engines.plans.classes import Classes, fit, is_checked, is_inline
from tfrt.executor.engines.plans.hand_over import (
    cancelled_by,
    handed_over,
    loop_after,
    loop_from,
    once_more,
    raised,
    stop,
)
from tfrt.executor.engines.plans.plan import Plan
from tfrt.executor.engines.plans.signals import HandOver
from tfrt.executor.engines.recorded import returns
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.values.async_value import AsyncValue

PLAIN_UNARY, PLAIN_BINARY, UNARY, BINARY, NARY, DROP, CONTROL, STOP, GENERAL = range(9)
"""The shapes of entries. Inline kernels always have plain results, so theirs need not be looked at."""

Step = tuple[int, Any, Any, Any, Any]
"""Shape, callable, then by shape: two operands and the result (unary and binary); what gets the operands from the
registers, and the result (`NARY`); operands, whether the functions may start again where Python's stack ends, and the
results (`CONTROL`); operands, a `General` and the results; the registers to drop. Short, because unpacking it is part
of every kernel's cost: which kernel it is, the `Table` knows."""

START: Step = (DROP, None, (), None, None)
"""Where a plan stands before its first kernel."""


@dataclass(frozen=True, slots=True)
class General:
    """What else the table knows of a kernel called in the general way; `expected` are the classes of its results."""

    needs_context: bool
    returns_tuple: bool
    expected: Classes


@dataclass(frozen=True, slots=True)
class Table:
    """A function as a table.

    Attributes:
        template: the registers before a run, those of constants filled in.
        steps: what to do, in order.
        kernels: for each step, the kernel that it belongs to.
    """

    graph: Graph
    template: list[Any]
    steps: list[Step]
    kernels: list[int]

    def kernel_at(self, step: Step) -> int:
        """The kernel of a step; 0 for `START`."""
        if step is START:
            return 0
        return next(kernel for found, kernel in zip(self.steps, self.kernels, strict=True) if found is step)

    def stop_at(
        self,
        step: Step,
        context: ExecutionContext,
        registers: Sequence[Any],
        outcome: Callable[[], Any] | None,
        cancellation: AsyncValue | None = None,
    ) -> NoReturn:
        """Hand over a call that stands at a step, whose kernel came to `outcome`, if it has begun."""
        stop(self.graph, context, registers, self.kernel_at(step) - 1, outcome, cancellation)

    def stop_after(
        self, step: Step, context: ExecutionContext, registers: Sequence[Any], outcome: Callable[[], Any]
    ) -> NoReturn:
        """Hand over a call that stands at a step, whose kernel has just come to `outcome`."""
        cancellation = cancelled_by(context)
        self.stop_at(step, context, registers, once_more(context, cancellation, outcome), cancellation)


def run_table(table: Table, context: ExecutionContext, arguments: Sequence[Any]) -> Any:
    """Run a function from its table.

    Raises:
        HandOver: it cannot go on.
    """
    step = START
    registers = table.template.copy()
    registers[: len(arguments)] = arguments
    if context.cancellation is not None:
        stop(table.graph, context, registers, 0, None)
    for step in table.steps:
        shape, call, a, b, result = step
        if shape == PLAIN_BINARY:
            try:
                registers[result] = call(registers[a], registers[b])
            except BaseException:
                table.stop_after(step, context, registers, raised())
        elif shape == PLAIN_UNARY:
            try:
                registers[result] = call(registers[a])
            except BaseException:
                table.stop_after(step, context, registers, raised())
        elif shape == BINARY:
            try:
                value = registers[result] = call(registers[a], registers[b])
            except BaseException:
                table.stop_after(step, context, registers, raised())
            if type(value) is AsyncValue or context.cancellation is not None:
                table.stop_after(step, context, registers, returns(value))
        elif shape == UNARY:
            try:
                value = registers[result] = call(registers[a])
            except BaseException:
                table.stop_after(step, context, registers, raised())
            if type(value) is AsyncValue or context.cancellation is not None:
                table.stop_after(step, context, registers, returns(value))
        elif shape == NARY:
            try:
                value = registers[result] = call(*a(registers))
            except BaseException:
                table.stop_after(step, context, registers, raised())
            if type(value) is AsyncValue or context.cancellation is not None:
                table.stop_after(step, context, registers, returns(value))
        elif shape == DROP:
            value = None
            for register in a:
                registers[register] = None
        elif shape == CONTROL:
            try:
                value = call(context, *[registers[r] for r in a])
            except HandOver as inner:
                outcome = handed_over(table.graph.nodes[table.kernel_at(step)], inner.go_on)
                table.stop_at(step, context, registers, outcome, inner.cancellation)
            except RecursionError:
                if not b:
                    raise
                table.stop_at(step, context, registers, None)
            if len(result) == 1:
                registers[result[0]] = value
            else:
                for register, item in zip(result, value or (), strict=True):
                    registers[register] = item
        elif shape == STOP:
            table.stop_at(step, context, registers, None)
        else:
            operands = [registers[r] for r in a]
            try:
                value = call(context, *operands) if b.needs_context else call(*operands)
                if len(result) > 1 or b.returns_tuple:
                    values = unpack(value, len(result), b.returns_tuple) if type(value) is not AsyncValue else ()
                else:
                    values = (value,) if result else ()
            except BaseException:
                table.stop_after(step, context, registers, raised())
            if type(value) is AsyncValue or context.cancellation is not None or not fit(values, b.expected):
                table.stop_after(step, context, registers, returns(value))
            for register, item in zip(result, values, strict=True):
                registers[register] = item
            operands, values, item = [], (), None
    found = table.graph.result_registers
    if len(found) == 1:
        return registers[found[0]]
    return tuple([registers[r] for r in found]) if found else None


def make_table(
    graph: Graph, classes: Classes, runner: Callable[[Node], Any], starts_again: Callable[[Node], bool]
) -> Table:
    """The table of a function.

    Args:
        classes: of the registers.
        runner: the function that runs a kernel's functions in its stead, or None where only the kernel can.
        starts_again: whether these functions may start again.
    """
    template: list[Any] = [None] * graph.register_count
    steps: list[Step] = []
    kernels: list[int] = []
    drops = last_uses(graph)
    # The shapes of kernels with two operands by what they are bound to and the classes of their registers.
    known: dict[tuple[int, type | None, type | None, type | None], int] = {}
    # Nearly all kernels of a long function are alike, and need no node of their own.
    for number, ((_, _, operands, _, _, results, _, _, _), bound) in enumerate(
        zip(graph.record.kernels[1:], graph.bound[1:], strict=True), 1
    ):
        kind = shape = None
        if len(operands) == 2 and len(results) == 1:
            (first, second), (result,) = operands, results
            kind = (id(bound), classes[first], classes[second], classes[result])
            shape = known.get(kind)
        if shape is not None:
            steps.append((shape, bound.call, first, second, result))
        else:
            node = graph.node(number)
            constant = constant_of(node, classes) if bound.is_constant else None
            if constant is not None:
                template[results[0]] = constant[0]
                continue
            run = runner(node) if bound.control is not None else None
            if run is not None:
                steps.append((CONTROL, run, operands, starts_again(node), results))
            else:
                steps.append(_step(node, classes))
                if kind is not None and steps[-1][0] in (PLAIN_BINARY, BINARY):
                    known[kind] = steps[-1][0]
        kernels.append(number)
        if drops[number]:
            steps.append((DROP, None, drops[number], None, None))
            kernels.append(number)
    return Table(graph, template, steps, kernels)


def _step(node: Node, classes: Classes) -> Step:
    """What calls a kernel itself."""
    bound, operands, results = node.bound, node.arguments, node.results
    if bound.only_starts:
        # It is started in the dataflow executor, whose order the work queue sees.
        return STOP, None, (), None, None
    expected = tuple([classes[r] for r in results])
    is_plain = bound.is_exact and is_inline(bound, tuple([classes[r] for r in operands]), expected)
    is_short = len(results) == 1 and operands and not (bound.needs_context or bound.returns_tuple)
    if is_short and (is_plain or expected[0] is None or is_checked(bound, expected)):
        if len(operands) > 2:
            return NARY, bound.call, itemgetter(*operands), None, results[0]
        shapes = (PLAIN_UNARY, PLAIN_BINARY) if is_plain else (UNARY, BINARY)
        return shapes[len(operands) - 1], bound.call, operands[0], operands[-1], results[0]
    return GENERAL, bound.call, operands, General(bound.needs_context, bound.returns_tuple, expected), results


def constant_of(node: Node, classes: Classes) -> tuple[Any] | None:
    """A kernel's value, in a tuple, if it is always the same; None also where it fails, which it does when it runs.

    Args:
        classes: of the registers.
    """
    if not node.bound.is_constant:
        return None
    try:
        value = node.call()
    except Exception:
        return None
    return (value,) if fit((value,), tuple([classes[r] for r in node.results])) else None


def last_uses(graph: Graph) -> list[tuple[int, ...]]:
    """For each kernel, the registers of buffers that nobody needs after it, where kernels run in the file's order."""
    if not any(graph.releases):
        return graph.releases
    last: dict[int, int] = {}
    for number, released in enumerate(graph.releases):
        for register in released:
            last[register] = number
    found: list[list[int]] = [[] for _ in graph.releases]
    for register, kernel in last.items():
        if register >= graph.argument_count:
            found[kernel].append(register)
    return [tuple(registers) for registers in found]


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop over a planned function.

    Attributes:
        kind: `Control.REPEAT` or `Control.WHILE`.
        body: what it repeats.
        go_on: the loop's kernel, given the context and operands: takes over where a plan cannot go on.
        threshold: after how many runs of the body the loop is generated.
        generated: the loop as generated Python, with the same arguments.
    """

    kind: Control
    body: Plan
    go_on: Callable[..., Any]
    threshold: int
    generated: Callable[[], Callable[..., Any]]


def run_repeat(loop: Loop, context: ExecutionContext, count: int, values: tuple[Any, ...]) -> Any:
    """Run a `Control.REPEAT` loop.

    Raises:
        HandOver: it cannot go on.
    """
    body, threshold = loop.body, loop.threshold
    single = len(values) == 1
    for done in range(count):
        if context.cancellation is not None:
            raise HandOver(loop_from(loop.go_on, context, count - done, values))
        if body.runs >= threshold:
            return loop.generated()(context, count - done, *values)
        try:
            found = body.call_in_plans(context, *values)
        except HandOver as inner:
            going_on = loop_after(loop.kind, loop.go_on, context, count - done - 1, inner.go_on)
            raise HandOver(going_on, inner.cancellation) from None
        values = (found,) if single else found or ()
    return values[0] if single else values


def run_while(loop: Loop, context: ExecutionContext, condition: Any, values: tuple[Any, ...]) -> Any:
    """Run a `Control.WHILE` loop.

    Raises:
        HandOver: it cannot go on.
    """
    body, threshold = loop.body, loop.threshold
    while condition:
        if context.cancellation is not None:
            raise HandOver(loop_from(loop.go_on, context, condition, values))
        if body.runs >= threshold:
            return loop.generated()(context, condition, *values)
        try:
            found = body.call_in_plans(context, *values)
        except HandOver as inner:
            going_on = loop_after(loop.kind, loop.go_on, context, 0, inner.go_on)
            raise HandOver(going_on, inner.cancellation) from None
        *rest, condition = found if values else (found,)
        values = tuple(rest)
    return values[0] if len(values) == 1 else values
