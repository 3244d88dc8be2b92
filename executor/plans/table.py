"""The first tier: a loop over a table of kernels, with a shape of entry for each kind of call.

A plan is a function of the context and plain operands. It returns None, a value or a tuple, as the function has no
result, one or several, or raises one of `signals.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.binding import BoundKernel, unpack
from tfrt.executor.dataflow import Graph
from tfrt.executor.kernel_registry import Control
from tfrt.executor.plans.signals import Pending, Stop

if TYPE_CHECKING:
    from tfrt.executor.host_context import ExecutionContext
    from tfrt.executor.plans.planned import Planned

PLAIN_UNARY, PLAIN_BINARY, UNARY, BINARY, DROP, CONTROL, GENERAL = range(7)
"""The shapes of entries. Inline kernels always have plain results, so theirs need not be looked at."""

Step = tuple[int, Any, Any, Any, Any]
"""Shape, callable, then by shape: two operands and the result (unary and binary); operands, nothing and the results
(`CONTROL`); operands, a `General` and the results; the registers to drop. Short, because unpacking it is part of every
kernel's cost: which kernel it is, `Planned.kernel_at` knows."""

START: Step = (DROP, None, (), None, None)
"""Where a plan stands before its first kernel."""


@dataclass(frozen=True, slots=True)
class General:
    """What else the table knows of a kernel called in the general way."""

    needs_context: bool
    returns_tuple: bool


def run_table(planned: Planned, context: ExecutionContext, arguments: Sequence[Any]) -> Any:
    """Run a function from its table. Locals are read by `hand_over.py` when an exception leaves this function."""
    step = START
    registers = planned.template.copy()
    registers[: len(arguments)] = arguments
    if context.cancellation is not None:
        raise Stop
    for step in planned.steps:
        shape, call, a, b, result = step
        if shape == PLAIN_BINARY:
            registers[result] = call(registers[a], registers[b])
        elif shape == PLAIN_UNARY:
            registers[result] = call(registers[a])
        elif shape == BINARY:
            value = registers[result] = call(registers[a], registers[b])
            if type(value) is AsyncValue:
                raise Pending
            if context.cancellation is not None:
                raise Stop
        elif shape == UNARY:
            value = registers[result] = call(registers[a])
            if type(value) is AsyncValue:
                raise Pending
            if context.cancellation is not None:
                raise Stop
        elif shape == DROP:
            for register in a:
                registers[register] = None
        elif shape == CONTROL:
            value = call(context, *[registers[r] for r in a])
            if len(result) == 1:
                registers[result[0]] = value
            else:
                for register, item in zip(result, value or (), strict=True):
                    registers[register] = item
        else:
            operands = [registers[r] for r in a]
            value = call(context, *operands) if b.needs_context else call(*operands)
            if type(value) is AsyncValue:
                raise Pending
            if not b.returns_tuple and len(result) == 1:
                registers[result[0]] = value
            else:
                for register, item in zip(result, unpack(value, len(result), b.returns_tuple), strict=True):
                    if type(item) is AsyncValue:
                        raise Pending
                    registers[register] = item
            if context.cancellation is not None:
                raise Stop
    found = planned.graph.result_registers
    if len(found) == 1:
        return registers[found[0]]
    return tuple([registers[r] for r in found]) if found else None


def make_template(graph: Graph) -> list[Any]:
    """The registers before a run, those of constants filled in."""
    template: list[Any] = [None] * graph.register_count
    for kernel, bound in enumerate(graph.bound[1:], 1):
        constant = constant_of(bound)
        if constant is not None:
            template[graph.results[kernel][0]] = constant[0]
    return template


def make_steps(graph: Graph, runner: Callable[[int], Any]) -> tuple[list[Step], list[int]]:
    """The table of a function, and the kernel of each step.

    Args:
        runner: the function that runs a kernel's functions in its stead, or None where only the kernel can.
    """
    steps: list[Step] = []
    kernels: list[int] = []
    drops = last_uses(graph)
    for kernel, bound in enumerate(graph.bound[1:], 1):
        operands, results = graph.arguments[kernel], graph.results[kernel]
        run = runner(kernel) if bound.control is not None else None
        if constant_of(bound) is not None:
            continue
        if run is not None:
            steps.append((CONTROL, run, operands, None, results))
        elif len(results) == 1 and len(operands) in (1, 2) and not (bound.needs_context or bound.returns_tuple):
            shapes = (UNARY, BINARY) if bound.inline is None else (PLAIN_UNARY, PLAIN_BINARY)
            steps.append((shapes[len(operands) - 1], bound.call, operands[0], operands[-1], results[0]))
        else:
            general = General(bound.needs_context, bound.returns_tuple)
            steps.append((GENERAL, bound.call, operands, general, results))
        if drops[kernel]:
            steps.append((DROP, None, drops[kernel], None, None))
        kernels.extend([kernel] * (len(steps) - len(kernels)))
    return steps, kernels


def constant_of(bound: BoundKernel) -> tuple[Any] | None:
    """A kernel's value, in a tuple, if it is always the same; None also where it fails, which it does when it runs."""
    if not bound.is_constant:
        return None
    try:
        return (bound.call(),)
    except Exception:
        return None


def last_uses(graph: Graph) -> list[tuple[int, ...]]:
    """For each kernel, the registers of buffers that nobody needs after it, where kernels run in the file's order."""
    last: dict[int, int] = {}
    for kernel, registers in enumerate(graph.releases):
        for register in registers:
            last[register] = kernel
    arguments = len(graph.results[0]) - 1
    found: list[list[int]] = [[] for _ in graph.releases]
    for register, kernel in last.items():
        if register >= arguments:
            found[kernel].append(register)
    return [tuple(registers) for registers in found]


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop over a planned function.

    Attributes:
        kind: `Control.REPEAT` or `Control.WHILE`.
        body: what it repeats.
        go_on: the loop's kernel, given the context and operands: takes over where a plan cannot go on.
        generated: the loop as generated Python, with the same arguments; made when the body has run often enough.
    """

    kind: Control
    body: Planned
    go_on: Callable[..., Any]
    generated: Callable[[], Callable[..., Any]]


def run_repeat(loop: Loop, context: ExecutionContext, count: int, values: tuple[Any, ...]) -> Any:
    """Run a `Control.REPEAT` loop. Locals are read by `hand_over.py`."""
    body, threshold = loop.body, loop.body.plans.threshold
    single = len(values) == 1
    for done in range(count):
        if context.cancellation is not None:
            raise Stop
        if body.runs >= threshold:
            return loop.generated()(context, count - done, *values)
        found = body.call(context, *values)
        values = (found,) if single else found or ()
    return values[0] if single else values


def run_while(loop: Loop, context: ExecutionContext, condition: Any, values: tuple[Any, ...]) -> Any:
    """Run a `Control.WHILE` loop. Locals are read by `hand_over.py`."""
    body, threshold = loop.body, loop.body.plans.threshold
    while condition:
        if context.cancellation is not None:
            raise Stop
        if body.runs >= threshold:
            return loop.generated()(context, condition, *values)
        found = body.call(context, *values)
        *rest, condition = found if values else (found,)
        values = tuple(rest)
    return values[0] if len(values) == 1 else values
