"""The PyTorch-backed op handler; skipped where there is no PyTorch."""

import gc
import inspect
import threading

import numpy as np
import pytest

import tfrt
from tfrt.executor.support.location import position

torch = pytest.importorskip("torch")

from tfrt.executor.devices import torch_handler, torch_ops  # noqa: E402
from tfrt.executor.values.tensor import ScalarHostTensor, StringHostTensor  # noqa: E402

A = np.array([[1.0, -2.0, 0.5], [0.1, 3.0, -1.0]], np.float32)
NUMBERS = np.random.default_rng(0)
IMAGES = NUMBERS.normal(size=(2, 7, 6, 3)).astype(np.float32)
FILTERS = NUMBERS.normal(size=(3, 2, 3, 4)).astype(np.float32)
MOMENTS = [np.abs(NUMBERS.normal(size=3)).astype(np.float32) for _ in range(4)]
IMAGES_NCHW = np.ascontiguousarray(IMAGES.transpose(0, 3, 1, 2))
NOT_A_NUMBER = np.where(IMAGES > 1, np.float32("nan"), IMAGES)
UNARY = "Abs Exp Log Log1p Neg Relu Rsqrt Sigmoid Sqrt Square Tanh Softmax LogSoftmax"
BINARY = "Add AddV2 Sub Mul RealDiv Maximum Minimum Equal NotEqual Less LessEqual Greater GreaterEqual"

CALLS = [
    *((f"tf.{op}", (np.abs(A),), {}) for op in UNARY.split()),
    *((f"tf.{op}", (A,), {}) for op in ("Abs", "Neg", "Relu", "Tanh", "Sigmoid", "Softmax", "LogSoftmax")),
    *((f"tf.{op}", (A, A[:1] + 1), {}) for op in BINARY.split()),
    *((f"tf.{op}", (A.astype(np.int32), np.int32(-1)), {}) for op in BINARY.split() if op != "RealDiv"),
    ("tf.BiasAdd", (IMAGES, MOMENTS[0]), {}),
    ("tf.Cast", (A,), {"DstT": tfrt.DType.I32}),
    ("tf.Cast", (A > 0,), {"DstT": tfrt.DType.F32}),
    ("tf.MatMul", (A, A), {"transpose_a": False, "transpose_b": True}),
    ("tf.MatMul", (A, A), {"transpose_a": True, "transpose_b": False}),
    ("tf.Mean", (IMAGES, np.array([1, -2], np.int32)), {}),
    ("tf.Mean", (IMAGES, np.int64(0)), {"keep_dims": True}),
    ("tf.Mean", (IMAGES, np.array([], np.int32)), {}),
    *(
        ("tf.Conv2D", (IMAGES, FILTERS), {"padding": padding, "strides": strides, "dilations": dilations})
        for padding in ("SAME", "VALID")
        for strides in ((1, 1, 1, 1), (1, 2, 3, 1), (2,))
        for dilations in ((), (1, 2, 3, 1))
    ),
    (
        "tf.Conv2D",
        (IMAGES_NCHW, FILTERS),
        {"padding": "SAME", "strides": (1, 1, 2, 1), "data_format": "NCHW"},
    ),
    ("tf.Conv2D", (IMAGES, FILTERS), {"padding": "EXPLICIT", "explicit_paddings": (0, 1, 2, 3), "strides": (1, 2)}),
    ("tf.Conv2D", (IMAGES[:0], FILTERS), {"padding": "SAME", "strides": (1,)}),
    *(
        ("tf.MaxPool", (images,), {"padding": padding, "ksize": (1, 3, 2, 1), "strides": strides})
        for images in (IMAGES, NOT_A_NUMBER, np.full_like(IMAGES, -np.inf))
        for padding in ("SAME", "VALID")
        for strides in ((1, 1, 1, 1), (1, 2, 3, 1))
    ),
    (
        "tf.MaxPool",
        (IMAGES_NCHW,),
        {"padding": "SAME", "ksize": (1, 1, 3, 3), "strides": (1, 1, 2, 2), "data_format": "NCHW"},
    ),
    ("tf.MaxPool", (IMAGES[:, :2],), {"padding": "VALID", "ksize": (3,), "strides": (3,)}),
    ("tf.FusedBatchNormV3", (IMAGES, *MOMENTS), {"epsilon": 0.01, "is_training": False}),
    ("tf.FusedBatchNormV3", (IMAGES_NCHW, *MOMENTS), {"data_format": "NCHW"}),
]


@pytest.fixture(params=["s", "mstd:2"])
def runtime(request):
    with tfrt.HostContext(request.param) as host:
        yield tfrt.CoreRuntime.of(host)


@pytest.fixture
def cpu(runtime):
    """The handler on PyTorch's CPU, also where there is a GPU."""
    return torch_handler.create_on(runtime.host, "cpu")


@pytest.mark.parametrize(("op", "inputs", "attrs"), CALLS, ids=[f"{i}-{c[0]}" for i, c in enumerate(CALLS)])
def test_agrees_with_the_cpu(runtime, op, inputs, attrs):
    expected = runtime.execute(op, *inputs, **attrs)
    results = runtime.execute(op, *inputs, handler="torch", **attrs)
    assert len(results) == len(expected)
    for y, wanted in zip(results, expected, strict=True):
        assert y.device.kind == "TORCH"
        assert (y.shape, y.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_allclose(y.to("cpu").numpy(), wanted.numpy(), rtol=1e-5, atol=1e-5)
        assert y.shape == tuple(y.result().shape)


def test_every_op_has_a_call():
    assert {op for op, _, _ in CALLS} == set(torch_ops.OPS)


@pytest.mark.parametrize("dtype", sorted(torch_ops.DTYPES), ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("shape", [(), (0, 2), (2, 3)])
def test_every_type_goes_there_and_back(runtime, dtype, shape):
    x = np.arange(np.prod(shape, dtype=int)).astype(np.uint8).reshape(shape).astype(dtype.numpy)
    there = runtime.transfer(tfrt.DenseHostTensor(x, dtype), "torch")
    assert there.result().value.dtype is torch_ops.DTYPES[dtype]
    back = there.to("cpu").result()
    assert (back.dtype, back.shape, back.array.tobytes()) == (dtype, shape, x.tobytes())


@pytest.mark.parametrize("dtype", [tfrt.DType.UI32, tfrt.DType.COMPLEX64])
def test_types_that_pytorch_does_not_have(runtime, dtype):
    with pytest.raises(tfrt.KernelError) as caught:
        runtime.transfer(np.zeros(2, dtype.numpy), "torch").result()
    assert caught.value.message == f"TORCH:0 cannot hold DenseHost tensors of {dtype.label}"


def test_on_the_cpu_memory_is_shared_both_ways(runtime, cpu):
    x = A.copy()
    there = runtime.transfer(x, cpu)
    assert there.result().value.data_ptr() == x.ctypes.data
    assert np.shares_memory(there.to("cpu").numpy(), x)


def test_pytorch_and_the_hosts_handles_share_memory(runtime):
    value = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    for handle in (runtime.tensor(value), runtime.from_dlpack(value)):
        assert handle.numpy().ctypes.data == value.data_ptr()
        assert torch.from_dlpack(handle).data_ptr() == value.data_ptr()
    (y,) = runtime.execute("tf.Neg", value)
    assert torch.from_dlpack(y).tolist() == (-value).tolist()


def test_pytorchs_tensors_go_to_the_handler_and_back_without_a_copy(runtime, cpu):
    weights = torch.tensor([[1.0, 2.0]], requires_grad=True)
    handle = cpu.tensor(runtime.host, weights)
    assert (handle.shape, handle.dtype, handle.device) == ((1, 2), tfrt.DType.F32, cpu.device)
    assert torch.from_dlpack(handle.result()).data_ptr() == weights.data_ptr()
    (y,) = runtime.execute("tf.Square", handle, handler=cpu)
    assert torch.from_dlpack(y.result()).tolist() == [[1, 4]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (torch.zeros(2, dtype=torch.complex64), "TORCH:0 cannot hold tensors of torch.complex64"),
        (torch.zeros(2, device="meta"), "the tensor is on meta, not on cpu"),
    ],
)
def test_pytorchs_tensors_that_the_handler_does_not_take(runtime, cpu, value, message):
    with pytest.raises(tfrt.KernelError) as caught:
        cpu.tensor(runtime.host, value)
    assert caught.value.message == message


def test_read_only_memory_is_copied(runtime):
    x = A.copy()
    x.flags.writeable = False
    there = runtime.transfer(x, "torch").result()
    assert there.value.data_ptr() != x.ctypes.data
    assert str(there) == "DenseTorchTensor dtype = f32, shape = [2, 3], on TORCH:0"


def test_scalar_tensors_are_written_out(runtime):
    three = ScalarHostTensor(tfrt.DType.F32, (2, 3), 3.0)
    (y,) = runtime.execute("tf.Mul", A, three, handler="torch")
    assert y.to("cpu").numpy().tolist() == (A * 3).tolist()


def test_while_a_host_has_compute_threads_pytorch_has_none():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with tfrt.HostContext("s") as single:
            torch_handler.create_on(single, "cpu")
            assert torch.get_num_threads() == 3
        first, second = tfrt.HostContext("mstd:2"), tfrt.HostContext("mstd:2")
        torch_handler.create_on(first, "cpu")
        torch_handler.create_on(second, "cpu")
        assert torch.get_num_threads() == 1
        first.close()
        assert torch.get_num_threads() == 1
        second.close()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_ordinals_are_pytorchs(runtime):
    assert torch_handler.create_on(runtime.host, "cpu:1").device.name == "TORCH:1"


def test_an_error_in_an_op_is_located_at_the_callers_line_and_reaches_the_dependants(runtime):
    runtime.host.diagnostic_handler = (reported := []).append
    (bad,) = runtime.execute("tf.Mean", A, np.array([2], np.int32), handler="torch")
    line = inspect.currentframe().f_lineno - 1
    (dependant,) = runtime.execute("tf.Relu", bad, handler="torch")
    (other,) = runtime.execute("tf.Relu", A, handler="torch")
    with pytest.raises(tfrt.KernelError) as caught:
        dependant.to("cpu").numpy()
    assert caught.value.message == "tf.Mean reduction index must be in [-input_rank, input_rank) range"
    assert (position(caught.value.location).filename, position(caught.value.location).line) == (__file__, line)
    assert other.to("cpu").numpy().tolist() == np.maximum(A, 0).tolist()
    assert len(reported) == 1


@pytest.mark.parametrize(
    ("op", "inputs", "attrs", "message"),
    [
        ("tf.Mean", (A, np.array([0, -2], np.int32)), {}, "tf.Mean reduction indices must be unique"),
        ("tf.Exp", (np.array([1], np.int32),), {}, "TORCH:0 has no kernel of tf.Exp for i32"),
        ("tf.Cast", (A,), {"DstT": tfrt.DType.UI32}, "Unsupported cast to u32"),
    ],
)
def test_errors(runtime, op, inputs, attrs, message):
    (bad,) = runtime.execute(op, *inputs, handler="torch", **attrs)
    with pytest.raises(tfrt.KernelError) as caught:
        bad.result()
    assert caught.value.message == message


def test_cancellation_skips_ops(runtime):
    request = tfrt.ExecutionContext(runtime.host)
    later = tfrt.AsyncValue()
    x = runtime.tensor(A)
    slow = tfrt.TensorHandle(runtime.host, x.device, later, x.metadata)
    (y,) = runtime.execute("tf.Relu", slow, handler="torch", context=request)
    request.cancel()
    later.set(x.result())
    with pytest.raises(tfrt.CancelledError):
        y.result()


def test_ten_thousand_ops_leak_nothing():
    # Threads of earlier tests may end at any time.
    others = set(threading.enumerate())
    with tfrt.HostContext("mstd:2") as host:
        runtime = tfrt.CoreRuntime.of(host)
        x = y = runtime.transfer(np.ones(4, np.float32), "torch")
        for _ in range(10_000):
            (y,) = runtime.execute("tf.Mul", y, x, handler="torch")
        assert y.to("cpu").numpy().tolist() == [1] * 4
        host.quiesce()
        gc.collect()
        device = runtime.handler("torch").device
        alive = [o for o in gc.get_objects() if type(o) is torch_handler.TorchTensor and o.device is device]
        assert len(alive) <= 2
    assert set(threading.enumerate()) <= others


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
    moved = runtime.transfer(StringHostTensor((1,), ("a",)), "torch")
    with pytest.raises(tfrt.KernelError) as caught:
        moved.result()
    assert caught.value.message == "TORCH:0 cannot hold StringHost tensors of str"
