"""The examples run as their comments say, from the repository's root. (The digits have a file of their own.)"""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN

ROOT = Path(__file__).parents[2]
EXAMPLES = Path("examples")


@pytest.fixture(autouse=True)
def in_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def run(tool, tmp_path):
    """Compiles an example and runs it; returns what bef-run left behind."""

    def call(path, *arguments):
        compiled = tool("tfrt-translate", EXAMPLES / path)
        assert (compiled.code, compiled.err) == (0, "")
        return tool("bef-run", *arguments, stdin=compiled.stdout)

    return call


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_fizzbuzz(run, queue):
    done = run("fizzbuzz/fizzbuzz.mlir", "--functions", "fizzbuzz", "--work_queue_type", queue)
    expected = ["Fizz" * (n % 3 == 0) + "Buzz" * (n % 5 == 0) or n for n in range(1, 16)]
    printed = [f"string = {said}" if isinstance(said, str) else f"int32 = {said}" for said in expected]
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[1:-1] == printed


@pytest.mark.parametrize("arguments", [["--input", "20", "--expected_output", "6765"], ["--input", "0"]])
@pytest.mark.parametrize("function", ["fib", "fib_by_loop"])
def test_fib(run, function, arguments):
    done = run("fib/fib.mlir", "--function", function, *arguments)
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(f"returned {6765 if '20' in arguments else 0}\n")


def test_both_ways_of_fib_agree(run):
    assert "'main' returned 610,610\n" in run("fib/fib.mlir").out


def words() -> int:
    files = ("LICENSE", "README.md", "CONTRIBUTING.md", "docs/architecture.md")
    return sum(len(Path(name).read_text(encoding="utf-8").split()) for name in files)


PIPELINE_KERNELS = str(EXAMPLES / "async_pipeline" / "pipeline_kernels.py")


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_async_pipeline(run, queue):
    done = run("async_pipeline/pipeline.mlir", "--kernels", PIPELINE_KERNELS, "--work_queue_type", queue)
    assert (done.code, done.err) == (0, "")
    for name in ("overlapped", "sequential"):
        assert f"'{name}' returned !tfrt.chain value,{words()}\n" in done.out


def test_async_pipeline_shows_a_timeline(script):
    lines = script(EXAMPLES / "async_pipeline" / "run.py").splitlines()
    for name, first in (("sequential", lines[0]), ("overlapped", lines[9])):
        assert re.fullmatch(rf"{name}: {words()} words in \d+ ms", first)
    bars = lines[1:9] + lines[10:18]
    assert sum("fetch " in bar for bar in bars) == sum("count " in bar for bar in bars) == 8
    assert all("=" in bar for bar in bars)


def test_async_pipeline_fetches_at_the_same_time():
    """Each fetch waits for the other three to have begun: the program ends only if they overlap."""
    everybody = threading.Barrier(4)

    def fetch(chain: tfrt.Chain, *, latency_ms: tfrt.I32, path: tfrt.String) -> tuple[str, tfrt.Chain]:
        everybody.wait(timeout=60)
        return "two words", chain

    registry = tfrt.KernelRegistry(parent=BUILTIN)
    registry.register(Kernel("pipeline.fetch", fetch, blocking=True))
    registry.register(Kernel("pipeline.count_words", lambda text: len(text.split())))
    source = (EXAMPLES / "async_pipeline" / "pipeline.mlir").read_text(encoding="utf-8")
    with tfrt.HostContext("mstd:2", registry=registry) as host:
        program = tfrt.load(tfrt.compile(source), host=host)
        assert program["overlapped"]()[1] == 8


def test_a_file_that_cannot_be_fetched(run, tmp_path):
    source = (EXAMPLES / "async_pipeline" / "pipeline.mlir").read_text(encoding="utf-8")
    broken = tmp_path / "broken.mlir"
    broken.write_text(source.replace('path = "README.md"', 'path = "nowhere"'))
    done = run(broken, "--kernels", PIPELINE_KERNELS, "--functions", "sequential")
    assert done.code == 1
    assert "returned <<error: cannot fetch nowhere: No such file or directory>>" in done.out
    assert re.search(r"broken.mlir:\d+:17: error: runtime error: cannot fetch nowhere", done.err)


SIGNAL_KERNELS = ("--kernels", str(EXAMPLES / "custom_kernel" / "signal_kernels.py"))


def test_custom_kernel(run):
    done = run("custom_kernel/smooth.mlir", *SIGNAL_KERNELS, "--functions", "main")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[1] == "raw:"
    assert lines[11] == "smooth:"
    assert lines[12] == f"   2.00 {'#' * 16}"


def test_custom_kernel_on_inputs(run):
    done = run(
        "custom_kernel/smooth.mlir", *SIGNAL_KERNELS, "--function", "smooth",
        "--input", "6xf32=0 0 9 0 0 0", "--expected_output", "4xf32=3 3 3 0",
    )  # fmt: skip
    assert (done.code, done.out) == (0, "--- Running 'smooth':\n'smooth' returned 4xf32=3.0 3.0 3.0 0.0\n")


def test_custom_kernel_that_fails(run):
    done = run("custom_kernel/smooth.mlir", *SIGNAL_KERNELS, "--functions", "window_too_large")
    assert done.code == 1
    assert done.err.splitlines()[0] == (
        "examples/custom_kernel/smooth.mlir:25:13: error: runtime error: "
        "a window of 9 does not fit a signal of 2 samples"
    )
