"""The dataflow executor: runs a function's kernels as their operands become available.

Each call of a `Graph` makes a frame: registers, and for each kernel with several operands a list of tokens. Whenever a
register is written, each of its users loses a token; whoever takes the last one has made the kernel ready.

**Order.** The ready kernels of the current stream run on the calling thread, last in first out; kernels of other
streams go to the work queue, grouped by stream; when its own stream has nothing ready, the thread adopts the stream
of the first ready foreign kernel. This is the order of the reference implementation
(``lib/bef_executor/bef_executor.cc`` in tensorflow/runtime), which programs with unchained side effects can observe.

Where there are threads nobody can expect an order, and ready kernels of several streams are *shared*: they are in one
list, from which any thread takes the last one, so what has just been made is used next. Who has begun the call calls
others to help, as many as gain from it (`graph.Sharing`), on processors of their own (`processors.Places`). Who adds to
the list takes from it until it is empty, so nothing is left behind if nobody helps.

**Values.** A register holds the plain value. A failed value is stored as its `AsyncValue`; while none has been stored
in a frame, operands are not looked at. A pending result is not stored at all: when it resolves, a callback writes the
register and goes on from there.

**No locks.** Tokens are popped from a list, which is atomic, and the first element is the last to be popped. A register
is written before its users lose their tokens, and read only by a kernel that has been made ready, so reads come after
writes. A function's result that is not there when the call returns is promised: the promise is stored, then the
register is looked at again; a writer writes the register, then looks for a promise. One of the two sees the other,
and taking the promise out of the dictionary, which is atomic, decides who resolves it. The second look copies a
slice: on a free-threaded build that happens either after the write or before it, as reading one item need not.

**Failures.** What comes out of the call of a kernel is the kernel's failure. Anything else that goes wrong, in the
engine or from outside, *ends* the frame, as do exceptions that end the call (`tfrt.executor.runtime.failures`):
`failure` is set, so that no kernel starts any more, and then all promises become that; a promise is stored, then
`failure` is looked at. On the caller's stack the exception goes on to the caller.

**Recorded calls.** A frame may know what the function's first kernels, in the file's order, have come to elsewhere
(`recorded.py`). It runs like any other, in the same order, but instead of running them again it takes that. If the
request is cancelled meanwhile, those whose turn comes later are skipped nevertheless.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfrt.executor.engines.call_state import let_go
from tfrt.executor.engines.frame import Frame
from tfrt.executor.engines.graph import Graph
from tfrt.executor.engines.recorded import Recorded
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import CallEnded, Promised, as_ended, settle_all
from tfrt.executor.support.call_depth import is_full, of_thread
from tfrt.executor.values.async_value import AsyncValue

_ONE = (None,)

MakeFrame = Callable[[Graph, ExecutionContext], Frame]


def execute(
    graph: Graph,
    context: ExecutionContext,
    arguments: Sequence[Any],
    recorded: Recorded | None = None,
    *,
    make_frame: MakeFrame = Frame,
) -> list[Any]:
    """Start a call and run what can be run at once. Does not block.

    Args:
        arguments: plain values, or `AsyncValue`s that are pending, available or failed.
        recorded: what has been run already, elsewhere.
        make_frame: makes the frame of the call.

    Returns:
        The results: plain values where they are available, else an `AsyncValue`, pending or failed.

    Raises:
        CallEnded: see `tfrt.executor.runtime.failures`.
    """
    if is_full(of_thread.calls.depth):
        return _execute_later(graph, context, arguments, recorded, make_frame)
    return _execute_now(graph, context, arguments, recorded, make_frame)


def _execute_now(
    graph: Graph,
    context: ExecutionContext,
    arguments: Sequence[Any],
    recorded: Recorded | None,
    make_frame: MakeFrame,
) -> list[Any]:
    calls = of_thread.calls
    depth = calls.depth
    frame = make_frame(graph, context)
    outsiders = None if depth or frame.shared is None else context.host.outsiders()
    try:
        calls.depth = depth + 1
        if outsiders is not None:
            outsiders += _ONE
        if recorded is not None:
            frame.record(recorded)
        frame.start(arguments)
        return frame.take_results()
    except BaseException as error:
        frame.end(error)
        if isinstance(error, Exception):
            raise CallEnded(error) from None
        raise
    finally:
        calls.depth = depth
        if outsiders:
            del outsiders[-1]


def _execute_later(
    graph: Graph,
    context: ExecutionContext,
    arguments: Sequence[Any],
    recorded: Recorded | None,
    make_frame: MakeFrame,
) -> list[Any]:
    promises = [AsyncValue() for _ in graph.result_registers]

    def run() -> None:
        # Not put off again: a synchronous call that waits for it may stand on this very stack.
        try:
            results = _execute_now(graph, context, arguments, recorded, make_frame)
        except BaseException as error:
            settle_all(promises, [AsyncValue.failed(as_ended(error))] * len(promises))
            let_go(error, is_promised=bool(promises))
        else:
            settle_all(promises, results)

    context.host.enqueue(Promised(promises, run))
    return list(promises)
