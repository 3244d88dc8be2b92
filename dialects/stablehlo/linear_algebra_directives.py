"""Parts of the forms of products and convolutions.

Source of the spellings: `stablehlo/dialect/AssemblyFormat.h` of StableHLO.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import (
    ArrayAttr,
    BytesAttr,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    TensorType,
    i1,
    i64,
)
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.printer import Printer

from tfrt.dialects.shared.directives import Part, Reading, SpelledDirective
from tfrt.dialects.shared.interning import array_attribute, data_attribute
from tfrt.dialects.stablehlo.attributes import ConvAttr, DotAlgorithm, DotAttr, DotDimensionNumbers, Precision
from tfrt.dialects.stablehlo.directives import integer_of, integers, numbers_of

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
        lists = [tuple(map(integer_of, tokens)) for tokens in part]
        reading.attributes[names[0]] = data_attribute(DotAttr, DotDimensionNumbers(*([(), (), *lists][-4:])))

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
    return array_attribute(Precision.from_body(token[1]) for token in tokens)


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
            pairs = [tuple(map(integer_of, pair)) if isinstance(pair, list) else () for pair in value]
            if any(len(pair) != 2 for pair in pairs):
                raise ValueError("expects pairs of integers in 'pad'")
            data = i64.pack([number for pair in pairs for number in pair])
            return DenseIntOrFPElementsAttr(TensorType(i64, [len(pairs), 2]), BytesAttr(data))
        if any(isinstance(token, list) for token in value):
            raise ValueError(f"expects one list in '{word}'")
        if word == "reverse":
            return DenseArrayBase.from_list(i1, [token[1] not in ("false", "0") for token in value])
        return integers([integer_of(token) for token in value])

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
