"""Printing regions whose block arguments re-declare operands of their op.

In the text `tfrt.repeat.i32 %n, %x : i32 { … %x … }` the `%x` inside the braces is an argument of the
region's block, not the `%x` outside; the argument list itself is not written.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.printer import Printer

from tfrt.dialects.shared.traits import RedeclaresOperands
from tfrt.dialects.shared.value_names import value_names


def redeclared_operands(op: Operation) -> Sequence[SSAValue]:
    """The operands that the regions of `op` re-declare as block arguments."""
    trait = op.get_trait(RedeclaresOperands)
    return () if trait is None else trait.operands_of(op)


def can_redeclare(op: Operation) -> bool:
    """Whether the text form can re-declare the operands of `op`.

    It cannot where a value is passed twice, since a name can be declared only once, nor where the regions
    do not take exactly these values.
    """
    operands = redeclared_operands(op)
    if len(set(operands)) != len(operands):
        return False
    types = tuple(value.type for value in operands)
    return all(
        len(region.blocks) == 1 and tuple(argument.type for argument in region.block.args) == types
        for region in op.regions
    )


def print_body(printer: Printer, op: Operation, region: Region) -> None:
    """Print a space and `region` of `op`, whose arguments take the names of the operands they re-declare."""
    names = value_names(printer)
    for argument, operand in zip(region.block.args, redeclared_operands(op), strict=True):
        names[argument] = names[operand]
    printer.print_string(" ")
    printer.print_region(region, print_entry_block_args=False, print_empty_block=False)


def print_type_list(printer: Printer, types: Sequence[Attribute]) -> None:
    """Types in parentheses, also where there is only one."""
    with printer.in_parens():
        printer.print_list(types, printer.print_attribute)
