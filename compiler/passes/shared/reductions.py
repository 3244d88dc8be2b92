"""Reductions of one array by an op: what they combine elements by, and along which dimensions."""

from __future__ import annotations

import numpy as np
from xdsl.ir import Operation, SSAValue

from tfrt.compiler.passes.shared.array_ops import attrs_of, is_static, metadata_of_type
from tfrt.dialects.cpu.arrays import ConstantOp
from tfrt.dialects.cpu.calls import CallOp
from tfrt.executor.values.dtype import DType

_TYPES = (DType.F32, DType.F64, DType.I32, DType.I64, DType.UI32, DType.UI64, DType.I1)
"""Types of elements that are combined in the same type; others are computed in a larger one."""

_OF_NUMBERS = ("stablehlo.add", "stablehlo.multiply", "stablehlo.maximum", "stablehlo.minimum")
_OF_BOOLEANS = ("stablehlo.and", "stablehlo.or")


def body_of(op: Operation) -> str | None:
    """The op by which a `stablehlo.reduce` of one array combines elements, where it is one of a few, which have an
    order of no importance but for rounding; all shapes must be known."""
    if not isinstance(op, CallOp) or op.op_name.data != "stablehlo.reduce" or len(op.operands) != 2 or op.steps.data:
        return None
    if len(op.results) != 1 or not all(is_static(value.type) for value in (*op.operands, *op.results)):
        return None
    body = attrs_of(op).values()["body"]
    dtype = metadata_of_type(op.operands[0].type).dtype
    if dtype is not metadata_of_type(op.results[0].type).dtype or dtype not in _TYPES or not isinstance(body, str):
        return None
    return body if body in (_OF_BOOLEANS if dtype is DType.I1 else _OF_NUMBERS) else None


def axes_of(op: CallOp) -> tuple[int, ...]:
    """The dimensions that a reduction goes along, in order."""
    return tuple(sorted(attrs_of(op).values()["dimensions"]))


def is_neutral(init: SSAValue, body: str) -> bool:
    """Whether an initial value changes nothing; sums of floats begin with zero anyway."""
    made = init.owner
    if not isinstance(made, ConstantOp):
        return False
    (value,) = made.value.get_values()
    dtype = metadata_of_type(init.type).dtype.numpy
    match body:
        case "stablehlo.add" | "stablehlo.or":
            return value == 0 and not np.signbit(float(value))
        case "stablehlo.multiply":
            return bool(value == 1)
        case "stablehlo.and":
            return bool(value)
    is_greatest = body == "stablehlo.maximum"
    if dtype.kind == "f":
        return bool(value == (-np.inf if is_greatest else np.inf))
    limits = np.iinfo(dtype)
    return bool(value == (limits.min if is_greatest else limits.max))
