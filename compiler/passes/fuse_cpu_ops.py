"""`fuse-cpu-ops`: kernels on arrays that read what others write become one kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import OpResult, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.array_ops import attrs_of, chain_op, entry_of, metadata_of_type
from tfrt.compiler.passes.shared.fused_steps import is_only_reader, is_vector, renumbered, replace_all, steps_in
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.dialects.cpu.steps import step_attribute
from tfrt.dialects.shared.interning import array_attribute, integer_attribute
from tfrt.dialects.shared.ops import make_op, operands_of, result_of, type_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.annotations import RowEpilogue
from tfrt.executor.declarations.broadcasting import cut_at
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.values.dtype import DType

_HALVES = (DType.F16, DType.BF16)

_MOST_STEPS = 160
"""How long a chain gets. Twenty rounds of random bits are 120 steps; in two chains they would be as slow as in many,
for each round reads both words of the one before. Longer ones save nothing more."""


@dataclass(frozen=True)
class FuseCpuOps(ModulePass):
    """Elementwise ops become one pass over memory, and the last part of a product or convolution that they follow.

    Two are fused where the second is all that reads the first's result, in the same block. Values between them are then
    never written to memory as a whole. Results stay the same, bit for bit. What follows a product of halves stays
    apart.
    """

    name = "fuse-cpu-ops"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        # In order, so that a chain grows to its end before anything is fused with what follows it.
        for reader in [inner for inner in ops_in(op) if type(inner) is ElementwiseOp]:
            _Chain(reader).fuse()
        for reader in [inner for inner in ops_in(op) if type(inner) is ElementwiseOp]:
            call = _fusible_call(reader)
            if call is not None:
                _fuse_into_call(call, reader)


class _Chain:
    """Elementwise ops that become one in the place of the last of them.

    Attributes:
        ops: those, the last one first, each before what writes what it reads.
        operands: what they read of others.
        steps: those of all; values of steps come after the operands.
    """

    def __init__(self, reader: ElementwiseOp):
        self.result = type_of(result_of(reader))
        self.ops = [reader]
        self.operands = list(operands_of(reader))
        self.steps = steps_in(reader, self.result)

    def fuse(self) -> None:
        """Take in all that can be, and make one op of it."""
        while (writer := self._writer()) is not None:
            self._take_in(writer)
        if len(self.ops) == 1:
            return
        steps = [step_attribute(*step) for step in self.steps]
        location = fuse(op.location for op in reversed(self.ops))
        replace_all(self.ops, chain_op(steps, self.operands, self.result, location))

    def _writer(self) -> ElementwiseOp | None:
        """A chain whose result only this one reads, and that can be one with it."""
        for operand in self.operands:
            writer = operand.op if type(operand) is OpResult else None
            if type(writer) is ElementwiseOp and is_only_reader(self.ops, writer) and self._fits(writer):
                return writer
        return None

    def _fits(self, writer: ElementwiseOp) -> bool:
        """Whether all inputs of both can be read block by block."""
        shape = metadata_of_type(self.result).shape
        if metadata_of_type(type_of(result_of(writer))).shape != shape:
            return False
        if len(writer.steps) + len(self.steps) > _MOST_STEPS:
            return False
        shapes = [metadata_of_type(type_of(operand)).shape for operand in (*operands_of(writer), *self.operands)]
        return not shape or cut_at(shapes, shape) > 0

    def _take_in(self, writer: ElementwiseOp) -> None:
        given, result = operands_of(writer), result_of(writer)
        operands = list(dict.fromkeys([*given, *[o for o in self.operands if o is not result]]))
        values: dict[SSAValue, int] = {operand: number for number, operand in enumerate(operands)}
        first = renumbered(steps_in(writer, self.result), given, values, len(operands))
        values[result] = len(operands) + len(first) - 1
        self.steps = [*first, *renumbered(self.steps, self.operands, values, len(operands) + len(first))]
        self.operands = operands
        self.ops.append(writer)


def _fusible_call(reader: ElementwiseOp) -> CallOp | None:
    """A product or convolution whose result only `reader` reads, and that can do what it does."""
    for operand in operands_of(reader):
        call = operand.op if type(operand) is OpResult else None
        if type(call) is not CallOp or call.steps.data or not is_only_reader([reader], call):
            continue
        others = [other for other in operands_of(reader) if other is not operand]
        if type_of(result_of(reader)) == type_of(operand) and _takes_epilogue(call, others):
            return call
    return None


def _takes_epilogue(call: CallOp, others: Sequence[SSAValue]) -> bool:
    """Whether a call can do something to its result that reads other arrays, too."""
    entry, result = entry_of(call), result_of(call).type
    if entry is None or not entry.takes_epilogue:
        return False
    if metadata_of_type(result).dtype in _HALVES:
        # A block is converted at each step, so it gains nothing; a chain of its own may become machine code.
        return False
    takes_rows = entry.takes_row_epilogue
    if not all(is_vector(other, result) or (takes_rows and other.type == result) for other in others):
        return False
    shapes = tuple(metadata_of_type(other.type).shape for other in others)
    inputs = tuple(metadata_of_type(operand.type) for operand in operands_of(call))
    results = tuple(metadata_of_type(result.type) for result in call.results)
    try:
        return _is_prepared(entry, attrs_of(call), inputs, results, shapes)
    except Exception:
        # Some do so only for some element types and layouts.
        return False


# Many products are alike, and to prepare one takes long.
@lru_cache(maxsize=256)
def _is_prepared(
    entry: OpEntry,
    attributes: OpAttrs,
    inputs: tuple[TensorMetadata, ...],
    results: tuple[TensorMetadata, ...],
    shapes: tuple[tuple[int, ...], ...],
) -> bool:
    """That a kernel with an epilogue on arrays of these shapes can be prepared; raises what keeps it from that."""
    entry.arrays(inputs, attributes.by_name, None, results, RowEpilogue(lambda *_: None, shapes))
    return True


def _fuse_into_call(call: CallOp, reader: ElementwiseOp) -> None:
    (result,) = call.results
    others = [operand for operand in operands_of(reader) if operand is not result]
    operands = [*operands_of(call), *others]
    values = {result: 0, **{other: 1 + number for number, other in enumerate(others)}}
    type = type_of(result_of(reader))
    steps = renumbered(steps_in(reader, type), operands_of(reader), values, 1 + len(others))
    attributes = {
        **call.attributes,
        "arguments": metadata_attribute(map(type_of, operands)),
        "inputs": integer_attribute(len(operands_of(call))),
        "steps": array_attribute(step_attribute(*step) for step in steps),
    }
    location = fuse([call.location, reader.location])
    replace_all([reader, call], make_op(CallOp, operands, [type], attributes, location=location))
