"""The third tier, optional: scalar functions as machine code, made by Numba from the source of plans.

A function can be native if it is pure, all its registers are scalars (the file must say so), and all its kernels have a
native form: the ``native`` expression of the kernel, or else its ``inline`` one, on 64-bit integers and doubles.
What a native function cannot do, it refuses by raising an exception: dividing by zero, calling itself too
deeply, being cancelled. Since it is pure, its caller then runs the ordinary plan from the start, which does all that
properly. Signals are handled while it runs, and what their handlers raise is no refusal (`native_calls.py`).

Nothing of a program gets into the source but its structure and its numbers: functions are called by their index.

A function is made native only when plans have run for `NATIVE_AFTER` seconds, and only if it has a loop or calls
itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tfrt.executor.bef import FunctionKind
from tfrt.executor.declarations.runs import Control
from tfrt.executor.engines.binding import BoundKernel, is_literal
from tfrt.executor.engines.graph import Node
from tfrt.executor.engines.plans.generate import Writer, tuple_text
from tfrt.executor.engines.plans.native_calls import free, keep_ticking, new_record
from tfrt.executor.engines.plans.plan import Plan
from tfrt.executor.engines.plans.scope import Exit, Scope, Site
from tfrt.executor.engines.plans.table import constant_of
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.support.native_code import load
from tfrt.executor.values.scalars import scalar_class

MAX_DEPTH = 2000
"""Nested native calls on a thread's stack; deeper recursion is left to the ordinary plan."""

_RUNTIME = Path(__file__).with_name("native_runtime.py")

_TYPES = {"i1": "boolean", "i32": "int64", "i64": "int64", "f32": "float64", "f64": "float64"}

_log = logging.getLogger(__name__)


def can_be_native(plan: Plan) -> bool:
    """Whether a function, with all that it calls, has a native form."""
    return _can(plan, (), set())


def _can(plan: Plan, around: tuple[int, ...], found: set[int]) -> bool:
    """`around` are the functions with names that are being looked at, outermost first; `found` those that can."""
    function, graph = plan.function, plan.graph
    if function.index in found:
        return True
    if function.kind is not FunctionKind.ASYNC or plan.facts[function.index].effects.any:
        return False
    types = graph.record.register_types
    if types is None or not all(type in _TYPES for type in (*types, *function.argument_types)):
        return False
    inside = around if plan.is_region and around else (*around, function.index)
    for node in graph.kernels:
        bound = node.bound
        constant = constant_of(node, plan.facts.classes(graph))
        if constant is not None:
            can = is_literal(constant[0])
        elif bound.control is None:
            can = bound.native is not None or bound.inline is not None
        else:
            # A function may call itself. Functions that call one another have no order to be compiled in.
            can = plan.facts.runs_directly(graph, node) and all(
                callee.index == inside[-1] or (callee.index not in inside and _can(plan.plan_of(callee), inside, found))
                for callee in bound.functions
            )
        if not can:
            return False
    found.add(function.index)
    return True


def is_worthwhile(plan: Plan) -> bool:
    """Whether a function can take long: whether it has a loop, or calls itself."""
    waiting, seen = [plan], set[int]()
    while waiting:
        current = waiting.pop()
        if current.function.index in seen:
            continue
        seen.add(current.function.index)
        for bound in (node.bound for node in current.graph.kernels):
            if bound.control in (Control.REPEAT, Control.WHILE):
                return True
            for function in bound.functions:
                if function.index == plan.function.index:
                    return True
                waiting.append(plan.plan_of(function))
    return False


def make_native(plan: Plan) -> Callable[..., Any]:
    """A function as machine code: a plan that falls back to the ordinary one."""
    native = load(native_source(plan), _entry(plan), _RUNTIME)
    ordinary, types = plan.call, plan.function.argument_types

    def run(context: ExecutionContext, *arguments: Any) -> Any:
        record = call, address = free.pop() if free else new_record()
        try:
            if keep_ticking():
                return native(context.cancellation_flag(), address, *arguments)
        except Exception as error:
            if not (call.is_inside or (type(error) in (TypeError, OverflowError) and not _fit(arguments, types))):
                # It came from outside: before machine code began, after it ended, or from a signal's handler.
                raise
            call.is_inside = 0
        finally:
            free.append(record)
        # The ordinary plan says what is wrong. (What came of it here is dropped, lest it be its context.)
        return ordinary(context, *arguments)

    return run


def _fit(arguments: Sequence[Any], types: Sequence[str]) -> bool:
    """Whether arguments are such that machine code can be given them."""
    return all(
        type(argument) is scalar_class(kind) and (type(argument) is not int or -(1 << 63) <= argument < 1 << 63)
        for argument, kind in zip(arguments, types, strict=True)
    )


def native_source(plan: Plan) -> str:
    """A module with a function, and those that it calls, for Numba."""
    written: dict[int, str] = {}
    _write(plan, written)
    head = (
        "from numba import njit\n"
        "from tfrt.executor.engines.plans.native_runtime import (\n"
        "    Refused, cancelled, divide, divide32, divide64, enter, leave, single, wrap32,\n"
        ")\n"
    )
    return head + "".join(written.values()) + _entry_source(plan)


def _write(plan: Plan, written: dict[int, str]) -> None:
    function = plan.function
    if function.index in written:
        return
    written[function.index] = ""
    writer = _NativeWriter(plan)
    scope = Scope(plan.graph, "")
    parameters = [f"r{register}" for register in range(len(function.argument_types))]
    scope.names.update(enumerate(parameters))
    writer.define(_name(plan), ["flag", "call", "depth", *parameters])
    writer.line(1, f"if depth > {MAX_DEPTH} or cancelled(flag, call): raise Refused", None)
    writer.kernels(scope, plan.graph.kernels, 1)
    writer.line(1, f"return {tuple_text([scope.names[r] for r in plan.graph.result_registers])}", None)
    for callee in writer.callees:
        _write(callee, written)
    del written[function.index]
    written[function.index] = _decorator(plan, 3) + "\n".join(writer.lines) + "\n"


def _entry_source(plan: Plan) -> str:
    """What Python calls: marks what happens in machine code as such."""
    parameters = [f"r{register}" for register in range(len(plan.function.argument_types))]
    return (
        f"{_decorator(plan, 2)}"
        f"def {_entry(plan)}({', '.join(['flag', 'call', *parameters])}):\n"
        f"    enter(call)\n"
        f"    results = {_name(plan)}({', '.join(['flag', 'call', '0', *parameters])})\n"
        f"    leave(call)\n"
        f"    return results\n"
    )


def _decorator(plan: Plan, numbers: int) -> str:
    """For a function of a few 64-bit integers and the arguments."""
    function = plan.function
    arguments = ", ".join([*["int64"] * numbers, *(_TYPES[type] for type in function.argument_types)])
    return f'\n\n@njit("{_result_type(function.result_types)}({arguments})", nogil=True, cache=CACHE)\n'


def _name(plan: Plan) -> str:
    return f"native_{plan.function.index}"


def _entry(plan: Plan) -> str:
    return f"enter_{plan.function.index}"


def _result_type(types: Sequence[str]) -> str:
    if not types:
        return "void"
    if len(types) == 1:
        return _TYPES[types[0]]
    return f"Tuple(({', '.join(_TYPES[type] for type in types)}))"


class _NativeWriter(Writer):
    """Writes plans that Numba understands: without a context, and with native forms of kernels."""

    def __init__(self, plan: Plan):
        super().__init__(plan, with_cold=True)
        self.callees: list[Plan] = []

    def stop_if_cancelled(self, indent: int, exit: Exit) -> None:
        self.line(indent, "if cancelled(flag, call): raise Refused", None)

    def guarded(self, indent: int, text: str, site: Site | None, handlers: dict[str, Exit]) -> None:
        self.line(indent, text, site)

    def invocation(self, callee: Plan, arguments: Sequence[str]) -> str:
        self.callees.append(callee)
        return f"{_name(callee)}({', '.join(['flag', 'call', 'depth + 1', *arguments])})"

    def expression(self, scope: Scope, node: Node, names: Sequence[str]) -> str | None:
        if node.bound.control is not None or len(node.results) != 1:
            return None
        return _form(node.bound).format(*names)

    def call(self, scope: Scope, node: Node, names: list[str], targets: list[str], indent: int) -> None:
        self.line(indent, f"{', '.join(targets)} = {_form(node.bound).format(*names)}", (scope, node.number))


def _form(bound: BoundKernel) -> str:
    found = bound.inline if bound.native is None else bound.native
    assert found is not None
    return found
