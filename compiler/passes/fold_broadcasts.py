"""`fold-broadcasts`: elementwise kernels read what is repeated where it is, and not as an array of its own."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.array_ops import attrs_of, call_op, chain_op, constant, memref, metadata_of_type
from tfrt.compiler.passes.shared.source_values import repeated_number
from tfrt.dialects.cpu.arrays import ConstantOp
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.shared.ops import erase_op, operands_of, put_before, replace_op, result_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.broadcasting import cut_at, is_row
from tfrt.executor.declarations.metadata import TensorMetadata

_BROADCAST, _RESHAPE = "stablehlo.broadcast_in_dim", "stablehlo.reshape"


@dataclass(frozen=True)
class FoldBroadcasts(ModulePass):
    """Gives elementwise kernels rows, columns and scalars in place of `stablehlo.broadcast_in_dim`s of them, and of
    constants that are the same everywhere.

    A row is what is repeated along leading dimensions only, a column along others, such as what a reduction gives for
    each row. One operand keeps the result's shape; where all are repeated, one of them stays an array.
    """

    name = "fold-broadcasts"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in ops_in(op):
            if type(inner) is ElementwiseOp:
                _fold(inner)


def _fold(op: ElementwiseOp) -> None:
    if op.parent is None:
        return
    shape = metadata_of_type(op.array.type).shape
    narrow = [_repeated(operand) for operand in operands_of(op)]
    stays = None
    if all(
        found is not None or _is_one(operand) or metadata_of_type(operand.type).shape != shape
        for found, operand in zip(narrow, operands_of(op), strict=True)
    ):
        stays = next(
            (n for n, operand in enumerate(operands_of(op)) if metadata_of_type(operand.type).shape == shape), 0
        )
    operands = [
        operand if number == stays else _laid_out(found, op) if found is not None else _one(operand, op) or operand
        for number, (operand, found) in enumerate(zip(operands_of(op), narrow, strict=True))
    ]
    if operands == list(operands_of(op)):
        return
    unused = [old for old, new in zip(operands_of(op), operands, strict=True) if old is not new]
    made = chain_op(list(op.steps), operands, op.array.type, op.location)
    put_before(made, op)
    replace_op(op, made.results)
    for value in unused:
        maker = value.owner
        if not value.uses and isinstance(maker, CallOp | ConstantOp):
            erase_op(maker)


def _is_one(operand: SSAValue) -> bool:
    made = operand.owner
    return type(made) is ConstantOp and len(made.value) > 1 and repeated_number(made.value) is not None


def _one(operand: SSAValue, op: ElementwiseOp) -> SSAValue | None:
    """The number that all elements of a constant are, where there are several."""
    made = operand.owner
    if type(made) is not ConstantOp or len(made.value) < 2 or op.parent is None:
        return None
    number = repeated_number(made.value)
    if number is None:
        return None
    found = constant(number, made.location)
    put_before(found, op)
    return found.array


def _repeated(operand: SSAValue) -> tuple[SSAValue, tuple[int, ...]] | None:
    """What an operand repeats, and in which shape it is what can be read a block at a time, if that is so."""
    made = operand.owner
    if type(made) is not CallOp or made.op_name.data != _BROADCAST:
        return None
    (source,) = operands_of(made)
    shape, result = metadata_of_type(source.type).shape, metadata_of_type(operand.type).shape
    places = tuple(attrs_of(made).values()["broadcast_dimensions"])
    is_aligned = places == tuple(range(len(result) - len(shape), len(result)))
    if is_aligned and (is_row(shape, result) or not shape):
        return source, shape
    if list(places) != sorted(places) or shape == result:
        return None
    known = dict(zip(places, shape, strict=True))
    wide = tuple(known.get(place, 1) for place in range(len(result)))
    return (source, wide) if wide != result and cut_at([wide], result) else None


def _laid_out(found: tuple[SSAValue, tuple[int, ...]], op: ElementwiseOp) -> SSAValue:
    """A value in that shape."""
    value, shape = found
    known = metadata_of_type(value.type)
    if known.shape == shape:
        return value
    made = call_op(StringAttr(_RESHAPE), [value], [memref(TensorMetadata(known.dtype, shape))], op.location)
    put_before(made, op)
    return result_of(made)
