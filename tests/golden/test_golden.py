"""The reference implementation's programs: its bytes, its output, its diagnostics.

``NAME.mlir`` was compiled by the reference to ``NAME.bef``; running that printed ``NAME.out`` and reported
``NAME.err`` (no file: nothing was reported).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tfrt.compiler import compile
from tfrt.compiler.bef_to_mlir import disassemble
from tfrt.compiler.frontend import parse_module
from tfrt.compiler.passes.tfrt_print_stream import TfrtPrintStream
from tfrt.compiler.pipelines.manager import Watch, run_passes
from tfrt.executor.bef import FunctionKind, read_bef

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.mlir"))

NOT_RUN = {
    # These two show translation only; nobody has kernels for their ops.
    "attributes": "translation only",
    "locations": "translation only",
    "compiled_module": "translation only",
    "compiled_module_arith": "translation only",
}
RUNNABLE = [name for name in NAMES if name not in NOT_RUN]
CANCELLED = [name for name in RUNNABLE if name.startswith("cancel")]
"""Which of their kernels ran before the request was cancelled can be seen. That follows from the order of the
single-threaded queue; on several threads, and where a pass has moved ops, it may be others.
"""

INIT_FUNCTIONS = ("register_cpu", "register_op_handlers_cpu")
"""The functions that the programs on the core runtime start with; the reference was run with them, too."""

WAYS = {
    "s": [],
    "mstd": ["--work_queue_type", "mstd"],
    "mstd:4,2": ["--work_queue_type", "mstd:4,2"],
    "s, no plans": ["--no-plans"],
    "s, generated": ["--plan-threshold", "0"],
    "mstd:2, generated": ["--work_queue_type", "mstd:2", "--plan-threshold", "0"],
}
"""Ways to run a program, all with the same output."""
CANCELLED_WAYS = ("s", "s, no plans", "s, generated")
"""The ways in which programs that are cancelled do what the reference does."""


def source(name: str) -> str:
    return (FOLDER / f"{name}.mlir").read_text(encoding="utf-8")


def reference(name: str) -> bytes:
    return (FOLDER / f"{name}.bef").read_bytes()


def recorded(name: str, suffix: str) -> str:
    path = FOLDER / f"{name}.{suffix}"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_all_programs_are_here():
    assert len(NAMES) == 26
    assert set(NOT_RUN) < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_bytes_are_the_references(name):
    assert compile(source(name), f"{name}.mlir") == reference(name)


@pytest.mark.parametrize("name", NAMES)
def test_disassembly_compiles_to_the_same_bytes(name):
    assert compile(disassemble(read_bef(reference(name))), "disassembled") == reference(name)


@pytest.mark.parametrize("name", NAMES)
def test_remarks_say_the_references_streams(name):
    remarks = []
    run_passes(
        parse_module(source(name), allow_unregistered=True), [TfrtPrintStream()], watch=Watch(remark=remarks.append)
    )
    said = [int(re.match(r"stream id: (\d+), ", remark.message)[1]) for remark in remarks]
    functions = [f for f in read_bef(reference(name)).functions if f.name and f.kind is not FunctionKind.NATIVE]
    # What returns is no kernel; it is in the stream of the entry, as the pseudo kernel is.
    expected = [[*(kernel.stream for kernel in f.kernels), f.kernels[0].stream] for f in functions]
    assert said == [stream for streams in expected for stream in streams]


@pytest.mark.parametrize("compiled_by", ["us", "the reference"])
@pytest.mark.parametrize(
    ("name", "way"),
    [(name, way) for name in RUNNABLE for way in (CANCELLED_WAYS if name in CANCELLED else WAYS)],
)
def test_output_and_diagnostics(name, compiled_by, way, tool, monkeypatch):
    # Locations name the source file without a folder.
    monkeypatch.chdir(FOLDER)
    bef = reference(name) if compiled_by == "the reference" else compile(source(name), f"{name}.mlir")
    init = [word for f in INIT_FUNCTIONS if f"@{f}(" in source(name) for word in ("--test_init_function", f)]
    done = tool("bef-run", *WAYS[way], *init, stdin=bef)
    assert done.out == recorded(name, "out")
    assert headlines(done.err) == recorded(name, "err")
    assert done.code == (1 if "<<error" in done.out else 0)


@pytest.mark.parametrize("way", ["s", "mstd:4,2", "s, generated"])
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("name", [name for name in RUNNABLE if name not in CANCELLED])
def test_optimised_programs_do_the_same(name, level, way, tool, monkeypatch):
    monkeypatch.chdir(FOLDER)
    bef = compile(source(name), f"{name}.mlir", opt_level=level)
    init = [word for f in INIT_FUNCTIONS if f"@{f}(" in source(name) for word in ("--test_init_function", f)]
    done = tool("bef-run", *WAYS[way], *init, stdin=bef)
    # Regions are functions without names, of which there may be fewer.
    regions = "--- Not running '' because it has arguments.\n"
    assert done.out.replace(regions, "") == recorded(name, "out").replace(regions, "")
    assert headlines(done.err) == recorded(name, "err")


@pytest.mark.parametrize("name", ["errors"])
def test_diagnostics_show_the_source(name, tool, monkeypatch):
    monkeypatch.chdir(FOLDER)
    shown = tool("bef-run", f"{name}.bef").err.splitlines()
    # What is said of calls is indented by two, and stands behind a note.
    lines = [line for line in shown if not re.match(r"note: |  \S+:\d+:\d+: ", line)]
    for headline, line, caret in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        _, number, column, *_ = headline.split(":")
        assert line == source(name).splitlines()[int(number) - 1]
        assert caret == " " * (int(column) - 1) + "^"


def headlines(text: str) -> str:
    """The diagnostics without the source lines and carets that follow them."""
    found = [line for line in text.splitlines() if re.match(r"\S+:\d+:\d+: error: ", line)]
    return "".join(f"{line}\n" for line in found)
