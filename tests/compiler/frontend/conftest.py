"""What the front end's tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation

from tfrt.compiler.frontend import parse_module
from tfrt.executor.support.diagnostics import Diagnostic
from tfrt.executor.support.errors import CompileError

ErrorsOf = Callable[[str], list[str]]


@pytest.fixture
def parse() -> Callable[[str], ModuleOp]:
    """Reads a text in which any op may be unregistered."""
    return lambda text: parse_module(text, "t.mlir", allow_unregistered=True)


@pytest.fixture
def first_op(parse: Callable[[str], ModuleOp]) -> Callable[[str], Operation]:
    """The first op of a text."""

    def read(text: str) -> Operation:
        op = parse(text).body.block.first_op
        assert op is not None
        return op

    return read


@pytest.fixture
def attribute(first_op: Callable[[str], Operation]) -> Callable[[str], Attribute]:
    """The attribute that a text spells."""
    return lambda text: first_op(f'"x.y"() {{a = {text}}} : () -> ()').attributes["a"]


@pytest.fixture
def errors_of() -> ErrorsOf:
    """The diagnostics of a text, each as ``line:column: severity: message``, notes after their error."""

    def read(text: str, allow_unregistered: bool = True) -> list[str]:
        with pytest.raises(CompileError) as raised:
            parse_module(text, "t.mlir", allow_unregistered=allow_unregistered)
        return [line for diagnostic in raised.value.diagnostics for line in _lines(diagnostic)]

    return read


def _lines(diagnostic: Diagnostic) -> list[str]:
    shown = [diagnostic, *diagnostic.notes]
    return [part.headline().removeprefix("t.mlir:") for part in shown]
