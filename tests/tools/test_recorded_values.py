"""`bef-run --dump-values` and `--compare-with`: values of kernels, and where two programs begin to differ."""

from __future__ import annotations

import numpy as np
import pytest

import tfrt
from tfrt.executor.runtime.recording import Recording
from tfrt.executor.tools.recorded_values import kept
from tfrt.executor.values.safetensors import write_safetensors

PROGRAM = """\
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = stablehlo.constant dense<2.0> : tensor<2x3xf32>
  %a = stablehlo.multiply %x, %c : tensor<2x3xf32>
  %b = stablehlo.tanh %a : tensor<2x3xf32>
  %d = stablehlo.reverse %b, dims = [1] : tensor<2x3xf32>
  %e = stablehlo.subtract %d, %x : tensor<2x3xf32>
  return %e : tensor<2x3xf32>
}
"""
INPUT = ("--function", "main", "--input", "2x3xf32=[[1 2 3][4 5 6]]")

OVERWRITING = """\
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = stablehlo.concatenate %x, %x, dim = 0 : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %b = stablehlo.exponential %a : tensor<4xf32>
  %c = stablehlo.slice %b [1:3] : (tensor<4xf32>) -> tensor<2xf32>
  return %c : tensor<2xf32>
}
"""

LOOP = """\
func.func @main() -> i32 {
  %n = tfrt.constant.i32 3
  %x = tfrt.constant.i32 1
  %y = tfrt.repeat.i32 %n, %x : i32 {
    %z = tfrt.add.i32 %x, %x
    tfrt.return %z : i32
  }
  tfrt.return %y : i32
}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.mlir").write_text(PROGRAM)
    for name, text, level in (
        ("plain", PROGRAM, 0), ("optimised", PROGRAM, 2),
        ("other", PROGRAM.replace("@main", "@other"), 0), ("loop", LOOP, 0), ("unrolled", LOOP, 2),
    ):  # fmt: skip
        (tmp_path / f"{name}.bef").write_bytes(tfrt.compile(text, "p.mlir", opt_level=level))
    return tmp_path


class TestDump:
    def test_what_kernels_got_and_gave(self, folder, tool):
        done = tool("bef-run", "plain.bef", *INPUT, "--dump-values", "values.npz", "--dump-kernels", "stablehlo.tanh")
        assert (done.code, done.err) == (0, "")
        found = dict(np.load("values.npz"))
        x = np.float32([[1, 2, 3], [4, 5, 6]])
        names = ["0.cpu.elementwise@p.mlir:4:8.operand0", "0.cpu.elementwise@p.mlir:4:8.result0"]
        assert list(found) == names
        np.testing.assert_array_equal(found[names[0]], 2 * x)
        np.testing.assert_allclose(found[names[1]], np.tanh(2 * x), rtol=1e-6)

    @pytest.mark.parametrize(
        ("patterns", "numbers"),
        [
            ("p.mlir:6", [(6, "elementwise")]),
            ("p.mlir:3:8,stablehlo.reverse", [(3, "elementwise"), (5, "call")]),
            ("cpu.elementwise", [(3, "elementwise"), (4, "elementwise"), (6, "elementwise")]),
            ("tfrt.*", []),
        ],
    )
    def test_kernels_are_chosen_by_name_op_and_place(self, folder, tool, patterns, numbers):
        done = tool("bef-run", "plain.bef", *INPUT, "--dump-values", "v.npz", "--dump-kernels", patterns)
        assert (done.code, done.err) == (0, "")
        expected = [f"{i}.cpu.{kernel}@p.mlir:{line}:8.result0" for i, (line, kernel) in enumerate(numbers)]
        assert [name for name in np.load("v.npz") if name.endswith("result0")] == expected

    def test_by_default_all_are_saved_each_time_that_they_run(self, folder, tool):
        done = tool("bef-run", "loop.bef", "--dump-values", "values.npz")
        assert (done.code, done.err) == (0, "")
        found = np.load("values.npz")
        assert [found[name].item() for name in found if "tfrt.add.i32" in name and "result" in name] == [2, 4, 8]

    @pytest.mark.parametrize("other", [("--profile", "p.json"), ("--enable_tracing",), ("--dump-plan",)])
    def test_it_goes_alone(self, folder, tool, other):
        done = tool("bef-run", "plain.bef", "--dump-values", "v.npz", *other)
        said = "--dump-values goes neither with --profile nor with --enable_tracing nor with --dump-plan"
        assert (done.code, done.err) == (2, f"bef-run: {said}\n")

    def test_what_a_kernel_that_fails_was_given(self, folder, tool):
        text = (
            "func.func @main(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {\n"
            "  %z = stablehlo.add %x, %y : tensor<?xf32>\n  return %z : tensor<?xf32>\n}\n"
        )
        (folder / "failing.bef").write_bytes(tfrt.compile(text, "p.mlir"))
        inputs = ("--input", "2xf32=1", "--input", "3xf32=1")
        assert tool("bef-run", "failing.bef", *inputs, "--dump-values", "v.npz").code == 1
        found = np.load("v.npz")
        assert {name.rpartition(".")[2]: found[name].shape for name in found} == {"operand0": (2,), "operand1": (3,)}

    def test_values_that_are_overwritten_later_are_those_of_their_time(self):
        host = tfrt.HostContext(profile=(recording := Recording(kept)))
        bef = tfrt.compile(OVERWRITING, opt_level=2)
        assert b"cpu.elementwise_into" in bef
        tfrt.load(bef, host=host)["main"](np.zeros(2, np.float32))
        results = [value for run in recording.runs() for value in run.results if np.size(value) == 4]
        assert [value.tolist() for value in results[:2]] == [[0, 0, 0, 0], [1, 1, 1, 1]]


class TestCompare:
    def test_programs_that_agree(self, folder, tool):
        done = tool("bef-run", "plain.bef", *INPUT, "--compare-with", "optimised.bef")
        assert (done.code, done.err) == (0, "")
        assert done.out == "4 values of kernels at the same places agree\n"

    def test_the_first_values_that_differ(self, folder, tool):
        text = PROGRAM.replace("2x3xf32", "2xf32").replace("[1]", "[0]").replace("tanh", "sqrt")
        (folder / "p.mlir").write_text(text)
        for name, op in (("plain", "sign"), ("wrong", "sqrt")):
            (folder / f"{name}.bef").write_bytes(tfrt.compile(text.replace("sqrt", op), "p.mlir"))
        done = tool("bef-run", "plain.bef", "--input", "2xf32=0 2", "--compare-with", "wrong.bef")
        assert (done.code, done.out) == (1, "2 values of kernels at the same places agree before that\n")
        assert done.err == (
            "p.mlir:4:8: error: these are the first values that differ: 1 of 2 elements differ, the first one at [1]\n"
            "  %b = stablehlo.sqrt %a : tensor<2xf32>\n"
            "       ^\n"
            "note: 'plain.bef': cpu.elementwise (stablehlo.sign) gives 2xf32=0.0 1.0\n"
            "note: 'wrong.bef': cpu.elementwise (stablehlo.sqrt) gives 2xf32=0.0 2.0\n"
            "error: result #0 of 'main' differs: 1 of 2 elements differ, the first one at [0]\n"
            "note: 'plain.bef' gives 2xf32=1.0 -2.0\n"
            "note: 'wrong.bef' gives 2xf32=2.0 -2.0\n"
        )

    def test_loops_that_were_unrolled_are_passed_over(self, folder, tool):
        done = tool("bef-run", "loop.bef", "--compare-with", "unrolled.bef")
        assert (done.code, done.err) == (0, "")

    def test_functions_that_are_not_there(self, folder, tool):
        done = tool("bef-run", "plain.bef", *INPUT, "--compare-with", "other.bef")
        assert (done.code, done.err) == (2, "bef-run: there is no function 'main'; the file has: other\n")

    def test_each_file_has_its_weights(self, folder, tool):
        text = PROGRAM.replace("dense<2.0>", "dense<[[2.0, 2.0, 2.0], [2.0, 2.0, 3.0]]>")
        for name, level in (("a", 0), ("b", 2)):
            bef = tfrt.compile(
                text, "p.mlir", opt_level=level, externalize_constants=f"{name}.safetensors", larger_than=8
            )
            (folder / f"{name}.bef").write_bytes(bef)
        write_safetensors("c.safetensors", {"constant0": np.zeros((2, 3), np.float32)})
        arguments = ("bef-run", "a.bef", *INPUT, "--weights", "a.safetensors", "--compare-with", "b.bef")
        assert tool(*arguments).code == 0
        assert tool(*arguments, "--compare-weights", "b.safetensors").code == 0
        done = tool(*arguments, "--compare-weights", "c.safetensors")
        assert done.code == 1 and "error: these are the first values that differ: 6 of 6" in done.err
        assert tool("bef-run", "a.bef", *INPUT, "--compare-with", "b.bef").code == 2
