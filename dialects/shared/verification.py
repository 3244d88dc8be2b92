"""What the ops' verifiers share.

A verifier raises `OpVerifyError`, whose text is the whole message (``'tfrt.call' op operand type
mismatch``) and whose `op` says where to report it, which need not be the op being verified.
"""

from __future__ import annotations

from typing import NoReturn

from xdsl.dialects.builtin import FunctionType, SymbolRefAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, Region
from xdsl.utils.exceptions import VerifyException

from tfrt.dialects.shared.symbols import find_symbol


class OpVerifyError(VerifyException):
    """An op breaks a rule of its definition; `op` is the one to point at."""

    def __init__(self, message: str, op: Operation):
        super().__init__(message)
        self.op = op


def fail(op: Operation, message: str) -> NoReturn:
    """Refuse `op`, naming it in front of `message`; for ``verify_``.

    Raises:
        OpVerifyError: always; the front end makes a diagnostic of it, at the op.
    """
    raise OpVerifyError(f"'{op.name}' op {message}", op)


def lookup_function(op: Operation, reference: Attribute | None, attribute_name: str) -> FuncOp:
    """The function that the symbol attribute `attribute_name` of `op` names in the nearest module."""
    if not isinstance(reference, SymbolRefAttr) or reference.nested_references.data:
        fail(op, f"requires a '{attribute_name}' symbol reference attribute")
    name = reference.root_reference.data
    function = find_symbol(op, name)
    # What is wrong with a function that has no type is said of the function.
    if not isinstance(function, FuncOp) or not isinstance(function.properties.get("function_type"), FunctionType):
        fail(op, f"'{name}' does not reference a valid function")
    return function


def terminator_of(op: Operation, region: Region, message: str = "expected tfrt.return in body") -> Operation:
    """The `tfrt.return` that ends the one block of `region`; refuses `op` with this message if there is none."""
    last = region.block.last_op
    if last is None or last.name != "tfrt.return":
        fail(op, message)
    return last
