"""Parts of StableHLO's forms that have a spelling of their own; those of types and of linear algebra have files of
their own.

Source of the spellings: `stablehlo/dialect/AssemblyFormat.h` of StableHLO.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    StringAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    PrintingState,
    TypeDirective,
    VariadicOperandVariable,
    irdl_custom_directive,
)
from xdsl.printer import Printer

from tfrt.dialects.shared.directives import Part, Reading, SpelledDirective
from tfrt.dialects.shared.interning import once_each


@irdl_custom_directive
class PairwiseOperands(SpelledDirective):
    """Operands and their types, which the results have, too; or an empty pair of parentheses."""

    SYMBOL = "stablehlo_pairwise"
    RULES = """
stablehlo_pairwise: "(" ")"          -> empty_list
                  | values ":" types -> group
"""

    operands: VariadicOperandVariable
    operand_types: TypeDirective
    result_types: TypeDirective

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        operands, _, results = names
        tokens, types = part or ([], [])
        reading.operands[operands] = tokens
        reading.operand_types[operands] = types
        reading.result_types[results] = types

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        if not op.operands:
            printer.print_string("()")
            return
        printer.print_list(op.operands, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_list(op.operand_types, printer.print_attribute)


@irdl_custom_directive
class OperandsThenKeyword(SpelledDirective):
    """Operands, each with a comma after it, before a keyword."""

    SYMBOL = "stablehlo_operands"
    RULES = """
stablehlo_operands:            -> empty_list
                  | values "," -> the_list
"""

    operands: VariadicOperandVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        reading.operands[names[0]] = part

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        for operand in self.operands.get(op):
            state.print_whitespace(printer)
            printer.print_ssa_value(operand)
            printer.print_string(",")


def integers(values: Sequence[int]) -> DenseArrayBase[Any]:
    """The attribute ``array<i64: …>``; one object for the same numbers."""
    return _integers(tuple(values))


@lru_cache(maxsize=1024)
def _integers(values: tuple[int, ...]) -> DenseArrayBase[Any]:
    return DenseArrayBase.from_list(i64, values)


def numbers_of(attribute: Attribute | None) -> tuple[int, ...]:
    """The numbers of an attribute ``array<i64: …>`` or ``dense<…>``, row by row; none where it is left out."""
    if isinstance(attribute, DenseArrayBase):
        return _numbers_of(attribute)
    if isinstance(attribute, DenseIntOrFPElementsAttr):
        return tuple(int(value) for value in attribute.get_values())
    return ()


def number_of(attribute: Attribute | None) -> int:
    """The number of an attribute ``3 : i64``."""
    assert isinstance(attribute, IntegerAttr)
    return attribute.value.data


@once_each
def _numbers_of(attribute: DenseArrayBase[Any]) -> tuple[int, ...]:
    return tuple(int(value) for value in attribute.get_values())


def integer_of(token: Any) -> int:
    kind, text, _ = token
    if kind != "INT":
        raise ValueError(f"expects an integer, but got '{text}'")
    return int(text, 16) if "0x" in text else int(text)


@irdl_custom_directive
class SliceRanges(SpelledDirective):
    """``[0:4, 0:8:2]``: where a slice starts and ends in each dimension, and its stride where that is not 1."""

    SYMBOL = "stablehlo_ranges"
    RULES = """
stablehlo_ranges: "[" "]"                    -> empty_list
                | "[" stablehlo_range_list "]" -> the_list

stablehlo_range_list: stablehlo_range                            -> list_of_one
                    | stablehlo_range_list "," stablehlo_range   -> append

stablehlo_range: INT ":" INT         -> group
               | INT ":" INT ":" INT -> group
"""

    starts: AttributeVariable
    limits: AttributeVariable
    strides: AttributeVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        ranges = [[*map(integer_of, tokens), 1][:3] for tokens in part]
        for i, name in enumerate(names):
            reading.attributes[name] = integers([each[i] for each in ranges])

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        columns = [numbers_of(each.get(op)) for each in (self.starts, self.limits, self.strides)]
        spelled = [f"{a}:{b}" if stride == 1 else f"{a}:{b}:{stride}" for a, b, stride in zip(*columns, strict=False)]
        printer.print_string(f"[{', '.join(spelled)}]")


@irdl_custom_directive
class ExponentMantissa(SpelledDirective):
    """``e5m10``: how many bits a float has for its exponent and its mantissa."""

    SYMBOL = "WORD"

    exponent: AttributeVariable
    mantissa: AttributeVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        match = re.fullmatch(r"e(\d{1,9})m(\d{1,9})", part[1])
        if match is None:
            raise ValueError(f"expects a format such as e5m10, but got '{part[1]}'")
        for name, bits in zip(names, match.groups(), strict=True):
            reading.attributes[name] = IntegerAttr(int(bits), i32)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        exponent, mantissa = self.exponent.get(op), self.mantissa.get(op)
        assert isinstance(exponent, IntegerAttr) and isinstance(mantissa, IntegerAttr)
        printer.print_string(f"e{exponent.value.data}m{mantissa.value.data}")


@irdl_custom_directive
class CustomCallTarget(SpelledDirective):
    """A string that is spelled as a symbol, ``@name``."""

    SYMBOL = "symbol_reference"

    target: AttributeVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        if part.nested_references.data:
            raise ValueError(f"expects one name to call, but got '{part}'")
        reading.attributes[names[0]] = part.root_reference

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        target = self.target.get(op)
        assert isinstance(target, StringAttr)
        printer.print_symbol_name(target.data)


@irdl_custom_directive
class ConstantValue(SpelledDirective):
    """The value of a constant, which has the result's type."""

    SYMBOL = "stablehlo_value"
    RULES = """
stablehlo_value: elements  -> the_list
               | HASH_NAME -> alias
"""

    value: AttributeVariable
    result: TypeDirective

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        value, result = names
        type = part.get_type() if isinstance(part, DenseIntOrFPElementsAttr) else getattr(part, "type", None)
        if type is None:
            raise ValueError(f"expects a dense value, but got '{part}'")
        reading.attributes[value] = part
        reading.result_types[result] = [type]

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        value = self.value.get(op)
        assert value is not None
        printer.print_attribute(value)
