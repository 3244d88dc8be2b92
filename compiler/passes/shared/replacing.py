"""Putting ops and values in the place of others, with casts where types are not the same."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import UnrealizedConversionCastOp
from xdsl.ir import Attribute, Block, Operation, SSAValue

from tfrt.dialects.shared.ops import append_op, erase_op, put_before, replace_uses


def cast(value: SSAValue, type: Attribute, before: Operation) -> SSAValue:
    """The value as one of another type, in front of an op."""
    if value.type == type:
        return value
    made = UnrealizedConversionCastOp.create(operands=[value], result_types=[type])
    insert(made, before)
    return made.results[0]


def add_cast(block: Block, value: SSAValue, type: Attribute, source: Operation) -> SSAValue:
    """The same at the end of a block, where `source` is."""
    if value.type == type:
        return value
    return add(block, UnrealizedConversionCastOp.create(operands=[value], result_types=[type]), source)[0]


def add(block: Block, op: Operation, source: Operation) -> Sequence[SSAValue]:
    """Put an op at the end of a block, where `source` is."""
    op.location = source.location
    append_op(block, op)
    return op.results


def insert(made: Operation, before: Operation) -> None:
    """Put an op in front of another one, where that is."""
    made.location = before.location
    put_before(made, before)


def replace_by(op: Operation, made: Operation) -> None:
    """Put an op in the place of one that gives as much."""
    insert(made, op)
    replace(op, made.results)


def replace(op: Operation, values: Sequence[SSAValue], *, but_last: bool = False) -> None:
    """Put values in place of an op's results; the last result may be a token, which orders what is in order already."""
    results = op.results[:-1] if but_last else op.results
    for old, new in zip(results, values, strict=True):
        replace_uses(old, new)
    if but_last:
        for use in list(op.results[-1].uses):
            user = use.operation
            user.operands = [operand for operand in user.operands if operand is not op.results[-1]]
    erase_op(op)
