"""Forms of assembly that no format string can express: ops that read and print themselves.

Such an op derives from `HandWrittenOp`. Its `FORM` is what follows its name in the text, as symbols of the front end's
grammar (``grammar.lark``, and the rules in ``custom_forms.py``), and its `read` makes of the parts that these yield
what the op is created from. It looks values up, and reads regions, with the help of the front end, its `Reader`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn, Protocol

from xdsl.dialects.builtin import LocationAttr, StringAttr
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import IRDLOperation

Token = tuple[str, Any, int]
"""A token: its kind, its text (of an op's name, what the lexer knows of it), and where it starts."""


class Reader(Protocol):
    """What reading an op can rely on. What is wrong is reported at the offset of a token."""

    def values(self, tokens: Sequence[Token], types: Sequence[Attribute], offset: int) -> list[SSAValue]:
        """The values that tokens name; one is made up, and reported, where it has another type or there is none."""
        ...

    def body(self, region: Any, tokens: Sequence[Token], types: Sequence[Attribute]) -> Region:
        """A region whose arguments re-declare values, under their names; `region` is a part, or None for no ops."""
        ...

    def open_body(self, region: Any, arguments: Sequence[Any]) -> Region:
        """A region that sees the values around it, with these arguments: pairs of a token and a type, or parts."""
        ...

    def string(self, token: Token) -> StringAttr:
        """A string."""
        ...

    def number(self, token: Token, type: Attribute) -> Attribute:
        """A number of a type."""
        ...

    def integer(self, token: Token) -> int:
        """An integer that is no attribute."""
        ...

    def location(self, offset: int) -> LocationAttr:
        """The location of what starts at `offset`."""
        ...

    def report(self, offset: int, message: str) -> None:
        """Say what is wrong, and go on."""
        ...

    def refuse(self, offset: int, message: str) -> NoReturn:
        """Say what is wrong, and give the op up."""
        ...


@dataclass(frozen=True)
class Parts:
    """What an op is created from."""

    operands: Sequence[SSAValue] = ()
    results: Sequence[Attribute] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    regions: Sequence[Region] = ()
    properties: Mapping[str, Attribute] = field(default_factory=dict)
    implied: Sequence[Operation] = ()
    """Ops in regions that the text does not spell: these, and their block's arguments, are where the op is."""


class HandWrittenOp(IRDLOperation):
    """An op that reads and prints itself, because no declarative format expresses its form.

    The form may be unable to show every valid op of the class (say, attributes for which it has no place);
    then `fits_custom_form` is false and printers fall back to the generic form.
    """

    FORM: ClassVar[str] = ""
    RULES: ClassVar[str] = ""
    """The rules of the grammar that the form needs beyond those that there are."""

    def fits_custom_form(self) -> bool:
        """Whether the custom form shows all there is to this op."""
        return True

    @classmethod
    def operand_names(cls, *parts: Any) -> Sequence[Token] | None:
        """The names of all operands in the parts of a form; None where it has other names, in a region that it spells.

        Where there are some, ops of other lines that say the same of other operands are made like one, which is read.
        """
        return None

    @classmethod
    @abstractmethod
    def read(cls, reader: Reader, name: Token, *parts: Any) -> Parts:
        """The op that the token of its name, and the parts of its form, spell."""
