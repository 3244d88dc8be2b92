"""The frame that makes tests of ``.mlir`` files: which files, which commands, and what a failure shows."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"

GOOD = """\
// RUN: tfrt-opt %s | tfrt-opt \\
// RUN:   --print-generic > %t
// RUN: filecheck %s < %t
// RUN: tfrt-opt %s | filecheck %s --check-prefix CUSTOM

// CHECK: "func.func"
// CUSTOM: func.func private @f()
func.func private @f()
"""


@pytest.fixture(scope="module")
def frame():
    """The frame as a module."""
    spec = importlib.util.spec_from_file_location("frame", CONFTEST)
    module = importlib.util.module_from_spec(spec)
    sys.modules["frame"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "test.mlir"
    path.write_text("// CHECK: unknown option '--nonsense'\nfunc.func private @f()\n")
    return path


def test_pytest_collects_files_with_run_lines_and_shows_what_filecheck_says(tmp_path):
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "good.mlir").write_text(GOOD)
    (tmp_path / "none.mlir").write_text("func.func private @f()\n")
    (tmp_path / "wrong.mlir").write_text(GOOD.replace("CUSTOM: func.func", "CUSTOM: no.func"))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--import-mode=importlib", "-q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "FAILED wrong.mlir::RUN" in done.stdout
    assert f"filecheck {tmp_path / 'wrong.mlir'} --check-prefix CUSTOM\n  exit code 1" in done.stdout
    assert "no.func private @f()" in done.stdout


def test_lines_are_continued(frame):
    assert frame.run_lines(GOOD) == [
        "tfrt-opt %s | tfrt-opt --print-generic > %t",
        "filecheck %s < %t",
        "tfrt-opt %s | filecheck %s --check-prefix CUSTOM",
    ]


def test_stages(frame):
    command = "not tfrt-opt -p 'cse,dce' --x=a=b 2>&1 | bef-run --input 2 2>&1 --input '4xf32=[1 2 3 4]' > out"
    assert frame.command_stages(command) == [
        frame.Stage(("tfrt-opt", "-p", "cse,dce", "--x=a=b"), None, merge_stderr=True),
        frame.Stage(("bef-run", "--input", "2", "--input", "4xf32=[1 2 3 4]"), merge_stderr=True, stdout="out"),
    ]


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("not tfrt-opt {}", "tfrt-opt {}\n  exit code 0, which should not be 0"),
        ("not --exit-code 1 tfrt-opt {} --nonsense", "exit code 2, which should be 1"),
        ("tfrt-opt --nonsense", "exit code 2, which should be 0\ntfrt-opt: unknown option '--nonsense'"),
        ("tfrt-opt --nonsense | tfrt-opt {}", "exit code 2, which should be 0"),
        (
            "rm -rf {}",
            "'rm -rf {}' is none of the known commands: "
            "bef-info, bef-run, tfrt-import, tfrt-opt, tfrt-translate, filecheck",
        ),
        ("tfrt-opt {} && tfrt-opt {}", "'&&' is not understood"),
    ],
)
def test_wrong_lines(frame, program, line, part):
    with pytest.raises(frame.PipelineError) as caught:
        frame.run_pipeline(line.replace("{}", str(program)))
    assert part.replace("{}", str(program)) in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "not tfrt-opt --nonsense",
        "not --exit-code 2 tfrt-opt --nonsense",
        "not tfrt-opt --nonsense 2>&1 | filecheck {}",
    ],
)
def test_expected_failures(frame, program, line):
    frame.run_pipeline(line.replace("{}", str(program)))


def test_an_escaping_exception_is_no_expected_failure(frame, monkeypatch):
    def crash(argv):
        raise ZeroDivisionError

    monkeypatch.setattr(frame, "_main_of", lambda name: crash)
    with pytest.raises(ZeroDivisionError):
        frame.run_pipeline("not tfrt-opt")
