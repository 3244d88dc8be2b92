"""Kernels of `corert` that build op attributes one by one, and those of `tfrt_test` that show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfrt.executor.bef.attribute_values import TypedAttribute
from tfrt.executor.bef.format import AttributeType
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.declarations.op_attrs import OpAttr, OpAttrs, plain
from tfrt.executor.values.attributes import (
    F32,
    I1,
    I32,
    Dense,
    F32Array,
    I32Array,
    I64Array,
    Shape,
    String,
    Type,
    TypedAggregate,
)
from tfrt.executor.values.chain import CHAIN, Chain


@kernel("corert.create_op_attrs")
def create_op_attrs() -> OpAttrs:
    return OpAttrs()


def _setter(op: str, stored: Any, type: str, is_array: bool = False) -> Callable[..., Any]:
    def set_attribute(attrs: OpAttrs, chain: Chain, *, key: str, value: Any) -> Chain:
        attrs.set(key, OpAttr(type, value, is_array))
        return CHAIN

    # The annotation differs from op to op, which postponed evaluation would not see.
    set_attribute.__annotations__.update(attrs=OpAttrs, chain=Chain, key=String, value=stored, **{"return": Chain})
    return kernel(f"corert.{op}")(set_attribute)


_setter("op_attrs_set.bool", I1, "BOOL")
_setter("op_attrs_set.i32", I32, "I32")
_setter("op_attrs_set.f32", F32, "F32")
_setter("op_attrs_set.str", String, "CHAR")
_setter("op_attrs_set.dtype", Type, "DTYPE")
_setter("op_attrs_set.dense", Dense, "DENSE")
_setter("op_attrs_set.shape", Shape, "SHAPE")
_setter("op_attrs_set_array.i32", I32Array, "I32", True)
_setter("op_attrs_set_array.i64", I64Array, "I64", True)
_setter("op_attrs_set_array.f32", F32Array, "F32", True)


@kernel("corert.op_attrs_set.aggregate")
def set_aggregate(attrs: OpAttrs, chain: Chain, *, key: String, value: TypedAggregate) -> Chain:
    attrs.set(key, OpAttr("AGGREGATE", plain(TypedAttribute(AttributeType.AGGREGATE, value))))
    return CHAIN
