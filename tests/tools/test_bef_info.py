"""What `bef-info` shows of a file, and what it finds wrong with one."""

from __future__ import annotations

import json
from importlib.metadata import version

import numpy as np
import pytest

import tfrt
from tfrt.executor.values.safetensors import write_safetensors

PROGRAM = """\
func.func @main(%x: i32) -> i32 {
  %one = tfrt.constant.i32 1
  %y = tfrt.add.i32 %x, %one
  %z = "info_test.unknown"(%y) : (i32) -> i32
  tfrt.return %z : i32
}
func.func @twice(%n: i32, %x: i32) -> i32 {
  %y = tfrt.repeat.i32 %n, %x : i32 {
    %z = tfrt.add.i32 %x, %x
    tfrt.return %z : i32
  }
  tfrt.return %y : i32
}
"""

MODEL = """\
func.func @main(%x: tensor<2x3xf32> {tfrt.name = "x"}) -> tensor<2x4xf32> {
  %w = stablehlo.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0]]> : tensor<3x4xf32>
  %y = stablehlo.dot %x, %w : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %z = stablehlo.tanh %y : tensor<2x4xf32>
  return %z : tensor<2x4xf32>
}
"""

NAMED = """\
program.bef: 628 B
  made without passes, or by a tool that does not say

sections
   87 B  Strings
    4 B  Attributes
    5 B  Kernels
    2 B  Types
   25 B  FunctionIndex
  408 B  Functions
   13 B  LocationStrings
   32 B  Locations
    3 B  AttributeTypes
    5 B  AttributeNames
   13 B  RegisterTypes

functions (2, and 1 of regions)
  main: 3 kernels  program.mlir:1:1
    takes   i32
    returns i32
  twice: 1 kernels  program.mlir:7:1
    takes   i32
    takes   i32
    returns i32

kernels
  2  tfrt.add.i32
  1  info_test.unknown  MISSING HERE
  1  tfrt.constant.i32
  1  tfrt.repeat.i32
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.bef").write_bytes(tfrt.compile(PROGRAM, "program.mlir"))
    return "program.bef"


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bef = tfrt.compile(MODEL, "model.mlir", opt_level=1, externalize_constants="weights.safetensors", larger_than=16)
    (tmp_path / "model.bef").write_bytes(bef)
    return "model.bef"


def test_a_file_is_shown(tool, program):
    done = tool("bef-info", program)
    assert (done.code, done.out, done.err) == (0, NAMED, "")


def test_what_a_compiled_model_says_of_itself(tool, model):
    done = tool("bef-info", model, "--json")
    found = json.loads(done.out)
    assert found["producer"] == {
        "tool": f"tfrt {version('tfrt')}",
        "source": "model.mlir",
        "passes": "stablehlo-inline,stablehlo-canonicalize,stablehlo-recognize,stablehlo-channels-last,"
        "stablehlo-subpixel,stablehlo-hoist,stablehlo-unroll,stablehlo-distribute,stablehlo-canonicalize,stablehlo-attention,"
        "stablehlo-canonicalize{last=true},"
        "lower-stablehlo,canonicalize,cse,"
        'externalize-constants{file="weights.safetensors" larger_than=16}',
    }
    (main,) = found["functions"]
    assert (main["kind"], main["arguments"]) == ("async", [{"name": "x", "type": "memref<2x3xf32>"}])
    assert found["ops"] == [
        {"name": "stablehlo.dot", "uses": 1, "known": True},
        {"name": "stablehlo.tanh", "uses": 1, "known": True},
    ]
    assert (found["constants"], found["weights"]) == ([], [{"name": "constant0", "type": "3x4xf32", "bytes": 48}])
    assert sum(section["bytes"] for section in found["sections"]) < found["bytes"]


def test_attributes_that_only_have_the_names_of_others(tool, tmp_path):
    """Names of ops and weights are looked for in attributes of these names, which may be anything else."""
    path = tmp_path / "odd.bef"
    path.write_bytes(
        tfrt.compile("""
func.func @main() {
  "cqu.odd"() {op_name = 1.5 : f32} : () -> ()
  "cqu.odd"() {op_name = "odd.op"} : () -> ()
  "cqu.odd"() {steps = 3 : i32} : () -> ()
  "cqu.odd"() {steps = [1 : i32, "a", ["odd.step", 2 : i32], [3 : i32, "b"]]} : () -> ()
  "cqu.weight"() {metadata = 1 : i32, name = 2 : i32} : () -> ()
  "cqu.weight"() {metadata = ["a"], name = "w"} : () -> ()
  tfrt.return
}""").replace(b"cqu.", b"cpu.")
    )
    found = json.loads(tool("bef-info", path, "--json").out)
    assert [op["name"] for op in found["ops"]] == ["odd.op", "odd.step"]
    assert found["weights"] == [{"name": "w", "type": "?", "bytes": 0}]


def test_constants_are_listed_the_largest_first(tool, tmp_path):
    path = tmp_path / "model.bef"
    path.write_bytes(tfrt.compile(MODEL.replace("%z = stablehlo.tanh %y", "%z = stablehlo.add %y, %y"), "model.mlir"))
    done = tool("bef-info", path)
    assert "\nconstants (1, 48 B)\n  48 B  3x4xf32\n" in done.out


def test_it_reads_the_standard_input(tool, program, tmp_path):
    done = tool("bef-info", stdin=(tmp_path / program).read_bytes())
    assert done.out == NAMED.replace("program.bef", "-")


class TestVerify:
    def test_kernels_that_are_missing(self, tool, program):
        done = tool("bef-info", program, "--verify")
        assert (done.code, done.out) == (1, NAMED)
        assert done.err == "program.mlir:4:8: error: unknown kernel name 'info_test.unknown'\n"

    def test_kernels_of_a_module(self, tool, program, tmp_path):
        text = "import tfrt\n@tfrt.kernel('info_test.unknown')\ndef unknown(x: int) -> int:\n    return x\n"
        (tmp_path / "more.py").write_text(text)
        done = tool("bef-info", program, "--verify", "--kernels", "more.py")
        assert (done.code, done.err) == (0, "")
        assert "MISSING" not in done.out and done.out.endswith("\nverified: it can be loaded here\n")

    def test_weights(self, tool, model):
        done = tool("bef-info", model, "--verify", "--json")
        (problem,) = json.loads(done.out)["problems"]
        assert done.code == 1
        said = "the program was compiled without its weights: load it with weights=..., or run it with --weights FILE"
        assert problem == f"model.mlir:2:8: error: {said}"
        done = tool("bef-info", model, "--verify", "--weights", "weights.safetensors", "--json")
        assert (done.code, json.loads(done.out)["problems"]) == (0, [])
        write_safetensors("others.safetensors", {"constant0": np.zeros((3, 5), np.float32)})
        done = tool("bef-info", model, "--verify", "--weights", "others.safetensors")
        assert done.code == 1 and "the weight 'constant0' of 'others.safetensors'" in done.err

    def test_an_attribute_that_is_corrupt(self, tool, program, tmp_path):
        content = bytearray((tmp_path / program).read_bytes())
        with_types = content.rindex(bytes([1, 0, 8]))  # AttributeTypes: one attribute, at 0, an i32
        content[with_types + 2] = 99
        (tmp_path / "corrupt.bef").write_bytes(content)
        done = tool("bef-info", "corrupt.bef", "--verify")
        assert done.code == 1
        assert (
            done.err == "error: invalid BEF file: cannot decode attribute type 99 in section Attributes at offset 96\n"
        )


def test_a_file_that_is_no_bef(tool, tmp_path):
    path = tmp_path / "program.mlir"
    path.write_text(PROGRAM)
    done = tool("bef-info", path)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"bef-info: '{path}': invalid BEF file: it does not start with the bytes 0B EF at offset 0\n"


def test_a_file_that_is_not_there(tool):
    done = tool("bef-info", "missing.bef")
    assert (done.code, done.err) == (2, "bef-info: cannot read 'missing.bef': No such file or directory\n")
