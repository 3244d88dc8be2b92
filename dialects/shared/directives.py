"""Parts of assembly formats that have a spelling of their own: ``custom<SliceRanges>($start, $limit, $strides)``.

A `SpelledDirective` says in one place how its part is printed and how it is read: `SYMBOL` is what stands for it in the
grammar, `RULES` are the rules that this adds, and `read` makes types and attributes of what the rules yield. An op
lists the directives that its format uses in `custom_directives`, as xDSL has it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn, Protocol

from xdsl.ir import Attribute
from xdsl.irdl.declarative_assembly_format import CustomDirective, ParsingState
from xdsl.parser import Parser

Part = Any
"""What a rule of the grammar yields: a token ``(kind, text, offset)``, a list of parts, a tuple of parts, a type or
attribute."""


class Reading(Protocol):
    """What is known so far of an op that is being read: of its operands the tokens and types, by the names that its
    definition gives them, of its results the types, and its attributes and properties.
    """

    operands: dict[str | None, list[Any]]
    operand_types: dict[str | None, list[Attribute]]
    result_types: dict[str | None, list[Attribute]]
    attributes: dict[str, Attribute]


class SpelledDirective(CustomDirective):
    """A part of an assembly format that is read by rules of its own. Its fields are the directive's arguments.

    Grammar rules are named after the directive, since those of all dialects stand side by side; what they may use
    otherwise is in ``grammar.lark``.
    """

    SYMBOL: ClassVar[str]
    RULES: ClassVar[str] = ""

    @classmethod
    @abstractmethod
    def read(cls, part: Part, names: Sequence[str], reading: Reading) -> None:
        """Take over what `part` says of the directive's arguments, which are called `names`.

        Raises:
            ValueError: it makes no sense; the message says why.
        """

    def parse(self, parser: Parser, state: ParsingState) -> NoReturn:
        """xDSL's parser reads programs of ours in generic form only."""
        parser.raise_error(f"the custom form of this op is read by tfrt only: '{type(self).__name__}'")
