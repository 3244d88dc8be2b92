"""Op handlers: where ops run, and the plug point for devices.

An op handler turns an op's name into something that can be invoked. One that does not know the op passes the
question to its fallback; at the end of every line stands the null handler, which knows none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tfrt.executor.core_runtime.eager_caller import EagerCaller
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.op_attrs import OpAttrs
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.location import Location
from tfrt.executor.values.device import HOST_DEVICE, Device

# The two classes below are made for every op; initializing frozen ones would take several times as long.


@dataclass(slots=True)
class Invocation:
    """One call of an op. Not to be changed once made.

    Attributes:
        op_name: the op's full name.
        context: the request it belongs to.
        origin: where the call comes from.
        arguments: the op's inputs.
        attrs: its attributes.
        result_count: how many results the caller expects, or None for as many as there are.
        chain: what an op with side effects waits for: a chain, or an `AsyncValue` of one.
    """

    op_name: str
    context: ExecutionContext
    origin: Location | EagerCaller
    arguments: tuple[TensorHandle, ...]
    attrs: OpAttrs
    result_count: int | None = None
    chain: Any = None

    @property
    def location(self) -> Location:
        """What an error points at: the op in a program, the line of an eager caller."""
        return self.origin.location() if isinstance(self.origin, EagerCaller) else self.origin


@dataclass(slots=True)
class Outcome:
    """What an op gives back at once.

    Attributes:
        results: handles of its results.
        chain: the chain that is there when its side effects are done, or an `AsyncValue` of it.
    """

    results: tuple[TensorHandle, ...]
    chain: Any


Op = Callable[[Invocation], Outcome]
"""An op ready to be invoked. It raises `KernelError` where the call cannot be right (shapes that do not fit); what
goes wrong later fails its results.

It may have a method ``short_cut(attrs, host)``, which gives eager callers a quicker way: see its module,
`tfrt.executor.core_runtime.short_cut`."""


class OpHandler(Protocol):
    """What a device, or a wrapper around one, provides."""

    @property
    def name(self) -> str:
        """What the handler is called in logs."""

    @property
    def device(self) -> Device:
        """Where its results are."""

    def make_op(self, op_name: str) -> Op:
        """The op of that name.

        Raises:
            KernelError: neither this handler nor its fallbacks know it.
        """


def make_op(handler: OpHandler, op_name: str, host: HostContext) -> Op:
    """The handler's op of that name; where the host traces what runs, in a scope of its own.

    Raises:
        KernelError: neither the handler nor its fallbacks know the op.
    """
    op = handler.make_op(op_name)
    trace = host.trace
    if trace is None:
        return op

    def traced(invocation: Invocation) -> Outcome:
        with trace.scope(f"{op_name}#op_handler={handler.name}#"):
            return op(invocation)

    return traced


@dataclass(frozen=True, eq=False)
class NullOpHandler:
    """Knows no op."""

    name: str = "null"
    device: Device = HOST_DEVICE

    def make_op(self, op_name: str) -> Op:
        """Refuse the op."""
        raise KernelError(f"{op_name} was not supported by NullOpHandler.")
