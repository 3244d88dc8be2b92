"""The state of one parse: the text, its aliases and resources, what is wrong with it, and attributes already made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xdsl.dialects.builtin import StringAttr, SymbolRefAttr
from xdsl.ir import Attribute

from tfrt.compiler.frontend import dense_literals, number_literals, string_literals
from tfrt.compiler.frontend.errors import Source, SyntaxFailure
from tfrt.compiler.frontend.extents import Extents
from tfrt.compiler.frontend.lexer import MAX_NESTING, Token, nested_too_deep
from tfrt.compiler.frontend.lines import Line
from tfrt.compiler.frontend.records import OpRecord
from tfrt.executor.support.diagnostics import Diagnostic

TRUE = number_literals.boolean(True)
FALSE = number_literals.boolean(False)

Entry = tuple[Token, Any]
"""A name in the file's metadata, and what it is set to."""


MAX_ALIAS_DEPTH = 50


class Session:
    """The state of one parse.

    Attributes:
        parse_at: parses a rule of the grammar (see `parser.START_RULES`) from the token of an index on.
        parse_line: parses a line that holds an op.
    """

    parse_at: Callable[[int, str], Any]
    parse_line: Callable[[Line], OpRecord]

    def __init__(
        self,
        source: Source,
        tokens: list[Token],
        diagnostics: list[Diagnostic],
        is_dialect: Callable[[str], bool],
        alias_depths: Mapping[int, int],
        tokenize: Callable[[int, int], list[Token]],
    ):
        """`is_dialect` says whether there is a dialect of a name; `alias_depths` see `lexer.tokenize`; `tokenize` gives
        the tokens of a part of the text."""
        self.tokenize = tokenize
        self.source = source
        self._is_dialect = is_dialect
        self._alias_depths = alias_depths
        self.diagnostics = diagnostics
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

    def report(self, offset: int, message: str, *notes: Diagnostic) -> None:
        """Note a mistake, and go on."""
        self.diagnostics.append(self.source.error(offset, message, notes))

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
        if len(self._open_aliases) >= MAX_ALIAS_DEPTH:
            message = f"aliases refer to each other more than {MAX_ALIAS_DEPTH} deep"
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
                    self.define_resources(self.parse_at(index, "file_metadata").entries)
        return self._resources.get(key)

    def define_resources(self, entries: Sequence[Entry]) -> None:
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

    def _define_dialect_resources(self, dialect: Token, resources: Sequence[Entry]) -> None:
        if dialect[1] != "builtin":
            is_known = self._is_dialect(dialect[1])
            what = "unexpected 'resource' section for dialect '{}'" if is_known else "dialect '{}' is unknown"
            self.report(dialect[2], what.format(dialect[1]))
            return
        for name, value in resources:
            try:
                key = string_literals.attribute_name(name)
                self._resources[key] = dense_literals.resource_blob(key, value)
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


def number_attribute(session: Session, token: Token, type: Attribute) -> Attribute:
    """The attribute for a number literal of a type; a literal that does not fit is reported and counts as zero."""
    key = (token[1], id(type))
    # The type is kept beside the attribute, so that its id is not used again.
    known = session.numbers.get(key)
    if known is not None:
        return known[1]
    try:
        attribute = number_literals.number(token, type)
    except SyntaxFailure as failure:
        session.report(failure.offset, failure.message)
        return number_literals.number(("INT", "0x0", token[2]), type) if number_literals.is_number_type(type) else FALSE
    session.numbers[key] = (type, attribute)
    return attribute


def string_attribute(session: Session, token: Token) -> StringAttr:
    text = token[1]
    known = session.strings.get(text)
    if known is None:
        known = session.strings[text] = StringAttr(string_literals.unescape(token))
    return known
