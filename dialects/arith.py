"""The `arith` dialect, of which frameworks' programs have constants only."""

from __future__ import annotations

from typing import Any, ClassVar

from xdsl.ir import Attribute
from xdsl.irdl import AnyAttr, irdl_op_definition, prop_def, result_def, traits_def
from xdsl.printer import Printer
from xdsl.traits import Pure

from tfrt.dialects.shared.definitions import define_dialect
from tfrt.dialects.shared.forms import HandWrittenOp, Parts, Reader, Token
from tfrt.dialects.shared.tensor_types import CheckedOp
from tfrt.dialects.shared.verification import fail


@irdl_op_definition
class ConstantOp(HandWrittenOp, CheckedOp):
    """A constant.

    Form: `arith.constant dense<1> : tensor<2xi32>`.
    """

    name = "arith.constant"
    value = prop_def(AnyAttr())
    result = result_def()
    traits = traits_def(Pure())

    FORM: ClassVar[str] = "opt_attributes attribute"

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        attributes, value = parts
        type = _type_of(value)
        if type is None:
            reader.refuse(name[2], "expects a constant with a type")
        return Parts(results=[type], attributes=attributes, properties={"value": value})

    def check(self) -> None:
        if _type_of(self.value) != self.result.type:
            fail(self, f"expects a result of the type of its value, but got '{self.result.type}'")

    def print(self, printer: Printer) -> None:
        printer.print_op_attributes(self.attributes)
        printer.print_string(" ")
        printer.print_attribute(self.value)


def _type_of(value: Any) -> Attribute | None:
    type: Attribute | None = getattr(value, "type", None)
    return type


ARITH = define_dialect("arith", __name__, is_source=True)
