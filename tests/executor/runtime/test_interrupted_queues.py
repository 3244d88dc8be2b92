"""A signal's handler that raises, wherever a thread does something for others: no task is lost, nobody sleeps on."""

import asyncio
import gc
import os
import sys
import threading
from collections import deque
from queue import SimpleQueue

import pytest

import tfrt
from tests.executor.runtime.check_points import Injected, InjectedBase, interrupted
from tfrt.executor.core_runtime.stream_device import StreamDevice
from tfrt.executor.declarations.kernel import Kernel
from tfrt.executor.declarations.kernel_registry import BUILTIN, KernelRegistry
from tfrt.executor.runtime import thread_queue, waiting_queues
from tfrt.executor.runtime.execution_context import ExecutionContext
from tfrt.executor.runtime.failures import Promised, abandon, fulfil, fulfilling
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.queues import create_work_queue
from tfrt.executor.support.call_depth import of_thread
from tfrt.executor.support.errors import KernelError
from tfrt.executor.values import escaped
from tfrt.executor.values.async_value import AsyncValue, Ring, _wakeups
from tfrt.executor.values.results import _converted_later

MODULES = {
    "tfrt.executor.core_runtime.stream_device",
    "tfrt.executor.runtime.waiting_queues",
    "tfrt.executor.runtime.thread_queue",
    "tfrt.executor.runtime.host_context",
    "tfrt.executor.runtime.execution_context",
    "tfrt.executor.runtime.ready",
    "tfrt.executor.runtime.failures",
    "tfrt.executor.support.threads",
    "tfrt.executor.values.async_value",
    "tfrt.executor.values.escaped",
    "tfrt.executor.values.results",
}


COLLECTORS = MODULES | {"weakref", "_weakrefset"}

STARTS = {threading.Thread.start.__code__, threading.Event.wait.__code__, threading.Condition.wait.__code__}
"""What runs in Python to start a thread."""

COLLECTING = ("__del__", "_dismiss", "dismiss")
"""What runs when something from before is collected, where nobody could get an exception."""


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    yield
    escaped.forget_lost()


@pytest.fixture(params=[Injected, InjectedBase])
def error(request):
    return request.param


class Task:
    """A task that counts how often it has run, and been told what has escaped."""

    def __init__(self, then=None, promise=None):
        self.then = then
        self.promise = promise
        self.ran = 0
        self.told = 0

    def __call__(self):
        self.ran += 1
        if self.then is not None:
            self.then()

    def abandon(self, error):
        if self.promise is not None:
            abandon([self.promise], error)
        self.told += 1


def _fail():
    raise ValueError("a task's own")


def _is_watched(frame):
    if frame.f_code.co_name in COLLECTING:
        return False
    return frame.f_globals.get("__name__") in MODULES or frame.f_code is Task.__call__.__code__


class Scene:
    """A queue, with one thread that waits and does not come to run its task, and one that may go to sleep."""

    def __init__(self, name):
        self.queue = queue = create_work_queue(name)
        self.value, self.tasks, self.on_sleep = AsyncValue(), [], []
        self.stuck = Task()
        _on_another_thread(lambda: queue.add_task(self.stuck))
        # No other thread gets its identifier.
        self.waiting = queue._shares[-1] = queue._shares.popitem()[1]
        self.waiting.waits = 1
        self.sleeper = waiting_queues._Sleeper(waiting_queues._Share(deque(), iter(())), lambda: True)

    def task(self, then=None, promise=None):
        task = Task(then, promise)
        self.tasks.append(task)
        try:
            self.queue.add_task(task)
        except BaseException as error:
            # Who adds it knows.
            task.abandon(error)
            raise

    def falls_asleep(self):
        self.queue._sleepers.append(self.sleeper)

    def resolve(self):
        self.value.set(1)

    def check(self, at):
        queue = self.queue
        assert queue._own_share().waits == 0, f"at {at}: the thread counts as waiting for ever"
        left = [share for share in queue._shares.values() if share.tasks and share is not self.waiting]
        assert list(queue._sleepers) in ([], [self.sleeper]), f"at {at}: the thread counts as asleep"
        assert not (left and queue._sleepers), f"at {at}: nobody is woken for what is left"
        queue.quiesce()
        for number, task in enumerate(self.tasks):
            assert task.ran + task.told, f"at {at}: task {number} is lost"
            assert task.ran <= 1, f"at {at}: task {number} has run twice"
        assert self.stuck.ran == 0 and list(self.waiting.tasks) == [self.stuck]
        assert _wakeups.depth == 0 and not _wakeups.deferred, f"at {at}"
        escaped.forget_lost()


def _on_another_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def _at_every_point(make, work, error, least=30):
    """Do it again and again, interrupted at one point after the other, and look at what is left."""
    at = 0
    while True:
        at += 1
        scene = make()
        is_raised, raised = interrupted(lambda scene=scene: work(scene), at, _is_watched, error)
        assert raised is None or isinstance(raised, error | KernelError | ValueError), f"at {at}: {raised!r}"
        scene.check(at)
        if not is_raised:
            assert at > least
            return


def own_tasks(name):
    """Tasks of the thread that waits; another sleeps meanwhile. One is left in the end."""
    scene = Scene(name)
    scene.task(scene.falls_asleep)
    scene.task(_fail)
    scene.task(lambda: scene.task())
    scene.task()
    scene.task(scene.resolve, scene.value)
    scene.task()
    return scene


def tasks_of_others(name):
    """Tasks of a thread that has ended. Then the thread that waits sleeps, as another one does, until it is woken."""
    scene = Scene(name)
    _on_another_thread(lambda: (scene.task(), scene.task(_fail)))

    def sleeps():
        scene.falls_asleep()
        _on_another_thread(lambda: scene.task(scene.resolve, scene.value))

    scene.on_sleep.append(sleeps)
    return scene


SCENES = [own_tasks, tasks_of_others]
NAMES = ["s", "seeded:3"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", SCENES)
def test_waiting(make, name, error, monkeypatch):
    scenes = []

    class Bell(SimpleQueue):
        def get(_, timeout):
            if scenes[-1].on_sleep:
                scenes[-1].on_sleep.pop()()
            return SimpleQueue.get(_, timeout=timeout)

    monkeypatch.setattr(waiting_queues, "SimpleQueue", Bell)
    # There are others, says the queue that would rather say that there are not than wait for ever.
    monkeypatch.setattr(waiting_queues.threading, "active_count", lambda: 2)

    def work(scene):
        scenes.append(scene)
        while scene.value.is_pending:
            try:
                scene.queue.wait([scene.value])
            except ValueError:
                # It might have kept the value from being resolved.
                continue

    _at_every_point(lambda: make(name), work, error)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", SCENES)
def test_waiting_in_an_event_loop(make, name, error):
    def work(scene):
        async def main():
            if scene.on_sleep:
                asyncio.get_running_loop().call_later(0.001, lambda: scene.on_sleep.pop()())
            await scene.queue.wait_async(scene.value)

        asyncio.run(main())

    _at_every_point(lambda: make(name), work, error)


@pytest.mark.parametrize("name", NAMES)
def test_running_one_task_after_the_other(name, error):
    def make():
        scene = Scene(name)
        for then in (None, _fail, lambda: scene.task(), None):
            scene.task(then)
        _on_another_thread(lambda: (scene.task(), scene.task(_fail)))
        return scene

    _at_every_point(make, lambda scene: scene.queue.quiesce(), error)


@pytest.mark.parametrize("name", NAMES)
def test_adding_a_task_wakes_somebody_for_it(name, error):
    def make():
        scene = Scene(name)
        scene.falls_asleep()
        return scene

    _at_every_point(make, lambda scene: scene.task(), error, least=3)


class Pool:
    """A queue with threads, which has none (the machine does not give any)."""

    def __init__(self):
        self.queue, self.tasks, self.bell = create_work_queue("mstd:1,1"), [Task(), Task(_fail), Task()], SimpleQueue()
        self.queue._compute.places.clear()
        for task in self.tasks:
            self.queue.add_task(task)
        self.queue._outstanding.sleepers.append(self.bell)

    def check(self, at):
        while self.queue.run_one():
            pass
        for number, task in enumerate(self.tasks):
            assert task.ran + task.told, f"at {at}: task {number} is lost"
            assert task.ran <= 1, f"at {at}: task {number} has run twice"
        assert not self.queue._outstanding.tasks, f"at {at}: a task counts as running for ever"
        assert not self.bell.empty(), f"at {at}: whoever waits for all tasks is not woken"
        assert thread_queue._current.tasks == 0
        assert _wakeups.depth == 0 and not _wakeups.deferred, f"at {at}"
        escaped.forget_lost()


def test_helping_a_queue_with_threads(error):
    _at_every_point(Pool, lambda pool: pool.queue.quiesce(), error)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("add", ["add_task", "add_blocking_task"])
def test_starting_a_thread(add, error, monkeypatch):
    """Whatever has become of the thread, and of Python's notion of it, tasks are run and the queue can be closed."""
    # A thread that Python has lost ends with an exception.
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    at, is_raised = 0, True
    while is_raised:
        at += 1
        queue, first, second = create_work_queue("mstd:1,1"), Task(), AsyncValue()
        is_raised, raised = interrupted(
            lambda queue=queue, first=first: getattr(queue, add)(first),
            at,
            lambda frame: frame.f_code in STARTS or _is_watched(frame),
            error,
        )
        assert raised is None or isinstance(raised, error), f"at {at}: {raised!r}"
        getattr(queue, add)(lambda second=second: second.set(1))
        ending = threading.Thread(target=lambda queue=queue, second=second: (queue.wait([second]), queue.close()))
        ending.start()
        ending.join(60)
        assert not ending.is_alive(), f"at {at}: the pool has no thread any more"
        assert first.ran or raised, f"at {at}"
        pool = queue._compute if add == "add_task" else queue._blocking
        assert len(pool.places) == 1 and not pool.threads and not pool._debts, f"at {at}"
    assert at > 10


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_starting_the_thread_of_a_device(error, monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    at, is_raised, host = 0, True, HostContext()
    while is_raised:
        at += 1
        device, context = StreamDevice("S:0"), ExecutionContext(host)

        def submit(device=device, context=context):
            return device.submit("work", lambda: [1], 1, context)

        is_raised, raised = interrupted(submit, at, lambda frame: frame.f_code in STARTS or _is_watched(frame), error)
        assert raised is None or isinstance(raised, error), f"at {at}: {raised!r}"
        (result,) = submit()
        ending = threading.Thread(target=device.close)
        ending.start()
        ending.join(60)
        assert not ending.is_alive() and result.value == 1, f"at {at}"
    assert at > 10


def test_collecting_a_queue_and_a_device(error, monkeypatch):
    """What nobody refers to ends its threads, although what runs then is interrupted: nobody would do it again."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    at, is_raised = 0, True
    while is_raised:
        at += 1
        host, threads = HostContext("mstd:1,1"), []
        device, context = StreamDevice("S:0"), ExecutionContext(host)
        there = [AsyncValue(), AsyncValue()]

        def note(threads=threads):
            threads.append(threading.current_thread())
            return [1]

        for value, add in zip(there, (host.enqueue, host.enqueue_blocking), strict=True):
            add(fulfilling([value], note))
        there += device.submit("work", note, 1, context)
        host.wait(there)
        held = [host, device]
        del host, device, context, add

        def drop(held=held):
            held.clear()
            gc.collect()

        is_raised, _ = interrupted(drop, at, lambda frame: frame.f_globals.get("__name__") in COLLECTORS, error)
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), f"at {at}"
    assert at > 2


class Waiters:
    """A value for which others wait in all ways that there are."""

    def __init__(self, depth):
        self.value, self.bell, self.rung, self.host = AsyncValue(), SimpleQueue(), [], HostContext()
        self.promises = [AsyncValue() for _ in range(5)]
        first, second, third, fourth, fifth = self.promises
        first.forward(self.value)
        self.value.and_then(Promised([second], lambda value: fulfil([second], lambda: [value.value])))
        self.value.and_then(Ring(lambda: self.rung.append(1)))
        self.value.and_then(_fail_with)
        self.value.and_then(self.bell.put)
        self.host.run_when_ready([self.value, first], Promised([third], lambda: third.set(1)))
        # Beyond the depth to which wake-ups nest.
        last = self.value
        for _ in range(depth):
            following = AsyncValue()
            following.forward(last)
            last = following
        fourth.forward(last)
        last.and_then(Promised([fifth], lambda value: fifth.settle(value)))
        self.promises.append(_converted_later(self.value, "a result", float))

    def check(self, at):
        if self.value.is_pending:
            return
        for number, promise in enumerate(self.promises):
            assert not promise.is_pending, f"at {at}: promise {number} is forgotten"
        assert self.rung and not self.bell.empty(), f"at {at}: somebody sleeps on"
        assert _wakeups.depth == 0 and not _wakeups.deferred, f"at {at}"
        escaped.forget_lost()


def _fail_with(_):
    raise ValueError("a callback's own")


@pytest.mark.parametrize("depth", [0, 45])
def test_resolving_what_others_wait_for(depth, error):
    _at_every_point(lambda: Waiters(depth), lambda waiters: waiters.value.set(1), error)


@pytest.mark.parametrize("depth", [0, 45])
def test_failing_what_others_wait_for(depth, error):
    failure = KernelError("no")
    _at_every_point(lambda: Waiters(depth), lambda waiters: waiters.value.set_error(failure), error)


REGISTRY = KernelRegistry(BUILTIN)


def _later(x: int, *, host: HostContext):
    value = AsyncValue()
    host.enqueue(Promised([value], lambda: value.set(x)))
    return value


def _plain(x: int) -> int:
    return x + 1


REGISTRY.register(Kernel("helped.later", _later))
REGISTRY.register(Kernel("helped.plain", _plain))
REGISTRY.register(Kernel("helped.enqueued", _plain, enqueued=True))

PROGRAM = """
func.func @inner(%x: i32) -> i32 {
  %a = "helped.enqueued"(%x) : (i32) -> i32
  %b = "helped.later"(%a) : (i32) -> i32
  tfrt.return %b : i32
}
func.func @outer(%x: i32) -> (i32, i32, i32) {
  %a = "helped.enqueued"(%x) : (i32) -> i32
  %b = tfrt.call @inner(%a) : (i32) -> (i32)
  %c = "helped.plain"(%b) : (i32) -> i32
  %d = "helped.enqueued"(%c) : (i32) -> i32
  %t = "tfrt.lessequal.i32"(%a, %x) : (i32, i32) -> i1
  %e = tfrt.if %t, %c : (i32) -> (i32) {
    tfrt.return %c : i32
  } else {
    %f = tfrt.call @inner(%c) : (i32) -> (i32)
    tfrt.return %f : i32
  }
  tfrt.return %b, %d, %e : i32, i32, i32
}"""
STEP = 1 if os.environ.get("TFRT_INJECTIONS") else 9


@pytest.mark.parametrize("plans", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_running_what_another_has_called(name, plans, error):
    """A call of a thread that does not wait any more comes to an end, whatever comes in between on this one."""
    host = HostContext(name, registry=REGISTRY, plans=plans)
    function = tfrt.load(tfrt.compile(PROGRAM, filename="m.mlir"), host=host)["outer"]
    assert function(1) == (3, 5, 5)
    at, is_raised = 1, True
    while is_raised:
        found = []
        _on_another_thread(lambda found=found: found.extend(function.start(1)))
        assert all(type(value) is AsyncValue for value in found)
        is_raised, raised = interrupted(host.quiesce, at, _is_of_the_engine, error)
        assert raised is None or isinstance(raised, error), f"at {at}: {raised!r}"
        host.quiesce()
        for number, value in enumerate(found):
            assert not value.is_pending, f"at {at}: nobody knows of result {number}"
            assert value.is_error or value.value == (3, 5, 5)[number], f"at {at}"
        assert of_thread.calls.depth == 0 and _wakeups.depth == 0 and not _wakeups.deferred, f"at {at}"
        at += STEP
    assert at > 200


def _is_of_the_engine(frame):
    if frame.f_code.co_name in COLLECTING:
        return False
    return str(frame.f_globals.get("__name__")).startswith("tfrt.executor.")
