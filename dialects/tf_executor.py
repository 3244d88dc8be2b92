"""The `tf_executor` dialect: TensorFlow's graphs, as islands of ops that control tokens order.

Switches, merges, and what enters and leaves loops of frames are refused, with the call of TensorFlow that writes
functional control flow instead.
"""

from __future__ import annotations

from typing import Any, ClassVar

from xdsl.ir import ParametrizedAttribute, TypeAttribute
from xdsl.irdl import (
    irdl_attr_definition,
    irdl_op_definition,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.printer import Printer
from xdsl.traits import IsTerminator

from tfrt.dialects.shared.definitions import SourceDialect, define_dialect
from tfrt.dialects.shared.forms import HandWrittenOp, Parts, Reader, Token
from tfrt.dialects.shared.tensor_types import CheckedOp, quoted
from tfrt.dialects.shared.verification import fail


@irdl_attr_definition
class ControlType(ParametrizedAttribute, TypeAttribute):
    """A control token: what comes after what."""

    name = "tf_executor.control"


@irdl_attr_definition
class TokenType(ParametrizedAttribute, TypeAttribute):
    """What ties the two halves of a next iteration together."""

    name = "tf_executor.token"


CONTROL = ControlType()


class _Terminator(CheckedOp):
    assembly_format = "($values^ `:` type($values))? attr-dict"


@irdl_op_definition
class FetchOp(_Terminator):
    """Ends a graph: its results, and the tokens that must be there."""

    name = "tf_executor.fetch"
    values = var_operand_def()
    traits = traits_def(IsTerminator())


@irdl_op_definition
class YieldOp(_Terminator):
    """Ends an island, and gives its results."""

    name = "tf_executor.yield"
    values = var_operand_def()
    traits = traits_def(IsTerminator())


@irdl_op_definition
class GraphOp(HandWrittenOp, CheckedOp):
    """A graph of islands.

    Form: `tf_executor.graph { … tf_executor.fetch %x : T }`; the results are what is fetched, but for tokens.
    """

    name = "tf_executor.graph"
    outputs = var_result_def()
    body = region_def()

    FORM: ClassVar[str] = "region opt_attributes"

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        region, attributes = parts
        body = reader.open_body(region, [])
        return Parts(results=_data(body.block.last_op), attributes=attributes, regions=[body])

    def check(self) -> None:
        last = self.body.block.last_op
        if not isinstance(last, FetchOp):
            fail(self, "expects a region that ends in 'tf_executor.fetch'")
        if list(self.outputs.types) != _data(last):
            fail(self, f"expects the results that are fetched, ({quoted(_data(last))})")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_region(self.body, print_empty_block=False)
        printer.print_op_attributes(self.attributes)


@irdl_op_definition
class IslandOp(HandWrittenOp, CheckedOp):
    """Ops that run once all tokens are there.

    Form: `tf_executor.island(%token, …) { … tf_executor.yield %x : T }`, or `… wraps "tf.Op"(…) …` around one op, whose
    results it gives. The last result is a token.
    """

    name = "tf_executor.island"
    tokens = var_operand_def(CONTROL)
    outputs = var_result_def()
    body = region_def()

    FORM: ClassVar[str] = "opt_tf_tokens tf_island"
    RULES: ClassVar[str] = """
opt_tf_tokens:                     -> empty_list
             | "(" opt_values ")"  -> the_list

tf_island: _KW_WRAPS op_body -> region_of_op
         | region            -> the_list
"""

    @classmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        tokens, region = parts
        operands = reader.values(tokens, [CONTROL] * len(tokens), name[2])
        body = reader.open_body(region, [])
        wrapped = body.block.last_op
        implied = []
        if not isinstance(wrapped, YieldOp):
            results = [] if wrapped is None else list(wrapped.results)
            implied.append(YieldOp.create(operands=results))
            body.block.add_op(implied[0])
        return Parts(operands, [*_data(body.block.last_op), CONTROL], regions=[body], implied=implied)

    def check(self) -> None:
        last = self.body.block.last_op
        if not isinstance(last, YieldOp):
            fail(self, "expects a region that ends in 'tf_executor.yield'")
        if list(self.outputs.types) != [*last.operand_types, CONTROL]:
            fail(self, f"expects the results that are yielded, ({quoted(last.operand_types)}), and a token")

    def print(self, printer: Printer) -> None:
        if self.tokens:
            with printer.in_parens():
                printer.print_list(self.tokens, printer.print_ssa_value)
        printer.print_string(" ")
        printer.print_region(self.body, print_empty_block=False)


def _data(last: Any) -> list[Any]:
    """The types of what a terminator gives, but for tokens."""
    return [] if last is None else [type for type in last.operand_types if not isinstance(type, ControlType)]


DATAFLOW = frozenset(
    ("Enter", "Exit", "LoopCond", "Merge", "NextIteration.Sink", "NextIteration.Source", "Switch", "_SwitchN")
)
"""TensorFlow's control flow of tokens that are alive or dead."""

FUNCTIONAL = (
    "the graph's control flow is of dead tokens; export it with functional control flow, by"
    " tf.mlir.experimental.convert_function or convert_variables_to_constants_v2(…, lower_control_flow=False)"
)
"""What is to be done about it."""

TF_EXECUTOR = define_dialect("tf_executor", __name__, is_open=True, is_source=True)
assert isinstance(TF_EXECUTOR, SourceDialect)
TF_EXECUTOR.refused = {f"tf_executor.{name}": FUNCTIONAL for name in DATAFLOW}
