"""One threading model: BLAS's threads, `parallel_for`, and that nothing runs more threads than the host has."""

import gc
import threading
import time
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

import tfrt
from tfrt.executor.support import native_threads
from tfrt.kernels.numerics import products
from tfrt.kernels.numerics.convolution.channels_last import conv2d
from tfrt.kernels.numerics.quiet import quiet
from tfrt.kernels.numerics.windows import window


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def several_blas_threads(monkeypatch):
    """As on a machine with several processors, and before the first host; other tests may have left some open."""
    from threadpoolctl import threadpool_limits

    gc.collect()
    monkeypatch.setattr(native_threads, "_hosts", {})
    monkeypatch.setattr(native_threads, "_limits", None)
    with threadpool_limits(limits=4, user_api="blas"):
        if blas_threads() != {4}:
            pytest.skip("numpy's BLAS has no threads of its own")
        yield


def test_blas_runs_one_thread_while_a_host_has_compute_threads():
    with tfrt.HostContext("mstd:2"):
        assert blas_threads() == {1}
        with tfrt.HostContext("mstd:1"):
            assert blas_threads() == {1}
        assert blas_threads() == {1}
    assert blas_threads() == {4}


def test_a_single_threaded_host_leaves_blas_alone():
    with tfrt.HostContext("s"):
        assert blas_threads() == {4}


def test_a_host_that_nobody_closes():
    host = tfrt.HostContext("mstd:1")
    assert blas_threads() == {1}
    del host
    gc.collect()
    assert blas_threads() == {4}


def test_closing_twice_counts_once():
    with tfrt.HostContext("mstd:1"):
        other = tfrt.HostContext("mstd:1")
        other.close()
        other.close()
        assert blas_threads() == {1}
    assert blas_threads() == {4}


PRODUCTS = "\n".join(
    [
        "func.func @products(%h: !corert.ophandler, %x: !corert.tensorhandle) -> !tfrt.chain {",
        *(
            f'  %p{i} = corert.executeop(%h) "tf.MatMul"(%x, %x) {{transpose_a = false, transpose_b = false}} : 1'
            for i in range(12)
        ),
        "  %c = tfrt.new.chain",
        "  tfrt.return %c : !tfrt.chain\n}",
    ]
)


@pytest.mark.parametrize("threads", [1, 2])
def test_there_are_never_more_products_than_compute_threads(monkeypatch, threads):
    """Twelve independent products, some of which are split: at any time as many run as the host has threads, each on
    one."""
    running: list[None] = []
    most: list[int] = []
    pools: list[set[int]] = []

    def counted(multiply, *arguments, **options):
        running.append(None)
        most.append(len(running))
        pools.append(blas_threads())
        time.sleep(0.002)
        result = quiet.call(multiply, *arguments, **options)
        running.pop()
        return result

    monkeypatch.setattr(products, "quiet", SimpleNamespace(call=counted))
    monkeypatch.setattr(products, "LEAST_WORK", 32 * 64 * 64)
    with tfrt.HostContext(f"mstd:{threads}") as host:
        x = tfrt.CoreRuntime.of(host).tensor(np.ones((64, 64), np.float32))
        program = tfrt.load(tfrt.compile(PRODUCTS), host=host)
        from tfrt.executor.core_runtime.cpu_op_handler import CpuOpHandler

        program["products"].start(CpuOpHandler(), x)
        # Waiting, as programs' callers do; the waiting thread helps.
        done = tfrt.AsyncValue()
        host.enqueue(lambda: done.set(None))
        host.wait([done])
        host.quiesce()
    assert pools and set().union(*pools) == {1}
    assert len(most) >= 12
    # The thread that waits works too.
    assert max(most) <= threads + 1


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 300), st.integers(0, 50), st.sampled_from(["s", "mstd:1", "mstd:3"]))
def test_parallel_for_covers_a_range_once(total, least, queue):
    seen = []
    with tfrt.HostContext(queue) as host:
        host.parallel_for(total, least, lambda start, end: seen.append((start, end)))
        assert len(seen) <= max(1, host.parallelism)
    assert [i for start, end in sorted(seen) for i in range(start, end)] == list(range(total))
    assert all(end - start >= min(least, total) for start, end in seen)


@pytest.mark.parametrize("queue", ["s", "mstd:1", "mstd:2"])
def test_parallel_for_inside_tasks_and_inside_itself(queue):
    seen = []
    with tfrt.HostContext(queue) as host:

        def outer(start, end):
            for i in range(start, end):
                host.parallel_for(10, 1, lambda low, high, i=i: seen.extend((i, j) for j in range(low, high)))

        done = [tfrt.AsyncValue() for _ in range(4)]

        def task(number):
            host.parallel_for(5, 1, outer)
            done[number].set(None)

        for number in range(4):
            host.enqueue(lambda number=number: task(number))
        host.wait(done)
    assert sorted(seen) == sorted((i, j) for i in range(5) for j in range(10) for _ in range(4))


def test_blocks_are_handed_to_threads_that_have_nothing_else_to_do():
    started, go_on, threads = threading.Semaphore(0), threading.Event(), []

    def busy():
        started.release()
        go_on.wait()

    def on(start, end):
        threads.append(threading.get_ident())

    with tfrt.HostContext("mstd:3") as host:
        queue = host.work_queue
        assert queue.idle == 2
        for _ in range(2):
            host.enqueue(busy)
            started.acquire()
        # The third is this thread's.
        assert queue.idle == 0
        host.parallel_for(30, 1, on)
        assert threads == [threading.get_ident()] * 3
        go_on.set()
        host.quiesce()
        # Somebody else's thread that computes counts as one.
        queue.outsiders_here().append(None)
        assert queue.idle == 2
        asked = tfrt.AsyncValue()
        host.enqueue(lambda: asked.set([queue.idle, queue.outsiders_here()]))
        host.wait([asked])
        queue.outsiders_here().clear()
        assert queue.idle == 2
    assert asked.value == [1, None]


@pytest.mark.parametrize("queue", ["s", "mstd:3"])
def test_the_first_error_of_a_block_is_raised_after_all_are_done(queue):
    seen = []

    def body(start, end):
        seen.append(start)
        raise ValueError(f"block at {start}")

    with tfrt.HostContext(queue) as host:
        with pytest.raises(ValueError, match=r"^block at 0$"):
            host.parallel_for(9, 1, body)
        host.quiesce()
    assert len(seen) == (1 if queue == "s" else 3)


def test_large_products_are_split_and_agree(monkeypatch):
    monkeypatch.setattr(products, "LEAST_WORK", 1000)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(67, 31)).astype(np.float32), rng.normal(size=(31, 23)).astype(np.float32)
    threads = set()
    multiply = np.matmul
    monkeypatch.setattr(np, "matmul", lambda *a, **k: threads.add(threading.get_ident()) or multiply(*a, **k))
    with tfrt.HostContext("mstd:3") as host:
        out = np.empty((67, 23), np.float32)
        assert products.matmul(a, b, host, out) is out
        np.testing.assert_allclose(out, a @ b, rtol=1e-4, atol=1e-5)
        assert products.matmul(a, b, host).tobytes() == out.tobytes()
        empty = products.matmul(np.empty((0, 31), np.float32), b, host)
    assert empty.shape == (0, 23)


def test_convolutions_are_spread_over_images(monkeypatch):
    from tfrt.kernels.numerics.convolution import channels_last

    monkeypatch.setattr(channels_last, "LEAST_WORK", 10)
    rng = np.random.default_rng(1)
    images, filters = rng.normal(size=(7, 6, 5, 2)), rng.normal(size=(3, 3, 2, 4))
    rows, columns = (window(extent, 3, stride=1, padding="SAME") for extent in (6, 5))
    with tfrt.HostContext("mstd:3") as host:
        found = conv2d(images, filters, rows, columns, host)
    np.testing.assert_allclose(found, conv2d(images, filters, rows, columns), rtol=1e-12)


def test_a_host_collected_while_another_one_enters(monkeypatch):
    first = tfrt.HostContext("mstd:1")

    def collect():
        nonlocal first
        first = None
        gc.collect()

    monkeypatch.setattr(native_threads, "_apply", collect)
    # Anything that can be referred to weakly.
    second = native_threads.enter(test_a_host_collected_while_another_one_enters)
    assert list(native_threads._hosts) == [second]
    native_threads.leave(second)


def test_a_block_that_exits_does_not_leave_the_caller_waiting():
    def block(start, end):
        if start == 0:
            raise SystemExit("no more")

    with tfrt.HostContext("mstd:2") as host, pytest.raises(SystemExit, match="no more"):
        host.parallel_for(100, 1, block)


def test_a_host_whose_collection_was_interrupted_has_left_when_another_leaves(monkeypatch):
    host = tfrt.HostContext("mstd:1")
    with monkeypatch.context() as patched:
        # What a signal's handler raises in a finalizer is only shown.
        patched.setattr(weakref.finalize, "__call__", lambda *_: None)
        del host
        gc.collect()
    assert blas_threads() == {1}
    tfrt.HostContext("mstd:1").close()
    assert blas_threads() == {4}
