"""Functions called from coroutines."""

import asyncio
import gc
import threading
from functools import partial

import pytest

import tfrt
from tfrt.executor.support.errors import KernelError

KINDS = ["s", "seeded:1", "mstd:1", "mstd:2,2"]

# What the kernels below do, or wait for.
ran: list = []
started = threading.Event()
go_on = threading.Event()
late: list = []


@tfrt.kernel("test_asyncio.compute")
def compute(value: int) -> int:
    """Takes long, on the thread where it runs."""
    started.set()
    go_on.wait(60)
    ran.append(threading.current_thread())
    return value


@tfrt.kernel("test_asyncio.compute_as_task", enqueued=True)
def compute_as_task(value: int) -> int:
    return compute(value)


@tfrt.kernel("test_asyncio.compute_blocking", blocking=True)
def compute_blocking(value: int) -> int:
    return compute(value)


@tfrt.kernel("test_asyncio.task", enqueued=True)
def task(value: int) -> int:
    ran.append("task")
    return value + 1


@tfrt.kernel("test_asyncio.effect")
def effect(value: int) -> int:
    ran.append("effect")
    return value


@tfrt.kernel("test_asyncio.later")
def later(value: int) -> tfrt.AsyncValue:
    late.append(tfrt.AsyncValue())
    return late[-1]


@tfrt.kernel("test_asyncio.fail")
def fail(value: int) -> int:
    raise asyncio.CancelledError


PROGRAM = tfrt.compile(
    "\n".join(
        f"""func.func @{name}(%x: i32) -> i32 {{
  %y = "test_asyncio.{name}"(%x) : (i32) -> i32
  %z = "test_asyncio.effect"(%y) : (i32) -> i32
  tfrt.return %z : i32
}}"""
        for name in ("compute", "compute_as_task", "compute_blocking", "task", "later", "fail")
    )
    + """
func.func @tasks(%x: i32) -> i32 {
  %a = "test_asyncio.task"(%x) : (i32) -> i32
  %b = "test_asyncio.task"(%a) : (i32) -> i32
  %c = "test_asyncio.task"(%b) : (i32) -> i32
  tfrt.return %c : i32
}
func.func @waits_and_tasks(%x: i32) -> i32 {
  %a = "test_asyncio.compute_blocking"(%x) : (i32) -> i32
  %b = "test_asyncio.compute_blocking"(%x) : (i32) -> i32
  %c = tfrt.add.i32 %a, %b
  tfrt.return %c : i32
}
func.func @none() {
  tfrt.return
}
func.func @two(%x: i32) -> (i32, i32) {
  %a = "test_asyncio.task"(%x) : (i32) -> i32
  tfrt.return %x, %a : i32, i32
}"""
)


@pytest.fixture(autouse=True)
def _fresh():
    ran.clear()
    late.clear()
    started.clear()
    go_on.clear()
    yield
    go_on.set()


@pytest.fixture(params=KINDS)
def host(request):
    with tfrt.HostContext(request.param) as host:
        yield host


@pytest.fixture
def program(host):
    return tfrt.load(PROGRAM, host=host)


@pytest.fixture
def threaded():
    with tfrt.HostContext("mstd:1,1") as host:
        yield tfrt.load(PROGRAM, host=host)


def run(coroutine):
    async def main():
        return await asyncio.wait_for(coroutine, 60)

    return asyncio.run(main())


async def until(event):
    """Wait for a threading.Event without blocking the loop."""
    await asyncio.to_thread(event.wait, 60)


def test_results(program):
    assert run(program["tasks"].call_async(1)) == 4
    assert run(program["two"].call_async(1)) == (1, 2)
    assert run(program["none"].call_async()) is None


def test_many_at_once(program):
    async def main():
        return await asyncio.gather(*(program["tasks"].call_async(i) for i in range(50)))

    assert run(main()) == [i + 3 for i in range(50)]


def test_a_failing_kernel(program):
    with pytest.raises(KernelError, match=r"(?m)CancelledError$"):
        run(program["fail"].call_async(1))
    assert ran == []


def test_wrong_arguments(program):
    with pytest.raises(tfrt.UsageError):
        run(program["tasks"].call_async(1, 2))


@pytest.mark.parametrize("name", ["compute", "compute_as_task", "compute_blocking"])
def test_the_loop_goes_on_while_a_kernel_computes(threaded, name):
    async def main():
        call = asyncio.ensure_future(threaded[name].call_async(7))
        await until(started)
        # Only the loop can get this far.
        go_on.set()
        return await call

    assert run(main()) == 7
    assert ran[0] is not threading.main_thread() and ran[0].name.startswith("tfrt-")


@pytest.mark.parametrize("name", ["compute", "compute_as_task", "compute_blocking"])
def test_cancelling_the_coroutine_cancels_the_request(threaded, name):
    async def main():
        call = asyncio.ensure_future(threaded[name].call_async(7))
        await until(started)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        go_on.set()
        await asyncio.to_thread(threaded.host.quiesce)

    run(main())
    assert "effect" not in ran and len(ran) == 1


def test_a_timeout_cancels_the_request(threaded):
    async def main():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(threaded["compute"].call_async(7), 0.01)
        go_on.set()
        await asyncio.to_thread(threaded.host.quiesce)

    run(main())
    assert "effect" not in ran


def test_what_waits_for_a_thread_does_not_run_after_a_cancellation(threaded):
    async def main():
        # One of the two kernels waits for the only blocking thread.
        call = asyncio.ensure_future(threaded["waits_and_tasks"].call_async(7))
        await until(started)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        go_on.set()
        await asyncio.to_thread(threaded.host.quiesce)

    run(main())
    assert len(ran) == 1


@pytest.mark.parametrize("name", ["s", "seeded:4"])
def test_tasks_of_a_cancelled_coroutine_do_not_run(name):
    host = tfrt.HostContext(name)
    program = tfrt.load(PROGRAM, host=host)

    async def main():
        call = asyncio.ensure_future(program["tasks"].call_async(1))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

    run(main())
    before = len(ran)
    host.close()
    assert len(ran) == before < 3


def test_a_value_from_another_thread_wakes_the_coroutine(program):
    async def main():
        call = asyncio.ensure_future(program["later"].call_async(1))
        while not late:
            await asyncio.sleep(0)
        threading.Thread(target=late[0].set, args=[5]).start()
        return await call

    assert run(main()) == 5
    assert ran == ["effect"]


@pytest.mark.parametrize("name", ["s", "seeded:4"])
def test_a_task_from_another_thread_is_run(name):
    host, value = tfrt.HostContext(name), tfrt.AsyncValue()

    async def main():
        waiting = asyncio.ensure_future(host.wait_async([value]))
        await asyncio.sleep(0)
        await asyncio.to_thread(host.enqueue, lambda: (ran.append(threading.get_ident()), value.set(1)))
        await waiting
        return threading.get_ident()

    assert [run(main())] == ran


def test_several_loops_in_several_threads(program):
    async def main(start):
        return await asyncio.gather(*(program["tasks"].call_async(start + i) for i in range(20)))

    found = {}
    threads = [
        threading.Thread(target=lambda n=n: found.setdefault(n, run(main(n * 100))), daemon=True) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == {n: [n * 100 + i + 3 for i in range(20)] for n in range(4)}


def test_loops_and_waiting_threads_share_a_host(program):
    results = []
    threads = [
        threading.Thread(target=lambda: results.extend(program["tasks"](i) for i in range(30)), daemon=True)
        for _ in range(2)
    ]

    async def main():
        for thread in threads:
            thread.start()
        return await asyncio.gather(*(program["tasks"].call_async(i) for i in range(30)))

    assert run(main()) == [i + 3 for i in range(30)]
    for thread in threads:
        thread.join(60)
    assert sorted(results) == sorted([i + 3 for i in range(30)] * 2)


def test_nothing_is_left_of_a_call_that_timed_out(program, caplog):
    async def main():
        for _ in range(3):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(program["later"].call_async(1), 0.001)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    gc.collect()
    for value in late:
        value.set(1)
    assert caplog.records == []


# Without threads a kernel that runs does so on the loop's thread.
@pytest.mark.parametrize(
    ("queue", "name"),
    [*((queue, "later") for queue in KINDS), ("mstd:1", "compute_as_task"), ("mstd:2,2", "compute_blocking")],
)
def test_a_context_is_cancelled_from_any_thread(queue, name):
    """Whoever awaits goes on, also while a kernel runs, or never completes."""

    async def main():
        context = tfrt.ExecutionContext(host)
        call = asyncio.create_task(program[name].call_async(1, context=context))
        if name == "later":
            while not late:
                await asyncio.sleep(0)
        else:
            await until(started)
        threading.Thread(target=context.cancel).start()
        with pytest.raises(tfrt.CancelledError) as caught:
            await call
        assert caught.value.message == "Cancelled" and context.cancelled.is_available
        # Nothing of it begins any more.
        go_on.set()
        for value in late:
            value.set(1)

    with tfrt.HostContext(queue) as host:
        program = tfrt.load(PROGRAM, host=host)
        run(main())
    assert "effect" not in ran


def test_a_cancelled_context_ends_a_call_that_has_not_begun(threaded):
    async def main():
        first = asyncio.create_task(threaded["compute"].call_async(1))
        await until(started)
        context = tfrt.ExecutionContext(threaded.host)
        waiting = asyncio.create_task(threaded["task"].call_async(1, context=context))
        await asyncio.sleep(0)
        context.cancel()
        with pytest.raises(tfrt.CancelledError):
            await waiting
        go_on.set()
        assert await first == 1

    run(main())
    assert "task" not in ran


def test_a_context_whose_time_is_over(program):
    async def main():
        with pytest.raises(tfrt.DeadlineExceededError) as caught:
            await program["later"].call_async(1, context=tfrt.ExecutionContext(program.host, timeout=0.01))
        assert caught.value.message == "the request has taken more than 0.01 s"
        with pytest.raises(tfrt.CancelledError):
            context = tfrt.ExecutionContext(program.host)
            context.cancel()
            await program["later"].call_async(1, context=context)
        assert await program["two"].call_async(1, context=tfrt.ExecutionContext(program.host)) == (1, 2)

    run(main())


@pytest.mark.parametrize("name", ["compute_blocking", "compute_as_task", "compute"])
def test_a_loop_that_ends_cancels_what_is_in_flight(threaded, name):
    async def main():
        calls = [asyncio.create_task(threaded[name].call_async(n)) for n in range(3)]
        await until(started)
        return calls

    calls = asyncio.run(main())
    assert all(call.cancelled() for call in calls)
    go_on.set()
    threaded.host.quiesce()
    assert "effect" not in ran and len(ran) == 1


def test_a_loop_that_is_closed_without_a_word(threaded, monkeypatch):
    """What comes too late for it disturbs no thread."""
    escaped: list = []
    monkeypatch.setattr(threading, "excepthook", escaped.append)
    loop = asyncio.new_event_loop()
    call = loop.create_task(threaded["compute_blocking"].call_async(1))
    loop.run_until_complete(until(started))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    go_on.set()
    threaded.host.quiesce()
    assert escaped == [] and not call.done() and ran[-1] == "effect"
    # Nobody is there to be told that it was never awaited.
    call._log_destroy_pending = False


@pytest.mark.parametrize("queue", KINDS)
def test_a_host_that_closes_ends_coroutines(queue):
    async def main():
        call = asyncio.create_task(program["later"].call_async(1, context=tfrt.ExecutionContext(host)))
        while not late:
            await asyncio.sleep(0)
        await asyncio.to_thread(host.close, 0)
        with pytest.raises(tfrt.CancelledError):
            await call
        with pytest.raises(tfrt.UnavailableError) as caught:
            await program["task"].call_async(1)
        assert caught.value.message == "the host is closed: it takes no more requests"

    host = tfrt.HostContext(queue)
    program = tfrt.load(PROGRAM, host=host)
    run(main())
    late[0].set(1)


def test_a_loop_that_is_gone_keeps_nobody_waiting(program):
    loop = asyncio.new_event_loop()
    call = loop.create_task(program["later"].call_async(1))
    while not late:
        loop.run_until_complete(asyncio.sleep(0))
    call.cancel()
    loop.run_until_complete(asyncio.gather(call, return_exceptions=True))
    loop.close()
    late[0].set(1)
    assert program["tasks"](1) == 4


def test_a_queue_of_the_applications_own():
    """An event loop as a work queue."""

    class LoopQueue:
        name, parallelism, has_threads = "loop", 1, True

        def __init__(self, loop):
            self.add_task = self.add_blocking_task = partial(loop.call_soon_threadsafe)

        def run_one(self):
            return False

        def close(self):
            pass

    async def main():
        with tfrt.HostContext(LoopQueue(asyncio.get_running_loop())) as host:
            return await tfrt.load(PROGRAM, host=host)["tasks"].call_async(1)

    assert run(main()) == 4


def test_awaiting_a_tensor(host):
    import numpy as np

    runtime = tfrt.CoreRuntime.of(host)

    async def main():
        (result,) = runtime.execute("tfrt_test.async.noop", np.ones(3, np.float32))
        return await result, await runtime.tensor(np.ones(2, np.float32))

    pending, plain = run(main())
    assert pending.array.tolist() == [1, 1, 1] and plain.array.tolist() == [1, 1]
