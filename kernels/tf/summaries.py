"""Tensors in words, as TensorFlow puts them: in full sentences of its assertions (`listed`), and as it prints them
(`shown`).

Source of the semantics: what TensorFlow 2.21 prints; ``tensorflow/core/framework/tensor.cc`` of TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tfrt.executor.values.tensor import StringHostTensor

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "'": "\\'", "\\": "\\\\"}


def listed(tensor: np.ndarray | StringHostTensor, most: int) -> str:
    """The first `most` elements in row-major order, each row in brackets but for the outermost ones; all where `most`
    is negative."""
    words, shape = _words(tensor, quotes=False), tensor.shape
    count = len(words) if most < 0 else min(most, len(words))
    more = "..." if count < len(words) else ""
    return (_rows(words, 0, shape, count) if shape else "".join(words[:count])) + more


def _rows(words: Sequence[str], start: int, shape: Sequence[int], count: int, depth: int = 0) -> str:
    """What is listed of a part that begins at the element `start`, of which only those up to `count` are."""
    size = prod(shape[1:])
    if len(shape) == 1:
        last = min(start + shape[0], count)
        is_cut = depth > 0 and last < start + shape[0]
        return " ".join(words[start:last]) + ("..." if is_cut else "")
    begun = [row for row in range(shape[0]) if start + row * size < count]
    return "".join(f"[{_rows(words, start + row * size, shape[1:], count, depth + 1)}]" for row in begun)


def shown(tensor: np.ndarray | StringHostTensor, ends: int) -> str:
    """The elements in nested brackets, of each dimension the first and last `ends`; all where that is negative."""
    return _shown(_words(tensor, quotes=True), 0, tensor.shape, ends, 0)


def _shown(words: Sequence[str], start: int, shape: Sequence[int], ends: int, depth: int) -> str:
    if not shape:
        return words[start]
    size, count = prod(shape[1:]), shape[0]
    is_cut = 0 <= 2 * ends < count
    rows = [*range(ends), *range(count - ends, count)] if is_cut else range(count)
    parts = [_shown(words, start + row * size, shape[1:], ends, depth + 1) for row in rows]
    if is_cut:
        parts.insert(ends, "...")
    between = " " if len(shape) == 1 else "\n" * (len(shape) - 1) + " " * (depth + 1)
    return f"[{between.join(parts)}]"


def _words(tensor: np.ndarray | StringHostTensor, *, quotes: bool) -> list[str]:
    if isinstance(tensor, StringHostTensor):
        escaped = ["".join(_ESCAPES.get(sign, sign) for sign in each) for each in tensor.strings]
        return [f'"{each}"' for each in escaped] if quotes else escaped
    kind = tensor.dtype.kind
    if kind in "iub":
        return [str(int(value)) for value in tensor.flat]
    if kind == "c":
        return ["?"] * tensor.size
    is_double = tensor.dtype == np.float64
    return [_float(value, is_double) for value in tensor.astype(np.float64 if is_double else np.float32).flat]


def _float(value: Any, is_double: bool) -> str:
    """The shorter of two numbers of digits that gives the value again."""
    few, many = (15, 17) if is_double else (6, 9)
    text = f"{value:.{few}g}"
    return text if type(value)(text) == value or value != value else f"{value:.{many}g}"
