"""What the front end says when a text is wrong, and where.

`SyntaxFailure` stops a parse at the first place that fits no rule; mistakes in meaning are collected instead
(see builder.py). Both become `Diagnostic`s with the exact line and column of the offending token.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.location import FileLineCol


class SyntaxFailure(Exception):
    """The text fits no rule at `offset`. After one that `is_last`, nothing else that could be said helps anybody."""

    def __init__(self, offset: int, message: str, *, is_last: bool = False):
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.is_last = is_last


class Source:
    """A text with its name; turns offsets into positions."""

    def __init__(self, text: str, filename: str):
        self.text = text
        self.filename = filename
        self._is_ascii = text.isascii()
        self._last = (0, 1)
        self._line_starts = [0]
        position = text.find("\n")
        while position >= 0:
            self._line_starts.append(position + 1)
            position = text.find("\n", position + 1)

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """The line and column, both from 1, of the character at `offset`. Columns count bytes, as MLIR's do."""
        line = bisect_right(self._line_starts, offset)
        start = self._line_starts[line - 1]
        if self._is_ascii:
            return line, offset - start + 1
        # Most positions that are asked for come one after another, maybe in a line of megabytes.
        known, column = self._last if start <= self._last[0] <= offset else (start, 1)
        column += len(self.text[known:offset].encode("utf-8", "surrogateescape"))
        self._last = (offset, column)
        return line, column

    def position(self, offset: int) -> FileLineCol:
        return FileLineCol(self.filename, *self.line_and_column(offset))

    def error(self, offset: int, message: str, notes: tuple[Diagnostic, ...] = ()) -> Diagnostic:
        return Diagnostic("error", message, self.position(offset), notes)

    def note(self, offset: int, message: str) -> Diagnostic:
        return Diagnostic("note", message, self.position(offset))


KEYWORD_PREFIX = "_KW_"
"""Starts the names of terminals for keywords of custom forms: `to` is `_KW_TO`."""

_TYPE_STARTS = frozenset({"TYPE", "BANG_NAME", "TENSOR_OPEN", "VECTOR_OPEN", "MEMREF_OPEN", "COMPLEX", "TUPLE"})
_ATTRIBUTE_STARTS = _TYPE_STARTS | {
    "INT", "FLOAT", "STRING", "SYMBOL", "LSQB", "LBRACE", "DIALECT_ATTRIBUTE", "HASH_NAME", "TRUE", "FALSE",
    "UNIT", "DENSE", "DENSE_RESOURCE", "ARRAY", "LOC", "LPAR",
}  # fmt: skip

_READABLE = {
    "VALUE": "an SSA value",
    "STRING": "a string",
    "INT": "an integer",
    "FLOAT": "a number",
    "SYMBOL": "a symbol name",
    "WORD": "an attribute name",
    "BLOCK_NAME": "a block name",
    "HASH_NAME": "an alias",
    "DIALECT_ATTRIBUTE": "an attribute",
    "$END": "the end of the text",
    "LPAR": "'('",
    "RPAR": "')'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "LSQB": "'['",
    "RSQB": "']'",
    "LESSTHAN": "'<'",
    "MORETHAN": "'>'",
    "COMMA": "','",
    "COLON": "':'",
    "EQUAL": "'='",
    "QUESTION_MARK": "'?'",
    "_ARROW": "'->'",
    "_SCOPE": "'::'",
    "_METADATA_BEGIN": "'{-#'",
    "_METADATA_END": "'#-}'",
}


def describe_unexpected(text: str, token: tuple[str, Any, int], expected: Iterable[str]) -> str:
    """``expected ')' or ',', found "x"``: the alternatives in words, and what is there instead."""
    return f"expected {_alternatives(set(expected))}, found {_found(text, token)}"


def _alternatives(kinds: set[str]) -> str:
    words: list[str] = []
    has_operation = any(kind.startswith("OP_") for kind in kinds)
    kinds = {kind for kind in kinds if not kind.startswith("OP_")}
    if has_operation:
        words.append("an operation")
        # Where an op may start these only open one, or a line between ops.
        kinds -= {"VALUE", "STRING", "LOC", "HASH_NAME", "BANG_NAME", "_METADATA_BEGIN"}
    if kinds >= _ATTRIBUTE_STARTS:
        words.append("an attribute")
        kinds -= _ATTRIBUTE_STARTS
    elif kinds >= _TYPE_STARTS:
        words.append("a type")
        kinds -= _TYPE_STARTS
    if "FLOAT" in kinds:
        kinds.discard("INT")
    words += sorted(_READABLE.get(kind) or f"'{kind.removeprefix(KEYWORD_PREFIX).lower()}'" for kind in kinds)
    if len(words) <= 1:
        return "".join(words) or "nothing more"
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _found(text: str, token: tuple[str, Any, int]) -> str:
    kind, value, offset = token
    if kind == "$END":
        return "the end of the text"
    if not isinstance(value, str):
        # What matters of it is its beginning.
        value = text[offset : offset + 1000].split(None, 1)[0]
    shown = value if len(value) <= 40 else f"{value[:37]}..."
    return shown if kind == "STRING" else f"'{shown}'"
