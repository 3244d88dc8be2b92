"""MLIR text to tokens.

A token is a tuple `(kind, value, offset)`: the terminal's name in grammar.lark, the token's text (perhaps `Uncopied`)
or what a table knows about it, and where it starts. Tuples rather than lark's own tokens, which are several times as
dear to create, and there are about twenty to an op.

What a word means is looked up, never guessed from its shape: keywords, scalar types and the names of ops with
a custom form (`WordTable`). Where the grammar wants a plain word the parser takes any of them as one, so
`{value = 1, loc = 2}` needs no quoting. Bodies of dialect types and attributes (`!d.t<...>`) are opaque: one
token up to the matching bracket.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tfrt.compiler.frontend.errors import SyntaxFailure
from tfrt.compiler.frontend.lines import PATTERN as LINE
from tfrt.compiler.frontend.lines import Line, LineKind, NotByLine, parts_of
from tfrt.compiler.frontend.number_lists import find_list

Token = tuple[str, Any, int]

MAX_NESTING = 100
"""How deep brackets may nest. Later stages recurse over the structure, and Python's stack is finite.

The generic form has its regions in `({…})`, custom ones in `{…}`: both count as one, or else a program could be read in
the one form and not in the other.
"""


def _pattern(first: str) -> re.Pattern[str]:
    return re.compile(r"(?:[\x20\t\r\n]+|//[^\n]*)*(?:" + first + _TOKEN + ")", re.VERBOSE | re.ASCII | re.DOTALL)


_TOKEN = r"""
        (?P<VALUE>%(?:[0-9]+|[A-Za-z_$.\-][\w$.\-]*)(?:\#[0-9]+)?)
      | (?P<PUNCTUATION>->|::|\{-\#|\#-\}|[(){}\[\]<>,:=?])
      | (?P<SHAPED>(?:tensor|memref)<(?:[0-9]+x)*[a-z]+[0-9]*>)
      | (?P<WORD>[A-Za-z_][\w$.]*)
      | (?P<LONG_STRING>"(?=0x[0-9A-Fa-f]{512}))
      | (?P<STRING>"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+")
      | (?P<FLOAT>-?[0-9]+\.[0-9]*(?:[eE][+-]?[0-9]+)?)
      | (?P<INT>-?(?:0x[0-9A-Fa-f]+|[0-9]+))
      | (?P<BANG>![A-Za-z_][\w$.]*)
      | (?P<HASH>\#(?:[0-9]+|[A-Za-z_$.\-][\w$.\-]*))
      | (?P<SYMBOL>@(?:[A-Za-z_][\w$.]*|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"))
      | (?P<BLOCK_NAME>\^(?:[0-9]+|[A-Za-z_$.\-][\w$.\-]*))
      | (?P<END>\Z)
      | (?P<BAD>.)
"""
_TOKENS = _pattern("")
_TOKENS_AND_LINES = _pattern(f"(?P<LINE>{LINE})|")

_SHAPE = re.compile(r"\s*<\s*((?:\*\s*x|(?:(?:[0-9]+|\?)\s*x\s*)*))", re.ASCII)
_BODY_PART = re.compile(r'->|[<>\[\](){}]|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|"')
_STRING = re.compile(r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"', re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][\w$.]*", re.ASCII)


class Uncopied:
    """The text of a long string, in `dense<"…">`, which may be most of a program: it is not copied until it is read."""

    __slots__ = ("_end", "_start", "_text")

    def __init__(self, text: str, start: int, end: int):
        self._text, self._start, self._end = text, start, end

    def parts(self, first: int, last: int, size: int) -> Iterator[str]:
        """The characters without the first `first` and the last `last` ones, so many at once."""
        end = self._end - last
        for start in range(self._start + first, end, size):
            yield self._text[start : min(start + size, end)]


CORE_KEYWORDS = (
    "loc",
    "callsite",
    "at",
    "fused",
    "unknown",
    "true",
    "false",
    "unit",
    "dense",
    "dense_resource",
    "array",
    "complex",
    "tuple",
)
"""The keywords of grammar.lark, in whose terminals' names they are in upper case."""

PUNCTUATION = {
    "(": "LPAR",
    ")": "RPAR",
    "{": "LBRACE",
    "}": "RBRACE",
    "[": "LSQB",
    "]": "RSQB",
    "<": "LESSTHAN",
    ">": "MORETHAN",
    ",": "COMMA",
    ":": "COLON",
    "=": "EQUAL",
    "->": "_ARROW",
    "::": "_SCOPE",
    "{-#": "_METADATA_BEGIN",
    "#-}": "_METADATA_END",
    "?": "QUESTION_MARK",
}
"""The names that lark gives to quoted punctuation, and the two that grammar.lark names itself."""

_OPENING = frozenset("({[<")
_CLOSING = {")": "(", "}": "{", "]": "[", ">": "<"}

WordTable = Callable[[str], "tuple[str, Any]"]
"""Gives a word's kind, and its value where that is not the word itself (else None)."""

DialectTable = Callable[[str, bool, int], Any]
"""Gives the attribute that `!d.t<...>` (flag: a type) or `#d.a<...>` at an offset stands for."""


ShapedTable = Callable[[str], Any]
"""Gives the type that a text such as `tensor<2x3xf32>` is, or False where it is none."""


def tokenize(
    text: str,
    words: WordTable,
    dialect_attribute: DialectTable,
    shaped_type: ShapedTable,
    alias_depths: dict[int, int],
    by_line: bool = False,
    start: int = 0,
    end: int | None = None,
) -> list[Token]:
    """All tokens of `text`, or of a part of it, the last of kind `$END`.

    With `by_line`, a line that holds an op (see lines.py) is one token of kind `OP_LINE`.

    Where no token starts, a string is not closed or a dialect refuses an attribute, there is a token of kind `BAD`
    that says why. How many brackets are open where an alias stands is put into `alias_depths`, by offset. Raises
    `SyntaxFailure` where a bracket in a dialect's attribute is not closed, and where brackets nest deeper than
    `MAX_NESTING`; `NotByLine` where lines, or a part, cannot be looked at by themselves.
    """
    tokens: list[Token] = []
    add = tokens.append
    known_attributes: dict[tuple[str, bool], Any] = {}
    known_types: dict[str, Any] = {}
    punctuation = PUNCTUATION
    opening = _OPENING
    depth = 0
    # How deep the parentheses around regions stand, which do not count themselves.
    around_regions: list[int] = []
    lines: dict[tuple[str, ...], LineKind] = {}
    pattern = _TOKENS_AND_LINES if by_line else _TOKENS
    last = len(text) if end is None else end
    position: int | None = start
    while position is not None:
        resume_at = None
        for match in pattern.finditer(text, position, last):
            kind = match.lastgroup
            assert kind is not None
            start = match.start(kind)
            value = match.group(kind)
            if kind == "VALUE":
                add((kind, value, start))
            elif kind == "LINE":
                said, names = parts_of(value)
                line_kind = lines.get(said)
                if line_kind is None:
                    try:
                        own = tokenize(text, words, dialect_attribute, shaped_type, {}, False, start, match.end())
                    except SyntaxFailure:
                        # Where it is told depends on what is around the line.
                        raise NotByLine from None
                    line_kind = lines[said] = LineKind(own, sum(map(value.count, _OPENING)))
                else:
                    line_kind.comes_again = True
                if depth + line_kind.nesting > MAX_NESTING:
                    raise NotByLine
                add(("OP_LINE", Line(line_kind, names, start, match.end()), start))
            elif kind == "PUNCTUATION":
                if value in opening:
                    if value == "[" and len(tokens) > 1 and tokens[-1][0] == "LESSTHAN" and tokens[-2][0] == "DENSE":
                        numbers = find_list(text, start, MAX_NESTING - depth)
                        if numbers is not None:
                            add(("STRING", numbers, start))
                            resume_at = numbers.end
                            break
                    if value == "{" and tokens and tokens[-1][0] == "LPAR":
                        around_regions.append(depth - 1)
                    else:
                        depth += 1
                    if depth > MAX_NESTING:
                        raise nested_too_deep(start)
                elif value in _CLOSING:
                    if value == ")" and around_regions and around_regions[-1] == depth:
                        around_regions.pop()
                    else:
                        depth -= 1
                add((punctuation[value], value, start))
            elif kind == "SHAPED":
                type = known_types.get(value)
                if type is None:
                    type = known_types[value] = shaped_type(value)
                if type is False:
                    # Whatever is wrong with it is said where its parts are.
                    resume_at = _shaped_type(text, value[:6], start, start + 6, tokens)
                else:
                    add(("TYPE", type, start))
                # It nests as if it was spelled in parts.
                if depth == MAX_NESTING:
                    raise nested_too_deep(start)
                if type is False:
                    depth += 1
                    break
            elif kind == "WORD":
                word = words(value)
                if word[0] == "SHAPED":
                    resume_at = _shaped_type(text, value, start, match.end(), tokens)
                    if resume_at is None:
                        continue
                    depth += 1
                    if depth > MAX_NESTING:
                        raise nested_too_deep(start)
                    break
                add((word[0], value if word[1] is None else word[1], start))
            elif kind == "BANG" or kind == "HASH":
                end = match.end()
                is_type = kind == "BANG"
                opens_body = text.startswith("<", end)
                if not opens_body and "." not in value:
                    add(("BANG_NAME" if is_type else "HASH_NAME", value, start))
                    alias_depths[start] = depth
                    continue
                if opens_body:
                    resume_at = _end_of_body(text, end)
                    value = text[start:resume_at]
                key = (value, is_type)
                attribute = known_attributes.get(key)
                if attribute is None:
                    try:
                        attribute = known_attributes[key] = dialect_attribute(value, is_type, start)
                    except SyntaxFailure as failure:
                        add(("BAD", failure.message, failure.offset))
                        if resume_at is not None:
                            break
                        continue
                add(("TYPE" if is_type else "DIALECT_ATTRIBUTE", attribute, start))
                if resume_at is not None:
                    break
            elif kind == "LONG_STRING":
                resume_at = _end_of_string(text, start)
                if resume_at is None:
                    resume_at = start + 1
                    add(("BAD", _describe_bad_character('"'), start))
                elif len(tokens) > 1 and tokens[-1][0] == "LESSTHAN" and tokens[-2][0] == "DENSE":
                    add(("STRING", Uncopied(text, start, resume_at), start))
                else:
                    add(("STRING", text[start:resume_at], start))
                break
            elif kind == "BAD":
                add(("BAD", _describe_bad_character(value), start))
            elif kind == "END":
                add(("$END", "", start))
                return tokens
            else:
                add((kind, value, start))
        position = resume_at
        if position is not None and position > last:
            # What begins in a part goes on after its end.
            raise NotByLine
    raise AssertionError("the pattern matches at every position")


def word_at(text: str, offset: int) -> str | None:
    """The word that starts at `offset`, if one does."""
    match = _WORD.match(text, offset)
    return None if match is None else match.group()


def _shaped_type(text: str, word: str, start: int, end: int, tokens: list[Token]) -> int | None:
    """Add the token for `tensor<2x?x`; give where lexing goes on, or None where only a word was meant."""
    match = _SHAPE.match(text, end)
    if match is None:
        tokens.append(("WORD", word, start))
        return None
    dimensions = "".join(match.group(1).split())
    shape = None if dimensions.startswith("*") else tuple(d for d in dimensions.split("x") if d)
    tokens.append((f"{word.upper()}_OPEN", shape, start))
    return match.end()


def _end_of_string(text: str, start: int) -> int | None:
    """The offset after the string that starts at `start`, if it ends; much faster than the pattern for megabytes."""
    end = text.find('"', start + 1)
    if end >= 0 and text.find("\n", start, end) < 0 and text.find("\\", start, end) < 0:
        return end + 1
    match = _STRING.match(text, start)
    return None if match is None else match.end()


def _end_of_body(text: str, start: int) -> int:
    """The offset after the bracket that closes the one at `start`."""
    open_brackets: list[str] = []
    position = start
    while True:
        match = _BODY_PART.search(text, position)
        if match is None:
            raise SyntaxFailure(start, "unbalanced '<' in dialect symbol")
        part, position = match.group(), match.end()
        if part in _OPENING:
            open_brackets.append(part)
            if len(open_brackets) > MAX_NESTING:
                raise nested_too_deep(match.start())
        elif part == '"':
            raise SyntaxFailure(match.start(), "expected '\"' in string literal")
        elif part in _CLOSING:
            if open_brackets.pop() != _CLOSING[part]:
                raise SyntaxFailure(match.start(), f"unbalanced '{part}' in dialect symbol")
            if not open_brackets:
                return position


def nested_too_deep(offset: int) -> SyntaxFailure:
    return SyntaxFailure(offset, f"nesting exceeds the maximum depth of {MAX_NESTING}", is_last=True)


def _describe_bad_character(character: str) -> str:
    match character:
        case '"':
            return "expected '\"' in string literal"
        case "%":
            return "invalid SSA name"
        case "@":
            return "@ identifier expected to start with letter or '_'"
        case "^":
            return "invalid block name"
        case "#":
            return "invalid attribute name"
        case "!":
            return "invalid type name"
    return f"unexpected character {character!r}"
