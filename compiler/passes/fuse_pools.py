"""`fuse-pools`: convolutions and the pools that follow them become one kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.locations import fuse
from tfrt.compiler.passes.shared.array_ops import attrs_of, entry_of, is_static, metadata_of_type
from tfrt.compiler.passes.shared.fused_steps import is_only_reader, is_vector, renumbered, replace_all, steps_in
from tfrt.compiler.passes.shared.reductions import is_neutral
from tfrt.dialects.cpu.calls import CallOp, ElementwiseOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.dialects.cpu.steps import step_attribute
from tfrt.dialects.shared.interning import array_attribute, integer_attribute
from tfrt.dialects.shared.ops import make_op, operands_of, result_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.annotations import Pooling, RowEpilogue
from tfrt.executor.declarations.pools import Pool


@dataclass(frozen=True)
class FusePools(ModulePass):
    """Pools become the last part of the convolution that they follow, with what is done to its result before and after.

    Only what is pooled is ever written to memory. Windows are those that lie side by side without padding; of these it
    gives the greatest, the least, the sum or the mean. The convolution is one of singles or doubles whose features come
    last, and nothing else reads its result. Fused is only what is no slower then: not where many products make an
    element, and they take longer if pixels of a window are summed at a time.
    """

    name = "fuse-pools"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in list(ops_in(op)):
            if isinstance(inner, CallOp) and (pool := _pool(inner)) is not None:
                writer = operands_of(inner)[0].owner
                if isinstance(writer, CallOp) and is_only_reader([inner], writer) and _takes(writer, pool):
                    _fuse(writer, inner)


def _pool(op: CallOp) -> Pool | None:
    """The pool that an op is of its first operand, if it is one, and gives anything."""
    entry = entry_of(op)
    if entry is None or entry.pool is None or op.steps.data:
        return None
    values = (*operands_of(op), *op.results)
    if not values or not all(is_static(value.type) for value in values):
        return None
    try:
        found = entry.pool_for(metadata_of_type(operands_of(op)[0].type), attrs_of(op).by_name)
    except Exception:
        # Whatever is wrong with the op is reported when the program runs.
        return None
    is_known = found is not None and all(
        is_neutral(init, f"stablehlo.{found.function}") for init in operands_of(op)[1:]
    )
    has_elements = all(metadata_of_type(result.type).element_count for result in op.results)
    return found if is_known and has_elements else None


def _takes(call: CallOp, pool: Pool) -> bool:
    """Whether a call can have its result pooled, after its steps."""
    entry, inputs = entry_of(call), call.inputs.value.data
    if entry is None or not entry.takes_pooling or not all(is_static(value.type) for value in operands_of(call)):
        return False
    result, others = result_of(call).type, operands_of(call)[inputs:]
    if not all(is_vector(other, result) for other in others):
        return False
    shapes = tuple(metadata_of_type(other.type).shape for other in others)
    known = tuple(metadata_of_type(operand.type) for operand in operands_of(call)[:inputs])
    epilogue = RowEpilogue(lambda *_: None, shapes) if call.steps.data else None
    try:
        entry.arrays(known, attrs_of(call).by_name, None, (metadata_of_type(result),), epilogue, Pooling(pool))
        return True
    except Exception:
        # Some do so only for some element types and layouts, and where it is worth it.
        return False


def _fuse(call: CallOp, pool: CallOp) -> None:
    """Put one op in place of a convolution and a pool, and of the steps that nothing but follows that."""
    reader = _reader(pool)
    (pooled,), inputs = pool.results, call.inputs.value.data
    before, own = operands_of(call)[inputs:], _beside(reader, pooled)
    others = list(dict.fromkeys([*before, *own]))
    places: dict[SSAValue, int] = {other: 1 + number for number, other in enumerate(others)}
    # What the call gives is no operand of it.
    result = result_of(call)
    values = {result: 0, **places}
    steps = renumbered(steps_in(call, pooled.type), [result, *before], values, 1 + len(others))
    last = len(others) + len(steps) if steps else 0
    steps.append((pool.op_name.data, (last,), (pool.op_attrs,)))
    if reader is not None:
        values = {pooled: len(others) + len(steps), **places}
        steps += renumbered(
            steps_in(reader, reader.array.type), operands_of(reader), values, 1 + len(others) + len(steps)
        )
    ops = [pool, call] if reader is None else [reader, pool, call]
    operands: Sequence[SSAValue] = [*operands_of(call)[:inputs], *others]
    attributes = {
        **call.attributes,
        "arguments": metadata_attribute(operand.type for operand in operands),
        "metadata": metadata_attribute([pooled.type]),
        "steps": array_attribute(step_attribute(*step) for step in steps),
        "inputs": integer_attribute(inputs),
    }
    location = fuse(op.location for op in reversed(ops))
    replace_all(ops, make_op(CallOp, operands, [pooled.type], attributes, location=location))


def _reader(pool: CallOp) -> ElementwiseOp | None:
    """The steps that are all that is done with what a pool gives, if only vectors are read beside it."""
    (pooled,) = pool.results
    reader = next((use.operation for use in pooled.uses), None)
    if not isinstance(reader, ElementwiseOp) or not is_only_reader([reader], pool) or reader.array.type != pooled.type:
        return None
    return reader if all(is_vector(other, pooled.type) for other in _beside(reader, pooled)) else None


def _beside(reader: ElementwiseOp | None, pooled: SSAValue) -> list[SSAValue]:
    """What steps read beside a value."""
    return [] if reader is None else [operand for operand in operands_of(reader) if operand is not pooled]
