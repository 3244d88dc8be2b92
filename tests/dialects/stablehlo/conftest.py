"""Texts of single ops, each in a function that takes its operands."""

from __future__ import annotations

from tfrt.compiler.frontend import parse_module
from tfrt.compiler.printer import print_module


def function_around(op: str, **types: str) -> str:
    """A program of this op, whose operands are the function's arguments, by name."""
    arguments = ", ".join(f"%{name}: {type}" for name, type in types.items())
    return f"func.func @f({arguments}) {{\n  {op}\n  return\n}}\n"


def body_of(text: str) -> str:
    """What stands between the first line of the function and its return, without indentation."""
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(lines[2 : lines.index("return")])


def printed(text: str, **options: bool) -> str:
    """The text of the program that `text` is."""
    return print_module(parse_module(text), **options)
