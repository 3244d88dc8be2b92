"""The `sdy` dialect: how tensors are spread over devices. On one device it means nothing, so little is looked at.

JAX writes it as soon as a random key is an argument. Source of the spellings: the dialect of OpenXLA's Shardy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import SymbolNameConstraint
from xdsl.irdl import irdl_attr_definition, irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.irdl.declarative_assembly_format import AttributeVariable, PrintingState, irdl_custom_directive
from xdsl.printer import Printer
from xdsl.traits import Pure

from tfrt.dialects.shared.definitions import define_dialect
from tfrt.dialects.shared.directives import Part, Reading, SpelledDirective
from tfrt.dialects.shared.spelled_attributes import Verbatim
from tfrt.dialects.shared.tensor_types import CheckedOp, require_one_type
from tfrt.dialects.stablehlo.constraints import ANY
from tfrt.dialects.stablehlo.type_directives import UnaryType


@irdl_attr_definition
class MeshAttr(Verbatim):
    """Devices in a grid: ``["x"=2, "y"=4]``."""

    name = "sdy.mesh"


@irdl_attr_definition
class TensorSharding(Verbatim):
    """Along which axes of a mesh a tensor's dimensions are spread: ``@mesh, [{"x"}, {}]``."""

    name = "sdy.sharding"


@irdl_attr_definition
class ShardingPerValue(Verbatim):
    """A sharding for each of some values."""

    name = "sdy.sharding_per_value"


@irdl_attr_definition
class OpShardingRule(Verbatim):
    """How the dimensions of a call's operands and results belong together."""

    name = "sdy.op_sharding_rule"


@irdl_custom_directive
class MeshBody(SpelledDirective):
    """``<["x"=2, "y"=4]>``."""

    SYMBOL = "sdy_mesh"
    RULES = """
sdy_mesh: "<" "[" "]" ">"                -> empty_list
        | "<" "[" sdy_mesh_axes "]" ">"  -> the_list

sdy_mesh_axes: sdy_mesh_axis                    -> list_of_one
             | sdy_mesh_axes "," sdy_mesh_axis  -> append

sdy_mesh_axis: STRING "=" INT                   -> group
"""

    mesh: AttributeVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        axes = ", ".join(f"{name[1]}={size[1]}" for name, size in part)
        reading.attributes[names[0]] = MeshAttr.from_body(f"[{axes}]")

    def print(self, printer: Printer, state: PrintingState, op: Any) -> None:
        _print_verbatim(self.mesh, printer, state, op)


@irdl_custom_directive
class ShardingBody(SpelledDirective):
    """``<@mesh, [{"x", ?}, {}]>``, perhaps with ``replicated={"y"}`` behind the list."""

    SYMBOL = "sdy_sharding"
    RULES = """
sdy_sharding: "<" SYMBOL "," sdy_dimensions sdy_replicated ">" -> group

sdy_dimensions: "[" "]"                    -> empty_list
              | "[" sdy_dimension_list "]" -> the_list

sdy_dimension_list: sdy_dimension                          -> list_of_one
                  | sdy_dimension_list "," sdy_dimension   -> append

sdy_dimension: "{" "}"            -> empty_list
             | "{" sdy_axes "}"   -> the_list

sdy_axes: sdy_axis                -> list_of_one
        | sdy_axes "," sdy_axis   -> append

sdy_axis: STRING                             -> group
        | STRING ":" "(" INT ")" INT         -> group
        | QUESTION_MARK                      -> group

sdy_replicated:                                        -> nothing
              | "," _KW_REPLICATED "=" sdy_dimension   -> the_list
"""

    sharding: AttributeVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        mesh, dimensions, replicated = part
        body = f"{mesh[1]}, [{', '.join(map(_dimension, dimensions))}]"
        if replicated is not None:
            body += f", replicated={_dimension(replicated)}"
        reading.attributes[names[0]] = TensorSharding.from_body(body)

    def print(self, printer: Printer, state: PrintingState, op: Any) -> None:
        _print_verbatim(self.sharding, printer, state, op)


def _dimension(axes: Any) -> str:
    return f"{{{', '.join(map(_axis, axes))}}}"


def _axis(tokens: Any) -> str:
    name, *sub = (token[1] for token in tokens)
    return f"{name}:({sub[0]}){sub[1]}" if sub else str(name)


def _print_verbatim(variable: AttributeVariable, printer: Printer, state: PrintingState, op: Any) -> None:
    state.print_whitespace(printer)
    attribute = variable.get(op)
    assert isinstance(attribute, Verbatim)
    attribute.print_parameter(printer)


@irdl_op_definition
class MeshOp(CheckedOp):
    """Names a mesh of devices."""

    name = "sdy.mesh"
    sym_name = prop_def(SymbolNameConstraint())
    mesh = prop_def(MeshAttr)
    custom_directives = (MeshBody,)
    assembly_format = "$sym_name `=` custom<MeshBody>($mesh) attr-dict"


@irdl_op_definition
class ShardingConstraintOp(CheckedOp):
    """The operand as it is; on several devices, spread in a certain way."""

    name = "sdy.sharding_constraint"
    input = operand_def(ANY)
    sharding = prop_def(TensorSharding)
    result = result_def(ANY)
    traits = traits_def(Pure())
    custom_directives = (ShardingBody, UnaryType)
    assembly_format = (
        "$input custom<ShardingBody>($sharding) attr-dict `:` custom<UnaryType>(type($input), type($result))"
    )

    def check(self) -> None:
        require_one_type(self, "C1", [self.input.type, self.result.type])


SDY = define_dialect("sdy", __name__, is_source=True)
