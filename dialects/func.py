"""The `func` dialect: MLIR's, with functions that are looked up in the module around the call."""

from __future__ import annotations

from xdsl.dialects import func
from xdsl.dialects.builtin import FlatSymbolRefAttrConstr
from xdsl.ir import Dialect
from xdsl.irdl import IRDLOperation, irdl_op_definition, prop_def, traits_def, var_operand_def, var_result_def

from tfrt.dialects.shared.bodies import CALLEE, Function, RunsFunctions


@irdl_op_definition
class CallOp(IRDLOperation):
    """Calls a function.

    xDSL's own looks for it in the nearest op that might have symbols, be it an unregistered one.
    """

    name = "func.call"
    callee = prop_def(FlatSymbolRefAttrConstr)
    arguments = var_operand_def()
    res = var_result_def()
    traits = traits_def(RunsFunctions(Function("callee", words=CALLEE)))
    assembly_format = "$callee `(` $arguments `)` attr-dict `:` functional-type($arguments, $res)"


FUNC = Dialect("func", [CallOp, func.FuncOp, func.ReturnOp])
