"""Attributes that frameworks' dialects spell in a few ways of their own.

* `SpelledByWord`: one of some words, as ``#stablehlo<precision HIGHEST>``; formats of ops spell the word alone.
* `Struct`: fields with a name, integers or lists of integers, as ``#stablehlo.gather<offset_dims = [1], …>``. A field
  that is zero or empty is not spelled.
* `Verbatim`: kept as it is written, since nothing is done with it.

The front end makes each from the text between its brackets (`from_body`), which raises `ValueError` where that is
wrong.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import fields
from typing import Any, ClassVar, Self

from xdsl.ir import Data, SpacedOpaqueSyntaxAttribute
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from tfrt.dialects.shared.interning import data_attribute

_FIELD = re.compile(r"\s*(\w+)\s*=\s*(\[[\d\s,-]*\]|-?\d+)\s*(?:,|$)")
_INTEGER = re.compile(r"-?\d+")


class Spelled(Data[Any]):
    """An attribute that is made from the text between its brackets."""

    @classmethod
    @abstractmethod
    def from_body(cls, text: str) -> Self:
        """The attribute.

        Raises:
            ValueError: the text is wrong.
        """

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Any:
        parser.raise_error(f"'{cls.name}' is read by tfrt only")


class SpelledByWord(SpacedOpaqueSyntaxAttribute, Spelled):
    """One of `WORDS`."""

    WORDS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def from_body(cls, text: str) -> Self:
        word = text.strip()
        if word not in cls.WORDS:
            raise ValueError(f"expected one of {', '.join(cls.WORDS)}, found '{word}'")
        return data_attribute(cls, word)

    def print_parameter(self, printer: Printer) -> None:
        printer.print_string(self.data)


class Struct(Spelled):
    """An instance of the frozen dataclass `FIELDS`, whose fields are integers or tuples of integers."""

    FIELDS: ClassVar[type]

    @classmethod
    def from_body(cls, text: str) -> Self:
        return data_attribute(cls, read_struct(cls.FIELDS, text))

    def print_parameter(self, printer: Printer) -> None:
        spelled = []
        for field in fields(self.FIELDS):
            value = getattr(self.data, field.name)
            if value:
                spelled.append(f"{field.name} = {list(value) if isinstance(value, tuple) else value}")
        printer.print_string(f"<{', '.join(spelled)}>")


class Verbatim(Spelled):
    """What is written between the brackets, with single spaces."""

    @classmethod
    def from_body(cls, text: str) -> Self:
        return cls.new(" ".join(text.split()))

    def print_parameter(self, printer: Printer) -> None:
        printer.print_string(f"<{self.data}>")


def read_struct(struct: type, text: str) -> Any:
    """The instance of a dataclass of integers and tuples of integers that ``name = 1, name = [2, 3]`` spells.

    Raises:
        ValueError: the text is malformed, or spells other fields.
    """
    found: dict[str, Any] = {}
    known = {field.name: field.default for field in fields(struct)}
    text = text.rstrip()
    position = 0
    while position < len(text):
        match = _FIELD.match(text, position)
        if match is None:
            raise ValueError(f"cannot read '{text[position:].strip()}'")
        name, value = match.groups()
        if name not in known:
            raise ValueError(f"expected one of {', '.join(known)}, found '{name}'")
        if name in found:
            raise ValueError(f"'{name}' occurs twice")
        is_list = value.startswith("[")
        if is_list is not isinstance(known[name], tuple):
            raise ValueError(f"expected {'an integer' if is_list else 'a list'} for '{name}'")
        numbers = tuple(int(number) for number in _INTEGER.findall(value))
        found[name] = numbers if is_list else numbers[0]
        position = match.end()
    return struct(**found)
