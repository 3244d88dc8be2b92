"""How importers spell types, constants and attributes in MLIR text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfrt.executor.values.dtype import DType
from tfrt.executor.values.safetensors import holds

Shape = tuple[int | None, ...] | None
"""Sizes, None for those that are not known; None for an unknown rank."""

_MOST_SPELLED = 16
"""Constants of more elements are written as their bytes."""

_MOST_SIZES = 128
"""No shape has more than half as many dimensions; paddings are two numbers for each."""


@dataclass(frozen=True)
class TensorType:
    """A tensor's type, as far as it is known."""

    dtype: DType
    shape: Shape

    @property
    def is_static(self) -> bool:
        """Whether all sizes are known."""
        return self.shape is not None and None not in self.shape

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes, which are all known."""
        assert self.shape is not None
        return tuple([size for size in self.shape if size is not None])

    def __str__(self) -> str:
        if self.shape is None:
            return f"tensor<*x{self.dtype.mlir}>"
        return f"tensor<{''.join(f'{_size(size)}x' for size in self.shape)}{self.dtype.mlir}>"


def _size(size: int | None) -> str:
    return "?" if size is None else str(size)


def joined(one: TensorType, other: TensorType) -> TensorType:
    """What holds for tensors of either type."""
    if one.shape is None or other.shape is None or len(one.shape) != len(other.shape):
        return TensorType(one.dtype, None)
    sizes = [a if a == b else None for a, b in zip(one.shape, other.shape, strict=True)]
    return TensorType(one.dtype, tuple(sizes))


def type_of(array: np.ndarray) -> TensorType:
    """The type of an array."""
    return TensorType(DType.of(array), array.shape)


def is_weight(array: np.ndarray, larger_than: int) -> bool:
    """Whether a constant goes to a file of weights: it is larger than so many bytes, and a file can hold it.

    A few integers do not, for they are sizes, axes and paddings, which have to be known when a program is compiled.
    """
    is_of_sizes = array.dtype.kind in "iu" and array.size <= _MOST_SIZES
    return array.nbytes > larger_than and not is_of_sizes and holds(DType.of(array))


def quoted(text: str) -> str:
    """A string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else "".join(f"\\{b:02X}" for b in c.encode()) for c in escaped) + '"'


def dense(array: np.ndarray) -> str:
    """A `dense` attribute with its type."""
    return f"dense<{_elements(array)}> : {type_of(array)}"


def _elements(array: np.ndarray) -> str:
    if not array.size:
        return ""
    dtype = DType.of(array)
    flat = np.ascontiguousarray(array).reshape(-1)
    if array.size > 1 and flat.tobytes() == flat[:1].tobytes() * array.size:
        flat, array = flat[:1], flat[:1].reshape(())
    if dtype is DType.I1:
        return _nested(array, lambda value: "true" if value else "false")
    is_narrow = dtype.name in ("I2", "I4", "UI2", "UI4")
    if is_narrow or (array.dtype.kind in "iu" and array.size <= _MOST_SPELLED):
        return _nested(array.astype(np.int64) if is_narrow else array, lambda value: str(int(value)))
    if dtype in (DType.F32, DType.F64) and array.size <= _MOST_SPELLED and np.isfinite(array).all():
        return _nested(array, _float)
    if dtype.name.startswith(("F4", "F6")):
        return _nested(array.astype(np.float32), _float)
    stored = flat if flat.dtype.byteorder != ">" else flat.byteswap()
    return f'"0x{stored.tobytes().hex().upper()}"'


def _nested(array: np.ndarray, spell: Any) -> str:
    if array.ndim == 0:
        return str(spell(array[()]))
    return f"[{', '.join(_nested(np.asarray(part), spell) for part in array)}]"


def _float(value: Any) -> str:
    text = repr(float(value)) if value.dtype == np.float64 else np.format_float_scientific(value, unique=True)
    mantissa, _, exponent = text.lower().partition("e")
    if "." not in mantissa:
        mantissa += ".0"
    elif mantissa.endswith("."):
        mantissa += "0"
    return f"{mantissa}e{exponent}" if exponent else mantissa


def attribute(value: Any) -> str:
    """An attribute: an int as i64, a float as f32, a string, an array as `dense`, and sequences of numbers."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value} : i64"
        case float():
            single = np.float32(value)
            if np.isfinite(single):
                return f"{_float(single)} : f32"
            return f"0x{int(single.view(np.uint32)):08X} : f32"
        case str():
            return quoted(value)
        case np.ndarray():
            return dense(value)
        case [*items] if items and all(isinstance(item, float) for item in items):
            return f"array<f32: {', '.join(_float(np.float32(item)) for item in items)}>"
        case [*items]:
            return f"array<i64{': ' if items else ''}{', '.join(map(str, items))}>"
    raise TypeError(f"no attribute is spelled for a {type(value).__name__}")


def attributes(pairs: Mapping[str, str]) -> str:
    """Properties of an op in generic form, from their spellings; nothing where there are none."""
    if not pairs:
        return ""
    return f" <{{{', '.join(f'{name} = {value}' for name, value in pairs.items())}}}>"


def listed(types: Iterable[object]) -> str:
    """Types in parentheses."""
    return f"({', '.join(map(str, types))})"


def location(name: str) -> str:
    """A location of that name; nothing without one."""
    return f" loc({quoted(name)})" if name else ""


def function_names(names: Sequence[str]) -> list[str]:
    """Dictionaries of attributes that name arguments or results."""
    return [f" {{tfrt.name = {quoted(name)}}}" for name in names]
