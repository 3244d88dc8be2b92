"""Loading and calling programs: the embedding API."""

import asyncio
import gc
import itertools
import threading

import numpy as np
import pytest

import tfrt
from tests.loading import load

ADD = """
func.func @add(%a: i32, %b: i32) -> i32 {
  %c = tfrt.add.i32 %a, %b
  tfrt.return %c : i32
}
func.func @swap(%a: i32, %b: f32) -> (f32, i32) {
  tfrt.return %b, %a : f32, i32
}
func.func @nothing() {
  tfrt.return
}
"""


def test_calling():
    program = load(ADD)
    assert program["add"](1, 2) == 3
    assert program["swap"](1, 0.5) == (0.5, 1)
    assert program["nothing"]() is None


def test_what_a_program_has():
    program = load(ADD)
    assert list(program) == list(program.functions) == ["add", "swap", "nothing"]
    assert len(program) == 3 and "add" in program and "x" not in program
    assert program["swap"].argument_types == ("i32", "f32")
    assert program["swap"].result_types == ("f32", "i32")
    assert repr(program["swap"]) == "<Function @swap(i32, f32) -> (f32, i32)>"


def test_an_unknown_function():
    with pytest.raises(tfrt.UsageError, match=r"^no function 'x'; the program has: add, swap, nothing$"):
        load(ADD)["x"]


def test_loading_from_a_path(tmp_path):
    path = tmp_path / "add.bef"
    path.write_bytes(tfrt.compile(ADD))
    assert tfrt.load(path)["add"](1, 1) == tfrt.load(str(path))["add"](1, 1) == 2


def test_loading_a_missing_file(tmp_path):
    with pytest.raises(tfrt.UsageError, match=r"^cannot open '.*missing.bef': No such file or directory$"):
        tfrt.load(tmp_path / "missing.bef")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "function 'add' takes 2 arguments (i32, i32) and is given 0"),
        ((1, 2, 3), "function 'add' takes 2 arguments (i32, i32) and is given 3"),
        (("1", 2), "argument 0 of function 'add' must be i32, got str '1'"),
        ((1, 2.0), "argument 1 of function 'add' must be i32, got float 2.0"),
        ((1, None), "argument 1 of function 'add' must be i32, got NoneType"),
        (
            (1, 2**31),
            "argument 1 of function 'add': 2147483648 is out of range for i32, which holds -2147483648 to 2147483647",
        ),
    ],
)
def test_arguments_that_do_not_fit(arguments, message):
    with pytest.raises(tfrt.UsageError) as caught:
        load(ADD)["add"](*arguments)
    assert str(caught.value) == message


def test_numpy_scalars_are_accepted_and_floats_rounded():
    program = load(ADD)
    assert program["add"](np.int32(1), np.int64(2)) == 3
    assert program["swap"](0, 0.1)[0] == float(np.float32(0.1))


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("i1", True, True),
        ("i1", 1, True),
        ("ui8", 255, 255),
        ("si8", -128, -128),
        ("i64", -(2**63), -(2**63)),
        ("f64", 0.1, 0.1),
        ("f16", 0.1, float(np.float16(0.1))),
        ("bf16", 1.00390625, 1.0),
        ("f32", 1e300, float("inf")),
        ("complex<f32>", 1, 1 + 0j),
        ("!my.type", "anything", "anything"),
    ],
)
def test_conversions(type, value, expected):
    program = load(f"func.func @f(%a: {type}) -> {type} {{\n  tfrt.return %a : {type}\n}}")
    assert program["f"](value) == expected


@pytest.mark.parametrize(
    ("type", "value", "message"),
    [
        ("i1", 2, "argument 0 of function 'f' must be i1, got int 2"),
        ("ui8", -1, "argument 0 of function 'f': -1 is out of range for ui8, which holds 0 to 255"),
        ("si8", 128, "argument 0 of function 'f': 128 is out of range for si8, which holds -128 to 127"),
        ("f32", "x", "argument 0 of function 'f' must be f32, got str 'x'"),
        ("complex<f32>", "x", "argument 0 of function 'f' must be complex<f32>, got str 'x'"),
    ],
)
def test_conversions_that_fail(type, value, message):
    program = load(f"func.func @f(%a: {type}) -> {type} {{\n  tfrt.return %a : {type}\n}}")
    with pytest.raises(tfrt.UsageError) as caught:
        program["f"](value)
    assert str(caught.value) == message


def test_arrays_become_tensors_that_share_their_memory():
    program = load(
        "func.func @f(%a: !tfrt_tensor.tensor) -> !tfrt_tensor.tensor {\n  tfrt.return %a : !tfrt_tensor.tensor\n}"
    )
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = program["f"](array)
    assert isinstance(tensor, tfrt.DenseHostTensor)
    assert np.shares_memory(tensor.numpy(), array)


def test_a_failing_call_raises_with_its_location():
    program = load('func.func @f() -> i32 {\n  %x = "tfrt_test.fail"() : () -> i32\n  tfrt.return %x : i32\n}')
    with pytest.raises(tfrt.KernelError, match=r"(?m)^test.mlir:2:8: something bad happened$") as caught:
        program["f"]()
    assert caught.value.location == tfrt.executor.support.location.FileLineCol("test.mlir", 2, 8)


def test_a_python_exception_keeps_its_cause(temporary_kernels):
    @tfrt.kernel("my.divide")
    def divide(a: int, b: int) -> int:
        return a // b

    program = load(
        'func.func @f(%a: i32) -> i32 {\n  %x = "my.divide"(%a, %a) : (i32, i32) -> i32\n  tfrt.return %x : i32\n}'
    )
    with pytest.raises(tfrt.KernelError) as caught:
        program["f"](0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.message.startswith("ZeroDivisionError: ")


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_calling_from_asyncio(queue):
    text = """
func.func @f(%a: i32) -> i32 {
  %b = "tfrt_test.async_add.i32"(%a, %a) : (i32, i32) -> i32
  %c = "tfrt_test.async_add.i32"(%b, %a) : (i32, i32) -> i32
  tfrt.return %c : i32
}
func.func @fails() -> i32 {
  %b = "tfrt_test.report_error_async"() : () -> i32
  tfrt.return %b : i32
}"""
    with tfrt.HostContext(queue) as host:
        program = load(text, host)

        async def main():
            assert await asyncio.gather(*(program["f"].call_async(i) for i in range(20))) == [3 * i for i in range(20)]
            with pytest.raises(tfrt.KernelError, match="something bad happened asynchronously"):
                await program["fails"].call_async()

        asyncio.run(main())


@pytest.mark.parametrize("queue", ["mstd:1", "mstd:2"])
def test_asyncio_goes_on_while_a_kernel_blocks(queue, temporary_kernels):
    go_on = threading.Event()

    @tfrt.kernel("my.block", blocking=True)
    def block(a: int) -> int:
        assert go_on.wait(60)
        return a

    with tfrt.HostContext(queue) as host:
        program = load(
            'func.func @f(%a: i32) -> i32 {\n  %x = "my.block"(%a) : (i32) -> i32\n  tfrt.return %x : i32\n}', host
        )

        async def main():
            call = asyncio.ensure_future(program["f"].call_async(3))
            for _ in range(3):
                await asyncio.sleep(0)
            assert not call.done()
            go_on.set()
            return await call

        assert asyncio.run(main()) == 3


def test_cancelling_from_outside(temporary_kernels):
    started = tfrt.AsyncValue()

    @tfrt.kernel("my.wait")
    def wait() -> int:
        return started

    text = """
func.func @f() -> i32 {
  %x = "my.wait"() : () -> i32
  %y = tfrt.add.i32 %x, %x
  tfrt.return %y : i32
}"""
    with tfrt.HostContext() as host:
        program = load(text, host)
        context = tfrt.ExecutionContext(host)
        (result,) = program["f"].start(context=context)
        context.cancel()
        started.set(1)
        with pytest.raises(tfrt.CancelledError, match=r"^Cancelled$"):
            result.value  # noqa: B018


def test_a_registry_of_ones_own(temporary_kernels):
    from tfrt.executor.declarations.kernel import Kernel
    from tfrt.executor.declarations.kernel_registry import BUILTIN

    registry = tfrt.KernelRegistry(parent=BUILTIN)
    registry.register(Kernel("tfrt.add.i32", lambda a, b: 42))
    assert load(ADD, tfrt.HostContext(registry=registry))["add"](1, 2) == 42
    assert load(ADD)["add"](1, 2) == 3
    assert "tfrt.add.i32" in registry.names()
    with pytest.raises(tfrt.LoadError, match=r"unknown kernel name 'tfrt\.add\.i32'"):
        load(ADD, tfrt.HostContext(registry=tfrt.KernelRegistry()))


def test_native_functions():
    @tfrt.native_function("test_native_scale")
    def scale(a, b):
        return a * b

    @tfrt.native_function("test_native_fails")
    def fails():
        raise ValueError("native")

    text = """
func.func private @test_native_scale(%a: i32, %b: i32) -> i32 attributes {tfrt.native}
func.func private @test_native_fails() -> i32 attributes {tfrt.native}
func.func @f(%a: i32) -> i32 {
  %x = tfrt.call @test_native_scale(%a, %a) : (i32, i32) -> i32
  tfrt.return %x : i32
}
func.func @g() -> i32 {
  %x = tfrt.call @test_native_fails() : () -> i32
  tfrt.return %x : i32
}"""
    program = load(text)
    assert program["f"](7) == 49
    assert program["test_native_scale"](2, 3) == 6
    with pytest.raises(tfrt.KernelError, match="ValueError: native"):
        program["g"]()


def test_an_unregistered_native_function():
    bef = tfrt.compile("func.func private @nobody_registers_this() attributes {tfrt.native}")
    with pytest.raises(tfrt.LoadError, match=r"^error: native function 'nobody_registers_this' is not registered$"):
        tfrt.load(bef)


def test_a_diagnostic_handler_that_raises(monkeypatch):
    """What it raises is shown where uncaught exceptions are; the program goes on."""
    raised = []
    monkeypatch.setattr("sys.excepthook", lambda *uncaught: raised.append(uncaught))

    def handler(diagnostic):
        raise ValueError(diagnostic.message)

    for queue in ("s", "mstd:2"):
        raised.clear()
        with tfrt.HostContext(queue, diagnostic_handler=handler) as host:
            program = load(
                """
func.func @f(%x: i32) -> (i32, i32) {
  %a = "tfrt_test.fail"() : () -> i32
  %b = tfrt.add.i32 %x, %x
  %c = "tfrt_test.report_error_async"() : () -> i32
  tfrt.return %a, %b : i32, i32
}""",
                host,
            )
            failed, doubled = program["f"].start(2)
            host.quiesce()
            assert (failed.error.message, doubled) == ("something bad happened", 4)
        assert sorted((kind, str(error)) for kind, error, _ in raised) == [
            (ValueError, "runtime error: something bad happened"),
            (ValueError, "runtime error: something bad happened asynchronously"),
        ]


def test_dropped_programs_are_freed():
    import weakref

    host = tfrt.HostContext()
    program = load(ADD, host)
    program["add"](1, 2)
    alive = weakref.ref(program)
    del program
    gc.collect()
    assert alive() is None


IDENTITY = "func.func @f(%a: {0}) -> {0} {{\n  tfrt.return %a : {0}\n}}"


class _Array:
    """Another library's array, as numpy reads it."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


class _Capsule:
    """Another library's array that only knows DLPack."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class _OnAnotherDevice:
    def __array__(self, dtype=None, copy=None):
        raise TypeError("cannot convert a cuda tensor")


@pytest.mark.parametrize("wrap", [_Array, _Capsule])
def test_arrays_of_other_libraries(wrap):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = load(IDENTITY.format("!t.tensor"))["f"](wrap(array))
    assert isinstance(tensor, tfrt.DenseHostTensor)
    assert np.shares_memory(tensor.numpy(), array)


def test_numbers_of_numpy_as_tensors():
    tensor = load(IDENTITY.format("!t.tensor"))["f"](np.float32(2))
    assert (tensor.shape, tensor.dtype.label, tensor.numpy().tolist()) == ((), "f32", 2)


@pytest.mark.parametrize(
    ("type", "value", "message"),
    [
        ("!t.tensor", [1.0, 2.0], " must be a tensor or an array, got list"),
        ("!t.tensor", None, " must be a tensor or an array, got NoneType"),
        ("!t.tensor", 3, " must be a tensor or an array, got int 3"),
        ("!t.tensor", "x", " must be a tensor or an array, got str 'x'"),
        (
            "!t.tensor",
            np.array([{}]),
            ": ndarray cannot be read as an array: TypeError: numpy dtype object has no element type",
        ),
        (
            "!t.tensor",
            _OnAnotherDevice(),
            ": _OnAnotherDevice cannot be read as an array: TypeError: cannot convert a cuda tensor",
        ),
        ("!corert.tensorhandle", np.zeros(2), " must be a tensor handle, got ndarray"),
        ("!corert.tensorhandle", None, " must be a tensor handle, got NoneType"),
        ("!tfrt.string", 3, " must be a string, got int 3"),
        ("!tfrt.chain", 3, " must be a chain, which is given as None, got int 3"),
        ("f32", 10**400, ": an integer of 1329 bits is out of range for f32"),
        ("f64", -(10**400), ": an integer of 1329 bits is out of range for f64"),
        ("complex<f64>", 10**400, ": an integer of 1329 bits is out of range for complex<f64>"),
        (
            "i32",
            10**5000,
            ": an integer of 16610 bits is out of range for i32, which holds -2147483648 to 2147483647",
        ),
        ("i1", 10**5000, " must be i1, got an integer of 16610 bits"),
        ("f32", "1" * 1000, " must be f32, got str"),
        ("f32", np.zeros(2), " must be f32, got ndarray"),
        ("f32", [1.0], " must be f32, got list"),
    ],
    # Python refuses to write some of the values.
    ids=itertools.count(),
)
def test_values_of_the_wrong_kind(type, value, message):
    with pytest.raises(tfrt.UsageError) as caught:
        load(IDENTITY.format(type))["f"](value)
    assert str(caught.value) == f"argument 0 of function 'f'{message}"
