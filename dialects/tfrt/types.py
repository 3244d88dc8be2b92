"""Types of the `tfrt` dialect, and the element types its op families range over."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    AnyFloat,
    IntegerType,
    Signedness,
    bf16,
    f16,
    f32,
    f64,
    i1,
    i32,
    i64,
)
from xdsl.ir import ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition

ui32 = IntegerType(32, Signedness.UNSIGNED)
ui64 = IntegerType(64, Signedness.UNSIGNED)

SCALARS: dict[str, IntegerType | AnyFloat] = {
    "i1": i1,
    "i32": i32,
    "i64": i64,
    "ui32": ui32,
    "ui64": ui64,
    "bf16": bf16,
    "f16": f16,
    "f32": f32,
    "f64": f64,
}
"""Element types by the suffix that op names use."""


@irdl_attr_definition
class ChainType(ParametrizedAttribute, TypeAttribute):
    """Orders side effects: an op that takes a chain runs after the op that returned it."""

    name = "tfrt.chain"


@irdl_attr_definition
class StringType(ParametrizedAttribute, TypeAttribute):
    """A string value."""

    name = "tfrt.string"


@irdl_attr_definition
class TensorTypeType(ParametrizedAttribute, TypeAttribute):
    """The storage format of a tensor, such as dense host tensor, as a value."""

    name = "tfrt.tensor_type"


@irdl_attr_definition
class DeviceType(ParametrizedAttribute, TypeAttribute):
    """A device, as a value."""

    name = "tfrt.device"


CHAIN = ChainType()
"""The type ``!tfrt.chain``."""
STRING = StringType()
"""The type ``!tfrt.string``."""
TENSOR_TYPE = TensorTypeType()
DEVICE = DeviceType()
