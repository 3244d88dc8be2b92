"""bef-run: what it runs, what it prints, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tfrt
from tests.tools.programs import PROGRAM, compiled
from tfrt.executor.declarations.kernel_registry import kernel


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
