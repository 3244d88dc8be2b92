"""Values in a few words, for messages: the types of arrays and tensors, numbers and short strings as they are."""

from __future__ import annotations

from typing import Any

from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import Chain
from tfrt.executor.values.dtype import DType

_CHARACTERS = 32


def brief(value: Any) -> str:
    """A value in a few words, such as ``2x3xf32``, ``-1.5`` or ``chain``; nothing that takes time or waits."""
    if isinstance(value, AsyncValue):
        return "error" if value.is_error else "pending" if value.is_pending else brief(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | complex | str):
        shown = repr(value)
        return shown if len(shown) <= _CHARACTERS else f"{shown[: _CHARACTERS - 3]}..."
    if isinstance(value, Chain):
        return "chain"
    # A tensor of the core runtime knows its type before it is there.
    described = getattr(value, "metadata", value)
    shape, dtype = getattr(described, "shape", None), getattr(described, "dtype", None)
    name = _element_type(dtype)
    if isinstance(shape, tuple) and name is not None:
        return "x".join([*("?" if size is None else str(size) for size in shape), name])
    return type(value).__name__


def _element_type(dtype: Any) -> str | None:
    if isinstance(dtype, DType):
        return dtype.mlir
    try:
        return DType.of(dtype).mlir
    except (TypeError, AttributeError):
        return None
