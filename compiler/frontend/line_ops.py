"""Ops of lines that say the same of other values: the first is read, and the others are made like it (`lines.py`)."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from tfrt.compiler.frontend.assembled_ops import read
from tfrt.compiler.frontend.assembly import CustomForm
from tfrt.compiler.frontend.builder import Builder
from tfrt.compiler.frontend.custom_forms import HandWrittenForm
from tfrt.compiler.frontend.lines import LikeOp, Line, NotByLine
from tfrt.compiler.frontend.records import OpRecord
from tfrt.dialects.shared.ops import copy_region, is_plain, make_op, operands_of


def is_like_its_kind(record: OpRecord) -> bool:
    """Whether ops of other lines that say the same can be made like that of a record: it spells no regions, and means
    the same everywhere."""
    if len(record.results) != 1:
        return False
    form = record.parts[0][1]
    if isinstance(form, CustomForm):
        return not form.is_short
    return isinstance(form, HandWrittenForm) and form.operand_names(*record.parts[1:]) is not None


def build_first(builder: Builder, record: OpRecord) -> Operation:
    """Make the op of a line, and keep what it has in common with those of others of its kind."""
    line, own = record.parts
    (_, form, _), *parts = own.parts
    if isinstance(form, HandWrittenForm):
        op, tokens = form.build(builder, own), form.operand_names(*parts)
    else:
        reading = read(builder, own)
        op, tokens = reading.finish(own), reading.operand_tokens()
    if tokens is None or len(tokens) != len(operands_of(op)) or len(op.results) != 1:
        raise NotByLine
    if not all(map(is_plain, op.regions)):
        raise NotByLine
    places = {offset: place for place, offset in enumerate(line.offsets(builder.session.source.text))}
    operands = [(places[token[2]], operand.type) for token, operand in zip(tokens, operands_of(op), strict=True)]
    types = [result.type for result in op.results]
    line.kind.op = LikeOp(type(op), operands, types, dict(op.attributes), dict(op.properties), op.regions, own.location)
    return op


def build_alike(builder: Builder, record: OpRecord) -> Operation:
    """Make the op of a line like others before it."""
    line = record.parts
    assert isinstance(line, Line)
    kind, names, start, _ = line
    if kind.op is None:
        raise NotByLine
    op_class, known_operands, result_types, attributes, properties, regions, location = kind.op
    known = builder.scopes.known_values
    operands: list[SSAValue] = []
    for place, type in known_operands:
        value = known.get(names[place])
        if value is None or (value._type is not type and value._type != type):
            offset = line.offsets(builder.session.source.text)[place]
            (value,) = builder.values([("VALUE", names[place], offset)], [type], offset)
        operands.append(value)
    name = names[0]
    if location is None:
        # The op's name comes after " = ".
        location = builder.location(start + len(name) + 3)
    if regions:
        op = op_class.create(
            operands=operands,
            result_types=result_types,
            attributes=attributes,
            properties=properties,
            regions=[copy_region(region, location) for region in regions],
            location=location,
        )
    else:
        op = make_op(op_class, operands, result_types, attributes, properties, location)
    (result,) = op.results
    builder.define(name, result, start)
    return op
