"""An op handler that tells of every op what it is given and, if asked to, what it gives back.

Lines have the reference's form (``lib/core_runtime/logging_op_handler.cc`` in tensorflow/runtime). Nothing waits for
the log: inputs and outputs are shown when they are there.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from typing import Any

from tfrt.executor.core_runtime.op_handler import Invocation, Op, OpHandler, Outcome
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.tensor import CooHostTensor, ScalarHostTensor, to_dense


class LoggingOpHandler:
    """Logs the ops that `wrapped` runs.

    Args:
        log_results: also show what ops give back.
        out: where to write; by default standard error at the time of writing.
    """

    def __init__(self, wrapped: OpHandler, log_results: bool = False, out: Any = None):
        self.name = "sync_logging" if log_results else "logging"
        self.device = wrapped.device
        self._wrapped = wrapped
        self._log_results = log_results
        self._out = out
        self._numbers = itertools.count()

    def make_op(self, op_name: str) -> Op:
        """The wrapped handler's op, logged."""
        op = self._wrapped.make_op(op_name)
        return lambda invocation: self._invoke(op, invocation)

    def _invoke(self, op: Op, invocation: Invocation) -> Outcome:
        number = next(self._numbers)
        host = invocation.context.host
        arguments = invocation.arguments
        head = f"[{number}] dispatch '{invocation.op_name}' {_count(len(arguments), 'argument')}"
        results = invocation.result_count
        described = f", {_count(results, 'result')}" if results is not None else ""
        attrs = f", {invocation.attrs}" if len(invocation.attrs) else ", no attributes\n"
        self._write(f"{head}{described}{attrs}")
        tensors = [handle.tensor for handle in arguments]
        title = f"[{number}]"
        host.run_when_ready(tensors, lambda: self._show("Input", title, invocation.op_name, arguments))
        outcome = op(invocation)
        if self._log_results and outcome.results:
            produced = [handle.tensor for handle in outcome.results]
            host.run_when_ready(produced, lambda: self._show("Output", title, invocation.op_name, outcome.results))
        return outcome

    def _show(self, what: str, title: str, op_name: str, handles: Sequence[TensorHandle]) -> None:
        lines = [f"{what}s for {title}: '{op_name}':"]
        lines += [f"  {what} for {title} tensor {i}: {_text(handle)}" for i, handle in enumerate(handles)]
        self._write("\n".join(lines) + "\n\n")

    def _write(self, text: str) -> None:
        # One write a message, so that messages of several threads do not mix.
        (self._out or sys.stderr).write(text)


def _text(handle: TensorHandle) -> str:
    tensor = handle.tensor
    if type(tensor) is AsyncValue:
        if tensor.error is not None:
            return f"error: {tensor.error.message}"
        tensor = tensor.value
    return str(to_dense(tensor) if isinstance(tensor, ScalarHostTensor | CooHostTensor) else tensor)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
