"""What all tests share: the command lines as a fixture, and ``.mlir`` files as tests.

A ``.mlir`` file with ``// RUN:`` lines is one test; each line is a pipeline, run as lit would run it::

    // RUN: tfrt-translate --mlir-to-bef %s | bef-run 2>&1 | filecheck %s --check-prefix=OUT
    // RUN: not tfrt-opt %s 2>&1 | filecheck %s

``%s`` is the file, ``%S`` its folder and ``%t`` a path of the test's own for temporary files. A line ends in
``\\`` where the next one goes on. Every stage of a pipeline must succeed; ``not`` before one inverts that,
and ``not --exit-code N`` asks for one exit code. ``2>&1``, ``> FILE`` and ``< FILE`` redirect.

The tools are called in this process, with streams of their own: an exception that escapes from one is an
error of the test even under ``not``. What only a process of its own can show is tested in ``tests/tools``.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import re
import runpy
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import Phase, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # What a shell runs in the background ignores it, and so would all that tests start and send it to.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The suite gives the same verdict every time: examples are drawn from fixed seeds, no earlier run's are tried again,
# and none is given up because the machine is busy. A failure is shown as it was found, at once.
# ``TFRT_EXPLORE=1`` draws new examples each time, and looks for smaller ones where one fails.
settings.register_profile(
    "tfrt", deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("TFRT_EXPLORE") else "tfrt")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and ten thousand tests stay until the end: the garbage collector need not look at them each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


_FILES_TOGETHER = 5
_files_since = 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """What files of tests have loaded and keep is not looked through again, either: tests collect garbage often."""
    global _files_since
    result = yield
    if nextitem is None or nextitem.path != item.path:
        _files_since += 1
        if _files_since >= _FILES_TOGETHER:
            _files_since = 0
            gc.collect()
            gc.freeze()
    return result


TOOLS = {
    "bef-info": "tfrt.executor.tools.bef_info",
    "bef-run": "tfrt.executor.tools.bef_run",
    "tfrt-import": "tfrt.compiler.tfrt_import",
    "tfrt-opt": "tfrt.compiler.tfrt_opt",
    "tfrt-translate": "tfrt.compiler.tfrt_translate",
}

_RUN_LINE = re.compile(r"^\s*//\s*RUN:\s?(.*)$")


@dataclass(frozen=True, slots=True)
class Completed:
    """What a tool left behind. `stderr` is empty where it was redirected into `stdout`."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def err(self) -> str:
        return self.stderr.decode()


def run_tool(name: str, *arguments: str | Path, stdin: bytes | str = b"", merge_stderr: bool = False) -> Completed:
    """Run one of our command lines, or ``filecheck``, in this process."""
    out = io.BytesIO()
    err = out if merge_stderr else io.BytesIO()
    content = stdin.encode() if isinstance(stdin, str) else stdin
    stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    stderr = stdout if merge_stderr else io.TextIOWrapper(err, encoding="utf-8", write_through=True)
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    try:
        # What is in memory is not the tool's, to freeze or to look through again.
        with (
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
            mock.patch.multiple(gc, freeze=lambda: None, unfreeze=lambda: None),
        ):
            code = _main_of(name)([str(argument) for argument in arguments])
    finally:
        sys.stdin = before
        stdout.flush()
        stderr.flush()
    return Completed(code, out.getvalue(), b"" if merge_stderr else err.getvalue())


@pytest.fixture
def tool() -> Callable[..., Completed]:
    """Runs a command line: ``tool("bef-run", path, "--functions", "f", stdin=b"")``."""
    return run_tool


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a Python file as a script, in this process, which has modules and caches already: ``script(path, "x")``;
    gives what it prints. It must end well and say nothing on stderr."""

    def run(path: str | Path, *arguments: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", [str(path), *map(str, arguments)])
        monkeypatch.syspath_prepend(Path(path).parent)
        capsys.readouterr()
        try:
            runpy.run_path(str(path), run_name="__main__")
        except SystemExit as end:
            assert not end.code
        printed = capsys.readouterr()
        assert printed.err == ""
        return printed.out

    return run


def _main_of(name: str) -> Callable[[Sequence[str]], int]:
    if name == "filecheck":
        return _filecheck
    return importlib.import_module(TOOLS[name]).main


def _filecheck(argv: Sequence[str]) -> int:
    from filecheck.matcher import Matcher
    from filecheck.options import parse_argv_options

    return Matcher.from_opts(parse_argv_options(["filecheck", *argv])).run()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix == ".mlir" and "RUN:" in file_path.read_text(encoding="utf-8"):
        return MlirFile.from_parent(parent, path=file_path)
    return None


class MlirFile(pytest.File):
    """A file with RUN lines."""

    def collect(self) -> Iterator[pytest.Item]:
        yield MlirTest.from_parent(self, name="RUN")


class MlirTest(pytest.Item):
    """All RUN lines of one file, in order."""

    def runtest(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            paths = {"%s": self.path, "%S": self.path.parent, "%t": Path(folder, "tmp")}
            for line in run_lines(self.path.read_text(encoding="utf-8")):
                run_pipeline(re.sub(r"%[sSt]\b", lambda match: shlex.quote(str(paths[match[0]])), line))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        if isinstance(excinfo.value, PipelineError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.path.name


class PipelineError(Exception):
    """A stage of a RUN line did not end as it should."""


def run_lines(text: str) -> list[str]:
    """The commands of the RUN lines in `text`, continued lines joined."""
    commands: list[str] = []
    goes_on = False
    for line in text.splitlines():
        match = _RUN_LINE.match(line)
        if match is None:
            continue
        command = match[1].strip()
        part = command.removesuffix("\\").rstrip()
        if goes_on:
            commands[-1] += " " + part
        else:
            commands.append(part)
        goes_on = command.endswith("\\")
    return commands


def run_pipeline(command: str) -> None:
    """Run one RUN line.

    Raises:
        PipelineError: a stage failed, or succeeded after ``not``.
    """
    data = b""
    for stage in command_stages(command):
        if stage.stdin is not None:
            data = Path(stage.stdin).read_bytes()
        done = run_tool(stage.words[0], *stage.words[1:], stdin=data, merge_stderr=stage.merge_stderr)
        if not stage.accepts(done.code):
            said = (done.err + (done.out if done.err == "" or stage.merge_stderr else "")).rstrip()
            raise PipelineError(
                f"RUN: {command}\n{' '.join(stage.words)}\n  exit code {done.code}, {stage.wanted}\n{said}"
            )
        data = done.stdout
        if stage.stdout is not None:
            Path(stage.stdout).write_bytes(data)
            data = b""


@dataclass(frozen=True, slots=True)
class Stage:
    """One command of a pipeline. `codes` are the exit codes that are fine; None stands for all but 0."""

    words: tuple[str, ...]
    codes: tuple[int, ...] | None = (0,)
    merge_stderr: bool = False
    stdin: str | None = None
    stdout: str | None = None

    @property
    def wanted(self) -> str:
        return "which should not be 0" if self.codes is None else f"which should be {self.codes[0]}"

    def accepts(self, code: int) -> bool:
        return code != 0 if self.codes is None else code in self.codes


def command_stages(command: str) -> list[Stage]:
    """The stages of a RUN line's command.

    Raises:
        PipelineError: the command uses something that is not understood here.
    """
    # In quotes, the redirection of stderr stays one word.
    quoted = re.sub(r"(?<=\s)2>&1(?=\s|$)", "'2>&1'", command)
    lexer = shlex.shlex(quoted, posix=True, punctuation_chars="|<>&")
    lexer.whitespace_split = True
    parts: list[list[str]] = [[]]
    for word in lexer:
        if word == "|":
            parts.append([])
        else:
            parts[-1].append(word)
    return [_stage(command, words) for words in parts]


def _stage(command: str, words: list[str]) -> Stage:
    codes: tuple[int, ...] | None = (0,)
    if words[:1] == ["not"]:
        words, codes = words[1:], None
        if words[:1] == ["--exit-code"]:
            words, codes = words[2:], (int(words[1]),)
    merge, stdin, stdout = False, None, None
    plain: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "2>&1":
            merge = True
        elif word == ">":
            stdout = next(rest)
        elif word == "<":
            stdin = next(rest)
        elif set(word) <= set("|<>&"):
            raise PipelineError(f"RUN: {command}\n'{word}' is not understood")
        else:
            plain.append(word)
    if not plain or plain[0] not in (*TOOLS, "filecheck"):
        known = ", ".join((*TOOLS, "filecheck"))
        raise PipelineError(f"RUN: {command}\n'{' '.join(plain)}' is none of the known commands: {known}")
    return Stage(tuple(plain), codes, merge, stdin, stdout)
