"""Memory for the results of a block's kernels on arrays: what overwrites what, and what shares an arena.

Which may share a place follows from data dependencies alone; see `tfrt.compiler.passes.plan_buffers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, i64
from xdsl.ir import Block, Operation, SSAValue

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.buffer_uses import (
    can_write_into,
    may_be_overwritten,
    needed_by,
    size_of,
    users_of,
    viewed,
)
from tfrt.dialects.cpu.arrays import ArenaOp, OwnOp
from tfrt.dialects.cpu.calls import CallIntoOp, CallOp, ElementwiseIntoOp, ElementwiseOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.dialects.cpu.reductions import ReductionIntoOp, ReductionOp
from tfrt.dialects.shared.ops import make_op, ops_of, put_before, replace_op

_ALIGNMENT = 64
"""Arrays start where cache lines do."""

_MOST_IN_ARENA = 64
"""Each temporary is compared with all others of its arena."""

_LARGE = 1 << 18
"""Bytes of an array whose memory is worth being kept for the next call: a page of new memory takes half a
microsecond."""


@dataclass
class _Buffer:
    """Memory for results that follow each other in the same place.

    Attributes:
        values: the results, in order; each but the first overwrites the one before.
        escapes: whether it can be looked at from elsewhere than kernels of the block that only read.
        users: the numbers of the ops that write or read it, as bits.
        offset: where it starts in the arena, if it is there.
    """

    values: list[SSAValue]
    escapes: bool
    users: int
    offset: int = field(default=-1)

    @property
    def size(self) -> int:
        return size_of(self.values[0])


def plan_block(block: Block, threshold: int, arguments: Sequence[SSAValue]) -> set[SSAValue]:
    """Plan a block that may write to the memory of these of its arguments; returns those that it does write to."""
    numbers = {op: number for number, op in enumerate(ops_of(block))}
    needed = needed_by(block, numbers)
    buffers = [
        _Buffer([argument], escapes, users)
        for argument in arguments
        for users, escapes in [users_of(argument, numbers)]
    ]
    given = list(buffers)
    buffer_of: dict[SSAValue, _Buffer] = {buffer.values[0]: buffer for buffer in buffers}
    for op in ops_of(block):
        if not can_write_into(op):
            continue
        # Others of a reduction's results are new memory.
        result = op.results[0]
        users, escapes = users_of(result, numbers)
        before = _overwritten(op, buffer_of, needed[op] | 1 << numbers[op])
        if before is None:
            buffers.append(before := _Buffer([], False, 0))
        before.values.append(result)
        before.users |= users | 1 << numbers[op]
        before.escapes = escapes
        buffer_of[result] = before
    temporaries = [b for b in buffers if not b.escapes and b.size >= threshold and b not in given]
    memory: dict[int, SSAValue] = {}
    for start in range(0, len(temporaries), _MOST_IN_ARENA):
        group = temporaries[start : start + _MOST_IN_ARENA]
        # One alone has nothing to share its memory with, but what is large comes from the system each time.
        if len(group) > 1 or any(buffer.size >= _LARGE for buffer in group):
            size = _place(group, {id(buffer): needed[_writer(buffer)] for buffer in group})
            memory.update(_make_arena(block, group, size, at_start=len(temporaries) <= _MOST_IN_ARENA))
    _write_into_memory(buffers, memory)
    return {buffer.values[0] for buffer in given if len(buffer.values) > 1}


def _overwritten(op: Operation, buffer_of: dict[SSAValue, _Buffer], done: int) -> _Buffer | None:
    """The memory of an operand that an op may overwrite: it is all that still uses it."""
    for operand in may_be_overwritten(op):
        buffer = buffer_of.get(operand)
        is_last = buffer is not None and buffer.values[-1] is operand and not buffer.users & ~done
        if buffer is None or not is_last or buffer.escapes or operand.type != op.results[0].type:
            continue
        # What is read through a view, in another order, must not have been written to.
        if not any(viewed(other) in buffer.values for other in op.operands if viewed(other) is not other):
            return buffer
    return None


def _writer(buffer: _Buffer) -> Operation:
    owner = buffer.values[0].owner
    assert isinstance(owner, Operation)
    return owner


def _place(temporaries: list[_Buffer], needed_by_writer: dict[int, int]) -> int:
    """Give each temporary an offset, the lowest at which nothing else is at the same time; returns the arena's size."""
    placed: list[_Buffer] = []
    # Large ones first: small ones fit between them.
    for buffer in sorted(temporaries, key=lambda buffer: -buffer.size):
        others = sorted(
            (o for o in placed if _may_overlap_in_time(buffer, o, needed_by_writer)), key=lambda other: other.offset
        )
        offset = 0
        for other in others:
            if offset + buffer.size <= other.offset:
                break
            offset = max(offset, _aligned(other.offset + other.size))
        buffer.offset = offset
        placed.append(buffer)
    return max((_aligned(buffer.offset + buffer.size) for buffer in placed), default=0)


def _may_overlap_in_time(one: _Buffer, other: _Buffer, needed_by_writer: dict[int, int]) -> bool:
    is_after = not one.users & ~needed_by_writer[id(other)] or not other.users & ~needed_by_writer[id(one)]
    return not is_after


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _make_arena(block: Block, temporaries: list[_Buffer], size: int, *, at_start: bool) -> dict[int, SSAValue]:
    """Make an arena of that size, at the start of the block or where it is needed; returns each temporary's memory."""
    types = [buffer.values[0].type for buffer in temporaries]
    arena = ArenaOp.create(
        attributes={
            "metadata": metadata_attribute(types),
            "offsets": ArrayAttr([IntegerAttr(buffer.offset, i64) for buffer in temporaries]),
            "size": IntegerAttr(size, i64),
        },
        result_types=types,
    )
    arena.location = fuse(_writer(buffer).location for buffer in temporaries)
    first = block.first_op if at_start else _writer(temporaries[0])
    assert first is not None
    block.insert_ops_before([arena], first)
    return {id(buffer): view for buffer, view in zip(temporaries, arena.results, strict=True)}


def _write_into_memory(buffers: list[_Buffer], memory: dict[int, SSAValue]) -> None:
    for buffer in buffers:
        into = memory.get(id(buffer))
        for value in buffer.values:
            if not isinstance(value.owner, Operation) or isinstance(value.owner, OwnOp):
                into = value
                continue
            into = value if into is None else _write_into(value, into)


def _write_into(value: SSAValue, memory: SSAValue) -> SSAValue:
    """Have the op that gives `value` write it into `memory`; returns the new value."""
    op = value.owner
    kind = next(into for whole, into in _INTO.items() if isinstance(op, whole))
    assert isinstance(op, Operation)
    made = make_op(kind, [*op.operands, memory], op.result_types, op.attributes, location=op.location)
    put_before(made, op)
    replace_op(op, made.results)
    return made.results[0]


_INTO: dict[type[Operation], type[Operation]] = {
    CallOp: CallIntoOp,
    ElementwiseOp: ElementwiseIntoOp,
    ReductionOp: ReductionIntoOp,
}
"""What writes into memory that it is given, in the place of what makes some."""
