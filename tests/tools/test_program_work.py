"""What functions have to do, counted by hand, and how much memory they are planned to take, against what they take."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import tfrt
from tests.executor.bef.records import encode
from tfrt.executor.bef import BefFile, FunctionRecord, read_bef
from tfrt.executor.tools.program_work import function_work, planned_memory
from tfrt.executor.tools.work import operations
from tfrt.kernels.numerics import workspaces

TEXTS = Path(__file__).parents[2] / "benchmarks" / "networks" / "texts"

BUFFERS = 320 * 1024
"""What kernels use beside the plan: a chain's blocks, which fit into the second cache, and buffers of numpy's."""


def compiled(body: str, arguments: str, result: str) -> tuple[BefFile, FunctionRecord]:
    text = f"func.func @main({arguments}) -> {result} {{\n{body}\n}}"
    bef = read_bef(tfrt.compile(text, "work.mlir", opt_level=2))
    return bef, main(bef)


def main(bef: BefFile) -> FunctionRecord:
    (found,) = [function for function in bef.functions if function.name == "main"]
    return found


def product(name: str, left: str, right: str, shapes: str, summed: str = "[1] x [0]") -> str:
    """The product of two matrices; `shapes` has theirs and the result's."""
    a, b, c = [f"tensor<{shape}xf32>" for shape in shapes.split()]
    return f"%{name} = stablehlo.dot_general %{left}, %{right}, contracting_dims = {summed} : ({a}, {b}) -> {c}"


PRODUCT = f"""
  {product("y", "x", "w", "8x32 32x16 8x16")}
  %z = stablehlo.tanh %y : tensor<8x16xf32>
  return %z : tensor<8x16xf32>"""


def test_a_product():
    (work,) = function_work(*compiled(PRODUCT, "%x: tensor<8x32xf32>, %w: tensor<32x16xf32>", "tensor<8x16xf32>"))
    assert work.ops == ("stablehlo.dot_general", "stablehlo.tanh")
    assert work.operations == 8 * 16 * (2 * 32 + 1)
    assert work.given == 4 * (8 * 32 + 32 * 16)
    assert work.made == 4 * 8 * 16


VIEWS = f"""
  %s = stablehlo.slice %x [0:1, 0:4] : (tensor<1000x4xf32>) -> tensor<1x4xf32>
  %t = stablehlo.transpose %s, dims = [1, 0] : (tensor<1x4xf32>) -> tensor<4x1xf32>
  %y = stablehlo.exponential %t : tensor<4x1xf32>
  %z = stablehlo.tanh %y : tensor<4x1xf32>
  {product("p", "y", "z", "4x1 4x1 1x1", "[0] x [0]")}
  return %p : tensor<1x1xf32>"""


def test_views_move_nothing_and_what_they_are_of_is_not_read():
    work = function_work(*compiled(VIEWS, "%x: tensor<1000x4xf32>", "tensor<1x1xf32>"))
    assert {op for kernel in work for op in kernel.ops} == {
        "stablehlo.exponential",
        "stablehlo.tanh",
        "stablehlo.dot_general",
    }
    # A view of an argument is given, what is computed of it is not.
    assert sum(kernel.given for kernel in work) == 4 * 4
    assert sum(kernel.operations or 0 for kernel in work) == 4 + 4 + 2 * 4


@pytest.mark.parametrize(
    ("ops", "operands", "result", "attributes", "expected"),
    [
        (["nn.softmax"], [(4, 8)], (4, 8), {}, 5 * 32),
        (["nn.normalize", "stablehlo.multiply", "stablehlo.add"], [(4, 8), (8,), (8,)], (4, 8), {}, 7 * 32),
        (["stablehlo.reduce"], [(4, 8)], (4,), {}, 32),
        (["stablehlo.reduce_window"], [(4, 4), ()], (2, 2), {"window_dimensions": (2, 2)}, 16),
        (["stablehlo.reduce_window"], [(4, 4), ()], (2, 2), {}, None),
        # Two heads, three queries, keys and values in two parts, of sizes 4 and 5: 2 * 3 * 7 scores.
        (
            ["nn.attention"],
            [(2, 3, 4), (2, 6, 4), (2, 1, 4), (2, 6, 5), (2, 1, 5)],
            (2, 3, 5),
            {"key_parts": 2, "value_parts": 2},
            42 * (2 * 4 + 5 + 2 * 5),
        ),
        (["nn.attention"], [(2, 3, 4)], (2, 3, 5), {}, None),
        # 6 x 6 pixels of four features are computed and pooled, 3 x 3 are left.
        (
            ["tf.Conv2D", "tf.BiasAdd", "tf.MaxPool", "tf.Relu"],
            [(1, 8, 8, 3), (3, 3, 3, 4), (4,)],
            (1, 3, 3, 4),
            {"strides": (1, 1, 1, 1), "padding": "VALID"},
            144 * (2 * 27 + 2) + 36,
        ),
        (["tf.Conv2D", "tf.MaxPool"], [(1, 8, 8, 3), (3, 3, 3, 4)], (1, 3, 3, 4), None, None),
    ],
)
def test_operations_of_layers(ops, operands, result, attributes, expected):
    assert operations(ops, operands, result, attributes) == expected


def test_nothing_is_said_of_files_without_types_or_of_shapes_that_are_not_known():
    text = "func.func @main(%x: i32) -> i32 {\n  %y = tfrt.add.i32 %x, %x\n  tfrt.return %y : i32\n}"
    typed = read_bef(tfrt.compile(text, "scalars.mlir"))
    bef = read_bef(encode(typed, typed.functions, keeps_types=False))
    assert function_work(bef, main(bef)) == []
    assert planned_memory(bef, main(bef)) is None
    unknown = "  %y = stablehlo.tanh %x : tensor<?xf32>\n  return %y : tensor<?xf32>"
    assert planned_memory(*compiled(unknown, "%x: tensor<?xf32>", "tensor<?xf32>")) is None


def test_memory_of_scalars_is_none():
    text = "func.func @main(%x: i32) -> i32 {\n  %y = tfrt.add.i32 %x, %x\n  tfrt.return %y : i32\n}"
    bef = read_bef(tfrt.compile(text, "scalars.mlir"))
    assert planned_memory(bef, main(bef)) == 0


def test_arrays_are_there_until_their_last_use_also_through_views():
    lines = [
        product("a", "x", "x", "8x8 8x8 8x8"),
        product("b", "a", "x", "8x8 8x8 8x8"),
        product("c", "b", "x", "8x8 8x8 8x8"),
        "%d = stablehlo.slice %c [0:1, 0:8] : (tensor<8x8xf32>) -> tensor<1x8xf32>",
        product("e", "d", "x", "1x8 8x8 1x8"),
        "return %e : tensor<1x8xf32>",
    ]
    body = "\n".join(lines)
    # Two of the products, or the third and the result: an array of 256 bytes, and another one.
    assert planned_memory(*compiled(body, "%x: tensor<8x8xf32>", "tensor<1x8xf32>")) == 2 * 256


RESHAPED = """
  %a = stablehlo.tanh %x : tensor<6x4xf32>
  {view}
  %r = stablehlo.reshape %v : (tensor<{shape}xf32>) -> tensor<{size}xf32>
  %y = stablehlo.abs %r : tensor<{size}xf32>
  return %y : tensor<{size}xf32>"""


@pytest.mark.parametrize(
    ("view", "shape", "size", "copied"),
    [
        ("%v = stablehlo.transpose %a, dims = [1, 0] : (tensor<6x4xf32>) -> tensor<4x6xf32>", "4x6", 24, True),
        ("%v = stablehlo.slice %a [0:6, 0:2] : (tensor<6x4xf32>) -> tensor<6x2xf32>", "6x2", 12, True),
        ("%v = stablehlo.slice %a [2:5, 0:4] : (tensor<6x4xf32>) -> tensor<3x4xf32>", "3x4", 12, False),
        ("%v = stablehlo.slice %a [3:4, 1:3] : (tensor<6x4xf32>) -> tensor<1x2xf32>", "1x2", 2, False),
        ("%v = stablehlo.slice %a [0:6:2, 0:4] : (tensor<6x4xf32>) -> tensor<3x4xf32>", "3x4", 12, True),
    ],
)
def test_reshaping_copies_what_does_not_follow_one_another(view, shape, size, copied):
    body = RESHAPED.format(view=view, shape=shape, size=size)
    bef, function = compiled(body, "%x: tensor<6x4xf32>", f"tensor<{size}xf32>")
    made = [kernel.ops for kernel in function_work(bef, function)]
    assert (("stablehlo.reshape",) in made) is copied
    # numpy agrees.
    a = np.zeros((6, 4), np.float32)
    cut = {"[0:6, 0:2]": a[:, :2], "[2:5, 0:4]": a[2:5], "[3:4, 1:3]": a[3:4, 1:3], "[0:6:2, 0:4]": a[::2]}
    source = next((part for name, part in cut.items() if name in view), a.T)
    assert np.shares_memory(source.reshape(-1), a) is not copied


@pytest.mark.parametrize("name", ["mlp-64", "lenet-1", "encoder-block"])
def test_runs_take_what_has_been_planned(name):
    data = tfrt.compile((TEXTS / f"{name}.mlir").read_text(encoding="utf-8"), name, opt_level=2)
    program = tfrt.load(data, host=tfrt.HostContext(native=False))
    run = program["main"]
    types = [type.removeprefix("memref<").split("x")[:-1] for type in run.argument_types]
    arguments = [np.full(tuple(map(int, shape)), 0.01, np.float32) for shape in types]
    run(*arguments)
    workspaces.let_go()
    run(*arguments)
    runs = []
    tracemalloc.start()
    try:
        # Some run makes what later ones are faster with.
        for _ in range(5):
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            run(*arguments)
            runs.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    most = min(runs) + workspaces.kept() + workspaces.idle()
    planned = planned_memory(program.bef, main(program.bef))
    assert planned is not None
    assert planned // 2 < most <= planned + workspaces.kept() + BUFFERS
