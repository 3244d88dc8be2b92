"""Traces: what is recorded of programs, on a clock that kernels set; and what is left when a trace is over."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import tfrt
from tests.executor.runtime.trace_files import flows, named, nanoseconds, slices, valid_events
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.engines.traces import recording
from tfrt.executor.runtime import trace_file as trace_file_module
from tfrt.executor.runtime.event_analysis import Analysis
from tfrt.executor.runtime.events import LEVELS, EventTrace
from tfrt.executor.runtime.profile import Profile
from tfrt.executor.runtime.trace_file import trace_file


class Clock:
    """Goes on by a nanosecond whenever it is looked at, and by what kernels spend."""

    now = 0

    def __call__(self) -> int:
        self.now += 1
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def registry(clock):
    registry = KernelRegistry(BUILTIN)

    def register(name, function, **options):
        registry.register(Kernel(f"t.{name}", function, **options))

    def spend(time: int) -> int:
        clock.now += 1000 * time
        return time

    def spend_later(time: int, *, context: tfrt.ExecutionContext) -> tfrt.AsyncValue:
        result = tfrt.AsyncValue()
        context.host.enqueue(lambda: result.set(spend(time)))
        return result

    def fail(time: int) -> int:
        spend(time)
        raise tfrt.KernelError("no")

    register("spend", spend)
    register("enqueued", spend, enqueued=True)
    register("later", spend_later)
    register("fail", fail)
    register("zeros", lambda count: np.zeros(count, np.float32))
    register("half", lambda array: array[: len(array) // 2])
    register("size", lambda array: array.size)
    return registry


@pytest.fixture
def traced(clock, registry):
    """Runs ``@f`` of a program on integers; returns the events of its trace, and what has recorded them."""

    def run(body, *arguments, queue="s", level="kernels", attributes="", more="", profile=None):
        names = ", ".join(f"%x{number}: i32" for number in range(len(arguments)))
        text = f"func.func @f({names}) -> i32 {attributes} {{\n{body}\n  tfrt.return %r : i32\n}}\n{more}"
        with (
            tfrt.HostContext(queue, registry=registry, profile=profile) as host,
            recording(EventTrace(level, clock)) as events,
        ):
            function = tfrt.load(tfrt.compile(text, "f.mlir"), host=host)["f"]
            host.wait(function.start(*arguments))
            host.quiesce()
        return valid_events("".join(trace_file(events))), events

    return run


CHAIN = '  %a = "t.spend"(%x0) : (i32) -> i32\n  %r = tfrt.add.i32 %a, %x0'


def test_a_kernel_says_where_it_is_and_what_it_takes(traced):
    events, _ = traced(CHAIN, 7)
    kernel = named(events, "t.spend")
    assert kernel["cat"] == "kernel"
    assert kernel["args"] == {
        "function": "f",
        "location": "f.mlir:2:8",
        "stream": kernel["args"]["stream"],
        "operands": "i32",
        "results": "i32",
        "call": 1,
    }
    assert 7000 <= nanoseconds(kernel["dur"]) < 7010


@pytest.mark.parametrize("attributes", ["", "attributes {tfrt.sync}"])
def test_arrows_go_from_who_makes_a_value_to_who_takes_it(traced, attributes):
    events, _ = traced(CHAIN, 7, attributes=attributes)
    assert flows(events) == [("t.spend", "tfrt.add.i32")]


def test_values_belong_to_their_call(traced):
    body = "  %r = tfrt.repeat.i32 %x0, %x1 : i32 {\n" + CHAIN.replace("%r", "%y").replace("%x0", "%x1")
    events, _ = traced(f"{body}\n    tfrt.return %y : i32\n  }}", 3, 5)
    assert flows(events) == [("t.spend", "tfrt.add.i32")] * 3
    assert [kernel["args"]["call"] for kernel in slices(events, "kernel")] == [1, 2, 2, 3, 3, 4, 4]


def test_calls_are_slices_around_their_kernels(traced):
    more = f"func.func @g(%x0: i32) -> i32 {{\n{CHAIN}\n  tfrt.return %r : i32\n}}"
    events, _ = traced("  %r = tfrt.call @g(%x0) : (i32) -> i32", 2, more=more)
    order = [event["name"] for event in events if event["ph"] == "X"]
    assert order == ["@f", "tfrt.call", "@g", "t.spend", "tfrt.add.i32"]
    assert [e["args"]["request"] for e in slices(events, "function")] == [1, 1]


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_tasks_say_how_long_they_have_waited(traced, queue):
    body = '  %a = "t.spend"(%x0) : (i32) -> i32\n  %r = "t.enqueued"(%a) : (i32) -> i32'
    events, recorded = traced(body, 3, queue=queue)
    kernel = named(events, "t.enqueued")
    task = slices(events, "task")[-1]
    assert 0 < kernel["args"]["queue_delay_us"] == task["args"]["queue_delay_us"]
    assert task["tid"] == kernel["tid"] and flows(events) == [("t.spend", "t.enqueued")]
    lengths = [number for _, number in Analysis(recorded).queue_length()]
    assert max(lengths) >= 1 and lengths[-1] == 0


def test_what_is_pending_has_a_track_of_its_own(traced):
    events, recorded = traced('  %r = "t.later"(%x0) : (i32) -> i32', 5)
    begin, end = [event for event in events if event.get("cat") == "pending"]
    assert begin["name"] == "t.later" and named(events, "t.later")["args"]["pending"]
    assert nanoseconds(end["ts"]) - nanoseconds(begin["ts"]) >= 5000
    (request,) = recorded.requests
    assert request[3] >= nanoseconds(end["ts"]) and not request[4]


def test_requests_have_tracks_of_their_own(registry, clock):
    text = f"func.func @f(%x0: i32) -> i32 {{\n{CHAIN}\n  tfrt.return %r : i32\n}}"
    with tfrt.HostContext(registry=registry) as host, recording(EventTrace("kernels", clock)) as recorded:
        function = tfrt.load(tfrt.compile(text, "f.mlir"), host=host)["f"]
        function(1)
        context = tfrt.ExecutionContext(host)
        function.start(2, context=context)
        function.start(3, context=context)
    events = valid_events("".join(trace_file(recorded)))
    begun = [event for event in events if event["ph"] == "b"]
    assert [(event["id"], event["name"]) for event in begun] == [(1, "@f #1"), (2, "@f #2"), (2, "@f #2")]


@pytest.mark.parametrize("level", ["functions", "kernels"])
def test_failures_are_marked(traced, level):
    events, _ = traced('  %r = "t.fail"(%x0) : (i32) -> i32', 3, level=level)
    assert [event["args"] for event in events if event["ph"] == "b"] == [{"failed": True}]
    assert [kernel["args"]["failed"] for kernel in slices(events, "kernel")] == [True] * (level == "kernels")


def test_requests_that_go_on_are_said_to(registry):
    pending = tfrt.AsyncValue()
    registry.register(Kernel("t.pending", lambda: pending))
    text = 'func.func @f() -> i32 {\n  %r = "t.pending"() : () -> i32\n  tfrt.return %r : i32\n}'
    with tfrt.HostContext(registry=registry) as host, recording(EventTrace()) as recorded:
        tfrt.load(tfrt.compile(text), host=host)["f"].start()
        events = valid_events("".join(trace_file(recorded)))
        begun = [(event["name"], event["args"]) for event in events if event["ph"] == "b"]
        assert begun == [("@f #1", {"unfinished": True}), ("t.pending", {"call": 1, "unfinished": True})]
        assert named(events, "t.pending")["args"]["pending"] and not recorded.kernels()
        pending.set(7)
    events = valid_events("".join(trace_file(recorded)))
    assert [event.get("args") for event in events if event["ph"] == "b"] == [None, {"call": 1}]


ARRAYS = """  %a = "t.zeros"(%x0) : (i32) -> memref<?xf32>
  %b = "t.half"(%a) : (memref<?xf32>) -> memref<?xf32>
  %r = "t.size"(%b) : (memref<?xf32>) -> i32"""


def test_shapes_of_arguments(traced):
    events, _ = traced(ARRAYS, 8)
    assert [named(events, f"t.{kernel}")["args"]["shapes"] for kernel in ("half", "size")] == [["8"], ["4"]]


def test_memory_counts_as_long_as_somebody_is_to_use_it_and_views_do_not_count_again(traced):
    _, recorded = traced(ARRAYS, 8)
    assert [size for _, size in Analysis(recorded).live_bytes()] == [32, 0]


def test_values(traced):
    events, _ = traced(ARRAYS, 18, level="values")
    zeros, half = named(events, "t.zeros")["args"], named(events, "t.half")["args"]
    assert (zeros["values"], zeros["result_values"]) == ("18", "18xfloat32=[" + "0.0, " * 8 + "…]")
    assert half["values"] == zeros["result_values"]


def test_functions_alone_run_from_plans(traced):
    events, recorded = traced(CHAIN, 7, level="functions")
    assert [event["name"] for event in events if event["ph"] == "X"] == ["@f"]
    assert not any(thread.kernels for thread in recorded.threads)


def test_a_trace_is_a_profile(traced, clock):
    profile = Profile(clock)
    body = """  %a = "t.spend"(%x0) : (i32) -> i32
  %b = "t.later"(%a) : (i32) -> i32
  %r = "t.enqueued"(%b) : (i32) -> i32"""
    _, recorded = traced(body, 5, profile=profile)
    found = {(entry.kernel, entry.location): entry for entry in recorded.kernels()}
    assert {place: entry.runs for place, entry in found.items()} == {
        (entry.kernel, entry.location): entry.runs for entry in profile.kernels()
    }
    for entry in profile.kernels():
        # It has looked at the clock around the trace.
        assert 0 <= entry.total_ns - found[entry.kernel, entry.location].total_ns < 20


def test_programs_loaded_before_are_traced_and_nothing_is_wrapped_afterwards():
    text = "func.func @f(%x: i32) -> i32 {\n  %r = tfrt.add.i32 %x, %x\n  tfrt.return %r : i32\n}"
    with tfrt.HostContext(plans=False) as host:
        function = tfrt.load(tfrt.compile(text, "f.mlir"), host=host)["f"]
        assert function(1) == 2
        kernel = function.graph.nodes[1].call
        with tfrt.trace() as events:
            assert function(2) == 4
            assert function.graph.nodes[1].call is not kernel
            assert host.enqueue != host.work_queue.add_task
        assert function(3) == 6
        assert function.graph.nodes[1].call is kernel
        assert host.enqueue == host.work_queue.add_task
    assert [(entry.kernel, entry.runs) for entry in events.kernels()] == [("tfrt.add.i32", 1)]
    assert not hasattr(tfrt.ExecutionContext(host), "request")


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_traces_begin_and_end_while_threads_call(queue):
    text = """func.func @g(%x: i32) -> i32 {
  %a = "tfrt_test.async_add.i32"(%x, %x) : (i32, i32) -> i32
  tfrt.return %a : i32
}
func.func @f(%x: i32) -> i32 {
  %a = tfrt.call @g(%x) : (i32) -> i32
  tfrt.return %a : i32
}"""
    results = set()
    with tfrt.HostContext(queue) as host:
        function = tfrt.load(tfrt.compile(text), host=host)["f"]
        is_over = threading.Event()

        def work() -> None:
            while not is_over.is_set():
                results.add(function(3))

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for level in LEVELS * 5:
                with tfrt.trace(level=level) as events:
                    function(3)
                valid_events("".join(trace_file(events)))
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
    assert results == {6}


def test_a_thread_that_comes_while_a_file_is_written_has_its_name(monkeypatch):
    text = "func.func @f(%x: i32) -> i32 {\n  %a = tfrt.add.i32 %x, %x\n  tfrt.return %a : i32\n}"
    add_functions = trace_file_module._add_functions

    def add_after_another_thread(chrome, events):
        thread = threading.Thread(target=function, args=(3,), name="late")
        thread.start()
        thread.join()
        add_functions(chrome, events)

    monkeypatch.setattr(trace_file_module, "_add_functions", add_after_another_thread)
    with tfrt.HostContext() as host:
        function = tfrt.load(tfrt.compile(text), host=host)["f"]
        with tfrt.trace() as events:
            function(3)
            found = valid_events("".join(trace_file(events)))
    assert "late" in [event["args"]["name"] for event in found if event["name"] == "thread_name"]


def test_a_file_is_written_even_of_what_fails(tmp_path):
    path = tmp_path / "trace.json"
    with pytest.raises(ValueError, match="mine"), tfrt.trace(path):
        tfrt.compile("func.func @f() {\n  tfrt.return\n}", "f.mlir", opt_level=1)
        raise ValueError("mine")
    events = valid_events(path.read_text())
    assert [event["name"] for event in slices(events, "pass")] == ["canonicalize", "cse"]
    assert named(events, "compile f.mlir")["cat"] == "compiler"


def test_one_trace_at_a_time():
    with (
        tfrt.trace(),
        pytest.raises(tfrt.UsageError, match=r"^there is a trace already: one at a time can be made in a process$"),
        tfrt.trace(),
    ):
        pass


def test_an_unknown_level():
    message = r"^there is no level 'all' of traces: they are functions, kernels, values$"
    with pytest.raises(tfrt.UsageError, match=message), tfrt.trace(level="all"):
        pass


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(tfrt.UsageError, match=r"Is a directory$"), tfrt.trace(tmp_path):
        pass


def test_deep_recursion_is_traced():
    text = """func.func @down(%n: i32, %one: i32) -> i32 {
  %zero = tfrt.constant.i32 0
  %go = "tfrt.lessequal.i32"(%one, %n) : (i32, i32) -> i1
  %r = tfrt.cond %go @again @stop (%n, %one) : (i32, i32) -> (i32)
  tfrt.return %r : i32
}
func.func @again(%n: i32, %one: i32) -> i32 {
  %less = tfrt.constant.i32 -1
  %m = tfrt.add.i32 %n, %less
  %r = tfrt.call @down(%m, %one) : (i32, i32) -> i32
  tfrt.return %r : i32
}
func.func @stop(%n: i32, %one: i32) -> i32 {
  tfrt.return %n : i32
}"""
    with tfrt.trace() as events:
        assert tfrt.load(tfrt.compile(text))["down"](2000, 1) == 0
    assert {entry.kernel: entry.runs for entry in events.kernels()}["tfrt.add.i32"] == 2000


def test_programs_and_hosts_that_could_not_be_made_are_no_matter():
    """What is left of them lives as long as the exception."""
    bef = tfrt.compile('func.func @f() {\n  "test_events.unknown"() : () -> ()\n  tfrt.return\n}')
    with pytest.raises(tfrt.LoadError) as of_program:
        tfrt.load(bef)
    with pytest.raises(tfrt.UsageError) as of_host:
        tfrt.HostContext(max_requests=-1)
    with tfrt.trace():
        pass
    assert (of_program.type, of_host.type) == (tfrt.LoadError, tfrt.UsageError)
    with tfrt.trace():
        pass
