"""Attributes as kernels see them, for passes that run at compile time what programs run."""

from __future__ import annotations

from typing import Any, NoReturn

from xdsl.dialects.builtin import SymbolRefAttr
from xdsl.ir import Attribute

from tfrt.compiler.emitter.attributes import attribute_type, write_attribute
from tfrt.executor.bef.attribute_values import decode
from tfrt.executor.bef.cursor import Cursor
from tfrt.executor.bef.format import AttributeType
from tfrt.executor.bef.writer import Writer
from tfrt.executor.values.attributes import Stored


def runtime_value(attribute: Attribute, stored: str) -> Any:
    """What a kernel gets that declares the attribute as ``Stored(stored)``: it is written as in a file, and read.

    Raises:
        ValueError: files cannot hold the attribute, or not without the rest of the module.
    """
    if attribute_type(attribute) == AttributeType.UNSUPPORTED:
        raise ValueError(f"BEF cannot hold {attribute}")
    out = Writer()
    offset = write_attribute(out, attribute, _refuse)
    data = memoryview(bytes(out.data))
    return decode(Cursor(data, 0, len(data), "attributes"), offset, Stored(stored), None)


def _refuse(symbol: SymbolRefAttr) -> NoReturn:
    raise ValueError(f"{symbol} is a module for kernels to compile")
