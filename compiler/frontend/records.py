"""What the text says of ops, before it is known what their names refer to: the parser's results, the builder's input.

A token stands for itself, as `(kind, text, offset)`; a value is a `VALUE` token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Attribute, Operation

from tfrt.compiler.frontend.lexer import Token


class ResultRecord(NamedTuple):
    """What an op's results are called: `%x`, or `%x:2`, which has a size."""

    name: str
    size: int | None
    offset: int


class ArgumentRecord(NamedTuple):
    """An argument of a block or a function; of a declared function it need have no name."""

    name: Token | None
    type: Attribute
    location: LocationAttr | None = None
    attributes: Mapping[str, Attribute] = MappingProxyType({})


class FunctionResultRecord(NamedTuple):
    """A result in a function's head."""

    type: Attribute
    attributes: Mapping[str, Attribute] = MappingProxyType({})


class OpRecord(NamedTuple):
    """An op.

    Attributes:
        build: makes it, given the `Builder` and the record.
        parts: what the rule of the op's form yields: the token of its name, then what the form consists of.
    """

    results: Sequence[ResultRecord]
    build: Callable[[Any, OpRecord], Operation]
    parts: Sequence[Any]
    location: LocationAttr | None


class BlockRecord(NamedTuple):
    """A block with a label."""

    label: Token
    arguments: Sequence[ArgumentRecord]
    ops: Sequence[OpRecord]


class RegionRecord(NamedTuple):
    """A region: the ops before any label, and the blocks."""

    ops: Sequence[OpRecord]
    blocks: Sequence[BlockRecord]


class MetadataRecord(NamedTuple):
    """What tools keep beside the ops; see `Session.define_resources`."""

    entries: Sequence[tuple[Token, Any]]
