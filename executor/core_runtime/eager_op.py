"""Ops ready to be called from Python, and the chains that order those with side effects."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, Protocol

import numpy as np

from tfrt.executor.core_runtime.eager_caller import EagerCaller
from tfrt.executor.core_runtime.op_handler import Invocation, Op
from tfrt.executor.core_runtime.short_cut import ShortCut
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.metadata import metadata_of
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN
from tfrt.executor.values.device import HOST_DEVICE
from tfrt.executor.values.tensor import Tensor, dense_from_numpy


class OpChain:
    """Orders ops with side effects: each waits for the one before that was given the same chain.

        chain = OpChain(host)
        runtime.execute("my.Print", x, chain=chain)
        runtime.execute("my.Print", y, chain=chain)    # prints after x, even if y is there first
        chain.wait()

    Once an op fails, those after it do not run.
    """

    def __init__(self, host: HostContext):
        self._host = host
        self.value: Any = CHAIN

    def wait(self) -> None:
        """Wait until all ops so far are done.

        Raises:
            KernelError: one of them failed.
        """
        if type(self.value) is AsyncValue:
            self._host.wait([self.value])
            self.value = self.value.value


class EagerOp(Protocol):
    """An op with its attributes, as `CoreRuntime.op` makes it."""

    def __call__(
        self,
        *arguments: Any,
        result_count: int | None = None,
        context: ExecutionContext | None = None,
        chain: OpChain | None = None,
    ) -> tuple[TensorHandle, ...]:
        """Run the op; see `CoreRuntime.execute`."""


class BoundOp:
    """An op of a handler with its attributes, and its two ways through dispatch.

    Args:
        context: the request of calls that are given none.

    Attributes:
        short_cut: the short way.
        call: an `EagerOp`. It is a function, since what is passed to objects that can be called is held by more
            than the callee, so that no buffer would be forwarded.
    """

    __slots__ = ("_attrs", "_context", "_name", "_op", "call", "short_cut")

    def __init__(self, context: ExecutionContext, name: str, op: Op, attrs: OpAttrs):
        self._context = context
        self._name = name
        self._op = op
        self._attrs = attrs
        bind = getattr(op, "short_cut", None)
        found: ShortCut | None = None if bind is None else bind(attrs, context.host)
        short_cut = self.short_cut = _no_short_cut if found is None else found

        def call(
            *arguments: Any,
            result_count: int | None = None,
            context: ExecutionContext | None = None,
            chain: OpChain | None = None,
        ) -> tuple[TensorHandle, ...]:
            if context is None and result_count is None and (results := short_cut(arguments)) is not None:
                return results
            return self.execute(arguments, result_count, context, chain, sys._getframe(1))

        self.call: EagerOp = call

    def execute(
        self,
        arguments: tuple[Any, ...],
        result_count: int | None,
        context: ExecutionContext | None,
        chain: OpChain | None,
        frame: FrameType,
    ) -> tuple[TensorHandle, ...]:
        """Run the op the general way, on behalf of the line of Python where `frame` is."""
        caller = EagerCaller(frame.f_code, frame.f_lineno)
        request = self._context if context is None else context
        host = self._context.host
        handles = tuple([a if type(a) is TensorHandle else handle_of(a, host) for a in arguments])
        before = None if chain is None else chain.value
        try:
            invocation = Invocation(
                self._name, request, caller, handles, self._attrs, result_count=result_count, chain=before
            )
            outcome = self._op(invocation)
        except KernelError as error:
            raise caller.located(error) from error.__cause__
        if chain is not None:
            chain.value = outcome.chain
        return outcome.results


def handle_of(value: Any, host: HostContext) -> TensorHandle:
    """A handle of an array or a number, or of a tensor of any kind; arrays are not copied. A handle stays itself.

    Raises:
        TypeError: no element type corresponds to the array's.
    """
    if isinstance(value, TensorHandle):
        return value
    if not isinstance(value, Tensor):
        value = dense_from_numpy(np.asarray(value))
    return TensorHandle(host, HOST_DEVICE, value, metadata_of(value))


def _no_short_cut(_: tuple[Any, ...]) -> None:
    return None
