"""Random graphs of ops give the same tensors, and the same errors, lowered and not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tfrt
from tfrt.compiler import compile as compile_text
from tfrt.executor.core_runtime.core_runtime import CoreRuntime

PASSES = ("lower-to-cpu", "fuse-cpu-ops", "fuse-pools", "plan-buffers{threshold=0}")
ALL = ",".join(PASSES)
PIPELINES = (PASSES[0], ",".join(PASSES[:2]), ALL, "canonicalize,cse", f"canonicalize,{ALL}")
HANDLE = "!corert.tensorhandle"
REGISTER = """func.func @register() {
  %null = "corert.create_null_op_handler"() : () -> !corert.ophandler
  %cpu = "corert.create_cpu_op_handler"(%null) : (!corert.ophandler) -> !corert.ophandler
  %ch = corert.register_op_handler %cpu "cpu"
  tfrt.return
}
"""
UNARY = ("tf.Relu", "tf.Neg", "tf.Abs", "tf.Square", "tf.Tanh", "tf.Sigmoid", "tf.Softmax", "tfrt_test.identity")
BINARY = ("tf.AddV2", "tf.Sub", "tf.Mul", "tf.Maximum", "tf.RealDiv")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[str, list[np.ndarray]]:
    """A program of ops on matrices, a vector and a column, and what to run it on; some ops may not fit."""
    dtype, numpy = draw(st.sampled_from([("f32", np.float32), ("i32", np.int32)]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = [(3, 3), (3, 3), (3,), (3, 1)]
    arrays = [random.integers(-2, 3, shape).astype(numpy) for shape in shapes]
    metadata = ", ".join("[" + ", ".join([dtype, *map(str, shape)]) + "]" for shape in shapes)
    handles = ", ".join([HANDLE] * 4)
    lines = [
        '  %cpu = corert.get_op_handler %ch "cpu"',
        f"  %v:4 = corert.ensure_metadata %x0, %x1, %x2, %x3 {{metadata = [{metadata}]}} : ({handles}) -> ({handles})",
    ]
    values = [f"%v#{number}" for number in range(4)]
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["unary", "unary", "binary", "binary", "product", "bias"]))
        x, y = draw(st.sampled_from(values)), draw(st.sampled_from(values))
        match kind:
            case "unary":
                lines.append(f'  %r{number} = corert.executeop(%cpu) "{draw(st.sampled_from(UNARY))}"({x}) : 1')
            case "binary":
                lines.append(f'  %r{number} = corert.executeop(%cpu) "{draw(st.sampled_from(BINARY))}"({x}, {y}) : 1')
            case "product":
                transposed = draw(st.sampled_from(["true", "false"]))
                attrs = f"{{transpose_a = {transposed}, transpose_b = false}}"
                lines.append(f'  %r{number} = corert.executeop(%cpu) "tf.MatMul"({x}, {y}) {attrs} : 1')
            case "bias":
                lines.append(f'  %r{number} = corert.executeop(%cpu) "tf.BiasAdd"({x}, %v#2) : 1')
        values.append(f"%r{number}")
    returned = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True))
    types = ", ".join([HANDLE] * len(returned))
    arguments = ", ".join(f"%x{number}: {HANDLE}" for number in range(4))
    lines.append(f"  tfrt.return {', '.join(returned)} : {types}")
    body = "\n".join(lines)
    return f"{REGISTER}func.func @main(%ch: !tfrt.chain, {arguments}) -> ({types}) {{\n{body}\n}}\n", arrays


def run(text: str, arrays: list[np.ndarray], pipeline: str, *, queue: str, plans: bool, registered: bool = True):
    """What comes of each result, in the order of results, and all that was reported, in any order."""
    reported: list[str] = []
    options = {"plan_threshold": 0} if plans else {"plans": False}
    with tfrt.HostContext(queue, diagnostic_handler=lambda d: reported.append(d.headline()), **options) as host:
        program = tfrt.load(compile_text(text, "g.mlir", pipeline=pipeline), host=host)
        if registered:
            program["register"]()
        inputs = [CoreRuntime.of(host).tensor(array) for array in arrays]
        started = program["main"].start(tfrt.CHAIN, *inputs)
        host.wait([value for value in started if isinstance(value, tfrt.AsyncValue)])
        results = [outcome(value) for value in started]
    return results, sorted(set(reported))


def outcome(value):
    if not isinstance(value, tfrt.AsyncValue):
        return (value.dtype, value.shape, value.numpy().tobytes())
    if value.is_error:
        return ("error", value.error.message, str(value.error.location))
    return outcome(value.value)


@settings(max_examples=60)
@given(graphs(), st.sampled_from(PIPELINES), st.sampled_from(["s", "mstd:2"]), st.booleans())
def test_as_before(made, pipeline, queue, plans):
    text, arrays = made
    before = [array.copy() for array in arrays]
    expected = run(text, arrays, "", queue=queue, plans=plans)
    assert run(text, arrays, pipeline, queue=queue, plans=plans) == expected
    assert all(np.array_equal(a, b) for a, b in zip(arrays, before, strict=True))


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_without_op_handler_nothing_else_is_reported(queue):
    text = f"""{REGISTER}func.func @main(%ch: !tfrt.chain, %x: {HANDLE}) -> {HANDLE} {{
  %cpu = corert.get_op_handler %ch "cpu"
  %v = corert.ensure_metadata %x {{metadata = [[i32, 2]]}} : ({HANDLE}) -> {HANDLE}
  %q = corert.executeop(%cpu) "tf.RealDiv"(%v, %v) : 1
  tfrt.return %q : {HANDLE}
}}"""
    for pipeline in ("", ALL):
        results, reported = run(text, [np.zeros(2, np.int32)], pipeline, queue=queue, plans=True, registered=False)
        assert reported == ["g.mlir:8:10: error: runtime error: op_handler not found: cpu"]
        assert results[0][:2] == ("error", "op_handler not found: cpu")
        results, reported = run(text, [np.zeros(2, np.int32)], pipeline, queue=queue, plans=True)
        assert reported == ["g.mlir:10:8: error: runtime error: Divide by zero"]
