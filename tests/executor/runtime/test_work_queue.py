"""Work queues: tasks, waiting, closing, and the threads behind them."""

import gc
import os
import signal
import sys
import threading
import weakref
from queue import SimpleQueue

import pytest

from tfrt.executor.runtime import thread_queue, waiting_queues
from tfrt.executor.runtime.queues import MultiThreadedQueue, SingleThreadedQueue, create_work_queue
from tfrt.executor.support.errors import UsageError
from tfrt.executor.values.async_value import AsyncValue

KINDS = ["s", "mstd:1", "mstd:2", "mstd:8,3", "seeded:1"]


@pytest.fixture(params=KINDS)
def queue(request):
    queue = create_work_queue(request.param)
    yield queue
    queue.close()


def _tfrt_threads():
    return [t for t in threading.enumerate() if t.name.startswith("tfrt-")]


@pytest.mark.parametrize("text", ["", "x", "s:1", "mstd:", "mstd:0", "mstd:1,2,3", "mstd:a", "seeded", "seeded:x"])
def test_unknown_descriptions(text):
    with pytest.raises(UsageError) as caught:
        create_work_queue(text)
    assert str(caught.value) == (
        f"unknown work queue '{text}': expected 's', 'mstd', 'mstd:N', 'mstd:N,M' or 'seeded:S'"
    )


@pytest.mark.parametrize("text", ["mstd:4097", "mstd:1,99999999999"])
def test_too_many_threads(text):
    with pytest.raises(UsageError) as caught:
        create_work_queue(text)
    assert str(caught.value) == f"work queue '{text}' has too many threads: at most 4096"


def test_parallelism():
    assert create_work_queue("s").parallelism == 1
    assert create_work_queue("mstd:3").parallelism == 3
    assert create_work_queue("mstd").parallelism >= 1


def test_waiting_runs_tasks(queue):
    values = [AsyncValue() for _ in range(100)]
    for i, value in enumerate(values):
        queue.add_task(lambda value=value, i=i: value.set(i))
    queue.wait(values)
    assert [v.value for v in values] == [*range(100)]


def test_waiting_for_plain_and_resolved_values_returns_at_once(queue):
    queue.wait([1, "x", AsyncValue.of(3), None])


def test_tasks_may_add_tasks(queue):
    done = AsyncValue()

    def step(n):
        if n == 0:
            done.set(None)
        else:
            queue.add_task(lambda: step(n - 1))

    queue.add_task(lambda: step(1000))
    queue.wait([done])
    assert done.is_available


def test_quiesce_waits_for_everything(queue):
    seen = []
    for i in range(50):
        (queue.add_blocking_task if i % 5 == 0 else queue.add_task)(lambda i=i: seen.append(i))
    queue.quiesce()
    assert sorted(seen) == [*range(50)]


def test_values_resolved_by_a_foreign_thread(queue):
    value = AsyncValue()
    threading.Timer(0.01, value.set, [1]).start()
    queue.wait([value])
    assert value.value == 1


def test_single_threaded_order_is_first_in_first_out():
    queue, seen = SingleThreadedQueue(), []
    for i in range(5):
        queue.add_task(lambda i=i: (seen.append(i), queue.add_task(lambda: seen.append(10 + i))))
    queue.add_blocking_task(lambda: seen.append("blocking"))
    queue.quiesce()
    assert seen == [0, 1, 2, 3, 4, "blocking", 10, 11, 12, 13, 14]


def test_waiting_stops_when_the_values_are_there():
    queue, seen, value = SingleThreadedQueue(), [], AsyncValue()
    queue.add_task(lambda: value.set(1))
    queue.add_task(lambda: seen.append("later"))
    queue.wait([value])
    assert seen == []
    queue.quiesce()
    assert seen == ["later"]


def test_each_seed_is_one_schedule():
    def run(seed):
        queue, seen = create_work_queue(f"seeded:{seed}"), []
        for i in range(8):
            queue.add_task(lambda i=i: seen.append(i))
        queue.quiesce()
        return tuple(seen)

    assert run(1) == run(1)
    assert len({run(seed) for seed in range(20)}) > 10


def test_a_value_that_nobody_resolves_on_the_seeded_queue(monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    with pytest.raises(RuntimeError, match=r"^waiting for a value that no task will resolve$"):
        create_work_queue("seeded:0").wait([AsyncValue()])


def test_waiting_on_the_seeded_queue_looks_at_no_frames(monkeypatch):
    """`sys._current_frames` may hang in Python 3.11: it may collect garbage, which may need the lock that it holds."""
    monkeypatch.setattr(sys, "_current_frames", None)
    value = AsyncValue()
    threading.Timer(0.001, value.set, [1]).start()
    create_work_queue("seeded:0").wait([value])
    assert value.value == 1


def test_blocking_tasks_may_depend_on_one_another():
    queue = MultiThreadedQueue(1, 8)
    arrived = [threading.Event() for _ in range(8)]
    done = [AsyncValue() for _ in range(8)]

    def meet(i):
        arrived[i].set()
        for event in arrived:
            event.wait()
        done[i].set(i)

    for i in range(8):
        queue.add_blocking_task(lambda i=i: meet(i))
    queue.wait(done)
    queue.close()
    assert [d.value for d in done] == [*range(8)]


def test_workers_that_all_wait_still_run_tasks():
    queue = MultiThreadedQueue(2, 1)
    inner = [AsyncValue() for _ in range(4)]
    outer = [AsyncValue() for _ in range(4)]

    def wait_inside(i):
        queue.add_task(lambda: queue.add_task(lambda: inner[i].set(i)))
        queue.wait([inner[i]])
        outer[i].set(i)

    for i in range(4):
        queue.add_task(lambda i=i: wait_inside(i))
    queue.wait(outer)
    queue.close()
    assert [o.value for o in outer] == [*range(4)]


def test_an_exception_in_a_task_is_reported_and_ends_nothing(queue, monkeypatch):
    reported = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(str(args.exc_value)))
    value = AsyncValue()

    def fail():
        raise ValueError("broken task")

    queue.add_task(fail)
    queue.quiesce()
    queue.add_task(lambda: value.set(1))
    queue.wait([value])
    queue.add_task(fail)
    queue.close()
    assert reported == ["broken task"] * 2


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_ends_no_thread(kind, monkeypatch):
    reported = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_type))
    queue = MultiThreadedQueue(1, 1)

    def fail():
        raise kind

    for add in (queue.add_task, queue.add_blocking_task):
        for _ in range(2):
            gate, value = AsyncValue(), AsyncValue()
            # On a thread of the pool, and not on this one.
            add(lambda gate=gate: (gate.set(1), fail()))
            queue.wait([gate])
            add(lambda value=value: value.set(1))
            queue.wait([value])
    queue.close()
    assert reported == [kind] * 4


def _thread(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def test_each_of_several_waiting_threads_gets_what_it_waits_for(queue):
    values = [AsyncValue() for _ in range(4)]
    seen: SimpleQueue = SimpleQueue()
    threads = [_thread(lambda i=i: (queue.wait([values[i]]), seen.put(i))) for i in range(4)]
    for i in (2, 0, 3, 1):
        values[i].set(None)
        assert seen.get(timeout=60) == i
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_a_waiting_thread_is_not_held_up_by_the_tasks_of_another(queue):
    runs, go_on, value, long = threading.Event(), threading.Event(), AsyncValue(), AsyncValue()

    def begin():
        for _ in range(20):
            queue.add_task(go_on.wait)
        runs.set()
        go_on.wait()
        long.set(1)

    def stranger():
        queue.add_task(begin)
        queue.wait([long])

    done = AsyncValue()
    other = _thread(stranger)
    assert runs.wait(60)
    waiting = _thread(lambda: (queue.wait([value]), done.set(1)))
    value.set(1)
    waiting.join(60)
    assert done.is_available and long.is_pending
    go_on.set()
    other.join(60)
    assert long.is_available
    queue.quiesce()


@pytest.mark.parametrize("name", ["s", "seeded:3"])
def test_tasks_of_a_thread_that_does_not_wait_are_run_by_one_that_does(name):
    queue, values, seen = create_work_queue(name), [AsyncValue() for _ in range(3)], []
    threads = [_thread(queue.wait, [value]) for value in values]

    def add():
        for value in values:
            queue.add_task(lambda value=value: (seen.append(threading.current_thread()), value.set(1)))

    adder = _thread(add)
    for thread in (adder, *threads):
        thread.join(60)
        assert not thread.is_alive()
    assert len(seen) == 3 and adder not in seen


@pytest.mark.parametrize("name", ["s", "seeded:3"])
def test_tasks_that_a_leaving_thread_leaves_behind_are_run_by_the_next(name):
    queue, first, second = create_work_queue(name), AsyncValue(), AsyncValue()

    def leaves():
        queue.add_task(lambda: (queue.add_task(lambda: second.set(1)), first.set(1)))
        queue.wait([first])

    waiting = _thread(queue.wait, [second])
    leaving = _thread(leaves)
    for thread in (leaving, waiting):
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.parametrize("name", ["s", "seeded:3"])
def test_tasks_whose_thread_is_stuck_because_of_them_are_run_by_another(name, monkeypatch):
    monkeypatch.setattr(waiting_queues, "STUCK_AFTER", 0.001)
    queue, value, done = create_work_queue(name), AsyncValue(), AsyncValue()
    go_on, stuck = threading.Event(), threading.Event()

    def get_stuck():
        queue.add_task(lambda: (go_on.set(), value.set(1)))
        stuck.set()
        go_on.wait()
        done.set(1)

    def owner():
        queue.add_task(get_stuck)
        queue.wait([done])

    owning = _thread(owner)
    assert stuck.wait(60)
    waiting = _thread(queue.wait, [value])
    for thread in (waiting, owning):
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.parametrize("pool", ["add_task", "add_blocking_task"])
def test_tasks_that_wait_for_tasks_of_their_kind_leave_them_a_thread(pool):
    queue = MultiThreadedQueue(2, 2)
    add, done = getattr(queue, pool), [AsyncValue() for _ in range(12)]

    def nested(depth, result):
        if depth:
            inner = AsyncValue()
            add(lambda: nested(depth - 1, inner))
            queue.wait([inner])
        result.set(depth)

    for result in done:
        add(lambda result=result: nested(5, result))
    queue.wait(done)
    assert [value.value for value in done] == [5] * 12
    queue.close()


@pytest.mark.parametrize("pool", ["add_task", "add_blocking_task"])
def test_no_more_tasks_run_at_once_than_there_are_threads(pool):
    queue = MultiThreadedQueue(2, 2)
    add, running, most = getattr(queue, pool), [], []

    def compute(result):
        running.append(None)
        most.append(len(running))
        for _ in range(200):
            pass
        running.pop()
        result.set(1)

    def wait(result):
        inner = AsyncValue()
        add(lambda: compute(inner))
        queue.wait([inner])
        result.set(1)

    for _ in range(5):
        done = [AsyncValue() for _ in range(20)]
        for result in done:
            add(lambda result=result: wait(result))
        queue.wait(done)
    queue.quiesce()
    assert len(most) == 100
    queue.close()
    assert len(getattr(queue, "_compute" if pool == "add_task" else "_blocking").places) == 2


def test_waiting_threads_run_tasks_where_the_machine_has_no_more_threads(monkeypatch):
    queue, outer = MultiThreadedQueue(1, 1), AsyncValue()
    monkeypatch.setattr(thread_queue, "MAX_THREADS", 1)

    def wait(depth, result):
        if depth:
            inner = AsyncValue()
            queue.add_task(lambda: wait(depth - 1, inner))
            queue.wait([inner])
        result.set(depth)

    queue.add_task(lambda: wait(3, outer))
    queue.wait([outer])
    queue.close()
    assert outer.value == 3


def test_closing_from_a_task_waits_for_nothing():
    queue, value = MultiThreadedQueue(2, 2), AsyncValue()
    queue.add_task(lambda: (queue.close(), value.set(1)))
    queue.wait([value])
    queue.close()
    assert value.value == 1


@pytest.mark.parametrize("name", ["mstd:2", "mstd:2,2"])
def test_a_queue_that_nobody_refers_to_ends_its_threads(name):
    queue, values = create_work_queue(name), [AsyncValue() for _ in range(4)]
    threads = set()
    for i, value in enumerate(values):
        add = queue.add_blocking_task if i % 2 else queue.add_task
        add(lambda value=value: (threads.add(threading.current_thread()), value.set(1)))
    queue.wait(values)
    alive = weakref.ref(queue)
    del queue, add
    gc.collect()
    assert alive() is None
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_queue_that_was_used_works_in_a_forked_process_and_runs_nothing_twice(queue, tmp_path):
    go_on, ran = threading.Event(), tmp_path / "ran"
    ran.touch()

    def effect():
        with ran.open("a") as out:
            out.write(f"{os.getpid()}\n")

    warm = AsyncValue()
    queue.add_task(lambda: warm.set(1))
    queue.wait([warm])
    if queue.has_threads:
        for _ in range(queue.parallelism):
            queue.add_task(go_on.wait)
    queue.add_task(effect)
    child = os.fork()
    if child == 0:
        values = [AsyncValue() for _ in range(4)]
        for i, value in enumerate(values):
            (queue.add_blocking_task if i % 2 else queue.add_task)(lambda value=value: value.set(1))
        queue.wait(values)
        queue.close()
        os._exit(0 if all(value.is_available for value in values) else 1)
    assert os.waitpid(child, 0)[1] == 0
    go_on.set()
    queue.quiesce()
    assert ran.read_text() == f"{os.getpid()}\n"


def test_closing_leaves_no_threads_and_may_be_repeated():
    before = len(_tfrt_threads())
    queue = create_work_queue("mstd:4,4")
    for _ in range(20):
        queue.add_task(lambda: None)
        queue.add_blocking_task(lambda: None)
    queue.close()
    queue.close()
    assert len(_tfrt_threads()) == before


def test_threads_are_started_on_demand():
    queue = create_work_queue("mstd:4")
    before = len(_tfrt_threads())
    queue.add_task(lambda: None)
    queue.quiesce()
    assert len(_tfrt_threads()) <= before + 1
    queue.close()


def test_stress_of_adding_and_waiting_from_many_threads():
    queue = MultiThreadedQueue(4, 4)
    failures = []

    def client(n):
        for _ in range(50):
            values = [AsyncValue() for _ in range(10)]
            for i, value in enumerate(values):
                add = queue.add_blocking_task if i % 3 == 0 else queue.add_task
                add(lambda value=value: value.set(n))
            queue.wait(values)
            if any(v.value != n for v in values):
                failures.append(n)

    clients = [threading.Thread(target=client, args=(n,)) for n in range(4)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join(60)
    assert not any(thread.is_alive() for thread in clients)
    queue.close()
    assert failures == []


@pytest.mark.parametrize("pool", ["_compute", "_blocking"])
def test_a_thread_that_is_busy_when_the_others_are_dismissed_ends_as_well(pool):
    queue, go_on, busy = MultiThreadedQueue(2, 2), threading.Event(), [AsyncValue(), AsyncValue()]
    add, pool = queue.add_task if pool == "_compute" else queue.add_blocking_task, getattr(queue, pool)
    meeting = threading.Barrier(2)
    for value, event in zip(busy, (None, go_on), strict=True):
        add(
            lambda value=value, event=event: (
                meeting.wait(),
                value.set(threading.current_thread()),
                event and event.wait(),
            )
        )
    queue.wait(busy)
    ends, works = [value.value for value in busy]
    assert set(pool.dismiss()) == {ends, works}
    ends.join(60)
    assert list(pool.threads) == [works]
    go_on.set()
    works.join(60)
    assert not works.is_alive() and not pool.threads and pool.tasks.empty() and not pool._pills
    queue.close()


@pytest.mark.parametrize("name", ["mstd:2,2", "mstd:8,3"])
def test_many_queues_are_opened_used_and_closed(name):
    for _ in range(100):
        queue, values = create_work_queue(name), [AsyncValue() for _ in range(4)]
        for i, value in enumerate(values):
            (queue.add_blocking_task if i % 2 else queue.add_task)(lambda value=value: value.set(1))
        queue.wait(values)
        queue.close()
        for pool in (queue._compute, queue._blocking):
            assert not pool.threads and not pool._pills


def test_tasks_after_closing_still_run():
    before = len(_tfrt_threads())
    queue = create_work_queue("mstd:1,1")
    for _ in range(2):
        for add in (queue.add_task, queue.add_blocking_task):
            value = AsyncValue()
            add(lambda value=value: value.set(1))
            queue.wait([value])
        queue.close()
        assert len(_tfrt_threads()) == before


def test_quiescing_within_a_task_is_refused():
    queue, value = create_work_queue("mstd:2"), AsyncValue()

    def quiesce():
        with pytest.raises(RuntimeError, match=r"^quiesce would wait for the task that calls it$"):
            queue.quiesce()
        value.set(1)

    queue.add_task(quiesce)
    queue.wait([value])
    queue.close()


@pytest.mark.parametrize("name", ["s", "mstd:2"])
def test_waiting_can_be_interrupted(name):
    queue, value = create_work_queue(name), AsyncValue()
    main = threading.main_thread().ident
    timer = threading.Timer(0.05, lambda: signal.pthread_kill(main, signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        queue.wait([value])
    queue.add_task(lambda: value.set(1))
    queue.wait([value])
    queue.close()
    assert value.value == 1


@pytest.mark.parametrize("pool", ["_compute", "_blocking"])
def test_a_task_whose_adding_is_interrupted_still_runs_and_is_waited_for(pool, monkeypatch):
    queue, seen = MultiThreadedQueue(1, 1), []
    grow = getattr(queue, pool).grow
    interrupts = [KeyboardInterrupt]

    def interrupted():
        if interrupts:
            raise interrupts.pop()
        grow()

    monkeypatch.setattr(getattr(queue, pool), "grow", interrupted)
    with pytest.raises(KeyboardInterrupt):
        (queue.add_task if pool == "_compute" else queue.add_blocking_task)(lambda: seen.append(1))
    queue.close()
    assert seen == [1]


def test_a_thread_whose_start_is_interrupted_leaves_its_place(monkeypatch):
    queue, value = MultiThreadedQueue(1, 1), AsyncValue()
    interrupts = [KeyboardInterrupt]
    start = threading.Thread.start

    def interrupted(thread):
        if interrupts:
            raise interrupts.pop()
        start(thread)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(threading.Thread, "start", interrupted)
        queue.add_task(lambda: value.set(1))
    queue.wait([value])
    queue.close()
