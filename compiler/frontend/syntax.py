"""What each grammar rule means: the callbacks that turn reductions into syntax records.

Types and attributes become xDSL attributes at once. Ops become records (see records.py), since what their names refer
to is known only once whole regions are read; builder.py turns records into IR.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    DictionaryAttr,
    FileLineColLoc,
    FunctionType,
    FusedLoc,
    IntAttr,
    NameLoc,
    StringAttr,
    SymbolRefAttr,
    TupleType,
    UnitAttr,
    UnknownLoc,
)
from xdsl.ir import Attribute

from tfrt.compiler.frontend import builtin_types, dense_literals, number_literals, string_literals
from tfrt.compiler.frontend.assembled_ops import build_assembled
from tfrt.compiler.frontend.builder import build_generic
from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.compiler.frontend.lexer import Token
from tfrt.compiler.frontend.line_ops import build_alike, build_first, is_like_its_kind
from tfrt.compiler.frontend.lines import Line
from tfrt.compiler.frontend.records import (
    ArgumentRecord,
    BlockRecord,
    FunctionResultRecord,
    MetadataRecord,
    OpRecord,
    RegionRecord,
    ResultRecord,
)
from tfrt.compiler.frontend.session import FALSE, TRUE, Session, number_attribute, string_attribute
from tfrt.compiler.locations import file_range, fuse

UNIT = UnitAttr()
UNKNOWN = UnknownLoc()

_LOCATION_CLASSES = (FileLineColLoc, NameLoc, CallSiteLoc, FusedLoc, UnknownLoc)


_Action = TypeVar("_Action", bound=Callable[..., Any])


def picks_first(action: _Action) -> _Action:
    """Mark an action that does nothing but give its first child, so that nobody need call it."""
    action.picks_first = True  # type: ignore[attr-defined]
    return action


class SyntaxActions:
    """One method per rule (or alias) of grammar.lark; each takes the list of the rule's children."""

    session: Session

    # Lists and groups

    def empty_list(self, children: list[Any]) -> list[Any]:
        return children

    def list_of_one(self, children: list[Any]) -> list[Any]:
        return children

    def append(self, children: list[Any]) -> list[Any]:
        items: list[Any] = children[0]
        if children[1] is not None:
            items.append(children[1])
        return items

    @picks_first
    def the_list(self, children: list[Any]) -> Any:
        return children[0]

    the_location = the_list

    def nothing(self, children: list[Any]) -> None:
        return None

    def group(self, children: list[Any]) -> tuple[Any, ...]:
        return tuple(children)

    def file_metadata(self, children: list[Any]) -> MetadataRecord:
        return MetadataRecord(children[0])

    def metadata(self, children: list[Any]) -> Any:
        """The section's place in the list of ops, where it is none."""
        self.session.define_resources(children[1].entries)
        return children[0]

    # Ops, regions, blocks

    def module_text(self, children: list[Any]) -> list[Any]:
        items: list[Any] = children[0]
        return items

    def alias_definition(self, children: list[Any]) -> None:
        self.session.define_alias(children[0], children[1])

    def op_with_results(self, children: list[Any]) -> OpRecord:
        results, (build, parts), location = children
        return OpRecord(results, build, parts, location)

    def op_without_results(self, children: list[Any]) -> OpRecord:
        (build, parts), location = children
        return OpRecord((), build, parts, location)

    def op_of_line(self, children: list[Any]) -> OpRecord:
        line: Line = children[0][1]
        kind = line.kind
        if kind.is_alike:
            return OpRecord((), build_alike, line, None)
        record = self.session.parse_line(line)
        if kind.is_alike is None:
            kind.is_alike = kind.comes_again and is_like_its_kind(record)
            if kind.is_alike:
                return OpRecord(record.results, build_first, (line, record), record.location)
        return record

    def single_result(self, children: list[Any]) -> ResultRecord:
        _, name, offset = _definable(children[0])
        return ResultRecord(name, None, offset)

    def result_pack(self, children: list[Any]) -> ResultRecord:
        token, count = children
        _, name, offset = _definable(token)
        number = number_literals.parse_integer(count)
        if number < 1:
            raise SyntaxFailure(count[2], "expected named operation to have at least 1 result")
        return ResultRecord(name, number, offset)

    def generic_op(self, children: list[Any]) -> tuple[Any, ...]:
        return (build_generic, children)

    def assembled(self, children: list[Any]) -> tuple[Any, ...]:
        return (build_assembled, children)

    def hand_written(self, children: list[Any]) -> tuple[Any, ...]:
        """The op's token carries the function that builds it (see custom_forms.py)."""
        return (children[0][1].build, children)

    def region(self, children: list[Any]) -> RegionRecord:
        return RegionRecord(*children)

    def region_of_op(self, children: list[Any]) -> RegionRecord:
        """One op in place of a region."""
        ((build, parts),) = children
        return RegionRecord([OpRecord((), build, parts, None)], [])

    def block(self, children: list[Any]) -> BlockRecord:
        return BlockRecord(*children)

    def block_argument(self, children: list[Any]) -> ArgumentRecord:
        name, type, location = children
        return ArgumentRecord(_definable(name), type, location)

    def named_argument(self, children: list[Any]) -> ArgumentRecord:
        name, type, attributes, location = children
        return ArgumentRecord(_definable(name), type, location, attributes)

    def unnamed_argument(self, children: list[Any]) -> ArgumentRecord:
        type, attributes, location = children
        return ArgumentRecord(None, type, location, attributes)

    def function_result(self, children: list[Any]) -> FunctionResultRecord:
        return FunctionResultRecord(*children)

    def one_function_result(self, children: list[Any]) -> list[FunctionResultRecord]:
        return [FunctionResultRecord(children[0])]

    list_of_two = list_of_one

    # Types

    def known_type(self, children: list[Any]) -> Attribute:
        attribute: Attribute = children[0][1]
        return attribute

    known_attribute = known_type
    type_attribute = the_list

    def alias(self, children: list[Any]) -> Attribute:
        return self.session.alias(children[0])

    def tensor_type(self, children: list[Any]) -> Attribute:
        token, element = children[0], children[1]
        encoding = children[2] if len(children) > 2 else None
        return builtin_types.tensor_type(token[2], token[1], element, encoding)

    def vector_type(self, children: list[Any]) -> Attribute:
        token, element = children
        return builtin_types.vector_type(token[2], token[1], element)

    def memref_type(self, children: list[Any]) -> Attribute:
        token, element = children
        return builtin_types.memref_type(token[2], token[1], element)

    def complex_type(self, children: list[Any]) -> Attribute:
        token, element = children
        return builtin_types.complex_type(token[2], element)

    def tuple_type(self, children: list[Any]) -> Attribute:
        return TupleType(ArrayAttr(children[0]))

    def signature(self, children: list[Any]) -> tuple[Any, ...]:
        return (children[0], children[1])

    def function_type(self, children: list[Any]) -> Attribute:
        return FunctionType.from_lists(*children[0])

    # Attributes

    def untyped_number(self, children: list[Any]) -> Attribute:
        token = children[0]
        return self._number(token, number_literals.default_type(token))

    def typed_number(self, children: list[Any]) -> Attribute:
        return self._number(children[0], children[1])

    def _number(self, token: Token, type: Attribute) -> Attribute:
        return number_attribute(self.session, token, type)

    def true(self, children: list[Any]) -> Attribute:
        return TRUE

    def false(self, children: list[Any]) -> Attribute:
        return FALSE

    def unit(self, children: list[Any]) -> Attribute:
        return UNIT

    def string(self, children: list[Any]) -> StringAttr:
        return string_attribute(self.session, children[0])

    def typed_string(self, children: list[Any]) -> StringAttr:
        """The type of a string has no meaning for TFRT, and xDSL has no place for it."""
        return self.string(children)

    def empty_array(self, children: list[Any]) -> Attribute:
        return ArrayAttr(())

    def array(self, children: list[Any]) -> Attribute:
        return ArrayAttr(children[0])

    def symbol(self, children: list[Any]) -> SymbolRefAttr:
        token = children[0]
        text = token[1]
        known = self.session.symbols.get(text)
        if known is None:
            known = self.session.symbols[text] = SymbolRefAttr(string_literals.symbol_name(token))
        return known

    def nested_symbol(self, children: list[Any]) -> SymbolRefAttr:
        outer: SymbolRefAttr = children[0]
        return SymbolRefAttr(
            outer.root_reference, [*outer.nested_references, StringAttr(string_literals.symbol_name(children[1]))]
        )

    def no_attributes(self, children: list[Any]) -> dict[str, Attribute]:
        return {}

    def dictionary(self, children: list[Any]) -> dict[str, Attribute]:
        entries = children[0]
        attributes = {name: value for name, value, _ in entries}
        if len(attributes) != len(entries):
            self._report_duplicates(entries)
        return attributes

    def _report_duplicates(self, entries: list[tuple[str, Attribute, int]]) -> None:
        seen: set[str] = set()
        for name, _, offset in entries:
            if name in seen:
                self.session.report(offset, f"duplicate key '{name}' in dictionary attribute")
            seen.add(name)

    def entry(self, children: list[Any]) -> tuple[Any, ...]:
        token, value = children
        return (string_literals.attribute_name(token), value, token[2])

    def unit_entry(self, children: list[Any]) -> tuple[Any, ...]:
        token = children[0]
        return (string_literals.attribute_name(token), UNIT, token[2])

    def dictionary_attribute(self, children: list[Any]) -> Attribute:
        return DictionaryAttr(children[0])

    def complex_scalar(self, children: list[Any]) -> tuple[Any, ...]:
        return ("COMPLEX", tuple(children))

    def dense(self, children: list[Any]) -> Attribute:
        token, value, type = children
        return dense_literals.dense(value, type, token[2])

    def dense_resource(self, children: list[Any]) -> Attribute:
        token, name, type = children
        key = string_literals.attribute_name(name)
        return dense_literals.dense_resource(key, self.session.resource(key), type, token[2])

    def typed_array(self, children: list[Any]) -> Attribute:
        token, type, *values = children
        return dense_literals.typed_array(type, values[0] if values else [], token[2])

    # Locations

    def file_location(self, children: list[Any]) -> Attribute:
        name, line, *column = children
        return FileLineColLoc(
            string_attribute(self.session, name),
            IntAttr(number_literals.position_number(line, "line")),
            IntAttr(number_literals.position_number(column[0], "column") if column else 0),
        )

    def file_range(self, children: list[Any]) -> Attribute:
        *start_parts, end_column = children
        start = self.file_location(start_parts[:3])
        assert isinstance(start, FileLineColLoc)
        end_line = start_parts[3] if len(start_parts) > 3 else start_parts[1]
        return file_range(
            start,
            number_literals.position_number(end_line, "line"),
            number_literals.position_number(end_column, "column"),
        )

    def name_location(self, children: list[Any]) -> Attribute:
        child = children[1] if len(children) > 1 else UNKNOWN
        return NameLoc(string_attribute(self.session, children[0]), child)

    def callsite_location(self, children: list[Any]) -> Attribute:
        return CallSiteLoc(children[0], children[1])

    def fused_location(self, children: list[Any]) -> Attribute:
        return fuse(children[0] if children else ())

    def fused_location_with_metadata(self, children: list[Any]) -> Attribute:
        return fuse(children[1] if len(children) > 1 else (), children[0])

    def unknown_location(self, children: list[Any]) -> Attribute:
        return UNKNOWN

    def location_alias(self, children: list[Any]) -> Attribute:
        token = children[0]
        attribute = self.session.alias(token)
        if not isinstance(attribute, _LOCATION_CLASSES):
            raise SyntaxFailure(token[2], f"expected location, but found alias '{token[1]}' of something else")
        return attribute


def _definable(token: Token) -> Token:
    """The token of a value that is defined, which must be a name as a whole."""
    if "#" in token[1]:
        raise SyntaxFailure(token[2], f"cannot define '{token[1]}': '#' selects one of an operation's results")
    return token
