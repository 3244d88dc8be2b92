"""Prepared kernels that plans have as statements, and arguments that are passed on as they are."""

import numpy as np
import pytest

import tfrt
from tfrt.executor.declarations.kernel_registry import BUILTIN
from tfrt.executor.declarations.prepared import Prepared
from tfrt.executor.engines.graph import only_read
from tfrt.executor.support.direct_calls import is_possible
from tfrt.executor.support.machine_code import is_available
from tfrt.executor.tools.dump_plans import dump

WAYS = {"dataflow": {"plans": False}, "table": {"plan_threshold": 1 << 30}, "generated": {"plan_threshold": 0}}


@pytest.fixture
def kernels():
    yield
    for name in [name for name in BUILTIN.names() if name.startswith("w.")]:
        del BUILTIN._kernels[name]


def statements(text, **options):
    """What a plan of the program does, without handlers and places."""
    program = tfrt.load(tfrt.compile(text, "w.mlir", opt_level=2), host=tfrt.HostContext(**options))
    lines = "".join(dump(program)).splitlines()[3:]
    return [line.partition("  # ")[0].strip() for line in lines if not line.lstrip().startswith("except")]


LAYER = """func.func @main(%x: tensor<1x3xf32>, %w: tensor<4x3xf32>, %b: tensor<4xf32>) -> tensor<2x2xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [1]
    : (tensor<1x3xf32>, tensor<4x3xf32>) -> tensor<1x4xf32>
  %1 = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<4xf32>) -> tensor<1x4xf32>
  %2 = stablehlo.add %0, %1 : tensor<1x4xf32>
  %3 = stablehlo.reshape %2 : (tensor<1x4xf32>) -> tensor<2x2xf32>
  return %3 : tensor<2x2xf32>
}"""


def test_a_plan_has_calls_of_numpy():
    assert statements(LAYER)[:4] == [
        "call_c2 = c2.call",
        "if context.cancellation is not None: exit1(0)",
        "try: r3 = call_c2(r0.dot, r1.T); r3_x1 = r2[None]; r3 = call_c2(c3_add, r3, r3_x1, r3); del r3_x1",
        "try: r4 = r3.reshape(c4)",
    ]


PROGRAMS = {
    "layer": (LAYER, [(1, 3), (4, 3), (4,)]),
    "rows": (
        """func.func @main(%x: tensor<5x3xf32>, %w: tensor<3x4xf32>, %b: tensor<4xf32>) -> tensor<5x4xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
    : (tensor<5x3xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
  %1 = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<4xf32>) -> tensor<5x4xf32>
  %2 = stablehlo.add %0, %1 : tensor<5x4xf32>
  %3 = stablehlo.multiply %2, %2 : tensor<5x4xf32>
  %4 = stablehlo.exponential %3 : tensor<5x4xf32>
  %5 = stablehlo.subtract %4, %2 : tensor<5x4xf32>
  %6 = stablehlo.maximum %5, %3 : tensor<5x4xf32>
  return %6 : tensor<5x4xf32>
}""",
        [(5, 3), (3, 4), (4,)],
    ),
    "moved": (
        """func.func @main(%x: tensor<2x3x4xf32>, %y: tensor<4x2xf32>) -> (tensor<5x6xf32>, tensor<4x6xf32>) {
  %0 = stablehlo.transpose %x, dims = [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %1 = stablehlo.reshape %0 : (tensor<4x2x3xf32>) -> tensor<4x6xf32>
  %2 = stablehlo.slice %1 [1:3, 0:6] : (tensor<4x6xf32>) -> tensor<2x6xf32>
  %3 = stablehlo.transpose %y, dims = [1, 0] : (tensor<4x2xf32>) -> tensor<2x4xf32>
  %4 = stablehlo.concatenate %3, %3, dim = 1 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x8xf32>
  %5 = stablehlo.slice %4 [0:1, 1:7] : (tensor<2x8xf32>) -> tensor<1x6xf32>
  %6 = stablehlo.concatenate %2, %5, %2, dim = 0
    : (tensor<2x6xf32>, tensor<1x6xf32>, tensor<2x6xf32>) -> tensor<5x6xf32>
  %7 = stablehlo.add %6, %6 : tensor<5x6xf32>
  return %7, %1 : tensor<5x6xf32>, tensor<4x6xf32>
}""",
        [(2, 3, 4), (4, 2)],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("is_mirrored", [False, True])
def test_they_give_the_same_and_never_warn(name, is_mirrored):
    text, shapes = PROGRAMS[name]
    random = np.random.default_rng(0)
    special = [0.0, -1.5, np.inf, -np.inf, np.nan, 3e38, 1e-42]
    arrays = [random.choice(special, shape).astype(np.float32) for shape in shapes]
    if is_mirrored:
        arrays = [np.flip(array) for array in arrays]
    found = []
    for options in WAYS.values():
        run = tfrt.load(tfrt.compile(text, opt_level=2), host=tfrt.HostContext(**options))["main"]
        before = np.geterr()
        with np.errstate(all="raise"):
            for _ in range(3):
                results = run(*arrays)
                found.append([r.tobytes() for r in (results if type(results) is tuple else (results,))])
        assert np.geterr() == before
    assert all(each == found[0] for each in found)


DOT = """arguments = [[f32, 2, 3], [f32, 4, 3]{more}], inputs = 2 : i64, metadata = [[f32, 2, 4]], op_attrs = [
    ["lhs_batching_dimensions", []], ["rhs_batching_dimensions", []],
    ["lhs_contracting_dimensions", [1]], ["rhs_contracting_dimensions", [1]]],
    op_name = "stablehlo.dot_general", steps = [{steps}]"""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("is_finished", [False, True])
def test_products_are_written_into_memory_of_any_kind(way, is_turned, is_finished):
    memory, turned = ("4x2", "2x4") if is_turned else ("2x4", "2x4")
    view = ""
    if is_turned:
        view = """  %out = cpu.call %m {arguments = [[f32, 4, 2]], inputs = 1 : i64, metadata = [[f32, 2, 4]],
    op_attrs = [["permutation", [1, 0]]], op_name = "stablehlo.transpose", steps = []}
    : (memref<4x2xf32>) -> memref<2x4xf32>"""
    out = "%out" if is_turned else "%m"
    bias, type_of_bias = (", %b", ", memref<4xf32>") if is_finished else ("", "")
    dot = DOT.format(more=", [f32, 4]" * is_finished, steps='["tf.AddV2", 0, 1]' * is_finished)
    sizes = memory.replace("x", ", ")
    text = f"""func.func @main(%x: memref<2x3xf32>, %y: memref<4x3xf32>, %b: memref<4xf32>)
    -> (memref<{memory}xf32>, memref<2x4xf32>) {{
  %m = cpu.arena {{metadata = [[f32, {sizes}]], offsets = [0], size = 32 : i64}} : memref<{memory}xf32>
{view}
  %r = cpu.call_into %x, %y{bias}, {out} {{{dot}}}
    : (memref<2x3xf32>, memref<4x3xf32>{type_of_bias}, memref<{turned}xf32>) -> memref<2x4xf32>
  tfrt.return %m, %r : memref<{memory}xf32>, memref<2x4xf32>
}}"""
    run = tfrt.load(tfrt.compile(text), host=tfrt.HostContext(**WAYS[way]))["main"]
    x, y, b = np.arange(6, dtype="f").reshape(2, 3), np.arange(12, dtype="f").reshape(4, 3), np.arange(4, dtype="f")
    for _ in range(3):
        memory_of_it, result = run(x, y, b)
        assert np.array_equal(result, x @ y.T + is_finished * b)
        assert np.array_equal(memory_of_it.T if is_turned else memory_of_it, result)


@pytest.mark.parametrize("way", WAYS)
def test_statements_that_fail_are_the_kernels_failure(way, kernels):
    runs = []

    def fail(x):
        runs.append(x)
        raise ValueError("too bad")

    @tfrt.kernel("w.fail", pure=True, prepares=True)
    def prepare():
        return Prepared(
            fail, is_new=True, write=lambda names, r, scribe: [f"{r} = {scribe.constant(fail)}({names[0]})"]
        )

    @tfrt.kernel("w.double", pure=True)
    def double(x):
        runs.append("double")
        return x + x

    seen = []
    host = tfrt.HostContext(**WAYS[way], diagnostic_handler=lambda d: seen.append(d.headline()))
    text = """func.func @main(%x: memref<2xf32>) -> (memref<2xf32>, memref<2xf32>) {
  %y = "w.double"(%x) : (memref<2xf32>) -> memref<2xf32>
  %z = "w.fail"(%y) : (memref<2xf32>) -> memref<2xf32>
  tfrt.return %z, %y : memref<2xf32>, memref<2xf32>
}"""
    failed, doubled = tfrt.load(tfrt.compile(text, "w.mlir"), host=host)["main"].start(np.ones(2, np.float32))
    assert doubled.tolist() == [2, 2]
    assert str(failed.error) == "w.mlir:3:8: ValueError: too bad"
    assert seen == ["w.mlir:3:8: error: runtime error: ValueError: too bad"]
    assert [type(run) for run in runs] == [str, np.ndarray]


@pytest.mark.parametrize("way", WAYS)
def test_results_that_are_converted_are_not_written(way, kernels):
    @tfrt.kernel("w.half", pure=True, prepares=True)
    def prepare():
        return Prepared(lambda x: x / 2, is_new=True, write=lambda names, r, scribe: [f"{r} = {names[0]} / 2"])

    text = """func.func @main(%x: f32) -> f32 {
  %y = "w.half"(%x) : (f32) -> f32
  tfrt.return %y : f32
}"""
    run = tfrt.load(tfrt.compile(text), host=tfrt.HostContext(**WAYS[way]))["main"]
    assert run(np.float32(0.1)) == float(np.float32(0.1)) / 2
    assert "w_half(r0)" in "".join(dump(tfrt.load(tfrt.compile(text))))


@pytest.mark.parametrize("way", WAYS)
def test_what_is_prepared_is_given_the_context_of_each_call(way, kernels):
    prepared, seen = [], []

    @tfrt.kernel("w.context", pure=True, prepares=True)
    def prepare(*, context: tfrt.ExecutionContext):
        prepared.append(context)
        return lambda x, context: (seen.append(context), x)[1]

    text = """func.func @main(%x: i32) -> i32 {
  %y = "w.context"(%x) : (i32) -> i32
  tfrt.return %y : i32
}"""
    run = tfrt.load(tfrt.compile(text), host=tfrt.HostContext(**WAYS[way]))["main"]
    assert [run(1), run(2)] == [1, 2]
    assert prepared == [None]
    assert [type(context) for context in seen] == [tfrt.ExecutionContext] * 2


def test_which_arguments_are_only_read(kernels):
    @tfrt.kernel("w.any", pure=True)
    def anything(x):
        return x

    attributes = "arguments = [[f32, 2]], inputs = 1 : i64, metadata = [[f32, 2]], op_attrs = [], steps = []"
    text = f"""func.func @main(%a: memref<2xf32>, %b: memref<2xf32>, %c: memref<2xf32>, %d: memref<2xf32>,
    %e: memref<2xf32>, %unused: memref<2xf32>) -> (memref<2xf32>, memref<2xf32>, memref<2xf32>, memref<2xf32>) {{
  %0 = cpu.elementwise %a, %b {{arguments = [[f32, 2], [f32, 2]], metadata = [[f32, 2]], steps = [["tf.Mul", 0, 1]]}}
    : (memref<2xf32>, memref<2xf32>) -> memref<2xf32>
  %1 = cpu.call %b {{{attributes}, op_name = "stablehlo.reshape"}} : (memref<2xf32>) -> memref<2xf32>
  %2 = "w.any"(%c) : (memref<2xf32>) -> memref<2xf32>
  %3 = cpu.call %d {{{attributes}, op_name = "stablehlo.reshape"}} : (memref<2xf32>) -> memref<2xf32>
  %4 = cpu.elementwise %3 {{arguments = [[f32, 2]], metadata = [[f32, 2]], steps = [["tf.Neg", 0]]}}
    : (memref<2xf32>) -> memref<2xf32>
  %5 = cpu.elementwise_into %a, %e {{arguments = [[f32, 2]], metadata = [[f32, 2]], steps = [["tf.Neg", 0]]}}
    : (memref<2xf32>, memref<2xf32>) -> memref<2xf32>
  tfrt.return %0, %1, %2, %5 : memref<2xf32>, memref<2xf32>, memref<2xf32>, memref<2xf32>
}}"""
    program = tfrt.load(tfrt.compile(text))
    assert only_read(program["main"].graph) == {0, 3, 5}


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_what_a_program_is_given_stays_as_it_is(queue, kernels):
    @tfrt.kernel("w.write", pure=True)
    def write(x):
        x += 1
        return x

    text = """func.func @main(%x: memref<2xf32>) -> memref<2xf32> {
  %y = "w.write"(%x) : (memref<2xf32>) -> memref<2xf32>
  tfrt.return %y : memref<2xf32>
}"""
    with tfrt.HostContext(queue, plan_threshold=0) as host:
        run, x = tfrt.load(tfrt.compile(text), host=host)["main"], np.ones(2, np.float32)
        for _ in range(4):
            with pytest.raises(tfrt.KernelError, match="read-only"):
                run(x)
        same = "func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {\n  return %x : tensor<2xf32>\n}"
        run = tfrt.load(tfrt.compile(same, opt_level=2), host=host)["main"]
        for _ in range(4):
            found = run(x)
            assert found is not x and not np.shares_memory(found, x) and found.flags.writeable
        assert x.tolist() == [1, 1]


@pytest.mark.parametrize(("x", "y", "dims", "code"), [
    ((3,), (3, 4), (0, 0), "r0.dot, r1"),
    ((3,), (4, 3), (0, 1), "r0.dot, r1.T"),
    ((4, 3), (3,), (1, 0), "r0.dot, r1"),
    ((3, 4), (3,), (0, 0), "r0.T.dot, r1"),
])  # fmt: skip
def test_products_with_vectors_are_calls_of_numpy(x, y, dims, code):
    def spelled(shape):
        return f"tensor<{'x'.join(map(str, shape))}xf32>"

    text = f"""func.func @main(%x: {spelled(x)}, %y: {spelled(y)}) -> tensor<4xf32> {{
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [{dims[0]}] x [{dims[1]}]
    : ({spelled(x)}, {spelled(y)}) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}}"""
    assert f"({code})" in "".join(statements(text))
    random = np.random.default_rng(0)
    a, b = random.standard_normal(x).astype("f"), random.standard_normal(y).astype("f")
    for options in WAYS.values():
        run = tfrt.load(tfrt.compile(text, opt_level=2), host=tfrt.HostContext(**options))["main"]
        for left, right in [(a, b), (a[::-1], b[::-1])]:
            for _ in range(3):
                expected = np.tensordot(left, right, ([dims[0]], [dims[1]]))
                found = run(left, right)
                assert found.flags.owndata and np.allclose(found, expected, rtol=1e-6, atol=1e-6)


LLVM = pytest.mark.skipif(not (is_available() and is_possible()), reason="needs llvmlite, and CPython with its lock")
NATIVE = {
    "product": (
        """func.func @main(%x: tensor<2x96xf32>, %w: tensor<96x64xf32>, %b: tensor<64xf32>) -> tensor<2x64xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
    : (tensor<2x96xf32>, tensor<96x64xf32>) -> tensor<2x64xf32>
  %1 = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<64xf32>) -> tensor<2x64xf32>
  %2 = stablehlo.add %0, %1 : tensor<2x64xf32>
  return %2 : tensor<2x64xf32>
}""",
        [(2, 96), (96, 64), (64,)],
    ),
    "product that may be packed": (
        """func.func @main(%x: tensor<1x200xf32>, %w: tensor<200x96xf32>) -> tensor<1x96xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
    : (tensor<1x200xf32>, tensor<200x96xf32>) -> tensor<1x96xf32>
  return %0 : tensor<1x96xf32>
}""",
        [(1, 200), (200, 96)],
    ),
    "product of many rows": (
        """func.func @main(%x: tensor<2x3x96xf32>, %w: tensor<96x64xf32>) -> tensor<2x3x64xf32> {
  %0 = stablehlo.dot_general %x, %w, contracting_dims = [2] x [0]
    : (tensor<2x3x96xf32>, tensor<96x64xf32>) -> tensor<2x3x64xf32>
  return %0 : tensor<2x3x64xf32>
}""",
        [(2, 3, 96), (96, 64)],
    ),
    "rows": (
        """func.func @main(%x: tensor<4x24xf32>, %b: tensor<24xf32>) -> tensor<4x24xf32> {
  %0 = "nn.softmax"(%x) <{dimension = 1 : i64}> : (tensor<4x24xf32>) -> tensor<4x24xf32>
  %1 = stablehlo.broadcast_in_dim %b, dims = [1] : (tensor<24xf32>) -> tensor<4x24xf32>
  %2 = stablehlo.multiply %0, %1 : tensor<4x24xf32>
  return %2 : tensor<4x24xf32>
}""",
        [(4, 24), (24,)],
    ),
    "few elements": (
        """func.func @main(%x: tensor<4x24xf32>, %y: tensor<4x24xf32>) -> tensor<4x24xf32> {
  %0 = stablehlo.multiply %x, %y : tensor<4x24xf32>
  %1 = stablehlo.add %0, %x : tensor<4x24xf32>
  %2 = stablehlo.tanh %1 : tensor<4x24xf32>
  return %2 : tensor<4x24xf32>
}""",
        [(4, 24), (4, 24)],
    ),
    "attention": (
        """func.func @main(%q: tensor<2x1x16xf32>, %k: tensor<2x9x16xf32>, %v: tensor<2x9x16xf32>)
    -> tensor<2x1x16xf32> {
  %0 = nn.attention %q, %k, %v {key_parts = 1 : i64, value_parts = 1 : i64, scale = 0.25 : f64}
    : (tensor<2x1x16xf32>, tensor<2x9x16xf32>, tensor<2x9x16xf32>) -> tensor<2x1x16xf32>
  return %0 : tensor<2x1x16xf32>
}""",
        [(2, 1, 16), (2, 9, 16), (2, 9, 16)],
    ),
}


@LLVM
@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_machine_code_is_called_as_it_is(name, queue):
    text, shapes = NATIVE[name]
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(shape).astype(np.float32) for shape in shapes]
    constant = [np.frombuffer(array.tobytes(), np.float32).reshape(array.shape) for array in arrays]
    apart = [np.repeat(array, 2, -1)[..., ::2] for array in arrays]
    expected = tfrt.load(tfrt.compile(text, opt_level=2), host=tfrt.HostContext(native=False))["main"](*arrays)
    for options in WAYS.values():
        with tfrt.HostContext(queue, native=True, **options) as host:
            run = tfrt.load(tfrt.compile(text, opt_level=2), host=host)["main"]
            for given in (arrays, constant, apart, constant, arrays):
                for _ in range(2):
                    found = run(*given)
                    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
                    assert found.flags.owndata or found.base.flags.owndata
    called = [line for line in statements(text, native=True) if "_work(" in line]
    assert len(called) == 1 and "if r" in called[0]
