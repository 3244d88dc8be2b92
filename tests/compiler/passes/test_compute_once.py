"""What depends on constants and weights only is computed once for a loaded program."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

import tfrt
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.passes.symbol_dce import functions_of
from tfrt.compiler.pipelines.manager import run_passes
from tfrt.compiler.pipelines.pipeline import PIPELINES, parse_pipeline, with_lowering
from tfrt.compiler.printer import print_module

ROWS, COLUMNS = 24, 16


def weights(dtype: str, seed: int = 0) -> str:
    """A constant of a matrix, by its bytes."""
    numpy = {"bf16": ml_dtypes.bfloat16, "f32": np.float32, "i8": np.int8}[dtype]
    values = (np.random.default_rng(seed).standard_normal((ROWS, COLUMNS)) * 20).astype(numpy)
    spelled = f"tensor<{ROWS}x{COLUMNS}x{dtype}>"
    return f'stablehlo.constant dense<"0x{values.tobytes().hex()}"> : {spelled}'


QUANTIZED = f"""
func.func @main(%x: tensor<2x{ROWS}xf32>) -> tensor<2x{COLUMNS}xf32> {{
  %w = {weights("i8")}
  %s = stablehlo.constant dense<0.25> : tensor<{COLUMNS}xf32>
  %f = stablehlo.convert %w : (tensor<{ROWS}x{COLUMNS}xi8>) -> tensor<{ROWS}x{COLUMNS}xf32>
  %b = stablehlo.broadcast_in_dim %s, dims = [1] : (tensor<{COLUMNS}xf32>) -> tensor<{ROWS}x{COLUMNS}xf32>
  %d = stablehlo.multiply %f, %b : tensor<{ROWS}x{COLUMNS}xf32>
  %y = stablehlo.dot_general %x, %d, contracting_dims = [1] x [0]
    : (tensor<2x{ROWS}xf32>, tensor<{ROWS}x{COLUMNS}xf32>) -> tensor<2x{COLUMNS}xf32>
  return %y : tensor<2x{COLUMNS}xf32>
}}"""


def functions(text: str, passes: str = PIPELINES[2]) -> dict[str, str]:
    """The text of each function of a program after passes."""
    module = parse_module(text)
    run_passes(module, with_lowering(module, parse_pipeline(passes)))
    return {name: print_module(ModuleOp([function.clone()])) for name, function in functions_of(module).items()}


def test_weights_are_converted_in_a_function_of_their_own():
    found = functions(QUANTIZED)
    assert list(found) == ["main", "main_constants"]
    assert "cpu.once {function = @main_constants} : memref<24x16xf32>" in found["main"]
    assert "cpu.constant" not in found["main"]
    assert "stablehlo.dot_general" not in found["main_constants"]
    assert "stablehlo.multiply" in found["main_constants"]


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("plans", [{"plans": False}, {"plan_threshold": 0}, {}])
def test_results_are_the_same_in_each_call(queue, plans):
    rng = np.random.default_rng(1)
    with tfrt.HostContext(queue, **plans) as host:
        run, plain = (tfrt.load(tfrt.compile(QUANTIZED, opt_level=level), host=host)["main"] for level in (2, 0))
        for _ in range(4):
            x = rng.standard_normal((2, ROWS)).astype(np.float32)
            np.testing.assert_allclose(run(x), plain(x), rtol=1e-5, atol=1e-4)


def test_weights_in_a_file(tmp_path):
    file = tmp_path / "w.safetensors"
    compiled = tfrt.compile(QUANTIZED, opt_level=2, externalize_constants=str(file), larger_than=64)
    x = np.ones((2, ROWS), np.float32)
    wanted = tfrt.load(tfrt.compile(QUANTIZED))["main"](x)
    run = tfrt.load(compiled, weights=file)["main"]
    for _ in range(2):
        np.testing.assert_allclose(run(x), wanted, rtol=1e-5, atol=1e-4)


def test_nobody_writes_to_what_is_kept():
    """An elementwise op may otherwise be given the memory of what it reads last, and a result is the caller's."""
    matrix = f"tensor<{ROWS}x{COLUMNS}x"
    text = f"""
    func.func @main(%x: {matrix}f32>) -> ({matrix}f32>, {matrix}f32>) {{
      %w = {weights("bf16")}
      %f = stablehlo.convert %w : ({matrix}bf16>) -> {matrix}f32>
      %y = stablehlo.add %f, %x : {matrix}f32>
      return %y, %f : {matrix}f32>, {matrix}f32>
    }}"""
    run = tfrt.load(tfrt.compile(text, opt_level=2))["main"]
    x = np.ones((ROWS, COLUMNS), np.float32)
    first = [each.copy() for each in run(x)]
    for _ in range(3):
        found = run(x)
        np.testing.assert_array_equal(found, first)
        for each in found:
            each.fill(7)


@pytest.mark.parametrize(
    ("options", "is_taken"),
    [("", False), ("{small=65536}", True), ("{growth=40}", True), ("{growth=39 small=99}", False)],
)
def test_what_grows_is_computed_in_each_call(options, is_taken):
    text = """
    func.func @main(%x: tensor<40x400xf32>) -> tensor<40x400xf32> {
      %c = stablehlo.constant dense<1.0> : tensor<400xf32>
      %l = stablehlo.log %c : tensor<400xf32>
      %b = stablehlo.broadcast_in_dim %l, dims = [1] : (tensor<400xf32>) -> tensor<40x400xf32>
      %s = stablehlo.sine %b : tensor<40x400xf32>
      %y = stablehlo.divide %s, %x : tensor<40x400xf32>
      return %y : tensor<40x400xf32>
    }"""
    found = functions(text, f"inline,lower-to-cpu,compute-once{options},decompose-cpu-ops")
    assert ("stablehlo.sine" not in found["main"]) is is_taken
    # A vector is never too large.
    assert "stablehlo.log" in found["main_constants"]


def test_views_stay_what_they_are():
    text = f"""
    func.func @main(%x: tensor<2x{COLUMNS}xf32>) -> tensor<2x{ROWS}xf32> {{
      %w = {weights("f32")}
      %t = stablehlo.transpose %w, dims = [1, 0] : (tensor<{ROWS}x{COLUMNS}xf32>) -> tensor<{COLUMNS}x{ROWS}xf32>
      %y = stablehlo.dot_general %x, %t, contracting_dims = [1] x [0]
        : (tensor<2x{COLUMNS}xf32>, tensor<{COLUMNS}x{ROWS}xf32>) -> tensor<2x{ROWS}xf32>
      return %y : tensor<2x{ROWS}xf32>
    }}"""
    assert list(functions(text)) == ["main"]


def test_what_is_used_twice_is_made_once():
    """By an op that is computed once, too, and by another; the constant stays where something else reads it."""
    matrix = f"tensor<{ROWS}x{COLUMNS}x"
    text = f"""
    func.func @main(%x: {matrix}f32>) -> {matrix}f32> {{
      %w = {weights("bf16")}
      %f = stablehlo.convert %w : ({matrix}bf16>) -> {matrix}f32>
      %e = stablehlo.exponential %f : {matrix}f32>
      %a = stablehlo.multiply %x, %e : {matrix}f32>
      %b = stablehlo.subtract %a, %f : {matrix}f32>
      %i = stablehlo.bitcast_convert %w : ({matrix}bf16>) -> {matrix}i16>
      %g = stablehlo.convert %i : ({matrix}i16>) -> {matrix}f32>
      %y = stablehlo.add %b, %g : {matrix}f32>
      return %y : {matrix}f32>
    }}"""
    found = functions(text)
    assert list(found) == ["main", "main_constants"]
    x = np.ones((ROWS, COLUMNS), np.float32)
    wanted = tfrt.load(tfrt.compile(text))["main"](x)
    run = tfrt.load(tfrt.compile(text, opt_level=2))["main"]
    for _ in range(2):
        np.testing.assert_allclose(run(x), wanted, rtol=1e-5)


def test_what_stays_is_in_the_function_too_where_that_needs_it():
    """A view that others read, and a repeated vector that is too large to be kept."""
    text = f"""
    func.func @main(%x: tensor<{COLUMNS}x{ROWS}xf32>, %y: tensor<200x300xf32>)
        -> (tensor<{COLUMNS}x{ROWS}xf32>, tensor<200x300xf32>, tensor<f32>) {{
      %w = {weights("f32")}
      %t = stablehlo.transpose %w, dims = [1, 0] : (tensor<{ROWS}x{COLUMNS}xf32>) -> tensor<{COLUMNS}x{ROWS}xf32>
      %e = stablehlo.exponential %t : tensor<{COLUMNS}x{ROWS}xf32>
      %a = stablehlo.multiply %x, %t : tensor<{COLUMNS}x{ROWS}xf32>
      %b = stablehlo.add %a, %e : tensor<{COLUMNS}x{ROWS}xf32>
      %v = {weights("f32", 1)}
      %r = stablehlo.reshape %v : (tensor<{ROWS}x{COLUMNS}xf32>) -> tensor<{ROWS * COLUMNS}xf32>
      %s = stablehlo.slice %r [0:300] : (tensor<{ROWS * COLUMNS}xf32>) -> tensor<300xf32>
      %l = stablehlo.sine %s : tensor<300xf32>
      %g = stablehlo.broadcast_in_dim %l, dims = [1] : (tensor<300xf32>) -> tensor<200x300xf32>
      %c = stablehlo.add %y, %g : tensor<200x300xf32>
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %m = stablehlo.reduce(%g init: %zero) applies stablehlo.add across dimensions = [0, 1]
        : (tensor<200x300xf32>, tensor<f32>) -> tensor<f32>
      return %b, %c, %m : tensor<{COLUMNS}x{ROWS}xf32>, tensor<200x300xf32>, tensor<f32>
    }}"""
    found = functions(text, "inline,lower-to-cpu,compute-once")
    for name in ("main", "main_constants"):
        assert "stablehlo.broadcast_in_dim" in found[name]
        assert "stablehlo.transpose" in found[name]
    assert "stablehlo.sine" not in found["main"]
    x, y = np.ones((COLUMNS, ROWS), np.float32), np.ones((200, 300), np.float32)
    run, plain = (tfrt.load(tfrt.compile(text, opt_level=level))["main"] for level in (2, 0))
    for _ in range(2):
        for given, wanted in zip(run(x, y), plain(x, y), strict=True):
            np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-4)


def test_constants_keep_their_order():
    """So the same text is the same bytes, whenever it is compiled."""
    matrix = f"tensor<{ROWS}x{COLUMNS}x"
    lines, last = [], "%x"
    for number in range(12):
        lines += [
            f"%w{number} = {weights('bf16', number)}",
            f"%f{number} = stablehlo.convert %w{number} : ({matrix}bf16>) -> {matrix}f32>",
            f"%y{number} = stablehlo.add {last}, %f{number} : {matrix}f32>",
        ]
        last = f"%y{number}"
    body = "\n".join([*lines, f"return {last} : {matrix}f32>"])
    text = f"func.func @main(%x: {matrix}f32>) -> {matrix}f32> {{\n{body}\n}}"
    made = functions(text)["main_constants"].lower()
    begins = [weights("bf16", number).split('"')[1][:40].lower() for number in range(12)]
    places = [made.index(begin) for begin in begins]
    assert places == sorted(places)
    assert len({tfrt.compile(text, opt_level=2) for _ in range(4)}) == 1


def test_branches_have_functions_of_their_own():
    matrix = f"tensor<{ROWS}x{COLUMNS}x"
    branches = []
    for seed in (0, 1):
        branches.append(f"""{{
        %w = {weights("bf16", seed)}
        %f = stablehlo.convert %w : ({matrix}bf16>) -> {matrix}f32>
        %y = stablehlo.add %x, %f : {matrix}f32>
        stablehlo.return %y : {matrix}f32>
      }}""")
    text = f"""
    func.func @main(%p: tensor<i1>, %x: {matrix}f32>) -> {matrix}f32> {{
      %0 = "stablehlo.if"(%p) ({branches[0]}, {branches[1]}) : (tensor<i1>) -> {matrix}f32>
      return %0 : {matrix}f32>
    }}"""
    assert [name for name in functions(text) if "constants" in name] == ["main.then_constants", "main.else_constants"]
    run, plain = (tfrt.load(tfrt.compile(text, opt_level=level))["main"] for level in (2, 0))
    x = np.ones((ROWS, COLUMNS), np.float32)
    for chosen in (True, False, True):
        np.testing.assert_array_equal(run(np.array(chosen), x), plain(np.array(chosen), x))
