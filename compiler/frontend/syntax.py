"""What each grammar rule means: the callbacks that turn reductions into syntax records.

Types and attributes become xDSL attributes at once. Ops become records, since what their names refer to is known only
once whole regions are read; builder.py turns records into IR:

* value: a `VALUE` token, as `(kind, "%x#1", offset)`
* op: `(results, body, location)`; results are `(name, count or None, offset)` triples
* body: `(build, token, parts)`, where `build(builder, record)` makes the op
* region: `(entry ops, blocks)`
* block: `(label token, arguments, ops)`, each argument being `(name token, type, location)`
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

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

from tfrt.compiler.frontend import attributes as literals
from tfrt.compiler.frontend.errors import Source, SyntaxFailure
from tfrt.compiler.frontend.extents import Extents
from tfrt.compiler.frontend.lexer import MAX_NESTING, Token, nested_too_deep
from tfrt.compiler.locations import file_range, fuse
from tfrt.executor.support.diagnostics import Diagnostic

Record = tuple[Any, ...]

UNIT = UnitAttr()
TRUE = literals.boolean(True)
FALSE = literals.boolean(False)
UNKNOWN = UnknownLoc()

_LOCATION_CLASSES = (FileLineColLoc, NameLoc, CallSiteLoc, FusedLoc, UnknownLoc)


class Session:
    """The state of one parse: the text, its aliases, what has been found wrong, and attributes already made."""

    def __init__(
        self,
        source: Source,
        tokens: list[Token],
        diagnostics: list[Diagnostic],
        dialects: Collection[str],
        alias_depths: Mapping[int, int],
    ):
        """`dialects` are those that there are; `alias_depths` see `lexer.tokenize`."""
        self.source = source
        self.dialects = dialects
        self._alias_depths = alias_depths
        self.diagnostics = diagnostics
        self.parse_at: Callable[[int, str], Any]
        """Parses a rule of the grammar (see `parser.START_RULES`) from the token of an index on."""
        self._tokens = tokens
        self._alias_definitions: dict[str, int] | None = None
        self._aliases: dict[str, Attribute] = {}
        self._open_aliases: list[str] = []
        self._extents = Extents()
        self._wrong_aliases: dict[str, SyntaxFailure] = {}
        self._resources: dict[str, bytes] = {}
        self._has_looked_for_sections = False
        self._sections_read: set[int] = set()
        self.numbers: dict[tuple[str, int], tuple[Attribute, Attribute]] = {}
        self.strings: dict[str, StringAttr] = {}
        self.symbols: dict[str, SymbolRefAttr] = {}

    def report(self, offset: int, message: str) -> None:
        self.diagnostics.append(self.source.error(offset, message))

    def alias(self, token: Token) -> Attribute:
        """What an alias stands for, wherever in the text it is defined."""
        attribute = self._meaning_of(token)
        # Where the alias stands, what it stands for nests as if it was spelled there.
        if self._alias_depths[token[2]] + self._extents.of(attribute).depth > MAX_NESTING:
            raise nested_too_deep(token[2])
        return attribute

    def _meaning_of(self, token: Token) -> Attribute:
        name = token[1]
        known = self._aliases.get(name)
        if known is not None:
            return known
        if name in self._wrong_aliases:
            raise self._wrong_aliases[name]
        if self._alias_definitions is None:
            self._alias_definitions = self._find_alias_definitions()
        index = self._alias_definitions.get(name)
        if index is None:
            raise SyntaxFailure(token[2], f"undefined symbol alias id '{name[1:]}'")
        if name in self._open_aliases:
            raise SyntaxFailure(token[2], f"alias '{name}' is defined in terms of itself")
        if len(self._open_aliases) >= literals.MAX_ALIAS_DEPTH:
            message = f"aliases refer to each other more than {literals.MAX_ALIAS_DEPTH} deep"
            raise SyntaxFailure(token[2], message, is_last=True)
        self._open_aliases.append(name)
        try:
            attribute = self.parse_at(index, "type" if name[0] == "!" else "attribute")
        except SyntaxFailure as failure:
            # Said once, and not again wherever the alias is used or defined.
            self._wrong_aliases.setdefault(name, failure)
            raise
        finally:
            self._open_aliases.pop()
        self._keep_alias(token, attribute)
        return attribute

    def define_alias(self, token: Token, attribute: Attribute) -> None:
        name = token[1]
        if self._alias_definitions is None:
            self._alias_definitions = self._find_alias_definitions()
        first = self._alias_definitions[name]
        first_offset = self._tokens[first - 2][2]
        if first_offset != token[2]:
            kind = "type" if name[0] == "!" else "attribute"
            note = self.source.note(first_offset, "first defined here")
            message = f"redefinition of {kind} alias id '{name[1:]}'"
            self.diagnostics.append(self.source.error(token[2], message, (note,)))
            return
        self._keep_alias(token, attribute)

    def _keep_alias(self, token: Token, attribute: Attribute) -> None:
        if self._extents.of(attribute).size > self._extents.limit:
            message = f"alias '{token[1]}' stands for more than {self._extents.limit:,} attributes and types"
            raise SyntaxFailure(token[2], message, is_last=True)
        self._aliases[token[1]] = attribute

    def resource(self, key: str) -> bytes | None:
        """What the file's metadata, wherever in the text it stands, says that `dense_resource<key>` is."""
        if not self._has_looked_for_sections:
            self._has_looked_for_sections = True
            for index, token in enumerate(self._tokens):
                if token[0] == "_METADATA_BEGIN":
                    self.define_resources(self.parse_at(index, "file_metadata")[1])
        return self._resources.get(key)

    def define_resources(self, entries: list[Record]) -> None:
        """Take over the blobs of a metadata section, and report what is wrong with it."""
        for name, groups in entries:
            if name[2] in self._sections_read:
                continue
            self._sections_read.add(name[2])
            if name[1] not in ("dialect_resources", "external_resources"):
                self.report(name[2], f"unknown key '{name[1]}' in file metadata dictionary")
            elif name[1] == "dialect_resources":
                for dialect, resources in groups:
                    self._define_dialect_resources(dialect, resources)

    def _define_dialect_resources(self, dialect: Token, resources: list[Record]) -> None:
        if dialect[1] != "builtin":
            is_known = dialect[1] in self.dialects
            what = "unexpected 'resource' section for dialect '{}'" if is_known else "dialect '{}' is unknown"
            self.report(dialect[2], what.format(dialect[1]))
            return
        for name, value in resources:
            try:
                key = literals.attribute_name(name)
                self._resources[key] = literals.resource_blob(key, value)
            except SyntaxFailure as failure:
                self.report(failure.offset, failure.message)

    def _find_alias_definitions(self) -> dict[str, int]:
        """For each alias, the index of the token after the `=` of its first definition."""
        tokens = self._tokens
        definitions: dict[str, int] = {}
        for i, token in enumerate(tokens):
            if token[0] in ("HASH_NAME", "BANG_NAME") and tokens[i + 1][0] == "EQUAL":
                definitions.setdefault(token[1], i + 2)
        return definitions


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

    def the_list(self, children: list[Any]) -> Any:
        return children[0]

    the_location = the_list

    def nothing(self, children: list[Any]) -> None:
        return None

    def file_metadata(self, children: list[Any]) -> Record:
        return ("METADATA", children[0])

    def metadata(self, children: list[Any]) -> Any:
        """The section's place in the list of ops, where it is none."""
        self.session.define_resources(children[1][1])
        return children[0]

    # Ops, regions, blocks

    def module_text(self, children: list[Any]) -> list[Any]:
        items: list[Any] = children[0]
        return items

    def alias_definition(self, children: list[Any]) -> None:
        self.session.define_alias(children[0], children[1])

    def op_with_results(self, children: list[Any]) -> Record:
        return (children[0], children[1], children[2])

    def op_without_results(self, children: list[Any]) -> Record:
        return ((), children[0], children[1])

    def single_result(self, children: list[Any]) -> Record:
        _, name, offset = _definable(children[0])
        return (name, None, offset)

    def result_pack(self, children: list[Any]) -> Record:
        token, count = children
        _, name, offset = _definable(token)
        number = literals.parse_integer(count)
        if number < 1:
            raise SyntaxFailure(count[2], "expected named operation to have at least 1 result")
        return (name, number, offset)

    def generic_op(self, children: list[Any]) -> Record:
        from tfrt.compiler.frontend.builder import build_generic

        return (build_generic, children[0], children)

    def assembled(self, children: list[Any]) -> Record:
        from tfrt.compiler.frontend.assembly import build_assembled

        return (build_assembled, children[0], children)

    def hand_written(self, children: list[Any]) -> Record:
        """The op's token carries the function that builds it (see custom_forms.py)."""
        return (children[0][1].build, children[0], children)

    def region(self, children: list[Any]) -> Record:
        return (children[0], children[1])

    def block(self, children: list[Any]) -> Record:
        return tuple(children)

    def block_argument(self, children: list[Any]) -> Record:
        _definable(children[0])
        return tuple(children)

    def named_argument(self, children: list[Any]) -> Record:
        name, type, attributes, location = children
        return (_definable(name), type, attributes, location, name[2])

    def unnamed_argument(self, children: list[Any]) -> Record:
        type, attributes, location = children
        return (None, type, attributes, location, 0)

    def one_function_result(self, children: list[Any]) -> list[Record]:
        return [(children[0], {})]

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
        return literals.tensor_type(token[2], token[1], element, encoding)

    def vector_type(self, children: list[Any]) -> Attribute:
        token, element = children
        return literals.vector_type(token[2], token[1], element)

    def memref_type(self, children: list[Any]) -> Attribute:
        token, element = children
        return literals.memref_type(token[2], token[1], element)

    def complex_type(self, children: list[Any]) -> Attribute:
        token, element = children
        return literals.complex_type(token[2], element)

    def tuple_type(self, children: list[Any]) -> Attribute:
        return TupleType(ArrayAttr(children[0]))

    def signature(self, children: list[Any]) -> Record:
        return (children[0], children[1])

    def function_type(self, children: list[Any]) -> Attribute:
        return FunctionType.from_lists(*children[0])

    type_list = the_list

    # Attributes

    def untyped_number(self, children: list[Any]) -> Attribute:
        token = children[0]
        return self._number(token, literals.default_type(token))

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
            known = self.session.symbols[text] = SymbolRefAttr(literals.symbol_name(token))
        return known

    def nested_symbol(self, children: list[Any]) -> SymbolRefAttr:
        outer: SymbolRefAttr = children[0]
        return SymbolRefAttr(
            outer.root_reference, [*outer.nested_references, StringAttr(literals.symbol_name(children[1]))]
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

    def entry(self, children: list[Any]) -> Record:
        token, value = children
        return (literals.attribute_name(token), value, token[2])

    def unit_entry(self, children: list[Any]) -> Record:
        token = children[0]
        return (literals.attribute_name(token), UNIT, token[2])

    def dictionary_attribute(self, children: list[Any]) -> Attribute:
        return DictionaryAttr(children[0])

    def complex_scalar(self, children: list[Any]) -> Record:
        return ("COMPLEX", tuple(children))

    def dense(self, children: list[Any]) -> Attribute:
        token, value, type = children
        return literals.dense(value, type, token[2])

    def dense_resource(self, children: list[Any]) -> Attribute:
        token, name, type = children
        key = literals.attribute_name(name)
        return literals.dense_resource(key, self.session.resource(key), type, token[2])

    def typed_array(self, children: list[Any]) -> Attribute:
        token, type, *values = children
        return literals.typed_array(type, values[0] if values else [], token[2])

    # Locations

    def file_location(self, children: list[Any]) -> Attribute:
        name, line, *column = children
        return FileLineColLoc(
            string_attribute(self.session, name),
            IntAttr(literals.position_number(line, "line")),
            IntAttr(literals.position_number(column[0], "column") if column else 0),
        )

    def file_range(self, children: list[Any]) -> Attribute:
        *start_parts, end_column = children
        start = self.file_location(start_parts[:3])
        assert isinstance(start, FileLineColLoc)
        end_line = start_parts[3] if len(start_parts) > 3 else start_parts[1]
        return file_range(
            start, literals.position_number(end_line, "line"), literals.position_number(end_column, "column")
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


def number_attribute(session: Session, token: Token, type: Attribute) -> Attribute:
    """The attribute for a number literal of a type; a literal that does not fit is reported and counts as zero."""
    key = (token[1], id(type))
    # The type is kept beside the attribute, so that its id is not used again.
    known = session.numbers.get(key)
    if known is not None:
        return known[1]
    try:
        attribute = literals.number(token, type)
    except SyntaxFailure as failure:
        session.report(failure.offset, failure.message)
        return literals.number(("INT", "0x0", token[2]), type) if literals.is_number_type(type) else FALSE
    session.numbers[key] = (type, attribute)
    return attribute


def string_attribute(session: Session, token: Token) -> StringAttr:
    text = token[1]
    known = session.strings.get(text)
    if known is None:
        known = session.strings[text] = StringAttr(literals.unescape(token))
    return known


def _definable(token: Token) -> Token:
    """The token of a value that is defined, which must be a name as a whole."""
    if "#" in token[1]:
        raise SyntaxFailure(token[2], f"cannot define '{token[1]}': '#' selects one of an operation's results")
    return token
