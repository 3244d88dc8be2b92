"""Requests that may take so long and no longer."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref

import pytest

import tfrt
from tfrt.executor.runtime import deadlines

TWO = """\
func.func @main() -> i32 {
  %x = "deadline_test.first"() : () -> i32
  %y = "deadline_test.second"(%x) : (i32) -> i32
  tfrt.return %y : i32
}
"""
EXPIRED = r"^the request has taken more than [0-9.e-]+ s$"


@pytest.fixture
def two(temporary_kernels):
    """A program of two kernels: the first one blocks until its event is set, the second one notes that it ran."""
    go_on, began, ran = threading.Event(), threading.Event(), []

    @tfrt.kernel("deadline_test.first", blocking=True)
    def first() -> int:
        began.set()
        assert go_on.wait(60)
        return 1

    @tfrt.kernel("deadline_test.second")
    def second(x: int) -> int:
        ran.append(x)
        return x + 1

    with tfrt.HostContext("mstd:2") as host:
        yield tfrt.load(tfrt.compile(TWO), host=host)["main"], go_on, began, ran
        go_on.set()


def test_a_request_in_time(two):
    main, go_on, _, _ = two
    go_on.set()
    assert main.call_within(60) == 2


def test_the_caller_goes_on_at_the_deadline_and_what_has_not_begun_does_not_run(two):
    main, go_on, _, ran = two
    with pytest.raises(tfrt.DeadlineExceededError, match=EXPIRED) as caught:
        main.call_within(0.05)
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert not isinstance(caught.value, tfrt.CancelledError)
    go_on.set()
    main._program.host.quiesce()
    assert ran == []


def test_a_context_with_a_timeout(two):
    main, go_on, _, ran = two
    host = main._program.host
    context = tfrt.ExecutionContext(host, timeout=0.05)
    (result,) = main.start(context=context)
    host.wait([context.expired])
    assert context.is_cancelled and result.is_pending
    go_on.set()
    host.wait([result])
    assert isinstance(result.error, tfrt.DeadlineExceededError)
    assert ran == []


def test_what_was_cancelled_before_stays_cancelled(two):
    main, go_on, _, _ = two
    host = main._program.host
    context = tfrt.ExecutionContext(host, timeout=0.02)
    (result,) = main.start(context=context)
    context.cancel()
    host.wait([context.expired])
    go_on.set()
    host.wait([result])
    assert type(result.error) is tfrt.CancelledError


def test_no_time_at_all(two):
    main, _, began, _ = two
    with pytest.raises(tfrt.DeadlineExceededError, match=r"^the request has taken more than 0 s$"):
        main.call_within(0)
    assert not began.is_set()


@pytest.mark.parametrize("queue", ["s", "seeded:3"])
def test_without_threads_kernels_that_come_after_are_skipped(temporary_kernels, queue):
    ran = []

    @tfrt.kernel("deadline_test.first")
    def first(*, context: tfrt.ExecutionContext) -> int:
        context.host.wait([context.expired])
        return 1

    @tfrt.kernel("deadline_test.second")
    def second(x: int) -> int:
        ran.append(x)
        return x

    with tfrt.HostContext(queue) as host:
        main = tfrt.load(tfrt.compile(TWO), host=host)["main"]
        with pytest.raises(tfrt.DeadlineExceededError, match=EXPIRED):
            main.call_within(0.02)
    assert ran == []


def test_without_threads_who_waits_for_what_never_comes_goes_on(temporary_kernels):
    @tfrt.kernel("deadline_test.first")
    def first() -> tfrt.AsyncValue:
        return tfrt.AsyncValue()

    @tfrt.kernel("deadline_test.second")
    def second(x: int) -> int:
        return x

    with pytest.raises(tfrt.DeadlineExceededError, match=EXPIRED):
        tfrt.load(tfrt.compile(TWO))["main"].call_within(0.02)


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_who_has_a_time_goes_on_where_the_request_is_cancelled(temporary_kernels, queue):
    @tfrt.kernel("deadline_test.first")
    def first(*, context: tfrt.ExecutionContext) -> tfrt.AsyncValue:
        threading.Thread(target=context.cancel).start()
        return tfrt.AsyncValue()

    @tfrt.kernel("deadline_test.second")
    def second(x: int) -> int:
        return x

    with tfrt.HostContext(queue) as host, pytest.raises(tfrt.CancelledError):
        tfrt.load(tfrt.compile(TWO), host=host)["main"].call_within(60)


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf"), 1e300])
def test_what_is_no_timeout(timeout):
    with pytest.raises(tfrt.UsageError) as caught:
        tfrt.ExecutionContext(tfrt.HostContext(), timeout=timeout)
    assert str(caught.value) == f"a timeout is a number of seconds that is not negative, not {timeout!r}"


def test_an_error_of_a_kernel_is_not_the_deadlines(temporary_kernels):
    program = tfrt.load(tfrt.compile(TWO.replace("deadline_test.first", "tfrt_test.fail").replace(
        '"deadline_test.second"(%x) : (i32)', '"tfrt.add.i32"(%x, %x) : (i32, i32)'), "f.mlir"))  # fmt: skip
    with pytest.raises(tfrt.KernelError, match="something bad happened") as caught:
        program["main"].call_within(60)
    assert type(caught.value) is tfrt.KernelError


def test_parts_of_a_request_end_with_it():
    host = tfrt.HostContext()
    context = tfrt.ExecutionContext(host, timeout=0.01)
    part = context.part_within("part").part_within("inner")
    host.wait([context.expired])
    assert isinstance(part.cancellation.error, tfrt.DeadlineExceededError)


def test_requests_that_are_over_are_not_kept():
    context = tfrt.ExecutionContext(tfrt.HostContext(), timeout=3600)
    reference = weakref.ref(context)
    del context
    gc.collect()
    assert reference() is None


class Owner:
    """Anything that has a deadline."""


def test_deadlines_come_in_their_order_whoever_fails(monkeypatch):
    shown = []
    monkeypatch.setattr("sys.excepthook", lambda kind, error, trace: shown.append(str(error)))
    seen, done, owner = [], threading.Event(), Owner()

    def fail(_: Owner) -> None:
        seen.append("fail")
        raise ValueError("never mind")

    deadlines.call_after(owner, 0.06, lambda _: (seen.append("last"), done.set()))
    deadlines.call_after(owner, 0.04, lambda _: seen.append("second"))
    deadlines.call_after(owner, 0.02, fail)
    assert done.wait(60)
    assert (seen, shown) == (["fail", "second", "last"], ["never mind"])


def test_who_is_gone_has_no_deadline():
    seen, done, owner = [], threading.Event(), Owner()
    deadlines.call_after(Owner(), 0.01, seen.append)
    deadlines.call_after(owner, 0.02, lambda _: done.set())
    assert done.wait(60)
    assert seen == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_in_a_forked_process():
    owner = Owner()
    deadlines.call_after(owner, 3600, lambda _: None)
    child = os.fork()
    if not child:
        done = threading.Event()
        deadlines.call_after(owner, 0.01, lambda _: done.set())
        os._exit(0 if done.wait(60) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_thread_ends_when_there_is_nothing_to_wait_for(monkeypatch):
    monkeypatch.setattr(deadlines, "_LINGER", 0.01)
    own, owner = deadlines._Deadlines(), Owner()
    done = threading.Event()
    own.add(owner, time.monotonic() + 0.01, lambda _: done.set())
    assert done.wait(60)
    # Those that are gone are not waited for.
    own.add(other := Owner(), time.monotonic() + 3600, lambda _: None)
    thread = own._thread
    del other
    gc.collect()
    if thread is not None:
        thread.join(60)
        assert not thread.is_alive()
    assert own._thread is None
