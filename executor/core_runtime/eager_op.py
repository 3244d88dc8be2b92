"""Ops ready to be called from Python, and the chains that order those with side effects."""

from __future__ import annotations

import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

from tfrt.executor.core_runtime.op_handler import EagerCaller, Invocation, Op
from tfrt.executor.core_runtime.short_cut import ShortCut
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.chain import CHAIN

if TYPE_CHECKING:
    from tfrt.executor.core_runtime.core_runtime import CoreRuntime
    from tfrt.executor.runtime.host_context import ExecutionContext, HostContext


class OpChain:
    """Orders ops with side effects: each waits for the one before that was given the same chain.

    ::

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

    Attributes:
        short_cut: the short way.
        call: an `EagerOp`. It is a function, since what is passed to objects that can be called is held by more
            than the callee, so that no buffer would be forwarded.
    """

    __slots__ = ("_attrs", "_name", "_op", "_runtime", "call", "short_cut")

    def __init__(self, runtime: CoreRuntime, name: str, op: Op, attrs: OpAttrs):
        self._runtime = runtime
        self._name = name
        self._op = op
        self._attrs = attrs
        bind = getattr(op, "short_cut", None)
        found: ShortCut | None = None if bind is None else bind(attrs, runtime.host)
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
        runtime = self._runtime
        caller = EagerCaller(frame.f_code, frame.f_lineno)
        handles = tuple([a if type(a) is TensorHandle else runtime.tensor(a) for a in arguments])
        request = runtime.context if context is None else context
        before = None if chain is None else chain.value
        try:
            outcome = self._op(Invocation(self._name, request, caller, handles, self._attrs, result_count, before))
        except KernelError as error:
            raise located(error, caller) from error.__cause__
        if chain is not None:
            chain.value = outcome.chain
        return outcome.results


def located(error: KernelError, caller: EagerCaller) -> KernelError:
    """The error, located at the caller unless it has a location."""
    if error.location is None:
        error.location = caller.location()
    return error


def _no_short_cut(_: tuple[Any, ...]) -> None:
    return None
