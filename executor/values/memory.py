"""Whose memory the elements of arrays, tensors and buffers are in."""

from __future__ import annotations

from typing import Any


def owner(value: Any) -> Any:
    """What owns the memory of an array, a dense tensor (or a handle of one) or a host buffer; None of anything else."""
    array = getattr(value, "array", value)
    if not hasattr(array, "nbytes"):
        array = getattr(value, "memory", None)
        if array is None:
            array = getattr(getattr(value, "tensor", None), "array", None)
        if not hasattr(array, "nbytes"):
            return None
    while getattr(array, "base", None) is not None and hasattr(array.base, "nbytes"):
        array = array.base
    return array
