"""Progress: what is told of compiling, loading and importing, and the line on a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

import tfrt
from tfrt.executor.support.progress import step, telling

TEXT = """\
func.func @f() -> i32 {
  %x = "t.work"() : () -> i32
  tfrt.return %x : i32
}
"""

KERNELS = """\
import os
import sys
import threading
import time
import tfrt
from tfrt.executor.support import progress_line

progress_line.PATIENCE = 0


@tfrt.kernel("t.work", blocking=True)
def work() -> int:
    is_shown = any(thread.name == "tfrt-progress" for thread in threading.enumerate())
    print("shown" if is_shown else "not shown")
    while is_shown and not os.path.exists("gate"):
        time.sleep(0.01)
    return 5
"""


def told_by(call, *arguments, **options):
    told: list[tfrt.Progress] = []
    result = call(*arguments, **options, progress=told.append)
    return result, [(progress.what, progress.done, progress.total) for progress in told]


def test_steps_of_compiling():
    bef, told = told_by(tfrt.compile, TEXT, "p.mlir")
    assert told == [("read p.mlir", 0, None), ("write BEF", 1, 2), ("done", 2, 2)]
    assert bef == tfrt.compile(TEXT, "p.mlir")


def test_steps_of_optimising():
    _, told = told_by(tfrt.compile, TEXT, "p.mlir", opt_level=1)
    total = told[-1][1]
    names = [what for what, _, _ in told]
    assert names[0] == "read p.mlir" and names[-3:] == ["verify", "write BEF", "done"]
    assert "pass canonicalize" in names and all(name.startswith("pass ") for name in names[1:-3])
    assert [done for _, done, _ in told] == list(range(total + 1))
    assert {of for _, _, of in told[1:]} == {total}


def test_steps_of_loading(tmp_path):
    bef = tfrt.compile("func.func @f() {\n  tfrt.return\n}")
    expected = [("read the weights", 1, 3), ("find kernels", 2, 3), ("done", 3, 3)]
    assert told_by(tfrt.load, bef)[1] == [("read the program", 0, 3), *expected]
    path = tmp_path / "p.bef"
    path.write_bytes(bef)
    assert told_by(tfrt.load, path)[1] == [(f"read {path}", 0, 3), *expected]


def test_steps_of_importing_a_model(tmp_path):
    helper = pytest.importorskip("onnx.helper")
    kind = 1  # float
    nodes = [helper.make_node("Tanh", ["x"], ["y"], name="first"), helper.make_node("Neg", ["y"], ["z"])]
    ends = [[helper.make_tensor_value_info(name, kind, [2])] for name in "xz"]
    model = helper.make_model(helper.make_graph(nodes, "g", *ends), opset_imports=[helper.make_opsetid("", 17)])
    told = told_by(tfrt.import_onnx, model, weights=tmp_path / "w.safetensors")[1]
    assert told == [
        ("read the model", 0, None),
        ("translate Tanh first", 0, 2),
        ("translate Neg", 1, 2),
        (f"write {tmp_path / 'w.safetensors'}", 2, 2),
        ("done", 2, 2),
    ]


@pytest.mark.parametrize("at", ["read p.mlir", "pass canonicalize", "verify", "write BEF"])
def test_what_a_listener_raises_ends_it(at):
    class Enough(Exception):
        pass

    def listen(progress):
        if progress.what == at:
            raise Enough

    with pytest.raises(Enough):
        tfrt.compile(TEXT, "p.mlir", opt_level=1, progress=listen)
    # Nobody listens any more.
    assert tfrt.compile(TEXT, "p.mlir", opt_level=1)


def test_who_listens_hears_of_what_is_within():
    outer: list[str] = []
    with telling(lambda progress: outer.append(progress.what)):
        tfrt.compile(TEXT, "p.mlir")
        tfrt.compile(TEXT, "q.mlir", progress=lambda _: None)
        step("mine", 1, 2)
    step("nobody's", 1)
    assert outer == ["read p.mlir", "write BEF", "done", "mine"]


def test_a_step_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        tfrt.Progress("read", 0).done = 1


# -- on a terminal ------------------------------------------------------------------------------------------------


def command(folder: Path, *options: str) -> list[str]:
    (folder / "kernels.py").write_text(KERNELS)
    (folder / "p.bef").write_bytes(tfrt.compile(TEXT, "p.mlir"))
    return [sys.executable, "-m", "tfrt.executor.tools.bef_run", "p.bef", "--kernels", "kernels.py", *options]


def on_terminal(folder: Path, *options: str, term: str = "xterm") -> tuple[int, str]:
    """Runs `bef-run` on a terminal; gives its exit code and all that has been written."""
    mine, theirs = os.openpty()
    if "--step" in options:
        os.write(mine, b"c\n")
    with subprocess.Popen(
        command(folder, *options),
        cwd=folder, env={**os.environ, "TERM": term, "COLUMNS": "80"}, stdin=theirs, stdout=theirs, stderr=theirs,
    ) as run:  # fmt: skip
        os.close(theirs)
        written = b""
        try:
            while more := os.read(mine, 4096):
                written += more
                if b"run @f" in written:
                    (folder / "gate").touch()
        except OSError:
            # So Linux says that nobody has the other end open.
            pass
        finally:
            os.close(mine)
    return run.returncode, written.decode()


def screen(written: str) -> list[str]:
    """The lines that a terminal shows in the end."""
    lines, row, column = [""], 0, 0
    for piece in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|.", written, re.DOTALL):
        if piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif piece == "\r":
            column = 0
        elif piece == "\x1b[2K":
            lines[row] = ""
        elif piece == "\x1b[1A":
            row -= 1
        elif len(piece) == 1:
            lines[row] = lines[row][:column].ljust(column) + piece + lines[row][column + 1 :]
            column += 1
    return lines


needs_terminal = pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo terminals here")

SHOWN = ["--- Running 'f':", "shown", "'f' returned 5", ""]
NOT_SHOWN = ["--- Running 'f':", "not shown", "'f' returned 5", ""]


@needs_terminal
def test_the_line_appears_and_leaves_nothing(tmp_path):
    pytest.importorskip("rich")
    code, written = on_terminal(tmp_path)
    assert code == 0 and "run @f" in written and "0/1" in written
    # The cursor stays: a process that is ended at once could not bring it back.
    assert "\x1b[?25l" not in written
    assert screen(written) == SHOWN


@needs_terminal
@pytest.mark.parametrize(
    ("options", "term"),
    [(("--no-progress",), "xterm"), (("--quiet",), "xterm"), ((), "dumb")],
)
def test_where_there_is_none_on_a_terminal(tmp_path, options, term):
    code, written = on_terminal(tmp_path, *options, term=term)
    assert (code, screen(written)) == (0, NOT_SHOWN)


@needs_terminal
def test_there_is_none_at_a_prompt(tmp_path):
    code, written = on_terminal(tmp_path, "--step")
    assert code == 0 and "not shown" in screen(written) and "(bef-run) " in written


@needs_terminal
def test_without_rich_there_is_none(tmp_path):
    (tmp_path / "no_rich.py").write_text("import sys\nsys.modules['rich'] = None\n")
    code, written = on_terminal(tmp_path, "--kernels", "no_rich.py")
    assert (code, screen(written)) == (0, NOT_SHOWN)


def test_in_a_pipe_there_is_none(tmp_path):
    done = subprocess.run(command(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "--- Running 'f':\nnot shown\n'f' returned 5\n"
