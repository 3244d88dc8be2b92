"""Executing ops one at a time, from Python."""

import asyncio
import inspect

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.core_runtime.op_handler import NullOpHandler
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.metadata import TensorMetadata
from tfrt.executor.declarations.op import OpEntry, OpFlags
from tfrt.executor.support.location import position
from tfrt.executor.values.device import HOST_DEVICE
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import ScalarHostTensor, StringHostTensor

X = np.arange(4, dtype=np.float32)


def test_metadata_at_once_and_elements_later(lab):
    (y,) = lab.run("t.later", X)
    assert (y.shape, y.dtype) == ((4,), DType.F32)
    (z,) = lab.run("t.add", y, y)
    assert z.shape == (4,)
    assert z.numpy().tolist() == [0, 2, 4, 6]


def test_metadata_that_is_known_only_with_the_result(lab):
    (y,) = lab.run("t.later_no_md", X)
    (z,) = lab.run("t.add", y, X)
    (w,) = lab.run("t.add_no_md", z, y)
    assert w.numpy().tolist() == [0, 3, 6, 9]
    assert w.shape == z.shape == (4,)


def test_arrays_are_not_copied(lab):
    handle = lab.runtime.tensor(X)
    assert np.shares_memory(handle.numpy(), X)
    assert np.shares_memory(np.asarray(handle), X)
    assert np.shares_memory(np.from_dlpack(handle), X)


def test_dlpack_comes_in_without_a_copy(lab):
    class Foreign:
        """An array of another library: all it has in common with numpy is DLPack."""

        shape = X.shape

        def __dlpack__(self, **options):
            return X.__dlpack__(**options)

        def __dlpack_device__(self):
            return X.__dlpack_device__()

    foreign = Foreign()
    assert np.shares_memory(lab.runtime.from_dlpack(foreign).numpy(), X)


def test_conversion_by_numpy(lab):
    handle = lab.runtime.tensor(X)
    assert np.asarray(handle, dtype=np.int32).dtype == np.int32
    with pytest.raises(ValueError, match=r"^a copy is needed to convert from float32 to int32$"):
        np.array(handle, dtype=np.int32, copy=False)


def test_shape_errors_are_raised_at_the_callers_line(lab):
    with pytest.raises(tfrt.KernelError) as caught:
        lab.runtime.execute("t.add", X, X[:2], handler=lab.handler)
    line = inspect.currentframe().f_lineno - 1
    at = position(caught.value.location)
    assert (at.filename, at.line) == (__file__, line)
    assert caught.value.message == "shapes differ: [4] and [2]"


def test_shape_errors_that_show_later(lab):
    shape = tfrt.AsyncValue()
    y = TensorHandle(lab.host, HOST_DEVICE, shape)
    (z,) = lab.run("t.add", y, X)
    shape.set(lab.runtime.tensor(X[:2]).result())
    with pytest.raises(tfrt.KernelError, match=r"shapes differ: \[2\] and \[4\]$"):
        z.numpy()
    with pytest.raises(tfrt.KernelError, match=r"shapes differ: \[2\] and \[4\]$"):
        z.shape  # noqa: B018


def test_what_a_metadata_function_refuses_is_an_invalid_argument(lab):
    refused, unsupported = tfrt.KernelError("no"), tfrt.KernelError("never", code="UNIMPLEMENTED")

    def refuse(a):
        raise refused

    def refuse_otherwise(a):
        raise unsupported

    lab.handler.ops.register(OpEntry("t.refuses", lambda a: a, refuse, OpFlags.NONE))
    lab.handler.ops.register(OpEntry("t.refuses_otherwise", lambda a: a, refuse_otherwise, OpFlags.NONE))
    codes = []
    for op, arguments in [("refuses", 1), ("refuses_otherwise", 1), ("scale", 1), ("add", 1)]:
        with pytest.raises(tfrt.KernelError) as caught:
            lab.run(f"t.{op}", *[np.zeros(2, np.float32)] * arguments)
        codes.append(caught.value.code)
    assert codes == ["INVALID_ARGUMENT", "UNIMPLEMENTED", "INVALID_ARGUMENT", "INVALID_ARGUMENT"]
    # The function may raise its object again.
    assert (refused.code, refused.location) == ("INTERNAL", None)


@pytest.mark.parametrize(("op", "message"), [("t.fails", "op failed"), ("t.fails_later", "op failed later")])
def test_an_error_reaches_exactly_the_ops_that_use_it(lab, op, message):
    (bad,) = lab.run(op, X)
    (good,) = lab.run("t.add", X, X)
    (dependent,) = lab.run("t.add", bad, good)
    assert good.numpy().tolist() == [0, 2, 4, 6]
    with pytest.raises(tfrt.KernelError, match=f"{message}$"):
        dependent.numpy()
    lab.host.quiesce()
    assert len(lab.diagnostics) == 1 and lab.diagnostics[0].endswith(f"runtime error: {message}")
    assert bad.error is not None and dependent.error is bad.error


def test_attributes(lab):
    assert lab.run("t.scale", X, factor=2)[0].numpy().tolist() == [0, 2, 4, 6]
    assert lab.run("t.scale", X, factor=2, offset=1, unknown="ignored")[0].numpy().tolist() == [1, 3, 5, 7]


def test_a_missing_attribute(lab):
    with pytest.raises(tfrt.KernelError, match=r"missing attribute 'factor' of op 't.scale'$"):
        lab.run("t.scale", X)


@pytest.mark.parametrize("value", [object(), None, 1j])
def test_values_that_are_no_attributes(lab, value):
    with pytest.raises(tfrt.KernelError, match=f"op attribute 'factor' cannot be a {type(value).__name__}$"):
        lab.run("t.scale", X, factor=value)


def test_a_wrong_number_of_inputs(lab):
    with pytest.raises(tfrt.KernelError, match=r"op 't.add' takes 2 inputs and is given 1$"):
        lab.run("t.add", X)


def test_several_results(lab):
    first, rest = lab.run("t.split", X)
    assert first.numpy().tolist() == [0] and rest.shape == (3,)


@pytest.mark.parametrize(("op", "expected"), [("t.split", 1), ("t.add", 2)])
def test_another_number_of_results_than_expected(lab, op, expected):
    arguments = (X,) if op == "t.split" else (X, X)
    with pytest.raises(tfrt.KernelError, match=rf"op '{op}' has \d results, not {expected}$"):
        lab.run(op, *arguments, result_count=expected)


def test_a_wrong_number_of_results_without_metadata(lab):
    (y,) = lab.run("t.wrong_count", X, result_count=1)
    with pytest.raises(tfrt.KernelError, match=r"op 't.wrong_count' has 2 results, not 1$"):
        y.numpy()


def test_kinds_of_tensors(lab):
    scalar = ScalarHostTensor(DType.I32, (2, 2), 5)
    assert lab.run("t.kind", scalar)[0].numpy() == "DenseHostTensor"
    assert lab.run("t.kind_scalar", scalar)[0].numpy() == "ScalarHostTensor"
    text = StringHostTensor((1,), ("x",))
    assert lab.run("t.kind_string", text)[0].numpy() == "StringHostTensor"
    with pytest.raises(tfrt.KernelError, match=r"Cannot implictly convert StringHost to DenseHost$"):
        lab.run("t.kind", text)[0].numpy()


def test_unknown_ops(lab):
    with pytest.raises(tfrt.KernelError, match=r"nobody.knows was not supported by NullOpHandler.$"):
        lab.run("nobody.knows")
    with pytest.raises(tfrt.KernelError, match=r"t.add was not supported by NullOpHandler.$"):
        lab.runtime.execute("t.add", X, X, handler=NullOpHandler())


def test_handlers_by_name(lab):
    lab.runtime.register("mine", lab.handler)
    lab.runtime.register("mine", NullOpHandler())
    assert lab.runtime.execute("t.add", X, X, handler="mine")[0].shape == (4,)
    with pytest.raises(tfrt.UsageError, match=r"^no op handler 'other'; there are: mine$"):
        lab.runtime.execute("t.add", X, X, handler="other")


def test_cancellation(lab):
    context = tfrt.ExecutionContext(lab.host)
    (y,) = lab.run("t.add", X, X, context=context)
    context.cancel()
    (z,) = lab.run("t.add", y, y, context=context)
    assert y.numpy().tolist() == [0, 2, 4, 6]
    with pytest.raises(tfrt.CancelledError, match=r"^Cancelled$"):
        z.numpy()


def test_awaiting(lab):
    async def main():
        (y,) = lab.run("t.add", X, X)
        return (await y).array.tolist()

    assert asyncio.run(main()) == [0, 2, 4, 6]


def test_handles_print_what_is_known(lab):
    pending = tfrt.AsyncValue()
    handle = TensorHandle(lab.host, HOST_DEVICE, pending, TensorMetadata(DType.F32, (2,)))
    assert str(handle) == "future TensorHandle with metadata f32 [2]"
    assert str(TensorHandle(lab.host, HOST_DEVICE, pending)) == "fully future TensorHandle with unresolved metadata"
    pending.set_error(tfrt.KernelError("gone"))
    assert str(handle) == "Error TensorHandle: 'gone'"


def test_one_runtime_a_host(lab):
    assert CoreRuntime.of(lab.host) is lab.runtime
    assert CoreRuntime.of(tfrt.HostContext()) is not lab.runtime


def test_many_ops_leave_nothing_behind(lab):
    import gc

    gc.collect()
    before = sum(isinstance(o, tfrt.AsyncValue) for o in gc.get_objects())
    handle = lab.runtime.tensor(X)
    for _ in range(2000):
        (handle,) = lab.run("t.later", handle)
    assert handle.numpy().tolist() == X.tolist()
    del handle
    lab.host.quiesce()
    gc.collect()
    assert sum(isinstance(o, tfrt.AsyncValue) for o in gc.get_objects()) <= before + 5
