"""Devices by name."""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr
from xdsl.irdl import IRDLOperation, attr_def, irdl_op_definition, operand_def, result_def

from tfrt.dialects.tfrt.types import CHAIN, DEVICE


@irdl_op_definition
class GetDeviceOp(IRDLOperation):
    """The device of a name, such as "CPU:0"."""

    name = "tfrt.get_device"
    chain = operand_def(CHAIN)
    device_name = attr_def(StringAttr)
    device = result_def(DEVICE)
    assembly_format = "operands attr-dict"
