"""Limits of a host, and its end with requests under way."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

import tfrt

PROGRAM = """\
func.func @main() -> i32 {
  %x = "admission_test.first"() : () -> i32
  %y = tfrt.call @second(%x) : (i32) -> (i32)
  tfrt.return %y : i32
}
func.func @second(%x: i32) -> i32 {
  %y = "admission_test.second"(%x) : (i32) -> i32
  tfrt.return %y : i32
}
func.func @fails() -> i32 {
  %y = "admission_test.fails"() : () -> i32
  tfrt.return %y : i32
}
func.func @forks() -> i32 {
  %y = "admission_test.forks"() : () -> i32
  tfrt.return %y : i32
}
"""
FULL = (
    r"^the host has 1 request under way, which is its limit: try again when one has ended, or make the host with a"
    r" larger max_requests$"
)
CLOSED = r"^the host is closed: it takes no more requests$"


class Gate:
    """What `first` waits for, and which kernels have run."""

    def __init__(self):
        self.go_on, self.began, self.ran = threading.Event(), threading.Event(), []


@pytest.fixture
def gate(temporary_kernels):
    gate = Gate()

    @tfrt.kernel("admission_test.first", blocking=True)
    def first() -> int:
        gate.began.set()
        assert gate.go_on.wait(60)
        return 1

    @tfrt.kernel("admission_test.second")
    def second(x: int) -> int:
        gate.ran.append(x)
        return x + 1

    @tfrt.kernel("admission_test.fails")
    def fails() -> int:
        raise ValueError("no")

    @tfrt.kernel("admission_test.forks")
    def forks() -> int:
        return os.fork()

    yield gate
    gate.go_on.set()


def _load(host):
    return tfrt.load(tfrt.compile(PROGRAM), host=host)


def test_one_more_request_than_the_limit_is_refused_until_one_has_ended(gate):
    with tfrt.HostContext("mstd:2", max_requests=1) as host:
        program = _load(host)
        results = program["main"].start()
        assert gate.began.wait(60)
        second = program["second"]
        for call in (second, second.start, lambda x: second.call_within(60, x)):
            with pytest.raises(tfrt.ResourceExhaustedError, match=FULL) as caught:
                call(1)
            assert caught.value.code == "RESOURCE_EXHAUSTED"
        with pytest.raises(tfrt.ResourceExhaustedError, match=FULL):
            asyncio.run(second.call_async(1))
        gate.go_on.set()
        host.wait(results)
        assert results[0].value == 2
        assert [second(1), second.call_within(60, 2), asyncio.run(second.call_async(3))] == [2, 3, 4]
        assert gate.ran == [1, 1, 2, 3]


def test_two_at_a_time(gate):
    with tfrt.HostContext("mstd:2", max_requests=2) as host:
        program = _load(host)
        results = program["main"].start()
        assert program["second"](5) == 6
        results += program["main"].start()
        with pytest.raises(
            tfrt.ResourceExhaustedError, match=r"^the host has 2 requests under way, which is its limit:"
        ):
            program["second"](5)
        gate.go_on.set()
        host.wait(results)
        assert [result.value for result in results] == [2, 2]


@pytest.mark.parametrize("queue", ["s", "seeded:2", "mstd:2"])
def test_requests_that_fail_do_not_count_any_more(gate, queue):
    with tfrt.HostContext(queue, max_requests=1) as host:
        program = _load(host)
        for _ in range(3):
            with pytest.raises(tfrt.KernelError, match="no"):
                program["fails"]()
            with pytest.raises(tfrt.UsageError):
                program["second"]("a")
        assert program["second"](1) == 2


def test_a_cancelled_request_counts_until_its_results_are_there(gate):
    with tfrt.HostContext("mstd:2", max_requests=1) as host:
        program = _load(host)
        context = tfrt.ExecutionContext(host)
        results = program["main"].start(context=context)
        assert gate.began.wait(60)
        context.cancel()
        with pytest.raises(tfrt.ResourceExhaustedError, match=FULL):
            program["second"](1)
        gate.go_on.set()
        host.wait(results)
        assert type(results[0].error) is tfrt.CancelledError
        assert program["second"](1) == 2


def test_an_interrupted_request_does_not_count_any_more(temporary_kernels):
    interrupts = [KeyboardInterrupt]

    @tfrt.kernel("admission_test.interrupted")
    def interrupted() -> int:
        if interrupts:
            raise interrupts.pop()
        return 3

    text = """func.func @main() -> i32 {
      %x = "admission_test.interrupted"() : () -> i32
      tfrt.return %x : i32
    }"""
    with tfrt.HostContext(max_requests=1) as host:
        main = tfrt.load(tfrt.compile(text), host=host)["main"]
        with pytest.raises(KeyboardInterrupt):
            main()
        assert main() == 3


def test_a_forked_process_begins_without_requests(gate):
    with tfrt.HostContext(max_requests=1) as host:
        program = _load(host)
        child = program["forks"]()
        if not child:
            os._exit(0 if program["second"](1) == 2 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert program["second"](1) == 2


LONG = (
    r"^1 task waits in the host's work queue, and at 1 no request is taken: try again later, or make the host with a"
    r" larger max_queued_tasks$"
)


@pytest.mark.parametrize("queue", ["s", "seeded:4", "mstd:1,1"])
def test_requests_are_refused_while_too_many_tasks_wait(gate, queue):
    with tfrt.HostContext(queue, max_queued_tasks=1) as host:
        program = _load(host)
        results = program["main"].start()
        if host.work_queue.has_threads:
            # The only thread for it is taken, so the next task waits.
            assert gate.began.wait(60)
            results += program["main"].start()
        for function, arguments in (("main", ()), ("second", (1,))):
            with pytest.raises(tfrt.ResourceExhaustedError, match=LONG) as caught:
                program[function](*arguments)
            assert caught.value.code == "RESOURCE_EXHAUSTED"
        gate.go_on.set()
        host.wait(results)
        assert {result.value for result in results} == {2}
        host.quiesce()
        assert program["second"](1) == 2


def test_a_queue_without_a_length_has_no_limit_of_it():
    class Other:
        name = "other"

        def __getattr__(self, name):
            if name == "length":
                raise AttributeError(name)
            return getattr(queue, name)

    with tfrt.HostContext("s") as host:
        queue = host.work_queue
        reason = r"^max_queued_tasks needs a work queue that has a length, which 'other' has not$"
        with pytest.raises(tfrt.UsageError, match=reason):
            tfrt.HostContext(Other(), max_queued_tasks=3)


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, "3"])
@pytest.mark.parametrize(("name", "what"), [("max_requests", "requests"), ("max_queued_tasks", "tasks")])
def test_what_is_no_limit(limit, name, what):
    with pytest.raises(tfrt.UsageError, match=rf"^{name} is a number of {what} from 1 on, not "):
        tfrt.HostContext(**{name: limit})


@pytest.mark.parametrize("limit", [None, 7])
def test_close_cancels_what_has_not_ended_in_time(gate, limit):
    host = tfrt.HostContext("mstd:2", max_requests=limit)
    program = _load(host)
    context = tfrt.ExecutionContext(host)
    results = program["main"].start(context=context)
    assert gate.began.wait(60)
    closing = threading.Thread(target=host.close, args=(0.01,))
    closing.start()
    while not context.is_cancelled:
        closing.join(0.01)
    # The kernel that runs is waited for.
    assert closing.is_alive()
    gate.go_on.set()
    closing.join(60)
    assert not closing.is_alive()
    assert type(results[0].error) is tfrt.CancelledError
    assert gate.ran == []


def test_close_lets_requests_end_in_time_and_takes_no_new_ones(gate):
    host = tfrt.HostContext("mstd:2")
    program = _load(host)
    assert program["second"](7) == 8
    results = program["main"].start()
    assert gate.began.wait(60)
    closing = threading.Thread(target=host.close, args=(600,))
    closing.start()
    while host.admission is None:
        closing.join(0.001)
    gate.go_on.set()
    closing.join(60)
    assert not closing.is_alive()
    # What the request calls is part of it.
    assert results[0].value == 2
    for call in (program["second"], program["main"].start, _load(host)["second"]):
        with pytest.raises(tfrt.UnavailableError, match=CLOSED) as caught:
            call(*([] if call == program["main"].start else [1]))
        assert caught.value.code == "UNAVAILABLE"


@pytest.mark.parametrize("queue", ["s", "seeded:1", "mstd:2"])
def test_close_at_once(gate, queue):
    gate.go_on.set()
    host = tfrt.HostContext(queue)
    other = tfrt.HostContext(queue)
    program, others = _load(host), _load(other)
    host.close(0)
    host.close(timeout=0)
    with pytest.raises(tfrt.UnavailableError, match=CLOSED):
        program["second"](1)
    assert others["second"](1) == 2
    other.close()
    # As it says, without a timeout it may be used on.
    assert others["second"](1) == 2
    other.close()


def test_close_without_threads_skips_what_has_not_begun(gate):
    gate.go_on.set()
    host = tfrt.HostContext("s")
    (result,) = _load(host)["main"].start()
    host.close(0)
    assert type(result.error) is tfrt.CancelledError
    assert not gate.began.is_set()


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf")])
def test_what_is_no_timeout(timeout):
    with (
        tfrt.HostContext() as host,
        pytest.raises(tfrt.UsageError, match=r"^a timeout is a number of seconds that is not negative, not "),
    ):
        host.close(timeout)


def test_without_a_limit_plans_are_entered_at_once(gate):
    with tfrt.HostContext() as host:
        second = _load(host)["second"]
        assert second(1) == 2
        assert host.admission is None
        assert second._planned is not None
