"""What bef-run tells of a run: profiles, traces, and what is allocated."""

from __future__ import annotations

import gc

import pytest

from tests.executor.runtime.trace_files import slices, valid_events
from tests.tools.programs import compiled
from tfrt.executor.declarations.kernel_profile import read_profile
from tfrt.executor.declarations.kernel_registry import kernel
from tfrt.executor.tools import bef_run


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
