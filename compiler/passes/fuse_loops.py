"""`fuse-loops`: loops whose bodies are a few kernels on arrays may run all of them, and all iterations, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, IntegerType, MemRefType, ModuleOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.fold import is_in_sync_function
from tfrt.dialects.cpu.arrays import ConstantOp
from tfrt.dialects.cpu.calls import CallIntoOp, CallOp
from tfrt.dialects.cpu.loops import IterateOp
from tfrt.dialects.cpu.metadata import metadata_attribute
from tfrt.dialects.shared.bodies import control_of
from tfrt.dialects.shared.interning import array_attribute, integer_attribute, string_attribute
from tfrt.dialects.shared.ops import make_op, ops_of, put_before
from tfrt.dialects.shared.walking import ops_in
from tfrt.executor.declarations.runs import Control

_CALLED = tuple(
    f"stablehlo.{name}"
    for name in ("dot_general", "dynamic_slice", "dynamic_update_slice", "reshape", "broadcast_in_dim", "slice")
)
_KERNELS = (
    *("cpu.arena", "cpu.copy", "cpu.elementwise", "cpu.elementwise_into", "cpu.reduction", "cpu.reduction_into"),
    "cpu.settled",
    *(f"{name}.{type}" for name in ("tfrt.constant", "tfrt.add", "cpu.subtract") for type in ("i32", "i64")),
    *(f"cpu.{name}.{type}" for name in ("minimum", "maximum", "less", "select") for type in ("i32", "i64")),
)
"""What there may be machine code for: ops on arrays, and kernels."""

_MOST_STEPS = 64
"""How long a body is at most: in longer ones it counts for less what a kernel costs to be called."""


@dataclass(frozen=True)
class FuseLoops(ModulePass):
    """Puts `cpu.iterate` before `tfrt.repeat.i32`s whose bodies are elementwise kernels, reductions, products of
    matrices, rows that are taken and put, and counters: such as recurrent layers.

    It runs all iterations as machine code, where there is some, and none elsewhere; what is left is the loop's.
    """

    name = "fuse-loops"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in ops_in(op):
            if control_of(inner) is Control.REPEAT and inner.regions and not is_in_sync_function(inner):
                _fuse(inner)


def _fuse(loop: Operation) -> None:
    block = loop.regions[0].block
    *body, end = ops_of(block)
    computing = [op for op in body if not isinstance(op, ConstantOp)]
    state = list(loop.operands)[1:]
    if len(computing) > _MOST_STEPS or not all(map(_is_known, computing)):
        return
    if not any(isinstance(type, MemRefType) for op in computing for type in op.result_types):
        return
    if not all(_is_static(value) for value in (*block.args, *[result for op in body for result in op.results])):
        return
    captured = []
    for op in body:
        if isinstance(op, ConstantOp):
            copy = op.clone()
            copy.location = op.location
            put_before(copy, loop)
            captured.append((op.array, copy.results[0]))
    operands = [*state, *[outside for _, outside in captured]]
    values = [*block.args, *[inside for inside, _ in captured]]
    numbers = {value: number for number, value in enumerate(values)}
    steps = []
    for op in computing:
        steps.append(_step(op, [numbers[operand] for operand in op.operands]))
        for result in op.results:
            numbers[result] = len(numbers)
    attributes = {
        "arguments": metadata_attribute([value.type for value in operands]),
        "body": array_attribute(steps),
        "gives": array_attribute([integer_attribute(numbers[value]) for value in end.operands]),
    }
    count, types = loop.operands[0], [value.type for value in state]
    made = make_op(IterateOp, [count, *operands], [count.type, *types], attributes, location=loop.location)
    put_before(made, loop)
    loop.operands = made.results


def _is_known(op: Operation) -> bool:
    return op.op_name.data in _CALLED if isinstance(op, CallOp | CallIntoOp) else op.name in _KERNELS


def _is_static(value: SSAValue) -> bool:
    type = value.type
    return isinstance(type, IntegerType) or (isinstance(type, MemRefType) and type.has_static_shape())


def _step(op: Operation, operands: Sequence[int]) -> Attribute:
    """How a kernel is described, see `cpu.iterate`."""
    return ArrayAttr(
        [
            string_attribute(op.name),
            array_attribute([integer_attribute(number) for number in operands]),
            metadata_attribute([result.type for result in op.results]),
            *[op.attributes[name] for name in _DETAILS if name in op.attributes],
        ]
    )


_DETAILS = (
    "arguments",
    "dimensions",
    "gives",
    "inputs",
    "offsets",
    "op_attrs",
    "op_name",
    "shape",
    "size",
    "steps",
    "value",
)
"""The attributes that say what a kernel does."""
