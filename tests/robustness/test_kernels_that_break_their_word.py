"""Kernels that return too much, too little or something else, and such that resolve what they have promised never,
twice, or when nobody waits any more: the same is said of them on all engines and queues, and nothing else suffers.

What kernels raise is in ``tests/executor/runtime/test_misbehaving_kernels.py``.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.runtime import execution_context

ENGINES: dict[str, dict[str, Any]] = {
    "dataflow": {"plans": False},
    "table": {"plan_threshold": 1_000_000},
    "generated": {"plan_threshold": 0},
}
QUEUES = ("s", "seeded:1", "mstd:2")
HOW: dict[str, dict[str, Any]] = {"plain": {}, "task": {"enqueued": True}, "blocking": {"blocking": True}}
EVERYWHERE = list(itertools.product(ENGINES, QUEUES))


def _generator() -> Any:
    yield 1
    yield 2


ONE: dict[str, tuple[Callable[[], Any], str]] = {
    "tuple": (lambda: (1, 2), " must be i32, got tuple"),
    "none": (lambda: None, " must be i32, got NoneType"),
    "text": (lambda: "text", " must be i32, got str 'text'"),
    "float": (lambda: 1.5, " must be i32, got float 1.5"),
    "list": (lambda: [1], " must be i32, got list"),
    "big": (lambda: 2**40, ": 1099511627776 is out of range for i32, which holds -2147483648 to 2147483647"),
    "nested": (lambda: tfrt.AsyncValue.of(tfrt.AsyncValue.of(3)), " must be i32, got AsyncValue"),
    "error": (lambda: ValueError("returned"), " must be i32, got ValueError"),
}
"""What a kernel of one result returns, and what is said of that."""

TWO: dict[str, tuple[Callable[[], Any], str]] = {
    "int": (lambda: 1, "int"),
    "none": (lambda: None, "NoneType"),
    "empty": (lambda: (), "0 values"),
    "one": (lambda: (1,), "1 value"),
    "three": (lambda: (1, 2, 3), "3 values"),
    "generator": (_generator, "generator"),
    "text": (lambda: "ab", "str"),
}
"""What a kernel of two returns, and as what that is told."""

REGISTRY = KernelRegistry(BUILTIN)


def _ignoring(returned: Callable[[], Any]) -> Callable[[int], Any]:
    return lambda x: returned()


def _program() -> str:
    """A function for each kernel of the tables, as each kind of kernel."""
    text = ""
    for how, options in HOW.items():
        for name, (returned, _) in ONE.items():
            REGISTRY.register(Kernel(f"word.one.{name}.{how}", _ignoring(returned), **options))
            text += (
                f'func.func @one.{name}.{how}(%x: i32) -> i32 {{\n%y = "word.one.{name}.{how}"(%x) : (i32) -> i32\n'
                "%z = tfrt.add.i32 %y, %x\ntfrt.return %z : i32\n}\n"
            )
        for name, (returned, _) in TWO.items():
            REGISTRY.register(Kernel(f"word.two.{name}.{how}", _ignoring(returned), **options))
            text += (
                f"func.func @two.{name}.{how}(%x: i32) -> (i32, i32) {{\n"
                f'%y, %z = "word.two.{name}.{how}"(%x) : (i32) -> (i32, i32)\ntfrt.return %y, %z : i32, i32\n}}\n'
            )
    return text


BEF = tfrt.compile(_program(), "word.mlir")


@pytest.mark.parametrize(("engine", "queue"), EVERYWHERE)
def test_results_that_are_wrong(engine, queue):
    found, expected = {}, {}
    with tfrt.HostContext(queue, registry=REGISTRY, native=False, **ENGINES[engine]) as host:
        program = tfrt.load(BEF, host=host)
        for how in HOW:
            for name, (_, said) in ONE.items():
                expected[f"one.{name}.{how}"] = f"the result of 'word.one.{name}.{how}'{said}"
            for name, (_, said) in TWO.items():
                expected[f"two.{name}.{how}"] = f"the kernel must return 2 results and returned {said}"
        for name in expected:
            with pytest.raises(tfrt.KernelError) as caught:
                program[name](3)
            assert caught.value.location is not None
            found[name] = caught.value.message
    assert found == expected


PROMISES = """
func.func @main(%x: i32) -> i32 {
  %y = "word.promise"(%x) : (i32) -> i32
  %z = "word.after"(%y) : (i32) -> i32
  tfrt.return %z : i32
}
"""


class Promises:
    """A program whose first kernel returns a promise, and whose second one notes that it runs."""

    def __init__(self, engine: str, queue: str):
        self.made: list[tfrt.AsyncValue] = []
        self.ran: list[int] = []
        registry = KernelRegistry(BUILTIN)
        registry.register(Kernel("word.promise", self._promise))
        registry.register(Kernel("word.after", self._after))
        self.host = tfrt.HostContext(queue, registry=registry, native=False, **ENGINES[engine])
        self.main = tfrt.load(tfrt.compile(PROMISES, "word.mlir"), host=self.host)["main"]

    def _promise(self, x: int) -> tfrt.AsyncValue:
        self.made.append(tfrt.AsyncValue())
        return self.made[-1]

    def _after(self, x: int) -> int:
        self.ran.append(x)
        return x + 1


@pytest.fixture(params=EVERYWHERE, ids="-".join)
def promises(request):
    made = Promises(*request.param)
    with made.host:
        yield made


def on_another_thread(work: Callable[[], object]) -> list[BaseException]:
    """What a thread of its own that does it has raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    return raised


def test_a_promise_that_is_never_kept(promises):
    with pytest.raises(tfrt.DeadlineExceededError, match=r"^the request has taken more than 0.01 s$"):
        promises.main.call_within(0.01, 3)
    # It may be over before the kernel has run at all.
    assert promises.ran == [] and all(promise.is_pending for promise in promises.made)
    # Nobody else waits for it.
    promises.host.quiesce()


def test_a_promise_that_is_kept_by_another_thread(promises):
    (result,) = promises.main.start(3)
    assert result.is_pending
    assert on_another_thread(lambda: promises.made[0].set(4)) == []
    promises.host.wait([result])
    assert (result.value, promises.ran) == (5, [4])


def test_a_promise_that_is_kept_twice(promises):
    (result,) = promises.main.start(3)
    (promise,) = promises.made
    promise.set(4)
    for again in (lambda: promise.set(5), lambda: promise.set_error(tfrt.KernelError("late"))):
        (error,) = on_another_thread(again)
        assert isinstance(error, RuntimeError) and str(error) == "the value is resolved already"
    promises.host.wait([result])
    assert (result.value, promises.ran) == (5, [4])


def test_a_promise_that_is_kept_when_the_request_is_cancelled(promises):
    context = tfrt.ExecutionContext(promises.host)
    (result,) = promises.main.start(3, context=context)
    context.cancel()
    assert on_another_thread(lambda: promises.made[0].set(4)) == []
    promises.host.wait([result])
    assert type(result.error) is tfrt.CancelledError and promises.ran == []


def test_a_promise_that_is_kept_when_time_is_over(promises):
    context = tfrt.ExecutionContext(promises.host, timeout=3600)
    (result,) = promises.main.start(3, context=context)
    # What happens when it is.
    execution_context._expire(context, 3600)
    assert on_another_thread(lambda: promises.made[0].set(4)) == []
    promises.host.wait([result])
    assert type(result.error) is tfrt.DeadlineExceededError and promises.ran == []


def test_a_promise_of_the_wrong_kind(promises):
    (result,) = promises.main.start(3)
    assert on_another_thread(lambda: promises.made[0].set("text")) == []
    promises.host.wait([result])
    assert result.error.message == "the result of 'word.promise' must be i32, got str 'text'"


def test_a_promise_that_fails_with_what_is_no_exception_of_ours(promises):
    (result,) = promises.main.start(3)
    promises.made[0].set_error(tfrt.KernelError("own"))
    promises.host.wait([result])
    assert (result.error.message, promises.ran) == ("own", [])


def test_a_promise_that_outlives_its_host(promises):
    (result,) = promises.main.start(3)
    promises.host.close(timeout=0)
    assert on_another_thread(lambda: promises.made[0].set(4)) == []
    promises.host.wait([result])
    assert type(result.error) is tfrt.CancelledError and promises.ran == []
