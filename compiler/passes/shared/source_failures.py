"""Whether an op of a framework's program may fail when it runs, and whether a loop certainly runs its body.

What the ops of the core runtime declare decides. Whatever is wrong with types that say all sizes, verifiers and shape
functions have found before; so an op that a dialect defines cannot fail on such types, unless elements of its operands
say shapes. Of ops that no dialect defines, TensorFlow's and ONNX's, nothing is known but that elementwise ones never
fail.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType, UnrankedTensorType
from xdsl.ir import Attribute, Operation

from tfrt.compiler.emitter.attributes import dtype_of
from tfrt.compiler.passes.shared.fact_propagation import CONSTANTS, Propagation, fact_of_constant
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.shared.shape_inference import is_static
from tfrt.compiler.passes.shared.source_ops import callee_of, captured, has_effects
from tfrt.dialects.shared.walking import is_unregistered
from tfrt.dialects.stablehlo.control_flow import WhileOp
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.declarations.op_registry import CPU_OPS


def may_fail(op: Operation) -> bool:
    """Whether an op without effects and regions may fail."""
    name = name_of(op)
    entry = CPU_OPS.get(name)
    if name in CONSTANTS or entry is None:
        return is_unregistered(op) and name not in CONSTANTS
    is_elementwise = _is_elementwise(entry, op.operand_types)
    if is_elementwise and len(op.operands) == 1:
        return False
    tensors = [type for type in (*op.operand_types, *op.result_types) if isinstance(type, _TENSORS)]
    if not all(map(is_static, tensors)):
        return True
    return not is_elementwise and (is_unregistered(op) or entry.shaped_by is not None)


_TENSORS = (TensorType, UnrankedTensorType)


def _is_elementwise(entry: OpEntry, operands: Sequence[Attribute]) -> bool:
    if entry.by_element:
        return True
    if entry.elementwise is None or not operands or not isinstance(operands[0], _TENSORS):
        return False
    dtype = dtype_of(operands[0].element_type)
    return dtype is not None and entry.elementwise(dtype) is not None


def certainly_runs(loop: WhileOp) -> bool:
    """Whether a loop runs its body at least once, and has no effects that an op of the body could fail after."""
    if any(callee_of(op) is not None or has_effects(op, frozenset()) for op in loop.walk()):
        return False
    known = Propagation({}, frozenset())
    for value in (*loop.operands, *captured((loop.cond,))):
        owner = value.owner
        if isinstance(owner, Operation) and name_of(owner) in CONSTANTS:
            known.facts[value] = fact_of_constant(owner)
    first = known.block(loop.cond.block, [known.fact(operand) for operand in loop.operands])[0]
    return first.value is not None and bool(first.value.item())
