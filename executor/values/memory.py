"""Whose memory the elements of arrays, tensors and buffers are in."""

from __future__ import annotations

from typing import Any


def owner(value: Any) -> Any:
    """What owns the memory of an array, a dense tensor (or a handle of one) or a host buffer; None of anything else."""
    array = value
    try:
        # The common case, kept free of calls: an array.
        base = array.base
    except AttributeError:
        array = _array_of(value)
        base = getattr(array, "base", None)
    while base is not None and hasattr(base, "nbytes"):
        array, base = base, getattr(base, "base", None)
    return array if hasattr(array, "nbytes") else None


def _array_of(value: Any) -> Any:
    for name in ("array", "memory"):
        found = getattr(value, name, None)
        if found is not None:
            return found
    return getattr(getattr(value, "tensor", None), "array", None)
