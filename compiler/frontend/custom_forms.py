"""Custom forms that no format string expresses: those of modules and functions, and of ops that read themselves.

`RULES` extends grammar.lark. Of modules, functions and casts, whose definitions are xDSL's, `FORMS` says which
alternative reads them and which function builds them from the parts that it yields; a `HandWrittenOp` says so itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    StringAttr,
)
from xdsl.ir import Attribute, Operation, Region

from tfrt.compiler.frontend import string_literals
from tfrt.compiler.frontend.builder import Builder, locate_implied
from tfrt.compiler.frontend.lexer import Token
from tfrt.compiler.frontend.records import ArgumentRecord, FunctionResultRecord, OpRecord
from tfrt.dialects.shared.forms import HandWrittenOp

RULES = """
%declare VISIBILITY

opt_symbol_name:                 -> nothing
               | SYMBOL          -> the_list

opt_visibility:                  -> nothing
              | VISIBILITY       -> the_list

opt_attributes_with_keyword:     -> no_attributes
                           | _KW_ATTRIBUTES dictionary -> the_list

opt_function_arguments:          -> empty_list
                      | function_arguments -> the_list

function_arguments: function_argument                        -> list_of_one
                  | function_arguments "," function_argument -> append

function_argument: VALUE ":" type opt_attributes location_suffix -> named_argument
                 | type opt_attributes location_suffix           -> unnamed_argument

opt_function_results:            -> empty_list
                    | _ARROW simple_type          -> one_function_result
                    | _ARROW "(" ")"              -> empty_list
                    | _ARROW "(" function_results ")" -> the_list

function_results: function_result                      -> list_of_one
                | function_results "," function_result -> append

function_result: type opt_attributes

opt_region:                      -> nothing
          | region               -> the_list

opt_else:                        -> nothing
        | _KW_ELSE region          -> the_list

opt_more_values:                 -> empty_list
               | "," values      -> the_list

opt_colon_types:                 -> empty_list
               | ":" types       -> the_list

opt_typed_values:                -> empty_list
                | typed_values   -> the_list

typed_values: typed_value                  -> list_of_one
            | typed_values "," typed_value -> append

typed_value: VALUE ":" type      -> group

settings: setting                -> list_of_one
        | settings "," setting   -> append

setting: WORD "=" INT            -> group

opt_two_dictionaries:                         -> empty_list
                    | dictionary              -> list_of_one
                    | dictionary dictionary   -> list_of_two

opt_cast_operands:               -> empty_list
                 | values ":" types -> list_of_two

opt_result_count:                -> nothing
                | ":" INT        -> the_list
"""

VISIBILITIES = ("public", "private", "nested")


@dataclass(frozen=True, slots=True)
class HandWrittenForm:
    """How to read one op: the alternative of `custom_op`, and what makes the op of a record."""

    op_name: str
    rule: str
    build: Callable[[Builder, OpRecord], Operation]
    definitions: frozenset[str] = frozenset()
    """The grammar rules that this form adds."""
    operand_names: Callable[..., Sequence[Token] | None] = lambda *parts: None
    """See `HandWrittenOp.operand_names`."""

    @property
    def terminal(self) -> str:
        return self.rule.split(maxsplit=1)[0]


def build_module(builder: Builder, record: OpRecord) -> Operation:
    token, name, attributes, region = record.parts
    properties = {} if name is None else {"sym_name": StringAttr(string_literals.symbol_name(name))}
    body = builder.region(region, isolated=True, needs_block=True)
    op_class = builder.op_class("builtin.module", token[2])
    return builder.create(op_class, token[2], record, attributes=attributes, properties=properties, regions=[body])


def build_function(builder: Builder, record: OpRecord) -> Operation:
    token, visibility, name, arguments, results, attributes, region = record.parts
    types = FunctionType.from_lists([argument.type for argument in arguments], [result.type for result in results])
    properties: dict[str, Attribute] = {
        "sym_name": StringAttr(string_literals.symbol_name(name)),
        "function_type": types,
    }
    if visibility is not None:
        properties["sym_visibility"] = StringAttr(visibility[1])
    _add_dictionaries(properties, "arg_attrs", arguments)
    _add_dictionaries(properties, "res_attrs", results)
    body = Region()
    if region is not None:
        _check_names(builder, arguments)
        body = builder.region(region, isolated=True, arguments=arguments, default_dialect="func")
        if not region.ops and not region.blocks:
            builder.session.report(token[2], "expected non-empty function body")
    op_class = builder.op_class("func.func", token[2])
    return builder.create(op_class, token[2], record, attributes=attributes, properties=properties, regions=[body])


def build_cast(builder: Builder, record: OpRecord) -> Operation:
    token, given, types, attributes = record.parts
    values, operand_types = given or ((), ())
    operands = builder.values(values, operand_types, token[2])
    op_class = builder.op_class(_CAST_NAME, token[2])
    return builder.create(op_class, token[2], record, operands, types, attributes=attributes)


def _check_names(builder: Builder, arguments: Sequence[ArgumentRecord]) -> None:
    """A function with a body names all its arguments."""
    for argument in arguments:
        if argument.name is None:
            builder.session.report(0, "expected SSA identifier")


def _add_dictionaries(
    properties: dict[str, Attribute], name: str, records: Sequence[ArgumentRecord | FunctionResultRecord]
) -> None:
    if any(record.attributes for record in records):
        properties[name] = ArrayAttr([DictionaryAttr(dict(record.attributes)) for record in records])


def hand_written_form(op_class: type[HandWrittenOp]) -> HandWrittenForm:
    """The form of an op that reads itself. Ops with the same form share a rule, and the terminal that starts it."""

    def build(builder: Builder, record: OpRecord) -> Operation:
        token, *parts = record.parts
        read = op_class.read(builder, token, *parts)
        op = builder.create(
            op_class,
            token[2],
            record,
            read.operands,
            read.results,
            attributes=read.attributes,
            properties=read.properties,
            regions=read.regions,
        )
        locate_implied(op, read.implied)
        return op

    rule = f"OP_{crc32(op_class.FORM.encode()):08X} {op_class.FORM} -> hand_written"
    return HandWrittenForm(op_class.name, rule, build, frozenset({op_class.RULES} - {""}), op_class.operand_names)


_MODULE = "OP_MODULE opt_symbol_name opt_attributes_with_keyword region -> hand_written"
_FUNCTION = (
    'OP_FUNCTION opt_visibility SYMBOL "(" opt_function_arguments ")" opt_function_results'
    " opt_attributes_with_keyword opt_region -> hand_written"
)

_CAST_NAME = "builtin.unrealized_conversion_cast"
_CAST = "OP_CAST opt_cast_operands _KW_TO types opt_attributes -> hand_written"

FORMS: dict[str, HandWrittenForm] = {
    form.op_name: form
    for form in (
        HandWrittenForm("module", _MODULE, build_module),
        HandWrittenForm("builtin.module", _MODULE, build_module),
        HandWrittenForm("func.func", _FUNCTION, build_function),
        HandWrittenForm(_CAST_NAME, _CAST, build_cast),
    )
}
