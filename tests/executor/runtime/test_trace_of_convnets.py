"""The trace of the example `convnets`: as Perfetto's own trace processor reads it, and as we do, it is the profile."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

import tfrt
from tests.executor.runtime.trace_files import nanoseconds, slices, valid_events
from tfrt.executor.declarations.kernel_profile import KernelProfile
from tfrt.executor.runtime.profile import Profile

NETS = Path(__file__).parents[3] / "examples" / "convnets" / "nets.mlir"

Totals = dict[str, tuple[int, int]]
"""Runs and nanoseconds, by kernel."""


@pytest.fixture(scope="module")
def traced(tmp_path_factory, request) -> tuple[Path, Totals, Counter[str]]:
    """The file; what its events come to; and the runs of each kernel that an independent profile has counted."""
    path, profile = tmp_path_factory.mktemp("trace") / "trace.json", Profile()
    bef = tfrt.compile(NETS.read_text(), str(NETS), opt_level=2)
    with (
        pytest.MonkeyPatch.context() as patch,
        tfrt.HostContext("mstd:2", profile=profile, out=open("/dev/null", "w")) as host,
        tfrt.trace(path) as events,
    ):
        patch.chdir(NETS.parents[2])
        program = tfrt.load(bef, host=host)
        program["register_cpu"]()
        program["main"]()
        host.quiesce()
    return path, totals(events.kernels()), Counter({k: runs for k, (runs, _) in totals(profile.kernels()).items()})


def totals(entries: list[KernelProfile]) -> Totals:
    found: Totals = {}
    for entry in entries:
        runs, time = found.get(entry.kernel, (0, 0))
        found[entry.kernel] = runs + entry.runs, time + entry.total_ns
    return found


def test_the_file_is_the_profile(traced):
    path, expected, counts = traced
    events = valid_events(path.read_text())
    found = {}
    begun = {(e["name"], e["id"]): e for e in events if e["ph"] == "b" and e["cat"] == "pending"}
    later = [
        (e["name"], e["ts"] - begun[e["name"], e["id"]]["ts"]) for e in events if (e["name"], e.get("id")) in begun
    ]
    now = [(e["name"], e["dur"]) for e in slices(events, "kernel") if not e["args"].keys() & {"pending", "failed"}]
    for kernel, time in [*now, *(entry for entry in later if entry[1])]:
        runs, total = found.get(kernel, (0, 0))
        found[kernel] = runs + 1, total + nanoseconds(time)
    assert found == expected
    assert {kernel: runs for kernel, (runs, _) in found.items()} == counts
    assert sum(runs for runs, _ in found.values()) > 100


def test_perfetto_reads_the_same(traced):
    perfetto = pytest.importorskip("perfetto.trace_processor", reason="needs Perfetto")
    binary = shutil.which("trace_processor_shell") or shutil.which("trace_processor")
    if binary is None:
        pytest.skip("needs Perfetto's trace_processor")
    path, expected, _ = traced
    query = """select name, count(*) as runs, sum(dur) as time from slice where category = 'pending' or
        (category = 'kernel' and extract_arg(arg_set_id, 'args.pending') is null) group by name"""
    with perfetto.TraceProcessor(trace=str(path), config=perfetto.TraceProcessorConfig(bin_path=binary)) as processor:
        assert {row.name: (row.runs, row.time) for row in processor.query(query)} == expected
        (flows,) = [row.n for row in processor.query("select count(*) as n from flow")]
        assert flows > 100
        wrong = "select name from stats where severity in ('error', 'data_loss') and value > 0"
        assert [row.name for row in processor.query(wrong)] == []
