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
from types import FrameType
from typing import Any, cast

import numpy as np

from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.device_packages import CPU
from tfrt.executor.core_runtime.eager_caller import EagerCaller
from tfrt.executor.core_runtime.eager_op import BoundOp, EagerOp, OpChain, handle_of
from tfrt.executor.core_runtime.handlers import Handlers
from tfrt.executor.core_runtime.op_handler import OpHandler, make_op
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.device import Device

_BOUND_OPS = 1024
"""How many ops with their attributes are kept ready before the collection starts anew."""


class CoreRuntime:
    """The op handlers of a host, by name.

    A handler is one that was registered here, or one that an installed package provides under the entry-point group
    ``tfrt.devices``: a function that makes the handler for a host, called once, when the handler is first asked for.

    Attributes:
        host: see `HostContext`.
        context: the request that eager ops belong to unless they are given another; never cancelled.
    """

    def __init__(self, host: HostContext):
        self.host = host
        self._handlers = Handlers.of(host)
        self._cpu: OpHandler = CpuOpHandler()
        self._ops: dict[tuple[Any, ...], BoundOp] = {}
        self.context = ExecutionContext(host)

    @staticmethod
    def of(host: HostContext) -> CoreRuntime:
        """The core runtime of `host`."""
        return host.single(CoreRuntime)

    def register(self, name: str, handler: OpHandler) -> None:
        """Give a handler a name; the first one of a name stays."""
        self._handlers.register(name, handler)

    def handler(self, name: str) -> OpHandler | None:
        """The handler registered under that name or provided by an installed package, or None.

        Raises:
            UsageError: a package provides it, but cannot make it here.
        """
        return cast("OpHandler | None", self._handlers.find(name))

    def device(self, name: str) -> Device | None:
        """The device of that name among those of the handlers in use, or None."""
        return self._handlers.device(name)

    def transfer(
        self, tensor: Any, device: Device | OpHandler | str, context: ExecutionContext | None = None
    ) -> TensorHandle:
        """A handle of the tensor on another device, at once; the copy is made when the tensor is there.

        Args:
            tensor: a handle, array or tensor.
            device: a device, an op handler or the name of either.
            context: the request it belongs to.

        Raises:
            KernelError: tensors cannot get there from where they are.
            UsageError: there is no such device.
        """
        caller = EagerCaller.at(sys._getframe(1))
        return self.tensor(tensor).to_from(caller, device, self.context if context is None else context)

    def tensor(self, value: Any) -> TensorHandle:
        """A handle of an array or a number, or of a tensor of any kind. Arrays are not copied.

        Raises:
            TypeError: no element type corresponds to the array's.
        """
        return handle_of(value, self.host)

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
        chain: OpChain | None = None,
        **attrs: Any,
    ) -> tuple[TensorHandle, ...]:
        """Run an op and return handles of its results at once.

        Args:
            arguments: handles, arrays or tensors.
            handler: an op handler, or the name of one; by default the host's CPU.
            result_count: how many results to expect; only needed for ops that have no metadata function and
                several results.
            context: the request it belongs to, e.g. to cancel it; by default one that is never cancelled.
            chain: for ops with side effects, what orders them; without one they wait for nothing but their inputs.
            attrs: the op's attributes.

        Raises:
            KernelError: the op is unknown, or the arguments' shapes or types do not fit it. It is located at
                the caller's line.
            UsageError: there is no handler of that name.
        """
        op = self._ops.get((op_name, handler)) if not attrs else None
        if op is None:
            op = self._bind(op_name, handler, attrs, sys._getframe(1))
        if context is None and result_count is None and (results := op.short_cut(arguments)) is not None:
            return results
        return op.execute(arguments, result_count, context, chain, sys._getframe(1))

    def op(
        self,
        op_name: str,
        frozen: OpAttrs | None = None,
        /,
        *,
        handler: OpHandler | str | None = None,
        **attrs: Any,
    ) -> EagerOp:
        """An op with its attributes, to be called again and again: ``relu = runtime.op("tf.Relu")``.

        Args:
            frozen: attributes with types of the caller's choice; later changes of them have no effect.
            attrs: further attributes.

        Raises:
            KernelError: the op is unknown, or a value can be no attribute.
            UsageError: there is no handler of that name.
        """
        if frozen is not None:
            attrs = {**frozen.freeze().by_name, **attrs}
        return self._bind(op_name, handler, attrs, sys._getframe(1)).call

    def _bind(self, op_name: str, handler: OpHandler | str | None, attrs: dict[str, Any], frame: FrameType) -> BoundOp:
        given = tuple([(name, type(value), value) for name, value in attrs.items()])
        key: tuple[Any, ...] | None = (op_name, handler, given) if given else (op_name, handler)
        try:
            found = self._ops.get(key)  # type: ignore[arg-type]
        except TypeError:
            # A list or an array among the attributes.
            key, found = None, None
        if found is not None:
            return found
        chosen = self._cpu if handler is None else self._named(handler) if isinstance(handler, str) else handler
        try:
            op = BoundOp(self.context, op_name, make_op(chosen, op_name, self.host), OpAttrs.of(attrs))
        except KernelError as error:
            raise EagerCaller.at(frame).located(error) from error.__cause__
        if key is not None:
            if len(self._ops) >= _BOUND_OPS:
                self._ops.clear()
            self._ops[key] = op
        return op

    def _named(self, name: str) -> OpHandler:
        handler = self.handler(name)
        if handler is None and name == CPU:
            return self._cpu
        if handler is None:
            raise self._handlers.unknown(name)
        return handler
