"""Signals that end `bef-run`, and what it says was under way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import tfrt

KERNELS = """\
import ctypes
import os
import threading
import time
import tfrt


@tfrt.kernel("t.sleep", blocking=True)
def sleep() -> int:
    print("here", flush=True)
    while True:
        # One long sleep may miss a signal that comes just as it begins.
        time.sleep(0.1)


@tfrt.kernel("t.wait", blocking=True)
def wait() -> int:
    print("here", flush=True)
    while not os.path.exists("gate"):
        time.sleep(0.01)
    return 5


def say_when_waiting():
    from tfrt.executor.engines.running import running, stacks

    while not any(found.is_waited_for for found in running(stacks())):
        pass
    print("here", flush=True)


@tfrt.kernel("t.never")
def never() -> tfrt.AsyncValue:
    threading.Thread(target=say_when_waiting, daemon=True).start()
    return tfrt.AsyncValue()


@tfrt.kernel("t.in_c")
def in_c() -> int:
    # Nothing gets the thread out of there, nor is Python to do anything on it.
    lock = ctypes.create_string_buffer(64)
    system = ctypes.CDLL(None)
    system.pthread_mutex_lock(lock)
    is_locked = lock.raw

    def say_when_stuck():
        # Who waits for it writes that there.
        while lock.raw == is_locked:
            pass
        print("here", flush=True)

    threading.Thread(target=say_when_stuck, daemon=True).start()
    return system.pthread_mutex_lock(lock)


@tfrt.kernel("t.after_fork")
def after_fork() -> int:
    ready, says_so = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(says_so, b".")
            time.sleep(100)
        finally:
            os._exit(7)
    os.read(ready, 1)
    os.kill(child, 2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    return wait()
"""

ONE = """\
func.func @f() -> i32 {
  %x = "t.KERNEL"() : () -> i32
  tfrt.return %x : i32
}
"""

TWO = """\
func.func @first() -> i32 {
  %x = "t.wait"() : () -> i32
  %y = tfrt.add.i32 %x, %x
  tfrt.return %y : i32
}
func.func @second() -> i32 {
  %x = tfrt.constant.i32 1
  tfrt.return %x : i32
}
"""

AT_KERNEL = "bef-run: interrupted; under way:\n  p.mlir:2:8: {} in @f\n"


@contextmanager
def running(folder: Path, text: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`bef-run` from when a kernel says that it is there."""
    (folder / "kernels.py").write_text(KERNELS)
    (folder / "p.bef").write_bytes(tfrt.compile(text, "p.mlir"))
    words = [sys.executable, "-m", "tfrt.executor.tools.bef_run", "p.bef", "--kernels", "kernels.py", *options]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        while (line := run.stdout.readline()).strip() != "here":
            assert line
        yield run


def ended(run: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = run.communicate(timeout=120)
    return run.returncode, out, err


@pytest.mark.parametrize(
    ("queue", "kernel", "what"),
    [
        ("s", "sleep", "running t.sleep"),
        ("mstd:2", "sleep", "running t.sleep"),
        ("s", "never", "waiting for t.never"),
        ("s", "in_c", "running t.in_c"),
    ],
)
def test_ctrl_c_says_what_was_under_way(tmp_path, queue, kernel, what):
    with running(tmp_path, ONE.replace("KERNEL", kernel), "--work_queue_type", queue) as run:
        run.send_signal(signal.SIGINT)
        assert ended(run) == (130, "", AT_KERNEL.format(what))


@pytest.mark.parametrize(("kernel", "code"), [("never", -signal.SIGINT), ("in_c", 130)])
def test_a_second_ctrl_c_ends_it_at_once(tmp_path, kernel, code):
    # Nobody reads it, so writing the trace takes for ever.
    os.mkfifo(tmp_path / "trace.json")
    with running(tmp_path, ONE.replace("KERNEL", kernel), "--trace", "trace.json") as run:
        run.send_signal(signal.SIGINT)
        assert run.stderr is not None
        assert run.stderr.readline() == "bef-run: interrupted; under way:\n"
        run.send_signal(signal.SIGINT)
        assert ended(run)[0] == code


def test_what_never_completes_is_in_the_trace(tmp_path):
    with running(tmp_path, ONE.replace("KERNEL", "never"), "--trace", "trace.json") as run:
        run.send_signal(signal.SIGINT)
        assert ended(run) == (130, "", AT_KERNEL.format("waiting for t.never"))
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    (kernel,) = [event for event in events if event.get("cat") == "kernel"]
    assert (kernel["name"], kernel["args"]["pending"]) == ("t.never", True)
    begun = [(event["cat"], event["name"], event["args"]["unfinished"]) for event in events if event["ph"] == "b"]
    assert begun == [("request", "@f #1", True), ("pending", "t.never", True)]


def test_what_is_stuck_outside_of_python_is_traced_nevertheless(tmp_path):
    with running(tmp_path, ONE.replace("KERNEL", "in_c"), "--trace", "trace.json") as run:
        run.send_signal(signal.SIGINT)
        assert ended(run)[0] == 130
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert [event["args"] for event in events if event["ph"] == "b"] == [{"unfinished": True}]


def test_a_signal_to_a_forked_process_is_no_business_of_ours(tmp_path):
    with running(tmp_path, ONE.replace("KERNEL", "after_fork")) as run:
        (tmp_path / "gate").touch()
        assert ended(run) == (0, "'f' returned 5\n", "")


@pytest.mark.parametrize("queue", ["s", "mstd:2"])
def test_sigterm_lets_the_function_that_runs_end_and_begins_no_other(tmp_path, queue):
    with running(tmp_path, TWO, "--work_queue_type", queue, "--drain-timeout", "100") as run:
        run.send_signal(signal.SIGTERM)
        (tmp_path / "gate").touch()
        assert ended(run) == (143, "'first' returned 10\n", "")


def test_what_does_not_end_in_time_after_sigterm(tmp_path):
    with running(tmp_path, ONE.replace("KERNEL", "never"), "--drain-timeout", "0.01") as run:
        run.send_signal(signal.SIGTERM)
        expected = (
            "bef-run: terminated: not through 0.01 s after SIGTERM; under way:\n"
            "  p.mlir:2:8: waiting for t.never in @f\n"
        )
        assert ended(run) == (143, "", expected)


def test_a_second_sigterm_ends_it_at_once(tmp_path):
    with running(tmp_path, TWO) as run:
        while run.poll() is None:
            run.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                run.wait(0.05)
        assert ended(run) == (-signal.SIGTERM, "", "")


def test_a_time_for_draining_that_is_none(tool):
    done = tool("bef-run", "p.bef", "--drain-timeout", "soon")
    assert (done.code, done.err) == (2, "bef-run: argument --drain-timeout: 'soon' is not a number of seconds\n")
