"""Kernels of `tfrt_test` that show what the runtime knows: locations, threads, logs, the request's data."""

from __future__ import annotations

import itertools
import threading
from typing import Any

from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.allocation import log
from tfrt.executor.support.errors import KernelError
from tfrt.executor.support.location import Location, UnknownLocation, debug_info
from tfrt.executor.values.attributes import I64, String
from tfrt.executor.values.chain import CHAIN, Chain


@kernel("tfrt_test.print_hello")
def print_hello(chain: Chain = CHAIN, *, host: HostContext) -> Chain:
    host.write("hello host executor!\n")
    return chain


@kernel("tfrt_test.print_bool")
def print_bool(chain: Chain, value: bool, *, host: HostContext) -> Chain:
    host.write("true\n" if value else "false\n")
    return chain


@kernel("tfrt_test.test_cost")
def test_cost(*operands: int, id: I64, host: HostContext) -> int:
    host.write(f"id: {id}\n")
    return 0


@kernel("tfrt_test.print_debug_info")
def print_debug_info(chain: Chain = CHAIN, *, location: Location, host: HostContext) -> Chain:
    info = debug_info(location)
    host.write("Kernel has no debug info\n" if info is None else f"{info}\n")
    return chain


class _NamesByLocation(dict[Location, str]):
    """What `unique_loc` has seen on a host."""


@kernel("tfrt_test.unique_loc")
def unique_loc(*, name: String, location: Location, host: HostContext) -> Chain:
    """Fails where a kernel of another name has the same location. Unknown locations are all different."""
    if isinstance(location, UnknownLocation):
        return CHAIN
    if host.shared(_NamesByLocation).setdefault(location, name) != name:
        raise KernelError(f"duplicate locations {location}")
    return CHAIN


@kernel("tfrt_test.get_uniqueness")
def get_uniqueness(*operands: Any) -> tuple[bool, ...]:
    """Whether nobody else can see an operand: never, since registers keep their values while a kernel runs."""
    return (False,) * len(operands)


class _ThreadNumber(threading.local):
    # A thread's first look makes its number; next() on a counter is not atomic on every build.
    _counter = itertools.count()
    _lock = threading.Lock()

    def __init__(self) -> None:
        with self._lock:
            self.value = next(self._counter)


_thread_number = _ThreadNumber()


@kernel("tfrt_test.get_thread_id")
def get_thread_id(chain: Chain = CHAIN) -> int:
    """The calling thread's number, counted from 0 in the order in which threads ask."""
    return _thread_number.value


@kernel("tfrt_test.logging")
def logging(text: str, chain: Chain = CHAIN) -> Chain:
    """Log to standard error at each severity, unconditionally and where a condition holds."""
    for form in ("TFRT_LOG({})", "TFRT_LOG_IF({}, true)"):
        for severity in ("INFO", "WARNING", "ERROR"):
            log(severity[0], f"from {form.format(severity)}: {text}")
    return chain


@kernel("tfrt_test.get_request_context_data.i32")
def get_request_context_data_i32(*, context: ExecutionContext) -> int:
    """The integer that the caller passed along with the request."""
    return request_integer(context)


def request_integer(context: ExecutionContext) -> int:
    """The integer among a request's data.

    Raises:
        KernelError: the caller passed none.
    """
    value = context.data.get(int)
    if value is None:
        raise KernelError("the request carries no data of type int")
    return int(value)


class SampleSharedContext:
    """State that all requests of a host share; there is one object a host."""

    name = "sample_shared_context0"


@kernel("tfrt_test.use_sample_shared_context")
def use_sample_shared_context(chain: Chain, *, host: HostContext) -> tuple[str, Chain]:
    return host.shared(SampleSharedContext).name, chain
