"""What ops and copies raise stays theirs; what they promise is kept whatever happens."""

import inspect

import numpy as np
import pytest

import tfrt
from tfrt.executor.core_runtime import transfer
from tfrt.executor.core_runtime.tensor_handle import TensorHandle
from tfrt.executor.declarations.op import OpEntry, OpFlags
from tfrt.executor.runtime.failures import Promised
from tfrt.executor.support.errors import EndedError
from tfrt.executor.support.location import position
from tfrt.executor.values.device import HOST_DEVICE, Device

X = np.arange(4, dtype=np.float32)


def here() -> int:
    """The line before the caller's."""
    return inspect.currentframe().f_back.f_lineno - 1


def failed(error: tfrt.KernelError) -> tfrt.AsyncValue:
    value = tfrt.AsyncValue()
    value.set_error(error)
    return value


def add_op(lab, dispatch, metadata=lambda x: x, flags=OpFlags.NONE):
    lab.handler.ops.register(OpEntry("t.op", dispatch, metadata, flags))


def check_places(lab, handles, lines, error):
    """Each handle has failed at its line, and the op's own error knows nothing of it."""
    for handle, line in zip(handles, lines, strict=True):
        with pytest.raises(tfrt.KernelError) as caught:
            handle.result()
        assert caught.value.message == "mine"
        assert (position(caught.value.location).filename, position(caught.value.location).line) == (__file__, line)
    assert error.location is None
    assert [d.rpartition(": error: ")[2] for d in lab.diagnostics] == ["runtime error: mine"] * len(set(lines))


@pytest.mark.parametrize("metadata", [lambda x: x, None], ids=["with metadata", "without"])
def test_one_error_that_results_of_several_ops_are(lab, metadata):
    error = tfrt.KernelError("mine")
    add_op(lab, lambda x: failed(error), metadata)
    (first,) = lab.runtime.execute("t.op", X, handler=lab.handler)
    lines = [here()]
    (second,) = lab.runtime.execute("t.op", X, handler=lab.handler)
    lines.append(here())
    check_places(lab, [first, second], lines, error)


def test_one_error_that_results_of_several_ops_become_later(lab):
    error, value = tfrt.KernelError("mine"), tfrt.AsyncValue()
    add_op(lab, lambda x: value)
    (first,) = lab.runtime.execute("t.op", X, handler=lab.handler)
    lines = [here()]
    (second,) = lab.runtime.execute("t.op", X, handler=lab.handler)
    lines.append(here())
    value.set_error(error)
    check_places(lab, [first, second], lines, error)
    assert value.error is error


def test_an_error_of_several_results_is_reported_once(lab):
    error = tfrt.KernelError("mine")
    values = [tfrt.AsyncValue(), tfrt.AsyncValue()]
    add_op(lab, lambda x: tuple(values), lambda x: (x, x))
    first, second = lab.runtime.execute("t.op", X, handler=lab.handler)
    lines = [here()] * 2
    for value in values:
        value.set_error(error)
    check_places(lab, [first, second], lines, error)
    assert first.error is second.error


def test_an_error_that_a_metadata_function_raises_again_and_again(lab):
    error = tfrt.KernelError("mine")

    def metadata(x):
        raise error

    add_op(lab, lambda x: x, metadata)
    for _ in range(2):
        with pytest.raises(tfrt.KernelError) as caught:
            lab.runtime.execute("t.op", X, handler=lab.handler)
        assert position(caught.value.location).line == here()
    # Where the inputs' metadata is not known yet, that is found later.
    value = tfrt.AsyncValue()
    unknown = TensorHandle(lab.host, HOST_DEVICE, value)
    (handle,) = lab.runtime.execute("t.op", unknown, handler=lab.handler)
    line = here()
    value.set(lab.runtime.tensor(X).result())
    check_places(lab, [handle], [line], error)


def test_one_error_of_several_copies(lab, monkeypatch):
    monkeypatch.setattr(transfer, "_COPIES", dict(transfer._COPIES))
    error = tfrt.KernelError("mine")
    transfer.register_copy("CPU", "ELSEWHERE", lambda tensor, device, context: failed(error))
    first = lab.runtime.transfer(X, Device("ELSEWHERE:0"))
    lines = [here()]
    second = lab.runtime.transfer(X, Device("ELSEWHERE:0"))
    lines.append(here())
    check_places(lab, [first, second], lines, error)


def test_a_failed_op_with_side_effects_fails_its_chain(lab):
    error, value = tfrt.KernelError("mine"), tfrt.AsyncValue()
    add_op(lab, lambda x: value, flags=OpFlags.SIDE_EFFECTS)
    chain = tfrt.OpChain(lab.host)
    (done,) = lab.runtime.execute("t.op", X, chain=chain, handler=lab.handler)
    line = here()
    value.set_error(error)
    with pytest.raises(tfrt.KernelError, match="mine"):
        chain.wait()
    check_places(lab, [done], [line], error)


@pytest.mark.parametrize("count", [1, 2])
def test_what_waits_for_values_is_told_what_escapes_from_it(count):
    """An exception between the values' resolution and the work that keeps the promise leaves nobody waiting."""
    values, promise = [tfrt.AsyncValue() for _ in range(count)], tfrt.AsyncValue()

    def interrupted():
        raise RuntimeError("from outside")

    with tfrt.HostContext() as host:
        host.run_when_ready(values, Promised([promise], interrupted))
        for value in values:
            assert promise.is_pending
            value.set(1)
    assert type(promise.error) is EndedError
    assert promise.error.message == "the call was ended by RuntimeError: from outside"
