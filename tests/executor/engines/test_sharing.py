"""Kernels of functions whose order nobody can tell, where there are threads: any of them runs what is ready."""

import threading
from dataclasses import replace

import pytest

from tfrt.executor.engines.dataflow import execute
from tfrt.executor.engines.graph import HAND_OVER, Sharing
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue


def shared(graph):
    return replace(graph, is_order_free=True)


def run(host, graph, *arguments):
    results = execute(graph, ExecutionContext(host), arguments)
    host.wait(results)
    host.quiesce()
    return [r.error.message if type(r) is AsyncValue and r.error else getattr(r, "value", r) for r in results]


def test_what_has_been_made_is_used_before_more_is_made(make_graph, step):
    """So it is still in the cache, and its memory serves what is made next."""
    seen = []
    steps = [step(lambda i=i: seen.append(f"make {i}") or i, stream=1) for i in range(3)]
    steps += [step(lambda made: seen.append(f"use {made}"), [i], stream=2) for i in range(3)]
    with HostContext("mstd:1") as host:
        run(host, shared(make_graph(0, steps, [])))
    assert seen == ["make 2", "use 2", "make 1", "use 1", "make 0", "use 0"]


def test_what_takes_no_time_comes_first(make_graph, step):
    """Others may wait for it."""
    seen = []
    steps = [step(lambda: seen.append("scalar") or 1)]
    steps += [step(lambda i=i: seen.append(f"make {i}") or i, stream=1) for i in range(3)]
    graph = shared(make_graph(0, steps, []))
    graph.free_streams[1] = -1
    with HostContext("mstd:1") as host:
        run(host, graph)
    assert seen == ["make 2", "scalar", "make 1", "make 0"]


def test_threads_help_one_another(make_graph, step):
    """Each kernel waits for the other one, so two threads must run them."""
    meeting = threading.Barrier(2)
    steps = [step(lambda: meeting.wait(60), stream=stream) for stream in (1, 2)]
    with HostContext("mstd:2") as host:
        for _ in range(20):
            assert sorted(run(host, shared(make_graph(0, steps, [0, 1])))) == [0, 1]


@pytest.mark.parametrize("queue", ["mstd:1", "mstd:2", "mstd:8"])
def test_each_kernel_runs_once(queue, make_graph, step):
    ran = [0] * 200

    def count(number):
        ran[number] += 1
        return number

    steps = [step(lambda i=i: count(i), stream=i % 7) for i in range(100)]
    steps += [step(lambda a, i=i: count(100 + i) + a, [i], stream=i % 5) for i in range(100)]
    with HostContext(queue) as host:
        found = run(host, shared(make_graph(0, steps, range(100, 200))))
    assert ran == [1] * 200
    assert found == [100 + 2 * i for i in range(100)]


def test_a_kernel_that_fails_on_a_thread_that_helps(make_graph, step):
    meeting = threading.Barrier(2)

    def fail(number):
        meeting.wait(60)
        raise KernelError(f"no {number}")

    steps = [step(lambda i=i: fail(i), stream=i) for i in (1, 2)]
    reported = []
    with HostContext("mstd:2", diagnostic_handler=lambda d: reported.append(d.message)) as host:
        assert run(host, shared(make_graph(0, steps, [0, 1]))) == ["no 1", "no 2"]
    assert sorted(reported) == ["runtime error: no 1", "runtime error: no 2"]


def test_who_is_interrupted_starts_nothing_more(make_graph, step):
    ran = []

    def interrupt():
        raise KeyboardInterrupt

    steps = [step(lambda i=i: ran.append(i), stream=1) for i in range(3)] + [step(interrupt, stream=2)]
    with HostContext("mstd:1") as host:
        with pytest.raises(KeyboardInterrupt):
            execute(shared(make_graph(0, steps, [])), ExecutionContext(host), [])
        host.quiesce()
        assert ran == []
        assert run(host, shared(make_graph(0, steps[:3], []))) == []
    assert ran == [2, 1, 0]


def test_the_caller_is_interrupted_while_another_thread_works(make_graph, step):
    """What runs there ends, and nothing else begins."""
    begun, go_on, ran = threading.Event(), threading.Event(), []

    def work(number):
        begun.set()
        go_on.wait(60)
        ran.append(number)

    def interrupt():
        begun.wait(60)
        raise KeyboardInterrupt

    steps = [step(lambda i=i: work(i), stream=1) for i in range(3)] + [step(interrupt, stream=2)]
    with HostContext("mstd:2") as host:
        with pytest.raises(KeyboardInterrupt):
            execute(shared(make_graph(0, steps, [0])), ExecutionContext(host), [])
        go_on.set()
        host.quiesce()
        assert len(ran) == 1
        assert host.work_queue.idle == 1


def test_requests_with_priorities_share_none(make_graph, step):
    """Between two of their kernels, what is more urgent has its turn."""
    seen = []
    steps = [step(lambda i=i: seen.append(i), stream=i) for i in range(3)]
    with HostContext("mstd:1") as host:
        host.prioritise()
        run(host, shared(make_graph(0, steps, [])))
    assert sorted(seen) == [0, 1, 2]


def test_as_many_threads_help_as_gain_from_it():
    sharing = Sharing()
    assert sharing.helpers(8) == 7
    # One thread alone: what is measured is what kernels take.
    sharing.took(100 * HAND_OVER / 10, 100, 1)
    assert sharing.helpers(8) == 0
    for _ in range(40):
        sharing.took(100 * HAND_OVER * 3.5, 100, 1)
    assert [sharing.helpers(n) for n in (1, 2, 8)] == [0, 1, 3]


def test_threads_that_wait_for_one_another_are_not_taken_for_busy_ones():
    sharing = Sharing()
    # Each kernel takes a tenth of handing the lock over, but each of four threads waits for all others.
    sharing.took(100 * HAND_OVER * 3.9, 100, 4)
    assert sharing.helpers(8) == 0
