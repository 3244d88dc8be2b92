"""Ops with a region that combines scalars: reductions, windows, maps and sorts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    SameVariadicOperandSize,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    var_operand_def,
    var_result_def,
)
from xdsl.printer import Printer
from xdsl.traits import Commutative

from tfrt.dialects.shared.forms import HandWrittenOp, Parts, Reader, Token
from tfrt.dialects.shared.interning import tensor_type
from tfrt.dialects.shared.tensor_types import (
    CheckedOp,
    agree,
    element_of,
    quoted,
    require_one_element_type,
    require_shape,
    shape_of,
)
from tfrt.dialects.shared.verification import fail
from tfrt.dialects.stablehlo.constraints import ANY, BOOL, DIMS, ELEMENTS, I64
from tfrt.dialects.stablehlo.control_flow import ReturnOp
from tfrt.dialects.stablehlo.directives import integers, numbers_of
from tfrt.dialects.stablehlo.elementwise import BINARY_OPS
from tfrt.dialects.stablehlo.regions import PREDICATE, require_reducer, require_signature
from tfrt.dialects.stablehlo.shapes import integer_of
from tfrt.dialects.stablehlo.windows import padding_of, per_dimension
from tfrt.executor.declarations import stablehlo_shapes as shapes
from tfrt.executor.declarations import stablehlo_window_shapes as windows


def _check_init_values(op: Any, constraint: str) -> None:
    for given, init in zip(op.inputs.types, op.init_values.types, strict=True):
        require_one_element_type(op, constraint, [given, init])


def _check_results(op: Any, shape: tuple[str, shapes.Shape], element: tuple[str, Sequence[Attribute]]) -> None:
    """Check the results' shape and element types, each with its constraint."""
    for result, wanted in zip(op.result_types, element[1], strict=True):
        require_shape(op, shape[0], "a result", result, shape[1])
        if element_of(result) != wanted:
            fail(op, f"({element[0]}) expects a result of '{wanted}' elements, but got '{result}'")


@irdl_op_definition
class ReduceOp(HandWrittenOp, CheckedOp):
    """All elements along some dimensions, combined by a region, in any order.

    Form: `stablehlo.reduce(%x init: %z), (%y init: %w) across dimensions = [1] : (…) -> (…)`, then
    `reducer(%a: T, %b: T) (%c: U, %d: U) { … }`; or with `applies stablehlo.add` before `across` in place of a region
    that does just that.
    """

    name = "stablehlo.reduce"
    inputs = var_operand_def(ANY)
    init_values = var_operand_def(ANY)
    dimensions = prop_def(DIMS)
    outputs = var_result_def(ANY)
    body = region_def()
    irdl_options = (SameVariadicOperandSize(),)

    FORM: ClassVar[str] = "stablehlo_reduced stablehlo_reduction"
    RULES: ClassVar[str] = """
stablehlo_reduced: stablehlo_reduced_pair                           -> list_of_one
                 | stablehlo_reduced "," stablehlo_reduced_pair     -> append

stablehlo_reduced_pair: "(" VALUE _KW_INIT ":" VALUE ")"            -> group

stablehlo_across: _KW_ACROSS _KW_DIMENSIONS "=" integer_list opt_attributes ":" signature -> group

stablehlo_reduction: _KW_APPLIES WORD stablehlo_across                               -> group
                   | stablehlo_across _KW_REDUCER stablehlo_reducer_arguments region -> group

stablehlo_reducer_arguments: stablehlo_reducer_pair                             -> list_of_one
                           | stablehlo_reducer_arguments stablehlo_reducer_pair -> append

stablehlo_reducer_pair: "(" block_argument "," block_argument ")"   -> group
"""

    @classmethod
    def operand_names(cls, *parts: Any) -> Sequence[Token] | None:
        pairs, tail = parts
        return _names_in(pairs) if len(tail) == 2 else None

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        pairs, tail = parts
        is_short = len(tail) == 2
        dimensions, attributes, (types, result_types) = tail[1] if is_short else tail[0]
        tokens = _names_in(pairs)
        operands = reader.values(tokens, types, name[2])
        implied: list[Operation] = []
        if is_short:
            body = _applied(reader, tail[0], types)
            implied = list(body.block.ops)
        else:
            arguments = [pair[i] for i in (0, 1) for pair in tail[1]]
            body = reader.open_body(tail[2], arguments)
        properties = {"dimensions": integers([reader.integer(token) for token in dimensions])}
        return Parts(operands, result_types, attributes, [body], properties, implied)

    def check(self) -> None:
        shape = shapes.reduce(
            [shape_of(type) for type in self.inputs.types],
            [shape_of(type) for type in self.init_values.types],
            numbers_of(self.dimensions),
        )
        _check_init_values(self, "C2")
        if len(self.outputs) != len(self.inputs):
            fail(self, f"(C3) expects as many results as inputs, {len(self.inputs)}, but got {len(self.outputs)}")
        elements = require_reducer(self, "C6", "its body", self.body, self.inputs.types)
        _check_results(self, ("C7", shape), ("C8", elements))

    def fits_custom_form(self) -> bool:
        return (
            len(self.body.blocks) == 1
            and len(self.inputs) == len(self.init_values) > 0
            and len(self.body.block.args) == len(self.operands)
        )

    def applied_op(self) -> str | None:
        """The commutative op of two scalars that is all there is to the body, if it is so."""
        ops = list(self.body.block.ops)
        arguments = self.body.block.args
        if len(ops) != 2 or len(arguments) != 2 or not ops[0].has_trait(Commutative) or ops[0].attributes:
            return None
        inner, last = ops
        scalar = tensor_type(element_of(self.inputs.types[0]), ())
        types = {*inner.operand_types, *inner.result_types}
        is_all = tuple(inner.operands) == tuple(arguments) and tuple(last.operands) == tuple(inner.results)
        return inner.name if is_all and types == {scalar} and last.name == "stablehlo.return" else None

    def print(self, printer: Printer) -> None:
        pairs = list(zip(self.inputs, self.init_values, strict=True))
        printer.print_list(pairs, lambda pair: _print_pair(printer, pair))
        applied = self.applied_op()
        if printer.print_debuginfo and any(op.location != self.location for op in self.body.block.ops):
            # The short form has a place for one location only.
            applied = None
        if applied is not None:
            printer.print_string(f" applies {applied}")
        printer.print_string(f" across dimensions = {list(numbers_of(self.dimensions))}")
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_function_type(self.operand_types, self.result_types)
        if applied is not None:
            return
        printer.print_string(" reducer")
        arguments, count = self.body.block.args, len(pairs)
        for i in range(count):
            printer.print_string("(")
            printer.print_list((arguments[i], arguments[i + count]), printer.print_block_argument)
            printer.print_string(") ")
        printer.print_region(self.body, print_entry_block_args=False)


def _names_in(pairs: Sequence[tuple[Token, Token]]) -> list[Token]:
    return [value for value, _ in pairs] + [init for _, init in pairs]


def _applied(reader: Reader, word: Token, types: Sequence[Attribute]) -> Region:
    """The body that does nothing but apply an op to two scalars."""
    _, name, offset = word
    op_class = _COMMUTATIVE.get(name)
    if op_class is None:
        reader.refuse(offset, f"expected a commutative op of two values to apply, found '{name}'")
    if not types or not isinstance(types[0], TensorType):
        reader.refuse(offset, "expected tensors to apply an op to")
    scalar = tensor_type(types[0].element_type, ())
    block = Block(arg_types=[scalar, scalar])
    applied = op_class.create(operands=block.args, result_types=[scalar])
    block.add_ops([applied, ReturnOp.create(operands=applied.results)])
    return Region(block)


_COMMUTATIVE = {op.name: op for op in BINARY_OPS if op.has_trait(Commutative)}


def _print_pair(printer: Printer, pair: tuple[SSAValue, SSAValue]) -> None:
    printer.print_string("(")
    printer.print_ssa_value(pair[0])
    printer.print_string(" init: ")
    printer.print_ssa_value(pair[1])
    printer.print_string(")")


@irdl_op_definition
class ReduceWindowOp(CheckedOp):
    """The elements of each window, combined by a region."""

    name = "stablehlo.reduce_window"
    inputs = var_operand_def(ANY)
    init_values = var_operand_def(ANY)
    window_dimensions = prop_def(DIMS)
    window_strides = opt_prop_def(DIMS)
    base_dilations = opt_prop_def(DIMS)
    window_dilations = opt_prop_def(DIMS)
    padding = opt_prop_def(ELEMENTS)
    outputs = var_result_def(ANY)
    body = region_def()
    irdl_options = (SameVariadicOperandSize(),)

    def check(self) -> None:
        inputs = [shape_of(type) for type in self.inputs.types]
        rank = len(inputs[0]) if inputs else 0
        shape = windows.reduce_window(
            inputs,
            len(self.init_values),
            window_dimensions=numbers_of(self.window_dimensions),
            window_strides=per_dimension(self.window_strides, rank),
            base_dilations=per_dimension(self.base_dilations, rank),
            window_dilations=per_dimension(self.window_dilations, rank),
            padding=padding_of(self.padding, rank, "C12"),
        )
        _check_init_values(self, "C3")
        if len(self.outputs) != len(self.inputs):
            fail(self, f"(C1) expects as many results as inputs, {len(self.inputs)}, but got {len(self.outputs)}")
        elements = require_reducer(self, "C13", "its body", self.body, self.inputs.types)
        _check_results(self, ("C15", shape), ("C16", elements))


@irdl_op_definition
class SelectAndScatterOp(CheckedOp):
    """Values combined at the element that each window selects: the gradient of pooling."""

    name = "stablehlo.select_and_scatter"
    operand = operand_def(ANY)
    source = operand_def(ANY)
    init_value = operand_def(ANY)
    window_dimensions = opt_prop_def(DIMS)
    window_strides = opt_prop_def(DIMS)
    padding = opt_prop_def(ELEMENTS)
    result = result_def(ANY)
    select = region_def()
    scatter = region_def()

    def check(self) -> None:
        operand = shape_of(self.operand.type)
        rank = len(operand)
        windows.select_and_scatter(
            operand,
            shape_of(self.source.type),
            window_dimensions=per_dimension(self.window_dimensions, rank),
            window_strides=per_dimension(self.window_strides, rank),
            padding=padding_of(self.padding, rank, "C8"),
        )
        require_one_element_type(self, "C1", [self.operand.type, self.source.type])
        require_one_element_type(self, "C3", [self.init_value.type, self.operand.type])
        scalar = tensor_type(element_of(self.operand.type), ())
        require_signature(self, "C9", "select", self.select, [scalar, scalar], [PREDICATE])
        elements = require_reducer(self, "C10", "scatter", self.scatter, [self.operand.type])
        _check_results(self, ("C11", operand), ("C12", elements))


@irdl_op_definition
class MapOp(CheckedOp):
    """A region of scalars, for each element."""

    name = "stablehlo.map"
    inputs = var_operand_def(ANY)
    dimensions = prop_def(DIMS)
    result = result_def(ANY)
    computation = region_def()

    def check(self) -> None:
        types = self.inputs.types
        shape = shapes.map_elements([shape_of(type) for type in types], numbers_of(self.dimensions))
        require_shape(self, "C1", "a result", self.result.type, shape)
        scalars = [tensor_type(element_of(type), ()) for type in types]
        given = tensor_type(element_of(self.result.type), ())
        require_signature(self, "C4", "computation", self.computation, scalars, [given])


@irdl_op_definition
class SortOp(CheckedOp):
    """Slices along a dimension, sorted together by what a region says of two elements of each operand."""

    name = "stablehlo.sort"
    inputs = var_operand_def(ANY)
    dimension = opt_prop_def(I64)
    is_stable = opt_prop_def(BOOL)
    outputs = var_result_def(ANY)
    comparator = region_def()

    def check(self) -> None:
        types = self.inputs.types
        shapes.sort([shape_of(type) for type in types], integer_of(self.dimension, -1))
        results = self.outputs.types
        if len(results) != len(types) or not all(agree(a, b) for a, b in zip(types, results, strict=True)):
            fail(self, f"(C2) expects results of the inputs' types, {quoted(types)}, but got {quoted(results)}")
        scalars = [tensor_type(element_of(type), ()) for type in types for _ in range(2)]
        require_signature(self, "C5", "comparator", self.comparator, scalars, [PREDICATE])
