"""What ops of a block do with the memory of arrays: who reads it, who may write to it, and when it is done with."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block, Operation, OpResult, SSAValue

from tfrt.compiler.passes.shared.array_ops import entry_of, is_static, metadata_of_type
from tfrt.dialects.cpu.arrays import ItemOp
from tfrt.dialects.cpu.calls import CallIntoOp, CallOp, ElementwiseIntoOp, ElementwiseOp
from tfrt.dialects.cpu.reductions import ReductionIntoOp, ReductionOp
from tfrt.dialects.shared.ops import operand_of, operands_of, ops_of, result_of


def size_of(value: SSAValue) -> int:
    """The bytes of an array of a static type."""
    metadata = metadata_of_type(value.type)
    return metadata.element_count * metadata.dtype.numpy.itemsize


def can_write_into(op: Operation) -> bool:
    """Whether an op's first result may be in memory that it is given."""
    if op.__class__ in (ElementwiseOp, ReductionOp):
        return True
    if type(op) is not CallOp or len(op.results) != 1 or not is_static(op.result_types[0]):
        return False
    entry = entry_of(op)
    return entry is not None and entry.array_form is not None and not entry.views


def is_written(op: Operation) -> bool:
    """Whether the op writes into memory that it is given."""
    return op.__class__ in (CallIntoOp, ElementwiseIntoOp, ReductionIntoOp)


def is_view(op: Operation) -> bool:
    """Whether the op's result may be a view of its operands, and it does nothing else with them."""
    entry = entry_of(op) if type(op) is CallOp else None
    return entry is not None and entry.views


def only_reads(op: Operation, numbers: dict[Operation, int]) -> bool:
    """Whether an op of the block, or what reads the view that it gives, only computes something from its operands."""
    if op not in numbers:
        return False
    if is_view(op):
        return all(only_reads(use.operation, numbers) for use in result_of(op).uses)
    return can_write_into(op) or is_written(op) or type(op) is ItemOp


def needed_by(block: Block, numbers: dict[Operation, int]) -> dict[Operation, int]:
    """For each op, the numbers of those ops of the block without whose results it does not run, as bits."""
    needed: dict[Operation, int] = {}
    for op in ops_of(block):
        found = 0
        for operand in operands_of(op):
            if type(operand) is OpResult and operand.op in needed:
                found |= needed[operand.op] | 1 << numbers[operand.op]
        needed[op] = found
    return needed


def users_of(value: SSAValue, numbers: dict[Operation, int]) -> tuple[int, bool]:
    """The numbers of the ops that use a value, as bits, and whether it can be looked at from elsewhere."""
    users, escapes = 0, False
    waiting = [value]
    while waiting:
        for use in waiting.pop().uses:
            op = use.operation
            if op not in numbers or not only_reads(op, numbers):
                # Results of other ops may be views of their operands.
                escapes = True
            else:
                users |= 1 << numbers[op]
                if is_view(op):
                    waiting.append(result_of(op))
    return users, escapes


def viewed(value: SSAValue) -> SSAValue:
    """The array that a value is a view of, or the value itself."""
    while isinstance(value.owner, Operation) and is_view(value.owner) and value.owner.operands:
        value = operand_of(value.owner, 0)
    return value


def may_be_overwritten(op: Operation) -> Sequence[SSAValue]:
    """The operands whose memory an op that can write into memory may be given for its result."""
    if type(op) is ElementwiseOp:
        return operands_of(op)
    entry = entry_of(op)
    if entry is None or not entry.in_place or not operands_of(op) or operand_of(op, 0) in op.operands[1:]:
        return ()
    return op.operands[:1]
