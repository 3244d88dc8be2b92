"""`fold-slices`: elementwise kernels read parts of arrays where these are, and not as arrays of their own."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.array_ops import attrs_of, chain_op, metadata_of_type
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.steps import SLICE, details_of, step_attribute, steps_of
from tfrt.dialects.shared.ops import erase_op, put_before, replace_op
from tfrt.dialects.shared.walking import ops_in

_LEAST_WIDTH = 16
"""Shorter rows are better put in order first."""


@dataclass(frozen=True)
class FoldSlices(ModulePass):
    """Has elementwise kernels take parts of arrays themselves, in place of `stablehlo.slice`s that only they need.

    Parts are as large as the result, and have elements of a row together. So the gates of a recurrent cell, which are
    columns of one product, are read where the product is.
    """

    name = "fold-slices"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in ops_in(op):
            if type(inner) is ElementwiseOp:
                _fold(inner)


def _fold(op: ElementwiseOp) -> None:
    shape = metadata_of_type(op.array.type).shape
    sliced = {operand: maker for operand in op.operands if (maker := _part(operand, op, shape)) is not None}
    if not sliced:
        return
    whole = [operand for operand in op.operands if operand not in sliced]
    # A whole array that is read as it is, too, stays one operand.
    arrays = list(dict.fromkeys([*whole, *(maker.operands[0] for maker in sliced.values())]))
    places = {array: number for number, array in enumerate(arrays)}
    result = op.array.type.element_type
    steps = []
    for operand, maker in sliced.items():
        assert isinstance(operand.type, MemRefType)
        type = operand.type.element_type
        details = ([type] if type != result else []) + [maker.op_attrs]
        steps.append(step_attribute(SLICE, [places[maker.operands[0]]], details))
    parts = {operand: len(arrays) + number for number, operand in enumerate(sliced)}
    numbers = [parts[operand] if operand in parts else places[operand] for operand in op.operands]
    given, start = len(numbers), len(arrays) + len(sliced)
    for step, (name, used) in zip(op.steps, steps_of(op.steps), strict=True):
        operands = [numbers[n] if n < given else start + n - given for n in used]
        steps.append(step_attribute(name, operands, [each for each in details_of(step) if each is not None]))
    made = chain_op(steps, arrays, op.array.type, op.location)
    put_before(made, op)
    replace_op(op, made.results)
    for maker in sliced.values():
        erase_op(maker)


def _part(operand: SSAValue, op: ElementwiseOp, shape: tuple[int, ...]) -> CallOp | None:
    """What makes an operand, if that is a part of an array which `op` can take itself, and nothing else needs it."""
    maker = operand.owner
    if not isinstance(maker, CallOp) or maker.op_name.data != SLICE or maker.parent is not op.parent:
        return None
    if metadata_of_type(operand.type).shape != shape or maker.operands[0].type == op.array.type or not shape:
        return None
    is_needed = any(use.operation is not op for use in operand.uses)
    return maker if not is_needed and shape[-1] >= _LEAST_WIDTH and attrs_of(maker)["strides"].value[-1] == 1 else None
