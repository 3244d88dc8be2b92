"""What a trace of a host has of ops called from Python, and of work that kernels put into the queue."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.runtime.profile import Profile
from tfrt.executor.runtime.tracing import Trace
from tfrt.kernels.tfrt_test.work import enqueue_work


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("none", []),
        ("default", ["tf.Relu#op_handler=cpu#", "RunDispatch: tf.Relu"]),
        ("verbose", ["tf.Relu#op_handler=cpu#", "RunMetadataFunction", "RunDispatch: tf.Relu"]),
        (
            "debug",
            [
                "tf.Relu#op_handler=cpu#",
                "RunMetadataFunction",
                "RunDispatchFunction: tf.Relu#op_name=tf.Relu,Inputs=(f32 [2]),Results=(f32 [2]),"
                "Attributes=OpAttrs is empty",
            ],
        ),
    ],
)
def test_ops_called_from_python_are_traced_each_time(level, expected):
    trace = Trace(level)
    with tfrt.HostContext(trace=trace) as host:
        runtime = CoreRuntime.of(host)
        for _ in range(2):
            (y,) = runtime.execute("tf.Relu", np.array([1, -1], np.float32))
            assert y.numpy().tolist() == [1, 0]
    lines = trace.text().splitlines()
    assert [line.removeprefix("Scope:") for line in lines if line.startswith("Scope:")] == expected * 2
    assert lines.count("End Scope") == 2 * len(expected)


def test_ops_whose_inputs_come_later_are_traced_when_they_run():
    trace = Trace("verbose")
    with tfrt.HostContext(trace=trace) as host:
        runtime = CoreRuntime.of(host)
        (x,) = runtime.execute("tfrt_test.async.noop_no_md", np.array([1, -1], np.float32))
        (y,) = runtime.execute("tf.Relu", x)
        assert "RunDispatch: tf.Relu" not in trace.text()
        assert y.numpy().tolist() == [1, 0]
    scopes = [line.removeprefix("Scope:") for line in trace.text().splitlines() if line.startswith("Scope:")]
    assert scopes[-3:] == ["tf.Relu#op_handler=cpu#", "RunMetadataFunction", "RunDispatch: tf.Relu"]


def test_work_in_the_queue_is_traced_under_its_name():
    trace = Trace("default")
    with tfrt.HostContext(trace=trace) as host:
        results = [enqueue_work(host, lambda: 1, traced_as="DecodeJpeg"), enqueue_work(host, lambda: 2)]
        host.wait(results)
    assert [result.value for result in results] == [1, 2]
    assert trace.text() == "Scope:DecodeJpeg\nEnd Scope\n"


def test_kernels_are_not_traced_and_profiled():
    with pytest.raises(
        tfrt.UsageError, match=r"^kernels are traced or profiled, not both: the trace would be in the times$"
    ):
        tfrt.HostContext(trace=Trace("debug"), profile=Profile())
    # Without kernels in it a trace is in nobody's way.
    with tfrt.HostContext(trace=Trace("verbose"), profile=Profile()) as host:
        assert not host.plans
