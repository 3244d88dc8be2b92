"""`stablehlo-hoist`: what is the same in every iteration of a loop is outside of it."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.traits import Pure

from tfrt.compiler.passes.shared.source_failures import certainly_runs, may_fail
from tfrt.compiler.passes.shared.source_ops import has_effects
from tfrt.dialects.shared.ops import ops_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.dialects.stablehlo.control_flow import WhileOp


@dataclass(frozen=True)
class StablehloHoist(ModulePass):
    """Takes values out of the state of `stablehlo.while` that no iteration changes, and moves pure ops that depend on
    nothing else in front of the loop. Inner loops come first.

    Ops of the body that may fail are moved only where the condition, on constants, says that it runs.

    Frameworks carry all that a loop uses, weights included. Results that nobody uses leave the state, too, where no
    other part of it depends on them.
    """

    name = "stablehlo-hoist"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for loop in reversed([inner for inner in ops_in(op) if type(inner) is WhileOp]):
            _move_out(_shrink(loop, _fixed(loop) | _unneeded(loop)))


def _fixed(loop: WhileOp) -> set[int]:
    """The places in the state whose values all iterations hand on as they are."""
    last = loop.body.block.last_op
    assert last is not None
    return {i for i, (a, r) in enumerate(zip(loop.body.block.args, last.operands, strict=True)) if a is r}


def _unneeded(loop: WhileOp) -> set[int]:
    """The places whose values nothing depends on but themselves, and whose results nobody uses."""
    found = set()
    last = loop.body.block.last_op
    assert last is not None
    for i, result in enumerate(loop.results):
        arguments = (loop.cond.block.args[i], loop.body.block.args[i])
        if not result.uses and not arguments[0].uses and _leads_only_to(arguments[1], last, i):
            found.add(i)
    return found


def _leads_only_to(value: SSAValue, last: Operation, place: int) -> bool:
    """Whether pure ops of a block that depend on a value are needed for one operand of its last op and nothing else."""
    waiting, seen = [value], set[SSAValue]()
    while waiting:
        found = waiting.pop()
        if found in seen:
            continue
        seen.add(found)
        for use in found.uses:
            user = use.operation
            if user is last and use.index == place:
                continue
            if user is last or user.parent is not last.parent or user.regions or not _is_pure(user):
                return False
            waiting.extend(user.results)
    return True


def _shrink(loop: WhileOp, places: set[int]) -> WhileOp:
    """The loop without these places of its state; their values in it are the operands."""
    if not places:
        return loop
    last = loop.body.block.last_op
    assert last is not None and loop.parent is not None
    kept = [i for i in range(len(loop.operands)) if i not in places]
    for block in (loop.cond.block, loop.body.block):
        for i in places:
            block.args[i].replace_all_uses_with(loop.operands[i])
    last.operands = [last.operands[i] for i in kept]
    for block in (loop.cond.block, loop.body.block):
        for i in sorted(places, reverse=True):
            block.erase_arg(block.args[i])
    regions = [loop.detach_region(region) for region in list(loop.regions)]
    made = WhileOp.create(
        operands=[loop.operands[i] for i in kept],
        result_types=[loop.results[i].type for i in kept],
        regions=regions,
        attributes=loop.attributes,
    )
    made.location = loop.location
    loop.parent.insert_op_before(made, loop)
    results = dict(zip(kept, made.results, strict=True))
    for i, result in enumerate(loop.results):
        result.replace_all_uses_with(results.get(i, loop.operands[i]))
    loop.detach()
    loop.erase()
    return made


def _is_pure(op: Operation) -> bool:
    return op.has_trait(Pure) and not has_effects(op, frozenset())


_STAY = frozenset(("stablehlo.constant", "stablehlo.broadcast_in_dim"))
"""Ops that cost nothing where they are: kernels that read their results make them part of their own work. What is moved
takes a copy along."""


def _move_out(loop: WhileOp) -> None:
    # The condition is asked at least once; whether the body runs is asked when an op may fail.
    runs: dict[Block, bool] = {loop.cond.block: True}
    for block in (loop.cond.block, loop.body.block):
        invariant: set[Operation] = set()
        outside: dict[SSAValue, SSAValue] = {}
        for op in ops_of(block):
            if op.regions or not op.results or not _is_pure(op):
                continue
            if not all(_is_invariant(operand, block, invariant) for operand in op.operands):
                continue
            if may_fail(op):
                if block not in runs:
                    runs[block] = certainly_runs(loop)
                if not runs[block]:
                    continue
            invariant.add(op)
            if op.name not in _STAY:
                _take_along(op, loop, invariant, outside)


def _is_invariant(value: SSAValue, block: Block, invariant: set[Operation]) -> bool:
    owner = value.owner
    return owner in invariant if isinstance(owner, Operation) and owner.parent is block else owner is not block


def _take_along(root: Operation, loop: WhileOp, invariant: set[Operation], outside: dict[SSAValue, SSAValue]) -> None:
    """Move an op in front of the loop, with copies of what it needs of those that stay."""
    assert loop.parent is not None
    needed: list[Operation] = []
    waiting = [root]
    while waiting:
        op = waiting.pop()
        needed.append(op)
        inner = (operand.owner for operand in op.operands if operand not in outside)
        waiting.extend(owner for owner in inner if isinstance(owner, Operation) and owner in invariant)
    for op in reversed(needed):
        if op is not root and op.results[0] in outside:
            continue
        copy = op.clone()
        copy.operands = [outside.get(operand, operand) for operand in op.operands]
        copy.location = op.location
        loop.parent.insert_op_before(copy, loop)
        outside.update(zip(op.results, copy.results, strict=True))
    for old in root.results:
        old.replace_all_uses_with(outside[old])
