import signal
import threading

import pytest

from tfrt.executor.async_value import AsyncValue
from tfrt.executor.errors import UsageError
from tfrt.executor.work_queue import MultiThreadedQueue, SingleThreadedQueue, create_work_queue

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


def test_quiesce_waits_for_everything(queue):
    seen = []
    for i in range(50):
        (queue.add_blocking_task if i % 5 == 0 else queue.add_task)(lambda i=i: seen.append(i))
    queue.quiesce()
    assert sorted(seen) == [*range(50)]


def test_values_resolved_by_a_foreign_thread(queue):
    if queue.name == "seeded":
        pytest.skip("the seeded queue knows no other threads")
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


def test_a_value_that_nobody_resolves_on_the_seeded_queue():
    with pytest.raises(RuntimeError, match=r"^waiting for a value that no task will resolve$"):
        create_work_queue("seeded:0").wait([AsyncValue()])


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


def test_an_exception_in_a_task_is_reported_and_ends_nothing(monkeypatch):
    reported = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(str(args.exc_value)))
    queue, value = MultiThreadedQueue(1, 1), AsyncValue()

    def fail():
        raise ValueError("broken task")

    queue.add_task(fail)
    queue.quiesce()
    queue.add_task(lambda: value.set(1))
    queue.wait([value])
    queue.close()
    assert reported == ["broken task"]


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
