"""Kernels that run beside others: on threads for those that block, and as tasks."""

import gc
import threading
import weakref

import numpy as np
import pytest

import tfrt
from tests.loading import load
from tfrt.executor.engines import frame_tasks


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_blocking_kernels_run_beside_others(queue, temporary_kernels):
    @tfrt.kernel("my.name", blocking=True)
    def name(a: int) -> str:
        return threading.current_thread().name

    @tfrt.kernel("my.pair", blocking=True)
    def pair(a: int) -> tuple[int, int]:
        return a, a + 1

    @tfrt.kernel("my.fails", blocking=True)
    def fails(a: int) -> None:
        raise ValueError("blocked")

    text = """
func.func @f(%a: i32) -> (!my.name, i32, i32) {
  %n = "my.name"(%a) : (i32) -> !my.name
  %p:2 = "my.pair"(%a) : (i32) -> (i32, i32)
  "my.fails"(%a) : (i32) -> ()
  tfrt.return %n, %p#0, %p#1 : !my.name, i32, i32
}"""
    reported = []
    with tfrt.HostContext(queue, diagnostic_handler=lambda d: reported.append(d.headline())) as host:
        thread, first, second = load(text, host)["f"](1)
        host.quiesce()
    assert (first, second) == (1, 2)
    assert thread.startswith("tfrt-blocking") == (queue != "s")
    assert reported == ["test.mlir:5:3: error: runtime error: ValueError: blocked"]


ENQUEUED = """
func.func @f(%a: i32) -> (!my.name, i32, i32, i32) {
  %n = "my.name"(%a) : (i32) -> !my.name
  %p:2 = "my.pair"(%a) : (i32) -> (i32, i32)
  "my.fails"(%a) : (i32) -> ()
  %x = "my.knows"(%a) : (i32) -> i32
  %l = "my.late"(%x) : (i32) -> i32
  %s = tfrt.add.i32 %l, %x
  tfrt.return %n, %p#0, %p#1, %s : !my.name, i32, i32, i32
}"""


@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize("queue", ["s", "mstd:2", "seeded:1"])
def test_enqueued_kernels_are_tasks(queue, plans, temporary_kernels):
    @tfrt.kernel("my.name", enqueued=True)
    def name(a: int) -> str:
        return threading.current_thread().name

    @tfrt.kernel("my.pair", enqueued=True)
    def pair(a: int) -> tuple[int, int]:
        return a, a + 1

    @tfrt.kernel("my.fails", enqueued=True)
    def fails(a: int) -> None:
        raise ValueError("enqueued")

    @tfrt.kernel("my.knows", enqueued=True)
    def knows(a: int, *, context: tfrt.ExecutionContext) -> int:
        return a + len(context.data)

    @tfrt.kernel("my.late", enqueued=True)
    def late(a: int, host: tfrt.HostContext) -> tfrt.AsyncValue:
        result = tfrt.AsyncValue()
        host.enqueue(lambda: result.set(a * 10))
        return result

    reported = []
    with tfrt.HostContext(queue, plans=plans, diagnostic_handler=lambda d: reported.append(d.headline())) as host:
        found = load(ENQUEUED, host)["f"]
        for _ in range(20):
            thread, *rest = found(1)
            host.quiesce()
            assert rest == [1, 2, 11]
            assert thread.startswith("tfrt-compute") or queue != "mstd:2" or thread == "MainThread"
            assert reported == ["test.mlir:5:3: error: runtime error: ValueError: enqueued"]
            reported.clear()


@pytest.mark.parametrize("queue", ["s", "mstd:1", "mstd:2", "mstd:8"])
def test_a_task_may_wait_for_another_one_of_its_batch(queue, temporary_kernels):
    done = [tfrt.AsyncValue() for _ in range(50)]

    @tfrt.kernel("my.wait", enqueued=True, pure=True)
    def wait(i: int, *, host: tfrt.HostContext) -> int:
        if i + 1 < len(done):
            host.wait([done[i + 1]])
        done[i].set(None)
        return i

    lines = [f"  %c{i} = tfrt.constant.i32 {i}" for i in range(50)]
    lines += [f'  %w{i} = "my.wait"(%c{i}) : (i32) -> i32' for i in range(50)]
    names, types = ", ".join(f"%w{i}" for i in range(50)), ", ".join(["i32"] * 50)
    text = "\n".join(["func.func @f() -> i32 {", *lines, f'  %s = "tfrt_test.sum"({names}) : ({types}) -> i32'])
    with tfrt.HostContext(queue) as host:
        assert load(f"{text}\n  tfrt.return %s : i32\n}}", host)["f"]() == sum(range(50))


@pytest.mark.parametrize("is_watched", [False, True])
def test_pure_tasks_take_turns_with_others(is_watched, monkeypatch, temporary_kernels):
    """On one thread, where nobody can tell their order, tasks are run until it is others' turn."""
    monkeypatch.setattr(frame_tasks, "TURN", -1)
    seen = []

    @tfrt.kernel("my.task", enqueued=True, pure=True)
    def task(i: int, host: tfrt.HostContext) -> int:
        seen.append(i)
        host.enqueue(lambda: seen.append(-i))
        if i == 4:
            raise ValueError("the last one")
        return i

    lines = [f"  %c{i} = tfrt.constant.i32 {i}" for i in range(1, 5)]
    lines += [f'  %w{i} = "my.task"(%c{i}) : (i32) -> i32' for i in range(1, 5)]
    text = "\n".join(
        ["func.func @f() -> (i32, i32, i32, i32) {", *lines, "  tfrt.return %w1, %w2, %w3, %w4 : i32, i32, i32, i32\n}"]
    )
    reported = []
    handler = (lambda d: reported.append(d.headline())) if is_watched else None
    host = tfrt.HostContext(diagnostic_handler=handler)
    program = load(text, host)
    for _ in range(3):
        with pytest.raises(tfrt.KernelError, match="the last one"):
            program["f"]()
        host.quiesce()
        assert sorted(seen) == [-4, -3, -2, -1, 1, 2, 3, 4]
        first = [i for i in seen if i > 0]
        assert all(abs(seen.index(-i) - seen.index(i)) <= 4 for i in first)
        assert len(reported) == is_watched
        seen.clear()
        reported.clear()


def test_tasks_keep_nothing_alive_when_they_are_done(temporary_kernels):
    @tfrt.kernel("my.size", enqueued=True, pure=True)
    def size(x: np.ndarray) -> int:
        return x.size

    lines = [f'  %w{i} = "my.size"(%x) : (memref<3xf32>) -> i32' for i in range(3)]
    text = "\n".join(
        [
            "func.func @f(%x: memref<3xf32>) -> (i32, i32, i32) {",
            *lines,
            "  tfrt.return %w0, %w1, %w2 : i32, i32, i32\n}",
        ]
    )
    run = load(text, tfrt.HostContext())["f"]
    for _ in range(4):
        x = np.ones(3, np.float32)
        held = weakref.ref(x)
        assert run(x) == (3, 3, 3)
        del x
        gc.collect()
        assert held() is None


def test_a_batch_of_tasks_is_for_all_threads(temporary_kernels):
    meeting = threading.Barrier(3, timeout=60)

    @tfrt.kernel("my.meet", enqueued=True, pure=True)
    def meet(i: int) -> int:
        return meeting.wait()

    lines = [f'  %w{i} = "my.meet"(%a) : (i32) -> i32' for i in range(6)]
    names, types = ", ".join(f"%w{i}" for i in range(6)), ", ".join(["i32"] * 6)
    text = "\n".join(["func.func @f(%a: i32) -> i32 {", *lines, f'  %s = "tfrt_test.sum"({names}) : ({types}) -> i32'])
    with tfrt.HostContext("mstd:3") as host:
        (found,) = load(f"{text}\n  tfrt.return %s : i32\n}}", host)["f"].start(1)
        host.wait([found])
        # Where all is done before `start` returns, the value itself is there.
        assert (found.value if isinstance(found, tfrt.AsyncValue) else found) == 6
