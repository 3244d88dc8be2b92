"""`plan-buffers`: where in memory the results of kernels on arrays are, decided at compile time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, i64
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.array_ops import entry_of, is_static, metadata_of_type
from tfrt.compiler.passes.symbol_dce import functions_of, is_private, names_in
from tfrt.dialects.cpu import (
    ArenaOp,
    CallIntoOp,
    CallOp,
    CopyOp,
    ElementwiseIntoOp,
    ElementwiseOp,
    ItemOp,
    OwnOp,
    ReductionIntoOp,
    ReductionOp,
    SettledOp,
    metadata_attribute,
)
from tfrt.dialects.shared.bodies import control_of, functions_run_by
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.runs import Control

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

    Loops, `tfrt.repeat.i32` and `tfrt.while` with a function of its own, overwrite the state that an iteration is given
    with what it gives the next one. Before such a loop the state is copied, unless nobody else has it; and where an
    iteration reads what it hands on, the next one waits until it has.

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
        loops = [inner for op in block.ops if (inner := self._loop(op)) is not None]
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
        owned = _own(block, [a for a in donated if is_static(a.type) and _size_of(a) >= _LEAST_STATE])
        used |= _plan(block, self.threshold, [*[argument for argument in given if argument not in used], *owned])
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
        return value in self.owned or (isinstance(owner, Operation) and (_can_write_into(owner) or _is_written(owner)))

    def _may_overwrite(self, loop: _Loop, place: int) -> bool:
        """Whether iterations may write to the memory of a part of the state: each gets some that nobody else has."""
        argument, given = loop.block.args[place], _given(loop)
        result = given[place]
        if not is_static(argument.type) or given.count(result) != 1 or not self._is_fresh(result):
            return False
        numbers = {op: number for number, op in enumerate(loop.block.ops)}
        end = loop.block.last_op
        others = [use.operation for use in result.uses if use.operation is not end]
        if _size_of(argument) < _LEAST_STATE and (others or not _is_part_written(result, argument)):
            return False
        return all(_only_reads(user, numbers) for user in others)


_LEAST_STATE = 1 << 12
"""The least size of a part of a loop's state, in bytes, that is overwritten; making memory for less costs nothing. Of
any size are those of which only a part is written and that nothing else looks at, such as what a scan collects."""


def _is_part_written(value: SSAValue, argument: SSAValue) -> bool:
    """Whether a value is an array that nothing else looks at, but for a part that is written."""
    op = value.owner
    is_alone = argument.uses.get_length() == 1
    return isinstance(op, CallOp) and op.operands[0] is argument and is_alone and argument in _may_be_overwritten(op)


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
    numbers = {op: number for number, op in enumerate(block.ops)}
    needed: dict[Operation, int] | None = None
    found: list[SSAValue] = []
    for argument in arguments:
        writers = [use.operation for use in argument.uses if use.operation in numbers and use.index == 0]
        for op in writers:
            if not isinstance(op, CallOp) or not _can_write_into(op) or argument not in _may_be_overwritten(op):
                continue
            needed = _needed(block, numbers) if needed is None else needed
            users, escapes = _users(argument, numbers)
            is_seen = any(_viewed(other) is argument for other in op.operands[1:])
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
    readers = [op for op in loop.block.ops if op is not end and value in op.operands and not isinstance(op, SettledOp)]
    waits = dict.fromkeys(result for op in readers for result in _last_results(op))
    if waits:
        made = SettledOp.create(operands=[value, *waits], result_types=[value.type])
        made.location = loop.op.location
        loop.block.insert_op_before(made, end)
        end.operands[place] = made.results[0]


def _last_results(op: Operation) -> Iterator[SSAValue]:
    """The results of what reads an array through an op, which may give a view of it."""
    if not _is_view(op):
        yield from op.results
        return
    for use in op.results[0].uses:
        yield from _last_results(use.operation)


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
        return _size_of(self.values[0])


def _size_of(value: SSAValue) -> int:
    metadata = metadata_of_type(value.type)
    return metadata.element_count * metadata.dtype.numpy.itemsize


def _plan(block: Block, threshold: int, arguments: Sequence[SSAValue]) -> set[SSAValue]:
    """Plan a block that may write to the memory of these of its arguments; returns those that it does write to."""
    numbers = {op: number for number, op in enumerate(block.ops)}
    needed = _needed(block, numbers)
    buffers = [
        _Buffer([argument], escapes, users) for argument in arguments for users, escapes in [_users(argument, numbers)]
    ]
    given = list(buffers)
    buffer_of: dict[SSAValue, _Buffer] = {buffer.values[0]: buffer for buffer in buffers}
    for op in block.ops:
        if not _can_write_into(op):
            continue
        # Others of a reduction's results are new memory.
        result = op.results[0]
        users, escapes = _users(result, numbers)
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
        # One alone has nothing to share its memory with.
        if len(group) > 1:
            size = _place(group, {id(buffer): needed[_writer(buffer)] for buffer in group})
            memory.update(_make_arena(block, group, size, at_start=len(temporaries) <= _MOST_IN_ARENA))
    _write_into_memory(buffers, memory)
    return {buffer.values[0] for buffer in given if len(buffer.values) > 1}


def _can_write_into(op: Operation) -> bool:
    """Whether an op's first result may be in memory that it is given."""
    if isinstance(op, ElementwiseOp | ReductionOp):
        return True
    if not isinstance(op, CallOp) or len(op.results) != 1 or not is_static(op.result_types[0]):
        return False
    entry = entry_of(op)
    return entry is not None and entry.array_form is not None and not entry.views


def _is_written(op: Operation) -> bool:
    """Whether the op writes into memory that it is given."""
    return isinstance(op, CallIntoOp | ElementwiseIntoOp | ReductionIntoOp)


def _is_view(op: Operation) -> bool:
    """Whether the op's result may be a view of its operands, and it does nothing else with them."""
    entry = entry_of(op) if isinstance(op, CallOp) else None
    return entry is not None and entry.views


def _only_reads(op: Operation, numbers: dict[Operation, int]) -> bool:
    """Whether an op of the block, or what reads the view that it gives, only computes something from its operands."""
    if op not in numbers:
        return False
    if _is_view(op):
        return all(_only_reads(use.operation, numbers) for use in op.results[0].uses)
    return _can_write_into(op) or _is_written(op) or isinstance(op, ItemOp)


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
    waiting = [value]
    while waiting:
        for use in waiting.pop().uses:
            op = use.operation
            if op not in numbers or not _only_reads(op, numbers):
                # Results of other ops may be views of their operands.
                escapes = True
            else:
                users |= 1 << numbers[op]
                if _is_view(op):
                    waiting.append(op.results[0])
    return users, escapes


def _overwritten(op: Operation, buffer_of: dict[SSAValue, _Buffer], done: int) -> _Buffer | None:
    """The memory of an operand that an op may overwrite: it is all that still uses it."""
    for operand in _may_be_overwritten(op):
        buffer = buffer_of.get(operand)
        is_last = buffer is not None and buffer.values[-1] is operand and not buffer.users & ~done
        if buffer is None or not is_last or buffer.escapes or operand.type != op.results[0].type:
            continue
        # What is read through a view, in another order, must not have been written to.
        if not any(_viewed(other) in buffer.values for other in op.operands if _viewed(other) is not other):
            return buffer
    return None


def _viewed(value: SSAValue) -> SSAValue:
    """The array that a value is a view of, or the value itself."""
    while isinstance(value.owner, Operation) and _is_view(value.owner) and value.owner.operands:
        value = value.owner.operands[0]
    return value


def _may_be_overwritten(op: Operation) -> Sequence[SSAValue]:
    """The operands whose memory an op that can write into memory may be given for its result."""
    if isinstance(op, ElementwiseOp):
        return op.operands
    entry = entry_of(op)
    if entry is None or not entry.in_place or not op.operands or op.operands[0] in op.operands[1:]:
        return ()
    return op.operands[:1]


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
    assert isinstance(op, Operation) and op.parent is not None
    made = kind.create(operands=[*op.operands, memory], attributes=op.attributes, result_types=op.result_types)
    made.location = op.location
    op.parent.insert_ops_before([made], op)
    for old, new in zip(op.results, made.results, strict=True):
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()
    return made.results[0]


_INTO: dict[type[Operation], type[Operation]] = {
    CallOp: CallIntoOp,
    ElementwiseOp: ElementwiseIntoOp,
    ReductionOp: ReductionIntoOp,
}
"""What writes into memory that it is given, in the place of what makes some."""
