"""`tfrt-print-stream`: the streams of a program, as remarks."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from tfrt.compiler.passes.shared.remarks import remark
from tfrt.compiler.streams import analyse_streams


@dataclass(frozen=True)
class TfrtPrintStream(ModulePass):
    """Says, as a remark at every function and at every op of its body, which stream it is in; changes nothing.

    A stream is a sequence of ops that are worth running on one thread. The remark gives its id, which the BEF file has,
    too, its cost, the stream that triggers it (-1: none) and the streams that the op itself triggers.
    """

    name = "tfrt-print-stream"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.walk():
            if isinstance(function, FuncOp) and function.body.blocks:
                _show(function)


def _show(function: FuncOp) -> None:
    streams = analyse_streams(function.body.blocks[0])
    known = {stream.id: stream for stream in streams.found}
    triggered: dict[Operation | None, list[str]] = {}
    for stream in streams.found:
        if stream.id != streams.root:
            triggered.setdefault(stream.parent_op, []).append(str(stream.id))

    def show(place: Operation, op: Operation | None, id: int) -> None:
        message = f"stream id: {id}"
        if id in known:
            message += f", stream cost: {known[id].cost}, parent stream: {known[id].parent}"
        if op in triggered:
            message += f", child streams: [{', '.join(triggered[op])}]"
        remark(place, message)

    show(function, None, streams.root)
    for op, id in streams.by_op.items():
        show(op, op, id)
