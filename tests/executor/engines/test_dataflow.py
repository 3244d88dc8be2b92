"""The dataflow executor on functions built by hand: order, errors, cancellation, pending values."""

import gc
import threading
import weakref

import pytest

from tfrt.executor.engines.dataflow import execute
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import CancelledError, KernelError
from tfrt.executor.values.async_value import AsyncValue


class Run:
    """Runs a graph on a host and collects what happened."""

    def __init__(self, queue="s"):
        self.diagnostics = []
        self.host = HostContext(queue, diagnostic_handler=self.diagnostics.append)
        self.context = ExecutionContext(self.host)

    def __call__(self, graph, *arguments):
        results = execute(graph, self.context, arguments)
        self.host.wait(results)
        self.host.quiesce()
        return [_unboxed(r) for r in results]

    @property
    def headlines(self):
        return [d.headline() for d in self.diagnostics]


def _unboxed(value):
    if type(value) is not AsyncValue:
        return value
    return f"error: {value.error.message}" if value.error else value.value


def _raise(message):
    def fail(*_):
        raise KernelError(message)

    return fail


@pytest.fixture
def run():
    runner = Run()
    yield runner
    runner.host.close()


def test_a_function_without_kernels_returns_its_arguments(run, make_graph):
    assert run(make_graph(2, [], [1, 0, 1]), "a", "b") == ["b", "a", "b"]


def test_results_that_are_there_are_plain_values(run, make_graph, step):
    graph = make_graph(2, [step(lambda a, b: a + b, [0, 1]), step(lambda a: a * 2, [2])], [3, 2])
    assert execute(graph, run.context, [3, 4]) == [14, 7]


def test_an_operand_may_be_read_twice_by_one_kernel(run, make_graph, step):
    assert run(make_graph(1, [step(lambda a, b, c: (a, b, c), [0, 0, 0])], [1]), 5) == [(5, 5, 5)]


def test_kernels_of_one_stream_run_last_in_first_out(run, make_graph, step):
    seen = []
    steps = [step(lambda i=i: seen.append(i)) for i in range(4)]
    run(make_graph(0, steps, []))
    assert seen == [3, 2, 1, 0]


def test_other_streams_wait_in_the_queue_by_stream_number(run, make_graph, step):
    seen = []
    steps = [step(lambda i=i, s=s: seen.append((s, i)), stream=s) for i, s in enumerate([2, 0, 1, 2, 1, 0])]
    run(make_graph(0, steps, []))
    assert seen == [(0, 5), (0, 1), (1, 4), (1, 2), (2, 3), (2, 0)]


def test_a_thread_without_work_adopts_the_first_foreign_stream(run, make_graph, step):
    seen = []
    # Nothing is in the root stream: stream 2, the first ready one, runs on the calling thread.
    steps = [step(lambda i=i: seen.append(i), stream=s) for i, s in enumerate([2, 1, 2])]
    graph = make_graph(0, steps, [])
    execute(graph, run.context, [])
    assert seen == [2, 0]
    run.host.quiesce()
    assert seen == [2, 0, 1]


def test_adopting_a_stream_swaps_from_both_ends(run, make_graph, step):
    # The reference separates the streams with std::partition, which does not keep the order: 0, 1 | 2 becomes
    # 2 | 1, 0, and then the last one runs first.
    seen = []
    steps = [step(lambda i=i: seen.append(i), stream=s) for i, s in enumerate([1, 1, 2])]
    run(make_graph(0, steps, []))
    assert seen == [0, 1, 2]


def test_pending_results_hold_up_only_their_users(run, make_graph, step):
    pending, seen = AsyncValue(), []
    graph = make_graph(
        0,
        [
            step(lambda: pending),
            step(lambda: 10),
            step(lambda a: seen.append("dependent") or a + 1, [0]),
            step(lambda b: seen.append("independent") or b + 1, [1]),
        ],
        [2, 3],
    )
    results = execute(graph, run.context, [])
    assert seen == ["independent"]
    assert results[1] == 11 and results[0].is_pending
    pending.set(1)
    assert seen == ["independent", "dependent"] and results[0].value == 2


def test_pending_arguments(run, make_graph, step):
    argument = AsyncValue()
    (result,) = execute(make_graph(1, [step(lambda a: a + 1, [0])], [1]), run.context, [argument])
    argument.set(41)
    assert result.value == 42


def test_a_result_returned_twice_is_promised_once(run, make_graph, step):
    pending = AsyncValue()
    first, second = execute(make_graph(0, [step(lambda: pending)], [0, 0]), run.context, [])
    pending.set(3)
    assert first.value == second.value == 3


def test_an_error_reaches_exactly_its_dependants(run, make_graph, step):
    seen = []
    graph = make_graph(
        0,
        [
            step(_raise("bad")),
            step(lambda: 1),
            step(lambda a, b: seen.append("never"), [0, 1]),
            step(lambda a: seen.append("never"), [2]),
            step(lambda b: b + 1, [1]),
        ],
        [0, 2, 3, 4],
    )
    assert run(graph) == ["error: bad"] * 3 + [2]
    assert seen == []
    assert run.headlines == ["test.mlir:1:1: error: runtime error: bad"]


def test_an_error_is_reported_even_where_nobody_uses_the_result(run, make_graph, step):
    assert run(make_graph(0, [step(_raise("unused")), step(_raise("no results"), results=0)], [])) == []
    assert sorted(run.headlines) == [
        "test.mlir:1:1: error: runtime error: unused",
        "test.mlir:2:1: error: runtime error: no results",
    ]


def test_the_last_failed_operand_is_the_error(run, make_graph, step):
    graph = make_graph(0, [step(_raise("one")), step(_raise("two")), step(lambda a, b: a, [0, 1])], [2])
    assert run(graph) == ["error: two"]


def test_partial_failure(run, make_graph, step):
    graph = make_graph(
        0, [step(lambda: (1, AsyncValue.failed(KernelError("half"))), results=2), step(lambda a: a + 1, [0])], [2, 1]
    )
    assert run(graph) == [2, "error: half"]
    assert run.headlines == ["test.mlir:1:1: error: runtime error: half"]


def test_an_asynchronous_error_is_located_and_reported_once(run, make_graph, step):
    def fail_later():
        value = AsyncValue()
        run.host.enqueue(lambda: value.set_error(KernelError("late")))
        return value

    graph = make_graph(0, [step(fail_later), step(lambda a: a, [0]), step(lambda a: a, [0])], [1, 2])
    assert run(graph) == ["error: late"] * 2
    assert run.headlines == ["test.mlir:1:1: error: runtime error: late"]


def test_any_exception_becomes_a_kernel_error_with_its_cause(run, make_graph, step):
    graph = make_graph(0, [step(lambda: {}["missing"])], [0])
    (result,) = execute(graph, run.context, [])
    assert result.error.message == "KeyError: 'missing'"
    assert isinstance(result.error.__cause__, KeyError)
    assert str(result.error) == "test.mlir:1:1: KeyError: 'missing'"


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (3, "the kernel must return 2 results and returned int"),
        ((1, 2, 3), "the kernel must return 2 results and returned 3 values"),
        (None, "the kernel must return 2 results and returned NoneType"),
    ],
)
def test_a_wrong_number_of_results(run, make_graph, step, returned, message):
    assert run(make_graph(0, [step(lambda: returned, results=2)], [0])) == [f"error: {message}"]


def test_cancellation_skips_what_has_not_started(run, make_graph, step):
    seen = []

    def cancel(context):
        context.cancel()
        return 0

    graph = make_graph(0, [step(cancel, needs_context=True), step(lambda a: seen.append("never"), [0])], [0, 1])
    results = execute(graph, run.context, [])
    assert results[0] == 0 and isinstance(results[1].error, CancelledError)
    assert results[1].error.message == "Cancelled"
    assert seen == [] and run.diagnostics == []
    # Another request is not affected.
    assert run.context.is_cancelled and not ExecutionContext(run.host).is_cancelled


def test_cancelling_while_a_value_is_pending(run, make_graph, step):
    pending = AsyncValue()
    (result,) = execute(make_graph(0, [step(lambda: pending), step(lambda a: a, [0])], [1]), run.context, [])
    run.context.cancel()
    pending.set(1)
    assert isinstance(result.error, CancelledError)


def test_buffers_are_dropped_after_their_last_use(run, make_graph, step):
    class Buffer:
        pass

    alive = []

    def make():
        buffer = Buffer()
        alive.append(weakref.ref(buffer))
        return buffer

    def count(*_):
        gc.collect()
        return sum(r() is not None for r in alive)

    # Each of the buffers is used once, by the next kernel; register types are unknown, so all may be buffers.
    steps = [step(make)]
    for i in range(5):
        steps.append(step(lambda _: make(), [i]))
    steps.append(step(count, [5]))
    assert run(make_graph(0, steps, [6])) == [1]


@pytest.mark.parametrize("queue", ["s", "mstd:2", "mstd:8", "seeded:5"])
def test_a_long_chain_of_pending_values(queue, make_graph, step):
    run = Run(queue)

    def later(a):
        value = AsyncValue()
        run.host.enqueue(lambda: value.set(a + 1))
        return value

    length = 3000
    assert run(make_graph(1, [step(later, [i]) for i in range(length)], [length]), 0) == [length]
    run.host.close()


def test_values_resolved_by_foreign_threads(make_graph, step):
    run = Run("mstd:2")

    def elsewhere(a):
        value = AsyncValue()
        threading.Thread(target=value.set, args=(a + 1,)).start()
        return value

    assert run(make_graph(1, [step(elsewhere, [i]) for i in range(50)], [50]), 0) == [50]
    run.host.close()
