"""What only a process of its own shows: pipes, signals, imports, the streams of a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tfrt

MODULES = {
    "bef-run": "tfrt.executor.tools.bef_run",
    "tfrt-opt": "tfrt.compiler.tfrt_opt",
    "tfrt-translate": "tfrt.compiler.tfrt_translate",
}

PROGRAM = """\
func.func @main() -> i32 {
  %x = tfrt.constant.i32 7
  tfrt.return %x : i32
}
"""

CHATTY = """\
func.func @main() -> !tfrt.chain {
  %ch = tfrt.new.chain
  %n = tfrt.constant.i32 20000
  %done = tfrt.repeat.i32 %n, %ch : !tfrt.chain {
    %x = tfrt.constant.i32 7
    %ch1 = tfrt.print.i32 %x, %ch
    tfrt.return %ch1 : !tfrt.chain
  }
  tfrt.return %done : !tfrt.chain
}
"""

FAILING = """\
func.func @bad() -> i32 {
  %bad = "tfrt_test.fail"() : () -> i32
  tfrt.return %bad : i32
}
"""


def command(tool: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", MODULES[tool], *map(str, arguments)]


def shell(redirection: str, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command with a stream redirected as a shell spells it."""
    script = ["sh", "-c", f'exec "$@" {redirection}', "sh", *words]
    return subprocess.run(script, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def bef(tmp_path) -> Path:
    path = tmp_path / "program.bef"
    path.write_bytes(tfrt.compile(PROGRAM, "program.mlir"))
    return path


def test_tools_in_a_pipe(tmp_path):
    (tmp_path / "program.mlir").write_text(PROGRAM)
    with (
        subprocess.Popen(command("tfrt-opt", "program.mlir"), stdout=subprocess.PIPE, cwd=tmp_path) as opt,
        subprocess.Popen(command("tfrt-translate"), stdin=opt.stdout, stdout=subprocess.PIPE) as translate,
        subprocess.Popen(command("bef-run"), stdin=translate.stdout, stdout=subprocess.PIPE) as run,
    ):
        assert run.communicate(timeout=120)[0] == b"--- Running 'main':\n'main' returned 7\n"
    assert [opt.returncode, translate.returncode, run.returncode] == [0, 0, 0]


@pytest.mark.parametrize("tool", MODULES)
def test_help_has_examples(tool):
    done = subprocess.run(command(tool, "--help"), capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"usage: {tool} ")
    assert f"examples:\n  {tool} " in done.stdout


@pytest.mark.parametrize("tool", MODULES)
def test_wrong_usage_is_one_line(tool):
    done = subprocess.run(command(tool, "--nonsense"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{tool}: unknown option '--nonsense'")
    assert done.stderr.count("\n") == 1


def test_bef_run_imports_no_compiler(bef):
    code = (
        "import sys\n"
        "from tfrt.executor.tools.bef_run import main\n"
        "assert main([sys.argv[1]]) == 0\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'xdsl', 'lark'}))\n"
        "print(sorted(name for name in sys.modules if name.startswith(('tfrt.compiler', 'tfrt.dialects'))))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(bef)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["[]", "[]"]


def test_bef_run_reads_a_pipe_by_name(tmp_path, bef):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(command("bef-run", fifo), stdout=subprocess.PIPE) as run:
        fifo.write_bytes(bef.read_bytes())
        assert run.communicate(timeout=120)[0] == b"--- Running 'main':\n'main' returned 7\n"


def test_a_reader_that_goes_away_ends_bef_run_quietly(tmp_path):
    path = tmp_path / "chatty.bef"
    path.write_bytes(tfrt.compile(CHATTY, "chatty.mlir"))
    with subprocess.Popen(command("bef-run", path), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline() == b"--- Not running '' because it has arguments.\n"
        run.stdout.close()
        assert run.stderr.read() == b""
        assert run.wait(timeout=120) == 141


@pytest.mark.parametrize("tool", MODULES)
@pytest.mark.parametrize(
    ("redirection", "reason"), [(">&-", "Bad file descriptor"), ("> /dev/full", "No space left on device")]
)
def test_a_standard_output_that_cannot_be_written(tmp_path, bef, tool, redirection, reason):
    source = tmp_path / "program.mlir"
    source.write_text(PROGRAM)
    done = shell(redirection, command(tool, bef if tool == "bef-run" else source))
    assert (done.returncode, done.stderr) == (2, f"{tool}: cannot write the standard output: {reason}\n")


def test_a_diagnostic_after_output_that_cannot_be_written(tmp_path):
    path = tmp_path / "fail.bef"
    path.write_bytes(tfrt.compile(FAILING, "fail.mlir"))
    done = shell("> /dev/full", command("bef-run", path))
    reason = "No space left on device"
    assert (done.returncode, done.stderr) == (2, f"bef-run: cannot write the standard output: {reason}\n")


@pytest.mark.parametrize("tool", MODULES)
def test_a_closed_standard_input(tool):
    done = shell("<&-", command(tool))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{tool}: cannot read '-': Bad file descriptor\n"


@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full"])
def test_a_stderr_that_cannot_be_written(tmp_path, redirection):
    done = shell(redirection, command("bef-run", tmp_path / "missing.bef"))
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


def test_output_and_diagnostics_come_in_order(tmp_path):
    """With both streams going to one place, a diagnostic comes after what was printed before it."""
    (tmp_path / "fail.mlir").write_text(FAILING)
    (tmp_path / "fail.bef").write_bytes(tfrt.compile(FAILING, "fail.mlir"))
    done = subprocess.run(
        command("bef-run", "fail.bef"),
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == (
        "--- Running 'bad':\n"
        "fail.mlir:2:10: error: runtime error: something bad happened\n"
        '  %bad = "tfrt_test.fail"() : () -> i32\n'
        "         ^\n"
        "'bad' returned <<error: something bad happened>>\n"
    )


def test_output_is_utf8_whatever_the_locale(tmp_path):
    text = (
        "func.func @f() -> !tfrt.chain {\n"
        "  %ch = tfrt.new.chain\n"
        '  %s = tfrt_test.get_string {value = "na\\C3\\AFve"}\n'
        '  %ch1 = "tfrt_test.print_string"(%s, %ch) : (!tfrt.string, !tfrt.chain) -> !tfrt.chain\n'
        "  tfrt.return %ch1 : !tfrt.chain\n"
        "}\n"
    )
    path = tmp_path / "utf8.bef"
    path.write_bytes(tfrt.compile(text, "utf8.mlir"))
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command("bef-run", path), env=environment, capture_output=True, check=True)
    assert done.stdout.splitlines()[1] == "string = naïve".encode()
