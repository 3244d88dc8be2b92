"""Long lists of numbers, as in `dense<[[1.0, 2.0], …]>`: read as a whole, without a token for each number.

What is read so is what the usual way would make of it. Whatever is out of the ordinary is left to that way, which knows
what to say: here nothing is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import Float16Type, Float32Type, Float64Type, IntegerType, Signedness
from xdsl.ir import Attribute

_LEAST_CHARACTERS = 4096
"""How long a list is at least for which this is worth the while."""
_CHARACTERS_AT_ONCE = 1 << 20

_SPACE = r"[\x20\t\r\n]*+"
_NUMBER = r"-?+[0-9]++(?:\.[0-9]*+(?:[eE][+-]?+[0-9]++)?+)?+"
_CHARACTERS = re.compile(r"[-+0-9.eE,\x20\t\r\n\[\]]*+")
_LIST = re.compile(
    rf"(?:\[{_SPACE})++{_NUMBER}(?:{_SPACE}\])*+"
    rf"(?:{_SPACE},{_SPACE}(?:\[{_SPACE})*+{_NUMBER}(?:{_SPACE}\])*+)*+(?<=\]){_SPACE}"
)
_PART = re.compile(rf"[\[\]]|{_NUMBER}")
_NO_BRACKETS = bytes.maketrans(b"[]", b"  ")
_NO_STRUCTURE = b"0123456789+-.eE \t\r\n"
_FLOATS = {Float16Type: "<f2", Float32Type: "<f4", Float64Type: "<f8"}


@dataclass(frozen=True, slots=True)
class NumberList:
    """Where a list stands in a text."""

    text: str
    start: int
    end: int

    def tokens(self) -> Any:
        """The list as the parser gives it: tokens in lists."""
        found: list[Any] = []
        open_lists = [found]
        for match in _PART.finditer(self.text, self.start, self.end):
            part = match.group()
            if part == "[":
                inner: list[Any] = []
                open_lists[-1].append(inner)
                open_lists.append(inner)
            elif part == "]":
                open_lists.pop()
            else:
                open_lists[-1].append(("FLOAT" if "." in part else "INT", part, match.start()))
        return found[0]

    def elements(self, shape: Sequence[int], type: Attribute) -> bytes | None:
        """The elements as a dense attribute of that shape has them; None where it takes the usual way to tell."""
        parts = [part.encode("ascii") for part in self._parts()]
        if b",".join([part.translate(None, _NO_STRUCTURE) for part in parts]) != _structure(shape):
            return None
        numbers = [part.translate(_NO_BRACKETS) for part in parts]
        del parts
        if type.__class__ in _FLOATS:
            return _floats(numbers, _FLOATS[type.__class__])
        if isinstance(type, IntegerType) and type.bitwidth in (8, 16, 32, 64):
            return _integers(numbers, type)
        return None

    def _parts(self) -> Iterator[str]:
        """The text in parts, between commas."""
        position = self.start
        while position < self.end:
            comma = self.text.find(",", position + _CHARACTERS_AT_ONCE, self.end)
            end = self.end if comma < 0 else comma
            yield self.text[position:end]
            position = end + 1


def find_list(text: str, start: int, most_nesting: int) -> NumberList | None:
    """The list of numbers that starts with the bracket at `start` and ends before a '>'.

    None where there is none, or it is short, or nests deeper than `most_nesting`.
    """
    match = _CHARACTERS.match(text, start)
    assert match is not None
    end = match.end()
    if end - start < _LEAST_CHARACTERS or not text.startswith(">", end):
        return None
    if _LIST.fullmatch(text, start, end) is None:
        return None
    found = NumberList(text, start, end)
    brackets = b"".join([part.encode("ascii").translate(None, _NO_STRUCTURE + b",") for part in found._parts()])
    return found if _is_balanced(brackets, most_nesting) else None


def _is_balanced(brackets: bytes, most_nesting: int) -> bool:
    """Whether there is one bracket, with others inside."""
    inner = brackets[1:-1]
    for _ in range(most_nesting):
        if not inner:
            return brackets.startswith(b"[") and brackets.endswith(b"]")
        inner = inner.replace(b"[]", b"")
    return False


def _structure(shape: Sequence[int]) -> bytes:
    """The brackets and commas of a list of a shape."""
    inner = b""
    for size in reversed(shape):
        inner = b"[" + b",".join([inner] * size) + b"]"
    return inner


def _floats(numbers: Sequence[bytes], dtype: str) -> bytes | None:
    import numpy as np

    found = []
    for part in numbers:
        # Decimal integers are no floats.
        if part.count(b".") != part.count(b",") + 1:
            return None
        with np.errstate(over="ignore"):
            found.append(np.fromstring(part, np.float64, sep=",").astype(dtype).tobytes())
    return b"".join(found)


def _integers(numbers: Sequence[bytes], type: IntegerType) -> bytes | None:
    import numpy as np

    bits, is_signed = type.bitwidth, type.signedness.data is Signedness.SIGNED
    low = 0 if type.signedness.data is Signedness.UNSIGNED else -(1 << bits - 1)
    # Numbers that take more than 63 bits arrive as the last ones.
    high = min((1 << bits - 1 if is_signed else 1 << bits) - 1, (1 << 63) - 2)
    found = []
    for part in numbers:
        if b"." in part:
            return None
        array = np.fromstring(part, np.int64, sep=",")
        if array.size and not (max(low, 1 - (1 << 63)) <= array.min() and array.max() <= high):
            return None
        found.append(array.astype(f"<i{bits // 8}").tobytes())
    return b"".join(found)
