"""Stepping through a program from Python."""

from __future__ import annotations

import random
import signal
import threading
import time

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.values.tensor import dense_from_numpy

PROGRAM = """\
func.func @double(%x: i32) -> i32 {
  %y = tfrt.add.i32 %x, %x
  tfrt.return %y : i32
}
func.func @main() -> i32 {
  %x = tfrt.constant.i32 4
  %y = tfrt.call @double(%x) : (i32) -> i32
  %z = tfrt.add.i32 %y, %x
  tfrt.return %z : i32
}
"""


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name == "tfrt-step"] == []


@pytest.fixture
def program():
    return tfrt.load(tfrt.compile(PROGRAM, "p.mlir"))


def at(stop):
    return None if stop is None else stop.location.line


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_a_program_from_one_kernel_to_the_next(queue):
    with tfrt.HostContext(queue) as host:
        program = tfrt.load(tfrt.compile(PROGRAM, "p.mlir"), host=host)
        with program.step() as debugger:
            assert (at(debugger.stop), debugger.stop.kernel, debugger.registers) == (6, "tfrt.constant.i32", {})
            assert (at(debugger.step()), debugger.registers, debugger.results) == (7, {"%0": 4}, (4,))
            assert at(debugger.step()) == 2
            assert [str(call) for call in debugger.where()] == [
                "p.mlir:7:8: tfrt.call(4) in @main",
                "p.mlir:2:8: tfrt.add.i32(4, 4) in @double",
            ]
            assert (debugger.registers, debugger.stop.function) == ({"%arg0": 4}, "double")
            assert (at(debugger.step()), debugger.registers, debugger.is_over) == (8, {"%0": 4, "%1": 8}, False)
            assert (debugger.step(), debugger.stop, debugger.is_over, debugger.value) == (None, None, True, 12)
        assert program["main"]() == 12


def test_next_finish_and_continue(program):
    with program.step("main") as debugger:
        assert [at(debugger.next()) for _ in range(3)] == [7, 8, None]
    with program.step("main", breaks=["@double"]) as debugger:
        assert (at(debugger.stop), at(debugger.finish()), debugger.finish()) == (2, 8, None)
    with program.step("main") as debugger:
        assert (debugger.continue_(), debugger.value) == (None, 12)


LOOP = """\
func.func @main(%n: i32, %x: i32) -> i32 {
  %r = tfrt.repeat.i32 %n, %x : i32 {
    %y = tfrt.add.i32 %x, %x
    %z = tfrt.add.i32 %y, %x
    tfrt.return %z : i32
  }
  %s = tfrt.add.i32 %r, %r
  tfrt.return %s : i32
}
"""


def test_iterations_of_a_loop():
    program = tfrt.load(tfrt.compile(LOOP, "p.mlir"))
    with program.step("main", 3, 1, breaks=["3"]) as debugger:
        # `next` goes from one to the next, each with its own registers.
        lines = [(at(debugger.stop), debugger.registers["%arg0"])]
        while debugger.next():
            lines.append((at(debugger.stop), debugger.registers["%arg0"]))
        assert lines == [(3, 1), (4, 1), (3, 3), (4, 3), (3, 9), (4, 9), (7, 3)]
    with program.step("main", 3, 1, breaks=["3"]) as debugger:
        debugger.delete("3")
        assert at(debugger.finish()) == 7
        assert debugger.registers == {"%arg0": 3, "%arg1": 1, "%2": 27}


def test_where_to_stop(program):
    with program.step(breaks=["p.mlir:7"]) as debugger:
        assert debugger.breaks == ("p.mlir:7",) and at(debugger.stop) == 7
        debugger.break_at("tfrt.add*")
        assert [at(debugger.continue_()) for _ in range(3)] == [2, 8, None]
    with program.step() as debugger:
        debugger.break_at("p.mlir:8:8")
        assert at(debugger.continue_()) == 8


ARRAYS = """\
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %y = stablehlo.tanh %x : tensor<2x2xf32>
  %z = stablehlo.dot %y, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %z : tensor<2x2xf32>
}
"""


def test_arrays_are_copies():
    program = tfrt.load(tfrt.compile(ARRAYS, "p.mlir"))
    x = np.eye(2, dtype=np.float32)
    with program.step("main", x, breaks=["stablehlo.dot"]) as debugger:
        assert debugger.stop.ops == ("stablehlo.dot",)
        registers = debugger.registers
        np.testing.assert_array_equal(registers["%arg0"], x)
        np.testing.assert_allclose(debugger.stop.operands[0], np.tanh(x), rtol=1e-6)
        for register in registers.values():
            register[...] = 7
        while debugger.continue_():
            pass
        np.testing.assert_allclose(debugger.value, np.tanh(x) @ x, rtol=1e-6)


def test_tensors_are_arrays():
    text = """\
func.func @main(%x: !tfrt_tensor.tensor, %c: !tfrt.chain) -> !tfrt.chain {
  %d = tfrt_dht.print_tensor %x, %c
  tfrt.return %d : !tfrt.chain
}
"""
    program = tfrt.load(tfrt.compile(text))
    with program.step("main", dense_from_numpy(np.arange(3)), tfrt.CHAIN) as debugger:
        np.testing.assert_array_equal(debugger.registers["%arg0"], [0, 1, 2])
        assert debugger.registers["%arg1"] is tfrt.CHAIN


@pytest.fixture
def hosts():
    """Makes hosts with a kernel ``t.kernel`` of one operand."""
    made = []

    def make(function, queue="s"):
        registry = KernelRegistry(BUILTIN)
        registry.register(Kernel("t.kernel", function))
        made.append(tfrt.HostContext(queue, registry=registry))
        return made[-1]

    yield make
    for host in made:
        host.close()


CALLS = """\
func.func @inner(%x: i32) -> i32 {
  %y = "t.kernel"(%x) : (i32) -> i32
  tfrt.return %y : i32
}
func.func @main(%x: i32) -> i32 {
  %y = tfrt.call @inner(%x) : (i32) -> i32
  %z = tfrt.add.i32 %y, %y
  tfrt.return %z : i32
}
"""


def test_a_function_that_fails(hosts):
    def fail(x):
        raise ValueError(f"{x} is odd")

    program = tfrt.load(tfrt.compile(CALLS, "p.mlir"), host=hosts(fail))
    with program.step("main", 3) as debugger:
        while debugger.step():
            pass
        assert [result.is_error for result in debugger.results] == [True]
        with pytest.raises(tfrt.KernelError, match="3 is odd") as caught:
            _ = debugger.value
        assert [call.kernel for call in caught.value.calls] == ["t.kernel", "tfrt.call"]


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_what_does_not_come(hosts, queue):
    pending = tfrt.AsyncValue()
    program = tfrt.load(tfrt.compile(CALLS, "p.mlir"), host=hosts(lambda x: pending, queue))
    with program.step("main", 3) as debugger:
        with pytest.raises(tfrt.DeadlineExceededError) as caught:
            debugger.continue_(timeout=0.05)
        assert str(caught.value) == "@main has not stopped within 0.05 s; under way: p.mlir:2:8: t.kernel(3) in @inner"
        assert repr(debugger) == "<Debugger of @main: runs>"
        assert [str(call) for call in debugger.where()] == ["p.mlir:2:8: t.kernel(3) in @inner"]
        with pytest.raises(tfrt.UsageError) as misused:
            debugger.step()
        assert str(misused.value) == "@main has not stopped: it runs; 'wait' waits for it to stop"
        with pytest.raises(tfrt.UsageError) as misused:
            _ = debugger.value
        assert str(misused.value) == "@main has not ended: it runs"
        debugger.pause()
        # What this thread runs does not stop.
        setter = threading.Thread(target=pending.set, args=(4,))
        setter.start()
        assert at(debugger.wait()) == 7 and debugger.wait() is debugger.stop
        assert (debugger.step(), debugger.value) == (None, 8)
        setter.join()


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_closing_ends_what_has_stopped_and_what_waits(hosts, queue):
    ran = []
    program = tfrt.load(tfrt.compile(CALLS, "p.mlir"), host=hosts(lambda x: ran.append(x) or tfrt.AsyncValue(), queue))
    with program.step("main", 3, breaks=["t.kernel"]):
        pass
    assert ran == []
    with program.step("main", 3) as debugger, pytest.raises(tfrt.DeadlineExceededError):
        debugger.continue_(timeout=0.01)
    assert ran == [3]
    debugger.close()


def test_closing_waits_for_a_kernel_that_runs(hosts):
    begun, ended = threading.Event(), []

    def work(x):
        begun.set()
        time.sleep(0.05)
        ended.append(x)
        return x

    program = tfrt.load(tfrt.compile(CALLS, "p.mlir"), host=hosts(work))
    with program.step("main", 3) as debugger:
        with pytest.raises(tfrt.DeadlineExceededError):
            debugger.continue_(timeout=0)
        assert begun.wait(60)
    assert ended == [3]


def test_ctrl_c_gives_the_prompt_back(hosts):
    def interrupt(x):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        return tfrt.AsyncValue()

    program = tfrt.load(tfrt.compile(CALLS, "p.mlir"), host=hosts(interrupt))
    with program.step("main", 3) as debugger:
        with pytest.raises(KeyboardInterrupt):
            debugger.continue_()
        assert repr(debugger) == "<Debugger of @main: runs>"
    with pytest.raises(KeyboardInterrupt):
        program.step("main", 3, breaks=["7"])


@pytest.mark.parametrize("queue", ["s", "mstd:1"])
def test_a_host_that_is_closed_ends_what_has_stopped(queue):
    with tfrt.HostContext(queue) as host:
        debugger = tfrt.load(tfrt.compile(PROGRAM, "p.mlir"), host=host).step(breaks=["2"])
        assert at(debugger.stop) == 2
    assert debugger.stop is None and debugger.is_over


@pytest.mark.parametrize("seed", range(4))
def test_it_may_be_closed_at_any_time(seed):
    chance = random.Random(seed)
    with tfrt.HostContext("mstd:2") as host:
        program = tfrt.load(tfrt.compile(LOOP, "p.mlir"), host=host)
        for _ in range(10):
            with program.step("main", 4, 1, breaks=chance.choice([(), ["4"], ["@main"]])) as debugger:
                for _ in range(chance.randrange(12)):
                    if debugger.stop is not None:
                        chance.choice([debugger.step, debugger.next, debugger.finish, debugger.continue_])()
        assert program["main"](4, 1) == 162


@pytest.mark.parametrize("method", ["step", "next", "finish", "continue_", "wait", "registers"])
def test_a_debugger_that_is_closed(program, method):
    with program.step() as debugger:
        pass
    with pytest.raises(tfrt.UsageError) as caught:
        found = getattr(debugger, method)
        found()
    assert str(caught.value) == "the debugger is closed"
    assert repr(debugger) == "<Debugger of @main: is closed>"
    with pytest.raises(tfrt.CancelledError):
        _ = debugger.value


def test_misuse(program):
    wrong = {
        "no function 'f'; the program has: double, main": lambda: program.step("f"),
        "no kernel, op, function or line with a kernel is called '99'": lambda: program.step(breaks=["99"]),
        "function 'main' takes 0 arguments and is given 1": lambda: program.step("main", 1),
    }
    for message, call in wrong.items():
        with pytest.raises(tfrt.UsageError) as caught:
            call()
        assert str(caught.value) == message
    nameless = tfrt.load(tfrt.compile(PROGRAM.replace("@main", "@start")))
    with pytest.raises(tfrt.UsageError) as caught:
        nameless.step()
    assert str(caught.value) == "no function 'main'; the program has: double, start"
    with tfrt.trace(), pytest.raises(tfrt.UsageError) as caught:
        program.step()
    assert str(caught.value) == "a program is not stepped through while there is a trace"
    with program.step() as debugger:
        with pytest.raises(tfrt.UsageError) as caught:
            debugger.delete("8")
        assert str(caught.value) == "'8' is not among the breaks: there are none"
        with pytest.raises(tfrt.UsageError) as caught:
            debugger.step(timeout=-1)
        assert str(caught.value) == "a timeout is a number of seconds that is not negative, not -1"
        assert at(debugger.stop) == 6
        debugger.continue_()
        with pytest.raises(tfrt.UsageError) as caught:
            debugger.step()
        assert str(caught.value) == "@main has ended: see 'value'"


def test_other_calls_go_on_meanwhile(program):
    with program.step("main", breaks=["8"]) as debugger:
        assert program["main"]() == 12
        assert at(debugger.stop) == 8
        with program.step("double", 1) as other:
            assert (other.continue_(), other.value) == (None, 2)
        assert (debugger.step(), debugger.value) == (None, 12)


def test_the_program_keeps_its_resources(hosts):
    def count(x, *, resources: tfrt.ResourceContext):
        counted = resources.get_or_create("counter", list)
        counted.append(x)
        return len(counted)

    program = tfrt.load(tfrt.compile(CALLS, "p.mlir"), host=hosts(count))
    assert program["main"](5) == 2
    with program.step("main", 5) as debugger:
        assert (debugger.continue_(), debugger.value) == (None, 4)
    assert program["main"](5) == 6


def test_kernels_that_run_later_are_known_to_their_call(tmp_path):
    text = """\
func.func @read(%s: !tfrt.string) -> !tfrt_tensor.tensor {
  %t = "tfrt_npy.read_dense_tensor.f32.1"(%s) : (!tfrt.string) -> !tfrt_tensor.tensor
  tfrt.return %t : !tfrt_tensor.tensor
}
func.func @main(%s: !tfrt.string) -> !tfrt_tensor.tensor {
  %t = tfrt.call @read(%s) : (!tfrt.string) -> !tfrt_tensor.tensor
  tfrt.return %t : !tfrt_tensor.tensor
}
"""
    np.save(tmp_path / "x.npy", np.float32([1, 2]))
    for queue in ("s", "mstd:2"):
        with tfrt.HostContext(queue) as host:
            program = tfrt.load(tfrt.compile(text, "p.mlir"), host=host)
            with program.step("main", str(tmp_path / "x.npy"), breaks=["2"]) as debugger:
                assert [call.kernel for call in debugger.where()] == ["tfrt.call", "tfrt_npy.read_dense_tensor.f32.1"]
                assert list(debugger.registers) == ["%arg0"]
                debugger.continue_()
                np.testing.assert_array_equal(debugger.value.numpy(), [1, 2])


def test_synchronous_functions():
    text = PROGRAM.replace("() -> i32 {", "() -> i32 attributes {tfrt.sync} {").replace(
        "(%x: i32) -> i32 {", "(%x: i32) -> i32 attributes {tfrt.sync} {"
    )
    program = tfrt.load(tfrt.compile(text, "p.mlir"))
    with program.step() as debugger:
        lines = [at(debugger.stop)]
        while debugger.step():
            lines.append(at(debugger.stop))
        assert (lines, debugger.value) == ([6, 7, 2, 8], 12)


def test_it_shows_itself(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with program.step(breaks=["8"]) as debugger:
        assert str(debugger.stop) == "p.mlir:8:8: tfrt.add.i32(8, 4)"
        assert repr(debugger.stop) == "<Stop before tfrt.add.i32 at p.mlir:8:8>"
        assert repr(debugger) == "<Debugger of @main: has stopped before tfrt.add.i32 at p.mlir:8:8>"
        (tmp_path / "p.mlir").write_text(PROGRAM)
        assert str(debugger.stop).endswith("\n  %z = tfrt.add.i32 %y, %x\n       ^")
        shown = debugger._repr_html_()
        assert "&gt;  8    %z = tfrt.add.i32 %y, %x\n   9    tfrt.return %z : i32" in shown
        assert "<code>%1</code></td><td><code>8</code>" in shown
        debugger.step()
        assert "has ended" in debugger._repr_html_()
