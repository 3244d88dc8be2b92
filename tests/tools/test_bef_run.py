"""bef-run: what it runs, what it prints, and what it says when it cannot."""

from __future__ import annotations

import gc
import io
import os
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import tfrt
from tests.executor.runtime.trace_files import slices, valid_events
from tfrt.executor.declarations.kernel_profile import read_profile
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.tools import bef_run

PROGRAM = """\
func.func @add(%x: i32, %y: i32) -> i32 {
  %z = tfrt.add.i32 %x, %y
  tfrt.return %z : i32
}
func.func @with_chain(%ch: !tfrt.chain, %x: f32) -> (!tfrt.chain, f32) {
  %y = tfrt.add.f32 %x, %x
  tfrt.return %ch, %y : !tfrt.chain, f32
}
func.func @same(%t: !tfrt_tensor.tensor) -> !tfrt_tensor.tensor {
  tfrt.return %t : !tfrt_tensor.tensor
}
func.func @seven() -> i32 {
  %x = tfrt.constant.i32 7
  tfrt.return %x : i32
}
func.func @half() -> (f32, f64) {
  %x = tfrt.constant.f32 0.5
  %y = tfrt.constant.f64 -0.25
  tfrt.return %x, %y : f32, f64
}
func.func @divide(%x: i32, %y: i32) -> (i32, i32) {
  %q, %r = tfrt.div.i32 %x, %y
  tfrt.return %q, %r : i32, i32
}
func.func @hello() {
  %ch0 = tfrt.new.chain
  %x = tfrt.constant.i32 42
  %ch1 = tfrt.print.i32 %x, %ch0
  tfrt.return
}
"""


@pytest.fixture(scope="module")
def bef(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bef") / "program.bef"
    path.write_bytes(tfrt.compile(PROGRAM, "program.mlir"))
    return path


@pytest.fixture
def run(tool, bef):
    """Runs functions of the program above; returns the exit code, the output and what came on stderr."""

    def call(*arguments):
        done = tool("bef-run", bef, *arguments)
        return done.code, done.out, done.err.replace(str(bef), "program.bef")

    return call


def compiled(folder: Path, text: str) -> Path:
    path = folder / "test.bef"
    path.write_bytes(tfrt.compile(textwrap.dedent(text), "test.mlir"))
    return path


def test_runs_every_function_without_arguments_in_order(run):
    assert run() == (
        0,
        "--- Not running 'add' because it has arguments.\n"
        "--- Not running 'with_chain' because it has arguments.\n"
        "--- Not running 'same' because it has arguments.\n"
        "--- Running 'seven':\n"
        "'seven' returned 7\n"
        "--- Running 'half':\n"
        "'half' returned 5.000000e-01,-2.500000e-01\n"
        "--- Not running 'divide' because it has arguments.\n"
        "--- Running 'hello':\n"
        "int32 = 42\n",
        "",
    )


def test_reads_the_standard_input(tool, bef):
    assert "'seven' returned 7" in tool("bef-run", stdin=bef.read_bytes()).out
    assert "'seven' returned 7" in tool("bef-run", "-", stdin=bef.read_bytes()).out


def test_functions_are_run_in_the_order_asked_for(run):
    code, out, _ = run("-functions=hello,seven")
    assert (code, out) == (
        0,
        "--- Running 'hello':\nint32 = 42\n--- Running 'seven':\n'seven' returned 7\n",
    )


def test_init_function_runs_first_and_once(run):
    code, out, _ = run("--test_init_function", "hello", "--functions=seven,hello")
    assert (code, out) == (
        0,
        "--- Running 'hello':\nint32 = 42\n--- Running 'seven':\n'seven' returned 7\n",
    )


@pytest.mark.parametrize("queue", ["s", "mstd", "mstd:2", "mstd:2,3"])
def test_work_queues(run, queue):
    assert run("--functions", "seven", "--work_queue_type", queue)[:2] == (
        0,
        "--- Running 'seven':\n'seven' returned 7\n",
    )


@pytest.mark.parametrize(
    ("arguments", "returned"),
    [
        (["add", "--input", "3", "--input=-5"], "-2"),
        (["add", "--input=i32=3", "--input", "0x10"], "19"),
        (["with_chain", "--input", "1.5"], "!tfrt.chain value,3.000000e+00"),
        (["same", "--input", "2x2xi32=[[1 2][3 4]]"], "2x2xi32=[1 2][3 4]"),
        (["same", "--input", "2xf32=0.5"], "2xf32=0.5 0.5"),
        (["seven"], "7"),
    ],
)
def test_inputs(run, arguments, returned):
    name = arguments[0]
    expected = (0, f"--- Running '{name}':\n'{name}' returned {returned}\n", "")
    assert run("--function", *arguments) == expected


def test_inputs_from_files(run, tmp_path):
    np.save(tmp_path / "x.npy", np.float32([[1, 2]]))
    assert "returned 1x2xf32=[1.0 2.0]" in run("--function=same", f"--input=@{tmp_path}/x.npy")[1]


def test_one_of_functions_can_have_inputs(run):
    assert "'add' returned 3" in run("--functions=add", "--input=1", "--input=2")[1]


def test_a_program_of_one_function_needs_no_name(tool, tmp_path):
    path = compiled(
        tmp_path,
        """
        func.func @only(%x: i32) -> i32 {
          tfrt.return %x : i32
        }
        """,
    )
    assert "'only' returned 4" in tool("bef-run", path, "--input=4").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "--input=3", "--input=4", "--expected_output=7"],
        ["with_chain", "--input=1.5", "--expected_output=3.00001"],
        ["with_chain", "--input=1.5", "--expected_output=4", "--expected_tolerance=1"],
        ["same", "--input=2xi32=1 2", "--expected_output=2xi32=[1,2]"],
        ["divide", "--input=7", "--input=2", "--expected_output=(ignored)", "--expected_output=1"],
        ["seven", "--expected_output", "7"],
    ],
)
def test_expected_outputs(run, arguments):
    code, _, err = run("--function", *arguments)
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["add", "--input=3", "--input=4", "--expected_output=8"],
            "result #0 of 'add': expected 8, got 7",
        ),
        (
            ["with_chain", "--input=0.1", "--expected_output=0.25"],
            "result #1 of 'with_chain': expected 0.25, got 0.2",
        ),
        (
            ["same", "--input=2xi32=1 2", "--expected_output=2xi32=1 3"],
            "result #0 of 'same': expected 2xi32=1 3, got 2xi32=1 2 (1 of 2 elements differ, the first one at [1])",
        ),
        (
            ["same", "--input=2xi32=1 2", "--expected_output=1x2xi32=1 2"],
            "result #0 of 'same': expected 1x2xi32=[1 2], got 2xi32=1 2 (the types differ)",
        ),
    ],
)
def test_unexpected_outputs_are_shown_with_both_values(run, arguments, message):
    code, _, err = run("--function", *arguments)
    assert (code, err) == (1, f"bef-run: {message}\n")


def test_an_error_is_never_expected(tool, tmp_path):
    path = compiled(tmp_path, PROGRAM)
    done = tool(
        "bef-run", path, "--function=divide", "--input=1", "--input=0", "--expected_output=0", "--expected_output=0"
    )
    assert done.code == 1
    assert "bef-run: result #0 of 'divide': expected 0, got <<error: " in done.err


def test_results_are_saved_by_function_and_index(run, tmp_path):
    path = tmp_path / "out.npz"
    assert run("--functions", "seven,half,hello", "--output", path)[0] == 0
    with np.load(path) as saved:
        assert {name: saved[name].item() for name in saved} == {"seven.0": 7, "half.0": 0.5, "half.1": -0.25}


FAILING = """\
func.func @bad() -> (i32, i32) {
  %good = tfrt.constant.i32 1
  %bad = "tool_test.fail"() : () -> i32
  tfrt.return %good, %bad : i32, i32
}
func.func @unused() -> i32 {
  %good = tfrt.constant.i32 1
  %bad = "tool_test.fail"() : () -> i32
  tfrt.return %good : i32
}
"""

DIAGNOSTIC = """\
fail.mlir:{}:10: error: runtime error: out of paper
  %bad = "tool_test.fail"() : () -> i32
         ^
"""


@kernel("tool_test.fail")
def fail() -> int:
    raise tfrt.KernelError("out of paper", code="RESOURCE_EXHAUSTED")


@pytest.fixture
def failing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("fail.mlir").write_text(FAILING)
    Path("fail.bef").write_bytes(tfrt.compile(FAILING, "fail.mlir"))
    return "fail.bef"


def test_errors_are_returned_and_reported_with_the_source_line(tool, failing):
    done = tool("bef-run", failing, "--functions=bad")
    assert done.code == 1
    assert done.out == "--- Running 'bad':\n'bad' returned 1,<<error: out of paper>>\n"
    assert done.err == DIAGNOSTIC.format(3)


def test_an_error_that_nobody_returns_is_reported_but_is_no_failure(tool, failing):
    done = tool("bef-run", failing, "--functions=unused")
    assert (done.code, done.err) == (0, DIAGNOSTIC.format(8))


def test_without_the_source_only_the_headline_is_shown(tool, failing):
    Path("fail.mlir").unlink()
    assert tool("bef-run", failing, "--functions=bad").err == DIAGNOSTIC.format(3).split("\n")[0] + "\n"


def test_error_codes(tool, failing):
    done = tool("bef-run", failing, "--functions=bad", "-print_error_code")
    assert "'bad' returned 1,<<error: out of paper, code: RESOURCE_EXHAUSTED>>" in done.out


def test_an_error_ends_a_synchronous_function(tool, tmp_path):
    path = compiled(
        tmp_path,
        """
        func.func @sync() -> (i32, i32) attributes {tfrt.sync} {
          %a = "tool_test.fail"() : () -> i32
          %b = "tool_test.fail"() : () -> i32
          tfrt.return %a, %b : i32, i32
        }
        """,
    )
    done = tool("bef-run", path)
    assert (done.code, done.out) == (1, "--- Running 'sync':\n'sync' returned <<error: out of paper>>\n")


def test_a_synchronous_function_without_results_shows_its_error(tool, tmp_path):
    path = compiled(
        tmp_path,
        """
        func.func @sync() attributes {tfrt.sync} {
          %a = "tool_test.fail"() : () -> i32
          tfrt.return
        }
        """,
    )
    done = tool("bef-run", path, "--print_error_code")
    assert (done.code, done.out) == (
        1,
        "--- Running 'sync':\n'sync' returned <<error: out of paper, code: RESOURCE_EXHAUSTED>>\n",
    )


NAMES = "add, with_chain, same, seven, half, divide, hello"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--functions=sevn"], "there is no function 'sevn'; did you mean 'seven'?"),
        (["--function=zzzzz"], f"there is no function 'zzzzz'; the file has: {NAMES}"),
        (["--test_init_function=zzzzz"], f"there is no function 'zzzzz'; the file has: {NAMES}"),
        (["--input=3", "--inputs=x.npz"], "--input and --inputs exclude each other"),
        (["--input=3"], f"--input, --inputs and --expected_output need --function; the file has: {NAMES}"),
        (["--function=add", "--functions=add"], "--function and --functions exclude each other"),
        (["--function=add", "--input=3"], "function 'add' takes 2 inputs (i32, i32), got 1"),
        (["--function=add"], "function 'add' takes 2 inputs (i32, i32), got 0"),
        (
            ["--expected_tolerance=nan"],
            "argument --expected_tolerance: expected a number that is not negative, got 'nan'",
        ),
        (
            ["--expected_tolerance=x"],
            "argument --expected_tolerance: expected a number that is not negative, got 'x'",
        ),
        (["--function=with_chain"], "function 'with_chain' takes 1 input (f32), got 0"),
        (["--function=seven", "--input=1"], "function 'seven' takes 0 inputs, got 1"),
        (
            ["--function=seven", "--expected_output=1", "--expected_output=1"],
            "function 'seven' has 1 output (i32), but 2 are expected",
        ),
        (["--function=hello", "--expected_output=1"], "function 'hello' has 0 outputs, but 1 is expected"),
        (
            ["--function=add", "--input=1", "--input=f32=2"],
            "input #1: 'f32=2' is of type f32, but i32 is wanted",
        ),
        (
            ["--function=same", "--input=2xi32=1 x"],
            "input #0: '2xi32=1 x', character 9: 'x' is not a value of type i32",
        ),
        (
            ["--function=seven", "--expected_output=3000000000"],
            "expected output #0: '3000000000', character 1: 3000000000 does not fit i32",
        ),
        (
            ["--work_queue_type=fast"],
            "unknown work queue 'fast': expected 's', 'mstd', 'mstd:N', 'mstd:N,M' or 'seeded:S'",
        ),
        (
            ["--profile=p.json", "--dump-plan"],
            "--profile and --dump-plan exclude each other: what is profiled runs without plans",
        ),
        (
            ["--trace=t.json", "--dump-plan"],
            "--trace and --dump-plan exclude each other: what is traced has run",
        ),
        (
            ["--trace=t.json", "--compare-with=x.bef"],
            "--trace and --compare-with exclude each other: run one program at a time",
        ),
        (["--trace-level=values"], "--trace-level goes with --trace"),
        (["--function"], "option '--function' needs a value"),
        (["--functoin=f"], "unknown option '--functoin'; did you mean '--function' or '--functions'?"),
    ],
)
def test_wrong_usage_is_one_line_and_nothing_runs(run, arguments, message):
    assert run(*arguments) == (2, "", f"bef-run: {message}\n")


def test_profiles(run, tmp_path):
    path = tmp_path / "profile.json"
    assert run("--functions=seven,half", f"--profile={path}") == run("--functions=seven,half")
    entries = {(entry.kernel, entry.location): entry for entry in read_profile(path.read_text())}
    assert {place: entry.runs for place, entry in entries.items()} == {
        ("tfrt.constant.i32", "program.mlir:13:8"): 1,
        ("tfrt.constant.f32", "program.mlir:17:8"): 1,
        ("tfrt.constant.f64", "program.mlir:18:8"): 1,
    }
    assert all(entry.total_ns == entry.median_ns > 0 for entry in entries.values())


def test_profiles_as_a_table(run):
    out = run("--functions=seven,half", "--profile=-")[1]
    plain = run("--functions=seven,half")[1]
    assert out.startswith(plain)
    head, *lines = out.removeprefix(plain).splitlines()
    assert head.split() == ["total", "share", "runs", "median", "kernel"]
    assert sorted(line.split()[-2:] for line in lines) == [
        ["tfrt.constant.f32", "program.mlir:17:8"],
        ["tfrt.constant.f64", "program.mlir:18:8"],
        ["tfrt.constant.i32", "program.mlir:13:8"],
    ]


def test_traces_of_events(run, tmp_path):
    path = tmp_path / "trace.json"
    assert run("--functions=seven,half", f"--trace={path}") == run("--functions=seven,half")
    events = valid_events(path.read_text())
    assert [event["name"] for event in slices(events, "function")] == ["@seven", "@half"]
    assert [event["name"] for event in slices(events, "program")] == ["load", "bind @seven", "bind @half"]
    assert len(slices(events, "kernel")) == 3
    run("--functions=seven,half", f"--trace={path}", "--trace-level=functions")
    assert slices(valid_events(path.read_text()), "kernel") == []


def test_what_has_run_until_ctrl_c_is_traced(tool, tmp_path):
    @kernel("test_bef_run.interrupted")
    def interrupted() -> int:
        raise KeyboardInterrupt

    text = 'func.func @f() -> i32 {\n  %r = "test_bef_run.interrupted"() : () -> i32\n  tfrt.return %r : i32\n}'
    path = tmp_path / "trace.json"
    assert tool("bef-run", compiled(tmp_path, text), "--trace", path).code == 130
    (interrupted_run,) = slices(valid_events(path.read_text()), "kernel")
    assert interrupted_run["args"]["failed"]


def test_a_profile_that_cannot_be_written(run, tmp_path):
    code, _, err = run("--functions=seven", f"--profile={tmp_path}")
    assert (code, err) == (2, f"bef-run: cannot write '{tmp_path}': Is a directory\n")


def test_what_does_not_run_leaves_an_old_profile_alone(run, tmp_path):
    path = tmp_path / "profile.json"
    path.write_text("old")
    assert run("--function=sevn", f"--profile={path}", f"--trace={path}")[0] == 2
    assert path.read_text() == "old"


def test_a_missing_file(tool):
    done = tool("bef-run", "none.bef")
    expected = "bef-run: cannot read 'none.bef': No such file or directory\n"
    assert (done.code, done.err) == (2, expected)


def test_text_instead_of_bef(tool, tmp_path):
    path = tmp_path / "program.mlir"
    path.write_text(PROGRAM)
    hint = f"compile it first: tfrt-translate --mlir-to-bef {path} | bef-run"
    done = tool("bef-run", path)
    assert (done.code, done.err) == (2, f"bef-run: '{path}' is MLIR text; {hint}\n")


def test_a_corrupt_file(tool, bef, tmp_path):
    path = tmp_path / "cut.bef"
    path.write_bytes(bef.read_bytes()[:100])
    done = tool("bef-run", path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"bef-run: '{path}': invalid BEF file: ")
    assert done.err.count("\n") == 1


def test_an_empty_input(tool):
    done = tool("bef-run")
    assert done.code == 2
    assert done.err.startswith("bef-run: '-': invalid BEF file: ")


def test_unknown_kernels_are_reported_where_they_are_used(tool, tmp_path):
    path = compiled(tmp_path, 'func.func @f() {\n  "nobody.knows"() : () -> ()\n  tfrt.return\n}\n')
    done = tool("bef-run", path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("test.mlir:2:3: error: ")
    assert "unknown kernel name 'nobody.knows'" in done.err


TWICE = """\
import tfrt


@tfrt.kernel("{name}")
def twice(x: int) -> int:
    return 2 * x
"""


def test_kernels_from_a_file(tool, tmp_path):
    kernels = tmp_path / "from_file.py"
    kernels.write_text(TWICE.format(name="from_file.twice"))
    path = compiled(
        tmp_path,
        """
        func.func @f(%x: i32) -> i32 {
          %y = "from_file.twice"(%x) : (i32) -> i32
          tfrt.return %y : i32
        }
        """,
    )
    done = tool("bef-run", path, "--kernels", kernels, "--input=21")
    assert (done.code, done.out) == (0, "--- Running 'f':\n'f' returned 42\n")


def test_kernels_from_a_module_in_the_current_folder(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("from_module.py").write_text(TWICE.format(name="from_module.twice"))
    path = compiled(
        tmp_path,
        """
        func.func @f(%x: i32) -> i32 {
          %y = "from_module.twice"(%x) : (i32) -> i32
          tfrt.return %y : i32
        }
        """,
    )
    assert "returned 8" in tool("bef-run", path, "--kernels=from_module", "--input=4").out


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found' (FILE:1)"),
        ("x = 1\ny = z", "NameError: name 'z' is not defined (FILE:2)"),
        ("def", "SyntaxError: invalid syntax (broken.py, line 1)"),
        ("raise SystemExit(3)", "SystemExit: 3 (FILE:1)"),
    ],
)
def test_kernels_that_cannot_be_imported(tool, bef, tmp_path, content, reason):
    path = tmp_path / "broken.py"
    path.write_text(content)
    done = tool("bef-run", bef, "--kernels", path)
    expected = f"bef-run: cannot import kernels from '{path}': {reason.replace('FILE', str(path))}\n"
    assert (done.code, done.err) == (2, expected)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("no_such_file.py", "no such file"),
        ("../kernels", "expected a module's name or a .py file"),
        ("a_folder", "it is a folder without an __init__.py"),
    ],
)
def test_missing_kernel_modules(tool, bef, tmp_path, monkeypatch, name, reason):
    monkeypatch.chdir(tmp_path)
    Path("a_folder").mkdir()
    done = tool("bef-run", bef, "--kernels", name)
    assert (done.code, done.err) == (2, f"bef-run: cannot import kernels from '{name}': {reason}\n")


def test_bytes_that_are_not_utf8_pass_through(tool, tmp_path):
    path = compiled(
        tmp_path,
        r"""
        func.func @f() -> !tfrt.chain {
          %ch = tfrt.new.chain
          %s = tfrt_test.get_string {value = "caf\E9"}
          %ch1 = "tfrt_test.print_string"(%s, %ch) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain
          tfrt.return %ch1 : !tfrt.chain
        }
        """,
    )
    assert tool("bef-run", path).stdout.splitlines()[1] == b"string = caf\xe9"


@kernel("tool_test.wrong_type")
def wrong_type() -> str:
    return "no number"


def test_a_kernel_that_returns_something_else_than_declared(tool, tmp_path):
    path = compiled(
        tmp_path,
        """
        func.func @f() -> (i32, f32) {
          %a = "tool_test.wrong_type"() : () -> i32
          %b = "tool_test.wrong_type"() : () -> f32
          tfrt.return %a, %b : i32, f32
        }
        """,
    )
    done = tool("bef-run", path)
    assert (done.code, done.err.splitlines()[0]) == (
        1,
        "test.mlir:3:8: error: runtime error: the result of 'tool_test.wrong_type' must be i32, got str 'no number'",
    )


def test_kernels_from_a_file_named_like_a_module_of_pythons(tool, tmp_path):
    import math

    kernels = tmp_path / "math.py"
    kernels.write_text(TWICE.format(name="from_math.twice"))
    text = 'func.func @f(%x: i32) -> i32 { %y = "from_math.twice"(%x) : (i32) -> i32 tfrt.return %y : i32 }'
    path = compiled(tmp_path, text)
    assert "returned 8" in tool("bef-run", path, "--kernels", kernels, "--input=4").out
    assert sys.modules["math"] is math


def test_modules_in_the_current_folder_do_not_stand_in_for_others(tool, bef, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    Path("colorsys.py").write_text("raise AssertionError('not the one that was asked for')")
    assert tool("bef-run", bef, "--kernels=colorsys", "--functions=seven").code == 0
    assert sys.path[-1] == str(tmp_path)


def test_the_folder_of_sources(tool, tmp_path, monkeypatch):
    sources, elsewhere = tmp_path / "sources", tmp_path / "elsewhere"
    sources.mkdir()
    elsewhere.mkdir()
    text = 'func.func @f() -> i32 {\n  %x = "tfrt_test.fail"() : () -> i32\n  tfrt.return %x : i32\n}\n'
    (sources / "f.mlir").write_text(text)
    (elsewhere / "f.bef").write_bytes(tfrt.compile(text, "f.mlir"))
    headline = "f.mlir:2:8: error: runtime error: something bad happened\n"
    line = '  %x = "tfrt_test.fail"() : () -> i32\n       ^\n'
    monkeypatch.chdir(elsewhere)
    assert tool("bef-run", "f.bef").err == headline
    assert tool("bef-run", "f.bef", "--source-root=../sources").err == headline + line
    monkeypatch.chdir(sources)
    assert tool("bef-run", "../elsewhere/f.bef").err == headline + line


@pytest.mark.parametrize("name", ["/dev/zero", "../secret.txt", "pipe"])
def test_a_location_opens_no_other_file(tool, tmp_path, monkeypatch, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret\n")
    monkeypatch.chdir(folder)
    os.mkfifo("pipe")
    op = f'"tfrt_test.fail"() : () -> i32 loc("{name}":1:1)'
    text = f"func.func @f() -> i32 {{\n  %x = {op}\n  tfrt.return %x : i32\n}}\n"
    Path("f.bef").write_bytes(tfrt.compile(text))
    assert tool("bef-run", "f.bef").err == f"{name}:1:1: error: runtime error: something bad happened\n"


def test_names_that_are_not_utf8(tmp_path, monkeypatch):
    """Of functions, files and attributes: they pass through; in an .npz file, which has none such, they are escaped."""
    text = """
        func.func @gabc(%a: i32) -> i32 {
          %x = "tfrt_test.sync_sum_attributes"() {qqq = 1 : i32} : () -> i32
          tfrt.return %x : i32
        }
        func.func @habc() -> (i32, i32) {
          %a = tfrt.constant.i32 5
          %x = tfrt.call @gabc(%a) : (i32) -> i32
          %y = "tfrt_test.fail"() : () -> i32 loc("ffff.mlir":1:1)
          tfrt.return %a, %y : i32, i32
        }
        """
    content = compiled(tmp_path, text).read_bytes()
    for name in (b"gabc", b"habc", b"ffff.mlir", b"qqq"):
        content = content.replace(name, name[:1] + b"\xff" + name[2:])
    (tmp_path / "f.bef").write_bytes(content)
    npz = tmp_path / "f.npz"

    def run(*options):
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
        monkeypatch.setattr("sys.stdout", streams[0])
        monkeypatch.setattr("sys.stderr", streams[1])
        bef_run.main([str(tmp_path / "f.bef"), *map(str, options)])
        return [stream.buffer.getvalue() for stream in streams]

    for options in ((), ("--no-plans",), ("--plan-threshold=0",), ("--work_queue_type=mstd:1",)):
        assert run(*options, "--functions=h\udcffbc") == [
            b"--- Running 'h\xffbc':\n'h\xffbc' returned 5,<<error: something bad happened>>\n",
            b"f\xffff.mlir:1:1: error: runtime error: something bad happened\n",
        ]
    assert b"h\xffbc" in run("--functions=f")[1]
    assert b"h\xffbc" in run("--dump-plan")[0]
    assert run("--profile", tmp_path / "p.json")[1].startswith(b"f\xffff.mlir:1:1")
    run("--output", npz)
    with np.load(npz) as saved:
        assert saved.files == ["h\\xffbc.0"]


TENSORS = """
func.func @f() {
  %x = tfrt_dht.create_uninitialized_tensor.f32.1 [32 : i64]
  %y = tfrt_dht.create_uninitialized_tensor.f32.1 [32 : i64]
  %z = tfrt_dht.create_uninitialized_tensor.f32.1 [1024 : i64]
  tfrt.return
}
"""
LEAK = 'func.func @f() {\n  "tfrt_test.memory_leak_one_int32"() : () -> ()\n  tfrt.return\n}\n'
PROFILE = """\
HostAllocator profile:
Current number of allocations = 1
Max number of allocations = 1
Total number of allocations = 1
Current number of bytes allocated = 4
Max number of bytes allocated = 4
"""


def test_an_allocator_of_a_fixed_size(tool, tmp_path):
    done = tool("bef-run", compiled(tmp_path, TENSORS), "--host_allocator_type", "test_fixed_size_1k")
    said = [line.partition("] ")[2] for line in done.err.splitlines() if "allocation.py" in line]
    assert said == [
        "Allocating 192 bytes. 832 remaining.",
        "Freeing 192 bytes. 1024 available.",
        "Attempted to allocate 4160 bytes. However current capacity is only 1024.",
        "Allocating 192 bytes. 832 remaining.",
        "Freeing 192 bytes. 1024 available.",
    ]
    assert "error: runtime error: Cannot allocate tensor of shape [1024]\n" in done.err


@pytest.mark.parametrize("type", ["", "leak_check", "leak_check_allocator"])
def test_what_is_alive_at_the_end_is_told(tool, tmp_path, type):
    options = [f"--host_allocator_type={type}"] if type else []
    done = tool("bef-run", compiled(tmp_path, LEAK), *options)
    assert done.code == 1
    assert done.out == (f"--- Running 'f':\n{PROFILE}Memory leak detected: 1 alive allocations, 4 alive bytes\n")


@pytest.mark.parametrize("plans", [[], ["--no-plans"]])
def test_tensors_that_are_gone_are_no_leak(tool, tmp_path, plans):
    text = TENSORS.replace("1024", "16")
    done = tool("bef-run", compiled(tmp_path, text), "--host_allocator_type=leak_check", *plans)
    assert (done.code, done.out) == (0, "--- Running 'f':\n")


def test_what_only_cycles_refer_to_is_looked_for_before_a_leak_is_told(monkeypatch, capsys, tmp_path):
    done = []
    for name in ("freeze", "unfreeze", "collect"):
        monkeypatch.setattr(gc, name, lambda name=name: done.append(name))
    assert bef_run.main([str(compiled(tmp_path, LEAK))]) == 1
    assert done == ["freeze", "unfreeze", "collect"]
    assert "Memory leak detected" in capsys.readouterr().out


def test_allocations_can_be_counted_or_left_alone(tool, tmp_path):
    path = compiled(tmp_path, LEAK)
    assert tool("bef-run", path, "--host_allocator_type=malloc").out == "--- Running 'f':\n"
    done = tool("bef-run", path, "--host_allocator_type=profiled_allocator")
    assert (done.code, done.out) == (0, f"--- Running 'f':\n{PROFILE}")


TRACED = """
func.func @f() {
  %c = tfrt.new.chain
  %d = "tfrt_test.print_hello"(%c) : (!tfrt.chain) -> !tfrt.chain
  tfrt.return
}
"""


@pytest.mark.parametrize(
    ("level", "trace"),
    [
        ("none", ""),
        ("default", "Scope:Bef Executor\nScope:Function: f\nEnd Scope\nEnd Scope\n"),
        (
            "debug",
            "Scope:Bef Executor\nScope:Function: f\nScope:tfrt.new.chain\nEnd Scope\nScope:tfrt_test.print_hello\n"
            "End Scope\nEnd Scope\nEnd Scope\n",
        ),
    ],
)
def test_traces(tool, tmp_path, level, trace):
    done = tool("bef-run", compiled(tmp_path, TRACED), "--enable_tracing", f"--tracing_level={level}")
    assert (done.code, done.out) == (0, f"--- Running 'f':\nhello host executor!\n{trace}")


def test_no_trace_unless_enabled(tool, tmp_path):
    done = tool("bef-run", compiled(tmp_path, TRACED), "--tracing_level=debug")
    assert "Scope" not in done.out


def test_kernels_are_traced_or_profiled(tool, tmp_path):
    options = ["--enable_tracing", "--tracing_level=debug", "--profile", tmp_path / "p.json"]
    done = tool("bef-run", compiled(tmp_path, TRACED), *options)
    assert (done.code, done.err) == (
        2,
        "bef-run: --profile and --tracing_level=debug exclude each other: the trace would be in the times\n",
    )


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
