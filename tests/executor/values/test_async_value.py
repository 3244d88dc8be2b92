"""Values that are there later: how they are set, awaited, and passed on."""

import asyncio
import gc
import sys
import threading
import weakref
from itertools import pairwise

import pytest

from tfrt.executor.support.errors import KernelError
from tfrt.executor.values.async_value import AsyncValue


def test_pending_then_available():
    value = AsyncValue()
    assert value.is_pending and not value.is_available and not value.is_error
    value.set(3)
    assert value.is_available and value.value == 3 and value.error is None


def test_reading_a_pending_value():
    with pytest.raises(RuntimeError, match=r"^the value is not available yet$"):
        AsyncValue().value  # noqa: B018


def test_error():
    error = KernelError("no")
    value = AsyncValue.failed(error)
    assert value.is_error and value.error is error
    with pytest.raises(KernelError, match=r"^no$"):
        value.value  # noqa: B018


@pytest.mark.parametrize("resolve", [lambda v: v.set(1), lambda v: v.set_error(KernelError("late"))])
def test_resolving_twice(resolve):
    value = AsyncValue.of(0)
    with pytest.raises(RuntimeError, match=r"^the value is resolved already$"):
        resolve(value)


def test_callbacks_run_in_order_of_registration():
    value, seen = AsyncValue(), []
    for i in range(5):
        value.and_then(lambda v, i=i: seen.append((i, v.value)))
    assert seen == []
    value.set("x")
    value.and_then(lambda v: seen.append(("late", v.value)))
    assert seen == [*((i, "x") for i in range(5)), ("late", "x")]


def test_forwarding_values_and_errors():
    source, target = AsyncValue(), AsyncValue()
    target.forward(source)
    assert target.is_pending
    source.set(1)
    assert target.value == 1
    failed = AsyncValue()
    failed.forward(AsyncValue.failed(KernelError("bad")))
    assert str(failed.error) == "bad"


def test_settling_as_a_value_or_as_another():
    plain, other, follower = AsyncValue(), AsyncValue(), AsyncValue()
    plain.settle(1)
    assert plain.value == 1
    follower.settle(other)
    assert follower.is_pending
    other.set(2)
    assert follower.value == 2


def test_long_chains_do_not_recurse():
    length = 100_000
    values = [AsyncValue() for _ in range(length)]
    for previous, following in pairwise(values):
        previous.and_then(lambda v, following=following: following.set(v.value + 1))
    values[0].set(0)
    assert values[-1].value == length - 1


def test_every_waiter_runs_exactly_once_whoever_resolves():
    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(300):
            value, seen, start = AsyncValue(), [], threading.Barrier(3)

            def register(value=value, seen=seen, start=start):
                start.wait()
                for i in range(20):
                    value.and_then(lambda _, i=i: seen.append(i))

            threads = [threading.Thread(target=register) for _ in range(2)]
            for thread in threads:
                thread.start()
            start.wait()
            value.set(None)
            for thread in threads:
                thread.join()
            assert sorted(seen) == sorted([*range(20)] * 2)
    finally:
        sys.setswitchinterval(old)


def test_awaiting_from_asyncio():
    async def main():
        value = AsyncValue()
        threading.Timer(0.01, value.set, [5]).start()
        return await value + await AsyncValue.of(1)

    assert asyncio.run(main()) == 6


def test_awaiting_an_error():
    async def main():
        await AsyncValue.failed(KernelError("awaited"))

    with pytest.raises(KernelError, match=r"^awaited$"):
        asyncio.run(main())


def test_awaiting_may_be_cancelled():
    async def main():
        value = AsyncValue()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_wait(value), 0.01)
        value.set(1)
        await asyncio.sleep(0)

    async def _wait(value):
        return await value

    asyncio.run(main())


def test_resolving_after_the_loop_was_closed():
    value, seen = AsyncValue(), []

    async def wait():
        await value

    loop = asyncio.new_event_loop()
    task = loop.create_task(wait())
    loop.run_until_complete(asyncio.sleep(0))
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    value.and_then(lambda _: seen.append("woken"))
    value.set(1)
    assert seen == ["woken"]


def test_a_callback_that_raises_keeps_no_other_from_running(monkeypatch):
    shown, seen, value = [], [], AsyncValue()
    monkeypatch.setattr(threading, "excepthook", lambda args: shown.append(str(args.exc_value)))

    def fail(_):
        raise ValueError("callback")

    def interrupt(_):
        raise KeyboardInterrupt

    value.and_then(fail)
    value.and_then(interrupt)
    value.and_then(lambda v: seen.append(v.value))
    with pytest.raises(KeyboardInterrupt):
        value.set(3)
    assert seen == [3] and shown == ["callback"]


def test_forwarding_to_a_value_that_is_resolved_already_is_only_shown(monkeypatch):
    shown, source, target = [], AsyncValue(), AsyncValue()
    monkeypatch.setattr(threading, "excepthook", lambda args: shown.append(str(args.exc_value)))
    target.forward(source)
    target.set(1)
    source.set(2)
    assert target.value == 1 and shown == ["the value is resolved already"]


def test_resolved_values_keep_nothing_alive():
    class Thing:
        pass

    thing = Thing()
    alive = weakref.ref(thing)
    value = AsyncValue()
    value.and_then(lambda _, thing=thing: None)
    del thing
    value.set(None)
    gc.collect()
    assert alive() is None


def test_repr():
    assert repr(AsyncValue()) == "<AsyncValue pending>"
    assert repr(AsyncValue.of(1)) == "<AsyncValue available: 1>"
    assert repr(AsyncValue.failed(KernelError("e"))) == "<AsyncValue error: e>"
