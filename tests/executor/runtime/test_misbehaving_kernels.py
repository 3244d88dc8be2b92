"""Whatever a kernel does, its results are resolved and threads live on; what ends a call reaches the caller."""

import asyncio
import threading

import pytest

import tfrt
from tests.loading import load
from tests.other_threads import on_another_thread
from tfrt.executor.runtime.failures import fulfil, guard, settle_all
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue

QUEUES = ["s", "seeded:1", "mstd:1,1", "mstd:2,2"]


class OwnBase(BaseException):
    """Neither an Exception nor one of Python's own."""


class Mute(Exception):
    """Cannot be shown."""

    def __str__(self):
        raise ValueError("no text")


RAISED = {
    "exception": lambda: ValueError("plain"),
    "mute": Mute,
    "cancelled": asyncio.CancelledError,
    "generator": GeneratorExit,
    "own": OwnBase,
    "exit": lambda: SystemExit(3),
    "interrupt": KeyboardInterrupt,
}
TEXTS = {
    "exception": "ValueError: plain",
    "mute": "Mute: (its message cannot be shown: ValueError)",
    "cancelled": "CancelledError",
    "generator": "GeneratorExit",
    "own": "OwnBase",
    "exit": "SystemExit: 3",
    "interrupt": "KeyboardInterrupt",
}

chosen = "exception"


def _raise(value: int) -> int:
    raise RAISED[chosen]()


for _name, _options in {"plain": {}, "enqueued": {"enqueued": True}, "blocking": {"blocking": True}}.items():
    tfrt.kernel(f"test_bad.{_name}", **_options)(_raise)


@tfrt.kernel("test_bad.resolves_twice")
def resolves_twice(value: int, host: tfrt.HostContext) -> tfrt.AsyncValue:
    result = tfrt.AsyncValue()

    def resolve() -> None:
        result.set(value)
        result.set(value + 1)

    host.enqueue(resolve)
    return result


FUNCTIONS = "\n".join(
    f"""func.func @{name}(%x: i32) -> i32 {{
  %y = "test_bad.{name}"(%x) : (i32) -> i32
  %z = tfrt.add.i32 %y, %x
  tfrt.return %z : i32
}}"""
    for name in ("plain", "enqueued", "blocking", "resolves_twice")
)
LOOPS = """
func.func @call(%x: i32) -> i32 {
  %y = tfrt.call @plain(%x) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @repeat(%x: i32) -> i32 {
  %n = tfrt.constant.i32 3
  %y = tfrt.repeat.i32 %n, %x : i32 {
    %z = "test_bad.KIND"(%x) : (i32) -> i32
    tfrt.return %z : i32
  }
  tfrt.return %y : i32
}
func.func @while(%x: i32) -> i32 {
  %t = tfrt.constant.i1 true
  %y = tfrt.while %t @body(%x) parallel_iterations(1) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @body(%x: i32) -> (i32, i1) {
  %z = "test_bad.KIND"(%x) : (i32) -> i32
  %t = tfrt.constant.i1 false
  tfrt.return %z, %t : i32, i1
}
func.func @parallel_for(%x: i32) -> !tfrt.chain {
  %one = tfrt.constant.i32 1
  %n = tfrt.constant.i32 5
  %c = tfrt.parallel_for.i32 %one to %n fixed %one, %x : i32 {
    %z = "test_bad.KIND"(%x) : (i32) -> i32
    %k = tfrt.new.chain
    %d = tfrt.print.i32 %z, %k
    tfrt.return %d : !tfrt.chain
  }
  tfrt.return %c : !tfrt.chain
}
func.func @async(%x: i32) -> i32 {
  %y = "tfrt_test.do.async"(%x) ({
  ^bb0(%a: i32):
    %z = "test_bad.KIND"(%a) : (i32) -> i32
    tfrt.return %z : i32
  }) : (i32) -> i32
  tfrt.return %y : i32
}
func.func @once(%x: i32) -> i32 {
  %y = tfrt.once @single(%x) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @single(%x: i32) -> i32 {
  %z = "test_bad.KIND"(%x) : (i32) -> i32
  tfrt.return %z : i32
}"""


@pytest.fixture(params=QUEUES)
def host(request):
    with tfrt.HostContext(request.param) as host:
        yield host


@pytest.fixture(autouse=True)
def _reset():
    yield
    globals()["chosen"] = "exception"


def choose(name):
    globals()["chosen"] = name


BAD = tfrt.compile(FUNCTIONS, filename="test.mlir")


@pytest.mark.parametrize("how", ["plain", "enqueued", "blocking"])
@pytest.mark.parametrize("what", RAISED)
def test_whatever_a_kernel_raises(host, how, what):
    program = tfrt.load(BAD, host=host)
    choose(what)
    # Where the work queue has threads, tasks have no caller to end.
    is_ending = what in ("exit", "interrupt") and (how == "plain" or not host.work_queue.has_threads)
    for _ in range(3):
        found = on_another_thread(program[how], 1)
        if is_ending:
            assert type(found) is type(RAISED[what]())
        else:
            assert isinstance(found, KernelError) and found.message == TEXTS[what], repr(found)
    # Every thread lives on.
    choose("exception")
    for name in ("plain", "enqueued", "blocking"):
        assert on_another_thread(program[name], 1).message == TEXTS["exception"]


@pytest.mark.parametrize("how", ["plain", "enqueued"])
@pytest.mark.parametrize("function", ["repeat", "while", "parallel_for", "async", "once"])
@pytest.mark.parametrize("what", ["mute", "own", "cancelled"])
def test_whatever_a_kernel_raises_within_a_loop_or_a_task(host, how, function, what):
    program = load(FUNCTIONS + LOOPS.replace("KIND", how), host)
    choose(what)
    found = on_another_thread(program[function], 1)
    assert isinstance(found, KernelError) and found.message == TEXTS[what], repr(found)


def test_a_kernel_that_resolves_a_value_twice(host, monkeypatch):
    shown = []
    monkeypatch.setattr(threading, "excepthook", lambda args: shown.append(str(args.exc_value)))
    program = tfrt.load(BAD, host=host)
    assert on_another_thread(program["resolves_twice"], 4) == 8
    host.quiesce()
    host.close()
    assert shown == ["the value is resolved already"]
    assert on_another_thread(program["resolves_twice"], 5) == 10


def test_promises_are_fulfilled_with_what_the_work_returns():
    promises, later = [AsyncValue(), AsyncValue()], AsyncValue()
    fulfil(promises, lambda: [1, later])
    assert promises[0].value == 1 and promises[1].is_pending
    later.set(2)
    assert promises[1].value == 2


@pytest.mark.parametrize(("values", "message"), [([1], "expected 2 results and got 1"), ([1] * 3, "got 3")])
def test_work_that_returns_too_few_or_too_many_values_fails_all(values, message):
    promises = [AsyncValue(), AsyncValue()]
    fulfil(promises, lambda: values)
    assert all(message in promise.error.message for promise in promises)


@pytest.mark.parametrize("run", [fulfil, guard])
def test_what_ends_the_call_goes_on_when_all_promises_are_resolved(run):
    promises = [AsyncValue(), AsyncValue()]

    def work():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(promises, work)
    assert [p.error.message for p in promises] == ["the call was ended by KeyboardInterrupt"] * 2


def test_guarding_fails_only_what_is_pending():
    done, pending = AsyncValue.of(1), AsyncValue()

    def work():
        raise ValueError("late")

    guard([done, pending], work)
    assert done.value == 1 and pending.error.message == "ValueError: late"
    guard([done], work)


def test_settling_goes_on_whatever_waits():
    first, second = AsyncValue(), AsyncValue()

    def interrupt(_):
        raise KeyboardInterrupt

    first.and_then(interrupt)
    with pytest.raises(KeyboardInterrupt):
        settle_all([first, second], [1, 2])
    assert second.value == 2
