"""Loading and calling programs: the embedding API."""

import asyncio
import gc
import itertools
import re
import threading
import weakref

import numpy as np
import pytest

import tfrt
from tfrt.executor.engines import frame

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


def _load(text, host=None, filename="test.mlir"):
    return tfrt.load(tfrt.compile(text, filename=filename), host=host)


def test_calling():
    program = _load(ADD)
    assert program["add"](1, 2) == 3
    assert program["swap"](1, 0.5) == (0.5, 1)
    assert program["nothing"]() is None


def test_what_a_program_has():
    program = _load(ADD)
    assert list(program) == list(program.functions) == ["add", "swap", "nothing"]
    assert len(program) == 3 and "add" in program and "x" not in program
    assert program["swap"].argument_types == ("i32", "f32")
    assert program["swap"].result_types == ("f32", "i32")
    assert repr(program["swap"]) == "<Function @swap(i32, f32) -> (f32, i32)>"


def test_an_unknown_function():
    with pytest.raises(tfrt.UsageError, match=r"^no function 'x'; the program has: add, swap, nothing$"):
        _load(ADD)["x"]


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
        _load(ADD)["add"](*arguments)
    assert str(caught.value) == message


def test_numpy_scalars_are_accepted_and_floats_rounded():
    program = _load(ADD)
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
    program = _load(f"func.func @f(%a: {type}) -> {type} {{\n  tfrt.return %a : {type}\n}}")
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
    program = _load(f"func.func @f(%a: {type}) -> {type} {{\n  tfrt.return %a : {type}\n}}")
    with pytest.raises(tfrt.UsageError) as caught:
        program["f"](value)
    assert str(caught.value) == message


def test_arrays_become_tensors_that_share_their_memory():
    program = _load(
        "func.func @f(%a: !tfrt_tensor.tensor) -> !tfrt_tensor.tensor {\n  tfrt.return %a : !tfrt_tensor.tensor\n}"
    )
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = program["f"](array)
    assert isinstance(tensor, tfrt.DenseHostTensor)
    assert np.shares_memory(tensor.numpy(), array)


def test_a_failing_call_raises_with_its_location():
    program = _load('func.func @f() -> i32 {\n  %x = "tfrt_test.fail"() : () -> i32\n  tfrt.return %x : i32\n}')
    with pytest.raises(tfrt.KernelError, match=r"(?m)^test.mlir:2:8: something bad happened$") as caught:
        program["f"]()
    assert caught.value.location == tfrt.executor.support.location.FileLineCol("test.mlir", 2, 8)


def test_a_python_exception_keeps_its_cause(temporary_kernels):
    @tfrt.kernel("my.divide")
    def divide(a: int, b: int) -> int:
        return a // b

    program = _load(
        'func.func @f(%a: i32) -> i32 {\n  %x = "my.divide"(%a, %a) : (i32, i32) -> i32\n  tfrt.return %x : i32\n}'
    )
    with pytest.raises(tfrt.KernelError) as caught:
        program["f"](0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.message.startswith("ZeroDivisionError: ")


def test_unknown_kernels_are_all_named_with_their_places():
    bef = tfrt.compile(
        'func.func @f() {\n  "no.one"() : () -> ()\n  "no.two"() : () -> ()\n  "no.one"() : () -> ()\n  tfrt.return\n}',
        filename="x.mlir",
    )
    with pytest.raises(tfrt.LoadError) as caught:
        tfrt.load(bef)
    assert str(caught.value) == (
        "x.mlir:2:3: error: unknown kernel name 'no.one'\nx.mlir:3:3: error: unknown kernel name 'no.two'"
    )


def test_unknown_kernels_whose_names_are_not_utf_8():
    bef = tfrt.compile('func.func @f() {\n  "no.\\80"() : () -> ()\n  "\\80"() : () -> ()\n  tfrt.return\n}', "x.mlir")
    with pytest.raises(tfrt.LoadError) as caught:
        tfrt.load(bef)
    assert str(caught.value) == (
        "x.mlir:2:3: error: unknown kernel name 'no.\udc80'\nx.mlir:3:3: error: unknown kernel name '\udc80'"
    )


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ('"tfrt.add.i32"(%a) : (i32) -> i32', "cannot run 'tfrt.add.i32': it takes 2 operands and is given 1"),
        (
            '"my.two"(%a) {x = 1 : i32} : (i32) -> i32',
            "cannot run 'my.two': it takes 2 attributes (x, y) and is given 1",
        ),
        ('"my.f"(%a) : (i32) -> i32', "cannot run 'my.f': it takes 1 function and is given 0"),
        ('"my.least"() : () -> i32', "cannot run 'my.least': it takes at least 1 operand and is given 0"),
        (
            '"my.two"(%a) {x = 1 : i32, y = 1 : i64} : (i32) -> i32',
            "cannot run 'my.two': invalid BEF file: the kernel declares i32 and the file records i64 "
            "in section Attributes at offset ",
        ),
    ],
)
def test_ops_that_do_not_fit_their_kernel(op, message, temporary_kernels):
    @tfrt.kernel("my.two")
    def two(a: int, *, x: tfrt.I32, y: tfrt.I32) -> int:
        return a

    @tfrt.kernel("my.f")
    def with_function(a: int, *, f: tfrt.Function) -> int:
        return a

    @tfrt.kernel("my.least")
    def least(a: int, *rest: int) -> int:
        return a

    text = f"func.func @f(%a: i32) -> i32 {{\n  %x = {op}\n  tfrt.return %x : i32\n}}"
    from tfrt.compiler.emitter import emit
    from tfrt.compiler.frontend.pipeline import read_module

    program = tfrt.load(emit(read_module(text, "t.mlir", allow_unregistered=True, verified=False)))
    with pytest.raises(tfrt.KernelError) as caught:
        program["f"](1)
    assert caught.value.message.startswith(message)
    assert str(caught.value).startswith("t.mlir:2:8: ")


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (
            lambda: tfrt.kernel("my.bad")(_unsorted),
            "kernel 'my.bad': attributes must be declared in alphabetical order, as the file stores them: a, b",
        ),
        (lambda: tfrt.kernel("my.bad")(_keywords), "kernel 'my.bad': '**rest' is not allowed in a kernel"),
        (lambda: tfrt.kernel("my.bad")(_late), "kernel 'my.bad': operand 'a' must come before host"),
        (
            lambda: tfrt.kernel("my.bad")(_misspelt),
            "kernel 'my.bad': its annotations cannot be resolved: name 'Intt' is not defined",
        ),
        (
            lambda: tfrt.kernel("my.bad")(_metadata),
            "kernel 'my.bad': 'metadata' is what only ops of the core runtime are given",
        ),
    ],
)
def test_declarations_that_break_the_rules(declare, message, temporary_kernels):
    from tfrt.executor.declarations.kernel_registry import BUILTIN

    declare()
    with pytest.raises(tfrt.UsageError) as caught:
        BUILTIN.get("my.bad").signature  # noqa: B018
    assert str(caught.value) == message


def _unsorted(*, b: tfrt.I32, a: tfrt.I32) -> None: ...


def _keywords(**rest: int) -> None: ...


def _metadata(a: int, metadata: tfrt.ResultMetadata) -> None: ...


def _late(host: tfrt.HostContext, a: int) -> None: ...


def _misspelt(a: "Intt") -> None: ...  # noqa: F821


def test_everything_a_kernel_can_ask_for(temporary_kernels):
    seen = {}

    @tfrt.kernel("my.all")
    def everything(
        a: int,
        *rest: int,
        s: tfrt.String,
        others: tfrt.Attributes,
        callee: tfrt.Function,
        more: tfrt.Functions,
        host: tfrt.HostContext,
        context: tfrt.ExecutionContext,
        location: tfrt.Location,
        results: tfrt.ResultCount,
    ) -> tuple[int, ...]:
        seen.update(locals())
        return (a,) * results

    text = (
        ADD
        + """
func.func @f(%a: i32) -> (i32, i32) {
  %x:2 = "my.all"(%a, %a, %a) {f0 = @add, f1 = @swap, s = "text", t = [1 : i32], u = 2.5 : f64}
    : (i32, i32, i32) -> (i32, i32)
  tfrt.return %x#0, %x#1 : i32, i32
}"""
    )
    program = _load(text)
    assert program["f"](7) == (7, 7)
    assert seen["rest"] == (7, 7) and seen["s"] == "text" and seen["others"] == ((1,), 2.5)
    assert seen["callee"].name == "add" and [f.name for f in seen["more"]] == ["swap"]
    assert seen["host"] is program.host and seen["context"].host is program.host
    assert str(seen["location"]) == "test.mlir:14:10" and seen["results"] == 2


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_blocking_kernels_run_beside_others(queue, temporary_kernels):
    @tfrt.kernel("my.name", blocking=True)
    def name(a: int) -> str:
        return threading.current_thread().name

    @tfrt.kernel("my.pair", blocking=True)
    def pair(a: int) -> tuple[int, int]:
        return a, a + 1

    @tfrt.kernel("my.fails", blocking=True)
    def fails(a: int) -> None:
        raise ValueError("blocked")

    text = """
func.func @f(%a: i32) -> (!my.name, i32, i32) {
  %n = "my.name"(%a) : (i32) -> !my.name
  %p:2 = "my.pair"(%a) : (i32) -> (i32, i32)
  "my.fails"(%a) : (i32) -> ()
  tfrt.return %n, %p#0, %p#1 : !my.name, i32, i32
}"""
    reported = []
    with tfrt.HostContext(queue, diagnostic_handler=lambda d: reported.append(d.headline())) as host:
        thread, first, second = _load(text, host)["f"](1)
        host.quiesce()
    assert (first, second) == (1, 2)
    assert thread.startswith("tfrt-blocking") == (queue != "s")
    assert reported == ["test.mlir:5:3: error: runtime error: ValueError: blocked"]


ENQUEUED = """
func.func @f(%a: i32) -> (!my.name, i32, i32, i32) {
  %n = "my.name"(%a) : (i32) -> !my.name
  %p:2 = "my.pair"(%a) : (i32) -> (i32, i32)
  "my.fails"(%a) : (i32) -> ()
  %x = "my.knows"(%a) : (i32) -> i32
  %l = "my.late"(%x) : (i32) -> i32
  %s = tfrt.add.i32 %l, %x
  tfrt.return %n, %p#0, %p#1, %s : !my.name, i32, i32, i32
}"""


@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize("queue", ["s", "mstd:2", "seeded:1"])
def test_enqueued_kernels_are_tasks(queue, plans, temporary_kernels):
    @tfrt.kernel("my.name", enqueued=True)
    def name(a: int) -> str:
        return threading.current_thread().name

    @tfrt.kernel("my.pair", enqueued=True)
    def pair(a: int) -> tuple[int, int]:
        return a, a + 1

    @tfrt.kernel("my.fails", enqueued=True)
    def fails(a: int) -> None:
        raise ValueError("enqueued")

    @tfrt.kernel("my.knows", enqueued=True)
    def knows(a: int, *, context: tfrt.ExecutionContext) -> int:
        return a + len(context.data)

    @tfrt.kernel("my.late", enqueued=True)
    def late(a: int, host: tfrt.HostContext) -> tfrt.AsyncValue:
        result = tfrt.AsyncValue()
        host.enqueue(lambda: result.set(a * 10))
        return result

    reported = []
    with tfrt.HostContext(queue, plans=plans, diagnostic_handler=lambda d: reported.append(d.headline())) as host:
        found = _load(ENQUEUED, host)["f"]
        for _ in range(20):
            thread, *rest = found(1)
            host.quiesce()
            assert rest == [1, 2, 11]
            assert thread.startswith("tfrt-compute") or queue != "mstd:2" or thread == "MainThread"
            assert reported == ["test.mlir:5:3: error: runtime error: ValueError: enqueued"]
            reported.clear()


@pytest.mark.parametrize("queue", ["s", "mstd:1", "mstd:2", "mstd:8"])
def test_a_task_may_wait_for_another_one_of_its_batch(queue, temporary_kernels):
    done = [tfrt.AsyncValue() for _ in range(50)]

    @tfrt.kernel("my.wait", enqueued=True, pure=True)
    def wait(i: int, *, host: tfrt.HostContext) -> int:
        if i + 1 < len(done):
            host.wait([done[i + 1]])
        done[i].set(None)
        return i

    lines = [f"  %c{i} = tfrt.constant.i32 {i}" for i in range(50)]
    lines += [f'  %w{i} = "my.wait"(%c{i}) : (i32) -> i32' for i in range(50)]
    names, types = ", ".join(f"%w{i}" for i in range(50)), ", ".join(["i32"] * 50)
    text = "\n".join(["func.func @f() -> i32 {", *lines, f'  %s = "tfrt_test.sum"({names}) : ({types}) -> i32'])
    with tfrt.HostContext(queue) as host:
        assert _load(f"{text}\n  tfrt.return %s : i32\n}}", host)["f"]() == sum(range(50))


@pytest.mark.parametrize("is_watched", [False, True])
def test_pure_tasks_take_turns_with_others(is_watched, monkeypatch, temporary_kernels):
    """On one thread, where nobody can tell their order, tasks are run until it is others' turn."""
    monkeypatch.setattr(frame, "TURN", -1)
    seen = []

    @tfrt.kernel("my.task", enqueued=True, pure=True)
    def task(i: int, host: tfrt.HostContext) -> int:
        seen.append(i)
        host.enqueue(lambda: seen.append(-i))
        if i == 4:
            raise ValueError("the last one")
        return i

    lines = [f"  %c{i} = tfrt.constant.i32 {i}" for i in range(1, 5)]
    lines += [f'  %w{i} = "my.task"(%c{i}) : (i32) -> i32' for i in range(1, 5)]
    text = "\n".join(
        ["func.func @f() -> (i32, i32, i32, i32) {", *lines, "  tfrt.return %w1, %w2, %w3, %w4 : i32, i32, i32, i32\n}"]
    )
    reported = []
    handler = (lambda d: reported.append(d.headline())) if is_watched else None
    host = tfrt.HostContext(diagnostic_handler=handler)
    program = _load(text, host)
    for _ in range(3):
        with pytest.raises(tfrt.KernelError, match="the last one"):
            program["f"]()
        host.quiesce()
        assert sorted(seen) == [-4, -3, -2, -1, 1, 2, 3, 4]
        first = [i for i in seen if i > 0]
        assert all(abs(seen.index(-i) - seen.index(i)) <= 4 for i in first)
        assert len(reported) == is_watched
        seen.clear()
        reported.clear()


def test_tasks_keep_nothing_alive_when_they_are_done(temporary_kernels):
    @tfrt.kernel("my.size", enqueued=True, pure=True)
    def size(x: np.ndarray) -> int:
        return x.size

    lines = [f'  %w{i} = "my.size"(%x) : (memref<3xf32>) -> i32' for i in range(3)]
    text = "\n".join(
        [
            "func.func @f(%x: memref<3xf32>) -> (i32, i32, i32) {",
            *lines,
            "  tfrt.return %w0, %w1, %w2 : i32, i32, i32\n}",
        ]
    )
    run = _load(text, tfrt.HostContext())["f"]
    for _ in range(4):
        x = np.ones(3, np.float32)
        held = weakref.ref(x)
        assert run(x) == (3, 3, 3)
        del x
        gc.collect()
        assert held() is None


def test_a_batch_of_tasks_is_for_all_threads(temporary_kernels):
    meeting = threading.Barrier(3, timeout=60)

    @tfrt.kernel("my.meet", enqueued=True, pure=True)
    def meet(i: int) -> int:
        return meeting.wait()

    lines = [f'  %w{i} = "my.meet"(%a) : (i32) -> i32' for i in range(6)]
    names, types = ", ".join(f"%w{i}" for i in range(6)), ", ".join(["i32"] * 6)
    text = "\n".join(["func.func @f(%a: i32) -> i32 {", *lines, f'  %s = "tfrt_test.sum"({names}) : ({types}) -> i32'])
    with tfrt.HostContext("mstd:3") as host:
        (found,) = _load(f"{text}\n  tfrt.return %s : i32\n}}", host)["f"].start(1)
        host.wait([found])
        # Where all is done before `start` returns, the value itself is there.
        assert (found.value if isinstance(found, tfrt.AsyncValue) else found) == 6


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
        program = _load(text, host)

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
        program = _load(
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
        program = _load(text, host)
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
    assert _load(ADD, tfrt.HostContext(registry=registry))["add"](1, 2) == 42
    assert _load(ADD)["add"](1, 2) == 3
    assert "tfrt.add.i32" in registry.names()
    with pytest.raises(tfrt.LoadError, match=r"unknown kernel name 'tfrt\.add\.i32'"):
        _load(ADD, tfrt.HostContext(registry=tfrt.KernelRegistry()))


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
    program = _load(text)
    assert program["f"](7) == 49
    assert program["test_native_scale"](2, 3) == 6
    with pytest.raises(tfrt.KernelError, match="ValueError: native"):
        program["g"]()


def test_an_unregistered_native_function():
    bef = tfrt.compile("func.func private @nobody_registers_this() attributes {tfrt.native}")
    with pytest.raises(tfrt.LoadError, match=r"^error: native function 'nobody_registers_this' is not registered$"):
        tfrt.load(bef)


SYNC = """
func.func @f(%a: i32) -> i32 attributes {tfrt.sync} {
  %b = "tfrt.mul_s.i32"(%a, %a) : (i32, i32) -> i32
  %c = "my.later"(%b) : (i32) -> i32
  tfrt.return %c : i32
}
func.func @fails() -> (i32, i32) attributes {tfrt.sync} {
  %a = "my.count"() : () -> i32
  %b = "tfrt_test.fail"() : () -> i32
  %c = "my.count"() : () -> i32
  tfrt.return %a, %c : i32, i32
}
func.func @calls(%a: i32) -> i32 {
  %b = tfrt.call @f(%a) : (i32) -> i32
  tfrt.return %b : i32
}"""


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_synchronous_functions(queue, temporary_kernels):
    counted = []

    @tfrt.kernel("my.later")
    def later(a: int, host: tfrt.HostContext) -> int:
        value = tfrt.AsyncValue()
        host.enqueue(lambda: value.set(a + 1))
        return value

    @tfrt.kernel("my.count")
    def count() -> int:
        counted.append(1)
        return len(counted)

    with tfrt.HostContext(queue) as host:
        program = _load(SYNC, host)
        assert program["f"](3) == 10
        assert program["calls"](3) == 10
        first, second = program["fails"].start()
        assert first is second and first.error.message == "something bad happened"
        assert counted == [1]


def test_a_failing_synchronous_function_without_results(temporary_kernels):
    counted = []
    tfrt.kernel("my.count")(lambda: counted.append(1))
    program = _load("""
func.func @fails() attributes {tfrt.sync} {
  %a = "tfrt_test.fail"() : () -> i32
  tfrt.return
}
func.func @calls() attributes {tfrt.sync} {
  tfrt.call @fails() : () -> ()
  "my.count"() : () -> ()
  tfrt.return
}
func.func @starts() -> i32 {
  tfrt.call @fails() : () -> ()
  %r = tfrt.constant.i32 1
  tfrt.return %r : i32
}
func.func @block(%first: i32, %last: i32) attributes {tfrt.sync} {
  %a = "tfrt_test.fail"() : () -> i32
  tfrt.return
}
func.func @parallel(%n: i32, %zero: i32) -> !tfrt.chain {
  %done = tfrt.parallel_call.i32 %zero to %n fixed %n @block()
  tfrt.return %done : !tfrt.chain
}""")
    diagnostics = []
    program.host.diagnostic_handler = diagnostics.append
    for name in ("fails", "calls"):
        with pytest.raises(tfrt.KernelError, match=r"(?m)^test.mlir:3:8: something bad happened$"):
            program[name]()
        with pytest.raises(tfrt.KernelError, match=r"(?m)^test.mlir:3:8: something bad happened$"):
            asyncio.run(program[name].call_async())
    assert len(diagnostics) == 4 and not counted
    # Nothing in a dataflow function depends on a call without results.
    assert program["starts"]() == 1
    with pytest.raises(tfrt.KernelError, match=r"(?m)^test.mlir:17:8: something bad happened$"):
        program["parallel"](2, 0)


def _nested(levels, sync=lambda level: True, host=None):
    """@f0 calls @f1 calls … calls the last function, which returns 7."""
    text = []
    for level in range(levels):
        op = "tfrt.constant.i32 7" if level + 1 == levels else f"tfrt.call @f{level + 1}() : () -> i32"
        attributes = "attributes {tfrt.sync} " if sync(level) else ""
        text.append(f"func.func @f{level}() -> i32 {attributes}{{\n  %r = {op}\n  tfrt.return %r : i32\n}}\n")
    return _load("".join(text), host)


TOO_DEEP = (
    "cannot call '{}': more than 100 calls are nested, which is too deep for a synchronous function; "
    "recurse in a function without tfrt.sync, or use a loop"
)


def test_synchronous_functions_nest_so_deep():
    assert _nested(100)["f0"]() == 7
    program = _nested(300)
    diagnostics = []
    program.host.diagnostic_handler = diagnostics.append
    with pytest.raises(tfrt.KernelError) as caught:
        program["f0"]()
    assert caught.value.message == TOO_DEEP.format("f100")
    assert [str(d.location) for d in diagnostics] == ["test.mlir:398:8"]  # the call in @f99
    assert program["f200"]() == 7


@pytest.mark.parametrize(
    ("levels", "sync", "refused"),
    [
        (184, lambda level: level >= 150, None),
        (250, lambda level: level >= 150, "f228"),
        (90, lambda level: level % 2 == 0, None),
        (250, lambda level: level % 2 == 0, "f100"),
        (300, lambda level: level == 299, None),
    ],
)
def test_synchronous_functions_nested_in_others(levels, sync, refused):
    """Others that are nested deeply run as tasks, on the stack of a synchronous one that waits for them."""
    program = _nested(levels, sync, tfrt.HostContext(plans=False))
    if refused is None:
        assert program["f0"]() == 7
        return
    with pytest.raises(tfrt.KernelError) as caught:
        program["f0"]()
    assert caught.value.message == TOO_DEEP.format(refused)


@pytest.mark.parametrize("levels", [90, 250, 400])
@pytest.mark.parametrize("first", [0, 100, 200])
@pytest.mark.parametrize("threshold", [0, 1000])
def test_nesting_in_plans(levels, first, threshold):
    """How deeply plans nest is their own business; what is too deep for Python's stack is refused as ever."""
    program = _nested(levels, lambda level: level >= first, tfrt.HostContext(plan_threshold=threshold))
    try:
        assert program["f0"]() == 7
    except tfrt.KernelError as error:
        assert levels - first > 36
        assert re.fullmatch(re.escape(TOO_DEEP).replace(r"\{\}", r"f\d+"), error.message)


def test_endless_recursion_of_synchronous_functions():
    program = _load("""
func.func @f() attributes {tfrt.sync} {
  tfrt.call @f() : () -> ()
  tfrt.return
}""")
    for _ in range(2):
        with pytest.raises(tfrt.KernelError) as caught:
            program["f"]()
        assert caught.value.message == TOO_DEEP.format("f")


def test_a_diagnostic_handler_that_raises(monkeypatch):
    """What it raises is shown where uncaught exceptions are; the program goes on."""
    raised = []
    monkeypatch.setattr("sys.excepthook", lambda *uncaught: raised.append(uncaught))

    def handler(diagnostic):
        raise ValueError(diagnostic.message)

    for queue in ("s", "mstd:2"):
        raised.clear()
        with tfrt.HostContext(queue, diagnostic_handler=handler) as host:
            program = _load(
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


def test_a_cancelled_synchronous_function(temporary_kernels):
    tfrt.kernel("my.later")(lambda a: a)
    tfrt.kernel("my.count")(lambda: 0)
    with tfrt.HostContext() as host:
        context = tfrt.ExecutionContext(host)
        context.cancel()
        (result,) = _load(SYNC, host)["f"].start(1, context=context)
        assert isinstance(result.error, tfrt.CancelledError)


def test_dropped_programs_are_freed():
    import weakref

    host = tfrt.HostContext()
    program = _load(ADD, host)
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
    tensor = _load(IDENTITY.format("!t.tensor"))["f"](wrap(array))
    assert isinstance(tensor, tfrt.DenseHostTensor)
    assert np.shares_memory(tensor.numpy(), array)


def test_numbers_of_numpy_as_tensors():
    tensor = _load(IDENTITY.format("!t.tensor"))["f"](np.float32(2))
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
        _load(IDENTITY.format(type))["f"](value)
    assert str(caught.value) == f"argument 0 of function 'f'{message}"
