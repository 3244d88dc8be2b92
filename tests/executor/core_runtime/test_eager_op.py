"""Ops with their attributes, the short way through dispatch, forwarded buffers, and chains."""

import inspect
import threading

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime import short_cut
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.op import OpEntry, OpFlags
from tfrt.executor.declarations.op_attrs import OpAttr, OpAttrs
from tfrt.executor.support.location import position
from tfrt.executor.values.device import HOST_DEVICE
from tfrt.executor.values.tensor import ScalarHostTensor

X = np.arange(4, dtype=np.float32)


@pytest.fixture
def runtime():
    with tfrt.HostContext() as host:
        yield tfrt.CoreRuntime.of(host)


def large(value: float = -1.0) -> np.ndarray:
    return np.full((64, 128), value, np.float32)


def address(handle: TensorHandle) -> int:
    return handle.numpy().ctypes.data


def test_an_op_is_called_again_and_again(lab):
    scale = lab.runtime.op("t.scale", handler=lab.handler, factor=3)
    assert scale(X)[0].numpy().tolist() == [0, 3, 6, 9]
    assert scale(lab.runtime.tensor(X))[0].numpy().tolist() == [0, 3, 6, 9]
    assert lab.runtime.op("t.scale", handler=lab.handler, factor=3) is scale
    assert lab.runtime.op("t.scale", handler=lab.handler, factor=3.0) is not scale


def test_attributes_are_frozen(lab):
    attrs = OpAttrs({"factor": OpAttr("I32", 3)})
    scale = lab.runtime.op("t.scale", attrs, handler=lab.handler, offset=1)
    attrs.set("unknown", OpAttr("I32", 3))
    assert scale(X)[0].numpy().tolist() == [1, 4, 7, 10]


def test_arrays_among_attributes_are_the_ops_own(lab):
    seen = []
    lab.handler.ops.register(OpEntry("t.see", lambda *, value: seen.append(value.tolist()), None, OpFlags.NONE))
    array = np.array([1, 2])
    see = lab.runtime.op("t.see", OpAttrs.of({"value": array}), handler=lab.handler)
    array[:] = 0
    see()
    assert seen == [[1, 2]]


def test_the_hosts_cpu_has_a_name(runtime):
    assert runtime.execute("tf.Neg", X, handler="cpu")[0].numpy().tolist() == (-X).tolist()


def test_errors_are_located_at_the_call(lab):
    add = lab.runtime.op("t.add", handler=lab.handler)
    with pytest.raises(tfrt.KernelError) as caught:
        add(lab.runtime.tensor(X), lab.runtime.tensor(X[:2]))
    line = inspect.currentframe().f_lineno - 1
    assert caught.value.message == "shapes differ: [4] and [2]"
    assert (position(caught.value.location).filename, position(caught.value.location).line) == (__file__, line)


def test_errors_about_the_op_are_located_where_it_is_made(lab):
    with pytest.raises(tfrt.KernelError) as caught:
        lab.runtime.op("nobody.knows")
    line = inspect.currentframe().f_lineno - 1
    assert caught.value.message == "nobody.knows was not supported by NullOpHandler."
    assert position(caught.value.location).line == line


def test_an_op_that_raises_fails_its_results_and_is_reported_once(lab):
    fails = lab.runtime.op("t.fails", handler=lab.handler)
    (bad,) = fails(lab.runtime.tensor(X))
    assert bad.error.message == "op failed"
    assert len(lab.diagnostics) == 1


def test_ops_that_promise_their_results_are_run_the_general_way(lab):
    calls = []

    def promise(a, *, host: tfrt.HostContext):
        calls.append(a)
        value = tfrt.AsyncValue()
        host.enqueue(lambda: value.set(a))
        return value

    lab.handler.ops.register(OpEntry("t.promise", promise, lambda a: a, OpFlags.NONE))
    op = lab.runtime.op("t.promise", handler=lab.handler)
    x = lab.runtime.tensor(X)
    assert op(x)[0].numpy().tolist() == X.tolist()
    first = len(calls)
    assert op(x)[0].numpy().tolist() == X.tolist()
    assert len(calls) == first + 1


def test_metadata_is_remembered(lab):
    asked = []

    def metadata(a):
        asked.append(a.shape)
        return a

    lab.handler.ops.register(OpEntry("t.counted", lambda a: a, metadata, OpFlags.NONE))
    op = lab.runtime.op("t.counted", handler=lab.handler)
    for size in (2, 3, 2, 3, 2):
        assert op(lab.runtime.tensor(X[:size]))[0].shape == (size,)
    assert asked == [(2,), (3,)]


def test_what_is_remembered_is_bounded(lab, monkeypatch):
    monkeypatch.setattr(short_cut, "_REMEMBERED", 2)
    asked = []
    lab.handler.ops.register(OpEntry("t.counted", lambda a: a, lambda a: asked.append(a.shape) or a, OpFlags.NONE))
    op = lab.runtime.op("t.counted", handler=lab.handler)
    for size in (1, 2, 3, 1):
        op(lab.runtime.tensor(X[:size]))
    assert asked == [(1,), (2,), (3,), (1,)]


def test_a_missing_attribute_is_found_the_short_way_too(lab):
    with pytest.raises(tfrt.KernelError, match=r"missing attribute 'factor' of op 't.scale'$"):
        lab.runtime.op("t.scale", handler=lab.handler)(lab.runtime.tensor(X))


class TestForwarding:
    """An op may reuse an input that ends with the call, and no other."""

    def test_a_temporary_is_reused(self, runtime):
        (y,) = runtime.execute("tf.Neg", runtime.tensor(large()))
        before = address(y)
        handles = [y]
        del y
        (z,) = runtime.execute("tf.Relu", handles.pop())
        assert address(z) == before
        assert z.numpy().tolist() == large(1).tolist()

    @pytest.mark.parametrize("position", [0, 1])
    def test_either_operand_is_reused(self, runtime, position):
        x = runtime.tensor(large(3))
        temporary = [runtime.execute("tf.Neg", runtime.tensor(large()))[0]]
        before = address(temporary[0])
        if position:
            (z,) = runtime.execute("tf.Sub", x, temporary.pop())
        else:
            (z,) = runtime.execute("tf.Sub", temporary.pop(), x)
        assert address(z) == before
        assert z.numpy().tolist() == large(-2 if not position else 2).tolist()
        assert x.numpy().tolist() == large(3).tolist()

    def test_ops_called_from_an_op_object_reuse_too(self, runtime):
        neg, relu = runtime.op("tf.Neg"), runtime.op("tf.Relu")
        temporary = [neg(runtime.tensor(large()))[0]]
        before = address(temporary[0])
        assert address(relu(temporary.pop())[0]) == before

    @pytest.mark.parametrize("holder", ["handle", "tensor", "array", "view", "memoryview", "dlpack"])
    def test_whatever_can_still_be_seen_is_left_alone(self, runtime, holder):
        temporary = [runtime.execute("tf.Neg", runtime.tensor(large(1)))[0]]
        keep = {
            "handle": lambda h: h,
            "tensor": lambda h: h.result(),
            "array": lambda h: h.numpy(),
            "view": lambda h: h.numpy()[:1],
            "memoryview": lambda h: memoryview(h.numpy()),
            "dlpack": lambda h: np.from_dlpack(h),
        }[holder](temporary[0])
        before = address(temporary[0])
        (z,) = runtime.execute("tf.Relu", temporary.pop())
        assert address(z) != before
        kept = keep.numpy() if hasattr(keep, "numpy") else np.asarray(keep)
        assert (kept == -1).all()

    def test_the_callers_array_is_left_alone(self, runtime):
        array = large()
        runtime.execute("tf.Relu", array)
        runtime.execute("tf.Relu", runtime.tensor(array))
        assert (array == -1).all()

    def test_an_input_used_twice_is_left_alone(self, runtime):
        x = runtime.tensor(large(2))
        (y,) = runtime.execute("tf.Mul", x, x)
        assert (x.numpy() == 2).all()
        assert (y.numpy() == 4).all()

    def test_memory_that_cannot_be_written_is_left_alone(self, runtime):
        constant = large()
        constant.flags.writeable = False
        temporary = [runtime.tensor(constant)]
        del constant
        assert (runtime.execute("tf.Relu", temporary.pop())[0].numpy() == 0).all()

    def test_another_shape_or_type_is_left_alone(self, runtime):
        row = runtime.tensor(large(1)[:1].copy())
        temporary = [runtime.execute("tf.Neg", row)[0]]
        (z,) = runtime.execute("tf.Add", temporary.pop(), runtime.tensor(large(3)))
        assert z.shape == (64, 128)
        assert (z.numpy() == 2).all()
        (less,) = runtime.execute("tf.Less", runtime.tensor(large(1)), runtime.tensor(large(2)))
        assert less.numpy().all()

    def test_results_do_not_depend_on_it(self, runtime, monkeypatch):
        def compute():
            y = runtime.tensor(large(0.5))
            for name in ("Neg", "Exp", "Sigmoid", "Rsqrt", "Log1p", "Tanh", "Square", "Abs", "Sqrt", "Log"):
                (y,) = runtime.execute(f"tf.{name}", *[y])
            for name in ("Add", "Mul", "RealDiv", "Maximum", "Sub", "Minimum"):
                (y,) = runtime.execute(f"tf.{name}", y, runtime.tensor(large(0.25)))
            return y.numpy().tobytes()

        reused = compute()
        monkeypatch.setattr(short_cut, "_forwarded", lambda *_: None)
        assert compute() == reused

    def test_a_loop_of_temporaries_allocates_once(self, runtime):
        relu = runtime.op("tf.Relu")
        handles = [relu(runtime.tensor(large()))[0]]
        addresses = set()
        for _ in range(5):
            handles.append(relu(handles.pop())[0])
            addresses.add(address(handles[0]))
        assert len(addresses) == 1


class TestChains:
    """Ops with side effects, from Python."""

    def test_order(self, lab):
        later = tfrt.AsyncValue()
        slow = TensorHandle(lab.host, HOST_DEVICE, later, lab.runtime.tensor(X).metadata)
        chain = tfrt.OpChain(lab.host)
        lab.run("t.note", slow, chain=chain)
        lab.run("t.note", X[:1], chain=chain)
        assert lab.seen == []
        later.set(lab.runtime.tensor(X).result())
        chain.wait()
        assert [text.partition("values")[2] for text in lab.seen] == [
            " = [0.000000e+00, 1.000000e+00, 2.000000e+00, 3.000000e+00]",
            " = [0.000000e+00]",
        ]

    def test_without_a_chain_nothing_is_ordered(self, lab):
        slow = TensorHandle(lab.host, HOST_DEVICE, tfrt.AsyncValue(), lab.runtime.tensor(X).metadata)
        lab.run("t.note", slow)
        lab.run("t.note", X[:1])
        assert len(lab.seen) == 1

    def test_after_a_failure_nothing_runs(self, lab):
        chain = tfrt.OpChain(lab.host)
        (bad,) = lab.run("t.fails", X)
        lab.run("t.note", bad, chain=chain)
        lab.run("t.note", X, chain=chain)
        with pytest.raises(tfrt.KernelError, match=r"op failed$"):
            chain.wait()
        assert lab.seen == []

    def test_pure_ops_leave_the_chain_alone(self, lab):
        chain = tfrt.OpChain(lab.host)
        lab.run("t.add", X, X, chain=chain)
        assert chain.value is tfrt.CHAIN
        chain.wait()


def test_scalars_stay_scalars(runtime):
    two = ScalarHostTensor(tfrt.DType.I32, (3,), 2)
    (y,) = runtime.execute("tf.Add", two, two)
    assert isinstance(y.result(), ScalarHostTensor)
    assert y.result().value == 4


def test_floating_point_errors_are_silent_on_every_thread(runtime, recwarn):
    def compute():
        x = runtime.tensor(np.array([3e38, 0, -1], np.float32))
        assert runtime.execute("tf.Add", x, x)[0].numpy()[0] == np.inf
        assert np.isnan(runtime.execute("tf.RealDiv", x, x)[0].numpy()[1])
        assert np.isnan(runtime.execute("tf.Log", x)[0].numpy()[2])

    compute()
    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    assert [str(w.message) for w in recwarn] == []
    with pytest.raises(FloatingPointError), np.errstate(all="raise"):
        compute()
        np.float32(1) / np.float32(0)


def test_ops_are_found_by_several_threads_at_once():
    """Modules of ops are imported when the first of a dialect is looked up, by whichever thread does so."""
    import subprocess
    import sys

    program = """
import sys, threading
sys.setswitchinterval(1e-6)
from tfrt.executor.declarations.op_registry import CPU_OPS
names = ["tf.MatMul", "tf.Relu", "tf.Softmax", "tf.Conv2D", "tf.Shape", "tf.MaxPool"] * 2
found = []
barrier = threading.Barrier(len(names))
def look(name):
    barrier.wait()
    found.append(CPU_OPS.get(name))
threads = [threading.Thread(target=look, args=[name]) for name in names]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(entry.name for entry in found) == sorted(names))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("True\n", "")
