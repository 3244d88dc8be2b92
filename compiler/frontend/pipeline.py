"""The stages of the front end, put together."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from xdsl.dialects.builtin import ModuleOp, UnregisteredAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.utils.exceptions import ParseError, VerifyException

from tfrt.compiler.frontend import compiled_modules
from tfrt.compiler.frontend.builder import Builder
from tfrt.compiler.frontend.builtin_types import shaped_type
from tfrt.compiler.frontend.errors import Source, SyntaxFailure
from tfrt.compiler.frontend.lexer import DialectTable, ShapedTable, Token, tokenize
from tfrt.compiler.frontend.lines import NotByLine
from tfrt.compiler.frontend.parser import parser_for
from tfrt.compiler.frontend.session import Session
from tfrt.compiler.frontend.words import Words
from tfrt.compiler.verifier import line_and_column, verify
from tfrt.dialects import context as dialect_context
from tfrt.dialects import taken_names
from tfrt.dialects.shared.open_context import OpenContext, unregistered_attribute
from tfrt.dialects.shared.spelled_attributes import Spelled, SpelledByWord
from tfrt.executor.support.collector import collector_relaxed
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError, UsageError
from tfrt.executor.support.plugins import DIALECTS, all_of


def read_module(text: str, filename: str = "-", *, allow_unregistered: bool = False, verified: bool = True) -> ModuleOp:
    """The module that `text` spells (see `tfrt.compiler.frontend.parse_module`)."""
    source = Source(text, filename)
    with collector_relaxed():
        try:
            module, diagnostics = _read(source, allow_unregistered, by_line=True)
        except NotByLine:
            # What is wrong with a text is said where all of it is looked at.
            module, diagnostics = _read(source, allow_unregistered, by_line=False)
    if diagnostics:
        # What an alias says is read where it is used and where it is defined.
        raise CompileError((*sorted(dict.fromkeys(diagnostics), key=line_and_column), *_clashes()))
    assert module is not None
    if verified and (diagnostics := verify(module)):
        raise CompileError(tuple(diagnostics))
    return module


def _read(source: Source, allow_unregistered: bool, by_line: bool) -> tuple[ModuleOp | None, list[Diagnostic]]:
    """The module of a text, and what is wrong with it.

    Args:
        by_line: whether lines that are alike are read once.

    Raises:
        NotByLine: that made a difference, and something is wrong.
    """
    context = dialect_context(allow_unregistered)
    words = Words(context)
    diagnostics: list[Diagnostic] = []
    tokens: list[Token] = []
    module = None
    try:
        own_text, bodies = compiled_modules.cut(source.text)
        alias_depths: dict[int, int] = {}
        tables = words, _dialect_attributes(context), shaped_type
        tokens = tokenize(own_text, *tables, alias_depths, by_line)
        part = partial(_tokens_of_part, own_text, tables)
        session = Session(source, tokens, diagnostics, context.knows, alias_depths, part)
        records = parser_for(frozenset(words.rules), frozenset(words.definitions)).parse(session, tokens)
        module = None if records is None else Builder(session, context).module(records)
        if bodies and not diagnostics and module is not None:
            read_own = partial(
                read_module, filename=source.filename, allow_unregistered=allow_unregistered, verified=False
            )
            diagnostics += compiled_modules.put_back(
                module, bodies, source, read_own, allow_unregistered=allow_unregistered
            )
    except SyntaxFailure as failure:
        diagnostics.append(source.error(failure.offset, failure.message))
    if diagnostics and any(token[0] == "OP_LINE" for token in tokens):
        raise NotByLine
    return module, diagnostics


def _tokens_of_part(text: str, tables: tuple[Words, DialectTable, ShapedTable], start: int, end: int) -> list[Token]:
    return tokenize(text, *tables, {}, False, start, end)


def _clashes() -> Iterator[Diagnostic]:
    """Tells of an installed package with a dialect of ours, in which nobody looks for the ops that are missed here."""
    try:
        all_of(DIALECTS, taken_names())
    except UsageError as clash:
        yield Diagnostic("note", str(clash))


def _dialect_attributes(context: OpenContext) -> DialectTable:
    """Looks up `!d.t<...>` and `#d.a<...>` in the context's dialects."""

    def look_up(text: str, is_type: bool, offset: int) -> Attribute:
        name, bracket, body = text[1:].partition("<")
        body = body[:-1]
        dialect, dot, _ = name.partition(".")
        opaque = None if dot else _opaque_attribute(context, dialect, body, is_type=is_type)
        if opaque is not None:
            return _parse_body(opaque[0], context, text, opaque[1], offset)
        if not dot:
            # `!dialect<body>`: xDSL keeps the name up to and with the dot that takes the place of the bracket.
            name = f"{dialect}."
            return unregistered_attribute(name, is_type=is_type)(name, is_type, True, body)
        known = context.get_optional_type(name) if is_type else context.get_optional_attr(name)
        if known is not None and not issubclass(known, UnregisteredAttr):
            if not bracket and issubclass(known, ParametrizedAttribute):
                if known.get_irdl_definition().parameters:
                    raise SyntaxFailure(offset, f"expected '<' and parameters after '{text}'")
                return known.new(())
            return _parse_body(known, context, text, body, offset)
        if context.knows(dialect) and not (is_type and context.is_open(name)):
            what = "type" if is_type else "attribute"
            raise SyntaxFailure(offset, f"unknown {what} '{text}' in dialect '{dialect}'")
        return unregistered_attribute(name, is_type=is_type)(name, is_type, False, body)

    return look_up


def _opaque_attribute(context: OpenContext, dialect: str, body: str, *, is_type: bool) -> tuple[Any, str] | None:
    """What `#dialect<name rest>` is: the class of that name, where it is spelled so, and the rest."""
    name, _, rest = body.partition(" ")
    if is_type or not context.knows(dialect):
        return None
    known = context.get_optional_attr(f"{dialect}.{name}")
    return (known, rest) if known is not None and issubclass(known, SpelledByWord) else None


def _parse_body(attribute_class: Any, context: OpenContext, text: str, body: str, offset: int) -> Attribute:
    """What the attribute's own class makes of the text between its angle brackets."""
    try:
        if hasattr(attribute_class, "from_body"):
            attribute: Attribute = attribute_class.from_body(body)
            return attribute
        from xdsl.parser import Parser

        return Parser(context, text).parse_attribute()
    except (ValueError, ParseError, VerifyException) as error:
        reason = f": {error}" if issubclass(attribute_class, Spelled) else ""
        raise SyntaxFailure(offset, f"invalid attribute '{text}'{reason}") from None
