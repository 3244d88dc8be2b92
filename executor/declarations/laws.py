"""Laws of arithmetic: what kernels declare of their values, one line each, and passes apply.

A law says what the first result is for certain operands::

    "x, 0 = x"                  a number less zero is that number
    "x, x = 0"                  and less itself, zero
    "(y, x), x = (y, x)"        what is in parentheses is the result of the same op on these operands
    "x, y = x - y mod 2**32"    arithmetic with integers that wrap around: ``+``, ``-``, ``*`` or ``==``

Letters are any values, and the same letter is the same value. Numbers are constants that are just that: 0.0 is not
-0.0; there are ``true``, ``false`` and ``inf``, too, and ``ready``, a value that an op without operands gives at once.

A law holds to the last bit, whatever the values are, NaN included. Where the right side is a value, it must also be an
error, and the same one, whenever an operand is; where it is a number, passes see to it that no operand can be an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tfrt.executor.support.errors import UsageError


@dataclass(frozen=True, slots=True)
class Variable:
    """Any value."""

    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Nested:
    """The result of an op of the same name on these operands."""

    operands: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """A value that is there from the start and is no error."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Integer arithmetic on the first operand and the second, modulo a power of two.

    Attributes:
        operator: ``+``, ``-``, ``*``, or ``==``.
        bits: how many bits numbers have.
    """

    operator: str
    bits: int


Pattern = Variable | Number | Nested | Ready


@dataclass(frozen=True, slots=True)
class Law:
    """What the first result is, where the operands are of that kind."""

    operands: tuple[Pattern, ...]
    result: Pattern | Ring


_OPERAND = re.compile(r"\s*(\([^()]*\)|[^\s,()]+)\s*(?:,|$)")
_RING = re.compile(r"x (\+|-|\*|==) y mod 2\*\*(\d+)")
_WORDS = {"true": True, "false": False, "inf": float("inf")}


def read_law(text: str) -> Law:
    """The law that a text spells.

    Raises:
        UsageError: it spells none.
    """
    left, equals, right = text.partition(" = ")
    operands, at = [], 0
    while equals and at < len(left) and (match := _OPERAND.match(left, at)) is not None:
        operands.append(_pattern(match[1], text))
        at = match.end()
    if at < len(left) or not operands or not right:
        raise UsageError(f"a law is written as in 'x, 0 = x', not '{text}'")
    ring = _RING.fullmatch(right)
    return Law(tuple(operands), _pattern(right, text) if ring is None else Ring(ring[1], int(ring[2])))


@cache
def values_of(laws: tuple[str, ...], *, has_constants: bool) -> tuple[Law, ...]:
    """Those laws that say what the result is, a value or a number, for operands among which there are constants or not.

    Raises:
        UsageError: one of them is malformed.
    """
    found = [law for law in map(read_law, laws) if not isinstance(law.result, Ring)]
    return tuple([law for law in found if has_constants or not any(isinstance(p, Number) for p in law.operands)])


@cache
def ring_of(laws: tuple[str, ...]) -> Ring | None:
    """The integer arithmetic that laws declare.

    Raises:
        UsageError: one of them is malformed.
    """
    return next((law.result for law in map(read_law, laws) if isinstance(law.result, Ring)), None)


def _pattern(text: str, law: str) -> Pattern:
    if text.startswith("(") and text.endswith(")"):
        return Nested(tuple(Variable(name.strip()) for name in text[1:-1].split(",")))
    if text == "ready":
        return Ready()
    if re.fullmatch("[a-z]", text):
        return Variable(text)
    if text in _WORDS:
        return Number(_WORDS[text])
    try:
        return Number(float(text) if "." in text else int(text))
    except ValueError:
        raise UsageError(f"'{text}' is no value in the law '{law}'") from None
