"""Constant folding: an op on constants is run at compile time, by the kernel that would run it.

So folding computes what running does, C's integers and single precision included, and needs no line for an op.
A kernel that fails is left in the program, where it fails with its location.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import (
    AnyFloat,
    BFloat16Type,
    Float16Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    Signedness,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern
from xdsl.traits import IsTerminator

from tfrt.compiler.passes.shared.purity import name_of
from tfrt.dialects.tfrt.constants import CONSTANT_OF_TYPE
from tfrt.dialects.tfrt.types import SCALARS
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.values.scalars import round_to_f32, scalar_converter

_CONSTANTS = frozenset(CONSTANT_OF_TYPE.values())


class FoldConstants(RewritePattern):
    """Replaces an op on scalar constants by its results."""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter) -> None:
        if not op.operands or op.regions or not op.results or is_in_sync_function(op):
            return
        operands = [constant_value(operand) for operand in op.operands]
        if any(operand is None for operand in operands) or any(
            type not in CONSTANT_OF_TYPE for type in op.result_types
        ):
            return
        kernel = BUILTIN.get(name_of(op))
        if kernel is None or not _is_plain(kernel, len(operands)):
            return
        values = _run(kernel, operands, op.result_types)
        if values is None:
            return
        constants = []
        for value, type in zip(values, op.result_types, strict=True):
            attribute = _attribute(value, type)
            if attribute is None:
                return
            constants.append(constant(attribute, type))
        rewriter.replace(op, constants, [c.results[0] for c in constants])


def constant(value: Attribute, type: Attribute) -> Operation:
    """An op that gives a scalar."""
    return CONSTANT_OF_TYPE[type].create(attributes={"value": value}, result_types=[type])


def constant_value(value: SSAValue) -> bool | int | float | None:
    """The scalar that a value always is, as registers hold it, or None."""
    op = value.owner
    if not isinstance(op, Operation) or type(op) not in _CONSTANTS:
        return None
    match op.attributes["value"]:
        case IntegerAttr(value=number, type=IntegerType() as kind):
            return _as_register(number.data, kind)
        case FloatAttr(value=number, type=kind) if not isinstance(kind, BFloat16Type | Float16Type):
            return round_to_f32(number.data) if kind == SCALARS["f32"] else float(number.data)
    return None


def is_in_sync_function(op: Operation) -> bool:
    """Whether an op belongs to a function of kernels that run one after the other, which has ops of its own."""
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, FuncOp):
        parent = parent.parent_op()
    return parent is not None and "tfrt.sync" in parent.attributes


def is_returned_by_sync_function(op: Operation) -> bool:
    """Whether such a function returns a result of `op`; it may return neither an argument nor a value twice."""
    uses = [use.operation for result in op.results for use in result.uses]
    return any(user.has_trait(IsTerminator) for user in uses) and is_in_sync_function(op)


def _as_register(number: int, type: IntegerType) -> bool | int:
    bits = type.width.data
    if bits == 1:
        return bool(number)
    number &= (1 << bits) - 1
    is_negative = type.signedness.data is not Signedness.UNSIGNED and number >> bits - 1
    return number - (1 << bits) if is_negative else number


def _is_plain(kernel: Kernel, operands: int) -> bool:
    """Whether a kernel is a pure function of its operands alone that is run at once."""
    return kernel.signature.operands == operands and may_be_folded(kernel)


def may_be_folded(kernel: Kernel) -> bool:
    """Whether a kernel is a pure function of its operands alone, however many, that is run at once."""
    signature = kernel.signature
    takes_more = signature.attributes or signature.all_attributes or signature.functions or signature.all_functions
    runs_later = kernel.enqueued or kernel.blocking or signature.returns_async
    return kernel.is_pure and not (takes_more or signature.injected or runs_later)


def _run(kernel: Kernel, operands: Sequence[Any], types: Sequence[Attribute]) -> Sequence[Any] | None:
    """The kernel's results as registers hold them; None where it fails, which it is to do when the program runs."""
    try:
        values = kernel.function(*operands)
        if not kernel.signature.returns_tuple and len(types) == 1:
            values = (values,)
        if not isinstance(values, tuple | list) or len(values) != len(types):
            return None
        if kernel.is_exact:
            return values
        converters = [scalar_converter(str(type)) for type in types]
        return [value if to is None else to(value) for value, to in zip(values, converters, strict=True)]
    except Exception:
        return None


def _attribute(value: Any, type: Attribute) -> Attribute | None:
    """The attribute for a scalar, or None where text and files may not keep it as it is, as with the bits of a NaN."""
    if isinstance(type, IntegerType):
        return IntegerAttr(int(value), type) if isinstance(value, int) else None
    if not isinstance(type, AnyFloat) or not isinstance(value, float) or value != value:
        return None
    return FloatAttr(value, type)
