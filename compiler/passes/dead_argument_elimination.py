"""`dead-argument-elimination`: constants go where they are used, and what nobody uses is not passed any more.

A call, a branch or a loop does not run where an operand is an error, so an operand is only dropped where it cannot be
one; it cannot, either, if it is an argument of a function that is only called, or of a branch. For the same reason,
a result that is known is only used in place of the op's where no other operand can be an error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue, Use
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.call_sites import Callable, callables_in, keep_arguments, keep_operands
from tfrt.compiler.passes.purity import Infallible, cannot_fail, is_pure, name_of
from tfrt.dialects.tfrt.control_flow import IfOp


@dataclass(frozen=True)
class DeadArgumentElimination(ModulePass):
    """Passes only what is used: constants are copied to where they are, other unused arguments and results are dropped.

    It looks at private functions that only `tfrt.call`s refer to, recursive ones too, and at the regions of `tfrt.if`
    and `tfrt.repeat.i32`. An argument that is the same constant in all calls becomes that constant. A result that is
    a constant, or one of the arguments, is known to the caller.
    """

    name = "dead-argument-elimination"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        # Each round leaves fewer uses of arguments and results.
        while _round(op):
            pass


def _round(module: ModuleOp) -> bool:
    found = callables_in(module)
    # Regions of loops are given their own results, too, which may be errors.
    strict = frozenset(body for each in found if not each.is_carried for body in each.bodies)
    has_changed = _propagate(found, strict)
    return _drop(found, strict) or has_changed


def _propagate(found: Sequence[Callable], strict: Container[Block]) -> bool:
    """Propagate arguments and results, as far as they go from one callable to another."""
    concerned = {op: number for number, each in enumerate(found) for op in (*each.sites, *each.ends())}
    known: Infallible = {}
    waiting = deque(range(len(found)))
    queued = set(waiting)
    has_changed = False
    while waiting:
        queued.remove(number := waiting.popleft())
        each = found[number]
        new = _propagate_arguments(each)
        if not each.is_carried:
            new += _propagate_results(each, strict, known)
        has_changed |= bool(new)
        again = {concerned[use.operation] for value in new for use in value.uses if use.operation in concerned}
        waiting.extend(sorted(again - queued))
        queued |= again
    return has_changed


def _propagate_arguments(found: Callable) -> list[SSAValue]:
    """Put constants in place of arguments; returns the new values."""
    new: list[SSAValue] = []
    for number in range(len(found.bodies[0].args)):
        constants = _constants(found, number)
        if not constants:
            continue
        for body in found.bodies:
            argument = body.args[number]
            if all(_hands_on(use, found, number) for use in argument.uses):
                continue
            copy = _copy(constants, InsertPoint.at_start(body))
            argument.replace_uses_with_if(copy, lambda use, n=number: not _hands_on(use, found, n))  # type: ignore[misc]
            new.append(copy)
    return new


def _propagate_results(found: Callable, strict: Container[Block], known: Infallible) -> list[SSAValue]:
    """Put what is known of results in their place; returns the values that have taken it."""
    new: list[SSAValue] = []
    fallible = [{o for o in site.operands if not cannot_fail(o, strict, known)} for site in found.sites]
    for number in range(len(found.sites[0].results)):
        returned = found.returned(number)
        # An argument that all bodies return, by its number.
        passed = {v.index if isinstance(v, BlockArgument) and v.block in found.bodies else None for v in returned}
        index = passed.pop() if len(passed) == 1 else None
        constants = _alike([v.owner for v in returned if _is_constant(v)], len(returned))
        for site, may_fail in zip(found.sites, fallible, strict=True):
            given = None if index is None else site.operands[found.skipped + index]
            if not (given or constants) or not site.results[number].uses:
                continue
            if all(operand is given for operand in may_fail):
                value = given or _copy(constants, InsertPoint.before(site))
                site.results[number].replace_all_uses_with(value)
                new.append(value)
    return new


def _drop(found: Sequence[Callable], strict: Container[Block]) -> bool:
    """Drop the arguments and results that nobody uses."""
    dead = _dead_arguments(found, strict)
    choices = []
    for each in found:
        arguments = [argument not in dead for argument in each.bodies[0].args]
        results = (
            arguments
            if each.is_carried
            else [any(site.results[number].uses for site in each.sites) for number in range(len(each.sites[0].results))]
        )
        if not all((*arguments, *results)):
            choices.append((each, arguments, results))
    for each, arguments, results in choices:
        keep_operands(each, arguments, results)
    # Now nobody hands on a dead argument as another one any more.
    for each, arguments, _ in choices:
        keep_arguments(each, arguments)
    return bool(choices)


def _dead_arguments(found: Sequence[Callable], strict: Container[Block]) -> set[SSAValue]:
    """The arguments, in the first bodies, that are used for nothing but to be handed on as such arguments.

    What is given for them cannot be an error.
    """
    dead: set[SSAValue] = set()
    taken_by: dict[tuple[Operation, int], SSAValue] = {}
    body_of: dict[Block, Callable] = {}
    known: Infallible = {}
    for each in found:
        body_of.update(dict.fromkeys(each.bodies, each))
        for number, argument in enumerate(each.bodies[0].args):
            taken_by.update({(site, each.skipped + number): argument for site in each.sites})
            is_wanted = each.is_carried and bool(each.sites[0].results[number].uses)
            if not is_wanted and all(cannot_fail(operand, strict, known) for operand in each.given(number)):
                dead.add(argument)

    def is_dead(each: Callable, number: int) -> bool:
        uses = (use for body in each.bodies for use in body.args[number].uses)
        return all(taken_by.get((use.operation, use.index)) in dead or _hands_on(use, each, number) for use in uses)

    waiting = [(each, number) for each in found for number in range(len(each.bodies[0].args))]
    while waiting:
        each, number = waiting.pop()
        argument = each.bodies[0].args[number]
        if argument in dead and not is_dead(each, number):
            dead.remove(argument)
            # Nor is what is handed on as this one.
            given = (value for value in each.given(number) if isinstance(value, BlockArgument))
            waiting.extend((body_of[value.block], value.index) for value in given if value.block in body_of)
    return dead


def _hands_on(use: Use, found: Callable, number: int) -> bool:
    """Whether a use of a loop's argument is that the next iteration gets it, too."""
    return found.is_carried and use.index == number and use.operation is found.bodies[0].last_op


def _constants(found: Callable, number: int) -> list[Operation]:
    """The constants that are given for an argument, if they are all the same."""
    argument = found.bodies[0].args[number]
    if found.is_carried and found.returned(number) != [argument]:
        return []
    # A function that hands its argument on when it calls itself adds nothing.
    values = [value for value in map(_origin, found.given(number)) if value is not argument]
    return _alike([value.owner for value in values if _is_constant(value)], len(values))


def _origin(value: SSAValue) -> SSAValue:
    """What a value is outside of the branches that it is an argument of."""
    while isinstance(value, BlockArgument) and isinstance(branch := value.block.parent_op(), IfOp):
        value = branch.arguments[value.index]
    return value


def _is_constant(value: SSAValue) -> bool:
    return isinstance(value.owner, Operation) and not value.owner.operands and is_pure(value.owner)


def _alike(ops: Sequence[Operation | Block], count: int) -> list[Operation]:
    """These ops, where there are that many and all do the same."""
    same = [op for op in ops if isinstance(op, Operation)]
    kinds = {(name_of(op), frozenset(op.attributes.items()), frozenset(op.properties.items())) for op in same}
    return same if len(same) == count and len(kinds) == 1 else []


def _copy(constants: Sequence[Operation], where: InsertPoint) -> SSAValue:
    copy = constants[0].clone()
    copy.location = fuse(constant.location for constant in constants)
    Rewriter.insert_op(copy, where)
    return copy.results[0]
