"""The `ht` dialect: the type of memory on the host. It has no ops."""

from __future__ import annotations

from xdsl.ir import ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition

from tfrt.dialects.shared.definitions import define_dialect


@irdl_attr_definition
class HostBufferType(ParametrizedAttribute, TypeAttribute):
    """A piece of host memory that tensors can share."""

    name = "ht.host_buffer"


HOST_BUFFER = HostBufferType()

HT = define_dialect("ht", __name__)
