"""Any schedule gives the sequential result: random graphs of synchronous, asynchronous and failing kernels."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfrt.executor.engines.dataflow import execute
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue


@dataclass(frozen=True)
class Node:
    kind: str
    reads: tuple[int, ...]
    stream: int


KINDS = [
    "sync",
    "sync",
    "async",
    "blocking",
    "task",
    "task",
    "fail",
    "fail later",
    "fail in task",
    "half",
    "half in task",
]


@st.composite
def graphs(draw):
    """Nodes in order, each reading earlier results.

    "half" has two results, the second of which failed; a "task" is run by the work queue.
    """
    arguments = draw(st.integers(0, 3))
    registers, nodes = arguments, []
    for _ in range(draw(st.integers(1, 25))):
        reads = ()
        if registers:
            reads = tuple(draw(st.lists(st.integers(max(0, registers - 6), registers - 1), max_size=3)))
        nodes.append(Node(draw(st.sampled_from(KINDS)), reads, draw(st.integers(0, 3))))
        registers += 2 if nodes[-1].kind == "half" else 1
    returns = draw(st.lists(st.integers(0, registers - 1), min_size=1, max_size=6))
    return arguments, nodes, returns


def _value(number, reads):
    return (number * 31 + sum(3 * r + 1 for r in reads)) % 1000003


def _sequentially(arguments, nodes, returns):
    """The results, and the nodes whose failure is reported."""
    registers, reported = [*range(arguments)], []
    for number, node in enumerate(nodes, 1):
        reads = [registers[r] for r in node.reads]
        failed = [r for r in reads if isinstance(r, str)]
        results = 2 if node.kind.startswith("half") else 1
        if failed:
            registers += [failed[-1]] * results
        elif node.kind.startswith("half"):
            reported.append(number)
            registers += [_value(number, reads), f"error {number}"]
        elif node.kind.startswith("fail"):
            reported.append(number)
            registers.append(f"error {number}")
        else:
            registers.append(_value(number, reads))
    return [registers[r] for r in returns], reported


def _steps(step, nodes, host):
    return [
        step(
            _kernel(number, node, host),
            node.reads,
            2 if node.kind.startswith("half") else 1,
            node.stream,
            is_task=node.kind.endswith("task"),
        )
        for number, node in enumerate(nodes, 1)
    ]


def _kernel(number, node, host):
    def resolve(result, reads):
        if node.kind == "fail later":
            result.set_error(KernelError(f"error {number}"))
        else:
            result.set(_value(number, reads))

    def run(*reads):
        match node.kind:
            case "sync" | "task":
                return _value(number, reads)
            case "fail" | "fail in task":
                raise KernelError(f"error {number}")
            case "half" | "half in task":
                return _value(number, reads), AsyncValue.failed(KernelError(f"error {number}"))
        result = AsyncValue()
        enqueue = host.enqueue_blocking if node.kind == "blocking" else host.enqueue
        enqueue(lambda: resolve(result, reads))
        return result

    return run


def _check(make_graph, step, graph, queue, is_order_free=False):
    arguments, nodes, returns = graph
    reported = []
    with HostContext(queue, diagnostic_handler=lambda d: reported.append(d.location.line)) as host:
        built = replace(make_graph(arguments, _steps(step, nodes, host), returns), is_order_free=is_order_free)
        results = execute(built, ExecutionContext(host), range(arguments))
        host.wait(results)
        host.quiesce()
    values = [r if type(r) is not AsyncValue else r.error.message if r.error else r.value for r in results]
    expected, failing = _sequentially(arguments, nodes, returns)
    assert values == expected
    assert sorted(reported) == failing


def _shared(max_examples):
    # The fixtures are factories without state, so examples may share them.
    return settings(
        deadline=None, max_examples=max_examples, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )


@pytest.mark.parametrize(
    "queue, is_order_free",
    [("s", False), ("mstd:1", False), ("mstd:2", False), ("mstd:8", False), ("mstd:2", True), ("mstd:8", True)],
)
def test_on_threads(queue, is_order_free, make_graph, step):
    @_shared(60)
    @given(graphs())
    def check(graph):
        _check(make_graph, step, graph, queue, is_order_free)

    check()


def test_under_seeded_schedules(make_graph, step):
    @_shared(300)
    @given(graphs(), st.integers(0, 10**6))
    def check(graph, seed):
        _check(make_graph, step, graph, f"seeded:{seed}")

    check()
