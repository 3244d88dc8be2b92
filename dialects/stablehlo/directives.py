"""Parts of StableHLO's forms that have a spelling of their own.

Source of the spellings: `stablehlo/dialect/AssemblyFormat.h` of StableHLO.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import (
    ArrayAttr,
    BytesAttr,
    ComplexType,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FunctionType,
    IntegerAttr,
    StringAttr,
    TensorType,
    TupleType,
    i1,
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
from tfrt.dialects.stablehlo.attributes import ConvAttr, DotAlgorithm, DotAttr, DotDimensionNumbers, Precision


def _types(directive: Any, op: IRDLOperation) -> Sequence[Attribute]:
    found: Sequence[Attribute] = directive.inner.get_types(op)
    return found


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
        state.print_whitespace(printer)
        types = {*op.operand_types, *op.result_types}
        if len(types) == 1:
            printer.print_attribute(types.pop())
        else:
            _print_signature(printer, op)


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
        state.print_whitespace(printer)
        types = {*op.operand_types, *op.result_types}
        if len(types) == 1:
            printer.print_attribute(types.pop())
        else:
            _print_signature(printer, op)


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
    """The attribute ``array<i64: …>``."""
    return DenseArrayBase.from_list(i64, list(values))


def numbers_of(attribute: Attribute | None) -> tuple[int, ...]:
    """The numbers of an attribute ``array<i64: …>`` or ``dense<…>``, row by row; none where it is left out."""
    match attribute:
        case DenseArrayBase():
            return tuple(int(value) for value in attribute.get_values())
        case DenseIntOrFPElementsAttr():
            return tuple(int(value) for value in attribute.get_values())
    return ()


def _number(token: Any) -> int:
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
        ranges = [[*map(_number, tokens), 1][:3] for tokens in part]
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


_PAIR = '"=" integer_list _KW_X integer_list'


@irdl_custom_directive
class DotDimensions(SpelledDirective):
    """``batching_dims = [0] x [0], contracting_dims = [2] x [1]``, of which batches may be left out."""

    SYMBOL = "stablehlo_dot_dimensions"
    RULES = f"""
stablehlo_dot_dimensions: _KW_CONTRACTING_DIMS {_PAIR}                                        -> group
                        | _KW_BATCHING_DIMS {_PAIR} "," _KW_CONTRACTING_DIMS {_PAIR} -> group
"""

    numbers: AttributeVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        lists = [tuple(map(_number, tokens)) for tokens in part]
        reading.attributes[names[0]] = DotAttr.new(DotDimensionNumbers(*([(), (), *lists][-4:])))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        attribute = self.numbers.get(op)
        assert isinstance(attribute, DotAttr)
        numbers: DotDimensionNumbers = attribute.data
        left, right = list(numbers.lhs_batching_dimensions), list(numbers.rhs_batching_dimensions)
        if left or right:
            printer.print_string(f"batching_dims = {left} x {right}, ")
        left, right = list(numbers.lhs_contracting_dimensions), list(numbers.rhs_contracting_dimensions)
        printer.print_string(f"contracting_dims = {left} x {right}")


_HINTS = """
stablehlo_words: "[" "]"                     -> empty_list
               | "[" stablehlo_word_list "]" -> the_list

stablehlo_word_list: WORD                         -> list_of_one
                   | stablehlo_word_list "," WORD -> append

stablehlo_precision:                                        -> nothing
                   | "," _KW_PRECISION "=" stablehlo_words  -> the_list

stablehlo_precision_and_algorithm:                                                          -> nothing
    | "," _KW_PRECISION "=" stablehlo_words                                                 -> group
    | "," _KW_ALGORITHM "=" "<" entries ">"                                                 -> group
    | "," _KW_PRECISION "=" stablehlo_words "," _KW_ALGORITHM "=" "<" entries ">"           -> group
"""


def _precisions(tokens: Sequence[Any]) -> Attribute:
    return ArrayAttr([Precision.from_body(token[1]) for token in tokens])


def _print_precisions(printer: Printer, attribute: Attribute | None) -> None:
    if attribute is None:
        return
    assert isinstance(attribute, ArrayAttr)
    words = [each.data for each in attribute if isinstance(each, Precision)]
    printer.print_string(f", precision = [{', '.join(words)}]")


@irdl_custom_directive
class PrecisionConfig(SpelledDirective):
    """``, precision = [DEFAULT, HIGHEST]``, or nothing."""

    SYMBOL = "stablehlo_precision"
    RULES = _HINTS

    precision: AttributeVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        reading.attributes[names[0]] = _precisions(part)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        _print_precisions(printer, self.precision.get(op))


@irdl_custom_directive
class PrecisionAndAlgorithm(SpelledDirective):
    """``, precision = [DEFAULT, DEFAULT], algorithm = <…>``, of which either may be left out."""

    SYMBOL = "stablehlo_precision_and_algorithm"
    RULES = _HINTS

    precision: AttributeVariable
    algorithm: AttributeVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        precision, algorithm = names
        for each in part:
            if not each or each[0][0] == "WORD":
                reading.attributes[precision] = _precisions(each)
            else:
                spelled = [f"{name} = {_plain(value)}" for name, value, _ in each]
                reading.attributes[algorithm] = DotAlgorithm.from_body(", ".join(spelled))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        _print_precisions(printer, self.precision.get(op))
        algorithm = self.algorithm.get(op)
        if isinstance(algorithm, DotAlgorithm):
            printer.print_string(f", algorithm = <{algorithm.data}>")


def _plain(value: Attribute) -> str:
    """A type, a number or a truth value without the type that goes without saying."""
    if isinstance(value, IntegerAttr):
        number = value.value.data
        return str(number) if value.type != i1 else "true" if number else "false"
    return str(value)


@irdl_custom_directive
class ConvolutionDimensions(SpelledDirective):
    """``[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]``: what dimensions of operands and result mean."""

    SYMBOL = "stablehlo_convolution_dimensions"
    RULES = """
stablehlo_convolution_dimensions: stablehlo_layout _KW_X stablehlo_layout _ARROW stablehlo_layout -> group

stablehlo_layout: "[" stablehlo_layout_list "]" -> the_list

stablehlo_layout_list: stablehlo_layout_item                           -> list_of_one
                     | stablehlo_layout_list "," stablehlo_layout_item -> append

?stablehlo_layout_item: WORD
                      | INT
"""

    numbers: AttributeVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        first, second, third = (f"[{', '.join(token[1] for token in layout)}]" for layout in part)
        reading.attributes[names[0]] = ConvAttr.from_body(f"{first}x{second}->{third}")

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        numbers = self.numbers.get(op)
        assert isinstance(numbers, ConvAttr)
        printer.print_string(numbers.spelled())


_WINDOW = ("stride", "pad", "lhs_dilate", "rhs_dilate", "reverse")


@irdl_custom_directive
class WindowAttributes(SpelledDirective):
    """``stride = [1, 1], pad = [[0, 1], [0, 1]], lhs_dilate = …, rhs_dilate = …, reverse = [false, false]``: any."""

    SYMBOL = "stablehlo_window"
    RULES = """
stablehlo_window:                        -> empty_list
                | stablehlo_window_items -> the_list

stablehlo_window_items: stablehlo_window_item                            -> list_of_one
                      | stablehlo_window_items "," stablehlo_window_item -> append

stablehlo_window_item: WORD "=" integer_list                      -> group
                     | WORD "=" "[" stablehlo_pairs "]"           -> group

stablehlo_pairs: integer_list                      -> list_of_one
               | stablehlo_pairs "," integer_list  -> append
"""

    strides: AttributeVariable
    padding: AttributeVariable
    lhs_dilation: AttributeVariable
    rhs_dilation: AttributeVariable
    reversal: AttributeVariable

    @classmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        known = dict(zip(_WINDOW, names, strict=True))
        for (_, word, _), value in part:
            name = known.pop(word, None)
            if name is None:
                raise ValueError(f"expects each of {', '.join(_WINDOW)} at most once in its window, but got '{word}'")
            reading.attributes[name] = cls._attribute(word, value)

    @staticmethod
    def _attribute(word: str, value: Any) -> Attribute:
        if word == "pad":
            pairs = [tuple(map(_number, pair)) if isinstance(pair, list) else () for pair in value]
            if any(len(pair) != 2 for pair in pairs):
                raise ValueError("expects pairs of integers in 'pad'")
            data = i64.pack([number for pair in pairs for number in pair])
            return DenseIntOrFPElementsAttr(TensorType(i64, [len(pairs), 2]), BytesAttr(data))
        if any(isinstance(token, list) for token in value):
            raise ValueError(f"expects one list in '{word}'")
        if word == "reverse":
            return DenseArrayBase.from_list(i1, [token[1] not in ("false", "0") for token in value])
        return integers([_number(token) for token in value])

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        spelled = []
        variables = (self.strides, self.padding, self.lhs_dilation, self.rhs_dilation, self.reversal)
        for word, variable in zip(_WINDOW, variables, strict=True):
            attribute = variable.get(op)
            if attribute is None:
                continue
            numbers = numbers_of(attribute)
            if word == "pad":
                pairs = [list(numbers[i : i + 2]) for i in range(0, len(numbers), 2)]
                spelled.append(f"{word} = {pairs}")
            elif word == "reverse":
                spelled.append(f"{word} = [{', '.join('true' if number else 'false' for number in numbers)}]")
            else:
                spelled.append(f"{word} = {list(numbers)}")
        printer.print_string(", ".join(spelled))
