"""What the ops' verifiers share.

A verifier raises `OpVerifyError`, whose text is the whole message (``'tfrt.call' op operand type
mismatch``) and whose `op` says where to report it, which need not be the op being verified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from xdsl.dialects.builtin import FunctionType, ModuleOp, SymbolRefAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, Region
from xdsl.utils.exceptions import VerifyException


class OpVerifyError(VerifyException):
    """An op breaks a rule of its definition; `op` is the one to point at."""

    def __init__(self, message: str, op: Operation):
        super().__init__(message)
        self.op = op


def fail(op: Operation, message: str) -> NoReturn:
    """Refuse `op`, naming it in front of `message`."""
    raise OpVerifyError(f"'{op.name}' op {message}", op)


def lookup_function(op: Operation, reference: Attribute | None, attribute_name: str) -> FuncOp:
    """The function that the symbol attribute `attribute_name` of `op` names in the nearest module."""
    if not isinstance(reference, SymbolRefAttr) or reference.nested_references.data:
        fail(op, f"requires a '{attribute_name}' symbol reference attribute")
    name = reference.root_reference.data
    function = _find_function(op, name)
    if function is None:
        fail(op, f"'{name}' does not reference a valid function")
    return function


def check_types(
    op: Operation,
    actual: Sequence[Attribute],
    expected: Sequence[Attribute],
    count_message: str,
    type_message: str,
) -> None:
    """Refuse `op` unless both type lists are equal."""
    if len(actual) != len(expected):
        fail(op, count_message)
    if tuple(actual) != tuple(expected):
        fail(op, type_message)


def check_callee_operands(op: Operation, callee: FunctionType) -> None:
    """Refuse `op`, which passes its operands to a function of this type, unless they fit."""
    check_types(
        op,
        op.operand_types,
        callee.inputs.data,
        "incorrect number of operands for callee",
        "operand type mismatch",
    )


def check_returns(op: Operation, region: Region, result_types: Sequence[Attribute]) -> None:
    """Refuse `op` unless the one block of `region` ends in a `tfrt.return` of `result_types`."""
    terminator = terminator_of(op, region)
    if tuple(terminator.operand_types) != tuple(result_types):
        fail(terminator, f"operand types don't match '{op.name}' result")


def terminator_of(op: Operation, region: Region) -> Operation:
    """The `tfrt.return` that ends the one block of `region`; refuses `op` if there is none."""
    last = region.block.last_op
    if last is None or last.name != "tfrt.return":
        fail(op, "expected tfrt.return in body")
    return last


def _find_function(op: Operation, name: str) -> FuncOp | None:
    module: Operation | None = op
    while module is not None and not isinstance(module, ModuleOp):
        module = module.parent_op()
    if module is None:
        return None
    for candidate in module.body.block.ops:
        if isinstance(candidate, FuncOp) and candidate.sym_name.data == name:
            return candidate
    return None
