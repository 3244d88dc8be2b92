"""Every number of a loop is done once, whoever helps, and however many threads fork loops."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections import deque
from contextlib import suppress

import numpy as np
import pytest

import tfrt
from tfrt.executor.runtime.queues import create_work_queue
from tfrt.executor.support import fork_join, fork_join_code, fork_join_words
from tfrt.executor.support.fork_join import Crew
from tfrt.executor.support.fork_join_code import forking_text, shared_text
from tfrt.executor.support.fork_join_words import MOST_ARRAYS
from tfrt.executor.support.machine_code import DATA_OFFSET, CannotAssemble, assemble, is_available
from tfrt.kernels.numerics.machine_code.blocks import in_blocks
from tfrt.kernels.numerics.machine_code.vectors.code import Code
from tfrt.kernels.numerics.machine_code.vectors.expressions import evaluate

pytestmark = pytest.mark.skipif(not is_available(), reason="needs llvmlite")
SIZES = [(0, 1), (1, 1), (7, 3), (100, 1), (1000, 300)]


def add_to(arrays=2):
    """A loop over the elements of arrays: adds those of all but the last to its own."""
    code = Code(np.dtype(np.float32), 4)
    names = [f"%x{number}" for number in range(arrays)]
    *inputs, made = (code.elements_of(name, DATA_OFFSET) for name in names)
    with code.loop("%start", "%end") as place:
        at = code.at(made, place)
        total = code.load(at, 1)
        for array in inputs:
            total = evaluate(code, "{0} + {1}", [total, code.load(code.at(array, place), 1)])
        code.store(at, total, 1)
    text = code.module("add", [*(f"ptr {name}" for name in names), "i64 %start", "i64 %end"])
    return assemble(text, "add", [*[ctypes.py_object] * arrays, ctypes.c_int64, ctypes.c_int64])


def counting(size):
    return np.arange(size, dtype=np.float32), np.zeros(size, np.float32)


class Queue:
    """One of which helpers only see how many tasks it has."""

    def __init__(self, tasks=0):
        self.outstanding = deque([None] * tasks)


class Helpers:
    """What a crew's helpers do, as far as its words tell."""

    def __init__(self, crew, size=1):
        self.crew, self.size = crew, size
        self.starts = fork_join_words.starts_of(crew.words, size)

    @property
    def awake(self):
        return [ctypes.c_uint64.from_address(start + fork_join_words.AWAKE).value for start in self.starts]

    @property
    def sleeping(self):
        return self.crew._word(fork_join_words.SLEEPING).value

    def wait_until(self, sleeping):
        """Wait until so many sleep."""
        while self.sleeping != sleeping:
            os.sched_yield()


@pytest.fixture
def crew():
    made = Crew(Queue(), 1)
    yield made
    made.close()


@pytest.mark.parametrize("size, grain", SIZES)
@pytest.mark.parametrize("is_long", [0, 1])
def test_a_loop_is_done_whoever_helps(size, grain, is_long, crew):
    share = crew.sharing(add_to(), 2)
    x, made = counting(size)
    for _ in range(300):
        share(x, made, 0, size, grain, is_long)
    np.testing.assert_array_equal(made, 300 * x)


def test_part_of_a_loop(crew):
    x, made = counting(20)
    crew.sharing(add_to(), 2)(x, made, 5, 11, 2, 0)
    np.testing.assert_array_equal(made, np.where((x >= 5) & (x < 11), x, 0))


def test_many_helpers():
    crew = Crew(Queue(), 7)
    share = crew.sharing(add_to(), 2)
    x, made = counting(1000)
    for number in range(300):
        share(x, made, 0, number, 7, 1)
    np.testing.assert_array_equal(made, x * (299 - np.minimum(x, 299)))
    crew.close()


def test_threads_that_fork_at_the_same_time():
    loop, results = add_to(), []
    with tfrt.HostContext("mstd:2") as host:
        crew = Crew(host.work_queue, 1)

        def work():
            x, made = counting(500)
            share = crew.sharing(loop, 2)
            for number in range(300):
                share(x, made, 0, 500, 20, number % 2)
            results.append(np.array_equal(made, 300 * x))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [True] * 4


def test_helpers_are_woken_for_what_takes_long_and_sleep_again(crew):
    share, helpers = crew.sharing(add_to(), 2), Helpers(crew)
    x, made = counting(10)
    helpers.wait_until(sleeping=1)
    share(x, made, 0, 10, 1, 0)
    assert helpers.sleeping == 1 and helpers.awake == [0]
    for _ in range(3):
        share(x, made, 0, 10, 1, 1)
        helpers.wait_until(sleeping=1)
        assert helpers.awake == [0]


def test_helpers_are_woken_for_short_loops_that_take_long_together(crew, monkeypatch):
    share, helpers = crew.sharing(add_to(), 2), Helpers(crew)
    x, made = counting(10)
    helpers.wait_until(sleeping=1)
    # As if these had taken long, and the last one had just ended.
    crew._word(fork_join_words.WITHOUT).value = fork_join_code.MISSED
    crew._word(fork_join_words.LAST).value = 1 << 62
    share(x, made, 0, 10, 1, 0)
    assert crew._word(fork_join_words.WITHOUT).value == 0
    helpers.wait_until(sleeping=1)
    # After a break they would have fallen asleep again.
    crew._word(fork_join_words.WITHOUT).value = fork_join_code.MISSED
    crew._word(fork_join_words.LAST).value = 0
    share(x, made, 0, 10, 1, 0)
    assert helpers.sleeping == 1
    assert crew._word(fork_join_words.WITHOUT).value > 0


def test_helpers_give_way_to_tasks():
    queue = Queue(tasks=2)
    crew = Crew(queue, 2)
    share, helpers = crew.sharing(add_to(), 2), Helpers(crew, 2)
    x, made = counting(500)
    helpers.wait_until(sleeping=2)
    # With two tasks one of three threads may help.
    share(x, made, 0, 500, 20, 1)
    assert helpers.awake[1] == 0 and helpers.sleeping >= 1
    helpers.wait_until(sleeping=2)
    queue.outstanding.append(None)
    share(x, made, 0, 500, 20, 1)
    assert helpers.awake == [0, 0]
    queue.outstanding.clear()
    share(x, made, 0, 500, 20, 1)
    helpers.wait_until(sleeping=2)
    np.testing.assert_array_equal(made, 3 * x)
    crew.close()


def test_helpers_may_run_where_the_one_who_forks_does_not(crew):
    share, helpers = crew.sharing(add_to(), 2), Helpers(crew)
    ((_, thread),) = crew._threads
    allowed, (here, *_) = os.sched_getaffinity(0), os.sched_getaffinity(thread.native_id)
    x, made = counting(10)
    helpers.wait_until(sleeping=1)
    os.sched_setaffinity(0, {here})
    os.sched_setaffinity(thread.native_id, {here})
    try:
        share(x, made, 0, 10, 1, 1)
        helpers.wait_until(sleeping=1)
        assert os.sched_getaffinity(thread.native_id) == (allowed - {here} or {here})
    finally:
        os.sched_setaffinity(0, allowed)


def test_a_crew_that_is_closed_works_alone_until_more_is_shared(crew):
    share = crew.sharing(add_to(), 2)
    ((_, thread),) = crew._threads
    crew.close()
    assert not thread.is_alive()
    x, made = counting(100)
    for _ in range(3):
        share(x, made, 0, 100, 5, 1)
    again = crew.sharing(add_to(), 2)
    assert [thread.is_alive() for _, thread in crew._threads] == [True]
    again(x, made, 0, 100, 5, 1)
    Helpers(crew).wait_until(sleeping=1)
    share(x, made, 0, 100, 5, 1)
    np.testing.assert_array_equal(made, 5 * x)


def test_threads_end_with_their_crew():
    crew = Crew(Queue(), 2)
    share, threads = crew.sharing(add_to(), 2), [thread for _, thread in crew._threads]
    gone = weakref.ref(crew)
    del crew
    for thread in threads:
        thread.join()
    assert gone() is None
    x, made = counting(100)
    share(x, made, 0, 100, 5, 1)
    np.testing.assert_array_equal(made, x)


def test_a_host_that_is_closed_has_no_helpers():
    before = threading.enumerate()
    with tfrt.HostContext("mstd:2") as host:
        in_blocks(add_to(), 2, 50, host, 1, 50)
        (thread,) = set(threading.enumerate()).difference(before)
        assert thread.name == "tfrt-loops-0"
    assert not thread.is_alive()


def test_a_machine_without_threads_to_give(monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    crew = Crew(Queue(), 2)
    x, made = counting(100)
    crew.sharing(add_to(), 2)(x, made, 0, 100, 5, 1)
    np.testing.assert_array_equal(made, x)


def test_a_signal_while_a_helper_works():
    """It is this thread's to handle, after the loop; helpers go on."""
    crew = Crew(Queue(), 1)
    share, raised = crew.sharing(add_to(), 2), []
    x, made = counting(2000)

    def handle(*_):
        raised.append(True)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        runs = 0
        while len(raised) < 20:
            with suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGUSR1)
                # Where the handler raises before, it does not run.
                share(x, made, 0, 2000, 50, 1)
                runs += 1
    finally:
        signal.signal(signal.SIGUSR1, before)
    share(x, made, 0, 2000, 50, 1)
    assert runs <= made[1] - 1 <= runs + 20
    np.testing.assert_array_equal(made, made[1] * x)
    crew.close()


def test_helpers_need_deques_that_they_can_see(monkeypatch):
    monkeypatch.setattr(fork_join, "LENGTH", 0)
    with pytest.raises(CannotAssemble, match=r"^deques are not like those it is written for$"):
        fork_join._serve_code.__wrapped__()


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("platform", "darwin", "threads wait for one another in machine code only on Linux with 64 bits"),
        (
            "functions",
            (*fork_join_words.FUNCTIONS, "no_such_function"),
            "this system's library has no functions by which ",
        ),
    ],
)
def test_systems_on_which_threads_cannot_wait(name, value, message, monkeypatch):
    where, what = (sys, "platform") if name == "platform" else (fork_join, "FUNCTIONS")
    monkeypatch.setattr(where, what, value)
    with pytest.raises(CannotAssemble, match=f"^{message}"):
        fork_join._serve_code.__wrapped__()


def test_as_many_arrays_as_there_may_be():
    share = Crew(Queue(), 1).sharing(add_to(MOST_ARRAYS), MOST_ARRAYS)
    arrays = [np.full(9, number, np.float32) for number in range(MOST_ARRAYS - 1)]
    made = np.zeros(9, np.float32)
    share(*arrays, made, 0, 9, 2, 1)
    assert made.tolist() == [sum(range(MOST_ARRAYS - 1))] * 9


def test_more_arrays_are_not_shared():
    with pytest.raises(CannotAssemble, match=f"^loops of {MOST_ARRAYS + 1} arrays are not shared$"):
        Crew(Queue(), 1).sharing(add_to(MOST_ARRAYS + 1), MOST_ARRAYS + 1)
    with pytest.raises(CannotAssemble, match=f"^loops of {MOST_ARRAYS + 1} arrays are not shared$"):
        forking_text("", MOST_ARRAYS + 1)
    with pytest.raises(CannotAssemble, match=r"^there is no function 'add'$"):
        shared_text("", "add", 2)


@pytest.mark.parametrize("arrays", [2, MOST_ARRAYS + 1])
@pytest.mark.parametrize("queue", ["s", "mstd:2"])
@pytest.mark.parametrize("least, most", [(1, 7), (0, 0), (5, 1000), (1000, 1000)])
def test_all_units_are_done(arrays, queue, least, most):
    with tfrt.HostContext(queue) as host:
        do_all = in_blocks(add_to(arrays), arrays, 50, host, least, most)
        x, made = counting(50)
        do_all(*[x] * (arrays - 1), made)
    np.testing.assert_array_equal(made, (arrays - 1) * x)


def test_a_queue_of_somebody_else_need_not_know_its_length():
    class Queue:
        name, parallelism, has_threads = "mine", 2, False

        def __init__(self):
            self.__dict__.update({name: getattr(queue, name) for name in ("add_task", "add_blocking_task", "close")})
            self.wait, self.quiesce, self.run_one = queue.wait, queue.quiesce, queue.run_one

    queue = create_work_queue("s")
    with tfrt.HostContext(Queue()) as host:
        do_all = in_blocks(add_to(), 2, 50, host, 1, 50)
        x, made = counting(50)
        do_all(x, made)
    np.testing.assert_array_equal(made, x)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_in_a_process_that_was_forked():
    with tfrt.HostContext("mstd:2") as host:
        share = Crew(host.work_queue, 1).sharing(add_to(), 2)
        x, made = counting(100)
        share(x, made, 0, 100, 5, 1)
        child = os.fork()
        if not child:
            try:
                for _ in range(50):
                    share(x, made, 0, 100, 5, 1)
                os._exit(0 if np.array_equal(made, 51 * x) else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        share(x, made, 0, 100, 5, 1)
    np.testing.assert_array_equal(made, 2 * x)


ENDING = """
import ctypes, time
from collections import deque
from types import SimpleNamespace
from tfrt.executor.support import fork_join, fork_join_code, fork_join_words, machine_code
{how}
fork_join_code.LOOKING = 1 << 60
crew = fork_join.Crew(SimpleNamespace(outstanding=deque()), 1)
crew.start()
crew._ending.atexit = {is_told}
(start,) = fork_join_words.starts_of(crew.words, 1)
ctypes.CDLL(None).sem_post(ctypes.c_void_p(start + fork_join_words.BELL))
time.sleep(0.05)
"""


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("how", ["", "machine_code._flat = lambda text, name: None"])
def test_a_process_ends_while_a_thread_looks_for_loops(how, is_told):
    """The thread may be in machine code, which nobody gives back, to the very end."""
    program = ENDING.format(how=how, is_told=is_told)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
