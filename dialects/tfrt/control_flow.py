"""Calls, branches and loops.

Some take functions by symbol (`call`, `cond`, `case`, `while`, `once`, `parallel_call.i32`), some have
regions that re-declare their operands (`if`, `repeat.i32`, `parallel_for.i32`).
"""

from __future__ import annotations

from typing import Any, ClassVar

from xdsl.dialects.builtin import ArrayAttr, FlatSymbolRefAttrConstr, i1, i32, i64
from xdsl.dialects.func import FuncOp
from xdsl.irdl import (
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    operand_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator

from tfrt.dialects.shared.bodies import (
    BRANCH,
    CALLEE,
    Function,
    HasFunctionForm,
    RunsFunctions,
    RunsRegions,
    Words,
)
from tfrt.dialects.shared.definitions import number_of
from tfrt.dialects.shared.forms import HandWrittenOp, Parts, Reader, Token
from tfrt.dialects.shared.regions import can_redeclare, print_body, print_type_list
from tfrt.dialects.shared.traits import RedeclaresOperands
from tfrt.dialects.shared.verification import OpVerifyError, fail
from tfrt.dialects.tfrt.types import CHAIN
from tfrt.executor.declarations.runs import Control, Runs

_BLOCKS = Runs(takes=("i32", "i32", ...), gives=("!tfrt.chain",), or_nothing=True, skips=3, repeats=True)
"""A function of the start and the end of a block, and of what comes after the range and the blocks' size."""

_PARALLEL_CALLEE = Words(
    "incorrect number of callee operands",
    "operand type mismatch",
    "invalid callee result type",
    "async callee must return a chain",
    given="callee must take stard and end indices first",
)


@irdl_op_definition
class CallOp(IRDLOperation):
    """Calls a function."""

    name = "tfrt.call"
    callee = attr_def(FlatSymbolRefAttrConstr)
    arguments = var_operand_def()
    outputs = var_result_def()
    traits = traits_def(RunsFunctions(Function("callee", words=CALLEE), control=Control.CALL))
    assembly_format = "$callee `(` $arguments `)` attr-dict `:` functional-type($arguments, $outputs)"


@irdl_op_definition
class CaseOp(IRDLOperation):
    """Calls the function at an index of a list, or the last one where the index is out of range."""

    name = "tfrt.case"
    branch_index = operand_def(i32)
    branch_operands = var_operand_def()
    branches = attr_def(ArrayAttr)
    branch_outputs = var_result_def()
    traits = traits_def(RunsFunctions(Function("branches", "branch"), control=Control.CASE))
    assembly_format = (
        "$branch_index $branches `(` $branch_operands `)` attr-dict"
        " `:` `(` type($branch_operands) `)` `->` `(` type($branch_outputs) `)`"
    )


@irdl_op_definition
class CondOp(IRDLOperation):
    """Calls one of two functions of the same type."""

    name = "tfrt.cond"
    cond = operand_def(i1)
    fn_operands = var_operand_def()
    # BEF orders attributes by name; the prefixes keep the two functions in this order.
    a_true_fn = attr_def(FlatSymbolRefAttrConstr)
    b_false_fn = attr_def(FlatSymbolRefAttrConstr)
    outputs = var_result_def()
    traits = traits_def(
        RunsFunctions(
            Function("a_true_fn", "true", BRANCH), Function("b_false_fn", "false", BRANCH), control=Control.BRANCH
        )
    )
    assembly_format = (
        "$cond $a_true_fn $b_false_fn `(` $fn_operands `)` attr-dict"
        " `:` `(` type($fn_operands) `)` `->` `(` type($outputs) `)`"
    )


@irdl_op_definition
class WhileOp(IRDLOperation):
    """Calls a function over and over, feeding its results back, until its last result is false."""

    name = "tfrt.while"
    cond = operand_def(i1)
    arguments = var_operand_def()
    body_fn = attr_def(FlatSymbolRefAttrConstr)
    parallel_iterations = attr_def(number_of(i64))
    outputs = var_result_def()
    traits = traits_def(RunsFunctions(Function("body_fn", "body function"), control=Control.WHILE))
    assembly_format = (
        "$cond $body_fn `(` $arguments `)` attr-dict `parallel_iterations` `(` $parallel_iterations `)`"
        " `:` `(` type($arguments) `)` `->` `(` type($outputs) `)`"
    )


@irdl_op_definition
class OnceOp(IRDLOperation):
    """Calls a function the first time only; afterwards gives the results of that call."""

    name = "tfrt.once"
    arguments = var_operand_def()
    function = attr_def(FlatSymbolRefAttrConstr)
    outputs = var_result_def()
    traits = traits_def(RunsFunctions(Function("function", "function")))
    assembly_format = "$function `(` $arguments `)` attr-dict `:` `(` type($arguments) `)` `->` `(` type($outputs) `)`"


@irdl_op_definition
class ParallelCallI32Op(IRDLOperation):
    """Calls a function for the blocks of a range of integers, in parallel.

    The function takes a block's start and end, then `arguments`; it returns nothing, or a chain.
    """

    name = "tfrt.parallel_call.i32"
    start = operand_def(i32)
    end = operand_def(i32)
    block_size = operand_def(i32)
    arguments = var_operand_def()
    callee = attr_def(FlatSymbolRefAttrConstr)
    done = result_def(CHAIN)
    traits = traits_def(RunsFunctions(Function("callee", words=_PARALLEL_CALLEE, runs=_BLOCKS)))
    assembly_format = (
        "$start `to` $end `fixed` $block_size $callee `(` $arguments `)` attr-dict (`:` type($arguments)^)?"
    )


@irdl_op_definition
class ReturnOp(IRDLOperation):
    """Ends a function or a region, and gives its results."""

    name = "tfrt.return"
    arguments = var_operand_def()
    traits = traits_def(IsTerminator())
    assembly_format = "attr-dict ($arguments^ `:` type($arguments))?"

    def verify_(self) -> None:
        function = self.parent_op()
        if not isinstance(function, FuncOp):
            return
        expected, actual = function.function_type.outputs.data, self.operand_types
        if len(actual) != len(expected):
            fail(self, f"has {len(actual)} operands, but enclosing function returns {len(expected)}")
        for i, (type, wanted) in enumerate(zip(actual, expected, strict=True)):
            if type != wanted:
                raise OpVerifyError(
                    f"type of return operand {i} ('{type}') doesn't match function result type ('{wanted}')",
                    self,
                )


@irdl_op_definition
class IfOp(HandWrittenOp):
    """Runs one of two regions, which take the operands after the condition and return the results.

    Form: `tfrt.if %cond, %x : (i32) -> (i32) { … } else { … }`, with `attributes {…}` before the colon.
    """

    name = "tfrt.if"
    cond = operand_def(i1)
    arguments = var_operand_def()
    outputs = var_result_def()
    then_region = region_def("single_block")
    else_region = region_def("single_block")
    traits = traits_def(
        IsolatedFromAbove(),
        RedeclaresOperands(skipped=(0,)),
        RunsRegions("then", "else", control=Control.BRANCH),
        HasFunctionForm(CondOp, "a_true_fn", "b_false_fn"),
    )

    FORM: ClassVar[str] = 'values opt_attributes_with_keyword ":" signature region opt_else'

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        tokens, attributes, (types, results), then_region, else_region = parts
        offset = name[2]
        operands = reader.values(tokens, [i1, *types], offset)
        regions = [reader.body(region, tokens[1:], types) for region in (then_region, else_region)]
        if else_region is None:
            if results:
                reader.report(offset, "expected 'else' in 'tfrt.if' with result values")
            regions[1].block.add_op(ReturnOp.create(location=reader.location(offset)))
        return Parts(operands, results, attributes, regions)

    def fits_custom_form(self) -> bool:
        return can_redeclare(self)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" : ")
        print_type_list(printer, self.operand_types[1:])
        printer.print_string(" -> ")
        print_type_list(printer, self.result_types)
        print_body(printer, self, self.then_region)
        printer.print_string(" else")
        print_body(printer, self, self.else_region)


@irdl_op_definition
class RepeatI32Op(HandWrittenOp):
    """Runs its region a number of times, feeding its results back.

    Form: `tfrt.repeat.i32 %count, %x, %y : i32, f32 { … }`, with `attributes {…}` before the colon. There
    is no type list where there are no loop values.
    """

    name = "tfrt.repeat.i32"
    trip_count = operand_def(i32)
    arguments = var_operand_def()
    outputs = var_result_def()
    region = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), RedeclaresOperands(skipped=(0,)), RunsRegions(control=Control.REPEAT))

    FORM: ClassVar[str] = "values opt_attributes_with_keyword opt_colon_types region"

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        tokens, attributes, types, region = parts
        operands = reader.values(tokens, [i32, *types], name[2])
        return Parts(operands, types, attributes, [reader.body(region, tokens[1:], types)])

    def fits_custom_form(self) -> bool:
        return can_redeclare(self)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        if self.arguments:
            printer.print_string(" : ")
            printer.print_list(self.arguments.types, printer.print_attribute)
        print_body(printer, self, self.region)


@irdl_op_definition
class ParallelForI32Op(HandWrittenOp):
    """Runs its region for the blocks of a range of integers, in parallel.

    The region takes a block's start and end under the names of the range's, then the other operands; it
    returns nothing, or a chain.

    Form: `tfrt.parallel_for.i32 %start to %end fixed %size, %x : i32 { … }`.
    """

    name = "tfrt.parallel_for.i32"
    start = operand_def(i32)
    end = operand_def(i32)
    block_size = operand_def(i32)
    arguments = var_operand_def()
    done = result_def(CHAIN)
    region = region_def("single_block")
    traits = traits_def(
        IsolatedFromAbove(),
        RedeclaresOperands(skipped=(2,)),
        RunsRegions(runs=_BLOCKS),
        HasFunctionForm(ParallelCallI32Op, "callee"),
    )

    FORM: ClassVar[str] = "VALUE _KW_TO VALUE _KW_FIXED VALUE opt_more_values opt_colon_types region"

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        start, end, block_size, more, types, region = parts
        operands = reader.values([start, end, block_size, *more], [i32, i32, i32, *types], name[2])
        body = reader.body(region, [start, end, *more], [i32, i32, *types])
        return Parts(operands, [CHAIN], regions=[body])

    def fits_custom_form(self) -> bool:
        return not self.attributes and can_redeclare(self)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.start)
        printer.print_string(" to ")
        printer.print_ssa_value(self.end)
        printer.print_string(" fixed ")
        printer.print_ssa_value(self.block_size)
        if self.arguments:
            printer.print_string(", ")
            printer.print_list(self.arguments, printer.print_ssa_value)
            printer.print_string(" : ")
            printer.print_list(self.arguments.types, printer.print_attribute)
        print_body(printer, self, self.region)
