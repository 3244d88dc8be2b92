"""The attributes of an op: named values that keep the type they were set with.

To ops they are Python values (numbers, strings, `DType`s, tuples, numpy arrays). The type matters where attributes are
printed, and for those who read them back. Source of types and printed forms: ``lib/core_runtime/op_attrs.cc`` in
tensorflow/runtime.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tfrt.executor.bef.attribute_values import TypedAttribute
from tfrt.executor.bef.format import ARRAY_BIT, AttributeType
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.dtype import DType

_PRINTED_ELEMENTS = 5
"""How many elements of an array are printed before it is cut short."""

_NAMES = {DType.I1: "BOOL", DType.STRING: "CHAR"}


@dataclass(frozen=True, slots=True)
class OpAttr:
    """One attribute: its value and the name of its type, which is that of the elements for an array."""

    type: str
    value: Any
    is_array: bool = False

    def __str__(self) -> str:
        if self.type == "CHAR" or self.is_array:
            shown = [_element(self.type, item) for item in self.value[:_PRINTED_ELEMENTS]]
            return f"[{', '.join(shown)}{'...' if len(self.value) > _PRINTED_ELEMENTS else ''}]"
        return _element(self.type, self.value)


class OpAttrs:
    """A set of attributes that can be added to; `freeze` gives one that never changes."""

    __slots__ = ("_attrs", "_is_frozen")

    def __init__(self, attrs: Mapping[str, OpAttr] | None = None):
        self._attrs: dict[str, OpAttr] = dict(attrs or {})
        self._is_frozen = False

    @staticmethod
    def of(values: Mapping[str, Any]) -> OpAttrs:
        """Attributes of Python values; an int becomes an I64, a float an F32.

        Raises:
            KernelError: a value can be no attribute.
        """
        return OpAttrs({name: _from_python(name, value) for name, value in values.items()})

    @staticmethod
    def of_pairs(pairs: Iterable[TypedAttribute]) -> OpAttrs:
        """Attributes as a program spells them: pairs of a name and a typed value.

        Raises:
            KernelError: one of them is no such pair.
        """
        attrs = {}
        for pair in pairs:
            if pair.type != AttributeType.AGGREGATE or len(pair.value) != 2 or pair.value[0].type != DType.STRING:
                raise KernelError("op attributes must be pairs of a name and a value")
            name, typed = pair.value
            attrs[name.value] = _from_typed(typed)
        return OpAttrs(attrs)

    def set(self, name: str, attr: OpAttr) -> None:
        """Add an attribute.

        Raises:
            KernelError: there is one of that name already, or the attributes are frozen.
        """
        if self._is_frozen:
            raise KernelError(f"op attribute '{name}' cannot be set: the attributes are frozen")
        if name in self._attrs:
            raise KernelError(f"op attribute '{name}' is set already")
        self._attrs[name] = attr

    def freeze(self) -> OpAttrs:
        """A copy that never changes, whatever becomes of this one or of the arrays it holds; frozen ones are shared."""
        if self._is_frozen:
            return self
        frozen = OpAttrs({name: _frozen(attr) for name, attr in self._attrs.items()})
        frozen._is_frozen = True
        return frozen

    def values(self) -> dict[str, Any]:
        """The attributes as Python values."""
        return {name: attr.value for name, attr in self._attrs.items()}

    @property
    def by_name(self) -> Mapping[str, OpAttr]:
        """The attributes with their types; changes show in it."""
        return self._attrs

    def __getitem__(self, name: str) -> OpAttr:
        return self._attrs[name]

    def __iter__(self) -> Iterator[tuple[str, OpAttr]]:
        return iter(self._attrs.items())

    def __len__(self) -> int:
        return len(self._attrs)

    def __str__(self) -> str:
        if not self._attrs:
            return "OpAttrs is empty\n"
        lines = [f"OpAttrs contains {len(self._attrs)} entries:"]
        lines += [f"  '{name}' type={attr.type} value={attr}" for name, attr in sorted(self._attrs.items())]
        return "\n".join(lines) + "\n\n"


def _frozen(attr: OpAttr) -> OpAttr:
    value = _read_only(attr.value)
    return attr if value is attr.value else OpAttr(attr.type, value, attr.is_array)


def _read_only(value: Any) -> Any:
    if isinstance(value, tuple):
        items = tuple([_read_only(item) for item in value])
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    flags = getattr(value, "flags", None)
    if flags is None or not flags.writeable:
        return value
    copy = value.copy()
    copy.flags.writeable = False
    return copy


def _from_typed(typed: TypedAttribute) -> OpAttr:
    if typed.type & ARRAY_BIT:
        return OpAttr(_type_name(typed.type & ~ARRAY_BIT), typed.value, True)
    if typed.type == AttributeType.AGGREGATE:
        return OpAttr("AGGREGATE", tuple(plain(item) for item in typed.value))
    return OpAttr(_type_name(typed.type), typed.value)


def plain(typed: TypedAttribute) -> Any:
    """The value without the types, aggregates as tuples."""
    if typed.type == AttributeType.AGGREGATE:
        return tuple(plain(item) for item in typed.value)
    return typed.value


def read_metadata(attribute: Iterable[TypedAttribute]) -> tuple[TensorMetadata, ...]:
    """What an attribute ``[[element type, size, size, ...], ...]`` says."""
    return tuple(TensorMetadata(dtype, tuple(sizes)) for dtype, *sizes in map(plain, attribute))


def _type_name(attribute: int) -> str:
    match attribute:
        case AttributeType.TYPE:
            return "DTYPE"
        case AttributeType.DENSE:
            return "DENSE"
        case AttributeType.SHAPE:
            return "SHAPE"
    dtype = DType(attribute)
    return _NAMES.get(dtype, dtype.name)


def _from_python(name: str, value: Any) -> OpAttr:
    import numpy as np

    if isinstance(value, OpAttr):
        return value
    if isinstance(value, bool | np.bool_):
        return OpAttr("BOOL", bool(value))
    if isinstance(value, DType):
        return OpAttr("DTYPE", value)
    if isinstance(value, int | np.integer):
        return OpAttr("I64", int(value))
    if isinstance(value, float | np.floating):
        return OpAttr("F32", float(value))
    if isinstance(value, str):
        return OpAttr("CHAR", value)
    if isinstance(value, np.ndarray):
        return OpAttr("DENSE", value)
    if isinstance(value, list | tuple):
        elements = [_from_python(name, item) for item in value]
        types = {element.type for element in elements} or {"I64"}
        if len(types) == 1 and not types & {"CHAR", "DENSE", "AGGREGATE"}:
            return OpAttr(types.pop(), tuple(element.value for element in elements), True)
        return OpAttr("AGGREGATE", tuple(element.value for element in elements))
    raise KernelError(f"op attribute '{name}' cannot be a {type(value).__name__}")


def _element(type: str, value: Any) -> str:
    match type:
        case "BOOL":
            return str(int(value))
        case "DTYPE":
            return _NAMES.get(value, value.name)
        case "F16" | "F32" | "F64" | "BF16":
            return f"{value:e}"
        case "SHAPE":
            inner = "*" if value is None else "x".join("-1" if d is None else str(d) for d in value)
            return f"<{inner}>"
        case "DENSE":
            return f"dtype={_type_name(DType.of(value))}, rank={value.ndim}, elt_count={value.size}"
        case "AGGREGATE":
            shown = [f"{{{_aggregate_element(item)}}}" for item in value]
            return f"elt_count={len(value)} [{', '.join(shown)}]"
        case "FUNC":
            return f"FUNC function_name: {value}"
    return str(value)


def _aggregate_element(value: Any) -> str:
    if isinstance(value, tuple):
        return _element("AGGREGATE", value)
    return _element("DENSE", value) if hasattr(value, "ndim") else "unknown"
