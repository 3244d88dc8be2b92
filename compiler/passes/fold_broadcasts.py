"""`fold-broadcasts`: elementwise kernels read what is repeated where it is, and not as an array of its own."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.array_ops import attrs_of, chain_op, constant, metadata_of_type
from tfrt.compiler.passes.shared.source_patterns import repeated_number
from tfrt.dialects.cpu import CallOp, ConstantOp, ElementwiseOp
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.broadcasting import is_row

_BROADCAST = "stablehlo.broadcast_in_dim"


@dataclass(frozen=True)
class FoldBroadcasts(ModulePass):
    """Gives elementwise kernels rows and scalars in place of `stablehlo.broadcast_in_dim`s of them, and of constants
    that are the same everywhere.

    A row is what is repeated along leading dimensions only. One operand keeps the result's shape; where all are
    repeated, one of them stays an array.
    """

    name = "fold-broadcasts"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in ops_in(op):
            if isinstance(inner, ElementwiseOp):
                _fold(inner)


def _fold(op: ElementwiseOp) -> None:
    operands = [_row(operand) or _one(operand, op) or operand for operand in op.operands]
    if all(operand.type != op.array.type for operand in operands):
        whole = next((number for number, operand in enumerate(op.operands) if operand.type == op.array.type), 0)
        operands[whole] = op.operands[whole]
    if operands == list(op.operands) or op.parent is None:
        return
    unused = [old for old, new in zip(op.operands, operands, strict=True) if old is not new]
    made = chain_op(list(op.steps), operands, op.array.type, op.location)
    op.parent.insert_op_before(made, op)
    op.array.replace_all_uses_with(made.array)
    op.detach()
    op.erase()
    for value in unused:
        maker = value.owner
        if not value.uses and isinstance(maker, CallOp | ConstantOp):
            maker.detach()
            maker.erase()


def _one(operand: SSAValue, op: ElementwiseOp) -> SSAValue | None:
    """The number that all elements of a constant are, where there are several."""
    made = operand.owner
    if not isinstance(made, ConstantOp) or len(made.value) < 2 or op.parent is None:
        return None
    number = repeated_number(made.value)
    if number is None:
        return None
    found = constant(number, made.location)
    op.parent.insert_op_before(found, op)
    return found.array


def _row(operand: SSAValue) -> SSAValue | None:
    """What an operand repeats, if that is a row or a scalar."""
    made = operand.owner
    if not isinstance(made, CallOp) or made.op_name.data != _BROADCAST:
        return None
    (source,) = made.operands
    shape, result = metadata_of_type(source.type).shape, metadata_of_type(operand.type).shape
    places = tuple(attrs_of(made).values()["broadcast_dimensions"])
    if places != tuple(range(len(result) - len(shape), len(result))):
        return None
    return source if is_row(shape, result) or not shape else None
