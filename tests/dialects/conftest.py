"""Fixtures for tests of op definitions, which need no front end: xDSL's own parser reads the generic form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.parser import Parser

from tfrt.dialects import context


@pytest.fixture
def parse() -> Callable[[str], ModuleOp]:
    """Text to a module, unverified; dialects without a definition are allowed."""

    def parse_text(text: str) -> ModuleOp:
        return Parser(context(allow_unregistered=True), text).parse_module()

    return parse_text


@pytest.fixture
def parse_op(parse: Callable[[str], ModuleOp]) -> Callable[[str, str], Operation]:
    """The one op of a name in a text."""

    def parse_one(text: str, name: str) -> Operation:
        (found,) = [op for op in parse(text).walk() if op.name == name]
        return found

    return parse_one
