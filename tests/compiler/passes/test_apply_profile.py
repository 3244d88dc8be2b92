"""Measured costs: where they go, what they do to streams, and what is said about files that are no profiles."""

from __future__ import annotations

import re

import pytest

import tfrt
from tfrt.compiler import compile as compile_text
from tfrt.executor.bef import read_bef
from tfrt.executor.declarations.kernel_profile import KernelProfile, write_profile
from tfrt.executor.runtime.profile import Profile

PROGRAM = """\
func.func @f(%x: i32) -> i32 attributes {tfrt.cost_threshold = 10 : i64} {
  %a = tfrt.add.i32 %x, %x
  %b = tfrt.add.i32 %x, %x
  %c = "tfrt_test.async_add.i32"(%a, %b) : (i32, i32) -> i32
  tfrt.return %c : i32
}
"""


def at(line: int, microseconds: float, kernel: str = "tfrt.add.i32", runs: int = 1) -> KernelProfile:
    median = round(microseconds * 1000)
    return KernelProfile(kernel, f"<stdin>:{line}:8", runs, runs * median, median)


@pytest.fixture
def costs(tool, tmp_path):
    """The costs of the ops of the program above, after a profile of these entries."""

    def call(*entries, options=""):
        path = tmp_path / "profile.json"
        path.write_text(write_profile(entries))
        done = tool("tfrt-opt", "-p", f'apply-profile{{file="{path}"{options}}}', stdin=PROGRAM)
        assert done.err == ""
        ops = [line for line in done.out.splitlines() if re.search("add|return", line)]
        return [int(m[1]) if (m := re.search(r"_tfrt_measured_cost = (\d+) : i64", op)) else None for op in ops]

    return call


def test_by_location(costs):
    assert costs(at(2, 3), at(3, 4.6)) == [3, 5, None, None]


def test_else_by_kernel(costs):
    # Twice 3 and once 9 microseconds are 5 in the mean.
    assert costs(at(2, 3, runs=2), at(7, 9)) == [3, 5, None, None]


def test_kernels_that_never_ran_say_nothing(costs):
    assert costs(at(7, 9, runs=0)) == [None] * 4


def test_a_cost_is_at_least_one(costs):
    assert costs(at(2, 0.01)) == [1, 1, None, None]


def test_the_unit(costs):
    assert costs(at(2, 3), options=" unit=100") == [30, 30, None, None]


def streams(text: str, entries: list[KernelProfile], folder) -> list[int]:
    path = folder / "profile.json"
    path.write_text(write_profile(entries))
    bef = read_bef(compile_text(text, "<stdin>", pipeline=f'apply-profile{{file="{path}"}}'))
    assert all(kernel.attributes == () for kernel in bef.functions[-1].kernels)
    return [kernel.stream for kernel in bef.functions[-1].kernels]


def test_streams_follow_measured_costs(tmp_path):
    # Two cheap arms are worth one stream, two expensive ones are not.
    assert streams(PROGRAM, [at(2, 2), at(3, 3)], tmp_path) == [0, 0, 0, 0]
    assert streams(PROGRAM, [at(2, 12), at(3, 15)], tmp_path) == [0, 1, 0, 0]


def test_measured_costs_count_before_declared_ones(tmp_path):
    text = PROGRAM.replace("tfrt.add.i32 %x, %x", "tfrt_test.test_cost %x {id = 0, _tfrt_cost = 1 : i64} : i32")
    entries = [at(2, 12, "tfrt_test.test_cost"), at(3, 15, "tfrt_test.test_cost")]
    path = tmp_path / "profile.json"
    path.write_text(write_profile(entries))
    pipeline = f'apply-profile{{file="{path}"}}'
    for passes, expected in (("", [0, 0, 0, 0]), (pipeline, [0, 1, 0, 0])):
        bef = read_bef(compile_text(text, "<stdin>", pipeline=passes))
        assert [kernel.stream for kernel in bef.functions[-1].kernels] == expected


def test_from_a_run_to_streams(tmp_path):
    times = iter([0, 12_000, 20_000, 35_000, 40_000, 41_000])
    profile = Profile(lambda: next(times))
    with tfrt.HostContext(profile=profile) as host:
        assert tfrt.load(compile_text(PROGRAM, "<stdin>"), host=host)["f"](1) == 4
    measured = {entry.location: entry.median_ns for entry in profile.kernels()}
    assert sorted(measured.values()) == [1000, 12_000, 15_000]
    assert measured["<stdin>:4:8"] == 1000
    assert len(set(streams(PROGRAM, profile.kernels(), tmp_path))) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "pass 'apply-profile' needs a profile: apply-profile{file=\"profile.json\"}"),
        ('file="none.json"', "cannot read 'none.json': No such file or directory"),
        ('file="bad.json"', "'bad.json' is no profile of bef-run: its \"format\" is not 'tfrt kernel profile 1'"),
        ('file="binary.json"', "'binary.json' is not a text file: byte 0 is not valid UTF-8"),
        ('file="bad.json" unit=0', "pass 'apply-profile' needs a unit of at least 1 nanosecond, got 0"),
    ],
)
@pytest.mark.parametrize("name", ["tfrt-opt", "tfrt-translate"])
def test_what_cannot_be_applied(tool, name, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "binary.json").write_bytes(b"\xff")
    done = tool(name, "-p", f"apply-profile{{{options}}}" if options else "apply-profile", stdin=PROGRAM)
    assert (done.code, done.out, done.err) == (2, "", f"{name}: {message}\n")
