"""How a plan that cannot go on becomes calls of the dataflow executor.

The exception that ended it has passed through all calls since the plan was entered, so its traceback lists them with
their local variables. From the innermost call outwards, each becomes a dataflow call of the same function with the same
registers, in which the kernels have run that the plan had run; its results, plain or not, are what the kernel that
made the call has in the next one. A loop goes on with the iterations that are left, in its kernel.

Frames are told from those of kernels, which may hold tracebacks of earlier plans, by their callers: the chain of
callers must lead back to where the plan was entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

from tfrt.executor.dataflow import execute, resume
from tfrt.executor.kernel_registry import Control
from tfrt.executor.plans.scope import CALLED, HEAD, Generated, LoopNames, Scope
from tfrt.executor.plans.signals import Pending, Stop
from tfrt.executor.plans.table import run_repeat, run_table, run_while

if TYPE_CHECKING:
    from tfrt.executor.host_context import ExecutionContext
    from tfrt.executor.plans.planned import Planned

Outcome = Exception | list[Any]
"""What a call inside a plan came to: its results, plain or `AsyncValue`s, or what was raised."""

Call = tuple[FrameType, int]
"""A frame of a plan and the line where it stands."""


def hand_over(planned: Planned, error: Exception, context: ExecutionContext, arguments: Sequence[Any]) -> list[Any]:
    """Go on, in the dataflow executor, with a call of `planned` that ended with `error`; returns its results."""
    calls = _calls(planned, error)
    if not calls:
        return execute(planned.graph, context, arguments)
    outcome: Outcome | None = None
    inner: FrameType | None = None
    for frame, line in reversed(calls):
        outcome = _resume(planned, frame, line, outcome, inner, error, context)
        inner = frame
    for frame, _ in calls:
        # What the registers refer to should not live as long as the error does.
        frame.clear()
    assert isinstance(outcome, list)
    return outcome


def _calls(planned: Planned, error: Exception) -> list[Call]:
    codes = planned.plans.generated_codes
    calls: list[Call] = []
    caller: FrameType | None = None
    trace = error.__traceback__
    while trace is not None and (caller is None or trace.tb_frame.f_back is caller):
        caller = trace.tb_frame
        code = caller.f_code
        if code in codes or code in _TABLE_CODES:
            if calls and code in codes and code in codes[code].parts:
                # The driver has nothing to add to its part.
                calls.pop()
            calls.append((caller, trace.tb_lineno))
        trace = trace.tb_next
    if calls and calls[-1][0].f_code is run_table.__code__ and "registers" not in calls[-1][0].f_locals:
        # Python's stack ended before the call could begin; its caller starts it again.
        calls.pop()
    return calls


def _resume(
    planned: Planned,
    frame: FrameType,
    line: int,
    outcome: Outcome | None,
    inner: FrameType | None,
    error: Exception,
    context: ExecutionContext,
) -> Outcome:
    """Go on with one call, whose own innermost call, if any, came to `outcome`."""
    variables = dict(frame.f_locals)
    codes = planned.plans.generated_codes
    generated = codes.get(frame.f_code)
    if generated is not None:
        return _resume_generated(generated, line, variables, outcome, error, context)
    if frame.f_code is run_table.__code__:
        return _resume_table(variables, outcome, error, context)
    if inner is not None and (whole := codes.get(inner.f_code)) is not None and whole.is_loop:
        assert outcome is not None
        return outcome
    return _resume_loop(frame, variables, outcome, context)


def _resume_table(
    variables: dict[str, Any], outcome: Outcome | None, error: Exception, context: ExecutionContext
) -> Outcome:
    called = variables["planned"]
    kernel = called.kernel_at(variables["step"])
    return _resume_kernel(called.graph, kernel, variables["registers"], outcome, error, variables.get("value"), context)


def _resume_kernel(
    graph: Any,
    kernel: int,
    registers: list[Any],
    outcome: Outcome | None,
    error: Exception,
    value: Any,
    context: ExecutionContext,
) -> list[Any]:
    """Go on with a call that stands at a kernel.

    Args:
        outcome: what the functions came to that the plan ran in the kernel's stead.
        error: else, what ended the plan there.
        value: what the kernel returned, where `error` is `Pending`.
    """
    if not kernel:
        return resume(graph, context, registers, 0)
    if outcome is None:
        match error:
            case Stop():
                return resume(graph, context, registers, kernel)
            case Pending():
                return resume(graph, context, registers, kernel - 1, value=value)
            case RecursionError() if graph.bound[kernel].restarts:
                return resume(graph, context, registers, kernel - 1)
            case _:
                outcome = error
    if isinstance(outcome, Exception):
        return resume(graph, context, registers, kernel - 1, error=outcome)
    return resume(graph, context, registers, kernel - 1, value=tuple(outcome))


def _resume_loop(
    frame: FrameType, variables: dict[str, Any], outcome: Outcome | None, context: ExecutionContext
) -> Outcome:
    """Go on with a loop of the table tier."""
    loop, values = variables["loop"], variables["values"]
    if frame.f_code is run_repeat.__code__:
        remaining = variables["count"] - variables["done"]
        if outcome is None:
            return _go_on(loop, context, remaining, values)
        return outcome if isinstance(outcome, Exception) else _go_on(loop, context, remaining - 1, outcome)
    if outcome is None:
        return _go_on(loop, context, variables["condition"], values)
    return outcome if isinstance(outcome, Exception) else _go_on(loop, context, outcome[-1], outcome[:-1])


def _go_on(loop: Any, context: ExecutionContext, control: Any, values: Sequence[Any]) -> Outcome:
    try:
        return list(loop.go_on(context, control, *values))
    except Exception as error:
        return error


def _resume_generated(
    generated: Generated,
    line: int,
    variables: dict[str, Any],
    outcome: Outcome | None,
    error: Exception,
    context: ExecutionContext,
) -> Outcome:
    site = generated.sites[line]
    assert site is not None, f"line {line} of a plan raised {error!r}"
    found: Outcome | None
    scope, kernel = site
    loop = scope.loop
    if loop is not None and (kernel == HEAD or (kernel == CALLED and outcome is None)):
        found = _enter_loop(loop, variables, context)
    else:
        found = outcome
        if kernel != CALLED:
            found = _resume_scope(scope, kernel, variables, outcome, error, context)
        if loop is not None:
            found = _continue_loop(loop, variables, found, context)
    while scope.parent is not None:
        found = _resume_scope(scope.parent, scope.kernel, variables, found, error, context)
        scope = scope.parent
        if scope.loop is not None:
            found = _continue_loop(scope.loop, variables, found, context)
    assert found is not None
    return found


def _resume_scope(
    scope: Scope,
    kernel: int,
    variables: dict[str, Any],
    outcome: Outcome | None,
    error: Exception,
    context: ExecutionContext,
) -> list[Any]:
    graph = scope.graph
    registers: list[Any] = [None] * graph.register_count
    last = kernel if isinstance(error, Stop) and outcome is None else kernel - 1
    for results in graph.results[1 : last + 1]:
        for register in results:
            registers[register] = scope.value(register, variables)
    for register in range(len(graph.results[0]) - 1):
        registers[register] = scope.value(register, variables)
    value = None
    if outcome is None and isinstance(error, Pending):
        results = graph.results[kernel]
        is_plain = len(results) == 1 and not graph.bound[kernel].returns_tuple
        value = variables[f"{scope.prefix}r{results[0]}"] if is_plain else variables["value"]
    return _resume_kernel(graph, kernel, registers, outcome, error, value, context)


def _enter_loop(loop: LoopNames, variables: dict[str, Any], context: ExecutionContext) -> Outcome:
    """Go on with a loop that is about to begin an iteration."""
    carried = [variables[name] for name in loop.carried]
    control = variables[loop.total]
    if loop.kind is Control.REPEAT:
        control -= variables[loop.index]
    return _go_on(loop, context, control, carried)


def _continue_loop(
    loop: LoopNames, variables: dict[str, Any], outcome: Outcome | None, context: ExecutionContext
) -> Outcome:
    """Go on with a loop whose iteration came to `outcome`."""
    assert outcome is not None
    if isinstance(outcome, Exception):
        return outcome
    if loop.kind is Control.REPEAT:
        return _go_on(loop, context, variables[loop.total] - variables[loop.index] - 1, outcome)
    return _go_on(loop, context, outcome[-1], outcome[:-1])


_TABLE_CODES = frozenset({run_table.__code__, run_repeat.__code__, run_while.__code__})
