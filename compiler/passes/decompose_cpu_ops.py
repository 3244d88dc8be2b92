"""`decompose-cpu-ops`: calls of ops that work element by element become elementwise kernels, which may be fused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import MemRefType, ModuleOp, StringAttr
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.array_ops import (
    attrs_of,
    call_op,
    chain_op,
    decomposed,
    elementwise,
    entry_of,
    is_static,
    metadata_of_type,
)
from tfrt.compiler.passes.shared.reductions import axes_of, body_of
from tfrt.dialects.cpu.calls import CallOp
from tfrt.dialects.cpu.steps import step_attribute
from tfrt.dialects.shared.ops import erase_op, operand_of, operands_of, put_before, replace_op, replace_uses, result_of
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.op import OpEntry


@dataclass(frozen=True)
class DecomposeCpuOps(ModulePass):
    """Puts elementwise kernels in place of `cpu.call`s of ops that are nothing else, or a few of these.

    Those whose results have other types than their operands, such as comparisons and conversions, become such kernels,
    too. So are `tf.BiasAdd` and `tf.FusedBatchNormV3`, if only its first result is used, and reductions along
    dimensions of size 1, which combine an element with the initial value. All shapes must be known.
    """

    name = "decompose-cpu-ops"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in ops_in(op):
            if type(inner) is CallOp and not inner.steps.data and all(map(_is_static, _values(inner))):
                _decompose(inner)


def _values(op: Operation) -> list[SSAValue]:
    return [*operands_of(op), *op.results]


def _is_static(value: SSAValue) -> bool:
    return is_static(value.type)


def _decompose(call: CallOp) -> None:
    entry = entry_of(call)
    if entry is None or not call.results:
        return
    if entry.by_element:
        _by_element(call)
        return
    if body_of(call) is not None:
        _of_one_element(call)
        return
    if entry.elementwise is None and entry.steps is None:
        return
    try:
        ops = _elementwise(call, entry, attrs_of(call).by_name)
    except Exception:
        # Whatever is wrong with the op is reported, in its own words, when the program runs.
        return
    if not ops:
        return
    for op in ops:
        put_before(op, call)
    # Others, if it has any, are not used.
    replace_uses(result_of(call), ops[-1].results[0])
    erase_op(call)


def _by_element(call: CallOp) -> None:
    """Make a call of an op whose operands and result may differ in their types a chain of one step."""
    type = result_of(call).type
    assert isinstance(type, MemRefType) and call.parent is not None
    shape = type.get_shape()
    if not shape or all(isinstance(o.type, MemRefType) and o.type.get_shape() != shape for o in operands_of(call)):
        return
    details = [call.op_attrs] if call.op_attrs.data else []
    step = step_attribute(call.op_name.data, range(len(operands_of(call))), details)
    made = chain_op([step], list(operands_of(call)), type, call.location)
    put_before(made, call)
    replace_op(call, made.results)


def _of_one_element(call: CallOp) -> None:
    """Make a reduction of dimensions of size 1 a step, of an element and the initial value."""
    shape = metadata_of_type(operand_of(call, 0).type).shape
    if any(shape[d] != 1 for d in axes_of(call)):
        return
    result, body = metadata_of_type(result_of(call).type), body_of(call)
    assert body is not None and call.parent is not None
    whole = call_op(StringAttr("stablehlo.reshape"), [operand_of(call, 0)], call.result_types, call.location)
    made = elementwise(body, [operand_of(call, 1), result_of(whole)], result, call.location)
    call.parent.insert_ops_before([whole, made], call)
    result_of(call).replace_all_uses_with(made.array)
    call.detach()
    call.erase()


def _elementwise(call: CallOp, entry: OpEntry, attributes: Mapping[str, Any]) -> list[Operation] | None:
    """The elementwise kernels in the place of a call, of which the last gives the result."""
    inputs = tuple(metadata_of_type(operand.type) for operand in operands_of(call))
    result = metadata_of_type(result_of(call).type)
    found = entry.run_metadata(inputs, attributes)
    if found is None or found[0] != result or any(known.dtype is not result.dtype for known in inputs):
        return None
    if entry.elementwise is not None and entry.elementwise(result.dtype) is not None:
        has_whole = any(known.shape == result.shape for known in inputs)
        return [elementwise(entry.name, list(operands_of(call)), result, call.location)] if has_whole else None
    steps = decomposed(call, entry, list(operands_of(call)))
    return None if steps is None else steps[0]
