"""The kernels of random programs, in a registry of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry

REGISTRY = KernelRegistry(BUILTIN)


@pytest.fixture(scope="session")
def registry() -> KernelRegistry:
    """The kernels ``rnd.*`` and those of tfrt."""
    return REGISTRY


def _kernel(name: str, **options: Any) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        REGISTRY.register(Kernel(f"rnd.{name}", function, **options))
        return function

    return register


def _later(host: tfrt.HostContext, compute: Callable[[], Any]) -> tfrt.AsyncValue:
    """What `compute` returns or raises, once the work queue has run it."""
    result = tfrt.AsyncValue()

    def run() -> None:
        try:
            result.settle(compute())
        except tfrt.KernelError as error:
            result.set_error(error)

    host.enqueue(run)
    return result


# Pure kernels, whose results are there at once, later, or by chance.


@dataclass(frozen=True)
class Box:
    """A value that registers drop after its last use."""

    content: Any


@_kernel("twice", pure=True)
def twice(x: int) -> int:
    return x * 2 % 1000


@_kernel("same", pure=True)
def same(x: Any):
    return x


@_kernel("swap", pure=True)
def swap(x: int, y: int) -> tuple[int, int]:
    return y, x


@_kernel("only", pure=True)
def only(x: Any) -> tuple[Any]:
    return (x,)


@_kernel("box", pure=True)
def box(x: Any) -> Box:
    return Box(x)


@_kernel("open", pure=True)
def open_(x: Box) -> int:
    content = x.content
    while type(content) is Box:
        content = content.content
    return content


@_kernel("later", pure=True)
def later(x: Any, host: tfrt.HostContext) -> tfrt.AsyncValue:
    return _later(host, lambda: x)


@_kernel("later_twice", pure=True)
def later_twice(x: Any, host: tfrt.HostContext) -> tfrt.AsyncValue:
    return _later(host, lambda: _later(host, lambda: x))


@_kernel("sometimes", pure=True)
def sometimes(x: int, host: tfrt.HostContext):
    return _later(host, lambda: x) if x & 1 else x


@_kernel("async_add", pure=True)
def async_add(x: int, y: int, host: tfrt.HostContext) -> tfrt.AsyncValue:
    return _later(host, lambda: (x + y) % 1000)


@_kernel("available", pure=True)
def available(x: Any) -> tfrt.AsyncValue:
    return tfrt.AsyncValue.of(x)


@_kernel("blocking", pure=True, blocking=True)
def blocking(x: Any):
    return x


@_kernel("half", pure=True)
def half(x: int, host: tfrt.HostContext) -> tuple[Any, ...]:
    return x, _later(host, lambda: x)


@_kernel("twin", pure=True)
def twin(x: int, host: tfrt.HostContext):
    result = _later(host, lambda: x)
    return result, result


@_kernel("silent_later", pure=True)
def silent_later(x: int, host: tfrt.HostContext):
    return _later(host, lambda: None)


# Pure kernels that fail where they do not like their operand.


def _is_bad(x: int) -> bool:
    return x & 3 == 3


def _refuse(x: int, who: str = "pure") -> int:
    if _is_bad(x):
        raise tfrt.KernelError(f"{who}: {x}")
    return x


@_kernel("fail", pure=True)
def fail(x: int):
    return _refuse(x)


@_kernel("fail_plainly", pure=True)
def fail_plainly(x: int) -> int:
    return _refuse(x)


@_kernel("fail_later", pure=True)
def fail_later(x: int, host: tfrt.HostContext) -> tfrt.AsyncValue:
    return _later(host, lambda: _refuse(x))


@_kernel("fail_blocking", pure=True, blocking=True)
def fail_blocking(x: int) -> int:
    return _refuse(x)


@_kernel("failed", pure=True)
def failed(x: int):
    return tfrt.AsyncValue.failed(tfrt.KernelError(f"pure: {x}")) if _is_bad(x) else x


@_kernel("raise", pure=True)
def raise_(x: int) -> int:
    return 4 // (not _is_bad(x))


@_kernel("half_failed", pure=True)
def half_failed(x: int) -> tuple[Any, ...]:
    return x, failed(x)


@_kernel("short", pure=True)
def short(x: int):
    return (x,) if _is_bad(x) else (x, x)


@_kernel("silent", pure=True)
def silent(x: int) -> None:
    _refuse(x)


@_kernel("silent_fail_later", pure=True)
def silent_fail_later(x: int, host: tfrt.HostContext):
    return fail_later(x, host)


# Effects in the order of a chain, the last operand and the last result.


@_kernel("print")
def print_(x: int, chain: tfrt.Chain, host: tfrt.HostContext) -> tfrt.Chain:
    host.write(f"{x} ")
    return chain


@_kernel("print_place")
def print_place(x: int, chain: tfrt.Chain, *, location: tfrt.Location, host: tfrt.HostContext):
    host.write(f"{location}={x} ")
    return chain


@_kernel("print_pair")
def print_pair(x: int, chain: tfrt.Chain, host: tfrt.HostContext) -> tuple[int, tfrt.Chain]:
    host.write(f"({x}) ")
    return (x + 1) % 1000, chain


@_kernel("show")
def show(x: Any, chain: tfrt.Chain, *, host: tfrt.HostContext) -> tuple[tfrt.Chain]:
    host.write(f"<{x}> ")
    return (chain,)


@_kernel("print_later")
def print_later(x: int, chain: tfrt.Chain, host: tfrt.HostContext) -> tfrt.AsyncValue:
    return _later(host, lambda: print_(x, chain, host))


@_kernel("print_half")
def print_half(x: int, chain: tfrt.Chain, host: tfrt.HostContext):
    host.write(f"{x}/ ")
    return x, _later(host, lambda: print_(x, chain, host))


@_kernel("print_blocking", blocking=True)
def print_blocking(x: int, chain: tfrt.Chain, *, host: tfrt.HostContext):
    return print_(x, chain, host)


@_kernel("count")
def count(chain: tfrt.Chain, *, context: tfrt.ExecutionContext) -> tuple[int, tfrt.Chain]:
    """How many kernels of its kind the request has run before."""
    numbers = context.resources.get_or_create("count", lambda: [0])
    numbers[0] += 1
    return numbers[0], chain


@_kernel("check")
def check(x: int, chain: tfrt.Chain, host: tfrt.HostContext) -> tfrt.Chain:
    host.write(f"{x}? ")
    _refuse(x, "effect")
    return chain


@_kernel("check_later")
def check_later(x: int, chain: tfrt.Chain, host: tfrt.HostContext) -> tfrt.AsyncValue:
    return _later(host, lambda: check(x, chain, host))


@_kernel("check_half")
def check_half(x: int, chain: tfrt.Chain, host: tfrt.HostContext) -> tuple[Any, ...]:
    host.write(f"{x}?/ ")
    return tfrt.AsyncValue.failed(tfrt.KernelError(f"effect: {x}")) if _is_bad(x) else x, chain


@_kernel("same_error")
def same_error(x: int, chain: tfrt.Chain, context: tfrt.ExecutionContext) -> tfrt.Chain:
    """Raises one error, the same object, again and again."""
    if _is_bad(x):
        raise context.resources.get_or_create("error", lambda: tfrt.KernelError("effect: again"))
    return chain


@_kernel("cancel")
def cancel(x: int, chain: tfrt.Chain, *, context: tfrt.ExecutionContext) -> tfrt.Chain:
    if x & 1:
        context.cancel()
    return chain


@_kernel("cancel_later")
def cancel_later(x: int, chain: tfrt.Chain, *, context: tfrt.ExecutionContext) -> tfrt.AsyncValue:
    return _later(context.host, lambda: cancel(x, chain, context=context))


# Effects in no order.


@_kernel("say")
def say(x: int, *, location: tfrt.Location, host: tfrt.HostContext) -> None:
    host.write(f"{location}={x}! ")


@_kernel("tell")
def tell(x: int, *, location: tfrt.Location, host: tfrt.HostContext) -> int:
    host.write(f"{location}={x}. ")
    return x


@_kernel("tell_later")
def tell_later(x: int, *, location: tfrt.Location, host: tfrt.HostContext) -> tfrt.AsyncValue:
    return _later(host, lambda: tell(x, location=location, host=host))


@_kernel("say_after")
def say_after(x: int, host: tfrt.HostContext) -> None:
    """Prints some time; nobody can wait for it."""
    host.enqueue(lambda: host.write(f"{x}~ "))


@_kernel("say_blocking", blocking=True)
def say_blocking(x: int, *, host: tfrt.HostContext) -> None:
    host.write(f"{x}; ")


@_kernel("protest")
def protest(x: int, host: tfrt.HostContext) -> None:
    host.write(f"{x}!! ")
    _refuse(x, "effect")


# Kernels that run functions, and say nothing of how.


@_kernel("apply")
def apply(*operands: Any, function: tfrt.Function, context: tfrt.ExecutionContext) -> tuple[Any, ...]:
    return tuple(function.execute(context, operands))


@_kernel("apply_later")
def apply_later(*operands: Any, function: tfrt.Function, context: tfrt.ExecutionContext) -> tuple[Any, ...]:
    results = tuple(tfrt.AsyncValue() for _ in function.result_types)

    def run() -> None:
        for result, value in zip(results, function.execute(context, operands), strict=True):
            result.settle(value)

    context.host.enqueue(run)
    return results
