"""`plan-buffers`: where in memory the results of kernels on arrays are, decided at compile time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.array_ops import is_static
from tfrt.compiler.passes.shared.block_buffers import plan_block
from tfrt.compiler.passes.shared.buffer_uses import (
    can_write_into,
    is_view,
    is_written,
    may_be_overwritten,
    needed_by,
    only_reads,
    size_of,
    users_of,
    viewed,
)
from tfrt.compiler.passes.symbol_dce import functions_of, is_private, names_in
from tfrt.dialects.cpu.arrays import CopyOp, OwnOp, SettledOp
from tfrt.dialects.cpu.calls import CallOp
from tfrt.dialects.shared.bodies import control_of, functions_run_by
from tfrt.dialects.shared.ops import ops_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.runs import Control


@dataclass(frozen=True)
class PlanBuffers(ModulePass):
    """Elementwise kernels overwrite what nobody else reads, and temporaries share one piece of memory, an arena.

    Two temporaries may be in the same place where the kernel that writes the second needs, directly or through others,
    the results of all that use the first; so it does not matter in which order, or on how many threads, kernels run.
    What leaves the block, or may be looked at through another array, has memory of its own.

    Loops, `tfrt.repeat.i32` and `tfrt.while` with a function of its own, overwrite the state that an iteration is given
    with what it gives the next one. Before such a loop the state is copied, unless nobody else has it; and where an
    iteration reads what it hands on, the next one waits until it has. State of less than 4 kB is overwritten only where
    a part of it is written and nothing else looks at it, as at what a scan collects: a new array costs less than
    waiting.

    So do ops that write a part of an array, as `stablehlo.dynamic_update_slice` does, and such loops with arguments of
    public functions: what they are given is a copy (`cpu.own`), unless the caller has donated the array
    (`tfrt.donate`).

    Args:
        threshold: the least size of a temporary in the arena, in bytes; smaller ones are made faster than planned.
    """

    name = "plan-buffers"

    anchor = "builtin.module"

    threshold: int = 1 << 14

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = functions_of(op)
        references = Counter(names_in(op))
        bodies = {n: f.body.block for n, f in functions.items() if references[n] == 1 and is_private(f)}
        planner = _Planner(self.threshold, bodies)
        for name, function in functions.items():
            is_entered = not (is_private(function) or references[name] or "tfrt.sync" in function.attributes)
            for block in function.body.blocks:
                planner.plan(block, donated=block.args if is_entered and len(function.body.blocks) == 1 else ())
        for inner in ops_in(op):
            for region in inner.regions:
                for block in region.blocks:
                    planner.plan(block)


@dataclass
class _Loop:
    """A loop whose iterations are given what the one before has given.

    Attributes:
        first: the number of the first operand that is part of the state.
        overwritten: the places in the state whose memory iterations write to.
    """

    op: Operation
    block: Block
    first: int
    overwritten: set[int] = field(default_factory=set)


@dataclass
class _Planner:
    """Plans blocks, those of loops before what is around them.

    Attributes:
        bodies: the blocks of functions that are referred to once.
        planned: the blocks that are done.
        owned: results of loops that nobody else has.
    """

    threshold: int
    bodies: dict[str, Block]
    planned: set[Block] = field(default_factory=set)
    owned: set[SSAValue] = field(default_factory=set)

    def plan(self, block: Block, loop: _Loop | None = None, donated: Sequence[SSAValue] = ()) -> None:
        """Plan a block; one of a loop may write to the state that it is given.

        Args:
            donated: arguments that only a caller has, who may have donated them.
        """
        if block in self.planned:
            return
        self.planned.add(block)
        loops = [inner for op in ops_of(block) if (inner := self._loop(op)) is not None]
        for inner in loops:
            self.plan(inner.block, inner)
            self.owned.update(inner.op.results[place] for place in inner.overwritten)
        places = set() if loop is None else {place for place in range(_size(loop)) if self._may_overwrite(loop, place)}
        given: dict[SSAValue, int] = {block.args[place]: place for place in places}
        used: set[SSAValue] = set()
        for inner in loops:
            for place in inner.overwritten:
                operand = inner.op.operands[inner.first + place]
                if operand in given and operand.uses.get_length() == 1:
                    used.add(operand)
                elif not self._is_fresh(operand) or operand.uses.get_length() > 1:
                    is_donated = operand in donated and operand.uses.get_length() == 1
                    _copy_operand(inner, place, OwnOp if is_donated else CopyOp)
        owned = _own(block, [a for a in donated if is_static(a.type) and size_of(a) >= _LEAST_STATE])
        used |= plan_block(block, self.threshold, [*[argument for argument in given if argument not in used], *owned])
        if loop is not None:
            loop.overwritten = {given[argument] for argument in used}
            for place in loop.overwritten:
                _settle(loop, place)

    def _loop(self, op: Operation) -> _Loop | None:
        control = control_of(op)
        if control is Control.REPEAT and op.regions:
            return _Loop(op, op.regions[0].block, 1)
        if control is not Control.WHILE:
            return None
        body = self.bodies.get(functions_run_by(op)[0])
        return None if body is None else _Loop(op, body, 1)

    def _is_fresh(self, value: SSAValue) -> bool:
        """Whether a value is memory that nothing else is in."""
        owner = value.owner
        return value in self.owned or (isinstance(owner, Operation) and (can_write_into(owner) or is_written(owner)))

    def _may_overwrite(self, loop: _Loop, place: int) -> bool:
        """Whether iterations may write to the memory of a part of the state: each gets some that nobody else has."""
        argument, given = loop.block.args[place], _given(loop)
        result = given[place]
        if not is_static(argument.type) or given.count(result) != 1 or not self._is_fresh(result):
            return False
        numbers = {op: number for number, op in enumerate(ops_of(loop.block))}
        end = loop.block.last_op
        others = [use.operation for use in result.uses if use.operation is not end]
        if size_of(argument) < _LEAST_STATE and (others or not _is_part_written(result, argument)):
            return False
        return all(only_reads(user, numbers) for user in others)


_LEAST_STATE = 1 << 12
"""The least size of a part of a loop's state, in bytes, that is overwritten; making memory for less costs nothing. Of
any size are those of which only a part is written and that nothing else looks at, such as what a scan collects."""


def _is_part_written(value: SSAValue, argument: SSAValue) -> bool:
    """Whether a value is an array that nothing else looks at, but for a part that is written."""
    op = value.owner
    is_alone = argument.uses.get_length() == 1
    return type(op) is CallOp and op.operands[0] is argument and is_alone and argument in may_be_overwritten(op)


def _size(loop: _Loop) -> int:
    return len(loop.op.results)


def _given(loop: _Loop) -> list[SSAValue]:
    """What an iteration hands on."""
    end = loop.block.last_op
    assert end is not None
    return list(end.operands)


def _copy_operand(loop: _Loop, place: int, kind: type[CopyOp | OwnOp]) -> None:
    operand = loop.op.operands[loop.first + place]
    made = kind.create(operands=[operand], result_types=[operand.type])
    made.location = loop.op.location
    assert loop.op.parent is not None
    loop.op.parent.insert_op_before(made, loop.op)
    loop.op.operands[loop.first + place] = made.results[0]


def _own(block: Block, arguments: Sequence[SSAValue]) -> list[SSAValue]:
    """Have ops that write a part of an argument, and are the last that need it, do so in memory of its own; returns
    that."""
    if not arguments:
        return []
    numbers = {op: number for number, op in enumerate(ops_of(block))}
    needed: dict[Operation, int] | None = None
    found: list[SSAValue] = []
    for argument in arguments:
        writers = [use.operation for use in argument.uses if use.operation in numbers and use.index == 0]
        for op in writers:
            if type(op) is not CallOp or not can_write_into(op) or argument not in may_be_overwritten(op):
                continue
            needed = needed_by(block, numbers) if needed is None else needed
            users, escapes = users_of(argument, numbers)
            is_seen = any(viewed(other) is argument for other in op.operands[1:])
            if escapes or is_seen or users & ~(needed[op] | 1 << numbers[op]) or argument.type != op.results[0].type:
                continue
            made = OwnOp.create(operands=[argument], result_types=[argument.type])
            made.location = op.location
            block.insert_op_before(made, op)
            op.operands[0] = made.results[0]
            found.append(made.results[0])
            break
    return found


def _settle(loop: _Loop, place: int) -> None:
    """Have what is handed on wait for what reads it."""
    end = loop.block.last_op
    assert end is not None
    value = end.operands[place]
    readers = [op for op in loop.block.ops if op is not end and value in op.operands and type(op) is not SettledOp]
    waits = dict.fromkeys(result for op in readers for result in _last_results(op))
    if waits:
        made = SettledOp.create(operands=[value, *waits], result_types=[value.type])
        made.location = loop.op.location
        loop.block.insert_op_before(made, end)
        end.operands[place] = made.results[0]


def _last_results(op: Operation) -> Iterator[SSAValue]:
    """The results of what reads an array through an op, which may give a view of it."""
    if not is_view(op):
        yield from op.results
        return
    for use in op.results[0].uses:
        yield from _last_results(use.operation)
