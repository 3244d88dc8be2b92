"""Custom forms of frameworks' dialects that no format string expresses: see `custom_forms`.

Unlike those, their rules are part of the grammar only where a text uses their dialect.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase, TensorType, i64
from xdsl.ir import Attribute, Block, Operation, Region
from xdsl.traits import Commutative

from tfrt.compiler.frontend import attributes as literals
from tfrt.compiler.frontend.builder import Builder
from tfrt.compiler.frontend.custom_forms import HandWrittenForm
from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.compiler.frontend.lexer import Token
from tfrt.compiler.frontend.records import ArgumentRecord, OpRecord

RULES = {
    "stablehlo": """
stablehlo_reduced: stablehlo_reduced_pair                           -> list_of_one
                 | stablehlo_reduced "," stablehlo_reduced_pair     -> append

stablehlo_reduced_pair: "(" VALUE _KW_INIT ":" VALUE ")"            -> group

stablehlo_across: _KW_ACROSS _KW_DIMENSIONS "=" integer_list opt_attributes ":" signature -> group

stablehlo_reduction: _KW_APPLIES WORD stablehlo_across                               -> group
                   | stablehlo_across _KW_REDUCER stablehlo_reducer_arguments region -> group

stablehlo_reducer_arguments: stablehlo_reducer_pair                             -> list_of_one
                           | stablehlo_reducer_arguments stablehlo_reducer_pair -> append

stablehlo_reducer_pair: "(" block_argument "," block_argument ")"   -> group

opt_stablehlo_loop_values:                       -> empty_list
                         | stablehlo_loop_values -> the_list

stablehlo_loop_values: stablehlo_loop_value                           -> list_of_one
                     | stablehlo_loop_values "," stablehlo_loop_value -> append

stablehlo_loop_value: VALUE "=" VALUE                               -> group
""",
}
"""The rules that the forms of a dialect need beyond those of the core grammar and of `custom_forms`."""


def build_reduce(builder: Builder, record: OpRecord) -> Operation:
    token, pairs, tail = record.parts
    offset = token[2]
    is_short = len(tail) == 2
    dimensions, attributes, (types, result_types) = tail[1] if is_short else tail[0]
    tokens = [value for value, _ in pairs] + [init for _, init in pairs]
    operands = builder.values(tokens, types, offset)
    properties = {"dimensions": literals.typed_array(i64, dimensions, offset)}
    if is_short:
        body = _applied(builder, record, tail[0], types)
    else:
        first, second = ([pair[i] for pair in tail[1]] for i in (0, 1))
        body = builder.region(tail[2], isolated=False, arguments=[*first, *second], needs_block=True)
    op_class = builder.op_class("stablehlo.reduce", offset)
    assert isinstance(properties["dimensions"], DenseArrayBase)
    return builder.create(
        op_class,
        offset,
        record,
        operands,
        result_types,
        attributes=attributes,
        properties=properties,
        regions=[body],
    )


def _applied(builder: Builder, record: OpRecord, word: Token, types: Sequence[Attribute]) -> Region:
    """The body that does nothing but apply an op to two scalars; all of it is where the reduction is."""
    _, name, offset = word
    op_class = builder.op_class(name, offset)
    if not op_class.has_trait(Commutative, value_if_unregistered=False):
        raise SyntaxFailure(offset, f"expected a commutative op of two values to apply, found '{name}'")
    if not types or not isinstance(types[0], TensorType):
        raise SyntaxFailure(offset, "expected tensors to apply an op to")
    scalar = TensorType(types[0].element_type, [])
    location = record.location or builder.location(record.parts[0][2])
    block = Block(arg_types=[scalar, scalar])
    for argument in block.args:
        argument.location = location
    applied = op_class.create(operands=block.args, result_types=[scalar], location=location)
    returned = builder.op_class("stablehlo.return", offset).create(operands=applied.results, location=location)
    block.add_ops([applied, returned])
    return Region(block)


def build_while(builder: Builder, record: OpRecord) -> Operation:
    token, pairs, types, attributes, cond, body = record.parts
    offset = token[2]
    operands = builder.values([value for _, value in pairs], types, offset)
    arguments = [ArgumentRecord(name, type) for (name, _), type in zip(pairs, types, strict=False)]
    regions = [builder.region(region, isolated=False, arguments=arguments, needs_block=True) for region in (cond, body)]
    op_class = builder.op_class("stablehlo.while", offset)
    return builder.create(op_class, offset, record, operands, types, attributes=attributes, regions=regions)


FORMS: dict[str, HandWrittenForm] = {
    form.op_name: form
    for form in (
        HandWrittenForm(
            "stablehlo.reduce",
            "OP_STABLEHLO_REDUCE stablehlo_reduced stablehlo_reduction -> hand_written",
            build_reduce,
        ),
        HandWrittenForm(
            "stablehlo.while",
            'OP_STABLEHLO_WHILE "(" opt_stablehlo_loop_values ")" opt_colon_types opt_attributes_with_keyword'
            " _KW_COND region _KW_DO region -> hand_written",
            build_while,
        ),
    )
}
