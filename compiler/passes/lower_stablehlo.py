"""`lower-stablehlo`: functions of frameworks' dialects become functions of kernels on arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared import lowered_control_flow, lowered_ops
from tfrt.compiler.passes.shared.function_builder import FunctionBuilder, ProgramBuilder
from tfrt.compiler.passes.shared.purity import name_of
from tfrt.compiler.passes.shared.source_functions import SOURCES, ends_in, is_source
from tfrt.compiler.passes.shared.source_ops import FORWARDING, callee_of
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.dialects.shared.ops import operand_of, result_of
from tfrt.executor.support.errors import CompileError


@dataclass(frozen=True)
class LowerStablehlo(ModulePass):
    """Turns programs of `stablehlo`, `chlo` and `func` into kernels on arrays and calls, branches and loops of `tfrt`.

    An op becomes the op of the core runtime of its name, run by `cpu.call`; where it works element by element, by
    `cpu.elementwise`, which may be fused. Regions of reductions, sorts and their like become attributes. Branches and
    loops become functions, which take what they use of the values around them. Functions take and give arrays, and
    what a public one gives is memory of its own.

    All that is not supported is reported at once.
    """

    name = "lower-stablehlo"
    anchor = "builtin.module"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        every = functions_of(op)
        functions = {name: function for name, function in every.items() if is_source(function)}
        if not functions:
            return
        computations = {name: function for name, function in every.items() if ends_in(function, "stablehlo.return")}
        lowering = ProgramBuilder(functions, computations, set(every), _lower)
        made = lowering.run()
        if lowering.problems:
            raise CompileError(tuple(lowering.problems))
        lowered = {*functions.values(), *computations.values()}
        for inner in list(op.ops):
            if inner.name.partition(".")[0] in SOURCES or inner in lowered:
                inner.detach()
                inner.erase()
        op.body.block.add_ops(made)


def _lower(into: FunctionBuilder, op: Operation) -> Sequence[SSAValue]:
    """Add what an op becomes; returns what it gives."""
    callee = callee_of(op)
    if callee is not None:
        return lowered_control_flow.call(into, op, callee)
    special = _SPECIAL.get(op.name)
    if special is not None:
        return special(into, op)
    if name_of(op) in FORWARDING or _converts_nothing(op):
        return into.operands(op)
    return lowered_ops.execute(into, op)


def _converts_nothing(op: Operation) -> bool:
    return op.name == "stablehlo.convert" and operand_of(op, 0).type == result_of(op).type


_SPECIAL: dict[str, Callable[[FunctionBuilder, Operation], Sequence[SSAValue]]] = {
    "builtin.unrealized_conversion_cast": lowered_ops.cast,
    "stablehlo.constant": lowered_ops.constant,
    "stablehlo.custom_call": lowered_ops.custom_call,
    "onnx.Weight": lowered_ops.weight,
    "tf.ProgramVariable": lowered_ops.variable,
    "tf.Weight": lowered_ops.weight,
    "stablehlo.create_token": lowered_ops.token,
    "stablehlo.after_all": lowered_ops.token,
    "stablehlo.tuple": FunctionBuilder.operands,
    "stablehlo.get_tuple_element": lowered_ops.tuple_element,
    "stablehlo.replica_id": lowered_ops.zero_id,
    "stablehlo.partition_id": lowered_ops.zero_id,
    "stablehlo.if": lowered_control_flow.branch,
    "stablehlo.case": lowered_control_flow.branch,
    "stablehlo.while": lowered_control_flow.while_loop,
}
