"""Executing ops one at a time.

::

    runtime = CoreRuntime.of(host)
    (y,) = runtime.execute("tf.Relu", x)          # at once: a handle with shape and dtype
    y.numpy()                                     # waits for the elements

Shapes and types that do not fit are raised by `execute`, at the caller's line; what goes wrong later fails the
results and reaches exactly the ops that use them. Programs reach the same handlers and ops through
``corert.executeop``.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.metadata import metadata_of
from tfrt.executor.core_runtime.op_attrs import OpAttrs
from tfrt.executor.core_runtime.op_handler import Invocation, Op, OpHandler, Outcome
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.device import HOST_DEVICE
from tfrt.executor.errors import KernelError, UsageError
from tfrt.executor.host_context import ExecutionContext, HostContext
from tfrt.executor.location import FileLineCol, Location
from tfrt.executor.tensor import Tensor, dense_from_numpy


class CoreRuntime:
    """The op handlers of a host, by name. A handler ``cpu`` is there from the start."""

    def __init__(self, host: HostContext):
        self.host = host
        self._handlers: dict[str, OpHandler] = {}
        self._cpu = CpuOpHandler()

    @staticmethod
    def of(host: HostContext) -> CoreRuntime:
        """The core runtime of `host`."""
        runtimes = host.shared(_Runtimes)
        return runtimes.get(host) or runtimes.setdefault(host, CoreRuntime(host))

    def register(self, name: str, handler: OpHandler) -> None:
        """Give a handler a name; the first one of a name stays."""
        self._handlers.setdefault(name, handler)

    def handler(self, name: str) -> OpHandler | None:
        """The handler registered under that name, or None."""
        return self._handlers.get(name)

    def tensor(self, value: Any) -> TensorHandle:
        """A handle of an array or a number, or of a tensor of any kind. Arrays are not copied.

        Raises:
            TypeError: no element type corresponds to the array's.
        """
        if isinstance(value, TensorHandle):
            return value
        if not isinstance(value, Tensor):
            value = dense_from_numpy(np.asarray(value))
        return TensorHandle(self.host, HOST_DEVICE, value, metadata_of(value))

    def from_dlpack(self, array: Any) -> TensorHandle:
        """A handle of another library's array, whose memory it shares.

        Raises:
            BufferError: the array is not in memory that the host can read.
        """
        return self.tensor(np.from_dlpack(array))

    def execute(
        self,
        op_name: str,
        *arguments: Any,
        handler: OpHandler | str | None = None,
        result_count: int | None = None,
        context: ExecutionContext | None = None,
        **attrs: Any,
    ) -> tuple[TensorHandle, ...]:
        """Run an op and return handles of its results at once.

        Args:
            arguments: handles, arrays or tensors.
            handler: an op handler, or the name of one; by default the host's CPU.
            result_count: how many results to expect; only needed for ops that have no metadata function and
                several results.
            context: the request it belongs to, e.g. to cancel it; by default one of its own.
            attrs: the op's attributes.

        Raises:
            KernelError: the op is unknown, or the arguments' shapes or types do not fit it. It is located at
                the caller's line.
            UsageError: there is no handler of that name.
        """
        location = _callers_line()
        try:
            return self.invoke(
                self._op(op_name, handler),
                op_name,
                tuple(self.tensor(argument) for argument in arguments),
                OpAttrs.of(attrs),
                location=location,
                result_count=result_count,
                context=context,
            ).results
        except KernelError as error:
            if error.location is None:
                error.location = location
            raise

    def invoke(
        self,
        op: Op,
        op_name: str,
        arguments: tuple[TensorHandle, ...],
        attrs: OpAttrs,
        *,
        location: Location,
        result_count: int | None = None,
        context: ExecutionContext | None = None,
        chain: Any = None,
    ) -> Outcome:
        """Run an op that has been looked up; what programs use.

        Raises:
            KernelError: the arguments' shapes or types do not fit it.
        """
        request = ExecutionContext(self.host) if context is None else context
        return op(Invocation(op_name, request, location, arguments, attrs, result_count, chain))

    def _op(self, op_name: str, handler: OpHandler | str | None) -> Op:
        if handler is None:
            return self._cpu.make_op(op_name)
        if isinstance(handler, str):
            found = self.handler(handler)
            if found is None:
                raise UsageError(f"no op handler '{handler}'; there are: {', '.join(self._handlers) or 'none'}")
            handler = found
        return handler.make_op(op_name)


class _Runtimes(dict[HostContext, CoreRuntime]):
    """The one core runtime of a host, where the host keeps it."""


def _callers_line() -> Location:
    frame = sys._getframe(2)
    return FileLineCol(frame.f_code.co_filename, frame.f_lineno, 1)
