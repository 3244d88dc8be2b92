"""`tfrt.once` where first calls wait for one another."""

import threading

import pytest

import tfrt
from tests.other_threads import started
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.resources import ResourceContext
from tfrt.executor.support.errors import KernelError

QUEUES = ["s", "seeded:1", "mstd:1", "mstd:4"]

gates: dict[int, threading.Event] = {}
arrived: dict[int, threading.Event] = {}


@tfrt.kernel("test_once.meet", blocking=True)
def meet(value: int) -> int:
    """Say that this is reached, then wait until it may go on."""
    arrived[value].set()
    gates[value].wait(60)
    return value


SELF = """
func.func @f(%x: i32) -> i32 {
  %y = tfrt.once @f(%x) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @through(%x: i32) -> i32 {
  %y = tfrt.once @g(%x) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @g(%x: i32) -> i32 {
  %y = tfrt.call @h(%x) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @h(%x: i32) -> i32 {
  %y = "tfrt_test.do.async"(%x) ({
  ^bb0(%a: i32):
    %z = tfrt.once @g(%a) : (i32) -> (i32)
    tfrt.return %z : i32
  }) : (i32) -> i32
  tfrt.return %y : i32
}
func.func @unused(%x: i32) -> i32 {
  %y = tfrt.once @i(%x) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @i(%x: i32) -> i32 {
  %y = tfrt.once @j(%x) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @j(%x: i32) -> i32 {
  %y = tfrt.once @i(%x) : (i32) -> (i32)
  tfrt.return %y : i32
}
"""


@pytest.fixture(params=QUEUES)
def host(request):
    with tfrt.HostContext(request.param) as host:
        yield host


@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize(
    ("name", "inner"), [("f", "f"), ("through", "g"), ("unused", "i")], ids=["directly", "indirectly", "another"]
)
def test_a_first_call_within_itself_is_an_error(host, name, inner, plans):
    host.plans = plans
    program = tfrt.load(tfrt.compile(SELF, filename="once.mlir"), host=host)
    thread, found = started(program[name], 1)
    thread.join(60)
    assert isinstance(found[0], KernelError), found
    assert found[0].message == f"tfrt.once @{inner} is called within the first call of @{inner}"


BOTH = """
func.func @start_f(%a: i32) -> i32 {
  %y = tfrt.once @fa(%a) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @start_g(%a: i32) -> i32 {
  %y = tfrt.once @ga(%a) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @fa(%a: i32) -> i32 {
  %m = "test_once.meet"(%a) : (i32) -> i32
  %y = tfrt.once @ga(%m) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @ga(%a: i32) -> i32 {
  %m = "test_once.meet"(%a) : (i32) -> i32
  %y = tfrt.once @fa(%m) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @slow(%a: i32) -> i32 {
  %m = "test_once.meet"(%a) : (i32) -> i32
  tfrt.return %m : i32
}
func.func @start_slow(%a: i32) -> i32 {
  %y = tfrt.once @slow(%a) : (i32) -> (i32)
  tfrt.return %y : i32
}
"""


@pytest.fixture
def program():
    gates.clear()
    arrived.clear()
    for number in (1, 2):
        gates[number], arrived[number] = threading.Event(), threading.Event()
    with tfrt.HostContext("mstd:2,4") as host:
        yield tfrt.load(tfrt.compile(BOTH, filename="once.mlir"), host=host)
        for gate in gates.values():
            gate.set()


def _call(program, name, argument, resources):
    context = ExecutionContext(program.host, resources=resources)
    (result,) = program[name].start(argument, context=context)
    program.host.wait([result])
    return result.value if type(result) is tfrt.AsyncValue else result


def test_first_calls_of_two_threads_that_would_wait_for_one_another(program):
    resources = ResourceContext()
    one, found_one = started(_call, program, "start_f", 1, resources)
    two, found_two = started(_call, program, "start_g", 2, resources)
    assert arrived[1].wait(60) and arrived[2].wait(60)
    gates[1].set()
    gates[2].set()
    one.join(60)
    two.join(60)
    messages = {found[0].message for found in (found_one, found_two)}
    # The later of the two is an error, on which the earlier depends.
    assert len(messages) == 1
    assert messages <= {f"tfrt.once @{name} would wait for a call that waits for this one" for name in ("fa", "ga")}


def test_a_second_caller_waits_for_the_first(program):
    resources = ResourceContext()
    one, found_one = started(_call, program, "start_slow", 1, resources)
    assert arrived[1].wait(60)
    two, found_two = started(_call, program, "start_slow", 2, resources)
    gates[1].set()
    one.join(60)
    two.join(60)
    assert found_one == found_two == [1]
    assert not arrived[2].is_set()


def test_cancelling_reaches_the_first_call_and_what_cancels_there_reaches_all():
    host = tfrt.HostContext()
    whole = ExecutionContext(host)
    part = whole.part_within("a")
    inner = part.part_within("b")
    assert inner.within == ("a", "b") and inner.resources is whole.resources
    inner.cancel()
    assert whole.is_cancelled and part.is_cancelled and inner.is_cancelled
    assert whole.part_within("c").is_cancelled


def test_abandoning_reaches_all_parts():
    whole = ExecutionContext(tfrt.HostContext())
    part = whole.part_within("a")
    whole.cancel()
    assert part.is_cancelled and part.task_cancellation is None
    whole.cancel(abandon=True)
    assert part.task_cancellation is not None
    assert whole.part_within("b").task_cancellation is not None
