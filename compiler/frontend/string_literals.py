"""Literals of strings, and names that are spelled like them.

Each function raises `SyntaxFailure` at the literal that is wrong.
"""

from __future__ import annotations

import re

from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.compiler.frontend.lexer import Token

_ESCAPE = re.compile(r"\\(?:([nt\"\\])|([0-9A-Fa-f]{2})|.)", re.DOTALL)
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def unescape(token: Token) -> str:
    """The contents of a string literal, with `\\n`, `\\t`, `\\"`, `\\\\` and two hexadecimal digits replaced.

    Hexadecimal escapes are bytes; together they are read as UTF-8, and bytes that are not stay surrogate
    escapes.
    """
    body = token[1][1:-1]
    if "\\" not in body:
        return body
    return _unescape(body, token[2] + 1)


def _unescape(body: str, offset: int) -> str:
    result = bytearray()
    position = 0
    for match in _ESCAPE.finditer(body):
        result += body[position : match.start()].encode("utf-8", "surrogateescape")
        simple, digits = match.groups()
        if simple is not None:
            result += _SIMPLE_ESCAPES[simple].encode()
        elif digits is not None:
            result.append(int(digits, 16))
        else:
            raise SyntaxFailure(offset + match.start(), "unknown escape in string literal")
        position = match.end()
    result += body[position:].encode("utf-8", "surrogateescape")
    return result.decode("utf-8", "surrogateescape")


def symbol_name(token: Token) -> str:
    """The name in `@name` or `@"any name"`."""
    text = token[1][1:]
    if not text.startswith('"'):
        return text
    return _unescape(text[1:-1], token[2] + 2)


def attribute_name(token: Token) -> str:
    if token[0] != "STRING":
        name: str = token[1]
        return name
    name = unescape(token)
    if not name:
        raise SyntaxFailure(token[2], "expected valid attribute name")
    return name
