"""The PyTorch-backed op handler; skipped where there is no PyTorch."""

import numpy as np
import pytest

import tfrt

torch = pytest.importorskip("torch")

A = np.array([[1.0, -2.0, 0.5], [0.1, 3.0, -1.0]], np.float32)
CALLS = [
    ("tf.Relu", (A,), {}),
    *((f"tf.{op}", (A, A[:1] + 1), {}) for op in ("Add", "AddV2", "Sub", "Mul")),
    ("tf.MatMul", (A, A), {"transpose_a": False, "transpose_b": True}),
    *((f"tf.{op}", (A,), {}) for op in ("Softmax", "LogSoftmax", "Tanh", "Sigmoid")),
]


@pytest.fixture(params=["s", "mstd:2"])
def runtime(request):
    with tfrt.HostContext(request.param) as host:
        yield tfrt.CoreRuntime.of(host)


@pytest.mark.parametrize(("op", "inputs", "attrs"), CALLS, ids=[c[0] for c in CALLS])
def test_agrees_with_the_cpu(runtime, op, inputs, attrs):
    (expected,) = runtime.execute(op, *inputs, **attrs)
    (y,) = runtime.execute(op, *inputs, handler="torch", **attrs)
    assert y.device.kind == "TORCH"
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(y.to("cpu").numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)


def test_every_op_has_a_call():
    from tfrt.executor.devices import torch_handler

    assert {op for op, _, _ in CALLS} == set(torch_handler._OPS)


def test_on_the_cpu_memory_is_shared_both_ways(runtime):
    from tfrt.executor.devices.torch_handler import create_on

    x = A.copy()
    there = runtime.transfer(x, create_on("cpu"))
    assert there.result().value.data_ptr() == x.ctypes.data
    assert np.shares_memory(there.to("cpu").numpy(), x)


def test_read_only_memory_is_copied(runtime):
    x = A.copy()
    x.flags.writeable = False
    there = runtime.transfer(x, "torch").result()
    assert there.value.data_ptr() != x.ctypes.data
    assert str(there) == "DenseTorchTensor dtype = f32, shape = [2, 3], on TORCH:0"


def test_other_ops_run_on_the_host(runtime):
    (y,) = runtime.execute("tf.Relu", A, handler="torch")
    (z,) = runtime.execute("tf.Transpose", y, np.array([1, 0], np.int32), handler="torch")
    assert z.device.kind == "CPU"
    assert z.numpy().tolist() == np.maximum(A, 0).T.tolist()


def test_mistakes_are_the_cpus(runtime):
    with pytest.raises(tfrt.KernelError) as caught:
        runtime.execute("tf.MatMul", A, A, handler="torch", transpose_a=False, transpose_b=False)
    with pytest.raises(tfrt.KernelError) as on_cpu:
        runtime.execute("tf.MatMul", A, A, transpose_a=False, transpose_b=False)
    assert caught.value.message == on_cpu.value.message


def test_tensors_of_strings_stay_on_the_host(runtime):
    from tfrt.executor.tensor import StringHostTensor

    moved = runtime.transfer(StringHostTensor((1,), ("a",)), "torch")
    with pytest.raises(tfrt.KernelError) as caught:
        moved.result()
    assert caught.value.message == "TORCH:0 cannot hold StringHost tensors of str"
