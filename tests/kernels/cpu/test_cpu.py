"""What the kernels of `cpu` say where a program and what it runs on do not fit."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt
from tfrt.compiler import compile as compile_text
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.core_runtime.op_handler import NullOpHandler
from tfrt.kernels.cpu import calls

M = "memref<2xf32>"
RELU = """
func.func @main(%ch: !tfrt.chain, %x: !corert.tensorhandle) -> !corert.tensorhandle {
  %cpu = corert.get_op_handler %ch "there"
  %k = corert.ensure_metadata %x {metadata = [[f32, 2]]} : (!corert.tensorhandle) -> !corert.tensorhandle
  %r = corert.executeop(%cpu) "tf.Relu"(%k) : 1
  tfrt.return %r : !corert.tensorhandle
}
"""


@pytest.fixture(params=["s", "mstd:2"])
def host(request):
    with tfrt.HostContext(request.param, diagnostic_handler=lambda d: seen.append(d.headline())) as host:
        seen: list[str] = []
        host.seen = seen
        yield host


def lowered(host: tfrt.HostContext, handler: object = None) -> tfrt.Program:
    CoreRuntime.of(host).register("there", handler or CpuOpHandler())
    bef = compile_text(RELU, "relu.mlir", pipeline="lower-to-cpu{handlers=there},fuse-cpu-ops,plan-buffers")
    return tfrt.load(bef, host=host)


def test_it_runs(host):
    runtime = CoreRuntime.of(host)
    found = lowered(host)["main"](None, runtime.tensor(np.array([-1, 2], np.float32)))
    assert found.numpy().tolist() == [0, 2]


@pytest.mark.parametrize("native", [True, False, None])
def test_chains_are_native_unless_the_host_refuses_that(native, monkeypatch):
    made = []
    monkeypatch.setattr(calls, "with_native_chain", lambda run, *given, **_: made.append(given[-1].native) or run)
    steps = '[["tf.Relu", 0], ["tf.Neg", 1]]'
    text = f"""func.func @main(%x: memref<64x128xf64>) -> memref<64x128xf64> {{
  %y = cpu.elementwise %x {{arguments = [[f64, 64, 128]], metadata = [[f64, 64, 128]], steps = {steps}}}
    : (memref<64x128xf64>) -> memref<64x128xf64>
  tfrt.return %y : memref<64x128xf64>
}}"""
    with tfrt.HostContext(native=native) as host:
        found = tfrt.load(tfrt.compile(text), host=host)["main"](np.ones((64, 128), np.float64))
    assert np.array_equal(found, -np.ones((64, 128)))
    assert made == ([] if native is False else [native])


def test_a_pending_tensor(host):
    runtime = CoreRuntime.of(host)
    value = tfrt.AsyncValue()
    handle = tfrt.TensorHandle(host, runtime.tensor(np.zeros(2, np.float32)).device, value)
    (started,) = lowered(host)["main"].start(None, handle)
    value.set(runtime.tensor(np.array([-1, 2], np.float32)).tensor)
    host.wait([started])
    assert started.value.numpy().tolist() == [0, 2]


@pytest.mark.parametrize("is_pending", [False, True])
def test_another_shape(host, is_pending):
    runtime = CoreRuntime.of(host)
    tensor = runtime.tensor(np.zeros((2, 1), np.float32)).tensor
    value = tfrt.AsyncValue() if is_pending else tensor
    handle = tfrt.TensorHandle(host, runtime.tensor(np.zeros(2, np.float32)).device, value)
    (started,) = lowered(host)["main"].start(None, handle)
    if is_pending:
        value.set(tensor)
        host.wait([started])
    assert started.error.message == "expected a tensor of f32 [2], got f32 [2, 1]"
    assert host.seen == ["relu.mlir:4:8: error: runtime error: expected a tensor of f32 [2], got f32 [2, 1]"]


def test_a_failed_tensor(host):
    value = tfrt.AsyncValue.failed(tfrt.KernelError("no tensor"))
    handle = tfrt.TensorHandle(host, CoreRuntime.of(host).tensor(np.zeros(2, np.float32)).device, value)
    with pytest.raises(tfrt.KernelError, match="no tensor"):
        lowered(host)["main"](None, handle)


def test_another_op_handler(host):
    runtime = CoreRuntime.of(host)
    with pytest.raises(tfrt.KernelError) as caught:
        lowered(host, NullOpHandler())["main"](None, runtime.tensor(np.zeros(2, np.float32)))
    assert caught.value.message == (
        "the program was compiled for the CPU's op handler, not for 'null': compile it with -O0, or without the pass "
        "lower-to-cpu"
    )


def test_without_lowering_the_tensor_is_checked_too(host):
    runtime = CoreRuntime.of(host)
    runtime.register("there", CpuOpHandler())
    main = tfrt.load(tfrt.compile(RELU, "relu.mlir"), host=host)["main"]
    assert main(None, runtime.tensor(np.array([-1, 2], np.float32))).numpy().tolist() == [0, 2]
    with pytest.raises(tfrt.KernelError, match=r"expected a tensor of f32 \[2\], got i32 \[2\]"):
        main(None, runtime.tensor(np.zeros(2, np.int32)))
    assert host.seen == ["relu.mlir:4:8: error: runtime error: expected a tensor of f32 [2], got i32 [2]"]


def reduction(step: str, shape: str = "2") -> str:
    return (
        f"cpu.reduction %x {{arguments = [[f32, 2]], dimensions = [0], gives = [1], metadata = [[f32, 2]], "
        f"shape = [{shape}], steps = [{step}]}} : ({M}) -> {M}"
    )


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (
            "cpu.call %x {arguments = [[f32, 2]], inputs = 1 : i64, metadata = [[f32, 2]], op_attrs = [], "
            f'op_name = "tf.Nope", steps = []}} : ({M}) -> {M}',
            "the CPU has no op 'tf.Nope'",
        ),
        (
            "cpu.call_into %x, %x {arguments = [[f32, 2]], inputs = 1 : i64, metadata = [[f32, 2]], op_attrs = [], "
            f'op_name = "tf.Softmax", steps = []}} : ({M}, {M}) -> {M}',
            "op 'tf.Softmax' cannot write into memory that it is given",
        ),
        (
            "cpu.call %x, %x {arguments = [[f32, 2], [f32, 2]], inputs = 2 : i64, metadata = [[f32, 2]], "
            f'op_attrs = [], op_name = "tf.AddV2", steps = [["tf.Relu", 0]]}} : ({M}, {M}) -> {M}',
            "op 'tf.AddV2' cannot be fused with others",
        ),
        (
            'cpu.elementwise %x {arguments = [[f32, 2]], metadata = [[f32, 2]], steps = [["tf.Softmax", 0]]} '
            f": ({M}) -> {M}",
            "op 'tf.Softmax' is not elementwise for f32",
        ),
        (reduction('["stablehlo.reduce", 0, f32, "tf.Mean"]'), "'tf.Mean' does not combine elements f32 to f32"),
        (reduction('["tf.Neg", 0]'), "step 'tf.Neg' does not say what type it gives"),
        (reduction('["tf.Neg", 0, f32]', shape="3"), "shape [2] does not broadcast to [3]"),
        (
            reduction('["stablehlo.reduce", 0, f32, "stablehlo.add"]'),
            "a result f32 [2] cannot be made of f32 [1]",
        ),
    ],
)
def test_ops_that_cannot_be_run(host, op, message):
    text = f"""func.func @main(%x: {M}) -> {M} {{
  %y = {op}
  tfrt.return %y : {M}
}}"""
    program = tfrt.load(tfrt.compile(text, "op.mlir"), host=host)
    with pytest.raises(tfrt.KernelError) as caught:
        program["main"](np.zeros(2, np.float32))
    assert caught.value.message == message
    assert host.seen == [f"op.mlir:2:8: error: runtime error: {message}"]


def test_an_arena_is_one_piece_of_memory(host):
    text = """func.func @main() -> (memref<2x2xf32>, memref<3xi64>) {
  %a:2 = cpu.arena {metadata = [[f32, 2, 2], [i64, 3]], offsets = [64, 0], size = 80 : i64}
    : memref<2x2xf32>, memref<3xi64>
  tfrt.return %a#0, %a#1 : memref<2x2xf32>, memref<3xi64>
}"""
    program = tfrt.load(tfrt.compile(text, "op.mlir"), host=host)
    square, numbers = program["main"]()
    assert (square.shape, square.dtype, numbers.shape, numbers.dtype) == ((2, 2), np.float32, (3,), np.int64)
    assert square.ctypes.data - numbers.ctypes.data == 64
    assert numbers.ctypes.data % 64 == 0
    again, _ = program["main"]()
    assert not np.shares_memory(square, again)


@pytest.mark.parametrize("keep", [lambda array: array, lambda array: array[:1], memoryview, lambda array: array.T.flat])
def test_an_arena_is_made_anew_where_anybody_has_some_of_it(host, keep):
    text = """func.func @main() -> (memref<2x2xf32>, memref<3xi64>) {
  %a:2 = cpu.arena {metadata = [[f32, 2, 2], [i64, 3]], offsets = [64, 0], size = 80 : i64}
    : memref<2x2xf32>, memref<3xi64>
  tfrt.return %a#0, %a#1 : memref<2x2xf32>, memref<3xi64>
}"""
    run = tfrt.load(tfrt.compile(text, "op.mlir"), host=host)["main"]
    first = run()[0].ctypes.data
    assert run()[0].ctypes.data == first
    kept = keep(run()[0])
    assert run()[0].ctypes.data != first
    other = run()[1].ctypes.data
    del kept
    assert run()[1].ctypes.data == other


def test_an_arena_is_not_kept_where_memory_is_limited():
    text = """func.func @main() -> memref<20xf32> {
  %a = cpu.arena {metadata = [[f32, 20]], offsets = [0], size = 80 : i64} : memref<20xf32>
  tfrt.return %a : memref<20xf32>
}"""
    with tfrt.HostContext("s", memory_limit=1000) as host:
        run = tfrt.load(tfrt.compile(text, "op.mlir"), host=host)["main"]
        assert run().nbytes == 80
        assert host.memory_in_use == 0


def test_a_constant_may_not_be_written_to(host):
    text = """func.func @main() -> memref<2xf32> {
  %a = cpu.constant {value = dense<[1.0, 2.0]> : tensor<2xf32>} : memref<2xf32>
  tfrt.return %a : memref<2xf32>
}"""
    found = tfrt.load(tfrt.compile(text, "op.mlir"), host=host)["main"]()
    assert found.tolist() == [1, 2]
    assert not found.flags.writeable


@pytest.mark.parametrize("operands", [1, 2, 3])
def test_unknown_shapes_that_come_in_turn(operands):
    sums = {1: "%x, %x", 2: "%x, %y", 3: "%x, %y, %z"}[operands]
    op = "tf.AddV2" if operands < 3 else "tf.AddN"
    types = ", ".join(["tensor<*xf32>"] * max(2, operands))
    main = tfrt.load(
        tfrt.compile(f"""
func.func @main(%x: tensor<*xf32>, %y: tensor<*xf32>, %z: tensor<*xf32>) -> tensor<*xf32> {{
  %n = "tf.Neg"(%x) : (tensor<*xf32>) -> tensor<*xf32>
  %m = "tf.Neg"(%n) : (tensor<*xf32>) -> tensor<*xf32>
  %r = "{op}"({sums}) : ({types}) -> tensor<*xf32>
  %s = "tf.Maximum"(%r, %m) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %s : tensor<*xf32>
}}""")
    )["main"]
    for shape in ((2, 3), (2, 3), (3,), (2, 3), (), (0, 3), (3,), (3,)):
        x, y, z = (np.full(shape, value, np.float32) for value in (1, 2, 4))
        found = main(x, y, z)
        assert (found.dtype, found.shape) == (np.float32, shape)
        assert np.array_equal(found, np.full(shape, {1: 2, 2: 3, 3: 7}[operands], np.float32))
