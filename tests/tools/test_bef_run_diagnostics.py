"""Diagnostics that a program says it reports."""

from __future__ import annotations

import tfrt

DIAGNOSED = """
func.func @f() -> i32 {
  // expected-error@+1 {{something bad happened}}
  %x = "tfrt_test.fail"() : () -> i32
  tfrt.return %x : i32
}
"""


def source_and_program(tmp_path, text):
    (tmp_path / "p.mlir").write_text(text)
    (tmp_path / "p.bef").write_bytes(tfrt.compile(text, "p.mlir"))
    return ["p.bef", "--source-root", "."]


def test_expected_diagnostics_are_checked_and_not_shown(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = tool("bef-run", *source_and_program(tmp_path, DIAGNOSED), "--verify-diagnostics")
    assert (done.code, done.err) == (0, "")
    assert done.out == "--- Running 'f':\n'f' returned <<error: something bad happened>>\n"


def test_an_expected_diagnostic_is_missed_where_nothing_at_all_is_reported(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = DIAGNOSED.replace('"tfrt_test.fail"() : () -> i32', "tfrt.constant.i32 1")
    done = tool("bef-run", *source_and_program(tmp_path, text), "--verify-diagnostics")
    assert done.code == 1
    assert done.err.splitlines()[0].endswith('error: expected error "something bad happened" was not produced')


def test_unexpected_and_missing_diagnostics(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = tool("bef-run", *source_and_program(tmp_path, DIAGNOSED.replace("{{some", "{{no")), "--verify-diagnostics")
    assert done.code == 1
    assert [line for line in done.err.splitlines() if "error: " in line] == [
        "p.mlir:4:8: error: unexpected error: runtime error: something bad happened",
        'p.mlir:3:6: error: expected error "nothing bad happened" was not produced',
    ]


def test_kernels_that_do_not_exist_can_be_expected(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    comment = "// expected-error@+1 {{unknown kernel name 'x.y'}}"
    text = f'func.func @f() {{\n  {comment}\n  "x.y"() : () -> ()\n  tfrt.return\n}}\n'
    done = tool("bef-run", *source_and_program(tmp_path, text), "--verify-diagnostics")
    assert (done.code, done.out, done.err) == (0, "", "")
