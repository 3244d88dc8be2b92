"""The `tfrt_tensor` dialect: the type of tensors of whatever format. It has no ops."""

from __future__ import annotations

from xdsl.ir import ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition

from tfrt.dialects.shared.definitions import define_dialect


@irdl_attr_definition
class TensorType(ParametrizedAttribute, TypeAttribute):
    """A tensor; its format, element type and shape are known at run time only."""

    name = "tfrt_tensor.tensor"


TENSOR = TensorType()

TFRT_TENSOR = define_dialect("tfrt_tensor", __name__)
