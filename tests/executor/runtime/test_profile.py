"""Profiles: which time counts, on a clock that kernels set; and the file they are kept in."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import tfrt
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_profile import KernelProfile, read_profile, write_profile
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.runtime.profile import RECENT, Profile


class Clock:
    """Stands still but for kernels."""

    now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def profiled(clock):
    """Runs ``@f`` of a program on integers as often as told; returns the times of its kernels by name and line."""
    registry = KernelRegistry(BUILTIN)

    def register(name, function, **options):
        registry.register(Kernel(f"t.{name}", function, **options))

    def spend(time: int) -> int:
        clock.now += time
        return time

    def spend_later(time: int, *, context: tfrt.ExecutionContext) -> tfrt.AsyncValue:
        result = tfrt.AsyncValue()
        context.host.enqueue(lambda: result.set(spend(time)))
        return result

    def twice_later(time: int, *, context: tfrt.ExecutionContext) -> tuple[tfrt.AsyncValue, tfrt.AsyncValue]:
        return spend_later(time, context=context), spend_later(10 * time, context=context)

    def fail(time: int) -> int:
        spend(time)
        raise tfrt.KernelError("no")

    def fail_later(time: int, *, context: tfrt.ExecutionContext) -> tfrt.AsyncValue:
        result = tfrt.AsyncValue()
        context.host.enqueue(lambda: result.set_error(tfrt.KernelError(f"no: {spend(time)}")))
        return result

    register("spend", spend)
    register("blocking", spend, blocking=True)
    register("enqueued", spend, enqueued=True)
    register("later", spend_later)
    register("twice", twice_later)
    register("fail", fail)
    register("fail_later", fail_later)

    def run(body, *arguments, queue="s", attributes="", runs=1):
        names = ", ".join(f"%x{number}: i32" for number in range(len(arguments)))
        text = f"func.func @f({names}) -> i32 {attributes} {{\n{body}\n  tfrt.return %r : i32\n}}"
        profile = Profile(clock)
        with tfrt.HostContext(queue, registry=registry, profile=profile) as host:
            function = tfrt.load(tfrt.compile(text, "f.mlir"), host=host)["f"]
            for _ in range(runs):
                host.wait(function.start(*arguments))
                host.quiesce()
        return {
            (entry.kernel, entry.location): (entry.runs, entry.total_ns, entry.median_ns) for entry in profile.kernels()
        }

    return run


@pytest.mark.parametrize("kind", ["spend", "blocking", "enqueued", "later"])
def test_a_run_lasts_until_its_result_is_there(profiled, kind):
    found = profiled(f'  %r = "t.{kind}"(%x0) : (i32) -> i32', 7, runs=3)
    assert found == {(f"t.{kind}", "f.mlir:2:8"): (3, 21, 7)}


def test_a_run_lasts_until_its_last_result_is_there(profiled):
    found = profiled('  %r, %s = "t.twice"(%x0) : (i32) -> (i32, i32)', 2)
    assert found == {("t.twice", "f.mlir:2:12"): (1, 22, 22)}


def test_synchronous_functions(profiled):
    found = profiled('  %r = "t.spend"(%x0) : (i32) -> i32', 3, attributes="attributes {tfrt.sync}")
    assert found == {("t.spend", "f.mlir:2:8"): (1, 3, 3)}


@pytest.mark.parametrize("kind", ["fail", "fail_later"])
def test_runs_that_fail_are_not_counted(profiled, kind):
    assert profiled(f'  %r = "t.{kind}"(%x0) : (i32) -> i32', 3) == {}


def test_places_are_told_apart_and_what_takes_longest_comes_first(profiled):
    found = profiled('  %a = "t.spend"(%x0) : (i32) -> i32\n  %r = "t.spend"(%x1) : (i32) -> i32', 3, 4)
    assert list(found.items()) == [
        (("t.spend", "f.mlir:3:8"), (1, 4, 4)),
        (("t.spend", "f.mlir:2:8"), (1, 3, 3)),
    ]


def test_a_place_that_is_unknown(profiled):
    assert profiled('  %r = "t.spend"(%x0) : (i32) -> i32 loc(unknown)', 3) == {("t.spend", None): (1, 3, 3)}


def test_what_a_kernel_runs_is_part_of_its_time(profiled):
    body = """  %r = tfrt.repeat.i32 %x0, %x1 : i32 {
    %y = "t.spend"(%x1) : (i32) -> i32
    tfrt.return %y : i32
  }"""
    assert profiled(body, 3, 5) == {
        ("tfrt.repeat.i32", "f.mlir:2:8"): (1, 15, 15),
        ("t.spend", "f.mlir:3:10"): (3, 15, 5),
    }


def test_several_threads(profiled):
    lines = [f'  %r{i} = "tfrt_test.async_add.i32"(%x0, %x0) : (i32, i32) -> i32 loc("one")' for i in range(200)]
    names = ", ".join(f"%r{i}" for i in range(200))
    lines.append(f'  %r = "tfrt_test.sum"({names}) : ({", ".join(["i32"] * 200)}) -> i32')
    assert profiled("\n".join(lines), 1, queue="mstd:4")["tfrt_test.async_add.i32", "one"] == (200, 0, 0)


def test_the_median_is_of_the_last_runs(profiled, clock):
    profile = Profile(clock)

    def spend(time: int) -> None:
        clock.now += time

    with tfrt.HostContext() as host:
        call = profile.watched(spend, SimpleNamespace(kernel="t.spend", where="here"), host.run_when_ready)
        for time in [1000] * RECENT + [1] * (RECENT // 2 + 1):
            call(time)
    (found,) = profile.kernels()
    assert (found.runs, found.median_ns) == (RECENT + RECENT // 2 + 1, 1)


def test_hosts_without_a_profile_keep_their_plans():
    with tfrt.HostContext() as plain, tfrt.HostContext(profile=Profile()) as profiled:
        assert (plain.plans, profiled.plans) == (True, False)


ENTRIES = [KernelProfile("a.b", 'f "x":1:2', 3, 12, 4), KernelProfile("c", None, 0, 0, 0)]


def test_a_file_is_read_as_it_was_written():
    assert read_profile(write_profile(ENTRIES)) == ENTRIES
    assert read_profile(write_profile([])) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "its \"format\" is not 'tfrt kernel profile 1'"),
        ('{"format": "tfrt kernel profile 2"}', "its \"format\" is not 'tfrt kernel profile 1'"),
        ('{"format": "tfrt kernel profile 1"}', 'its "kernels" are not a list'),
        (write_profile(ENTRIES).replace('"c"', "7"), '"kernel" of kernel #1 is not a name'),
        (write_profile(ENTRIES).replace("null", "7"), '"location" of kernel #1 is not a name'),
        (write_profile(ENTRIES).replace("12", "true"), '"total_ns" of kernel #0 is not a number that is not negative'),
        (write_profile(ENTRIES).replace("12", "-1"), '"total_ns" of kernel #0 is not a number that is not negative'),
        (
            '{"format": "tfrt kernel profile 1", "kernels": [3]}',
            '"kernel" of kernel #0 is not a name',
        ),
    ],
)
def test_what_is_no_profile(text, message):
    with pytest.raises(tfrt.UsageError) as caught:
        read_profile(text)
    assert str(caught.value) == message
