"""The `ht` dialect: the type of memory on the host. It has no ops."""

from __future__ import annotations

from xdsl.ir import Dialect, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition


@irdl_attr_definition
class HostBufferType(ParametrizedAttribute, TypeAttribute):
    """A piece of host memory that tensors can share."""

    name = "ht.host_buffer"


HOST_BUFFER = HostBufferType()

HT = Dialect("ht", [], [HostBufferType])
