"""Which request's tasks begin first."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.runtime.failures import Promised
from tfrt.executor.runtime.priorities import FAIR, at_priority

TEXT = """\
func.func @one(%n: i32) -> i32 {
  %x = "t.KIND"(%n) : (i32) -> i32
  tfrt.return %x : i32
}
func.func @own(%n: i32) -> i32 {
  %x = "t.own"(%n) : (i32) -> i32
  tfrt.return %x : i32
}
func.func @many(%n: i32) -> i32 {
  %a = "t.KIND"(%n) : (i32) -> i32
  %b = "t.KIND"(%n) : (i32) -> i32
  %c = "t.KIND"(%n) : (i32) -> i32
  %d = "t.KIND"(%a) : (i32) -> i32
  %e = tfrt.add.i32 %b, %c
  %f = tfrt.add.i32 %d, %e
  tfrt.return %f : i32
}
"""


class Bench:
    """A host, and what its kernels were given, in the order in which they began."""

    def __init__(self, queue="s", kind="enqueued"):
        self.began: list[int] = []
        self.gate = threading.Event()
        self.at_gate = threading.Event()
        registry = KernelRegistry(BUILTIN)

        def note(number: int) -> int:
            self.began.append(number)
            if number == 0:
                self.at_gate.set()
                assert self.gate.wait(60)
            return number

        def own(number: int, *, host: tfrt.HostContext) -> tfrt.AsyncValue:
            result = tfrt.AsyncValue()
            host.enqueue(Promised([result], lambda: result.set(note(number))))
            return result

        registry.register(Kernel("t.enqueued", note, enqueued=True))
        registry.register(Kernel("t.blocking", note, blocking=True))
        registry.register(Kernel("t.own", own))
        self.host = tfrt.HostContext(queue, registry=registry)
        self.program = tfrt.load(tfrt.compile(TEXT.replace("KIND", kind), "p.mlir"), host=self.host)

    def wait(self, results):
        """What results come to."""
        self.host.wait(results)
        return [result.value if isinstance(result, tfrt.AsyncValue) else result for result in results]

    def start(self, function, number, priority="normal"):
        context = tfrt.ExecutionContext(self.host, priority=priority)
        return self.program[function].start(number, context=context)


@pytest.mark.parametrize("function", ["one", "own"])
@pytest.mark.parametrize("kind", ["enqueued", "blocking"])
def test_what_is_urgent_begins_first_on_the_thread_that_waits(function, kind):
    bench = Bench(kind=kind)
    results = []
    for number, priority in enumerate(["low", "normal", "high", "low", "normal", "high"], 1):
        results += bench.start(function, number, priority)
    assert bench.wait(results) == [1, 2, 3, 4, 5, 6]
    assert bench.began == [3, 6, 2, 5, 1, 4]


@pytest.mark.parametrize(
    ("queue", "kind", "function"),
    [("mstd:1", "enqueued", "one"), ("mstd:1", "enqueued", "own"), ("mstd:1,1", "blocking", "one")],
)
def test_what_is_urgent_begins_first_on_the_threads(queue, kind, function):
    bench = Bench(queue, kind)
    with bench.host:
        results = bench.start(function, 0)
        assert bench.at_gate.wait(60)
        for number, priority in enumerate(["low", "normal", "high", "low", "normal", "high"], 1):
            results += bench.start(function, number, priority)
        bench.gate.set()
        bench.host.wait(results)
    assert bench.began == [0, 3, 6, 2, 5, 1, 4]


@pytest.mark.parametrize("queue", ["s", "mstd:2", "seeded:3"])
def test_all_of_it_is_done_at_any_priority(queue):
    bench = Bench(queue)
    with bench.host:
        results = [result for n in range(1, 31) for result in bench.start("many", n, ["low", "normal", "high"][n % 3])]
        assert bench.wait(results) == [3 * n for n in range(1, 31)]
        bench.host.quiesce()
        assert bench.host.work_queue.length == 0


def test_what_has_waited_longest_has_its_turn():
    bench = Bench()
    results = bench.start("one", 100, "low") + bench.start("one", 101, "low")
    for number in range(1, 3 * FAIR):
        results += bench.start("one", number, "high")
    bench.host.wait(results)
    assert bench.began.index(100) == FAIR - 1 and bench.began.index(101) == 2 * FAIR - 1
    assert [n for n in bench.began if n < 100] == list(range(1, 3 * FAIR))


def test_a_stream_of_urgent_tasks_starves_nobody():
    """Each adds the next before it ends; the one that is not urgent ends it."""
    host = tfrt.HostContext()
    host.prioritise()
    done, over, began = tfrt.AsyncValue(), [], []

    def urgent():
        began.append("high")
        assert len(began) < 1000
        if not over:
            host.enqueue(urgent)

    def patient():
        over.append(len(began))
        done.set(None)

    with at_priority("low"):
        host.enqueue(patient)
    with at_priority("high"):
        host.enqueue(urgent)
    host.wait([done])
    assert over == [FAIR - 1]


def test_a_batch_of_kernels_makes_room_on_the_threads(monkeypatch):
    monkeypatch.setattr("tfrt.executor.engines.frame_tasks.TURN", 0.0)
    bench = Bench("mstd:1")
    lines = "".join(f'  %x{n} = "t.enqueued"(%n) : (i32) -> i32\n' for n in range(40))
    text = f"func.func @wide(%n: i32) -> i32 {{\n{lines}  tfrt.return %x0 : i32\n}}\n"
    with bench.host:
        wide = tfrt.load(tfrt.compile(text), host=bench.host)["wide"]
        tfrt.ExecutionContext(bench.host, priority="low")
        results = wide.start(0, context=tfrt.ExecutionContext(bench.host, priority="low"))
        assert bench.at_gate.wait(60)
        results += bench.start("one", 7, "high")
        bench.gate.set()
        bench.host.wait(results)
        bench.host.quiesce()
    assert bench.began.index(7) <= 2 and len(bench.began) == 41


def test_calls_with_a_time_and_from_coroutines():
    bench = Bench("mstd:1")

    async def calls():
        first = asyncio.create_task(bench.program["one"].call_async(0))
        await asyncio.to_thread(bench.at_gate.wait, 60)
        others = []
        for number, priority in enumerate(["low", "normal", "high"], 1):
            context = tfrt.ExecutionContext(bench.host, priority=priority)
            others.append(asyncio.create_task(bench.program["own"].call_async(number, context=context)))
        await asyncio.sleep(0)
        bench.gate.set()
        return await asyncio.gather(first, *others)

    with bench.host:
        assert asyncio.run(calls()) == [0, 1, 2, 3]
        assert bench.began == [0, 3, 2, 1]
        assert bench.program["one"].call_within(60, 5, priority="low") == 5


def test_parts_of_a_request_have_its_priority():
    host = tfrt.HostContext()
    context = tfrt.ExecutionContext(host, priority="high")
    assert context.priority == context.part_within("loop").priority == "high"
    assert tfrt.ExecutionContext(host).priority == "normal"


@pytest.mark.parametrize("queue", ["s", "mstd:1"])
def test_cancelled_and_failing_requests_lose_no_ticket(queue):
    bench = Bench(queue)
    with bench.host:
        context = tfrt.ExecutionContext(bench.host, priority="high")
        cancelled = bench.program["many"].start(1, context=context)
        context.cancel(abandon=True)
        low = bench.start("many", 2, "low")
        bench.host.wait([*cancelled, *low])
        assert queue != "s" or isinstance(cancelled[0].error, tfrt.CancelledError)
        assert bench.wait(low) == [6]
        bench.host.quiesce()
        assert bench.host.work_queue.length == 0


def test_traced_tasks_have_their_priority():
    bench = Bench()
    with tfrt.trace() as events:
        results = bench.start("one", 1, "low") + bench.start("one", 2, "high")
        bench.host.wait(results)
    assert bench.began == [2, 1]
    assert sum(len(thread.tasks) for thread in events.threads) == 2


def test_an_interrupted_ticket_tells_the_task_that_would_have_begun():
    host = tfrt.HostContext()
    host.prioritise()
    promise, added = tfrt.AsyncValue(), []
    assert host.priorities is not None
    host.priorities._queue.add_task = added.append
    host.enqueue(Promised([promise], lambda: promise.set(1)))
    (ticket,) = added
    ticket.abandon(KeyboardInterrupt())
    assert isinstance(promise.error, tfrt.KernelError)
    ticket()
    ticket.abandon(KeyboardInterrupt())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("queue", ["s", "mstd:1"])
def test_a_forked_process_runs_none_of_the_parents_tasks(queue):
    bench = Bench(queue)
    with bench.host:
        results = bench.start("one", 0 if queue != "s" else 1, "low")
        if queue != "s":
            assert bench.at_gate.wait(60)
            results += bench.start("one", 1, "low")
        child = os.fork()
        if not child:
            try:
                bench.began.clear()
                bench.host.wait(bench.start("one", 2, "low"))
                os._exit(0 if bench.began == [2] else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        bench.gate.set()
        bench.host.wait(results)
        assert bench.began[-1] == 1


def test_a_priority_that_is_none():
    host = tfrt.HostContext()
    with pytest.raises(tfrt.UsageError) as caught:
        tfrt.ExecutionContext(host, priority="urgent")
    assert str(caught.value) == "a priority is 'high', 'normal' or 'low', not 'urgent'"
    assert host.priorities is None


def test_without_priorities_tasks_go_to_the_queue_as_they_are():
    host = tfrt.HostContext()
    tfrt.ExecutionContext(host, priority="normal")
    assert host.priorities is None and host.enqueue == host.work_queue.add_task
