"""What a program computes once."""

from __future__ import annotations

from xdsl.dialects.builtin import FlatSymbolRefAttrConstr, MemRefType
from xdsl.irdl import IRDLOperation, attr_def, irdl_op_definition, traits_def, var_result_def

from tfrt.dialects.shared.bodies import Function, RunsFunctions


@irdl_op_definition
class OnceOp(IRDLOperation):
    """Arrays that a function without arguments gives, which computes them of nothing but constants and weights.

    A loaded program runs the function until it has given all of them, as a rule once, and keeps what it gives: nobody
    may write to it. Unlike that of `tfrt.once`, which can be told apart from a call, the function has no effects.
    """

    name = "cpu.once"
    function = attr_def(FlatSymbolRefAttrConstr)
    arrays = var_result_def(MemRefType)
    traits = traits_def(RunsFunctions(Function("function", "function")))
    assembly_format = "attr-dict `:` type($arrays)"
