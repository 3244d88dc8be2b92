"""Work handed to the queue: `tfrt_test.do.async`."""

from __future__ import annotations

from typing import Any, ClassVar

from xdsl.irdl import irdl_op_definition, region_def, traits_def, var_operand_def, var_result_def
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove

from tfrt.dialects.shared.bodies import RunsRegions
from tfrt.dialects.shared.forms import HandWrittenOp, Parts, Reader, Token
from tfrt.dialects.shared.regions import can_redeclare, print_body, print_type_list
from tfrt.dialects.shared.traits import RedeclaresOperands


@irdl_op_definition
class DoAsyncOp(HandWrittenOp):
    """Runs its region on the work queue.

    Form: `tfrt_test.do.async %x : (i32) -> (i32) { … }`, with `attributes {…}` before the colon.
    """

    name = "tfrt_test.do.async"
    arguments = var_operand_def()
    outputs = var_result_def()
    region = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), RedeclaresOperands(), RunsRegions())

    FORM: ClassVar[str] = 'opt_values opt_attributes_with_keyword ":" signature region'

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        tokens, attributes, (types, results), region = parts
        operands = reader.values(tokens, types, name[2])
        return Parts(operands, results, attributes, [reader.body(region, tokens, types)])

    def fits_custom_form(self) -> bool:
        return can_redeclare(self)

    def print(self, printer: Printer) -> None:
        if self.arguments:
            printer.print_string(" ")
            printer.print_list(self.arguments, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" : ")
        print_type_list(printer, self.operand_types)
        printer.print_string(" -> ")
        print_type_list(printer, self.result_types)
        print_body(printer, self, self.region)
