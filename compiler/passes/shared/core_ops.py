"""What op of the core runtime an op of a framework is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, SSAValue

from tfrt.compiler.passes.shared.custom_calls import (
    CUSTOM_CALL,
    call_attributes,
    op_name_of,
    operands_of_target,
    target_of,
)
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.shared.source_ops import Unsupported, body_attribute, captured_by_bodies, op_attributes
from tfrt.dialects.shared.ops import operands_of
from tfrt.executor.declarations.op import OpEntry
from tfrt.executor.declarations.op_registry import CPU_OPS

_BODY = "body"
_BODIES = {"stablehlo.select_and_scatter": ("select", "scatter")}
"""What the bodies of ops with several regions are called as attributes."""


class CoreOp(NamedTuple):
    """An op of the core runtime.

    Attributes:
        operands: values of the framework's program; what its regions use of the values around them comes last.
        attributes: its attributes, its regions among them.
    """

    entry: OpEntry
    operands: list[SSAValue]
    attributes: ArrayAttr[Attribute]


def core_op(op: Operation, functions: Mapping[str, FuncOp]) -> CoreOp:
    """The op that runs in the place of a framework's, which calls no function.

    Args:
        functions: what regions and custom calls may call, by name.

    Raises:
        Unsupported: there is none.
    """
    if op.name == CUSTOM_CALL:
        entry = CPU_OPS.get(op_name_of(op))
        if entry is None:
            raise Unsupported(op, f"calls '{target_of(op)}', a target that is not registered: see tfrt.custom_call")
        known = dict(functions)
        given = call_attributes(op, lambda called: body_attribute(called.body, (), known.get), known)
        return CoreOp(entry, operands_of_target(op), ArrayAttr(given))
    name = name_of(op)
    entry = CPU_OPS.get(name)
    if entry is None:
        raise Unsupported(op, f"is not supported: the CPU has no op '{name}'")
    attributes, operands = op_attributes(op), list(operands_of(op))
    if op.regions:
        extra = captured_by_bodies(op.regions)
        operands += extra
        names = (_BODY,) if len(op.regions) == 1 else _BODIES[op.name]
        spelled = [
            ArrayAttr([StringAttr(name), body_attribute(region, extra, functions.get)])
            for name, region in zip(names, op.regions, strict=True)
        ]
        attributes = ArrayAttr([*attributes, *spelled])
    return CoreOp(entry, operands, attributes)
