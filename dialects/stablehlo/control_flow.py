"""Branches, loops, tuples and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from xdsl.dialects.builtin import ArrayAttr, IntegerType, Signedness, TupleType
from xdsl.ir import Attribute, Region
from xdsl.irdl import (
    BaseAttr,
    irdl_op_definition,
    operand_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_region_def,
    var_result_def,
)
from xdsl.printer import Printer
from xdsl.traits import IsTerminator, Pure

from tfrt.dialects.shared.forms import HandWrittenOp, Parts, Reader, Token
from tfrt.dialects.shared.tensor_types import CheckedOp, TensorOf, agree, quoted, require_agreement
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.stablehlo.constraints import I32, SIZE, TENSOR_OR_TOKEN, TOKEN, VALUE
from tfrt.dialects.stablehlo.directives import PairwiseOperands
from tfrt.dialects.stablehlo.regions import PREDICATE, given_types, require_signature
from tfrt.dialects.stablehlo.type_directives import TupleOpType, VariadicType

_CONDITION = TensorOf(("boolean",), rank=0)


@irdl_op_definition
class ReturnOp(CheckedOp):
    """Ends a region, and gives its results."""

    name = "stablehlo.return"
    operands_ = var_operand_def(VALUE)
    traits = traits_def(IsTerminator())
    assembly_format = "$operands_ attr-dict (`:` type($operands_)^)?"


def _check_branches(
    op: IfOp | CaseOp, branches: Sequence[Region], none_taken: str, same: str, results: str, name: str
) -> None:
    """Check that branches take nothing and all give what the op does, each with its constraint."""
    given = [given_types(op, branch) for branch in branches]
    for branch in branches:
        if branch.block.args:
            fail(op, f"({none_taken}) expects {name} without arguments, but got {len(branch.block.args)}")
    for types in given[1:]:
        if not _all_agree(types, given[0]):
            fail(
                op, f"({same}) expects {name} with the same results, but got ({quoted(given[0])}) and ({quoted(types)})"
            )
    if not _all_agree(op.result_types, given[0]):
        fail(op, f"({results}) expects results of types ({quoted(given[0])}), but got ({quoted(op.result_types)})")


def _all_agree(found: Sequence[Attribute], wanted: Sequence[Attribute]) -> bool:
    return len(found) == len(wanted) and all(agree(a, b) for a, b in zip(found, wanted, strict=True))


@irdl_op_definition
class IfOp(CheckedOp):
    """Runs one of two regions."""

    name = "stablehlo.if"
    pred = operand_def(_CONDITION)
    outputs = var_result_def(VALUE)
    true_branch = region_def()
    false_branch = region_def()

    def check(self) -> None:
        _check_branches(self, [self.true_branch, self.false_branch], "C1", "C2", "C3", "branches")


@irdl_op_definition
class CaseOp(CheckedOp):
    """Runs the region at an index, or the last one where the index is out of range."""

    name = "stablehlo.case"
    index = operand_def(SIZE)
    outputs = var_result_def(VALUE)
    branches = var_region_def()

    def check(self) -> None:
        if not self.branches:
            fail(self, "(C1) expects at least one branch")
        _check_branches(self, self.branches, "C2", "C3", "C4", "branches")


@irdl_op_definition
class WhileOp(HandWrittenOp, CheckedOp):
    """Runs a region, feeding its results back, as long as another one says so.

    Form: `stablehlo.while(%a = %x, %b = %y) : T, U cond { … } do { … }`, with `attributes {…}` before `cond`. Both
    regions take `%a` and `%b`.
    """

    name = "stablehlo.while"
    operand = var_operand_def(VALUE)
    outputs = var_result_def(VALUE)
    cond = region_def()
    body = region_def()

    FORM: ClassVar[str] = (
        '"(" opt_stablehlo_loop_values ")" opt_colon_types opt_attributes_with_keyword _KW_COND region _KW_DO region'
    )
    RULES: ClassVar[str] = """
opt_stablehlo_loop_values:                       -> empty_list
                         | stablehlo_loop_values -> the_list

stablehlo_loop_values: stablehlo_loop_value                           -> list_of_one
                     | stablehlo_loop_values "," stablehlo_loop_value -> append

stablehlo_loop_value: VALUE "=" VALUE                               -> group
"""

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        pairs, types, attributes, *regions = parts
        operands = reader.values([value for _, value in pairs], types, name[2])
        arguments = [(argument, type) for (argument, _), type in zip(pairs, types, strict=False)]
        bodies = [reader.open_body(region, arguments) for region in regions]
        return Parts(operands, types, attributes, regions=bodies)

    def check(self) -> None:
        types = self.operand.types
        require_signature(self, "C1", "cond", self.cond, types, [PREDICATE])
        require_signature(self, "C2", "body", self.body, types, types)
        if not _all_agree(self.outputs.types, types):
            fail(
                self,
                f"(C3) expects results of the operands' types, {quoted(types)}, but got {quoted(self.outputs.types)}",
            )

    def fits_custom_form(self) -> bool:
        types = tuple(self.operand.types)
        return tuple(self.outputs.types) == types and all(
            len(region.blocks) == 1 and tuple(argument.type for argument in region.block.args) == types
            for region in self.regions
        )

    def print(self, printer: Printer) -> None:
        arguments = self.body.block.args
        with printer.in_parens():
            for i, (argument, operand) in enumerate(zip(arguments, self.operand, strict=True)):
                printer.print_string(", " if i else "")
                printer.print_ssa_value(argument)
                printer.print_string(" = ")
                printer.print_ssa_value(operand)
        if arguments:
            printer.print_string(" : ")
            printer.print_list(self.operand.types, printer.print_attribute)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        # Both regions have their arguments from the list, under the same names.
        for argument, other in zip(arguments, self.cond.block.args, strict=True):
            printer._ssa_values[other] = printer._ssa_values[argument]
        printer.print_string(" cond ")
        printer.print_region(self.cond, print_entry_block_args=False)
        printer.print_string(" do ")
        printer.print_region(self.body, print_entry_block_args=False)


@irdl_op_definition
class OptimizationBarrierOp(CheckedOp):
    """The operands as they are; ops on one side are not moved to the other."""

    name = "stablehlo.optimization_barrier"
    operand = var_operand_def(TENSOR_OR_TOKEN)
    result = var_result_def(TENSOR_OR_TOKEN)
    custom_directives = (PairwiseOperands,)
    assembly_format = "attr-dict custom<PairwiseOperands>($operand, type($operand), type($result))"

    def check(self) -> None:
        if not _all_agree(self.result.types, self.operand.types):
            types = quoted(self.operand.types)
            fail(self, f"(C1) expects results of the operands' types, {types}, but got {quoted(self.result.types)}")


@irdl_op_definition
class TupleOp(CheckedOp):
    """A tuple of values."""

    name = "stablehlo.tuple"
    val = var_operand_def(VALUE)
    result = result_def(BaseAttr(TupleType))
    traits = traits_def(Pure())
    custom_directives = (TupleOpType,)
    assembly_format = "$val attr-dict `:` custom<TupleOpType>(type($val), type($result))"

    def check(self) -> None:
        wanted = TupleType(ArrayAttr(self.val.types))  # type: ignore[arg-type]
        require_agreement(self, "C1", "a result", self.result.type, wanted)


@irdl_op_definition
class GetTupleElementOp(CheckedOp):
    """An element of a tuple."""

    name = "stablehlo.get_tuple_element"
    operand = operand_def(BaseAttr(TupleType))
    index = prop_def(I32)
    result = result_def(VALUE)
    traits = traits_def(Pure())
    assembly_format = "$operand `[` $index `]` attr-dict `:` functional-type(operands, results)"

    def check(self) -> None:
        assert isinstance(self.operand.type, TupleType)
        types, index = self.operand.type.types.data, self.index.value.data
        if not 0 <= index < len(types):
            fail(self, f"(C1) expects an index in [0, {len(types)}), but got {index}")
        require_agreement(self, "C2", "a result", self.result.type, types[index])


@irdl_op_definition
class AfterAllOp(CheckedOp):
    """A token that is there when others are."""

    name = "stablehlo.after_all"
    inputs = var_operand_def(TOKEN)
    result = result_def(TOKEN)
    custom_directives = (VariadicType,)
    assembly_format = "$inputs attr-dict `:` custom<VariadicType>(type($inputs), type($result))"


@irdl_op_definition
class CreateTokenOp(CheckedOp):
    """A token. Deprecated: `stablehlo.after_all` does the same."""

    name = "stablehlo.create_token"
    output = result_def(TOKEN)
    assembly_format = "attr-dict `:` type($output)"


_ID = TensorOf(("integer",), rank=0, element=IntegerType(32, Signedness.UNSIGNED))


@irdl_op_definition
class ReplicaIdOp(CheckedOp):
    """Which replica of the program this is: the only one, 0."""

    name = "stablehlo.replica_id"
    result = result_def(_ID)
    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($result)"


@irdl_op_definition
class PartitionIdOp(CheckedOp):
    """Which part of the program this is: the only one, 0."""

    name = "stablehlo.partition_id"
    result = result_def(_ID)
    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($result)"
