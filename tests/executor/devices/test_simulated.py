"""Devices plug in from outside: the simulated accelerator, transfers, and how packages provide op handlers."""

import asyncio
import gc
import inspect
import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime import handlers, transfer
from tfrt.executor.core_runtime.composite_op import make_composite_op
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.op_handler import Invocation
from tfrt.executor.declarations.op import OpEntry, OpFlags
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.devices.simulated import SimulatedDevice, SimulatedOpHandler, SimulatedTensor, create_with
from tfrt.executor.support.location import FileLineCol, position
from tfrt.executor.values.device import HOST_DEVICE, Device
from tfrt.executor.values.tensor import ScalarHostTensor, StringHostTensor

X = np.array([[1.0, -2.0, 0.5], [0.1, 3.0, -1.0]], np.float32)

UNARY = "Abs Exp Neg Sigmoid Square Tanh Relu Softmax LogSoftmax ZerosLike"
BINARY = "Add AddV2 Sub Mul RealDiv Maximum Minimum Less"


@dataclass
class Bench:
    """A simulated accelerator that stands still while `go` is not set, and what happened in which order."""

    host: tfrt.HostContext
    go: threading.Event = field(default_factory=threading.Event)
    trace: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    diagnostics: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.go.set()
        self.host.diagnostic_handler = lambda d: self.diagnostics.append(d.headline())
        self.runtime = CoreRuntime.of(self.host)
        self.handler = create_with(self.host, SimulatedDevice(on_event=self.note))
        self.runtime.register("sim", self.handler)

    def note(self, what: str, name: str) -> None:
        self.trace.append(f"{what} {name}")
        self.threads.add(threading.current_thread().name)
        if what == "start":
            assert self.go.wait(60)

    def run(self, op, *arguments, **options):
        return self.runtime.execute(op, *arguments, handler=self.handler, **options)


@pytest.fixture(params=["s", "mstd:2"])
def bench(request):
    with tfrt.HostContext(request.param) as host:
        bench = Bench(host)
        yield bench
        bench.go.set()


@pytest.fixture
def failing_op():
    """An op whose shape is known and that fails when it runs."""
    name = "tf.FailsInTests"

    def fail(x):
        raise tfrt.KernelError("device op failed")

    CPU_OPS.register(OpEntry(name, fail, lambda x: x, OpFlags.NONE))
    yield name
    del CPU_OPS._ops[name]


def test_the_host_goes_on_while_the_device_copies_and_computes(bench):
    bench.go.clear()
    (y,) = bench.run("tf.Relu", X)
    (z,) = bench.run("tf.AddV2", y, y)
    back = z.to("cpu")
    assert (z.shape, z.dtype, z.device) == ((2, 3), tfrt.DType.F32, bench.handler.device)
    assert not y.is_available
    assert not back.is_available
    (on_host,) = bench.runtime.execute("tf.Neg", X)
    assert on_host.numpy().tolist() == (-X).tolist()
    bench.trace.append("host computed")
    bench.go.set()
    assert back.numpy().tolist() == (np.maximum(X, 0) * 2).tolist()
    assert "end copy to device" in bench.trace[bench.trace.index("host computed") :]
    bench.trace.remove("host computed")
    assert bench.trace == [
        f"{what} {name}"
        for name in ("copy to device", "tf.Relu", "tf.AddV2", "copy to host")
        for what in ("start", "end")
    ]
    assert bench.threads == {"tfrt-SIM:0"}


def test_ops_that_wait_for_nothing_run_in_the_order_given(bench):
    x = bench.runtime.transfer(X, bench.handler)
    x.result()
    bench.trace.clear()
    names = ["tf.Relu", "tf.Neg", "tf.Exp", "tf.Tanh"]
    results = [bench.run(name, x)[0] for name in names]
    for result in results:
        result.result()
    assert [line for line in bench.trace if line.startswith("start")] == [f"start {name}" for name in names]


def test_the_host_does_not_read_device_memory(bench):
    (y,) = bench.run("tf.Relu", X)
    assert isinstance(y.result(), SimulatedTensor)
    assert str(y) == "DenseSimTensor dtype = f32, shape = [2, 3], on SIM:0"
    with pytest.raises(tfrt.KernelError) as caught:
        y.numpy()
    assert caught.value.message == "cannot find conversion function for [DenseSim]->[DenseHost]"
    with pytest.raises(TypeError, match="a tensor on SIM:0 cannot be read by the host; copy it there first"):
        np.asarray(y.result())
    with pytest.raises(tfrt.KernelError) as caught:
        bench.runtime.execute("tf.Relu", y)[0].result()
    assert caught.value.message == "Cannot implictly convert DenseSim to DenseHost"


def test_copies_are_copies(bench):
    x = X.copy()
    there = bench.runtime.transfer(x, "SIM:0")
    there.result()
    x[:] = 0
    back, again = there.to("cpu"), there.to(HOST_DEVICE)
    assert back.numpy().tolist() == again.numpy().tolist() == X.tolist()
    assert not np.shares_memory(back.numpy(), again.numpy())
    assert there.to(bench.handler) is there


@pytest.mark.parametrize(
    ("op", "inputs", "attrs"),
    [
        *((f"tf.{op}", (X,), {}) for op in UNARY.split()),
        *((f"tf.{op}", (X, X[:1] + 1), {}) for op in BINARY.split()),
        ("tf.MatMul", (X, X), {"transpose_a": False, "transpose_b": True}),
        ("tf.BiasAdd", (X, X[0]), {}),
        ("tf.Shape", (X,), {}),
        ("tf.Add", (ScalarHostTensor(tfrt.DType.I32, (2,), 3), ScalarHostTensor(tfrt.DType.I32, (2,), 2)), {}),
    ],
)
def test_results_are_the_cpus(bench, op, inputs, attrs):
    (expected,) = bench.runtime.execute(op, *inputs, **attrs)
    (y,) = bench.run(op, *inputs, **attrs)
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    assert y.device.kind == "SIM"
    assert y.to("cpu").numpy().tobytes() == expected.numpy().tobytes()


def test_mistakes_in_shapes_are_raised_at_once_at_the_callers_line(bench):
    bench.go.clear()
    with pytest.raises(tfrt.KernelError) as caught:
        bench.run("tf.AddV2", bench.runtime.transfer(X, "sim"), X[:, :2])
    with pytest.raises(tfrt.KernelError) as on_cpu:
        bench.runtime.execute("tf.AddV2", X, X[:, :2])
    assert caught.value.message == on_cpu.value.message
    assert position(caught.value.location).filename == __file__


def test_an_error_reaches_exactly_the_dependants(bench, failing_op):
    x = bench.runtime.transfer(X, "sim")
    (bad,) = bench.run(failing_op, x)
    (dependant,) = bench.run("tf.Relu", bad)
    (other,) = bench.run("tf.Relu", x)
    with pytest.raises(tfrt.KernelError) as caught:
        dependant.to("cpu").numpy()
    assert caught.value.message == "device op failed"
    assert other.to("cpu").numpy().tolist() == np.maximum(X, 0).tolist()
    assert len(bench.diagnostics) == 1
    assert bench.diagnostics[0].endswith("error: runtime error: device op failed")


def test_an_error_on_the_host_crosses_to_the_device_and_back(bench):
    (bad,) = bench.runtime.execute("tfrt_test.error.tensor", X)
    line = inspect.currentframe().f_lineno - 1
    (on_device,) = bench.run("tf.Relu", bad)
    back = on_device.to("cpu")
    for handle in (on_device, back):
        with pytest.raises(tfrt.KernelError) as caught:
            handle.result()
        assert caught.value.message == "error from test.error.tensor implementation"
        assert (position(caught.value.location).filename, position(caught.value.location).line) == (__file__, line)
    assert not any("Relu" in event for event in bench.trace)
    assert len(bench.diagnostics) == 1


def test_an_error_on_the_device_is_located_where_the_op_was_executed(bench, failing_op):
    (bad,) = bench.runtime.execute(failing_op, X, handler=bench.handler)
    line = inspect.currentframe().f_lineno - 1
    with pytest.raises(tfrt.KernelError) as caught:
        bench.run("tf.Neg", bad)[0].to("cpu").numpy()
    assert (position(caught.value.location).filename, position(caught.value.location).line) == (__file__, line)


def test_an_event_that_cannot_be_noted_fails_the_op_and_no_other(bench):
    def note(what, name):
        if (what, name) == ("start", "tf.Exp"):
            raise tfrt.KernelError("no room for events")

    handler = create_with(bench.host, SimulatedDevice("SIM:1", on_event=note))
    bad, good = (bench.runtime.execute(name, X, handler=handler)[0] for name in ("tf.Exp", "tf.Neg"))
    with pytest.raises(tfrt.KernelError) as caught:
        bad.result()
    assert caught.value.message == "no room for events"
    assert good.to("cpu").numpy().tolist() == (-X).tolist()


def test_cancellation_skips_what_the_device_has_not_started(bench):
    bench.go.clear()
    request = tfrt.ExecutionContext(bench.host)
    x = bench.runtime.transfer(X, "sim")
    handles = [bench.run("tf.Relu", x, context=request)[0] for _ in range(3)]
    back = bench.runtime.transfer(handles[0], "cpu", request)
    request.cancel()
    bench.go.set()
    for handle in (*handles, back):
        with pytest.raises(tfrt.CancelledError):
            handle.result()
    assert x.to("cpu").numpy().tolist() == X.tolist()
    assert "start tf.Relu" not in bench.trace
    assert bench.diagnostics == []


def test_cancellation_of_ops_in_the_stream(bench):
    x = bench.runtime.transfer(X, "sim")
    x.result()
    bench.go.clear()
    request = tfrt.ExecutionContext(bench.host)
    (first,) = bench.run("tf.Neg", x)
    (second,) = bench.run("tf.Relu", x, context=request)
    request.cancel()
    bench.go.set()
    with pytest.raises(tfrt.CancelledError):
        second.result()
    assert first.to("cpu").numpy().tolist() == (-X).tolist()
    assert "start tf.Relu" not in bench.trace


def test_other_ops_run_on_the_host_with_copies(bench):
    (y,) = bench.run("tf.Relu", X)
    (z,) = bench.run("tfrt_test.relu", y)
    assert z.device == HOST_DEVICE
    assert z.numpy().tolist() == np.maximum(X, 0).tolist()
    assert bench.trace[-1] == "end copy to host"
    with pytest.raises(tfrt.KernelError) as caught:
        bench.run("tf.Unheard", X)
    assert caught.value.message == "tf.Unheard was not supported by NullOpHandler."


def test_a_copy_that_fails_is_reported_where_it_was_asked_for(bench):
    (y,) = bench.run("tf.Shape", StringHostTensor((1,), ("a",)))
    with pytest.raises(tfrt.KernelError) as caught:
        y.result()
    assert caught.value.message == "SIM:0 cannot hold StringHost tensors"
    assert position(caught.value.location).filename == __file__
    assert len(bench.diagnostics) == 1


def test_devices_exchange_tensors_through_the_host(bench, monkeypatch):
    monkeypatch.setattr(transfer, "_COPIES", dict(transfer._COPIES))
    other = create_with(bench.host, SimulatedDevice("OTHER:1"))
    transfer.register_copy(
        "CPU", "OTHER", lambda tensor, device, context: SimulatedTensor(device, tensor.array, tensor.dtype)
    )
    x = bench.runtime.transfer(X, "sim")
    assert x.to(other).result().device is other.device
    assert bench.trace[-1] == "end copy to host"
    with pytest.raises(tfrt.KernelError) as caught:
        x.to(other).to("cpu")
    assert caught.value.message == "cannot transfer tensors from OTHER:1 to CPU:0"
    assert position(caught.value.location).filename == __file__
    with pytest.raises(tfrt.UsageError) as usage:
        x.to("nowhere")
    assert str(usage.value) == "no op handler 'nowhere'; there are: sim"


def test_two_devices_of_a_kind_have_a_memory_and_a_stream_each(bench):
    first, second = bench.handler, create_with(bench.host, SimulatedDevice("SIM:1", on_event=bench.note))
    bench.runtime.register("sim1", second)
    (x,) = bench.run("tf.Relu", X)
    (y,) = bench.runtime.execute("tf.Neg", x, handler=second)
    (z,) = bench.runtime.execute("tf.Exp", x, handler=first)
    assert [h.device.name for h in (x, y, z)] == ["SIM:0", "SIM:1", "SIM:0"]
    assert y.to("cpu").numpy().tolist() == (-np.maximum(X, 0)).tolist()
    assert z.to("SIM:1").result().device is second.device
    assert bench.threads == {"tfrt-SIM:0", "tfrt-SIM:1"}


def test_one_device_works_while_another_stands_still(bench):
    second = create_with(bench.host, SimulatedDevice("SIM:1"))
    bench.go.clear()
    (waiting,) = bench.run("tf.Relu", X)
    (y,) = bench.runtime.execute("tf.Neg", X, handler=second)
    assert y.to("cpu").numpy().tolist() == (-X).tolist()
    assert not waiting.is_available
    bench.go.set()
    assert waiting.to("cpu").numpy().tolist() == np.maximum(X, 0).tolist()


def test_copies_and_ops_take_place_while_the_host_computes(bench):
    """The device's stream waits for the host in the middle of each op: it ends only if both run at the same time."""
    meeting = threading.Barrier(2)
    handler = create_with(bench.host, SimulatedDevice("SIM:1", on_event=lambda what, _: meeting.wait(60)))
    bench.runtime.register("meeting", handler)
    (y,) = bench.runtime.execute("tf.Relu", X, handler=handler)
    back = y.to("cpu")
    for _ in ("copy to device", "tf.Relu", "copy to host"):
        meeting.wait(60)
        (on_host,) = bench.runtime.execute("tf.Neg", X)
        assert on_host.numpy().tolist() == (-X).tolist()
        meeting.wait(60)
    assert back.numpy().tolist() == np.maximum(X, 0).tolist()


def test_coroutines_await_device_tensors(bench):
    async def main():
        return await bench.run("tf.Relu", X)[0].to("cpu")

    assert asyncio.run(main()).array.tolist() == np.maximum(X, 0).tolist()


def test_ten_thousand_ops_leak_nothing():
    # Threads of earlier tests may end at any time.
    others = set(threading.enumerate())
    with tfrt.HostContext("mstd:2") as host:
        runtime = CoreRuntime.of(host)
        handler = create_with(host, SimulatedDevice())

        def compute(count: int) -> tuple[int, ...]:
            """What is alive after so many ops: threads, values, tensors and handles."""
            x = y = runtime.transfer(np.ones(4, np.float32), handler.device)
            for _ in range(count):
                (y,) = runtime.execute("tf.Mul", y, x, handler=handler)
            assert y.to("cpu").numpy().tolist() == [1] * 4
            del x, y
            host.quiesce()
            # The stream's thread has let go of a task once it has taken the next.
            runtime.transfer(X, handler.device).result()
            gc.collect()
            kinds = [type(o) for o in gc.get_objects()]
            threads = set(threading.enumerate()) - others
            return (len(threads), *map(kinds.count, (tfrt.AsyncValue, SimulatedTensor, tfrt.TensorHandle)))

        few = compute(100)
        many = compute(10_000)
        # The last task may or may not have been let go of.
        assert all(after <= before + 2 for before, after in zip(few, many, strict=True)), (few, many)
        assert few[0] == many[0]


def test_errors_and_cancelled_ops_leak_nothing(bench, failing_op):
    bench.host.diagnostic_handler = lambda _: None

    def compute(count: int) -> tuple[int, ...]:
        for _ in range(count):
            request = tfrt.ExecutionContext(bench.host)
            (bad,) = bench.run(failing_op, X)
            (dependant,) = bench.run("tf.Neg", bad)
            (skipped,) = bench.run("tf.Relu", X, context=request)
            request.cancel()
            for handle in (dependant, skipped):
                with suppress(tfrt.KernelError):
                    handle.result()
        del bad, dependant, skipped, handle, request
        bench.runtime.transfer(X, bench.handler).result()
        gc.collect()
        kinds = [type(o) for o in gc.get_objects()]
        return tuple(map(kinds.count, (tfrt.AsyncValue, SimulatedTensor, tfrt.TensorHandle, tfrt.KernelError)))

    few, many = compute(10), compute(300)
    assert all(after <= before + 3 for before, after in zip(few, many, strict=True)), (few, many)


def test_closing_the_host_finishes_the_work_and_ends_the_device():
    host = tfrt.HostContext("s")
    bench = Bench(host)
    (y,) = bench.run("tf.Relu", X)
    (z,) = bench.run("tf.Neg", y)
    host.close()
    host.close()
    assert z.is_available
    assert not any(thread.name == "tfrt-SIM:0" for thread in threading.enumerate())
    with pytest.raises(tfrt.KernelError) as caught:
        bench.run("tf.Relu", z)[0].result()
    assert caught.value.message == "device SIM:0 is closed"


def test_programs_use_the_device(bench):
    text = """
    func.func @main(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> (!corert.tensorhandle, !corert.tensorhandle) {
      %sim = corert.get_op_handler %ch "sim"
      %cpu = "tfrt.get_device"(%ch) {device_name = "CPU:0"} : (!tfrt.chain) -> !tfrt.device
      %dev = "tfrt.get_device"(%ch) {device_name = "SIM:0"} : (!tfrt.chain) -> !tfrt.device
      %there = "corert.transfer_inferred_tensortype"(%x, %dev)
        : (!corert.tensorhandle, !tfrt.device) -> !corert.tensorhandle
      %y = corert.executeop(%sim) "tf.Relu"(%there) : 1
      %back = "corert.transfer_inferred_tensortype"(%y, %cpu)
        : (!corert.tensorhandle, !tfrt.device) -> !corert.tensorhandle
      tfrt.return %y, %back : !corert.tensorhandle, !corert.tensorhandle
    }"""
    program = tfrt.load(tfrt.compile(text), host=bench.host)
    there, back = program["main"](tfrt.CHAIN, bench.runtime.tensor(X))
    assert there.device is bench.handler.device
    assert back.numpy().tolist() == np.maximum(X, 0).tolist()


@pytest.mark.parametrize("stands_still", [False, True])
def test_a_composite_ops_results_are_on_the_host(bench, stands_still):
    text = """
    func.func @square(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> (!tfrt.chain, !corert.tensorhandle) {
      %sim = corert.get_op_handler %ch "sim"
      %y = corert.executeop(%sim) "tf.Square"(%x) : 1
      tfrt.return %ch, %y : !tfrt.chain, !corert.tensorhandle
    }"""
    op = make_composite_op(tfrt.load(tfrt.compile(text), host=bench.host)["square"])
    if stands_still:
        bench.go.clear()
    x = bench.runtime.tensor(X)
    (y,) = op(
        Invocation("square", bench.runtime.context, FileLineCol(__file__, 1, 1), (x,), tfrt.OpAttrs(), None, None)
    ).results
    assert y.device == HOST_DEVICE
    bench.go.set()
    assert y.numpy().tolist() == (X * X).tolist()
    assert bench.trace[-1] == "end copy to host"


def test_installed_packages_provide_handlers():
    with tfrt.HostContext() as host, tfrt.HostContext() as other:
        runtime = CoreRuntime.of(host)
        handler = runtime.handler("sim")
        assert isinstance(handler, SimulatedOpHandler)
        assert runtime.handler("sim") is handler
        assert CoreRuntime.of(other).handler("sim") is not handler
        assert CoreRuntime.of(other).handler("sim").device != handler.device
        assert runtime.handler("nothing of the kind") is None


def test_ordinals_of_the_cpu_share_the_hosts_memory(bench):
    (y,) = bench.runtime.execute("tf.Relu", X, handler=CpuOpHandler(device=Device("CPU:1")))
    assert np.shares_memory(y.to("cpu").numpy(), y.numpy())


class Unusual(BaseException):
    """Not an Exception."""


@pytest.mark.parametrize("kind", [Unusual, SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_whatever_a_device_raises_fails_the_op_and_its_thread_lives_on(bench, kind):
    def fail(what, name):
        raise kind

    (x,) = bench.run("tf.Abs", X)
    x.result()
    object.__setattr__(bench.handler.device, "on_event", fail)
    (failed,) = bench.run("tf.Neg", x)
    with pytest.raises(tfrt.KernelError, match=kind.__name__):
        failed.result()
    moved = bench.runtime.transfer(x, "cpu")
    with pytest.raises(tfrt.KernelError, match=kind.__name__):
        moved.result()
    object.__setattr__(bench.handler.device, "on_event", None)
    assert bench.run("tf.Neg", x)[0].to("cpu").numpy().shape == X.shape


@pytest.mark.parametrize("is_pending", [False, True])
@pytest.mark.parametrize("kind", [Unusual, asyncio.CancelledError])
def test_whatever_an_op_raises_fails_its_results(bench, kind, is_pending, monkeypatch):
    def fail(x):
        raise kind

    entry = OpEntry("tf.RaisesInTests", fail, lambda x: x, OpFlags.NONE)
    monkeypatch.setitem(CPU_OPS._ops, entry.name, entry)
    x = bench.runtime.tensor(X)
    if is_pending:
        x = bench.run("tf.Abs", x)[0].to("cpu")
    (failed,) = bench.runtime.execute("tf.RaisesInTests", x)
    with pytest.raises(tfrt.KernelError, match=kind.__name__):
        failed.result()


@pytest.mark.parametrize("kind", [Unusual, asyncio.CancelledError])
def test_whatever_a_copy_raises_fails_the_handle(bench, kind, monkeypatch):
    def fail(tensor, device, context):
        raise kind

    monkeypatch.setitem(transfer._COPIES, ("CPU", "SIM"), fail)
    with pytest.raises(tfrt.KernelError, match=kind.__name__):
        bench.runtime.transfer(X, "sim").result()


def test_a_device_that_nobody_refers_to_ends_its_thread():
    host = tfrt.HostContext()
    handler = create_with(host)
    (result,) = CoreRuntime.of(host).execute("tf.Neg", X, handler=handler)
    result.result()
    thread = handler.device._stream._thread
    assert thread.is_alive()
    del result, handler, host
    gc.collect()
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_device_that_was_used_works_in_a_forked_process(bench):
    assert bench.run("tf.Neg", X)[0].to("cpu").numpy().tolist() == (-X).tolist()
    child = os.fork()
    if child == 0:
        same = bench.run("tf.Neg", X)[0].to("cpu").numpy().tolist() == (-X).tolist()
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_packages_handler_is_made_once_however_many_threads_ask(monkeypatch):
    made, start = [], threading.Barrier(8)

    def create(host):
        made.append(host)
        threading.Event().wait(0.01)
        return create_with(host)

    monkeypatch.setattr(handlers, "find_device", lambda name: create)
    with tfrt.HostContext() as host:
        runtime, found = CoreRuntime.of(host), []

        def ask():
            start.wait()
            found.append(runtime.handler("toy"))

        threads = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert len(made) == 1 and len(found) == 8 and len(set(found)) == 1
