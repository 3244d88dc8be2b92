"""How StableHLO's forms spell types that follow from one another.

Source of the spellings: `stablehlo/dialect/AssemblyFormat.h` of StableHLO.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    ComplexType,
    FunctionType,
    TensorType,
    TupleType,
)
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation
from xdsl.irdl.declarative_assembly_format import (
    PrintingState,
    TypeDirective,
    irdl_custom_directive,
)
from xdsl.printer import Printer

from tfrt.dialects.shared.directives import Part, Reading, SpelledDirective


def _print_one_type(printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
    """The type of all operands and results, or else the op's signature."""
    state.print_whitespace(printer)
    types = {*op.operand_types, *op.result_types}
    if len(types) == 1:
        printer.print_attribute(types.pop())
    else:
        _print_signature(printer, op)


def _print_signature(printer: Printer, op: IRDLOperation) -> None:
    printer.print_function_type(op.operand_types, op.result_types)


def _take_signature(part: FunctionType, names: Sequence[str], reading: Reading) -> None:
    """Take over the types of operands and of the one result, which comes last in `names`."""
    *operands, result = names
    inputs, outputs = part.inputs.data, part.outputs.data
    if len(inputs) != len(operands):
        raise ValueError(f"has {len(operands)} operands, but types for {len(inputs)}")
    if len(outputs) != 1:
        raise ValueError(f"has 1 result, but types for {len(outputs)}")
    for name, type in zip(operands, inputs, strict=True):
        reading.operand_types[name] = [type]
    reading.result_types[result] = [outputs[0]]


class _SameType(SpelledDirective):
    """One type for all operands and the result, or else the op's signature."""

    SYMBOL = "type"

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        if isinstance(part, FunctionType):
            _take_signature(part, names, reading)
            return
        *operands, result = names
        for name in operands:
            reading.operand_types[name] = [part]
        reading.result_types[result] = [part]

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        _print_one_type(printer, state, op)


@irdl_custom_directive
class UnaryType(_SameType):
    """The types of an operand and the result."""

    operand: TypeDirective
    result: TypeDirective


@irdl_custom_directive
class BinaryType(_SameType):
    """The types of two operands and the result."""

    lhs: TypeDirective
    rhs: TypeDirective
    result: TypeDirective


@irdl_custom_directive
class TernaryType(_SameType):
    """The types of three operands and the result."""

    first: TypeDirective
    second: TypeDirective
    third: TypeDirective
    result: TypeDirective


@irdl_custom_directive
class VariadicType(SpelledDirective):
    """One type for any number of operands and the result, or else the op's signature."""

    SYMBOL = "type"

    operands: TypeDirective
    result: TypeDirective

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        operands, result = names
        if isinstance(part, FunctionType):
            (output,) = part.outputs.data or (None,)
            if output is None:
                raise ValueError("has 1 result, but types for 0")
            reading.operand_types[operands], reading.result_types[result] = list(part.inputs.data), [output]
            return
        reading.operand_types[operands] = [part] * len(reading.operands.get(operands, ()))
        reading.result_types[result] = [part]

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        _print_one_type(printer, state, op)


@irdl_custom_directive
class ComplexOpType(SpelledDirective):
    """The result's type where the operands' follow from it, or else the op's signature."""

    SYMBOL = "type"

    lhs: TypeDirective
    rhs: TypeDirective
    result: TypeDirective

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        if isinstance(part, FunctionType):
            _take_signature(part, names, reading)
            return
        real = real_type(part)
        if real is None:
            raise ValueError(f"expects a tensor with complex element type, but got '{part}'")
        lhs, rhs, result = names
        reading.operand_types[lhs] = reading.operand_types[rhs] = [real]
        reading.result_types[result] = [part]

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        (result,) = op.result_types
        if all(type == real_type(result) for type in op.operand_types):
            printer.print_attribute(result)
        else:
            _print_signature(printer, op)


def real_type(type: Attribute) -> Attribute | None:
    """The type of the real parts of a tensor of complex numbers; None for other types."""
    if not isinstance(type, TensorType) or not isinstance(type.element_type, ComplexType):
        return None
    return TensorType(type.element_type.element_type, type.shape, type.encoding)


@irdl_custom_directive
class SelectOpType(SpelledDirective):
    """The types of the predicate and the result where the other operands have the latter, or else the signature."""

    SYMBOL = "types"

    pred: TypeDirective
    on_true: TypeDirective
    on_false: TypeDirective
    result: TypeDirective

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        if len(part) == 1 and isinstance(part[0], FunctionType):
            _take_signature(part[0], names, reading)
            return
        if len(part) != 2:
            raise ValueError(f"expects two types or a function's, but got {len(part)}")
        pred, on_true, on_false, result = names
        reading.operand_types[pred] = [part[0]]
        reading.operand_types[on_true] = reading.operand_types[on_false] = [part[1]]
        reading.result_types[result] = [part[1]]

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        pred, on_true, on_false = op.operand_types
        (result,) = op.result_types
        if on_true == on_false == result:
            printer.print_list((pred, result), printer.print_attribute)
        else:
            _print_signature(printer, op)


@irdl_custom_directive
class TupleOpType(SpelledDirective):
    """The type of a tuple, from which its elements' follow."""

    SYMBOL = "type"

    elements: TypeDirective
    result: TypeDirective

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        if not isinstance(part, TupleType):
            raise ValueError(f"expects a tuple type, but got '{part}'")
        elements, result = names
        reading.operand_types[elements] = list(part.types.data)
        reading.result_types[result] = [part]

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        printer.print_attribute(op.result_types[0])
