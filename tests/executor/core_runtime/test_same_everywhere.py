"""Every op gives the same results, shapes and errors from Python, from a program, and called directly.

`CALLS` has a row for each way in which an op is exercised: what it is given, its attributes, the number of its results.
`REFUSED` has those that fail, because of their shapes, types or attributes.
"""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import tfrt
from tfrt.compiler import compile as compile_text
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.pipelines.manager import run_passes
from tfrt.compiler.pipelines.pipeline import parse_pipeline
from tfrt.executor.core_runtime.core_runtime import CoreRuntime
from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler
from tfrt.executor.declarations.finding import modules_of
from tfrt.executor.declarations.metadata import metadata_of
from tfrt.executor.declarations.op_attrs import OpAttr, OpAttrs
from tfrt.executor.declarations.op_registry import CPU_OPS
from tfrt.executor.values.async_value import AsyncValue
from tfrt.executor.values.dtype import DType
from tfrt.executor.values.tensor import (
    CooHostTensor,
    DenseHostTensor,
    ScalarHostTensor,
    StringHostTensor,
    Tensor,
    dense_from_numpy,
    to_coo,
)


@dataclass(frozen=True)
class Call:
    """An op, its inputs and attributes, and how many results a program asks for."""

    op: str
    inputs: tuple[Tensor, ...] = ()
    attrs: dict[str, Any] = field(default_factory=dict)
    results: int = 1


def call(op: str, *inputs: Any, results: int = 1, **attrs: Any) -> Call:
    tensors = tuple(x if isinstance(x, Tensor) else dense_from_numpy(np.asarray(x)) for x in inputs)
    return Call(op, tensors, attrs, results)


def f32(*values: Any) -> np.ndarray:
    return np.array(values, np.float32)


def i32(*values: Any) -> np.ndarray:
    return np.array(values, np.int32)


def typed(type: str, value: Any) -> OpAttr:
    return OpAttr(type, value, isinstance(value, tuple))


IMAGES = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype(np.float32)
FILTERS = np.random.default_rng(1).normal(size=(3, 2, 3, 2)).astype(np.float32)
BIAS = f32(0.1, -5)
MATRIX = f32([1, -2, 0.1], [3, 4, -0.7])
MOMENTS = [f32(1, 2, 0.3), f32(0, 1, -1), f32(0.5, 0, 1), f32(1, 2, 3)]
STRINGS = StringHostTensor((2,), ("a", "b"))
COORDINATES = np.array([[0, 1], [1, 2]], np.int64)
NOT_TRANSPOSED = {"transpose_a": False, "transpose_b": False}
UNARY = "Abs Exp Log Log1p Neg Rsqrt Sigmoid Sqrt Square Tanh Relu Softmax LogSoftmax"
BINARY = "Add AddV2 Sub Mul RealDiv Maximum Minimum Equal NotEqual Less LessEqual Greater GreaterEqual"
ADDITIONS = "add add.denseonly add.denseonly2 add.denseonly3"

CALLS = [
    *(call(f"tf.{op}", MATRIX) for op in UNARY.split()),
    *(call(f"tf.{op}", MATRIX, f32(1, 0.5, -0.7)) for op in BINARY.split()),
    *(call(f"tf.{op}", ScalarHostTensor(DType.I32, (2,), 3), ScalarHostTensor(DType.I32, (2,), 2)) for op in ("Add",)),
    call("tf.Const", value=np.array([[1, 2], [3, 4]], np.int32)),
    call("tf.Const", value=np.array([1, 2], np.int64), dtype=DType.I64),
    call("tf.MatMul", MATRIX, MATRIX, transpose_a=False, transpose_b=True),
    call("tf._FusedMatMul", MATRIX, MATRIX.T, f32(0.1, -5), **NOT_TRANSPOSED, fused_ops=("BiasAdd", "Elu")),
    call(
        "tf._FusedMatMul", *map(np.float16, (MATRIX, MATRIX.T, BIAS)), **NOT_TRANSPOSED, fused_ops=("BiasAdd", "Relu")
    ),
    call("tf.BiasAdd", MATRIX, f32(0.1, 0.2, 0.3), T=DType.F32),
    call("tf.Cast", MATRIX, DstT=DType.I32),
    call("tf.Mean", MATRIX, i32(0)),
    call("tf.Mean", MATRIX, i32(0, 1), keep_dims=True),
    call("tf.MaxPool", IMAGES, ksize=(1, 2, 2, 1), strides=(1, 2, 1, 1), padding="VALID"),
    call("tf.Conv2D", IMAGES, FILTERS, strides=(1, 2, 1, 1), padding="SAME"),
    call("tf._FusedConv2D", IMAGES, FILTERS, BIAS, strides=(1, 2, 1, 1), padding="SAME", fused_ops=("BiasAdd", "Relu")),
    call("tf._FusedConv2D", *map(np.float16, (IMAGES, FILTERS, BIAS)), padding="SAME", fused_ops=("BiasAdd", "Relu6")),
    call("tf.FusedBatchNormV3", IMAGES, *MOMENTS, results=6, epsilon=0.001),
    call("tf.FusedBatchNormV3", IMAGES, *MOMENTS, results=6, is_training=False, data_format="NHWC"),
    call("tf.Pad", MATRIX, i32([1, 0], [0, 2])),
    call("tf.Shape", MATRIX),
    call("tf.Shape", STRINGS, out_type=DType.I64),
    call("tf.ExpandDims", STRINGS, i32(1)[0]),
    call("tf.Tile", MATRIX, i32(2, 1)),
    call("tf.Transpose", MATRIX, i32(1, 0)),
    call("tf.ZerosLike", MATRIX),
    *(call(f"tfrt_test.{op}", i32(1, 2), i32(3, -4)) for op in ADDITIONS.split()),
    *(call(f"tfrt_test.{op}", MATRIX, MATRIX) for op in ADDITIONS.split()),
    call("tfrt_test.add", ScalarHostTensor(DType.I32, (2, 2), 3), ScalarHostTensor(DType.I32, (2, 2), 4)),
    call("tfrt_test.argmax", MATRIX, axis=typed("I32", 1)),
    call("tfrt_test.reduce_mean", MATRIX, axis=typed("I32", 0)),
    call("tfrt_test.async.noop", MATRIX),
    call("tfrt_test.async.noop", ScalarHostTensor(DType.F32, (2,), 0.5)),
    call("tfrt_test.async.noop_no_md", MATRIX),
    call("tfrt_test.broadcast", f32(1, 2), shape=(3, 2)),
    call("tfrt_test.cast", MATRIX, type="f16"),
    call("tfrt_test.create_coo_tensor", COORDINATES, i32(5, 6), shape=(2, 3)),
    call("tfrt_test.create_dense_tensor", shape=(2, 2), values=typed("I32", (1, 2, 3, 4))),
    call("tfrt_test.create_dense_tensor", shape=(2,), values=typed("F32", (0.1, 0.2))),
    call("tfrt_test.create_from_scalar", shape=(2, 3), value=typed("I32", 7)),
    call("tfrt_test.create_from_scalar", shape=(2,), value=0.1),
    call("tfrt_test.equal", i32(1, 2), i32(1, 3)),
    call("tfrt_test.identity", MATRIX),
    call("tfrt_test.identity_dense_only", MATRIX),
    call("tfrt_test.odd_collector", i32(1, 2, 3)),
    call("tfrt_test.relu", MATRIX),
    call("tfrt_test.print", MATRIX, results=0),
    call("tfrt_test.print", STRINGS, results=0),
    call("tfrt_test.print", to_coo(dense_from_numpy(i32(0, 3))), results=0),
    call("tfrt_test.print_address", MATRIX, results=0),
]

REFUSED = [
    *(call(f"tf.{op}", np.array([True])) for op in UNARY.split()),
    *(call(f"tf.{op}", MATRIX, f32(1, 2)) for op in BINARY.split()),
    *(call(f"tf.{op}", MATRIX, i32(1, 2, 3)) for op in BINARY.split()),
    *(call(f"tf.{op}", MATRIX) for op in BINARY.split()),
    call("tf.RealDiv", i32(1), i32(0)),
    call("tf.Const"),
    call("tf.Const", value=np.array([1], np.int64), dtype=DType.I32),
    call("tf.MatMul", MATRIX, MATRIX, **NOT_TRANSPOSED),
    call("tf.MatMul", MATRIX, f32(1), **NOT_TRANSPOSED),
    call("tf.MatMul", MATRIX, MATRIX),
    call("tf._FusedMatMul", MATRIX, MATRIX.T, f32(1), **NOT_TRANSPOSED, fused_ops=("BiasAdd",)),
    call("tf._FusedMatMul", MATRIX, MATRIX.T, f32(1, 2), **NOT_TRANSPOSED, fused_ops=("Relu", "BiasAdd")),
    call("tf.BiasAdd", MATRIX, f32(1, 2)),
    call("tf.Cast", MATRIX),
    call("tf.Mean", MATRIX, i32(2)),
    call("tf.MaxPool", MATRIX, ksize=(1, 2, 2, 1), strides=(1, 1, 1, 1), padding="VALID"),
    call("tf.MaxPool", IMAGES, ksize=(2, 2, 2, 1), strides=(1, 1, 1, 1), padding="VALID"),
    call("tf.Conv2D", IMAGES, MATRIX, strides=(1, 1, 1, 1), padding="SAME"),
    call("tf.Conv2D", IMAGES, FILTERS[:, :, :2], strides=(1, 1, 1, 1), padding="SAME"),
    call("tf._FusedConv2D", IMAGES, FILTERS, f32(1), strides=(1, 1, 1, 1), padding="SAME", fused_ops=("BiasAdd",)),
    call("tf._FusedConv2D", IMAGES, FILTERS, BIAS, strides=(1, 1, 1, 1), padding="SAME", fused_ops=()),
    call("tf.FusedBatchNormV3", IMAGES, *MOMENTS, results=6, is_training=True),
    call("tf.FusedBatchNormV3", IMAGES, *MOMENTS[:3], f32(1), results=6),
    call("tf.Pad", MATRIX, i32([1, 0])),
    call("tf.Shape", MATRIX, out_type=DType.F32),
    call("tf.ExpandDims", MATRIX, i32(4)[0]),
    call("tf.Tile", MATRIX, i32(2)),
    call("tf.Transpose", MATRIX, i32(0, 0)),
    call("tf.ZerosLike", MATRIX, MATRIX),
    *(call(f"tfrt_test.{op}", i32(1, 2), i32(3)) for op in ADDITIONS.split()),
    call("tfrt_test.argmax", MATRIX, axis=typed("I32", 0)),
    call("tfrt_test.argmax", MATRIX),
    call("tfrt_test.reduce_mean", MATRIX, axis=typed("I32", 1)),
    call("tfrt_test.async.noop", MATRIX, MATRIX),
    call("tfrt_test.async.noop_no_md"),
    call("tfrt_test.broadcast", f32(1, 2), shape=(2, 3)),
    call("tfrt_test.cast", MATRIX, type="i32"),
    call("tfrt_test.create_coo_tensor", MATRIX, i32(5, 6), shape=(2, 3)),
    call("tfrt_test.create_dense_tensor", shape=(2, 2), values=typed("I32", (1, 2, 3))),
    call("tfrt_test.create_from_scalar", shape=(2, 3)),
    call("tfrt_test.equal", i32(1, 2), i32(1)),
    call("tfrt_test.error.tensor", MATRIX),
    call("tfrt_test.identity"),
    call("tfrt_test.identity_dense_only", MATRIX, MATRIX),
    call("tfrt_test.odd_collector", f32(1)),
    call("tfrt_test.relu", np.array([True])),
    call("tfrt_test.print", MATRIX, MATRIX, results=0),
    call("tfrt_test.print_address", results=0),
]


def test_every_op_has_its_rows():
    for dialect in ("tf", "tfrt_test"):
        for module in modules_of(dialect, ops_first=True):
            importlib.import_module(module)
    # Ops that are nothing but an array form run the same function on all ways.
    dispatched = {
        name
        for name in CPU_OPS.names()
        if name.startswith(("tf.", "tfrt_test.")) and not is_only_an_array_form(CPU_OPS.get(name))
    }
    assert {c.op for c in CALLS} | {"tfrt_test.error.tensor"} == dispatched
    assert {c.op for c in REFUSED} == dispatched


def is_only_an_array_form(entry):
    form = entry.array_form
    return form is not None and (form.__module__, form.__qualname__) == (
        entry.dispatch.__module__,
        entry.dispatch.__qualname__,
    )


@dataclass(frozen=True)
class Observed:
    """What came of a call: results, or an error message; and what was printed."""

    results: tuple[Any, ...] | str
    printed: str


def observed(tensors: Any, printed: io.StringIO) -> Observed:
    return Observed(tuple(exactly(tensor) for tensor in tensors), printed.getvalue())


def exactly(tensor: Tensor) -> tuple[Any, ...]:
    """Everything that tells tensors apart, down to the bits of their elements."""
    match tensor:
        case DenseHostTensor():
            elements: Any = tensor.array.tobytes()
        case ScalarHostTensor():
            elements = np.asarray(tensor.value, tensor.dtype.numpy).tobytes()
        case StringHostTensor():
            elements = tensor.strings
        case CooHostTensor():
            elements = (exactly(tensor.indices), exactly(tensor.values))
    return (type(tensor).__name__, tensor.dtype, tensor.shape, elements)


def run_directly(c: Call, queue: str) -> Observed:
    printed = io.StringIO()
    with tfrt.HostContext(queue, out=printed) as host:
        entry, attrs = CPU_OPS.get(c.op), OpAttrs.of(c.attrs).by_name
        try:
            metadata = entry.run_metadata(tuple(metadata_of(tensor) for tensor in c.inputs), attrs)
            results = entry.run(c.inputs, attrs, host, metadata)
            host.wait(results)
            tensors = [r.value if isinstance(r, AsyncValue) else r for r in results]
        except tfrt.KernelError as error:
            return Observed(error.message, printed.getvalue())
        if metadata is not None:
            assert [(m.dtype, m.shape) for m in metadata] == [(t.dtype, t.shape) for t in tensors]
        return observed(tensors, printed)


def run_eagerly(c: Call, queue: str) -> Observed:
    printed = io.StringIO()
    with tfrt.HostContext(queue, out=printed, diagnostic_handler=lambda _: None) as host:
        try:
            handles = CoreRuntime.of(host).execute(c.op, *c.inputs, **c.attrs)
            tensors = [handle.result() for handle in handles]
        except tfrt.KernelError as error:
            return Observed(error.message, printed.getvalue())
        assert [(h.dtype, h.shape) for h in handles] == [(t.dtype, t.shape) for t in tensors]
        return observed(tensors, printed)


def run_by_the_short_way(c: Call, queue: str) -> list[Observed]:
    """The op on handles, several times over: the first calls teach the short way what the last ones use."""
    found = []
    with tfrt.HostContext(queue, diagnostic_handler=lambda _: None) as host:
        runtime = CoreRuntime.of(host)
        for _ in range(3):
            printed = host._out = io.StringIO()
            try:
                results = runtime.execute(c.op, *map(runtime.tensor, c.inputs), **c.attrs)
                found.append(observed([handle.result() for handle in results], printed))
            except tfrt.KernelError as error:
                found.append(Observed(error.message, printed.getvalue()))
    return found


def run_in_a_program(c: Call, queue: str) -> Observed:
    printed, reported = io.StringIO(), []
    with tfrt.HostContext(queue, out=printed, diagnostic_handler=lambda d: reported.append(d.headline())) as host:
        program = tfrt.load(tfrt.compile(program_text(c), filename="p.mlir"), host=host)
        runtime = CoreRuntime.of(host)
        try:
            inputs = [runtime.tensor(tensor) for tensor in c.inputs]
            returned = program["main"](CpuOpHandler(), tfrt.CHAIN, *inputs)
        except tfrt.KernelError as error:
            assert reported == [f"p.mlir:3:{'15' if c.results else '9'}: error: runtime error: {error.message}"]
            return Observed(error.message, printed.getvalue())
        handles = returned[1:] if c.results else ()
        tensors = [handle.result() for handle in handles]
        assert [(h.dtype, h.shape) for h in handles] == [(t.dtype, t.shape) for t in tensors]
        assert reported == []
        return observed(tensors, printed)


def program_text(c: Call) -> str:
    """A function of an op handler, a chain and the inputs that returns a chain and the op's results."""
    handle, inputs = "!corert.tensorhandle", [f"%x{i}" for i in range(len(c.inputs))]
    declared = "".join(f", {x}: {handle}" for x in inputs)
    attrs = ", ".join(f"{name} = {spelled(attr)}" for name, attr in OpAttrs.of(c.attrs))
    types = ", ".join(["!tfrt.chain", *[handle] * c.results])
    bound = f"%done, %r:{c.results}" if c.results else "%done"
    returned = ", ".join(["%done", *(f"%r#{i}" for i in range(c.results))])
    return f"""
func.func @main(%cpu: !corert.ophandler, %ch: !tfrt.chain{declared}) -> ({types}) {{
{bound} = corert.executeop.seq(%cpu, %ch) "{c.op}"({", ".join(inputs)}) {{{attrs}}} : {c.results}
tfrt.return {returned} : {types}
}}"""


def run_lowered(c: Call, queue: str) -> Observed | None:
    """The op in a program that says what its inputs are, and is lowered; None where it cannot say so."""
    if not c.results or not all(isinstance(t, DenseHostTensor) and t.dtype is not DType.BF16 for t in c.inputs):
        return None
    printed, reported = io.StringIO(), []
    with tfrt.HostContext(queue, out=printed, diagnostic_handler=lambda d: reported.append(d.headline())) as host:
        passes = "lower-to-cpu,fuse-cpu-ops,plan-buffers{threshold=0}"
        program = tfrt.load(compile_text(known_program_text(c), "p.mlir", pipeline=passes), host=host)
        program["register"]()
        runtime = CoreRuntime.of(host)
        try:
            returned = program["main"](tfrt.CHAIN, *(runtime.tensor(t) for t in c.inputs if not is_index(t)))
            handles = returned if isinstance(returned, tuple) else (returned,) * c.results
            return observed([handle.result() for handle in handles], printed)
        except tfrt.KernelError as error:
            assert reported == [f"p.mlir:6:{8 if c.results else 1}: error: runtime error: {error.message}"]
            return Observed(error.message, printed.getvalue())


def is_index(tensor: Tensor) -> bool:
    """Whether an input is of the kind that programs have as a constant: axes, shapes."""
    return tensor.dtype in (DType.I32, DType.I64) and len(tensor.shape) in (1, 2) and 0 < tensor.array.size < 5


def known_program_text(c: Call) -> str:
    """A function that registers the CPU's op handler, and one of a chain and the inputs that returns the results."""
    handle = "!corert.tensorhandle"
    declared = "".join(f", %x{i}: {handle}" for i, tensor in enumerate(c.inputs) if not is_index(tensor))
    known = " ".join(known_input(i, tensor) for i, tensor in enumerate(c.inputs))
    attrs = ", ".join(f"{name} = {spelled(attr)}" for name, attr in OpAttrs.of(c.attrs))
    types = ", ".join([handle] * c.results)
    inputs = ", ".join(f"%k{i}" for i in range(len(c.inputs)))
    bound, count = (f"%r:{c.results} = ", f" : {c.results}") if c.results else ("", "")
    returned = ", ".join(f"%r#{i}" for i in range(c.results)) + (f" : {types}" if c.results else "")
    return f"""func.func @register() {{ %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
%cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
%ch = corert.register_op_handler %cpu "cpu" tfrt.return }}
func.func @main(%ch: !tfrt.chain{declared}) -> ({types}) {{
%cpu = corert.get_op_handler %ch "cpu" {known}
{bound}corert.executeop(%cpu) "{c.op}"({inputs}) {{{attrs}}}{count}
tfrt.return {returned}
}}"""


def known_input(number: int, tensor: DenseHostTensor) -> str:
    if is_index(tensor):
        sizes = "".join(f"{size}x" for size in tensor.shape)
        value = f"dense<{tensor.array.tolist()}> : tensor<{sizes}{tensor.dtype.mlir}>"
        return f"%k{number} = corert.const_dense_tensor {value}"
    metadata = ", ".join([tensor.dtype.mlir, *(f"{size} : i64" for size in tensor.shape)])
    handle = "!corert.tensorhandle"
    return f"%k{number} = corert.ensure_metadata %x{number} {{metadata = [[{metadata}]]}} : ({handle}) -> {handle}"


def spelled(attr: OpAttr) -> str:
    """The attribute in MLIR."""
    match attr.type:
        case "DENSE":
            dtype, shape = DType.of(attr.value).mlir, "".join(f"{d}x" for d in attr.value.shape)
            return f"dense<{attr.value.tolist()}> : tensor<{shape}{dtype}>"
        case "AGGREGATE":
            return "[" + ", ".join(f'"{item}"' for item in attr.value) + "]"
    if attr.is_array:
        return "[" + ", ".join(spelled(OpAttr(attr.type, item)) for item in attr.value) + "]"
    match attr.type:
        case "BOOL":
            return str(attr.value).lower()
        case "CHAR":
            return f'"{attr.value}"'
        case "DTYPE":
            return attr.value.mlir
    return f"{attr.value} : {attr.type.lower()}"


def ids(calls: list[Call]) -> list[str]:
    return [f"{i}-{c.op}" for i, c in enumerate(calls)]


def all_ways(c: Call, queue: str) -> Observed:
    before = [exactly(tensor) for tensor in c.inputs]
    direct = run_directly(c, queue)
    assert run_eagerly(c, queue) == direct
    assert run_by_the_short_way(c, queue) == [direct] * 3
    assert run_in_a_program(c, queue) == direct
    assert run_lowered(c, queue) in (direct, None)
    assert [exactly(tensor) for tensor in c.inputs] == before
    return direct


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("c", CALLS, ids=ids(CALLS))
def test_results_and_shapes(c: Call, queue: str):
    result = all_ways(c, queue)
    assert isinstance(result.results, tuple)
    assert len(result.results) == c.results


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("c", REFUSED, ids=ids(REFUSED))
def test_errors(c: Call, queue: str):
    assert isinstance(all_ways(c, queue).results, str)


@pytest.mark.parametrize(
    "op", ["tf.MatMul", "tf.Conv2D", "tf.FusedBatchNormV3", "tf.RealDiv", "tf.Mean", "tf.Less", "tf.Transpose"]
)
def test_ops_are_lowered_at_all(op: str):
    calls = [c for c in CALLS if c.op == op and all(isinstance(t, DenseHostTensor) for t in c.inputs)]
    assert calls
    for c in calls:
        module = parse_module(known_program_text(c), "p.mlir")
        run_passes(module, parse_pipeline("lower-to-cpu"))
        assert all(inner.name != "corert.executeop" for inner in module.walk())
