"""`plan-buffers`: where in memory the results of kernels on arrays are, decided at compile time."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, i64
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.array_ops import entry_of, metadata_of_type
from tfrt.dialects.cpu import ArenaOp, CallIntoOp, CallOp, ElementwiseIntoOp, ElementwiseOp, metadata_attribute

_ALIGNMENT = 64
"""Arrays start where cache lines do."""

_MOST_IN_ARENA = 64
"""Each temporary is compared with all others of its arena."""


@dataclass(frozen=True)
class PlanBuffers(ModulePass):
    """Elementwise kernels overwrite what nobody else reads, and temporaries share one piece of memory, an arena.

    Two temporaries may be in the same place where the kernel that writes the second needs, directly or through others,
    the results of all that use the first; so it does not matter in which order, or on how many threads, kernels run.
    What leaves the block, or may be looked at through another array, has memory of its own.

    Args:
        threshold: the least size of a temporary in the arena, in bytes; smaller ones are made faster than planned.
    """

    name = "plan-buffers"

    threshold: int = 1 << 14

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for block in {inner.parent: None for inner in op.walk() if _can_write_into(inner)}:
            assert block is not None
            _plan(block, self.threshold)


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
        metadata = metadata_of_type(self.values[0].type)
        return metadata.element_count * metadata.dtype.numpy.itemsize


def _plan(block: Block, threshold: int) -> None:
    numbers = {op: number for number, op in enumerate(block.ops)}
    needed = _needed(block, numbers)
    buffers: list[_Buffer] = []
    buffer_of: dict[SSAValue, _Buffer] = {}
    for op in block.ops:
        if not _can_write_into(op):
            continue
        (result,) = op.results
        users, escapes = _users(result, numbers)
        before = _overwritten(op, buffer_of, needed[op] | 1 << numbers[op])
        if before is None:
            buffers.append(before := _Buffer([], False, 0))
        before.values.append(result)
        before.users |= users | 1 << numbers[op]
        before.escapes = escapes
        buffer_of[result] = before
    temporaries = [buffer for buffer in buffers if not buffer.escapes and buffer.size >= threshold]
    memory: dict[int, SSAValue] = {}
    for start in range(0, len(temporaries), _MOST_IN_ARENA):
        group = temporaries[start : start + _MOST_IN_ARENA]
        # One alone has nothing to share its memory with.
        if len(group) > 1:
            size = _place(group, {id(buffer): needed[_writer(buffer)] for buffer in group})
            memory.update(_make_arena(block, group, size, at_start=len(temporaries) <= _MOST_IN_ARENA))
    _write_into_memory(buffers, memory)


def _can_write_into(op: Operation) -> bool:
    """Whether an op's result may be in memory that it is given."""
    if isinstance(op, ElementwiseOp):
        return True
    if not isinstance(op, CallOp) or len(op.results) != 1:
        return False
    entry = entry_of(op)
    return entry is not None and entry.array_form is not None and not entry.views


def _needed(block: Block, numbers: dict[Operation, int]) -> dict[Operation, int]:
    """For each op, the numbers of those ops of the block without whose results it does not run, as bits."""
    needed: dict[Operation, int] = {}
    for op in block.ops:
        found = 0
        for operand in op.operands:
            owner = operand.owner
            if isinstance(owner, Operation) and owner in needed:
                found |= needed[owner] | 1 << numbers[owner]
        needed[op] = found
    return needed


def _users(value: SSAValue, numbers: dict[Operation, int]) -> tuple[int, bool]:
    """The numbers of the ops that use a value, as bits, and whether it can be looked at from elsewhere."""
    users, escapes = 0, False
    for use in value.uses:
        number = numbers.get(use.operation)
        if number is None or not _can_write_into(use.operation):
            # Results of other ops may be views of their operands.
            escapes = True
        else:
            users |= 1 << number
    return users, escapes


def _overwritten(op: Operation, buffer_of: dict[SSAValue, _Buffer], done: int) -> _Buffer | None:
    """The memory of an operand that an elementwise op may overwrite: it is all that still uses it."""
    if not isinstance(op, ElementwiseOp):
        return None
    for operand in op.operands:
        buffer = buffer_of.get(operand)
        is_last = buffer is not None and buffer.values[-1] is operand and not buffer.users & ~done
        if buffer is not None and is_last and not buffer.escapes and operand.type == op.array.type:
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
            into = value if into is None else _write_into(value, into)


def _write_into(value: SSAValue, memory: SSAValue) -> SSAValue:
    """Have the op that gives `value` write it into `memory`; returns the new value."""
    op = value.owner
    assert isinstance(op, CallOp | ElementwiseOp) and op.parent is not None
    kind = CallIntoOp if isinstance(op, CallOp) else ElementwiseIntoOp
    made = kind.create(operands=[*op.operands, memory], attributes=op.attributes, result_types=op.result_types)
    made.location = op.location
    op.parent.insert_ops_before([made], op)
    value.replace_all_uses_with(made.results[0])
    op.detach()
    op.erase()
    return made.results[0]
