"""The programs in trouble: what README.md says that the screen shows is what it shows, but for times."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "troubleshooting"
TOOLS = {"tfrt-translate": "tfrt.compiler.tfrt_translate", "bef-run": "tfrt.executor.tools.bef_run"}
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")


def sections() -> list[str]:
    """The part of the page about each program."""
    return README.split("\n## ")[1:]


def commands(section: str) -> Iterator[tuple[str, list[str]]]:
    """Each command with the lines that it prints, as the page has them."""
    for block in re.findall(r"^```console\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
        for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = entry.splitlines()
            yield command, shown


def comparable(text: str) -> str:
    """What is printed, without what differs from time to time: times, and what Python marks in a line."""
    text = re.sub(r" *\d[\d.]* (?:ns|us|ms|s)(?= )", " TIME", text)
    text = re.sub(r" *\d+\.\d %", " SHARE", text)
    return "".join(f"{line}\n" for line in text.splitlines() if not re.fullmatch(r" +[~^]{2,}", line))


@pytest.mark.parametrize("number", range(4), ids=["slow", "wrong", "hang", "crash"])
def test_the_page_shows_what_the_screen_shows(number, tool, tmp_path, monkeypatch):
    folder = tmp_path / "troubleshooting"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.bef"))
    monkeypatch.chdir(folder)
    listed = list(commands(sections()[number]))
    assert len(listed) >= 5
    for command, shown in listed:
        words = shlex.split(command)
        if words[0] == "cd":
            monkeypatch.chdir(words[1])
        elif "^C" in shown:
            check(command, run_until_interrupted(words, shown), shown)
        elif words[0] == "python":
            done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=True, timeout=60)
            assert done.stderr == ""
            check(command, done.stdout, shown)
        else:
            # What is typed at the prompt is on the page, but not in what is printed.
            typed = "".join(f"{line.removeprefix('(bef-run) ')}\n" for line in shown if line.startswith("(bef-run) "))
            done = tool(words[0], *words[1:], stdin=typed, merge_stderr=True)
            check(command, done.out.replace(f"{folder}/", ""), shown)
    assert all(json.loads(path.read_text())["traceEvents"] for path in folder.glob("*.json"))


def check(command: str, printed: str, shown: list[str]) -> None:
    """Compare what a command has printed with the page; after a line of dots there anything may come."""
    expected, is_open = list(shown), False
    if "..." in expected:
        expected, is_open = expected[: expected.index("...")], True
    wanted = comparable("".join(f"{line}\n" for line in expected))
    wanted = re.sub(r"^\(bef-run\) .*\n", "(bef-run) ", wanted, flags=re.MULTILINE)
    found = comparable(printed)
    if wanted.endswith("(bef-run) "):
        found = found.rstrip("\n")
    if "--profile" in command:
        # What takes longest comes first, and where the machine is busy that may be anything.
        assert set(wanted.splitlines()) <= set(found.splitlines()), command
        return
    assert (found[: len(wanted)] if is_open else found) == wanted, command


def run_until_interrupted(words: list[str], shown: list[str]) -> str:
    """What a command prints that gets SIGINT once it has printed what comes before ``^C``."""
    before = shown[: shown.index("^C")]
    rest = ""
    for _ in range(20):
        child = subprocess.Popen(
            [sys.executable, "-m", TOOLS[words[0]], *words[1:]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in before]
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read()
        assert child.wait(60) == 130
        # It may not have come to wait yet.
        if "waiting for" in rest and "running" not in rest:
            return "".join([*lines, "^C\n", rest])
    raise AssertionError(rest)


def test_the_report_of_the_slow_program_shows_its_kernel(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(EXAMPLE)
    bef, report = tmp_path / "slow.bef", tmp_path / "slow.html"
    assert tool("tfrt-translate", "slow.mlir", "-o", bef).code == 0
    options = ("--kernels", "trouble_kernels.py", "--functions", "main", "--report", report)
    assert tool("bef-run", bef, *options).code == 0
    (content,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', report.read_text())
    slowest = json.loads(content)["kernels"][0]
    assert (slowest["name"], slowest["runs"], slowest["line"]) == ("trouble.count_primes", 50, 7)


def test_every_program_has_a_repaired_one_that_differs_little():
    for path in sorted(EXAMPLE.glob("*.mlir")):
        repaired = (EXAMPLE / "repaired" / path.name).read_text().splitlines()
        text = path.read_text().splitlines()
        changed = len(set(text) ^ set(repaired))
        assert 0 < changed <= 10, path.name
