"""Every number of a loop is done once, whoever helps, and however many threads fork loops."""

import ctypes
import os
import subprocess
import sys
import threading
from collections import deque

import numpy as np
import pytest

import tfrt
from tfrt.executor.runtime.queues import create_work_queue
from tfrt.executor.support import fork_join
from tfrt.executor.support.fork_join import MOST_ARRAYS, Crew
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


class Alone:
    """A queue whose threads never come."""

    length = 0

    def __init__(self):
        self.tasks = []
        self.outstanding = deque()

    def add_task(self, task):
        self.tasks.append(task)


@pytest.mark.parametrize("size, grain", SIZES)
def test_a_loop_is_done_without_helpers(size, grain):
    queue = Alone()
    share = Crew(queue, 1).sharing(add_to(), 2)
    x, made = counting(size)
    for _ in range(3):
        share(x, made, 0, size, grain)
    np.testing.assert_array_equal(made, 3 * x)
    # One that has not come yet is not called again.
    assert len(queue.tasks) == 1


def test_part_of_a_loop():
    x, made = counting(20)
    Crew(Alone(), 1).sharing(add_to(), 2)(x, made, 5, 11, 2)
    np.testing.assert_array_equal(made, np.where((x >= 5) & (x < 11), x, 0))


@pytest.mark.parametrize("size, grain", SIZES)
def test_a_loop_is_done_with_helpers(size, grain):
    with tfrt.HostContext("mstd:3") as host:
        share = Crew(host.work_queue, 2).sharing(add_to(), 2)
        x, made = counting(size)
        for _ in range(300):
            share(x, made, 0, size, grain)
    np.testing.assert_array_equal(made, 300 * x)


def test_threads_that_fork_at_the_same_time():
    loop, results = add_to(), []
    with tfrt.HostContext("mstd:2") as host:
        crew = Crew(host.work_queue, 1)

        def work():
            x, made = counting(500)
            share = crew.sharing(loop, 2)
            for _ in range(300):
                share(x, made, 0, 500, 20)
            results.append(np.array_equal(made, 300 * x))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [True] * 4


def test_helpers_do_what_else_there_is(monkeypatch):
    served = []
    monkeypatch.setattr(fork_join, "_serve_code", lambda: lambda *arguments: served.append(arguments))
    queue = Alone()
    share = Crew(queue, 1).sharing(add_to(), 2)
    x, made = counting(4)
    share(x, made, 0, 4, 1)
    (help,) = queue.tasks
    # Other tasks wait: it does not look for loops, and nobody calls it.
    queue.length = 1
    help()
    share(x, made, 0, 4, 1)
    assert served == [] and len(queue.tasks) == 1
    queue.length = 0
    help()
    share(x, made, 0, 4, 1)
    assert len(served) == 1 and queue.tasks == [help, help]


def test_helpers_go_back_where_a_task_is_added():
    crew, tasks = Crew(Alone(), 1), deque([None, None])
    serve = fork_join._serve_code()
    where = crew._address, 1 << 60, id(tasks) + fork_join._LENGTH
    looking = threading.Thread(target=serve, args=where, daemon=True)
    looking.start()
    # It helps meanwhile, and one that is over is none that is added.
    share = crew.sharing(add_to(), 2)
    x, made = counting(500)
    for _ in range(20):
        share(x, made, 0, 500, 20)
    tasks.pop()
    share(x, made, 0, 500, 20)
    assert looking.is_alive()
    while looking.is_alive():
        # It may not have seen yet how many there were.
        tasks.append(None)
        looking.join(0.01)
    np.testing.assert_array_equal(made, 21 * x)


def test_helpers_need_deques_that_they_can_see(monkeypatch):
    monkeypatch.setattr(fork_join, "_LENGTH", 0)
    with pytest.raises(CannotAssemble, match=r"^deques are not like those it is written for$"):
        fork_join._serve_code.__wrapped__()


def test_a_helper_that_cannot_be_called_is_called_again():
    class Full(Alone):
        def add_task(self, task):
            raise MemoryError

    crew = Crew(Full(), 1)
    share = crew.sharing(add_to(), 2)
    x, made = counting(4)
    for _ in range(2):
        with pytest.raises(MemoryError):
            share(x, made, 0, 4, 1)
    assert not made.any()


def test_as_many_arrays_as_there_may_be():
    share = Crew(Alone(), 1).sharing(add_to(MOST_ARRAYS), MOST_ARRAYS)
    arrays = [np.full(9, number, np.float32) for number in range(MOST_ARRAYS - 1)]
    made = np.zeros(9, np.float32)
    share(*arrays, made, 0, 9, 2)
    assert made.tolist() == [sum(range(MOST_ARRAYS - 1))] * 9


def test_more_arrays_are_not_shared():
    with pytest.raises(CannotAssemble, match=f"^loops of {MOST_ARRAYS + 1} arrays are not shared$"):
        Crew(Alone(), 1).sharing(add_to(MOST_ARRAYS + 1), MOST_ARRAYS + 1)


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
        share(x, made, 0, 100, 5)
        child = os.fork()
        if not child:
            try:
                for _ in range(50):
                    share(x, made, 0, 100, 5)
                os._exit(0 if np.array_equal(made, 51 * x) else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        share(x, made, 0, 100, 5)
    np.testing.assert_array_equal(made, 2 * x)


LOOKING = """
import threading, time
from collections import deque
from tfrt.executor.runtime.queues import create_work_queue
from tfrt.executor.support import fork_join, machine_code
{how}
crew = fork_join.Crew(create_work_queue("s"), 1)
words, serve, tasks = crew._memory, fork_join._serve_code(), deque()

def look(address, words=words, tasks=tasks):
    serve(address, 1 << 60, id(tasks) + fork_join._LENGTH)

threading.Thread(target=look, args=[crew._address], daemon=True).start()
time.sleep(0.05)
"""


@pytest.mark.parametrize("how", ["", "machine_code._flat = lambda text, name: None"])
def test_a_process_ends_while_a_thread_looks_for_loops(how):
    """The thread is in machine code, which nobody gives back, to the very end."""
    done = subprocess.run([sys.executable, "-c", LOOKING.format(how=how)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
