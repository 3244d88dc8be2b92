"""The `corert_sync` dialect: the core runtime in synchronous functions."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.irdl import (
    IRDLOperation,
    attr_def,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.printer import Printer
from xdsl.traits import Pure

from tfrt.dialects.corert import const_dense_tensor_op, create_dense_tensor_ops
from tfrt.dialects.shared.corert_types import OP_HANDLER, TENSOR_HANDLE
from tfrt.dialects.shared.definitions import define_dialect
from tfrt.dialects.shared.execute_op import ExecuteOpForm

ConstDenseTensorOp = const_dense_tensor_op("corert_sync")


@irdl_op_definition
class ExecuteOp(ExecuteOpForm):
    """Executes an op on an op handler. Its attributes cannot name functions."""

    name = "corert_sync.executeop"
    op_handler = operand_def(OP_HANDLER)
    arguments = var_operand_def(TENSOR_HANDLE)
    op_attrs = attr_def(ArrayAttr)
    op_name = attr_def(StringAttr)
    outputs = var_result_def(TENSOR_HANDLE)
    traits = traits_def(Pure())

    def print(self, printer: Printer) -> None:
        self._print(printer, (self.op_handler,), self.arguments, len(self.results))


@irdl_op_definition
class GetOpHandlerOp(IRDLOperation):
    """The op handler registered under a name."""

    name = "corert_sync.get_op_handler"
    device_name = attr_def(StringAttr)
    op_handler = result_def(OP_HANDLER)
    traits = traits_def(Pure())
    assembly_format = "$device_name attr-dict"


CREATE_DENSE_TENSOR_OPS = create_dense_tensor_ops("corert_sync")

CORERT_SYNC = define_dialect("corert_sync", __name__, is_open=True)
