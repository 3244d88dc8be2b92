"""`loop-invariant-code-motion`: what is the same in every iteration is computed once, before the loop.

Bodies of loops see no values from outside but their arguments, so a result that the loop still needs becomes one more
argument, which each iteration hands on to the next. It costs less than a kernel an iteration in every executor. A
constant costs nothing in a plan, so constants stay.

A loop waits for all its operands and does not begin where one is an error. What is moved depends on such operands only,
and cannot fail, so the loop begins when it did before. Where several operands are errors, the last one is what the
results are; therefore new ones come before all that they may be computed from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tfrt.compiler.passes.shared.call_sites import called_once
from tfrt.compiler.passes.shared.fold import is_in_sync_function
from tfrt.compiler.passes.shared.purity import is_pure
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.dialects.shared.bodies import functions_run_by, runs_code, runs_of
from tfrt.dialects.shared.ops import ops_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.runs import Runs

_MOST_LOOPS = 16
"""How many loops around it an op may leave, each of which has to hand its result on."""


@dataclass(frozen=True)
class LoopInvariantCodeMotion(ModulePass):
    """Moves pure ops out of loops whose operands are the same in every iteration.

    Loops are `tfrt.repeat.i32` and `tfrt.parallel_for.i32`, and `tfrt.while` and `tfrt.parallel_call.i32` where their
    function is private and nothing else refers to it. In `tfrt.repeat.i32` and `tfrt.while` those arguments are the
    same that each iteration returns as they are. Inner loops come first, so that an op may leave several, up to 16.
    """

    name = "loop-invariant-code-motion"
    anchor = "builtin.module"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if not any(map(runs_code, {inner.__class__ for inner in ops_in(op)})):
            return
        functions = functions_of(op)
        own = called_once(op)
        left: Counter[Operation] = Counter()
        for name in _inner_first(functions, own):
            for inner in reversed(ops_in(functions[name])):
                if (loop := _loop(inner, own.get(_body_function(inner) or ""))) is not None:
                    _move_out(loop, left)


def _inner_first(functions: dict[str, FuncOp], own: dict[str, FuncOp]) -> list[str]:
    """The functions, each after the bodies of its loops among `own`."""
    order: list[str] = []
    seen: set[str] = set()
    for start in functions:
        waiting = [] if start in seen else [start]
        first = len(order)
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                order.append(name)
                bodies = (_body_function(op) for op in ops_in(functions[name]))
                waiting.extend(body for body in bodies if body is not None and body in own)
        # Only one loop has any of these bodies, so that they form a tree.
        order[first:] = reversed(order[first:])
    return order


@dataclass(frozen=True)
class _Loop:
    """A loop: the block that it runs is given its operands from `first_operand` on as arguments from `first_argument`.

    Attributes:
        is_carried: whether these arguments are what the iteration before has returned.
        function: the function that the block is of, if it is of one.
    """

    op: Operation
    body: Block
    first_operand: int
    first_argument: int
    is_carried: bool
    function: FuncOp | None = None

    def invariants(self) -> dict[SSAValue, SSAValue]:
        """The arguments that are the same in every iteration, with what they are outside."""
        end = self.body.last_op
        assert end is not None
        arguments = self.body.args[self.first_argument :]
        operands = self.op.operands[self.first_operand :]
        return {
            argument: operand
            for argument, operand in zip(arguments, operands, strict=True)
            if not self.is_carried or end.operands[argument.index] is argument
        }


def _body_function(op: Operation) -> str | None:
    """The name of the function that a loop runs."""
    functions = functions_run_by(op) if _runs(op) is not None else ()
    return functions[0] if functions else None


def _runs(op: Operation) -> Runs | None:
    """How an op runs its body, if it is a loop."""
    found = runs_of(op)
    is_loop = len(found) == 1 and (found[0].carries or found[0].repeats)
    return found[0] if is_loop else None


def _loop(op: Operation, function: FuncOp | None) -> _Loop | None:
    if (function is not None and function.is_ancestor(op)) or is_in_sync_function(op):
        return None
    runs = _runs(op)
    body = function.body.block if function is not None else op.regions[0].block if runs and op.regions else None
    if runs is None or body is None:
        return None
    return _Loop(op, body, runs.skips, runs.takes.index(...), runs.carries, function)


def _move_out(loop: _Loop, left: Counter[Operation]) -> None:
    """Move what is the same in every iteration before the loop; `left` counts how many loops ops have left."""
    outside = loop.invariants()
    moved: list[SSAValue] = []
    for op in ops_of(loop.body):
        may_leave = bool(op.operands and op.results) and left[op] < _MOST_LOOPS and is_pure(op)
        if may_leave and all(_is_outside(operand, outside) for operand in op.operands):
            left[op] += 1
            operands = [_outside(operand, outside, loop) for operand in op.operands]
            op.detach()
            op.operands = operands
            Rewriter.insert_op(op, InsertPoint.before(loop.op))
            outside.update((result, result) for result in op.results)
            moved.extend(op.results)
    needed = [value for value in moved if any(use.operation.parent is loop.body for use in value.uses)]
    if needed:
        _pass_in(loop, needed)


def _is_outside(value: SSAValue, outside: dict[SSAValue, SSAValue]) -> bool:
    return value in outside or _is_constant(value)


def _is_constant(value: SSAValue) -> bool:
    return isinstance(value.owner, Operation) and not value.owner.operands and is_pure(value.owner)


def _outside(value: SSAValue, outside: dict[SSAValue, SSAValue], loop: _Loop) -> SSAValue:
    """The value before the loop; constants are copied, for the loop may need them, too."""
    if value not in outside:
        assert isinstance(value.owner, Operation)
        copy = value.owner.clone()
        Rewriter.insert_op(copy, InsertPoint.before(loop.op))
        outside.update(zip(value.owner.results, copy.results, strict=True))
    return outside[value]


def _pass_in(loop: _Loop, values: Sequence[SSAValue]) -> None:
    """Give the loop's body `values` from outside as arguments, before all others that the loop hands to it."""
    body, end = loop.body, loop.body.last_op
    assert end is not None
    arguments: list[BlockArgument] = []
    for number, value in enumerate(values):
        argument = body.insert_arg(value.type, loop.first_argument + number)
        argument.name_hint = value.name_hint
        value.replace_uses_with_if(argument, lambda use: use.operation.parent is body)
        arguments.append(argument)
    if loop.is_carried:
        end.operands = [*arguments, *end.operands]
    if loop.function is not None:
        outputs = [value.type for value in end.operands]
        loop.function.function_type = FunctionType.from_lists(body.arg_types, outputs)
    _replace(loop, values)


def _replace(loop: _Loop, values: Sequence[SSAValue]) -> None:
    """Put a loop with more operands, and results where they are carried, in place of the one there is."""
    old, first = loop.op, loop.first_operand
    more = [value.type for value in values] if loop.is_carried else []
    new = type(old).create(
        operands=[*old.operands[:first], *values, *old.operands[first:]],
        result_types=[*more, *old.result_types],
        attributes=old.attributes,
        properties=old.properties,
        regions=[old.detach_region(region) for region in list(old.regions)],
    )
    new.location = old.location
    for value, result in zip(values, new.results[: len(more)], strict=False):
        result.name_hint = value.name_hint
    Rewriter.replace_op(old, new, new.results[len(more) :])
