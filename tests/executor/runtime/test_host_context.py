"""A host: what is shared through it, and its end."""

import gc
import os
import signal
import sys
import threading
import weakref
from functools import partial
from typing import ClassVar

import pytest

import tfrt
from tfrt.executor.engines.plans.planned import Planned
from tfrt.executor.runtime.host_context import HostContext
from tfrt.executor.runtime.resources import ResourceContext


def _ask(count, ask):
    """What `count` threads get that ask at the same time."""
    start, found = threading.Barrier(count), []

    def run():
        start.wait()
        found.append(ask())

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == count
    return found


class Counted:
    """Counts how many there are; makes the others come while it is made."""

    made: ClassVar[list] = []

    def __init__(self):
        self.made.append(self)
        threading.Event().wait(0.01)


@pytest.mark.parametrize("ask", ["shared", "resources"])
def test_what_several_threads_ask_for_is_made_once(ask):
    host, resources = HostContext(), ResourceContext()
    Counted.made = []
    get = (lambda: host.shared(Counted)) if ask == "shared" else (lambda: resources.get_or_create("x", Counted))
    assert set(_ask(8, get)) == set(Counted.made)
    assert len(Counted.made) == 1
    assert get() is Counted.made[0]


def test_making_one_shared_object_may_ask_for_another():
    host = HostContext()

    def outer():
        return [host.shared(dict)]

    assert host.shared(outer)[0] is host.shared(dict)


def test_what_could_not_be_made_is_tried_again():
    host, attempts = HostContext(), []

    def make():
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError("not yet")
        return "made"

    for _ in range(2):
        with pytest.raises(ValueError, match=r"^not yet$"):
            host.shared(make)
    assert host.shared(make) == host.shared(make) == "made"


def test_a_resource_that_is_being_made_is_not_there():
    resources, found = ResourceContext(), []
    resources.get_or_create("x", lambda: found.append((resources.get("x"), resources.pop("x"))) or 1)
    assert found == [(None, None)]
    assert resources.get("x") == resources.pop("x") == 1
    assert resources.get("x") is None


def test_closing_ends_everything_whatever_fails():
    host, ended = HostContext("mstd:1"), []

    def fail():
        ended.append("failing")
        raise ValueError("device on fire")

    host.on_close(lambda: ended.append("first"))
    host.on_close(fail)
    host.on_close(lambda: ended.append("last"))
    with pytest.raises(ValueError, match=r"^device on fire$"):
        host.close()
    assert ended == ["last", "failing", "first"]
    host.close()


def test_a_dropped_host_ends_its_devices_and_threads():
    host, ended, thread = HostContext("mstd:1"), [], []
    host.on_close(lambda: ended.append("device"))
    host.enqueue(lambda: thread.append(threading.current_thread()))
    host.quiesce()
    alive = weakref.ref(host)
    del host
    gc.collect()
    assert alive() is None and ended == ["device"]
    thread[0].join(60)
    assert not thread[0].is_alive()


def test_what_is_collected_with_a_host_runs_no_python():
    """Without devices: else what a signal's handler raises there would be lost."""
    host = HostContext()
    tfrt.load(tfrt.compile("func.func @f() {\n  tfrt.return\n}"), host=host)["f"]()
    gc.collect()
    ran: list[str] = []

    def note(frame, event, _):
        # Others may have asked the collector to call them.
        if event == "call" and str(frame.f_globals.get("__name__")).startswith("tfrt."):
            ran.append(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        del host
        gc.collect()
    finally:
        sys.setprofile(None)
    assert ran == []


def test_a_host_that_its_devices_refer_to_is_collected():
    host, ended = HostContext(), []
    host.on_close(partial(lambda of: ended.append(of.parallelism), host))
    alive = weakref.ref(host)
    del host
    gc.collect()
    assert alive() is None and ended == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_waits_for_no_lock_of_a_thread_that_is_gone():
    """Before Python 3.12 a cached property has one lock for all instances, which any thread may hold."""
    function = tfrt.load(tfrt.compile("func.func @f(%x: i32) -> i32 {\n  tfrt.return %x : i32\n}"))["f"]
    lock = getattr(vars(Planned)["_returns_what_it_declares"], "lock", threading.Lock())
    is_held, go_on = threading.Event(), threading.Event()

    def hold():
        with lock:
            is_held.set()
            go_on.wait(60)

    holding = threading.Thread(target=hold, daemon=True)
    holding.start()
    assert is_held.wait(60)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60)
        os._exit(0 if function(1) == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
    go_on.set()
    holding.join(60)
