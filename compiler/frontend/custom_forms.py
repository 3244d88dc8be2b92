"""Custom forms that no format string expresses: functions, modules, and ops whose regions re-declare their
operands.

`RULES` extends grammar.lark; `FORMS` says for each op which alternative reads it and which function builds it
from the parts that the alternative yields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    IntegerAttr,
    StringAttr,
    i1,
    i32,
)
from xdsl.ir import Attribute, Operation, Region

from tfrt.compiler.frontend import attributes as literals
from tfrt.compiler.frontend.builder import Builder
from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.compiler.frontend.lexer import Token
from tfrt.compiler.frontend.records import ArgumentRecord, FunctionResultRecord, OpRecord, RegionRecord
from tfrt.compiler.frontend.session import number_attribute, string_attribute

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

    @property
    def terminal(self) -> str:
        return self.rule.split(maxsplit=1)[0]


def build_module(builder: Builder, record: OpRecord) -> Operation:
    token, name, attributes, region = record.parts
    properties = {} if name is None else {"sym_name": StringAttr(literals.symbol_name(name))}
    body = builder.region(region, isolated=True, needs_block=True)
    op_class = builder.op_class("builtin.module", token[2])
    return builder.create(op_class, token[2], record, attributes=attributes, properties=properties, regions=[body])


def build_function(builder: Builder, record: OpRecord) -> Operation:
    token, visibility, name, arguments, results, attributes, region = record.parts
    types = FunctionType.from_lists([argument.type for argument in arguments], [result.type for result in results])
    properties: dict[str, Attribute] = {
        "sym_name": StringAttr(literals.symbol_name(name)),
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


def build_if(builder: Builder, record: OpRecord) -> Operation:
    token, tokens, attributes, (types, result_types), then_region, else_region = record.parts
    offset = token[2]
    operands = builder.values(tokens, [i1, *types], offset)
    arguments = _redeclared(tokens[1:], types)
    regions = [builder.region(then_region, isolated=True, arguments=arguments, needs_block=True)]
    if else_region is not None:
        regions.append(builder.region(else_region, isolated=True, arguments=arguments, needs_block=True))
    else:
        if result_types:
            builder.session.report(offset, "expected 'else' in 'tfrt.if' with result values")
        implied = builder.region(RegionRecord([], []), isolated=True, arguments=arguments, needs_block=True)
        implied.block.add_op(builder.op_class("tfrt.return", offset).create(location=builder.location(offset)))
        regions.append(implied)
    op_class = builder.op_class("tfrt.if", offset)
    return builder.create(op_class, offset, record, operands, result_types, attributes=attributes, regions=regions)


def build_repeat(builder: Builder, record: OpRecord) -> Operation:
    token, tokens, attributes, types, region = record.parts
    operands = builder.values(tokens, [i32, *types], token[2])
    body = builder.region(region, isolated=True, arguments=_redeclared(tokens[1:], types), needs_block=True)
    op_class = builder.op_class("tfrt.repeat.i32", token[2])
    return builder.create(op_class, token[2], record, operands, types, attributes=attributes, regions=[body])


def build_parallel_for(builder: Builder, record: OpRecord) -> Operation:
    from tfrt.dialects.tfrt.types import CHAIN

    token, start, end, block_size, more, types, region = record.parts
    operands = builder.values([start, end, block_size, *more], [i32, i32, i32, *types], token[2])
    arguments = _redeclared([start, end, *more], [i32, i32, *types])
    body = builder.region(region, isolated=True, arguments=arguments, needs_block=True)
    op_class = builder.op_class("tfrt.parallel_for.i32", token[2])
    return builder.create(op_class, token[2], record, operands, [CHAIN], regions=[body])


def build_do_async(builder: Builder, record: OpRecord) -> Operation:
    token, tokens, attributes, (types, result_types), region = record.parts
    operands = builder.values(tokens, types, token[2])
    body = builder.region(region, isolated=True, arguments=_redeclared(tokens, types), needs_block=True)
    op_class = builder.op_class("tfrt_test.do.async", token[2])
    return builder.create(op_class, token[2], record, operands, result_types, attributes=attributes, regions=[body])


def build_benchmark(builder: Builder, record: OpRecord) -> Operation:
    from tfrt.dialects.tfrt.types import CHAIN

    token, name, typed_values, settings, region = record.parts
    tokens, types = [v for v, _ in typed_values], [t for _, t in typed_values]
    operands = builder.values(tokens, types, token[2])
    attributes = {"name": string_attribute(builder.session, name), **_settings(builder, settings)}
    body = builder.region(region, isolated=True, arguments=_redeclared(tokens, types), needs_block=True)
    op_class = builder.op_class("tfrt_test.benchmark", token[2])
    return builder.create(op_class, token[2], record, operands, [CHAIN], attributes=attributes, regions=[body])


def build_sync_benchmark(builder: Builder, record: OpRecord) -> Operation:
    token, target, typed_values, settings = record.parts
    operands = builder.values([v for v, _ in typed_values], [t for _, t in typed_values], token[2])
    attributes = {"target_fn": target, **_settings(builder, settings)}
    op_class = builder.op_class("tfrt_test.sync_benchmark", token[2])
    return builder.create(op_class, token[2], record, operands, attributes=attributes)


def _settings(builder: Builder, settings: Sequence[tuple[Token, Token]]) -> dict[str, Attribute]:
    """`max_count = 100, …`: i32 attributes. One warm-up run where the text says nothing of it."""
    attributes: dict[str, Attribute] = {}
    for name, value in settings:
        if name[1] in attributes:
            builder.session.report(name[2], f"attribute '{name[1]}' occurs more than once in the attribute list")
        attributes[name[1]] = number_attribute(builder.session, value, i32)
    attributes.setdefault("num_warmup_runs", IntegerAttr(1, i32))
    return attributes


def _redeclared(tokens: Sequence[Token], types: Sequence[Attribute]) -> list[ArgumentRecord]:
    """Block arguments under the names of operands."""
    return [ArgumentRecord(token, type) for token, type in zip(tokens, types, strict=False)]


_CHAINED = "corert.executeop.seq"
_WITHOUT_FUNCTION_ATTRIBUTES = "corert_sync.executeop"


def _execute_op(op_name: str) -> Callable[[Builder, OpRecord], Operation]:
    def build(builder: Builder, record: OpRecord) -> Operation:
        from tfrt.dialects.shared.corert_types import OP_HANDLER, TENSOR_HANDLE
        from tfrt.dialects.tfrt.types import CHAIN

        token, dispatch, name, arguments, dictionaries, count = record.parts
        chain = [CHAIN] if op_name == _CHAINED else []
        wanted = 1 + len(chain)
        if len(dispatch) != wanted:
            what = "an op handler and a chain" if chain else "an op handler"
            raise SyntaxFailure(dispatch[0][2], f"expected {what} in parentheses, found {len(dispatch)} values")
        types = [OP_HANDLER, *chain, *[TENSOR_HANDLE] * len(arguments)]
        operands = builder.values([*dispatch, *arguments], types, token[2])
        attributes: dict[str, Attribute] = {"op_name": string_attribute(builder.session, name)}
        attributes["op_attrs"] = _pairs(dictionaries[0] if dictionaries else {})
        if op_name != _WITHOUT_FUNCTION_ATTRIBUTES:
            attributes["op_func_attrs"] = _pairs(dictionaries[1] if len(dictionaries) > 1 else {})
        results = [*chain, *[TENSOR_HANDLE] * _result_count(count)]
        op_class = builder.op_class(op_name, token[2])
        return builder.create(op_class, token[2], record, operands, results, attributes=attributes)

    return build


_MAX_RESULTS = 1 << 16


def _result_count(token: Token | None) -> int:
    if token is None:
        return 0
    count = literals.parse_integer(token)
    if not 0 <= count <= _MAX_RESULTS:
        raise SyntaxFailure(token[2], f"expected a number of results from 0 to {_MAX_RESULTS}")
    return count


def _pairs(dictionary: dict[str, Attribute]) -> Attribute:
    """[key, value] pairs in the order of the text."""
    return ArrayAttr([ArrayAttr([StringAttr(key), value]) for key, value in dictionary.items()])


_MODULE = "OP_MODULE opt_symbol_name opt_attributes_with_keyword region -> hand_written"
_FUNCTION = (
    'OP_FUNCTION opt_visibility SYMBOL "(" opt_function_arguments ")" opt_function_results'
    " opt_attributes_with_keyword opt_region -> hand_written"
)
_IF = 'OP_IF values opt_attributes_with_keyword ":" signature region opt_else -> hand_written'
_REPEAT = "OP_REPEAT values opt_attributes_with_keyword opt_colon_types region -> hand_written"
_PARALLEL_FOR = (
    "OP_PARALLEL_FOR VALUE _KW_TO VALUE _KW_FIXED VALUE opt_more_values opt_colon_types region -> hand_written"
)
_DO_ASYNC = 'OP_DO_ASYNC opt_values opt_attributes_with_keyword ":" signature region -> hand_written'
_BENCHMARK = 'OP_BENCHMARK STRING "(" opt_typed_values ")" settings region -> hand_written'
_SYNC_BENCHMARK = 'OP_SYNC_BENCHMARK symbol_reference "(" opt_typed_values ")" settings -> hand_written'
_EXECUTE = 'OP_EXECUTE "(" values ")" STRING "(" opt_values ")" opt_two_dictionaries opt_result_count -> hand_written'

FORMS: dict[str, HandWrittenForm] = {
    form.op_name: form
    for form in (
        HandWrittenForm("module", _MODULE, build_module),
        HandWrittenForm("builtin.module", _MODULE, build_module),
        HandWrittenForm("func.func", _FUNCTION, build_function),
        HandWrittenForm("tfrt.if", _IF, build_if),
        HandWrittenForm("tfrt.repeat.i32", _REPEAT, build_repeat),
        HandWrittenForm("tfrt.parallel_for.i32", _PARALLEL_FOR, build_parallel_for),
        HandWrittenForm("tfrt_test.do.async", _DO_ASYNC, build_do_async),
        HandWrittenForm("tfrt_test.benchmark", _BENCHMARK, build_benchmark),
        HandWrittenForm("tfrt_test.sync_benchmark", _SYNC_BENCHMARK, build_sync_benchmark),
        HandWrittenForm("corert.executeop", _EXECUTE, _execute_op("corert.executeop")),
        HandWrittenForm(_CHAINED, _EXECUTE, _execute_op(_CHAINED)),
        HandWrittenForm(_WITHOUT_FUNCTION_ATTRIBUTES, _EXECUTE, _execute_op(_WITHOUT_FUNCTION_ATTRIBUTES)),
    )
}
