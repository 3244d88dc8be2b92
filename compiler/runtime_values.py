"""Attributes as kernels see them, for passes that run at compile time what programs run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from xdsl.dialects.builtin import (
    ArrayAttr,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    TensorType,
)
from xdsl.ir import Attribute

from tfrt.compiler.emitter.attributes import attribute_type, dense_bytes, dtype_of
from tfrt.dialects.shared.corert_types import ShapeAttr
from tfrt.executor.bef.attribute_values import TypedAttribute
from tfrt.executor.bef.format import AttributeType
from tfrt.executor.values.dtype import DType


def typed_values(attributes: Iterable[Attribute]) -> tuple[TypedAttribute, ...]:
    """What a kernel gets that declares an array of these attributes as a `TypedAggregate`.

    Raises:
        ValueError: files cannot hold one of them, or not without the rest of the module.
    """
    return tuple(map(_typed_value, attributes))


def dense_value(attribute: DenseIntOrFPElementsAttr) -> np.ndarray:
    """What a kernel gets that declares the attribute as `Dense`.

    Raises:
        ValueError: files cannot hold it.
    """
    _check(attribute)
    dtype = dtype_of(attribute.get_element_type())
    assert dtype is not None
    elements = np.frombuffer(dense_bytes(attribute), dtype.little_endian)
    return elements.reshape(tuple(attribute.get_shape()))


def dense_attribute(array: np.ndarray, type: TensorType) -> DenseIntOrFPElementsAttr:
    """The attribute that `dense_value` makes this array of, which has that type's shape."""
    data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return DenseIntOrFPElementsAttr.new([type, BytesAttr(data)])


def _typed_value(attribute: Attribute) -> TypedAttribute:
    kind = _check(attribute)
    if kind == AttributeType.AGGREGATE:
        assert isinstance(attribute, ArrayAttr)
        return TypedAttribute(kind, typed_values(attribute))
    return TypedAttribute(kind, _value(attribute))


def _value(attribute: Attribute) -> Any:
    match attribute:
        case IntegerAttr():
            return _integer(attribute.value.data, dtype_of(attribute.type))
        case FloatAttr():
            return attribute.value.data
        case StringAttr():
            return attribute.data
        case ShapeAttr():
            known = attribute.shape
            return None if known is None else tuple(None if size < 0 else size for size in known)
        case DenseIntOrFPElementsAttr():
            return dense_value(attribute)
        case ArrayAttr():
            return tuple(map(_value, attribute))
    return dtype_of(attribute)


def _integer(value: int, dtype: DType | None) -> bool | int:
    """The integer as BEF holds it, which does not tell signed ones from signless ones."""
    assert dtype is not None
    if dtype is DType.I1:
        return bool(value & 1)
    wrapped = value & (1 << 8 * dtype.numpy.itemsize) - 1
    return int(np.array(wrapped, f"u{dtype.numpy.itemsize}").astype(dtype.numpy))


def _check(attribute: Attribute) -> int:
    kind = attribute_type(attribute)
    if kind == AttributeType.UNSUPPORTED:
        raise ValueError(f"BEF cannot hold {attribute}")
    if isinstance(attribute, SymbolRefAttr):
        raise ValueError(f"{attribute} is a module for kernels to compile")
    return kind
