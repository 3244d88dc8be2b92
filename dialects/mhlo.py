"""The `mhlo` dialect: what XLA leaves of its own in programs of `stablehlo`."""

from __future__ import annotations

from xdsl.irdl import irdl_op_definition, operand_def, result_def, traits_def
from xdsl.traits import Pure

from tfrt.dialects.shared.definitions import define_dialect
from tfrt.dialects.shared.tensor_types import CheckedOp, require_one_type
from tfrt.dialects.stablehlo.constraints import ANY
from tfrt.dialects.stablehlo.type_directives import UnaryType


@irdl_op_definition
class CopyOp(CheckedOp):
    """The operand as it is."""

    name = "mhlo.copy"
    operand = operand_def(ANY)
    result = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (UnaryType,)
    assembly_format = "$operand attr-dict `:` custom<UnaryType>(type($operand), type($result))"

    def check(self) -> None:
        require_one_type(self, "C1", [self.operand.type, self.result.type])


MHLO = define_dialect("mhlo", __name__, is_source=True)
