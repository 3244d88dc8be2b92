"""Syntax records to IR: ops, regions and blocks, and what is wrong with them; `scopes.py` has the names of values.

Mistakes are collected, so that one run shows several: a value stands in for what is missing, of the type its user
expects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from xdsl.dialects.builtin import UNKNOWN_LOC, IntAttr, LocationAttr, ModuleOp, StringAttr, UnregisteredOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.traits import IsolatedFromAbove

from tfrt.compiler.frontend import number_literals, string_literals
from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.compiler.frontend.lexer import Token
from tfrt.compiler.frontend.records import ArgumentRecord, BlockRecord, OpRecord, RegionRecord, ResultRecord
from tfrt.compiler.frontend.scopes import ForwardReference, Scopes
from tfrt.compiler.frontend.session import Session, number_attribute, string_attribute
from tfrt.compiler.locations import integer, place
from tfrt.dialects.shared.open_context import OpenContext
from tfrt.dialects.shared.ops import add_arguments, append_op, make_op
from tfrt.dialects.shared.walking import is_defined


class Builder:
    """Builds the IR of one text."""

    def __init__(self, session: Session, context: OpenContext):
        self.session = session
        self.context = context
        self.scopes = Scopes(session)
        self.values, self.define = self.scopes.values, self.scopes.define
        self.default_dialect = ""
        """That of ops without one in their names, as the op says whose region is being built."""
        self._blocks_by_name: dict[str, Block] = {}
        self._filename = StringAttr(session.source.filename)
        self._integers: dict[int, IntAttr] = {}
        self._op_classes: dict[str, type[Operation]] = {}

    # Modules, regions, blocks

    def module(self, records: Sequence[OpRecord]) -> ModuleOp:
        """The module of a whole text: its only op if that is a module, else a new one around its ops."""
        block = Block()
        region = Region(block)
        self._fill(block, records)
        self.scopes.finish()
        only = block.first_op
        if isinstance(only, ModuleOp) and only is block.last_op:
            only.detach()
            return only
        return ModuleOp(region)

    def region(
        self,
        record: RegionRecord,
        isolated: bool,
        arguments: Sequence[ArgumentRecord] = (),
        needs_block: bool = False,
        default_dialect: str = "",
    ) -> Region:
        """A region from its record; `arguments` are those of its entry block that the record does not spell.

        An empty pair of braces is a region without blocks, unless arguments belong to it or the op
        `needs_block`.
        """
        entry_ops, block_records = record
        region = Region()
        outer_scope = self.scopes.enter(isolated=isolated)
        outer_names, self._blocks_by_name = self._blocks_by_name, {}
        outer_dialect, self.default_dialect = self.default_dialect, default_dialect
        entry: Block | None = None
        if entry_ops or arguments or (needs_block and not block_records):
            entry = Block()
            region.add_block(entry)
            self._add_arguments(entry, arguments)
        labelled = self._declare_blocks(region, block_records)
        if entry is not None:
            self._fill(entry, entry_ops)
        for block, block_record in labelled:
            self._add_arguments(block, block_record.arguments)
            self._fill(block, block_record.ops)
        if isolated:
            self.scopes.finish()
        self.scopes.leave(outer_scope)
        self._blocks_by_name, self.default_dialect = outer_names, outer_dialect
        return region

    def _declare_blocks(self, region: Region, records: Sequence[BlockRecord]) -> list[tuple[Block, BlockRecord]]:
        labelled = []
        for record in records:
            label = record.label
            if label[1] in self._blocks_by_name:
                self.session.report(label[2], f"redefinition of block '{label[1]}'")
                continue
            block = Block()
            name = label[1][1:]
            if not Block.is_default_block_name(name) and Block.is_valid_name(name):
                block.name_hint = name
            region.add_block(block)
            self._blocks_by_name[label[1]] = block
            labelled.append((block, record))
        return labelled

    def _fill(self, block: Block, records: Sequence[OpRecord]) -> None:
        outer = self.scopes.open_blocks
        self.scopes.open_blocks = (*outer, block)
        for record in records:
            try:
                op = record.build(self, record)
            except SyntaxFailure as failure:
                self.session.report(failure.offset, failure.message)
                op = build_given_up(self, record)
            append_op(block, op)
        self.scopes.open_blocks = outer

    def _add_arguments(self, block: Block, records: Sequence[ArgumentRecord]) -> None:
        types = [record.type for record in records]
        arguments = add_arguments(block, types, [record.location or UNKNOWN_LOC for record in records])
        for record, argument in zip(records, arguments, strict=True):
            if record.name is not None:
                self.define(record.name[1], argument, record.name[2])

    # Ops

    def create(
        self,
        op_class: type[Operation],
        offset: int,
        record: OpRecord,
        operands: Sequence[SSAValue] = (),
        result_types: Sequence[Attribute] = (),
        *,
        attributes: Mapping[str, Attribute] = {},
        properties: Mapping[str, Attribute] = {},
        regions: Sequence[Region] = (),
        successors: Sequence[Block] = (),
    ) -> Operation:
        """The op whose name starts at `offset`, with its location, and its results under the names of the
        record.
        """
        if regions:
            operands = [(o.settled or o) if isinstance(o, ForwardReference) else o for o in operands]
        location = record.location or self.location(offset)
        if regions or successors:
            op = op_class.create(
                operands=operands,
                result_types=result_types,
                attributes=attributes,
                properties=properties,
                location=location,
                regions=regions,
                successors=successors,
            )
        else:
            op = make_op(op_class, operands, result_types, attributes, properties, location)
        names = record.results
        if names:
            self._name_results(op, names)
        return op

    def _name_results(self, op: Operation, names: Sequence[ResultRecord]) -> None:
        results = op.results
        first = names[0]
        if len(names) == 1 and len(results) == 1 and first.size is None:
            self.define(first.name, results[0], first.offset)
            return
        named = sum(record.size or 1 for record in names)
        if not results:
            self.session.report(first.offset, "cannot name an operation with no results")
        elif named != len(results):
            self.session.report(
                first.offset, f"operation defines {len(results)} results but was provided {named} to bind"
            )
        position = 0
        for record in names:
            size = record.size or 1
            values = results[position : position + size]
            position += size
            if len(values) == 1 and size == 1:
                self.define(record.name, values[0], record.offset)
            elif values:
                self.scopes.define_pack(record.name, values, record.offset)

    def location(self, offset: int) -> LocationAttr:
        """The position of the character at `offset` as a location attribute."""
        line, column = self.session.source.line_and_column(offset)
        integers = self._integers
        line_attribute = integers.get(line)
        if line_attribute is None:
            line_attribute = integers[line] = integer(line)
        column_attribute = integers.get(column)
        if column_attribute is None:
            column_attribute = integers[column] = integer(column)
        return place(self._filename, line_attribute, column_attribute)

    def op_class(self, name: str, offset: int) -> type[Operation]:
        """The class of the op of this name; an unregistered one, and a diagnostic unless allowed, if there is
        none.
        """
        known = self._op_classes.get(name)
        if known is not None:
            return known
        found = self.context.get_optional_op(name)
        dialect = name.partition(".")[0]
        is_closed = self.context.knows_dialect_of(name) and not self.context.is_open(name)
        if found is None or (is_closed and issubclass(found, UnregisteredOp)):
            if is_closed:
                message = (
                    f"unregistered operation '{name}' found in dialect ('{dialect}')"
                    " that does not allow unknown operations"
                )
            else:
                message = (
                    f"op '{name}' is of an unregistered dialect. If this is intended, please use"
                    " -allow-unregistered-dialect with the MLIR tool used"
                )
            self.session.report(offset, message)
            return UnregisteredOp.with_name(name)
        self._op_classes[name] = found
        return found

    # What ops need that read themselves; see `tfrt.dialects.shared.forms.Reader`

    def open_body(self, region: RegionRecord, arguments: Sequence[Any]) -> Region:
        """A region that sees the values around it, with these arguments (see `tfrt.dialects.shared.forms.Reader`)."""
        records = [each if isinstance(each, ArgumentRecord) else ArgumentRecord(*each) for each in arguments]
        return self.region(region, isolated=False, arguments=records, needs_block=True)

    def body(self, region: RegionRecord | None, tokens: Sequence[Token], types: Sequence[Attribute]) -> Region:
        arguments = [ArgumentRecord(token, type) for token, type in zip(tokens, types, strict=False)]
        return self.region(region or RegionRecord([], []), isolated=True, arguments=arguments, needs_block=True)

    def string(self, token: Token) -> StringAttr:
        return string_attribute(self.session, token)

    def number(self, token: Token, type: Attribute) -> Attribute:
        return number_attribute(self.session, token, type)

    def integer(self, token: Token) -> int:
        return number_literals.parse_integer(token)

    def report(self, offset: int, message: str) -> None:
        self.session.report(offset, message)

    def refuse(self, offset: int, message: str) -> NoReturn:
        raise SyntaxFailure(offset, message)

    def successor(self, token: Token) -> Block:
        block = self._blocks_by_name.get(token[1])
        if block is None:
            self.session.report(token[2], f"reference to an undefined block '{token[1]}'")
            return Block()
        return block


def locate_implied(op: Operation, implied: Iterable[Operation]) -> None:
    """Ops in an op's regions that the text does not spell, and their blocks' arguments, are where the op is."""
    for inner in implied:
        inner.location = op.location
        for argument in inner.parent.args if inner.parent is not None else ():
            argument.location = op.location


def build_given_up(builder: Builder, record: OpRecord) -> Operation:
    """Something in the place of an op that is wrong, which has been reported."""
    builder.scopes.give_up_names(record.results)
    return UnregisteredOp.with_name("given up").create()


def build_generic(builder: Builder, record: OpRecord) -> Operation:
    """Make the op of a record in generic form."""
    token, operand_tokens, successor_tokens, properties, region_records, attributes, signature = record.parts
    offset = token[2]
    name = string_literals.unescape(token)
    if not name:
        raise SyntaxFailure(offset, "empty operation name is invalid")
    op_class = builder.op_class(name, offset)
    operand_types, result_types = signature
    if len(operand_tokens) != len(operand_types):
        plural = "" if len(operand_tokens) == 1 else "s"
        builder.session.report(
            offset, f"expected {len(operand_tokens)} operand type{plural} but had {len(operand_types)}"
        )
        operand_tokens = operand_types = ()
    operands = builder.values(operand_tokens, operand_types, offset)
    if properties or is_defined(op_class):
        attributes, properties = _sorted_out(op_class, attributes, properties)
    regions: Sequence[Region] = ()
    if region_records:
        isolated = op_class.has_trait(IsolatedFromAbove, value_if_unregistered=False)
        dialect = "func" if issubclass(op_class, FuncOp) else ""
        regions = [builder.region(region, isolated, default_dialect=dialect) for region in region_records]
    return builder.create(
        op_class,
        offset,
        record,
        operands,
        result_types,
        attributes=attributes,
        properties=properties,
        regions=regions,
        successors=[builder.successor(t) for t in successor_tokens] if successor_tokens else (),
    )


def _sorted_out(
    op_class: type[Operation], attributes: dict[str, Attribute], properties: dict[str, Attribute]
) -> tuple[dict[str, Attribute], dict[str, Attribute]]:
    """Attributes and properties where the op's definition wants them, in whichever dictionary the text has
    them.
    """
    if not is_defined(op_class):
        return attributes, properties
    definition = op_class.get_irdl_definition()
    if not definition.properties and not properties:
        return attributes, properties
    both = {**properties, **attributes}
    return (
        {name: value for name, value in both.items() if name not in definition.properties},
        {name: value for name, value in both.items() if name in definition.properties},
    )
