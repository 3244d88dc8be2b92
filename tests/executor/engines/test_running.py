"""What is said to be under way, at moments that kernels choose."""

from __future__ import annotations

import gc
import threading

import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.engines.running import running, stacks


def under_way():
    return list(map(str, running(stacks())))


@pytest.fixture
def registry():
    return KernelRegistry(BUILTIN)


@pytest.fixture
def program(registry):
    """Loads a program with a kernel ``t.look``, which notes what is under way."""
    noted: list[list[str]] = []

    def look() -> int:
        noted.append(under_way())
        return len(noted)

    def load(text, queue="s", *, enqueued=False, blocking=False, **options):
        registry.register(Kernel("t.look", look, blocking=blocking, enqueued=enqueued))
        host = tfrt.HostContext(queue, registry=registry, **options)
        return tfrt.load(tfrt.compile(text, "p.mlir"), host=host), noted

    return load


ONE = """\
func.func @main() -> i32 {
  %x = "t.look"() : () -> i32
  tfrt.return %x : i32
}
"""


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize(
    "options", [{"plans": False}, {}, {"plan_threshold": 0}], ids=["dataflow", "table", "generated"]
)
@pytest.mark.parametrize("kind", ["", "attributes {tfrt.sync} "])
def test_a_kernel_that_a_thread_is_in(program, queue, options, kind):
    loaded, noted = program(ONE.replace("{\n", f"{kind}{{\n", 1), queue, **options)
    loaded["main"]()
    assert noted == [["p.mlir:2:8: running t.look in @main"]]


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("how", ["enqueued", "blocking"])
def test_a_kernel_that_runs_as_a_task(program, queue, how):
    loaded, noted = program(ONE, queue, **{how: True})
    loaded["main"]()
    assert noted == [["p.mlir:2:8: running t.look in @main"]]


@pytest.mark.parametrize("options", [{"plans": False}, {"plan_threshold": 0}], ids=["dataflow", "generated"])
def test_those_that_merely_call_are_left_out(program, options):
    text = """\
func.func @inner(%n: i32) -> i32 {
  %r = tfrt.repeat.i32 %n, %n : i32 {
    %x = "t.look"() : () -> i32
    tfrt.return %x : i32
  }
  tfrt.return %r : i32
}
func.func @main(%n: i32) -> i32 {
  %x = tfrt.call @inner(%n) : (i32) -> i32
  tfrt.return %x : i32
}
"""
    loaded, noted = program(text, **options)
    loaded["main"](2)
    assert noted == [["p.mlir:3:10: running t.look in a region"]] * 2


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_kernels_that_never_complete(registry, queue):
    text = """\
func.func @inner() -> i32 {
  %x = "t.never"() : () -> i32
  tfrt.return %x : i32
}
func.func @main() -> (i32, i32) {
  %x = tfrt.call @inner() : () -> i32
  %y = "t.never"() : () -> i32
  %z = tfrt.add.i32 %x, %y
  %w = "t.there"() : () -> i32
  tfrt.return %z, %w : i32, i32
}
"""
    never, there = [], tfrt.AsyncValue()

    def promise() -> tfrt.AsyncValue:
        never.append(tfrt.AsyncValue())
        return never[-1]

    registry.register(Kernel("t.never", promise))
    registry.register(Kernel("t.there", lambda: there))
    with tfrt.HostContext(queue, registry=registry) as host:
        results = tfrt.load(tfrt.compile(text, "p.mlir"), host=host)["main"].start()
        host.quiesce()
        waiting = ["p.mlir:2:8: waiting for t.never in @inner", "p.mlir:7:8: waiting for t.never in @main"]
        assert sorted(under_way()) == [*waiting, "p.mlir:9:8: waiting for t.there in @main"]
        there.set(1)
        assert sorted(under_way()) == waiting
        for value in never:
            value.set(2)
        host.wait(results)
        assert [value.value for value in results] == [4, 1]
        assert under_way() == []


def test_a_promise_that_nobody_has_kept(registry):
    registry.register(Kernel("t.never", tfrt.AsyncValue))
    with tfrt.HostContext(registry=registry) as host:
        results = tfrt.load(tfrt.compile(ONE.replace("t.look", "t.never"), "p.mlir"), host=host)["main"].start()
        assert under_way() == ["p.mlir:2:8: waiting for t.never in @main"]
        del results
        gc.collect()
        assert under_way() == []


def test_what_is_abandoned_is_not_waited_for(registry):
    registry.register(Kernel("t.never", tfrt.AsyncValue))
    with tfrt.HostContext(registry=registry) as host:
        context = tfrt.ExecutionContext(host)
        function = tfrt.load(tfrt.compile(ONE.replace("t.look", "t.never"), "p.mlir"), host=host)["main"]
        results = function.start(context=context)
        context.cancel(abandon=True)
        assert under_way() == [] and results[0].is_pending


def test_a_synchronous_function_that_waits(registry):
    promised, begun = tfrt.AsyncValue(), threading.Event()

    def promise() -> tfrt.AsyncValue:
        begun.set()
        return promised

    registry.register(Kernel("t.never", promise))
    text = ONE.replace("t.look", "t.never").replace("{\n", "attributes {tfrt.sync} {\n", 1)
    with tfrt.HostContext("mstd:1", registry=registry) as host:
        function = tfrt.load(tfrt.compile(text, "p.mlir"), host=host)["main"]
        thread = threading.Thread(target=function)
        thread.start()
        try:
            assert begun.wait(60)
            # It goes to sleep a moment after it has begun.
            while under_way() != ["p.mlir:2:8: waiting for t.never in @main"]:
                pass
        finally:
            promised.set(1)
            thread.join()


def test_kernels_without_results_that_run_as_tasks(program):
    text = (
        'func.func @main() -> i32 {\n  "t.look"() : () -> ()\n  %x = tfrt.constant.i32 1\n  tfrt.return %x : i32\n}\n'
    )
    loaded, noted = program(text, blocking=True)
    loaded["main"]()
    loaded.host.quiesce()
    assert noted == [["p.mlir:2:3: running t.look in @main"]]


def test_a_function_that_is_machine_code(registry):
    pytest.importorskip("numba")
    text = """\
func.func @main(%n: i32) -> i32 {
  %r = tfrt.repeat.i32 %n, %n : i32 {
    %x = tfrt.add.i32 %n, %n
    tfrt.return %x : i32
  }
  tfrt.return %r : i32
}
"""
    with tfrt.HostContext(plan_threshold=0, native=True) as host:
        function = tfrt.load(tfrt.compile(text, "p.mlir"), host=host)["main"]
        function(1)
        context = tfrt.ExecutionContext(host)
        thread = threading.Thread(target=lambda: function.start(2**31 - 1, context=context))
        thread.start()
        seen: list[str] = []
        while not seen and thread.is_alive():
            seen = under_way()
        context.cancel(abandon=True)
        thread.join()
    assert seen == ["p.mlir:1:1: running machine code of @main"]
