"""The stages of the front end, put together."""

from __future__ import annotations

from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnregisteredAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.utils.exceptions import ParseError, VerifyException

from tfrt.compiler.frontend.builder import Builder
from tfrt.compiler.frontend.errors import Source, SyntaxFailure
from tfrt.compiler.frontend.lexer import tokenize
from tfrt.compiler.frontend.parser import parser_for
from tfrt.compiler.frontend.syntax import Session
from tfrt.compiler.frontend.words import Words
from tfrt.compiler.verifier import line_and_column, verify
from tfrt.dialects import context as dialect_context
from tfrt.executor.diagnostics import Diagnostic
from tfrt.executor.errors import CompileError


def read_module(text: str, filename: str = "-", *, allow_unregistered: bool = False, verified: bool = True) -> ModuleOp:
    """The module that `text` spells (see `tfrt.compiler.frontend.parse_module`)."""
    source = Source(text, filename)
    context = dialect_context(allow_unregistered)
    words = Words(context)
    diagnostics: list[Diagnostic] = []
    try:
        tokens = tokenize(text, words, _dialect_attributes(context))
        session = Session(source, tokens, diagnostics)
        records = parser_for(frozenset(words.rules)).parse(session, tokens)
        module = Builder(session, context).module(records)
    except SyntaxFailure as failure:
        diagnostics.append(source.error(failure.offset, failure.message))
    if diagnostics:
        raise CompileError(tuple(sorted(diagnostics, key=line_and_column)))
    if verified and (diagnostics := verify(module)):
        raise CompileError(tuple(diagnostics))
    return module


def _dialect_attributes(context: Context) -> Any:
    """Looks up `!d.t<...>` and `#d.a<...>` in the context's dialects (see lexer.DialectTable)."""

    def look_up(text: str, is_type: bool, offset: int) -> Attribute:
        name, bracket, body = text[1:].partition("<")
        what = "type" if is_type else "attribute"
        if "." not in name and bracket:
            # `!dialect<body>` is another spelling of `!dialect.body`; as such it is kept.
            return _unregistered(name, is_type, body[:-1], offset, opaque=True)
        get = context.get_optional_type if is_type else context.get_optional_attr
        attribute_class = get(name)
        dialect = name.partition(".")[0]
        if attribute_class is None:
            if dialect in context.registered_dialect_names:
                raise SyntaxFailure(offset, f"unknown {what} '{text}' in dialect '{dialect}'")
            return _unregistered(name, is_type, body[:-1], offset, opaque=False)
        if issubclass(attribute_class, UnregisteredAttr):
            return attribute_class(name, is_type, False, body[:-1])
        if not bracket and issubclass(attribute_class, ParametrizedAttribute):
            return attribute_class.new(())
        return _parse_body(attribute_class, context, text, body[:-1], offset)

    return look_up


def _unregistered(name: str, is_type: bool, body: str, offset: int, opaque: bool) -> Attribute:
    return UnregisteredAttr.with_name_and_type(name, is_type)(name, is_type, opaque, body)


def _parse_body(attribute_class: Any, context: Context, text: str, body: str, offset: int) -> Attribute:
    """What the attribute's own class makes of the text between its angle brackets."""
    try:
        if hasattr(attribute_class, "from_body"):
            attribute: Attribute = attribute_class.from_body(body)
            return attribute
        from xdsl.parser import Parser

        return Parser(context, text).parse_attribute()
    except (ValueError, ParseError, VerifyException):
        raise SyntaxFailure(offset, f"invalid attribute '{text}'") from None
