"""`dead-argument-elimination`: constants go where they are used, and what nobody uses is not passed any more.

A call, a branch or a loop does not run where an operand is an error, so an operand is only dropped where it cannot be
one; it cannot, either, if it is an argument of a function that is only called, or of a branch. For the same reason,
a result that is known is only used in place of the op's where no other operand can be an error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import partial

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue, Use
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.call_sites import Callable, callables_in, keep_arguments, keep_operands, keep_results
from tfrt.compiler.passes.shared.purity import Infallible, cannot_fail, is_pure, name_of
from tfrt.dialects.shared.bodies import control_of
from tfrt.executor.declarations.runs import RUNS, Control


@dataclass(frozen=True)
class DeadArgumentElimination(ModulePass):
    """Passes only what is used: constants are copied to where they are, other unused arguments and results are dropped.

    It looks at private functions that only `tfrt.call`s refer to, recursive ones too, and at the regions of `tfrt.if`
    and `tfrt.repeat.i32`. An argument that is the same constant in all calls becomes that constant. A result that is
    a constant, or one of the arguments, is known to the caller.
    """

    name = "dead-argument-elimination"
    anchor = "builtin.module"

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
            if not any(_does_more(found, number, use) for use in argument.uses):
                continue
            copy = _copy(constants, InsertPoint.at_start(body))
            argument.replace_uses_with_if(copy, partial(_does_more, found, number))
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
    alive = _Alive(found, strict)
    choices = []
    for each in found:
        arguments = [("argument", id(each), n) in alive.slots for n in range(len(each.bodies[0].args))]
        results = [("result", id(each), n) in alive.slots for n in range(len(each.sites[0].results))]
        if each.is_carried:
            results = arguments
        if not all((*arguments, *results)):
            choices.append((each, arguments, results))
    for each, arguments, results in choices:
        keep_operands(each, arguments, results)
    # Now nobody hands on what is dropped any more.
    for each, _, results in choices:
        keep_results(each, results)
    for each, arguments, _ in choices:
        keep_arguments(each, arguments)
    return bool(choices)


_Slot = tuple[str, int, int]
"""An argument or a result of a callable, by that word, the callable's id and a number."""


class _Alive:
    """The arguments and results that are needed; a loop's carried values are arguments.

    Needed are those that are used for something else than to be handed on as ones which are not, and arguments for
    which something is given that may be an error.
    """

    def __init__(self, found: Sequence[Callable], strict: Container[Block]):
        self.slots: set[_Slot] = set()
        self._by_id = {id(each): each for each in found}
        self._of_site = {site: each for each in found for site in each.sites}
        self._of_end = {end: each for each in found for end in each.ends()}
        self._of_body = {body: each for each in found for body in each.bodies}
        known: Infallible = {}
        waiting: list[_Slot] = []
        for each in found:
            for number, given in enumerate(zip(*(site.operands[each.skipped :] for site in each.sites), strict=True)):
                is_used = any(self._is_needed_by(use) for body in each.bodies for use in body.args[number].uses)
                if is_used or not all(cannot_fail(value, strict, known) for value in given):
                    waiting.append(("argument", id(each), number))
            for number in range(len(each.sites[0].results)):
                if any(self._is_needed_by(use) for site in each.sites for use in site.results[number].uses):
                    waiting.append(self._result(each, number))
        while waiting:
            slot = waiting.pop()
            if slot not in self.slots:
                self.slots.add(slot)
                waiting.extend(s for value in self._handed_on(slot) if (s := self._slot_of(value)) is not None)

    def _is_needed_by(self, use: Use) -> bool:
        """Whether a use is more than handing a value on, so that it is needed whatever else is."""
        site = self._of_site.get(use.operation)
        return use.operation not in self._of_end and (site is None or use.index < site.skipped)

    def _handed_on(self, slot: _Slot) -> list[SSAValue]:
        """What becomes the argument or result."""
        word, number = slot[0], slot[2]
        each = self._by_id[slot[1]]
        given = each.given(number) if word == "argument" else []
        return given + (each.returned(number) if word == "result" or each.is_carried else [])

    def _slot_of(self, value: SSAValue) -> _Slot | None:
        """The argument or result that a value is."""
        if isinstance(value, BlockArgument):
            body = self._of_body.get(value.block)
            return None if body is None else ("argument", id(body), value.index)
        assert isinstance(value, OpResult)
        site = self._of_site.get(value.op)
        return None if site is None else self._result(site, value.index)

    def _result(self, each: Callable, number: int) -> _Slot:
        return ("argument" if each.is_carried else "result", id(each), number)


def _does_more(found: Callable, number: int, use: Use) -> bool:
    """Whether a use of an argument is more than that a loop's next iteration gets it, too."""
    return not found.is_carried or use.index != number or use.operation is not found.bodies[0].last_op


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
    while isinstance(value, BlockArgument) and control_of(branch := value.block.parent_op()) is Control.BRANCH:
        assert branch is not None
        value = branch.operands[RUNS[Control.BRANCH].skips + value.index]
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
