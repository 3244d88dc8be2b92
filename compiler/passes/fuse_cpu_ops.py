"""`fuse-cpu-ops`: kernels on arrays that read what others write become one kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.array_ops import attrs_of, chain_op, entry_of, metadata_of_type
from tfrt.dialects.cpu import CallOp, ElementwiseOp, metadata_attribute, step_attribute, steps_of
from tfrt.dialects.shared.interning import integer_attribute
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.declarations.broadcasting import is_row

_MOST_STEPS = 64
"""How long a chain gets. It is written anew for each op that joins it, and longer ones save nothing more."""


@dataclass(frozen=True)
class FuseCpuOps(ModulePass):
    """Elementwise ops become one pass over memory, and the last part of a product or convolution that they follow.

    Two are fused where the second is all that reads the first's result, in the same block. Values between them are then
    never written to memory as a whole. Results stay the same, bit for bit.
    """

    name = "fuse-cpu-ops"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        # In order, so that a chain grows to its end before anything is fused with what follows it.
        for reader in [inner for inner in ops_in(op) if isinstance(inner, ElementwiseOp)]:
            fused: Operation = reader
            while isinstance(fused, ElementwiseOp) and (writer := _fusible_chain(fused)) is not None:
                fused = _fuse_chains(writer, fused)
        for reader in [inner for inner in ops_in(op) if isinstance(inner, ElementwiseOp)]:
            call = _fusible_call(reader)
            if call is not None:
                _fuse_into_call(call, reader)


def _fusible_chain(reader: ElementwiseOp) -> ElementwiseOp | None:
    """A chain whose result only `reader` reads, and that can be one with it."""
    for operand in reader.operands:
        writer = operand.owner
        if isinstance(writer, ElementwiseOp) and _is_only_reader(reader, writer) and _all_fit(writer, reader):
            return writer
    return None


def _is_only_reader(reader: Operation, writer: Operation) -> bool:
    return writer.parent is reader.parent and all(use.operation is reader for use in writer.results[0].uses)


def _all_fit(writer: ElementwiseOp, reader: ElementwiseOp) -> bool:
    """Whether all inputs of both can be read block by block."""
    result = reader.array.type
    if writer.array.type != result or len(writer.steps) + len(reader.steps) > _MOST_STEPS:
        return False
    shape = metadata_of_type(result).shape
    operands = [*writer.operands, *reader.operands]
    return all(operand.type == result or is_row(metadata_of_type(operand.type).shape, shape) for operand in operands)


def _fuse_chains(writer: ElementwiseOp, reader: ElementwiseOp) -> ElementwiseOp:
    operands = list(dict.fromkeys([*writer.operands, *(o for o in reader.operands if o is not writer.array)]))
    values = {operand: number for number, operand in enumerate(operands)}
    first = _renumbered(writer, writer.operands, values, len(operands))
    values[writer.array] = len(operands) + len(first) - 1
    second = _renumbered(reader, reader.operands, values, len(operands) + len(first))
    made = chain_op([*first, *second], operands, reader.array.type, fuse([writer.location, reader.location]))
    _replace(writer, reader, made)
    return made


def _renumbered(
    op: ElementwiseOp, operands: Sequence[SSAValue], values: dict[SSAValue, int], start: int
) -> list[Attribute]:
    """The steps of a chain with other numbers for its operands, and its own values from `start` on."""
    numbers = [values[operand] for operand in operands]
    return [
        step_attribute(name, [numbers[n] if n < len(numbers) else start + n - len(numbers) for n in used])
        for name, used in steps_of(op.steps)
    ]


def _fusible_call(reader: ElementwiseOp) -> CallOp | None:
    """A product or convolution whose result only `reader` reads, and that can do what it does."""
    for operand in reader.operands:
        call = operand.owner
        if not isinstance(call, CallOp) or call.steps.data or not _is_only_reader(reader, call):
            continue
        result = operand.type
        others = [other for other in reader.operands if other is not operand]
        if reader.array.type == result and _takes_epilogue(call, others):
            return call
    return None


def _is_vector(operand: SSAValue, result: Attribute) -> bool:
    """Whether an operand is a scalar, or broadcast along all dimensions but the last."""
    shape = metadata_of_type(operand.type).shape
    return len(shape) < 2 and is_row(shape, metadata_of_type(result).shape)


def _takes_epilogue(call: CallOp, others: Sequence[SSAValue]) -> bool:
    """Whether a call can do something to its result that reads other arrays, too."""
    entry, result = entry_of(call), call.results[0].type
    if entry is None or not entry.takes_epilogue:
        return False
    takes_rows = entry.takes_row_epilogue
    if not all(_is_vector(other, result) or (takes_rows and other.type == result) for other in others):
        return False
    shapes = tuple(metadata_of_type(other.type).shape for other in others)
    inputs = tuple(metadata_of_type(operand.type) for operand in call.operands)
    results = tuple(metadata_of_type(result.type) for result in call.results)
    try:
        entry.arrays(inputs, attrs_of(call).by_name, None, results, RowEpilogue(lambda *_: None, shapes))
    except Exception:
        # Some do so only for some element types and layouts.
        return False
    return True


def _fuse_into_call(call: CallOp, reader: ElementwiseOp) -> None:
    (result,) = call.results
    others = [operand for operand in reader.operands if operand is not result]
    operands = [*call.operands, *others]
    values = {result: 0, **{other: 1 + number for number, other in enumerate(others)}}
    made = CallOp.create(
        operands=operands,
        attributes={
            **call.attributes,
            "arguments": metadata_attribute(operand.type for operand in operands),
            "inputs": integer_attribute(len(call.operands)),
            "steps": ArrayAttr(_renumbered(reader, reader.operands, values, 1 + len(others))),
        },
        result_types=[reader.array.type],
    )
    made.location = fuse([call.location, reader.location])
    _replace(call, reader, made)


def _replace(writer: Operation, reader: Operation, made: Operation) -> None:
    block = reader.parent
    assert block is not None
    block.insert_ops_before([made], reader)
    reader.results[0].replace_all_uses_with(made.results[0])
    for op in (reader, writer):
        op.detach()
        op.erase()
