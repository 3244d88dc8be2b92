"""`tfrt-translate`: what its options do beyond compiling and disassembling (see tests/filecheck/translate)."""

from __future__ import annotations

import pytest

from tests.executor.runtime.trace_files import slices, valid_events

TWO_PARTS = """\
func.func @f() -> i32 {
  // expected-error @+1 {{all functions need to have a tfrt.return}}
  %x = "a.b"() : () -> i32
}

// -----

func.func @g() {
  // expected-error @+1 {{BEF files cannot encode the 'type' attribute}}
  "a.b"() {type = tensor<1xf32>} : () -> ()
  tfrt.return
}
"""
PLAIN = "func.func @f() {\n  tfrt.return\n}\n"


def test_diagnostics_of_parts_are_verified(tool):
    done = tool("tfrt-translate", "-mlir-to-bef", "-split-input-file", "-verify-diagnostics", stdin=TWO_PARTS)
    assert (done.code, done.stdout, done.err) == (0, b"", "")


def test_diagnostics_that_nobody_expected(tool):
    done = tool("tfrt-translate", "--verify-diagnostics", stdin=TWO_PARTS.splitlines()[0] + "\n}\n")
    assert (done.code, done.stdout) == (1, b"")
    assert "error: unexpected error: " in done.err


def test_expected_diagnostics_that_do_not_come(tool):
    done = tool("tfrt-translate", "--verify-diagnostics", stdin="// expected-error@+1 {{wrong}}\n" + PLAIN)
    assert done.code == 1
    assert done.err.startswith('<stdin>:1:4: error: expected error "wrong" was not produced\n')


def test_parts_make_no_single_file(tool):
    done = tool("tfrt-translate", "--split-input-file", stdin=f"{PLAIN}// -----\n{PLAIN}")
    assert (done.code, done.stdout) == (2, b"")
    assert done.err == (
        "tfrt-translate: '-' has 2 parts, of which no single BEF file can be made;"
        " --split-input-file goes with --verify-diagnostics\n"
    )


@pytest.mark.parametrize("option", ["--split-input-file", "--verify-diagnostics"])
def test_options_for_compiling_only(tool, option):
    bef = tool("tfrt-translate", stdin=PLAIN).stdout
    done = tool("tfrt-translate", option, stdin=bef)
    assert (done.code, done.err) == (
        2,
        "tfrt-translate: --split-input-file and --verify-diagnostics go with --mlir-to-bef\n",
    )


def test_custom_form_unless_asked(tool):
    bef = tool("tfrt-translate", stdin=PLAIN).stdout
    assert "func.func @f() {" in tool("tfrt-translate", "--bef-to-mlir", stdin=bef).out
    generic = tool("tfrt-translate", "--bef-to-mlir", "--mlir-print-op-generic", stdin=bef).out
    assert '"func.func"() <{function_type = () -> (), sym_name = "f"}> ({' in generic


def test_missing_sections_are_told_before_the_text(tool):
    bef = tool("tfrt-translate", "--disable-optional-sections=true", stdin=PLAIN).stdout
    done = tool("tfrt-translate", "--bef-to-mlir", stdin=bef, merge_stderr=True)
    warning, _, text = done.out.partition("\n")
    assert warning == "tfrt-translate: warning: Missing AttributeTypes, AttributeNames or RegisterTypes sections."
    assert text.startswith("module {\n")


FRAMEWORKS = """\
func.func @main(%x: tensor<?x2xf32>, %y: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %0 = stablehlo.add %x, %y : tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}
"""


def test_shapes_of_arguments(tool):
    done = tool("tfrt-translate", "--input-shape", "x=3x2", "--input-shape=main.y=3x2xf32", stdin=FRAMEWORKS)
    assert (done.code, done.err) == (0, "")
    shown = tool("tfrt-translate", stdin=done.stdout).out
    assert "cpu.elementwise" in shown
    assert "?" not in shown


@pytest.mark.parametrize(
    ("shape", "code", "message"),
    [
        ("x", 2, "tfrt-translate: 'x' is no shape of an argument, such as x=8x28x28, 0=?x3xf32 or main.x=f32\n"),
        ("z=3x2", 2, "tfrt-translate: no argument is called 'z'; there are main.x, main.y\n"),
        ("x=3", 1, "<stdin>:1:1: error: argument 0 of @main is of type tensor<?x2xf32>, not 3\n"),
    ],
)
def test_shapes_that_do_not_fit(tool, shape, code, message):
    done = tool("tfrt-translate", "--input-shape", shape, stdin=FRAMEWORKS)
    assert (done.code, done.stdout) == (code, b"")
    assert done.err.startswith(message)


def test_traces_of_passes(tool, tmp_path):
    path = tmp_path / "trace.json"
    assert tool("tfrt-translate", "-O1", "--trace", path, stdin=PLAIN).code == 0
    events = valid_events(path.read_text())
    assert [event["name"] for event in slices(events, "pass")] == ["canonicalize", "cse"]
    bef = tool("tfrt-translate", stdin=PLAIN).stdout
    done = tool("tfrt-translate", "--trace", path, stdin=bef)
    assert (done.code, done.err) == (2, "tfrt-translate: --trace goes with --mlir-to-bef\n")


def test_shapes_go_with_texts(tool):
    bef = tool("tfrt-translate", stdin=PLAIN).stdout
    done = tool("tfrt-translate", "--input-shape", "x=3", stdin=bef)
    assert (done.code, done.err) == (2, "tfrt-translate: --input-shape goes with --mlir-to-bef\n")
