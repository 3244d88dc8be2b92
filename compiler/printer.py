"""Printing IR as MLIR text, in MLIR's spellings.

Type spellings are also what a BEF file stores for the types of a function, so `type_text` is part of the format.
"""

from __future__ import annotations

from io import StringIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute
from xdsl.printer import Printer


def print_module(module: ModuleOp, *, generic: bool = False, locations: bool = False) -> str:
    """The text of `module`, in custom or generic form, with or without `loc(...)` on every op."""
    out = StringIO()
    Printer(stream=out, print_generic_format=generic, print_debuginfo=locations).print_op(module)
    return out.getvalue() + "\n"


def type_text(type: Attribute) -> str:
    """The spelling of a type, as in `tensor<2x3xi32>`."""
    return attribute_text(type)


def attribute_text(attribute: Attribute) -> str:
    """The spelling of an attribute or type."""
    out = StringIO()
    Printer(stream=out).print_attribute(attribute)
    return out.getvalue()
